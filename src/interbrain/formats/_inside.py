"""Nothing that a study says may lead out of it: no path, no link and no name.

A study that somebody else made could otherwise bring any file of this computer into its results.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

from interbrain.data.errors import BadInput

FORBIDDEN = frozenset("/\\\0\t\n\r")
"""Characters that would make a name a path, or a table's cell two."""


def leads_out(path: Path, root: Path) -> bool:
    """Whether a path, with every link followed, lies outside the study.

    The store of the git-annex (DataLad) repository that the study is in, or is, belongs to the study: there a
    recording is a link to ``.git/annex/objects``.
    """
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link that leads to itself, which resolve() keeps as it is from 3.13 on
            return True
    try:
        real, home = path.resolve(), root.resolve()
    except (OSError, RuntimeError):
        return True
    if real.is_relative_to(home):
        return False
    stores = (folder / ".git" for folder in (home, *home.parents))
    return not any(real.is_relative_to(store) and {"annex", "objects"} <= set(real.parts) for store in stores)


def check_inside(path: Path, root: Path) -> None:
    """Raises ``BadInput`` for a path that leads out of the study."""
    if leads_out(path, root):
        raise BadInput(
            f"{path}: leads out of the study ({root}); allowed are files in it (and links to its own git-annex); "
            "copy the file into the study."
        )


def parts_of(recording: Path) -> Iterable[Path]:
    """What belongs to a recording: a folder's files, or the files of the same name beside it (``.eeg``, ``.fdt``)."""
    if recording.is_dir():
        return [recording, *recording.rglob("*")]
    stem = recording.name.split(".", 1)[0]
    return [recording, *(p for p in recording.parent.iterdir() if p.is_symlink() and p.name.split(".", 1)[0] == stem)]


def check_recording(recording: Path, root: Path) -> None:
    """Raises ``BadInput`` where any file of a recording leads out of the study."""
    for path in parts_of(recording):
        check_inside(path, root)


def plain_path(text: str) -> str:
    """A path from the study's folder downwards, as it was given.

    Raises
    ------
    ValueError
        It is absolute, or goes upwards.
    """
    said = text.replace("\\", "/")
    if said.startswith("/") or said[1:2] == ":" or ".." in said.split("/") or "\0" in text:
        raise ValueError(f"{text!r} leads out of the study; allowed is a path below its folder, without '..'")
    return text


def plain_name(text: str) -> str:
    """An id as it was given.

    Raises
    ------
    ValueError
        It could stand for a path: ``/``, ``\\``, ``..``, tabs and ends of lines have no place in it.
    """
    if text in (".", "..") or FORBIDDEN & set(text):
        raise ValueError(f"{text!r} cannot be an id; allowed are names without / and \\, tabs and ends of lines")
    return text


def check_neighbour(name: str, what: str) -> None:
    """Raises ``BadInput`` unless a header names a file beside its own (``what`` says which entry names it)."""
    if name and (name in (".", "..") or set("/\\\0") & set(name) or name[1:2] == ":"):
        raise BadInput(
            f"its header says {what} = {name[:100]!r}, which leads elsewhere; allowed is the name of a file beside it; "
            "correct the header."
        )
