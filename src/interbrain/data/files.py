"""The one way to write a file: whole or not at all, whatever happens in between.

A file is written beside its place under a name of its own, its bytes are forced to the disk, it is moved into its
place, and the folder's entry is forced to the disk. A process that is killed, a full disk or a power cut leave the file
that was there before, or the new one, never a piece of one.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from interbrain.data.errors import CannotWrite

PART = ".part-"
"""How the names of files begin that are being written; what a killed process left of them may be removed."""

INCOMPLETE = "INCOMPLETE.txt"
"""A note in a results folder while, or because, its files are not all of one run."""

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "files may not become that large here",
}


def write_file(path: Path, put: Callable[[BinaryIO], Any]) -> Path:
    """Write what ``put(file)`` writes.

    Raises
    ------
    CannotWrite
        A full disk (with what was needed and what is free), a folder that may not be written to.
    """
    with _in_place(path, lambda scratch: _length(put)) as scratch, _open(scratch) as file:
        put(file)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write text as UTF-8, line ends as they are."""
    content = text.encode()
    return write_file(path, lambda file: file.write(content))


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A path to write to, for a library that takes no open file; on leaving it is moved to ``path``."""
    with _in_place(path, _size) as scratch:
        yield scratch


def make_folder(folder: Path) -> Path:
    """The folder with all above it, there also after a power cut."""
    absent = [f for f in (folder, *folder.parents) if not f.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for made in absent:
            _sync_folder(made.parent)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def move(source: Path, target: Path) -> None:
    """Put a whole file into its place; :func:`settle` its folder to be sure of it after a power cut."""
    try:
        _move(source, target)
    except OSError as error:
        raise cannot_write(target, error) from error


def remove(path: Path) -> None:
    """Remove a file where it is there, also for what comes after a power cut."""
    _remove(path)
    settle(path.parent)


def settle(folder: Path) -> None:
    """Force the folder's entries to the disk."""
    try:
        _sync_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error


def sweep(folder: Path) -> None:
    """Remove the unfinished files that killed processes left in a folder that no other process writes to."""
    for piece in folder.glob(f"{PART}*"):
        with suppress(OSError):
            _remove(piece)


def cannot_write(path: Path, error: OSError, needed: int | None = None) -> CannotWrite:
    """The sentence for an error of the operating system while ``path`` was written."""
    full = _FULL.get(error.errno or 0) or ("the disk is full" if "errno = 28" in str(error) else None)
    if full is None:
        why = error.strerror or str(error)
        return CannotWrite(
            f"{path}: cannot be written ({why}). Results need a folder that you may write to; name another one."
        )
    there = next(f for f in (path.parent, *path.parent.parents) if f.exists())
    wanted = "more" if needed is None else _bytes(needed)
    return CannotWrite(
        f"{path}: cannot be written, {full}: {wanted} needed in {there}, {_bytes(shutil.disk_usage(there).free)} free. "
        "Make room there, or name a folder on another disk, and give the same command again. "
        "What was there before is as it was."
    )


@contextmanager
def _in_place(path: Path, needed: Callable[[Path], int]) -> Iterator[Path]:
    make_folder(path.parent)
    # Not a process's number: computers that share a folder have the same ones.
    scratch = path.with_name(f"{PART}{uuid4().hex[:12]}-{path.name}")
    try:
        yield scratch
        _sync(scratch)
        _move(scratch, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error, needed(scratch)) from error
    finally:
        with suppress(OSError):
            _remove(scratch)


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} bytes"


class _Counter(io.RawIOBase):
    """Takes everything and keeps its length."""

    length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.length += size
        return size


def _length(put: Callable[[BinaryIO], Any]) -> int:
    counter = _Counter()
    put(counter)  # type: ignore[arg-type]
    return counter.length


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


# What follows is all that this room asks of the operating system, each in one call: tests put a failing disk there.


def _open(path: Path) -> BinaryIO:
    return path.open("wb")


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _move(source: Path, target: Path) -> None:
    os.replace(source, target)  # noqa: PTH105 - tests count the calls of this room, not of pathlib


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there, and the file system keeps their order itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
