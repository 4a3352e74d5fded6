"""The folder of results: one run at a time, and the old results until the new ones are whole.

A run writes its finished steps to ``.interbrain-steps`` and its tables to ``.interbrain-new`` inside the folder. When
everything is there it is moved into place, under a note that says so, which is taken away last. A run that dies leaves
what was there before; one that dies while it moves leaves the note.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from interbrain.data.errors import BadInput
from interbrain.data.files import INCOMPLETE, cannot_write, make_folder, move, remove, settle, sweep, write_text
from interbrain.data.study import Study

MARK = "deidentified"
"""Name of the file among a run's steps that says that nothing there names anybody."""
STEPS, NEW, LOCK = ".interbrain-steps", ".interbrain-new", ".interbrain-lock"
NOTE = """The results in this folder are not complete: a run was stopped while it put them in their places, so tables of
an earlier run may stand beside new ones. Give the same command again: it continues, and this note goes away.
"""


@dataclass(frozen=True)
class Place:
    """A results folder that this run alone writes to."""

    out: Path

    @property
    def steps(self) -> Path:
        """Finished steps of a run that goes on."""
        return self.out / STEPS

    @property
    def new(self) -> Path:
        """Where the new results are written before they are all there."""
        return self.out / NEW

    def publish(self) -> None:
        """Move the new results into their places and take away what a run needs only while it goes on."""
        files = sorted(p.relative_to(self.new) for p in self.new.rglob("*") if p.is_file())
        write_text(self.out / INCOMPLETE, NOTE)
        maps = {p for p in files if p.parent != Path()}
        for old in sorted((self.out / "maps").glob("*.npz")):  # the page shows every map that lies there
            if old.relative_to(self.out) not in maps:
                remove(old)
        for name in files:
            make_folder((self.out / name).parent)
            move(self.new / name, self.out / name)
        for folder in sorted({(self.out / name).parent for name in files}):
            settle(folder)
        remove(self.out / INCOMPLETE)
        shutil.rmtree(self.new, ignore_errors=True)
        shutil.rmtree(self.steps, ignore_errors=True)


def checked(out: Path, study: Study) -> Path:
    """The folder, if it can be one for results.

    Raises
    ------
    BadInput
        It is a file, or lies in the study.
    """
    blocked = next((p for p in (out, *out.parents) if p.exists() and not p.is_dir()), None)
    if blocked is not None:
        raise BadInput(f"{blocked}: is a file; results need a folder; name another one.")
    if study.root == Path():
        return out
    root, folder = study.root.resolve(), out.resolve()
    if folder == root:
        raise BadInput(f"{out}: is the study itself; give another folder for the results.")
    if root in folder.parents and folder.relative_to(root).parts[0] != "derivatives":
        raise BadInput(
            f"{out}: lies inside the study ({study.root}), where results could be taken for recordings; give a folder "
            "beside it, or one in its 'derivatives'."
        )
    return out


@contextmanager
def results_folder(out: Path) -> Iterator[Place]:
    """The folder, made where absent and held against a second run; what a stopped run left unfinished is removed.

    Raises
    ------
    BadInput
        Another run writes to it.
    CannotWrite
        It may not be written to.
    """
    make_folder(out)
    with _held(out):
        place = Place(out)
        shutil.rmtree(place.new, ignore_errors=True)
        for folder in (out, *(p for p in place.steps.glob("**") if p.is_dir())):
            sweep(folder)
        try:
            yield place
        except BaseException:
            shutil.rmtree(place.new, ignore_errors=True)  # room for what was there before
            raise


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """The folder's lock. The operating system frees it however the process ends."""
    path = out / LOCK
    file = _locked(path, out)
    file.truncate(0)
    hidden = (out / STEPS / MARK).is_file()  # such a folder names no computer
    file.write(f"{os.getpid()}\n" if hidden else f"{os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        file.close()


def _locked(path: Path, out: Path) -> TextIO:
    while True:
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise cannot_write(path, error) from error
        if not _lock(file):
            file.seek(0)
            who = file.read().strip()
            file.close()
            by = f" (process {who})" if who else ""
            raise BadInput(
                f"{out}: another run writes its results here{by}; wait until it has ended, or give another folder."
            )
        try:  # the run before may have removed the file between the two calls
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except FileNotFoundError:
            pass
        file.close()


def _lock(file: TextIO) -> bool:
    """Whether the lock is ours. A file system without locks cannot tell two runs apart, and gives it to both."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.ENOLCK, errno.EOPNOTSUPP)
    return True
