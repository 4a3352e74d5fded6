"""Growth of synchrony over sessions: one model for each place, segment and null.

The value is ``excess``: variance-stabilised synchrony minus the mean of its null on that scale. It is never z, which
grows with the length of a recording at constant coupling.

Two ways
--------
The slope that dyads share is a weighted mean of their own, with weights fixed beforehand and a standard error from the
scatter of whole dyads (:mod:`interbrain.course.robust`); or, where the plan asks for it, that of the mixed model with
Kenward and Roger's adjustment. What is said of single dyads comes from the mixed model in both.

Random slopes
-------------
With eight dyads the variance of their slopes is often estimated at the boundary (zero, or a correlation of ±1 with
the level). Dropping the random slope then makes the mixed model's intervals too short: over 300 simulated studies a
cell (8 dyads, 6 sessions, a third missing) Kenward and Roger's covered .74 to .94 with an intercept only, .92 to .95
when the slope was dropped wherever the fit was singular, and .96 to .99 when it stayed. So it stays, wherever enough
dyads have three sessions to tell a slope from noise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from interbrain.arrays.streams import stream
from interbrain.course.design import CARRIED, SESSION, Design, design
from interbrain.course.mixed import MixedFit, fit
from interbrain.course.reml import blocks
from interbrain.course.robust import weighted
from interbrain.course.signflip import Flips, flips, own_slope, p_over_family, p_value, statistics, weights
from interbrain.data.errors import BadInput
from interbrain.data.plan import Course
from interbrain.data.tables import PLACE, frame

KEY = (*PLACE, "segment", "null")
FAMILY = ("analysis", "measure", "modality", "signal_a", "signal_b", "level", "segment", "null")
"""One maximum is taken over all places, bands and directions of one signal in one segment against one null."""

MIN_DYADS = 3
"""Dyads with two sessions that a mixed model needs; fewer are described by least squares within themselves."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """Effects of one course, from a mixed model or from least squares within dyads.

    ``used`` marks the meetings that entered; ``random`` holds a dyad's deviation in level and slope, and is empty for
    least squares.
    """

    design: Design
    used: np.ndarray
    beta: np.ndarray
    se: np.ndarray
    df: np.ndarray
    method: str
    notes: tuple[str, ...] = ()
    random: dict[Any, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Place:
    """One course: its meetings, its fit (None where there is none, and why), each dyad's own line."""

    key: dict[str, Any]
    rows: pd.DataFrame
    fitted: Fitted | None
    why: str
    own: dict[Any, tuple[float, float, float]]


