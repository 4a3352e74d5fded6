"""Tasks that end their own worker, importable by workers of every kind."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def square(task: tuple[Path, int, str]) -> int:
    """The number's square. How it ends before that: "once" and "always" by SIGKILL, "full" without memory, "" not."""
    folder, number, end = task
    begun = len(list(folder.glob(f"{number}-*")))
    (folder / f"{number}-{begun}").touch()
    if end == "always" or (end == "once" and not begun):
        os.kill(os.getpid(), signal.SIGKILL)
    if end == "full":
        raise MemoryError
    return number**2


def tasks(folder: Path, ends: dict[int, str], number: int = 8) -> list[tuple[Path, int, str]]:
    return [(folder, i, ends.get(i, "")) for i in range(number)]


def begun(folder: Path) -> dict[int, int]:
    """How often each task was begun."""
    names = [int(p.name.split("-")[0]) for p in folder.iterdir()]
    return {number: names.count(number) for number in sorted(set(names))}
