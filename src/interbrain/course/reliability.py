"""What one number is worth: how much of the differences in a figure is real, and how much is chance.

The value is ``excess`` (stabilised synchrony minus its null's mean), as everywhere in the course. Its error is taken
from halves of the same recording, its real differences from what is left of the spread over sessions and dyads.

Error. The difference of two halves of one recording holds no difference between sessions. The variance of the whole
value's error is that of the difference times λ, where λ is 1/4 for two independent halves of one size (Rulon's and
Guttman's formula: Guttman 1945, 10.1007/BF02288892, which corrects to the full length as Spearman and Brown do, without
asking that both halves spread alike). Halves of one recording are not quite independent, so λ is measured: the null's
variance of the whole value over the variance of the halves' difference under the same surrogates, pooled over all
meetings and places of a family. Each half stands less its own null mean, so that the error of the null's mean is
counted too; a difference that all meetings share is taken out.

Parts. With σ²(dyads), σ²(sessions) and σ²(error):

- ``within``: σ²(sessions)/(σ²(sessions) + σ²(error)): of the differences between sessions of one dyad, what is real
  (reliability of change: Cranford et al. 2006, 10.1177/0146167206287721). A dyad's growth is such a difference.
- ``between``: ICC(1,1) = σ²(dyads)/(all three) over sessions (McGraw & Wong 1996, 10.1037/1082-989X.1.1.30): how well
  one session tells dyads apart.
- ``all``: (σ²(dyads) + σ²(sessions))/(all three): one value among all. Where every dyad met once, what separates dyads
  and what separates sessions cannot be told apart, and this is all there is.
- ``growth``: of the differences between dyads' own slopes over sessions, what is real (Willett 1989,
  10.1177/001316448904900309). Here everything that leaves the line is error.

Every figure is 1 - 1/F or follows from F, so the intervals are those of F (Feldt 1965, 10.1007/BF02289499): the whole
value and the weighted difference of its halves are uncorrelated. Estimates below zero are shown as zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from interbrain.course.growth import KEY, meetings_of
from interbrain.data.tables import frame

SPLITS = {"split": ("split_a", "split_b", "split_null_sd"), "early_late": ("early", "late", "early_late_null_sd")}
"""Columns of ``halves.tsv`` that hold each split: both halves, and the SD of their difference under surrogates."""

GEOMETRY = tuple(c for c in KEY if c not in ("place_a", "place_b", "null"))
"""What λ is pooled over is everything else: it depends on the measure, the band and the lengths, not on the place."""

_PLACE = tuple(c for c in KEY if c != "null")

FEWEST = 3
"""Meetings with halves that an error variance needs."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Ratio:
    """A mean square with its degrees of freedom."""

    value: float
    df: float