def growth(table: pd.DataFrame, plan: Course, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit the course of every place, segment and null.

    Parameters
    ----------
    table
        One row for each meeting, place, segment and null: the columns :data:`KEY`, ``group``, ``session`` and
        ``excess``; and, where known, ``duration_s``, ``usable``, ``arm``, ``condition``, ``therapist``. Several pairs
        of one group at one meeting are averaged.
    plan
        Covariates, random slope, number of sign flips, confidence.
    seed
        Of the study; the random flips depend on it and on nothing else.

    Returns
    -------
    (course, course_groups)
        The tables of that name. ``slope`` is in stabilised units per session. Time is 0 at the first session of the
        table, in all of its courses.

    Raises
    ------
    BadInput
        A column that is needed is absent.
    """
    meetings = meetings_of(table)
    if meetings.empty:
        return frame("course", []), frame("course_groups", [])
    dyads = {g: i for i, g in enumerate(sorted(meetings["group"].unique(), key=str))}
    flipped = flips(len(dyads), plan.n_signflips, stream(seed, "course", "signflip"))
    places = [
        _place(dict(zip(KEY, key)), rows, plan)
        for key, rows in meetings.groupby(list(KEY), sort=False, dropna=False)  # type: ignore[call-overload]
    ]
    p_signflip, p_family = _flip_all(places, dyads, flipped)
    course = [
        row for i, place in enumerate(places) for row in _course_rows(place, plan, p_signflip[i], p_family[i], flipped)
    ]
    groups = [row for place in places for row in _group_rows(place)]
    return frame("course", course), frame("course_groups", groups)


def meetings_of(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each course and meeting, with ``time`` (sessions since the first) and ``duration`` (minutes)."""
    missing = [c for c in (*KEY, "group", "session", "excess") if c not in table.columns]
    if missing:
        raise BadInput(f"Growth: the table lacks the column {missing[0]!r}; join synchrony.tsv with nulls.tsv.")
    data = table.copy()
    for column in ("arm", "condition", "therapist"):
        data[column] = data[column].fillna("").astype(str) if column in data else ""
    for column in ("duration_s", "usable"):
        data[column] = pd.to_numeric(data[column], errors="coerce") if column in data else np.nan
    for column in ("session", "excess"):
        data[column] = pd.to_numeric(data[column], errors="coerce").replace([np.inf, -np.inf], np.nan)
    data = data[data["session"].notna()]
    by = [*KEY, "group", "session", "condition", "arm", "therapist"]
    carried = [c for c in data.columns if str(c).startswith(CARRIED)]
    mean = data.groupby(by, sort=False, dropna=False)[["excess", "duration_s", "usable", *carried]].mean().reset_index()
    mean["time"] = mean["session"] - mean["session"].min()
    mean["duration"] = mean["duration_s"] / 60
    return mean


def _place(key: dict[str, Any], rows: pd.DataFrame, plan: Course) -> _Place:
    rows = rows[rows["excess"].notna()].sort_values(["group", "session", "condition"], kind="stable")
    fitted, why = None, ""
    try:
        fitted = _fitted(rows, plan)
    except BadInput as refusal:
        why = str(refusal)
    y = rows["excess"].to_numpy(dtype=float, copy=True)
    if fitted is not None and fitted.design.nuisance:
        nuisance = list(fitted.design.nuisance)
        y[fitted.used] -= fitted.design.x[:, nuisance] @ fitted.beta[nuisance]
    time, group = rows["time"].to_numpy(dtype=float), rows["group"].to_numpy()
    own = {g: own_slope(y[group == g], time[group == g]) for g in dict.fromkeys(group)}
    return _Place(key, rows, fitted, why, own)


def _fitted(rows: pd.DataFrame, plan: Course) -> Fitted:
    sessions = rows.groupby("group")["time"].nunique()
    carrying = int((sessions >= 2).sum())
    if not carrying:
        raise BadInput(
            f"{len(sessions)} dyad{'s' * (len(sessions) != 1)}, none with 2 sessions that have a value; a "
            f"course needs {MIN_DYADS} dyads with 2 sessions each, or 3 sessions of one dyad"
        )
    y = rows["excess"].to_numpy(dtype=float)
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise BadInput("every meeting has the same value; without variation there is nothing to fit")
    if carrying < MIN_DYADS:
        return _within_dyads(rows, plan, (rows["group"].map(sessions) >= 2).to_numpy())
    return _mixed(rows, plan, sessions)


def _covariates(rows: pd.DataFrame, plan: Course) -> tuple[str, ...]:
    """Those of the plan, and the means of confounds that this analysis carries."""
    carried = (str(c) for c in rows.columns if str(c).startswith(CARRIED))
    return (*plan.covariates, *(c for c in carried if rows[c].notna().any()))


def _mixed(rows: pd.DataFrame, plan: Course, sessions: pd.Series) -> Fitted:
    made = design(rows, _covariates(rows, plan))
    able = int((sessions >= 3).sum())
    with_slope = plan.random_slope != "never" and able >= MIN_DYADS
    if plan.random_slope == "always" and not with_slope:
        raise BadInput(
            f"a random slope was asked for, and {able} dyad{'s have' if able != 1 else ' has'} 3 sessions; "
            f"{MIN_DYADS} are needed "
            '(random_slope = "auto" fits levels only)'
        )
    time = rows["time"].to_numpy(dtype=float)
    z = np.column_stack([np.ones(len(rows)), time])[:, : 1 + with_slope]
    y, group = rows["excess"].to_numpy(dtype=float), rows["group"].to_numpy()
    model = fit(y, made.x, group, z, made.terms)
    used = np.ones(len(rows), dtype=bool)
    random = {g: np.append(u, 0.0)[:2] for g, u in zip(model.labels, model.random_effects)}
    robust = plan.standard_errors == "cluster_robust"
    beta, se, df = model.beta, model.se_kr, model.df_kr
    if robust:
        beta, se, df = weighted(blocks(y, made.x, z, group))
    for term in made.told:
        if not se[made.column(term)] > 0:
            raise BadInput(f"{term!r} rests on one dyad alone; without a second its uncertainty cannot be told")
    method, notes = _method(made, with_slope, robust), _notes(model, sessions, with_slope, robust)
    return Fitted(made, used, beta, se, df, method, notes, random)


def _method(made: Design, with_slope: bool, robust: bool) -> str:
    random = "(1 + session | group)" if with_slope else "(1 | group)"
    inference = "fixed weights, cluster-robust CR2" if robust else "REML, Kenward–Roger"
    text = f"excess ~ {' + '.join(made.terms[1:])} + {random}; {inference}"
    return text + (f"; left out: {', '.join(made.left_out)}" if made.left_out else "")


def _notes(model: MixedFit, sessions: pd.Series, with_slope: bool, robust: bool) -> tuple[str, ...]:
    notes = []
    once = int((sessions < 2).sum())
    if once:
        notes.append(f"{once} of {len(sessions)} dyads have one session and inform the level only")
    if model.singular:
        what = "slopes or their correlation with the level" if with_slope else "levels"
        notes.append(f"variance of dyads' {what} at its boundary")
    if not with_slope and not robust and int(sessions.max()) > 2:
        notes.append("one slope for all dyads: the interval does not allow for dyads that grow differently")
    if not model.converged:
        notes.append("the search for the maximum did not settle")
    return tuple(notes)


def _within_dyads(rows: pd.DataFrame, plan: Course, used: np.ndarray) -> Fitted:
    """Least squares with each dyad's own level: it speaks of these dyads alone."""
    rows = rows[used]
    made = design(rows, _covariates(rows, plan), own_levels=True)
    y = rows["excess"].to_numpy(dtype=float)
    df = len(y) - made.x.shape[1]
    n = made.levels
    if df < 1:
        raise BadInput(
            f"{n} dyad{'s' if n > 1 else ''} with {len(y)} meetings; a course within so few needs at least "
            f"{made.x.shape[1] + 1} meetings"
        )
    bread = np.linalg.inv(made.x.T @ made.x)
    beta = bread @ made.x.T @ y
    residual = y - made.x @ beta
    if float(residual @ residual) <= 1e-20 * float(y @ y):
        raise BadInput("the values lie exactly on a line, so no uncertainty can be estimated from them")
    se = np.sqrt(np.diag(bread) * float(residual @ residual) / df)
    who = "one dyad" if n == 1 else f"{n} dyads"
    text = f"excess ~ {' + '.join(('own level', *made.terms[n:]))}; least squares within {who}"
    text += f"; left out: {', '.join(made.left_out)}" if made.left_out else ""
    return Fitted(made, used, beta, se, np.full(len(beta), float(df)), text, (f"speaks of {who} alone, not of others",))


def _flip_all(
    places: list[_Place], dyads: dict[Any, int], flipped: Flips
) -> tuple[list[float], list[float]]:  # fmt: skip
    """p of each course's mean slope under sign flips, alone and against the maximum over its family."""
    drawn: list[np.ndarray | None] = []
    for place in places:
        slopes, spread = np.zeros(len(dyads)), np.zeros(len(dyads))
        for group, (_, slope, s) in place.own.items():
            if s > 0:
                slopes[dyads[group]], spread[dyads[group]] = slope, s
        tested = place.fitted is not None and bool(place.fitted.random)
        drawn.append(statistics(slopes, weights(spread), flipped.signs) if tested else None)
    alone = [np.nan if d is None else p_value(d) for d in drawn]
    family = [np.nan] * len(places)
    members: dict[tuple[Any, ...], list[int]] = {}
    for i, (place, d) in enumerate(zip(places, drawn)):
        if d is not None:
            members.setdefault(tuple(place.key[c] for c in FAMILY), []).append(i)
    for index in members.values():
        together = np.column_stack([d for d in (drawn[i] for i in index) if d is not None])
        for i, p in zip(index, p_over_family(together)):
            family[i] = float(p)
    return alone, family


def _course_rows(
    place: _Place, plan: Course, p_signflip: float, p_family: float, flipped: Flips
) -> Iterable[dict[str, Any]]:  # fmt: skip
    n_groups = len(place.own)
    counts = {"n_groups": n_groups, "n_meetings": len(place.rows)}
    if place.fitted is None:
        yield {**place.key, "term": SESSION, "method": "not fitted", **counts, "note": place.why}
        return
    f = place.fitted
    if not f.random:
        counts["n_groups"] = f.design.levels
        counts["n_meetings"] = len(f.design.x)
    for term in f.design.told:
        i = f.design.column(term)
        half = float(stats.t.ppf(0.5 + plan.confidence / 2, f.df[i]) * f.se[i])
        slope, se = float(f.beta[i]), float(f.se[i])
        notes = list(f.notes)
        row = {
            **place.key, "term": term, "slope": slope, "se": se, "ci_low": slope - half, "ci_high": slope + half,
            "df": float(f.df[i]), "p": float(2 * stats.t.sf(abs(slope) / se, f.df[i])),
            "method": f.method, **counts,
        }  # fmt: skip
        if term == SESSION and np.isfinite(p_signflip):
            carrying = sum(s > 0 for _, _, s in place.own.values())
            how = "all" if flipped.exhaustive else "random"
            notes.append(f"{how} sign flips of {carrying} dyads, smallest p {flipped.smallest_p(carrying):.3g}")
            row |= {"p_signflip": p_signflip, "p_family": p_family}
        yield {**row, "note": "; ".join(notes)}


def _group_rows(place: _Place) -> Iterable[dict[str, Any]]:
    f = place.fitted
    group, therapist, arm = (place.rows[c].to_numpy() for c in ("group", "therapist", "arm"))
    for name, (own_level, slope_own, _) in place.own.items():
        here = group == name
        level, slope = (own_level, slope_own)
        if f is not None and f.random:
            level, slope = f.beta[0] + f.random[name][0], f.beta[f.design.column(SESSION)] + f.random[name][1]
            for factor in (t for t in f.design.terms if t.startswith("arm[")):
                code = float(f.design.x[here, f.design.column(factor)].mean())
                level += code * f.beta[f.design.column(factor)]
                interaction = f"{SESSION} × {factor}"
                slope += code * f.beta[f.design.column(interaction)] if interaction in f.design.terms else 0.0
        yield {
            **place.key, "group": name, "therapist": _joined(therapist[here]), "arm": _joined(arm[here]),
            "level_at_first": float(level), "slope": float(slope), "slope_own": slope_own,
            "n_meetings": int(here.sum()),
        }  # fmt: skip


def _joined(values: np.ndarray) -> str:
    return "; ".join(dict.fromkeys(str(v) for v in values))
