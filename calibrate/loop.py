"""Studies of simulated courses, measured as a run measures them: are growth, generalisation and outcome found?"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from calibrate import _loop_page
from calibrate._kept import FOLDER, finished
from calibrate._loop_studies import DYADS, MINUTES, SESSIONS, WORLDS, curve_of, study

TITLE = "What is planted in studies, found again"
STUDIES = {"fnirs": 2, "motion": 2, "voice": 2, "eeg": 1}
"""Studies a world."""
FEWER = {"eeg": ("nothing is learnt", "usual", "usual, all generalises", "four times, all generalises")}
"""Worlds of a device that takes long, where not all of them."""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m calibrate loop", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1, help="so many times as many studies a cell")
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    parser.add_argument("--page", action="store_true", help="only write the page from the cells that are finished")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args(argv)
    about = f"seed={given.seed} dyads={DYADS} sessions={SESSIONS} minutes={MINUTES:g}"
    path, cells = given.folder / "loop.tsv", studies_asked(given.times, given.seed)
    if not given.page:
        finished(path, cells, about, given.fresh)
    studies = pd.read_csv(path, sep="\t")
    curves = {str(name): curve_of(rows) for name, rows in studies.groupby("device", sort=False)}
    (given.folder / "loop.md").write_text(_loop_page.page(studies, curves, len(cells)), encoding="utf-8")
    _loop_page.draw_all(studies, curves)


def asked(name: str, label: str) -> bool:
    """Whether a world is simulated for a device."""
    return label in FEWER.get(name, WORLDS)


def studies_asked(times: int, seed: int) -> dict[str, Callable[[], dict[str, Any]]]:
    """Cells by name; devices of one course follow each other, so that it is simulated once."""
    most = times * max(STUDIES.values())
    return {
        f"{name}, {label}, study {number + 1}": lambda name=name, world=world, number=number: study(  # type: ignore[misc]
            name, world, number, seed
        )
        for number in range(most)
        for label, world in WORLDS.items()
        for name, n in STUDIES.items()
        if number < times * n and asked(name, label)
    }


if __name__ == "__main__":
    main()
