"""Find out how a study is laid out, and read it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from interbrain.data.errors import BadInput
from interbrain.data.study import Loaded, Meeting, Recording, Study


def read_study(path: str | Path) -> Study:
    """Read a study: a BIDS folder, a folder with a ``study.toml``, or such a file itself.

    Raises
    ------
    BadInput
        Nothing usable is there. Everything less is a row in ``Study.problems``.
    """
    path = Path(path)
    if not path.exists():
        raise BadInput(f"{path}: does not exist; give a BIDS folder, or a folder with a study.toml.")
    if path.is_file() and path.suffix != ".toml":
        raise BadInput(f"{path}: is a file; give a BIDS folder, a folder with a study.toml, or the study.toml itself.")
    layout = "folder" if path.is_file() or (path / "study.toml").exists() else "bids"
    return import_module(f"interbrain.formats.{layout}").read(path)


def write_study(
    study: Study,
    load: Callable[[Meeting, Recording], Loaded],
    root: str | Path,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a study in memory as BIDS; fNIRS becomes SNIRF. ``load`` gives each recording when it is needed."""
    return import_module("interbrain.formats.bids").write(study, load, Path(root), progress)
