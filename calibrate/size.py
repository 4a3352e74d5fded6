"""``make calibrate``: the table of size under no effect, written into docs/calibration/size.md with date and machine.

The report's own copy (``report/calibration.tsv``) is read off that page, so that the two cannot differ; ``--table``
writes it from the page as it stands.
"""

from __future__ import annotations

import argparse
import platform
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from calibrate.engine import BROKEN, LEVEL, WORLDS, Cell, Design, run_cell, simultaneous_interval
from interbrain import __version__, measures

PAGE = Path(__file__).parents[1] / "docs" / "calibration" / "size.md"
TITLE = "Size under no effect"
TABLE = Path(__file__).parents[1] / "src" / "interbrain" / "report" / "calibration.tsv"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dyads", type=int, default=2000, help="independent dyads a cell")
    parser.add_argument("--seed", type=int, default=2, help="another seed than the tests have")
    parser.add_argument("--table", action="store_true", help="only write the report's table, from the page")
    asked = parser.parse_args(argv)
    if asked.table:
        write_table(PAGE.read_text(encoding="utf-8"))
        return
    begin = time.perf_counter()
    cells = [
        run_cell(design, world, asked.dyads, asked.seed)
        for design, world in tqdm([(d, w) for d in DESIGNS for w in WORLDS], desc="cells")
    ]
    few = min(asked.dyads, 500)
    broken = [run_cell(design, world, few, asked.seed) for design in DESIGNS[:2] for world in BROKEN]
    PAGE.write_text(_page(cells, broken, time.perf_counter() - begin), encoding="utf-8")
    write_table(PAGE.read_text(encoding="utf-8"))
    print(PAGE.read_text(encoding="utf-8"))


def write_table(page: str) -> None:
    table_of(page).to_csv(TABLE, sep="\t", index=False, lineterminator="\n")


def table_of(page: str) -> pd.DataFrame:
    """The cells of a page: measure, surrogate, noise, recording, share, pairs, low, high, date."""
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")]
    known = measures.records()
    rows = pd.DataFrame([c[:5] for c in cells if len(c) == 6 and c[0] in known], columns=list(COLUMNS[:5]))
    rows["share"] = rows["share"].str.extract(r"^(\d\.\d+)")[0]
    pairs, date = re.search(r"Each cell holds ([\d,]+) pairs", page), re.search(r"on (\d{4}-\d\d-\d\d) with", page)
    assert pairs is not None and date is not None and len(rows)
    n = int(pairs[1].replace(",", ""))
    low, high = simultaneous_interval(n, len(rows))
    return rows.assign(pairs=n, low=f"{low / n:.4f}", high=f"{high / n:.4f}", date=date[1])


SLOW = {"slow": (1 / 30, 1 / 8)}
ALPHA = {"alpha": (7.5, 11.0)}
DESIGNS = (
    Design("wtc", "circular_shift", rate=2.0, samples=800, bands=SLOW, n_null=19),
    Design("wlcc", "circular_shift", rate=1.0, samples=600, n_null=19),
    *(
        Design(m, "segment_shuffle", rate=64.0, samples=64, epochs=8, bands=ALPHA, n_null=39, packed=10, sensor=0.05)
        for m in ("plv", "accorr", "imcoh")
    ),
)
COLUMNS = ("measure", "surrogate", "noise", "recording", "share", "pairs", "low", "high", "date")


def _page(cells: Sequence[Cell], broken: Sequence[Cell], seconds: float) -> str:
    n = len(cells[0].p)
    low, high = simultaneous_interval(n, len(cells))
    inside = sum(low <= cell.hits <= high for cell in cells)
    rows = "\n".join(_row(cell, low, high) for cell in cells)
    worlds = "\n".join(f"| {c.design.measure} | {c.design.surrogate} | {c.world} | {c.share:.3f} |" for c in broken)
    return f"""# Size under no effect

How often is p at most {LEVEL:g} when two people have nothing to do with each other? Each cell holds {n} pairs of
independent recordings of one kind of noise, each with its own surrogates. A right test gives {LEVEL:.0%}; with so many
pairs, all {len(cells)} cells together are expected to stay between {low / n:.3f} and
{high / n:.3f} in 95 of 100 such tables.
**{inside} of {len(cells)} cells do.**

| measure | surrogate | noise | recording | share p ≤ {LEVEL:g} | Kolmogorov–Smirnov p of uniform p |
|---|---|---|---|---|---|
{rows}

## Where the assumption is broken

Surrogates within a dyad assume signals whose statistics do not change. These {len(broken[0].p)} pairs a row are
independent too, but they drift, get used to the task together, or share the blocks of a meeting:

| measure | surrogate | world | share p ≤ {LEVEL:g} |
|---|---|---|---|
{worlds}

What is far above {LEVEL:g} here is similarity that no exchange between two people made. `interbrain run` tests every
recording for drift and says in `problems.tsv` where it finds it (`inference/stationarity.py` states its error rates);
re-pairing partners is the null that shares the situation.

Phase measures across time leave out epochs whose band holds less than 1/10,000 of their power: what a filter lets
through of a drift runs on from epoch to epoch and would pass for synchrony (without that rule, 7 % of independent pairs
of haemodynamic noise did in the adjusted circular correlation).

The table was made after that rule, and with one change to its worlds: the epochs of the phase measures carry white
sensor noise of 5 % of the signal's SD, since haemodynamic noise alone has next to no power in the alpha band and the
measures now say nothing of it. An earlier table, before both changes, had 14 of 15 cells inside.

Shuffled segments make p too small for lagged correlation in overlapping windows when a signal remembers itself for more
than about 1/25 of a segment; the default there is the circular shift, and where a plan asks for shuffled segments the
signal's memory is checked and told.

Written by `make calibrate` on {datetime.now(UTC):%Y-%m-%d} with interbrain {__version__}, Python
{platform.python_version()}, {platform.system()} {platform.machine()}, in {seconds / 60:.0f} min on one core.
`make test` runs the same with 500 pairs a cell and another seed.
"""


def _row(cell: Cell, low: int, high: int) -> str:
    mark = "" if low <= cell.hits <= high else " **outside**"
    uniform = cell.uniform_p(np.random.default_rng(0))
    return (
        f"| {cell.design.measure} | {cell.design.surrogate} | {cell.world} | {_length(cell.design)} | "
        f"{cell.share:.3f}{mark} | {uniform:.2f} |"
    )


def _length(design: Design) -> str:
    if design.epochs:
        return f"{design.epochs} epochs of {design.samples / design.rate:g} s at {design.rate:g} Hz"
    return f"{design.samples / design.rate / 60:.1f} min at {design.rate:g} Hz"


if __name__ == "__main__":
    main()
