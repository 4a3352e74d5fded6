"""The page of the table of size, and the report's own copy of what matters to its reader."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from calibrate._kept import FOLDER, markdown, origin
from calibrate.engine import LEVEL, default_pairs, simultaneous_interval
from calibrate.worlds import NOISES

PAGE = FOLDER / "size.md"
TABLE = Path(__file__).parents[1] / "src" / "interbrain" / "report" / "calibration.tsv"
HEADER = ("measure", "surrogate", "noise", "recording", "p ≤ .05 of 199", "p ≤ .05 of 999", "pairs", "verdict")


def write(rows: pd.DataFrame, pairs: int) -> None:
    """The page of all finished cells of ``pairs`` pairs, and the report's table of the default pairs without gaps."""
    rows = rows[rows["pairs"] == str(pairs)].drop_duplicates(KEYS, keep="last")
    PAGE.write_text(page(rows), encoding="utf-8")
    report_table(rows).to_csv(TABLE, sep="\t", index=False, lineterminator="\n")


KEYS = ["group", "measure", "setting", "surrogate", "world", "strength", "gaps", "recording"]


MAIN = ("10 min at 2 Hz", "30 epochs of 4 s at 64 Hz")
"""The recordings that the report shows."""


def lacking(rows: pd.DataFrame, pairs: int) -> list[str]:
    """Default measures × noises without which there is no page."""
    rows = rows[(rows["pairs"] == str(pairs)) & rows["recording"].isin(MAIN) & (rows["gaps"] == "no")]
    there = set(zip(rows["measure"], rows["world"]))
    return [f"{m}, {noise}" for m, _ in sorted(default_pairs()) for noise in NOISES if (m, noise) not in there]


def shares(rows: pd.DataFrame) -> int:
    """How many shares the interval speaks of: every number of surrogates of every cell whose assumption holds."""
    good = rows[(rows["group"] != "broken") & (rows["n"] > 0)]
    return int(good[["hits_199", "hits_999"]].notna().to_numpy().sum())


def limits(effective: float, cells: int) -> tuple[float, float]:
    low, high = simultaneous_interval(effective, cells)
    return low / effective, high / effective


def verdict(row: pd.Series, cells: int) -> str:
    """``inside``, or by which number of surrogates it lies outside, or why there is nothing."""
    if row["n"] == 0:
        return f"refused: {row['reason']}" if row["reason"] else "refused by nearly all pairs"
    low, high = limits(row["effective"], cells)
    out = []
    for level in (199, 999):
        hits = row[f"hits_{level}"]
        share = hits / row["n"] if pd.notna(hits) else LEVEL
        if not low - 1e-9 <= share <= high + 1e-9:
            out.append(f"**{'above' if share > high else 'below'}** with {level}")
    return ", ".join(out) or "inside"


