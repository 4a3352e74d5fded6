"""Power of every default measure on the same simulated pairs: which measure should I use on my recording?

The table lies in the package (``report/power.tsv``) and is what ``interbrain measures --for`` answers from; finished
cells are kept there. ``--page`` only writes the page and its figure from the table as it stands.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from calibrate import _power_page
from calibrate._power_pairs import Recording, band_of, count_found, surrogate_of
from interbrain.report.power import COLUMNS, TABLE

TITLE = "Power of the default measures"
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8)
LAGS_S = {"slow": (0.0, 1.0, 7.0), "eeg": (0.0, 0.008, 0.027)}
"""Together; within the reach of windowed lagged correlation (5 s) and beyond it; for EEG an eighth (nearly) and a
quarter of a cycle at the middle of alpha, 9.25 Hz."""
RECORDINGS = (
    *(Recording("slow", "haemodynamic", 2.0, 60.0 * m) for m in (2, 10, 40)),
    *(Recording("slow", "ar(1)", 2.0, 60.0 * m) for m in (2, 10, 40)),
    *(Recording("slow", "1/f", 2.0, 60.0 * m) for m in (2, 10, 40)),
    *(Recording("slow", "white", 2.0, 60.0 * m) for m in (2, 10, 40)),
    *(Recording("slow", noise, 10.0, 600.0) for noise in ("white", "ar(1)")),
    *(Recording("eeg", "1/f", 128.0, s) for s in (30.0, 120.0)),
    *(Recording("eeg", "white", 128.0, s) for s in (30.0, 120.0)),
)
KEY = ["kind", "noise", "rate_hz", "length_s", "strength", "lag_s", "measure"]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m calibrate power", description=__doc__)
    parser.add_argument("--n", type=int, default=300, help="pairs a cell")
    parser.add_argument("--draws", type=int, default=99, help="surrogates a pair")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", type=Path, default=Path(str(TABLE)), help="where the table is kept")
    parser.add_argument("--fresh", action="store_true", help="compute every cell again")
    parser.add_argument("--page", action="store_true", help="only write the page and the figure")
    asked = parser.parse_args(argv)
    if asked.fresh:
        asked.table.unlink(missing_ok=True)
    if not asked.page:
        for recording in tqdm(sorted(RECORDINGS, key=turn), desc="recordings"):
            fill(asked.table, recording, asked.n, asked.draws, asked.seed)
    if asked.table == Path(str(TABLE)):
        _power_page.write(read(asked.table))


def turn(recording: Recording) -> tuple[int, float]:
    """Order of computing: fNIRS, then what other modalities are likened to, then the rest; short recordings first."""
    rest = recording.noise == "white" or recording.rate == 10.0
    place = 0 if recording.noise == "haemodynamic" else 2 if rest else 1
    return place, recording.length_s * (10 if recording.kind == "eeg" else 1)


def read(path: Path) -> pd.DataFrame:
    """The finished cells; none where there is no table yet."""
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path, sep="\t", dtype={"date": str})


def conditions(recording: Recording) -> Iterator[tuple[float, float]]:
    """Strength and lag; without coupling there is no lag."""
    yield 0.0, 0.0
    for lag in LAGS_S[recording.kind]:
        for strength in STRENGTHS[1:]:
            yield strength, lag


def fill(path: Path, recording: Recording, n_pairs: int, n_null: int, seed: int) -> None:
    """Compute what is missing of one recording, writing the table after every condition.

    A measure that found every pair at one strength is not tried at stronger ones of that lag.
    """
    sure: set[tuple[str, float]] = set()
    for strength, lag in conditions(recording):
        table = read(path)
        here = _cells(table, recording, strength, lag)
        wanted = [m for m in recording.measures if m not in set(here["measure"]) and (m, lag) not in sure]
        if wanted:
            here = pd.concat([here, cells(recording, tuple(wanted), strength, lag, n_pairs, n_null, seed)])
            _write(pd.concat([table, here]).drop_duplicates(KEY), path)
        sure |= {(str(m), lag) for m in here.loc[here["found"] == here["pairs"], "measure"]}


def _cells(table: pd.DataFrame, recording: Recording, strength: float, lag: float) -> pd.DataFrame:
    same = (table["kind"] == recording.kind) & (table["noise"] == recording.noise)
    same &= (table["rate_hz"] == recording.rate) & (table["length_s"] == recording.length_s)
    return table[same & (table["strength"] == strength) & (table["lag_s"] == lag)]


def cells(
    recording: Recording, wanted: tuple[str, ...], strength: float, lag: float, n_pairs: int, n_null: int, seed: int
) -> pd.DataFrame:
    """Rows of one condition; ``se`` is the standard error of the share with two found and two missed added, so that
    it is not 0 where all were found (Agresti & Coull 1998, doi 10.1080/00031305.1998.10480550)."""
    begin = time.process_time()
    found = count_found(recording, wanted, strength, lag, n_pairs, n_null, seed)
    seconds = (time.process_time() - begin) / len(wanted)
    rows = []
    for measure, hits in found.items():
        middle = (hits + 2) / (n_pairs + 4)
        rows.append(
            {
                "kind": recording.kind,
                "noise": recording.noise,
                "rate_hz": recording.rate,
                "length_s": recording.length_s,
                "strength": strength,
                "lag_s": lag,
                "measure": measure,
                "surrogate": surrogate_of(measure),
                "band": band_of(measure, recording),
                "pairs": n_pairs,
                "draws": n_null,
                "found": hits,
                "share": round(hits / n_pairs, 4),
                "se": round(float(np.sqrt(middle * (1 - middle) / (n_pairs + 4))), 4),
                "seconds": round(seconds, 1),
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
            }
        )
    return pd.DataFrame(rows)


def _write(table: pd.DataFrame, path: Path) -> None:
    order = {recording: i for i, recording in enumerate(RECORDINGS)}
    place = [
        order.get(Recording(*row), len(order))
        for row in table[["kind", "noise", "rate_hz", "length_s"]].itertuples(index=False, name=None)
    ]
    table = table.assign(place=place).sort_values(["place", "lag_s", "strength"], kind="stable")
    partial = path.with_suffix(".part")
    table[list(COLUMNS)].to_csv(partial, sep="\t", index=False, lineterminator="\n")
    partial.replace(path)


if __name__ == "__main__":
    main()
