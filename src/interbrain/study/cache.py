"""Steps kept on disk while a run goes on, so that an interrupted run continues where it stopped.

A step's key is a hash of everything that decides its result: the content of its inputs, its settings and the source
of the code. A file is written beside its name and moved into place, so a step is there whole or not at all. Files hold
arrays and JSON only: nothing that is read back can run.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache as remember
from pathlib import Path
from typing import Any

import numpy as np

import interbrain
from interbrain.data.errors import InterbrainError
from interbrain.data.files import write_file

_DAMAGED = (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError, zlib.error)


@dataclass(frozen=True)
class Step:
    """What a step gives back: JSON-able facts and named arrays."""

    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def array(self, name: str) -> np.ndarray:
        return self.arrays[name]


@dataclass(frozen=True)
class Kept:
    """A step on disk. It is read each time that it is asked for, so that a run of many steps needs no more memory."""

    path: Path

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.array("facts").tobytes().decode())  # type: ignore[no-any-return]

    def array(self, name: str) -> np.ndarray:
        try:
            with np.load(self.path, allow_pickle=False) as file:
                return file[name]  # type: ignore[no-any-return]
        except _DAMAGED as error:
            raise InterbrainError(f"{self.path.name}: a step of this run is gone or damaged; run again.") from error


AnyStep = Step | Kept


@remember
def code_hash() -> str:
    """SHA-256 over the package's source, so that changed code never meets an old step."""
    digest = hashlib.sha256()
    root = Path(interbrain.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if "report" not in path.relative_to(root).parts and "app" not in path.relative_to(root).parts:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def key_of(*parts: Any) -> str:
    """A name for a step from everything that decides it."""
    text = json.dumps([code_hash(), *parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def path_of(folder: Path, key: str) -> Path:
    return folder / f"{key}.npz"


def load_step(path: Path) -> Step | None:
    """The step, or None where it is absent or damaged (then it is computed again)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(file["facts"].tobytes().decode())
            arrays = {name: file[name] for name in file.files if name != "facts"}
    except _DAMAGED:
        return None
    return Step(facts, arrays)


def save_step(path: Path, step: Step) -> None:
    facts = np.frombuffer(json.dumps(step.facts).encode(), dtype=np.uint8)
    write_file(path, lambda file: np.savez(file, facts=facts, **step.arrays))  # type: ignore[arg-type]


def once(path: Path, compute: Callable[[], Step]) -> Kept:
    """The step on disk, computed now where it is not there whole."""
    if load_step(path) is None:
        save_step(path, compute())
    return Kept(path)