def report_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Measure, surrogate, noise, recording, share, pairs, low, high, date of the defaults without gaps."""
    cells = shares(rows)
    mine = rows[(rows["group"] == "default") & (rows["gaps"] == "no") & (rows["setting"] == "") & (rows["n"] > 0)]
    mine = mine[mine["recording"].isin(MAIN) & (mine["recordings"] == 0)]
    low, high = zip(*(limits(e, cells) for e in mine["effective"]))
    table = mine[["measure", "surrogate", "world", "recording"]].rename(columns={"world": "noise"})
    return table.assign(
        share=[f"{h / n:.3f}" for h, n in zip(mine["hits_199"], mine["n"])],
        pairs=mine["n"],
        low=[f"{x:.4f}" for x in low],
        high=[f"{x:.4f}" for x in high],
        date=mine["date"],
    )


def page(rows: pd.DataFrame) -> str:
    cells = shares(rows)
    good, broken = rows[rows["group"] != "broken"], rows[rows["group"] == "broken"]
    counted = good[good["n"] > 0]
    verdicts = [verdict(r, cells) for _, r in counted.iterrows()]
    inside = sum(v == "inside" for v in verdicts)
    simulated, real = counted[counted["recordings"] == 0], counted[counted["recordings"] > 0]
    low, high = limits(2000, max(cells, 1))
    parts = [_HEAD.format(level=LEVEL, n=len(counted), shares=cells, low=low, high=high, inside=inside)]
    for title, group in (("What plans use by default", "default"), ("What else the records allow", "other")):
        part = simulated[simulated["group"] == group]
        if len(part):
            parts.append(f"## {title}\n\n" + markdown(HEADER, _rows(part, cells)))
    if len(real):
        parts.append("## Real recordings of people who never met\n\n" + _REAL + markdown(HEADER, _rows(real, cells)))
    refused = good[good["n"] == 0]
    if len(refused):
        told = ((r["measure"], r["surrogate"], r["recording"], verdict(r, cells)) for _, r in refused.iterrows())
        said = sorted(set(told))
        parts.append("## Refused\n\n" + markdown(("measure", "surrogate", "recording", "what is said"), said))
    if len(broken):
        parts.append(_BROKEN + markdown(BROKEN_HEADER, _broken_rows(broken)))
    parts.append(_NOTES + origin([rows], "python -m calibrate size"))
    return "\n\n".join(parts) + "\n"


def _rows(part: pd.DataFrame, cells: int) -> Iterable[tuple[str, ...]]:
    for _, r in part.iterrows():
        name = r["measure"] if not r["setting"] else f"{r['measure']} ({r['setting']})"
        length = r["recording"] + (" with gaps" if r["gaps"] == "yes" else "")
        pairs = (
            f"{r['n']}" if not r["recordings"] else f"{r['n']} of {r['recordings']} recordings, worth {r['effective']}"
        )
        pairs += f" ({r['refused']} refused)" if r["refused"] else ""
        yield (name, r["surrogate"], r["world"], length, _share(r, 199), _share(r, 999), pairs, verdict(r, cells))


BROKEN_HEADER = ("measure", "surrogate", "world", "strength", "recording", "p ≤ .05 of 199", "pairs")


def _broken_rows(broken: pd.DataFrame) -> Iterable[tuple[str, ...]]:
    for _, r in broken.sort_values(["world", "strength"], kind="stable").iterrows():
        name = r["measure"] if not r["setting"] else f"{r['measure']} ({r['setting']})"
        yield name, r["surrogate"], r["world"], r["strength"], r["recording"], _share(r, 199), f"{r['n']}"


def _share(row: pd.Series, level: int) -> str:
    hits = row[f"hits_{level}"]
    return "" if pd.isna(hits) else f"{hits / row['n']:.3f}"


_HEAD = """# Size under no effect

How often is p at most {level:g} when two people have nothing to do with each other? A right test gives 5 %. Each cell
holds pairs of independent recordings of one kind of noise, each pair with its own surrogates; the 199 surrogates are
the first of the same 999. With 2000 pairs all {shares} shares of the {n} cells below together are expected to stay
between {low:.3f} and {high:.3f} in 95 of 100 such tables. **{inside} of {n} cells do.**

Lengths are 2, 10 and 50 minutes, at low rates: 10, 2 and 1 Hz (wavelet coherence of 50 minutes: 0.5 Hz, its band ends
at 1/8 Hz), so that there are more shifts than surrogates; epochs at 64 Hz with white sensor noise of 5 % of the
signal's SD. The memory of AR(1) noise is counted in samples, whatever the rate. With gaps, each person lacks one
stretch of 2 to 20 s in every five minutes, or each epoch with probability .1. Cells that are not listed have not been
computed."""

_REAL = """Two people of different meetings, at times cut at random, channels drawn at random. There are 62 person
recordings of motion energy (31 videos; one that lies there twice is taken once), 4 of haemoglobin in 3 meetings (of
under two minutes where they overlap, so the band is 0.05 to 0.15 Hz), and 3 of EEG in 2. None is 50 minutes long. Pairs
that have a recording in common are not independent: each cell says how many independent pairs its share is worth
(Aronow, Samii & Assenova 2015), and is judged by the interval of that number.

"""

_BROKEN = """## Where the assumption is broken

Surrogates within a dyad assume signals whose statistics do not change and people who share nothing but what is tested.
These people have nothing to do with each other either, but they drift, or are in the same situation. What is far above
.05 here is similarity that no exchange between two people made. Strength is in SDs of AR(1) 0.9 noise (walks: SD of a
step; louder: how much louder). How often `interbrain run` notices is in [its own table](stationarity.md); re-pairing
partners is the null that shares the situation.

"""

_NOTES = """## How it is computed

A decision at .05 stops as soon as it is certain (ten of 199 surrogates above the observed value are enough for p > .05:
Besag & Clifford 1991), so every share is that of all surrogates. Surrogates of one channel are stacked as channels of
one block, which gives the numbers of a run (a test compares them). Each pair has its own random stream.

Phase measures across time leave out epochs whose band holds less than 1/10,000 of their power: what a filter lets
through of a drift runs on from epoch to epoch and would pass for synchrony (without that rule, 7 % of independent pairs
of haemodynamic noise did in the adjusted circular correlation).

"""
