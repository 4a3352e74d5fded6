"""``python -m claims [NAME…]``: run every claim, or those named, and write ``docs/claims.md``; ``--list``."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import claims
from claims._judge import compare
from claims._page import write
from claims._record import Claim
from claims._runs import KEPT, Size, about, simulate_all
from interbrain.simulate.courses.course import Course

DOCS = Path(__file__).parents[1] / "docs"
SEEDS = 8


def all_claims() -> dict[str, Claim]:
    """Every claim by name, in their order."""
    names = [info.name for info in pkgutil.iter_modules(claims.__path__) if not info.name.startswith("_")]
    found: list[Claim] = [import_module(f"claims.{name}").CLAIM for name in names]
    return {claim.name: claim for claim in sorted(found, key=lambda claim: claim.order)}


def courses_of(chosen: Mapping[str, Claim], seeds: Sequence[int], size: Size) -> list[Course]:
    """Every course that is needed, once; all of a seed before the next, so that what is there can be compared."""
    pairs = [contrast for claim in chosen.values() for contrast in claim.contrasts]
    wanted = [size.of(each, seed) for seed in seeds for pair in pairs for each in (pair.first, pair.second)]
    return list(dict.fromkeys(wanted))


def part(word: str) -> tuple[int, int]:
    """``K/N``: which part of the courses, so that several processes can share the work."""
    k, slash, n = word.partition("/")
    if not (slash and k.isdecimal() and n.isdecimal() and 1 <= int(k) <= int(n)):
        raise argparse.ArgumentTypeError(f"{word!r} is not K/N with 1 ≤ K ≤ N, e.g. 1/2")
    return int(k), int(n)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m claims", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="claims to run; none: all")
    parser.add_argument("--list", action="store_true", help="only say which claims there are")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many, from 1 (default {SEEDS})")
    parser.add_argument("--dyads", type=int, default=Size().dyads, help=f"of each course (default {Size().dyads})")
    parser.add_argument("--sessions", type=int, help="of each course (default: the model's)")
    parser.add_argument("--kept", type=Path, default=KEPT, help="folder of finished courses")
    parser.add_argument("--docs", type=Path, help="folder to write to (default: docs, if all claims are run)")
    parser.add_argument("--workers", type=int, help="courses beside each other (default: processors)")
    parser.add_argument("--part", type=part, default=(1, 1), metavar="K/N", help="simulate each N-th course only")
    asked = parser.parse_args(sys.argv[1:] if argv is None else argv)
    known = all_claims()
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"there is no claim {', '.join(unknown)}; there are: {', '.join(known)}")
    if asked.seeds < 2:
        parser.error(f"--seeds is {asked.seeds}; an interval over seeds needs 2 or more")
    chosen = {name: claim for name, claim in known.items() if not asked.names or name in asked.names}
    if asked.list:
        print("\n".join(f"{name}: {claim.claim}" for name, claim in chosen.items()))
        return 0
    seeds, size = range(1, asked.seeds + 1), Size(asked.dyads, asked.sessions)
    courses = courses_of(chosen, seeds, size)
    k, n = asked.part
    simulate_all(courses[k - 1 :: n], asked.kept, asked.workers)
    if n > 1:
        return 0
    rows = compare(chosen, seeds, size, asked.kept)
    docs = asked.docs or (None if asked.names else DOCS)
    if docs is None:
        print(rows.to_string(index=False))
        return 0
    print(write(docs, chosen, rows, about(courses, asked.kept), size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
