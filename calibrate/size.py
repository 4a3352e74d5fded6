"""How often is p ≤ .05 when two people have nothing to do with each other: every default measure and surrogate.

``python -m calibrate size`` computes what ``docs/calibration/size.tsv`` lacks, the essential cells first, and writes
the page and the report's own copy. Two processes can share the work:
``python -m calibrate.size --part 1/2`` and ``--part 2/2``.
``--page`` only writes the page from the cells that are there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from calibrate import _size_page, recordings
from calibrate._kept import FOLDER, machine
from calibrate.engine import Cell, Design, World, default_pairs, effective_pairs, run_cell
from calibrate.worlds import BROKEN, NOISES
from interbrain import measures
from interbrain.data.errors import InterbrainError

TITLE = "Size under no effect"
CELLS = FOLDER / "size.tsv"
SLOW = {"slow": (1 / 30, 1 / 8)}
ALPHA = {"alpha": (7.5, 11.0)}
SLOW_RATES = ((2, 10.0), (10, 2.0), (50, 1.0))
"""Minutes and rate: shorter recordings are sampled faster, so that there are more shifts than surrogates."""
EPOCHS = ((2, 30, 256), (10, 30, 1280), (50, 50, 3840))
"""Minutes, epochs, samples an epoch at 64 Hz."""
SENSOR = 0.05
FEW = ("white", "ar(1) 0.98", "1/f")
PHASE = ("plv", "accorr", "imcoh")
PEARSON = {"prewhiten": False, "kind": "pearson"}
QUICK = (
    Design("wtc", "circular_shift", rate=2.0, samples=800, bands=SLOW),
    Design("wlcc", "circular_shift", rate=1.0, samples=600),
    *(Design(m, "segment_shuffle", 64.0, 64, epochs=8, bands=ALPHA, sensor=SENSOR) for m in PHASE),
)
"""Short recordings for the test run."""
KEY = ["group", "measure", "setting", "surrogate", "world", "strength", "gaps", "recording", "pairs", "seed"]


@dataclass(frozen=True)
class Task:
    """A cell to compute. ``group``: default, other or broken."""

    group: str
    design: Design
    world: World
    levels: tuple[int, ...] = (199,)

    def key(self, pairs: int, seed: int) -> tuple[str, ...]:
        d, w = self.design, self.world
        about = (self.group, d.measure, d.setting, d.surrogate, w.name, f"{w.strength:g}", "yes" if w.gaps else "no")
        return (*about, d.recording, str(pairs), str(seed))


def continuous(measure: str, surrogate: str, minutes: int, settings: dict[str, Any] | None = None) -> Design:
    rate = dict(SLOW_RATES)[minutes]
    if measure == "wtc" and minutes == 50:
        rate = 0.5  # the band ends at 1/8 Hz; half the samples are half the work
    bands = SLOW if measure == "wtc" else {}
    return Design(measure, surrogate, rate, round(60 * minutes * rate), bands=bands, settings=settings or {})


def epochs(measure: str, minutes: int) -> Design:
    count, samples = next((e, s) for m, e, s in EPOCHS if m == minutes)
    return Design(measure, "segment_shuffle", 64.0, samples, epochs=count, bands=ALPHA, sensor=SENSOR)


def tasks() -> list[Task]:
    """Every cell, the essential ones first."""
    slow, both = ("wtc", "wlcc"), (199, 999)
    found = [Task("default", continuous(m, "circular_shift", 10), World(w), both) for w in NOISES for m in slow]
    found += [Task("default", epochs(m, 2), World(w), both) for w in NOISES for m in PHASE]
    found += list(_broken())
    found += [
        Task("default", continuous(m, "circular_shift", t), World(w)) for t in (2, 50) for w in NOISES for m in slow
    ]
    found += list(_real())
    found += [Task("default", continuous(m, "circular_shift", 10), World(w, gaps=True)) for w in NOISES for m in slow]
    found += [Task("default", epochs(m, 2), World(w, gaps=True), both) for w in FEW for m in PHASE]
    found += [Task("default", epochs(m, 10), World(w), both) for w in FEW for m in PHASE]
    found += [
        Task("default", continuous(m, "circular_shift", t), World(w, gaps=True))
        for t in (50, 2)
        for w in FEW
        for m in slow
    ]
    found += [
        Task("default", continuous(m, "circular_shift", t), World(w), both) for t in (2, 50) for w in FEW for m in slow
    ]
    found += [Task("default", epochs(m, 50), World(w)) for w in FEW for m in PHASE]
    found += list(_other())
    assert default_pairs() <= {(t.design.measure, t.design.surrogate) for t in found if t.group == "default"}
    return found


def _broken() -> Iterator[Task]:
    """Ten minutes; strengths in SDs of the noise (random walks: steps of .3)."""
    designs = [
        continuous("wtc", "circular_shift", 10),
        continuous("wlcc", "circular_shift", 10),
        continuous("corr", "circular_shift", 10),
        continuous("corr", "circular_shift", 10, PEARSON),
    ]
    for world in BROKEN:
        for strength in (0.3,) if "walk" in world else (1.0, 3.0):
            for design in designs:
                yield Task("broken", design, World(world, strength))
    for design in (epochs(m, 2) for m in PHASE):
        yield Task("broken", design, World("both louder at the end", 3.0))


def _real() -> Iterator[Task]:
    if recordings.folder() is None:
        return
    for minutes in (10, 2):
        for measure in ("wtc", "wlcc"):
            yield Task("default", continuous(measure, "circular_shift", minutes), World("real motion"))
    light = Design("wtc", "circular_shift", 5.0, 480, bands={"band": (0.05, 0.15)})  # 96 s are too short for 1/30 Hz
    yield Task("default", light, World("real haemoglobin"))
    for measure in PHASE:
        yield Task("default", Design(measure, "segment_shuffle", 100.0, 100, 25, ALPHA), World("real EEG"))


def _other() -> Iterator[Task]:
    """Pairs that records allow and no default plan uses: two minutes, three noises."""
    for name, record in measures.records().items():
        for surrogate, how in record.surrogates.items():
            if how.startswith("refused") or (name, surrogate) in default_pairs():
                continue
            for noise in FEW:
                if "eeg" in record.modalities and record.needs_bands and surrogate == "segment_shuffle":
                    yield Task("other", epochs(name, 2), World(noise))
                elif record.needs_bands and name != "wtc":
                    design = Design(name, surrogate, 32.0, 60 * 32, bands=ALPHA, sensor=SENSOR)
                    yield Task("other", design, World(noise))
                else:
                    minutes = 10 if surrogate == "segment_shuffle" else 2
                    yield Task("other", continuous(name, surrogate, minutes), World(noise))


def finished(path: Path = CELLS) -> pd.DataFrame:
    """The cells that are there, the last of each key and set of levels."""
    columns = [
        *KEY,
        "minutes",
        "n",
        "refused",
        "recordings",
        "effective",
        "hits_199",
        "hits_999",
        "seconds",
        "date",
        "machine",
    ]
    if not path.exists():
        return pd.DataFrame(columns=columns)
    return pd.read_csv(path, sep="\t", dtype=dict.fromkeys(KEY, str), keep_default_na=False, na_values=["n/a"])


def compute(task: Task, pairs: int, seed: int) -> dict[str, Any]:
    """One cell as a row."""
    begin = time.perf_counter()
    cell, reason = _run(task, pairs, seed)
    found = {level: cell.found(level) for level in task.levels}
    return {
        **dict(zip(KEY, task.key(pairs, seed))),
        "minutes": round(task.design.minutes, 2),
        "n": len(cell.p),
        "refused": cell.refused,
        "reason": reason,
        "recordings": len({name for names in cell.who for name in names if name}),
        "effective": round(effective_pairs(found[task.levels[0]], cell.who)) if len(cell.p) else 0,
        **{f"hits_{level}": int(found[level].sum()) if level in found else "n/a" for level in (199, 999)},
        "seconds": round(time.perf_counter() - begin, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
    }


def _run(task: Task, pairs: int, seed: int) -> tuple[Cell, str]:
    """The cell, and why there is none where the measure or the surrogate refuses such recordings."""
    try:
        return run_cell(task.design, task.world, pairs, seed, task.levels), ""
    except InterbrainError as error:
        none = np.empty((0, len(task.levels)))
        return Cell(task.design, task.world, task.levels, none, (), 0), " ".join(str(error).split())


def append(row: dict[str, Any], path: Path) -> None:
    """One line, in one write, so that two processes can add to the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = "\t".join(str(v) for v in row.values()) + "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write("\t".join(row) + "\n" + line if file.tell() == 0 else line)


