"""Paired differences over seeds, and what they say about a claim in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student

from claims._figures import FIGURES, all_of
from claims._record import Claim
from claims._runs import Size, kept
from interbrain.simulate.courses.course import Course

LEVEL = 0.95
EXACT = 1e-9
"""Differences below this are none at all."""

AS_CLAIMED, OPPOSITE, NOTHING, SMALL, UNSURE, UNKNOWN = (
    "as claimed", "opposite", "changes nothing", "negligible", "not told apart from 0", "does not exist",
)  # fmt: skip
VERDICTS: dict[str, str] = {
    AS_CLAIMED: "the interval lies on the claimed side of 0 and reaches beyond what is negligible; where no difference "
    "is claimed, it lies within what is negligible",
    OPPOSITE: "the interval lies on the other side of 0 and reaches beyond what is negligible; where no difference is "
    "claimed, there is one",
    NOTHING: "no difference at all in any seed, though one is claimed",
    SMALL: "the interval lies within what is negligible, though a difference is claimed",
    UNSURE: "the interval includes 0 and reaches beyond what is negligible",
    UNKNOWN: "the figure does not exist in one of both runs",
}


class Interval(NamedTuple):
    """Mean of paired differences and its interval; without ends (NaN) where there is one value only."""

    mean: float
    low: float
    high: float


def interval(differences: np.ndarray) -> Interval:
    """Student's interval over seeds."""
    n, mean = len(differences), float(np.mean(differences))
    if n < 2:
        return Interval(mean, np.nan, np.nan)
    half = float(student.ppf((1 + LEVEL) / 2, n - 1) * np.std(differences, ddof=1) / np.sqrt(n))
    return Interval(mean, mean - half, mean + half)


def verdict(differences: np.ndarray, expects: int, band: float) -> str:
    """One of :data:`VERDICTS`."""
    if not np.isfinite(differences).all():
        return UNKNOWN
    mean, low, high = interval(differences)
    low, high = (mean, mean) if np.isnan(low) else (low, high)
    within = low >= -band and high <= band
    if expects == 0:
        return AS_CLAIMED if within else OPPOSITE if low > 0 or high < 0 else UNSURE
    if np.abs(differences).max() < EXACT:
        return NOTHING
    if within:
        return SMALL
    if low <= 0 <= high:
        return UNSURE
    return AS_CLAIMED if np.sign(mean) == expects else OPPOSITE


def compare(claims: Mapping[str, Claim], seeds: Sequence[int], size: Size, folder: Path) -> pd.DataFrame:
    """One row a claim, comparison and figure; ``size`` and ``seeds`` of the courses in ``folder``.

    ``counts``: whether the row bears on the claim, no premise itself and in a comparison whose premises hold.
    """
    known: dict[Course, dict[str, float]] = {}

    def figures(course: Course) -> list[dict[str, float]]:
        for each in (size.of(course, seed) for seed in seeds):
            if each not in known:
                known[each] = all_of(kept(each, folder))
        return [known[size.of(course, seed)] for seed in seeds]

    rows = []
    for claim in claims.values():
        for side in claim.sides:
            pairs = side.run(seeds)
            both = pairs["first"].to_numpy(float), pairs["second"].to_numpy(float)
            what = {"title": side.title, "role": side.role, "status": side.status, "figure": side.figure}
            rows.append({"claim": claim.name, **what, **_row(*both, side.expects, side.band)})
        for contrast in claim.contrasts:
            first, second = figures(contrast.first), figures(contrast.second)
            for name, expects in contrast.expects.items():
                both = np.array([each[name] for each in first]), np.array([each[name] for each in second])
                what = {"title": contrast.title, "role": contrast.role, "status": contrast.status or claim.status}
                row = _row(*both, expects, FIGURES[name].band)
                rows.append({"claim": claim.name, **what, "figure": name, **row})
    table = pd.DataFrame(rows)
    return with_premises(table.assign(premise=[r.figure in claims[str(r.claim)].premises for r in table.itertuples()]))


def with_premises(table: pd.DataFrame) -> pd.DataFrame:
    """With the column ``counts``; ``premise`` says which rows are premises."""
    failed = table["premise"] & (table["verdict"] != AS_CLAIMED)
    says_nothing = failed.groupby([table["claim"], table["title"]]).transform("any")
    return table.assign(counts=~table["premise"] & ~says_nothing)


def _row(first: np.ndarray, second: np.ndarray, expects: int, band: float) -> dict[str, float | str]:
    differences = first - second
    mean, low, high = interval(differences)
    return {
        "first": float(first.mean()),
        "second": float(second.mean()),
        "difference": mean,
        "low": low,
        "high": high,
        "seeds": len(differences),
        "band": band,
        "expects": expects,
        "verdict": verdict(differences, expects, band),
    }


def summary(rows: Iterable[str]) -> str:
    """Of the verdicts of a comparison or claim: how many of each."""
    found = list(rows)
    counts = {name: found.count(name) for name in VERDICTS}
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n)
