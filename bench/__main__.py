"""``python -m bench``: run the tasks with interbrain and its peers in turns and write docs/benchmarks.md.

Finished cases are kept in docs/benchmarks.tsv and not run again unless ``--fresh`` is given.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from bench import _page, _turns
from bench._environments import folder, python_of
from bench._task import OURS

TASKS = ("w1", "w2", "w3", "e1", "e2", "epochs", "p1", "simulation", "t4", "therapy", "growth", "first_call")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS, help="which tasks")
    parser.add_argument("--cases", nargs="+", default=None, help="only these cases of them")
    parser.add_argument("--quick", action="store_true", help="small forms, one round; printed, not written")
    parser.add_argument("--fresh", action="store_true", help="run what is already known again")
    parser.add_argument("--page", action="store_true", help="only write the page from what is known")
    asked = parser.parse_args(argv)
    known = _page.read()
    for name in () if asked.page else asked.tasks:
        task = import_module(f"bench.{name}")
        for case in asked.cases or task.CASES:
            if case in task.CASES and (asked.fresh or asked.quick or (name, case) not in known):
                rows = run(name, case, asked.quick)
                print(_page.lines(task.CASES[case], rows), flush=True)
                if not asked.quick:
                    known[name, case] = rows
                    _page.keep(known)
    if not asked.quick:
        _page.write({name: import_module(f"bench.{name}") for name in TASKS}, known)
    return 0


def run(name: str, case: str, quick: bool) -> list[_page.Row]:
    """All tools of a case, in turns."""
    about = import_module(f"bench.{name}").CASES[case]
    print(f"{name} {case}: {about.title}", flush=True)
    found, rows = {}, []
    for tool in (OURS, *about.peers):
        python, reason = python_of(tool)
        if python is None:
            rows.append(_page.Row(name, case, tool, left_out=reason))
        else:
            found[tool] = python
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder()) as scratch:
        measured, failed = _turns.take(name, case, found, 1 if quick else about.rounds, quick, Path(scratch))
    rows += [_page.Row(name, case, tool, left_out=why) for tool, why in failed.items()]
    when, where = datetime.date.today().isoformat(), f"{platform.system()} {platform.machine()}"
    return [_page.row(name, case, tool, result, when, where) for tool, result in measured.items()] + rows


if __name__ == "__main__":
    sys.exit(main())