def missing(asked: list[Task], rows: pd.DataFrame, pairs: int, seed: int) -> list[Task]:
    """The cells that no row holds with all of their numbers of surrogates."""
    known: dict[tuple[str, ...], bool] = {}
    for r in rows.to_dict("records"):
        key = tuple(r[k] for k in KEY)
        known[key] = known.get(key, False) or pd.notna(r["hits_999"])
    return [t for t in asked if (k := t.key(pairs, seed)) not in known or (999 in t.levels and not known[k])]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="pairs a cell")
    parser.add_argument("--seed", type=int, default=2, help="another seed than the tests have")
    parser.add_argument("--part", default="1/1", help="which share of the cells this process computes, e.g. 1/2")
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    parser.add_argument("--most", type=int, default=100_000, help="stop after so many cells")
    parser.add_argument("--page", action="store_true", help="compute nothing, only write the page")
    asked = parser.parse_args(argv)
    part, parts = (int(x) for x in asked.part.split("/"))
    if asked.fresh:
        CELLS.unlink(missing_ok=True)
    if not asked.page:
        mine = [t for t in tasks() if crc32(repr(t.key(asked.n, asked.seed)).encode()) % parts == part - 1]
        todo = missing(mine, finished(), asked.n, asked.seed)[: asked.most]
        with threadpool_limits(1):
            for task in tqdm(todo, desc=f"cells of size, part {asked.part}"):
                append(compute(task, asked.n, asked.seed), CELLS)
    rows = finished()
    lacking = _size_page.lacking(rows, asked.n)
    if not lacking:
        _size_page.write(rows, asked.n)
    elif asked.page:
        parser.error(f"no page yet: {len(lacking)} default cells without gaps are lacking, e.g. {lacking[0]}")


if __name__ == "__main__":
    main()