def reliability(excesses: pd.DataFrame, halves: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Rows of ``reliability.tsv``.

    Parameters
    ----------
    excesses
        ``synchrony.tsv`` joined with ``nulls.tsv``.
    halves
        ``halves.tsv``: one row a value.
    confidence
        Of the intervals.
    """
    if excesses.empty or halves.empty:
        return frame("reliability", [])
    own = halves.drop(columns=["null", "null_sd"])  # halves of values: they serve every null
    joined = excesses.merge(own, on=[c for c in own.columns if c in excesses.columns], how="left")
    scale = {name: _scale(halves, columns[2]) for name, columns in SPLITS.items()}
    for name, (first, second, _) in SPLITS.items():
        joined[f"{name}_d"] = joined[first] - joined[second]
    extra = [f"{name}_d" for name in SPLITS]
    meetings = meetings_of(joined)
    by = [*KEY, "group", "session", "condition"]
    apart = joined.groupby(by, sort=False, dropna=False)[extra].mean().reset_index()
    apart["condition"] = apart["condition"].fillna("").astype(str)
    meetings = meetings.merge(apart, on=by, how="left")
    meetings = meetings[meetings["excess"].notna()]
    why = _reasons(halves)
    columns = {c: meetings[c].to_numpy() for c in ("excess", "time", "group", *extra)}
    rows: list[Row] = []
    for values, index in meetings.groupby(list(KEY), sort=False, dropna=False).indices.items():
        key = dict(zip(KEY, values, strict=True))
        lambdas = {name: scale[name].get(tuple(key[c] for c in GEOMETRY), np.nan) for name in SPLITS}
        reason = why.get(tuple(key[c] for c in _PLACE), "")
        part = {name: column[index] for name, column in columns.items()}
        rows += [{**key, **row} for row in _place(part, lambdas, reason, confidence)]
    return frame("reliability", rows)


def _reasons(halves: pd.DataFrame) -> dict[tuple[Any, ...], str]:
    """The commonest reason of each place that lacks halves."""
    told = halves.loc[halves["reason"].fillna("") != "", [*_PLACE, "reason"]]
    counts = told.groupby([*_PLACE, "reason"], sort=True, dropna=False).size().sort_values(kind="stable")
    return {key[:-1]: str(key[-1]) for key in counts.index}


def _scale(halves: pd.DataFrame, column: str) -> dict[tuple[Any, ...], float]:
    """λ of each family: variance of the whole value over that of the halves' difference, both of surrogates."""
    known = halves[halves[column].notna() & halves["null_sd"].notna()]
    squares = known[list(GEOMETRY)].assign(
        whole=known["null_sd"].astype(float) ** 2, apart=known[column].astype(float) ** 2
    )
    sums = squares.groupby(list(GEOMETRY), sort=False, dropna=False)[["whole", "apart"]].sum()
    ratio = sums["whole"] / sums["apart"].where(sums["apart"] > 0)
    return {key: float(value) for key, value in ratio.items() if np.isfinite(value)}  # type: ignore[misc]


def _place(part: dict[str, np.ndarray], lambdas: dict[str, float], reason: str, confidence: float) -> Iterator[Row]:
    y, group = part["excess"].astype(float), part["group"].astype(str)
    for name, scale in lambdas.items():
        error, why = _error(part[f"{name}_d"].astype(float), scale, reason)
        yield from _parts(y, group, error, why, name, confidence)
    if len(np.unique(group)) < len(group):
        yield _between(y, group, confidence)
        yield _growth(y, part["time"].astype(float), group, confidence)


def _error(apart: np.ndarray, scale: float, reason: str) -> tuple[Ratio | None, str]:
    """Variance of one value's error, from the differences of its halves about their mean."""
    known = apart[np.isfinite(apart)]
    if not np.isfinite(scale) or not len(known):
        return None, f"no halves: {reason or 'a half is too short for the band'}"
    if len(known) < FEWEST:
        have = "one meeting has" if len(known) == 1 else f"{len(known)} meetings have"
        return None, f"{have} halves; at least {FEWEST} are needed"
    return Ratio(float(known.var(ddof=1)) * scale, len(known) - 1.0), ""


@dataclass(frozen=True)
class _Squares:
    """Mean squares between and within groups; ``size`` the average number of values a group."""

    between: Ratio
    within: Ratio
    size: float


def _squares(y: np.ndarray, group: np.ndarray) -> _Squares:
    names, code = np.unique(group, return_inverse=True)
    count = np.bincount(code)
    mean = np.bincount(code, y) / count
    within = float(((y - mean[code]) ** 2).sum())
    between = float((count * (mean - y.mean()) ** 2).sum())
    j, n = len(names), len(y)
    size = (n - (count**2).sum() / n) / (j - 1) if j > 1 else float(n)
    return _Squares(
        Ratio(between / (j - 1) if j > 1 else np.nan, j - 1.0),
        Ratio(within / (n - j) if n > j else np.nan, n - j),
        size,
    )


def _parts(
    y: np.ndarray, group: np.ndarray, error: Ratio | None, why: str, halves: str, confidence: float
) -> Iterator[Row]:
    """``all`` and, where sessions repeat, ``within``."""
    squares = _squares(y, group)
    base: Row = {"halves": halves, "n_groups": len(np.unique(group)), "n_meetings": len(y)}
    if error is not None:
        base["sem"] = float(np.sqrt(error.value))
    if len(np.unique(group)) > 1:
        yield {**base, "part": "all", **_told(_total(squares), error, why, confidence)}
    if squares.within.df > 0:
        yield {**base, "part": "within", **_told(squares.within, error, why, confidence)}
    if len(y) < 2:
        note = why or "one meeting: nothing to compare its value with"
        yield {**base, "part": "all", **_told(Ratio(np.nan, 0.0), None, note, confidence)}


def _total(squares: _Squares) -> Ratio:
    """Variance of one session's value in one dyad, both drawn anew; degrees of freedom after Satterthwaite."""
    if squares.within.df <= 0:
        return squares.between
    share = 1 / squares.size
    a, b = share * squares.between.value, (1 - share) * squares.within.value
    if a + b <= 0:
        return Ratio(0.0, squares.between.df + squares.within.df)
    return Ratio(a + b, (a + b) ** 2 / (a**2 / squares.between.df + b**2 / squares.within.df))


def _told(observed: Ratio, error: Ratio | None, why: str, confidence: float) -> Row:
    """1 - error/observed with its interval."""
    row: Row = {"sd": float(np.sqrt(observed.value)), "df": observed.df, "note": why}
    if error is None:
        return row
    row |= {"df_error": error.df}
    if not (observed.value > 0 and error.value > 0):
        return {**row, "note": "the values or their halves do not differ at all"}
    low, high = _interval(observed.value / error.value, observed.df, error.df, confidence)
    return {**row, **_of_f(observed.value / error.value, low, high, lambda f: 1 - 1 / f)}


def _interval(f: float, df: float, df_error: float, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    return f / float(stats.f.ppf(1 - tail, df, df_error)), f / float(stats.f.ppf(tail, df, df_error))


def _of_f(f: float, low: float, high: float, rule: Any) -> Row:
    value, ci_low, ci_high = (max(0.0, float(rule(x))) for x in (f, low, high))
    return {"reliability": value, "ci_low": ci_low, "ci_high": ci_high}


def _between(y: np.ndarray, group: np.ndarray, confidence: float) -> Row:
    """ICC(1,1) of dyads over their sessions."""
    squares = _squares(y, group)
    base: Row = {"halves": "sessions", "part": "between", "n_groups": len(np.unique(group)), "n_meetings": len(y)}
    if squares.between.df < 1:
        return {**base, "note": "one dyad: there are no others to tell it from"}
    if not (squares.within.value > 0 and squares.within.df > 0):
        return {**base, "note": "the values of a dyad do not differ at all"}
    f = squares.between.value / squares.within.value
    low, high = _interval(f, squares.between.df, squares.within.df, confidence)
    told = {"df": squares.between.df, "df_error": squares.within.df, "sem": float(np.sqrt(squares.within.value))}
    sd = float(np.sqrt(_total(squares).value))
    return {**base, **told, "sd": sd, **_of_f(f, low, high, lambda x: (x - 1) / (x + squares.size - 1))}


def _growth(y: np.ndarray, time: np.ndarray, group: np.ndarray, confidence: float) -> Row:
    """What is real of the differences between dyads' slopes; those of more spread sessions count more."""
    slopes, weight, left, df = [], [], 0.0, 0
    for name in dict.fromkeys(group):
        t, v = time[group == name], y[group == name]
        spread = float(((t - t.mean()) ** 2).sum())
        if spread <= 0:
            continue
        slope = float(((t - t.mean()) * v).sum() / spread)
        left += float(((v - v.mean() - slope * (t - t.mean())) ** 2).sum())
        df += len(t) - 2
        slopes.append(slope)
        weight.append(spread)
    base: Row = {"halves": "sessions", "part": "growth", "n_groups": len(slopes), "n_meetings": len(y)}
    if len(slopes) < 2 or df < 1:
        few = f"{len(slopes)} dyad{'s have' if len(slopes) != 1 else ' has'} a slope and {max(df, 0)} sessions are over"
        return {**base, "note": f"{few}: slopes cannot be told from chance so"}
    b, w = np.array(slopes), np.array(weight)
    observed = float((w * (b - np.average(b, weights=w)) ** 2).sum() / (len(b) - 1))
    error = left / df
    if not (observed > 0 and error > 0):
        return {**base, "note": "the values lie exactly on lines"}
    low, high = _interval(observed / error, len(b) - 1, df, confidence)
    told = {
        "df": len(b) - 1.0,
        "df_error": float(df),
        "sem": float(np.sqrt(error / w.mean())),
        "sd": float(b.std(ddof=1)),
    }
    return {**base, **told, **_of_f(observed / error, low, high, lambda f: 1 - 1 / f)}
