"""``python -m calibrate [NAME…]``: write all tables of calibration, or those named; ``--list`` says which there are."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

import calibrate


class Table(NamedTuple):
    title: str
    main: Callable[[list[str] | None], None]


def tables() -> dict[str, Table]:
    """Every module of the package that has a ``TITLE`` and a ``main``, by name."""
    found = {}
    for info in pkgutil.iter_modules(calibrate.__path__):
        if not info.name.startswith("_"):
            module = import_module(f"calibrate.{info.name}")
            if hasattr(module, "TITLE"):
                found[info.name] = Table(module.TITLE, module.main)
    return found


def main(argv: list[str] | None = None) -> int:
    """Options after ``--`` go to every table that runs: ``python -m calibrate size -- --n 500``."""
    given = sys.argv[1:] if argv is None else argv
    cut = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(prog="python -m calibrate", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="tables to write; none: all")
    parser.add_argument("--list", action="store_true", help="only say which tables there are")
    asked = parser.parse_args(given[:cut])
    known = tables()
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"there is no table {', '.join(unknown)}; there are: {', '.join(known)}")
    for name in asked.names or known:
        print(f"{name}: {known[name].title}", flush=True)
        if not asked.list:
            known[name].main(given[cut + 1 :])
    return 0


if __name__ == "__main__":
    sys.exit(main())
