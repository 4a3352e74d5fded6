"""Outcome figures: one number for a whole simulated course, a mean over its dyads unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from interbrain.simulate.courses.course import CourseRun


class Figure(NamedTuple):
    """``band``: a difference of at most this much counts as negligible; a choice, made before any result was seen."""

    means: str
    band: float
    of: Callable[[CourseRun], float]


LAGS = range(-3, 4)
"""Sessions by which changes of symptoms are shifted against changes of ability."""


def all_of(run: CourseRun) -> dict[str, float]:
    """Every figure of a run, NaN where it does not exist (nobody meets on a waiting list)."""
    return {name: float(figure.of(run)) for name, figure in FIGURES.items()}


def _sessions(column: str) -> Callable[[CourseRun], float]:
    """Mean over sessions and dyads."""
    return lambda run: run.sessions[column].mean()


def _last(column: str) -> Callable[[CourseRun], float]:
    return lambda run: _ends(run, column)[1]


def _change(column: str) -> Callable[[CourseRun], float]:
    """Last session minus first."""
    return lambda run: float(np.subtract(*_ends(run, column)[::-1]))


def _lost(run: CourseRun) -> float:
    return -_change("edges")(run)


def _ends(run: CourseRun, column: str) -> tuple[float, float]:
    rows = run.sessions.dropna(subset=[column]).groupby("dyad")[column]
    return float(rows.first().mean()), float(rows.last().mean())


def _thirds(column: str) -> Callable[[CourseRun], float]:
    """Mean of the last third of the sessions minus mean of the first third."""

    def rise(run: CourseRun) -> float:
        wide = run.sessions.pivot(index="dyad", columns="session", values=column).to_numpy(float)
        third = max(1, wide.shape[1] // 3)
        return float(wide[:, -third:].mean() - wide[:, :third].mean())

    return rise


def _at_follow_up(column: str) -> Callable[[CourseRun], float]:
    return lambda run: at(run, column, "follow_up")


def _fall(column: str, late: str) -> Callable[[CourseRun], float]:
    """Before minus after or follow-up."""
    return _measured(column, "before", late)


def _total(column: str) -> Callable[[CourseRun], float]:
    return lambda run: run.sessions.groupby("dyad")[column].sum().mean()


def at(run: CourseRun, column: str, when: str, partner: str = "therapist") -> float:
    """Mean over dyads of a column of the measured conversations."""
    rows = run.probes[(run.probes["when"] == when) & (run.probes["partner"] == partner)]
    return float(rows[column].mean())


def _measured(column: str, late: str, early: str, partner: str = "therapist") -> Callable[[CourseRun], float]:
    return lambda run: at(run, column, late, partner) - at(run, column, early, partner)


def gain(run: CourseRun, when: str) -> float:
    return at(run, "gain_person", when) + at(run, "gain_pair", when)


def _learnt(run: CourseRun) -> float:
    return gain(run, "after") - gain(run, "before")


def _left(run: CourseRun) -> float:
    return gain(run, "follow_up") - gain(run, "before")


def _kept(run: CourseRun) -> float:
    learnt = _learnt(run)
    return _left(run) / learnt if abs(learnt) > 1e-6 else np.nan


def _learnt_a_minute(run: CourseRun) -> float:
    """Simulated minutes of contact."""
    return _learnt(run) * 60 / (run.course.seconds * run.course.sessions)


def _off_target(run: CourseRun) -> float:
    """|a - 1| with a = c G/((1 - b) + b G) + (1 - c) S, as the page of a therapy has it, after the last session."""
    course = run.course
    start = run.probes[(run.probes["when"] == "before") & (run.probes["partner"] == "therapist")].set_index("dyad")
    last = run.sessions.groupby("dyad").last()
    evoked = (last["gain_person"] + last["gain_pair"]) / start["gain_person"]
    inhibited = evoked / ((1 - course.balance) + course.balance * evoked)
    activity = course.evoked_share * inhibited + (1 - course.evoked_share) * last["spontaneous"]
    return float((activity - 1).abs().mean())


def cross_correlation(run: CourseRun) -> dict[int, float]:
    """Correlation of changes of ability with falls of symptoms so many sessions later.

    Lag 0 relates what a session changed (since the session before) with the fall until the next session. Means of each
    session over dyads and of each dyad are taken out, so that a trend that all share makes no correlation.
    """
    table = run.sessions
    ability = table.pivot(index="dyad", columns="session", values="capacity").to_numpy(float)
    severity = table.pivot(index="dyad", columns="session", values="severity").to_numpy(float)
    gained, fell = np.diff(ability), -np.diff(severity)
    gained, fell = gained[:, :-1], fell[:, 1:]  # gained[s]: session s + 2 over s + 1; fell[s]: from s + 2 to s + 3
    found = {}
    for lag in LAGS:
        n = gained.shape[1] - abs(lag)
        if n < 2 or len(gained) < 2:
            found[lag] = np.nan
            continue
        x = _centred(gained[:, max(0, -lag) : max(0, -lag) + n])
        y = _centred(fell[:, max(0, lag) : max(0, lag) + n])
        size = np.sqrt((x**2).sum() * (y**2).sum())
        found[lag] = float((x * y).sum() / size) if size > 1e-12 else np.nan
    return found


def _centred(table: np.ndarray) -> np.ndarray:
    return np.asarray(table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean())


def _precedes(run: CourseRun) -> float:
    """Positive: ability first."""
    r = cross_correlation(run)
    return float(np.mean([r[lag] for lag in LAGS if lag > 0]) - np.mean([r[lag] for lag in LAGS if lag < 0]))


def _at_once(run: CourseRun) -> float:
    return cross_correlation(run)[0]


def _high_minutes(run: CourseRun) -> float:
    return _total("high_s")(run) / 60


FIGURES: dict[str, Figure] = {
    "session_excess": Figure("synchrony above pseudo-pairs in sessions", 0.02, _sessions("excess")),
    "session_synchrony": Figure("synchrony in sessions, chance not taken off", 0.02, _sessions("synchrony")),
    "excess_rise": Figure("rise of synchrony in sessions, last third minus first", 0.02, _thirds("excess")),
    "therapist_rise": Figure(
        "measured synchrony with the therapist, after minus before", 0.02, _measured("excess", "after", "before")
    ),
    "stranger_rise": Figure(
        "measured synchrony with a stranger, after minus before",
        0.02,
        _measured("excess", "after", "before", "stranger"),
    ),
    "therapist_kept": Figure(
        "measured synchrony with the therapist, follow-up minus before",
        0.02,
        _measured("excess", "follow_up", "before"),
    ),
    "stranger_kept": Figure(
        "measured synchrony with a stranger, follow-up minus before",
        0.02,
        _measured("excess", "follow_up", "before", "stranger"),
    ),
    "learnt": Figure("gain learnt, both parts, rad/s", 0.05, _learnt),
    "learnt_person": Figure(
        "gain learnt that is brought to everybody, rad/s", 0.05, _measured("gain_person", "after", "before")
    ),
    "learnt_a_minute": Figure("gain learnt a simulated minute together, rad/s", 0.005, _learnt_a_minute),
    "gain_left": Figure("gain over that at the start, at follow-up, rad/s", 0.05, _left),
    "gain_kept": Figure("share of the gain learnt that is left at follow-up", 0.02, _kept),
    "fell": Figure("fall of symptoms, before to after", 0.05, _fall("severity", "after")),
    "fell_by_follow_up": Figure("fall of symptoms, before to follow-up", 0.05, _fall("severity", "follow_up")),
    "severity_left": Figure("severity of symptoms at follow-up", 0.05, _at_follow_up("severity")),
    "trust": Figure("trust after the last session", 0.02, _last("trust")),
    "ruptures": Figure("ruptures a dyad", 0.1, _total("ruptured")),
    "gate": Figure("factor of learning in the middle", 0.01, _sessions("gate")),
    "bound": Figure("share of a session's change that lasts", 0.01, _sessions("bound")),
    "likeness": Figure("experienced synchrony, mean cosine", 0.02, _sessions("likeness")),
    "high_minutes": Figure("simulated minutes of high synchrony (cosine above 0.7)", 0.1, _high_minutes),
    "loosened": Figure("fall of rigidity (ln), before to after", 0.05, _fall("rigidity", "after")),
    "order_change": Figure("order of the patient's brain, last third minus first", 0.01, _thirds("order")),
    "metastability_change": Figure(
        "metastability of the patient's brain, last third minus first", 0.005, _thirds("metastability")
    ),
    "edges_lost": Figure("edges inside the patient's brain lost between first and last session", 0.5, _lost),
    "edge_cv_rise": Figure("rise of the edges' coefficient of variation", 0.02, _change("edge_cv")),
    "spontaneous": Figure(
        "spontaneous transmission after the last session, over that at the start", 0.05, _last("spontaneous")
    ),
    "off_target": Figure("activity off its target, |a − 1|, after the last session", 0.05, _off_target),
    "at_once": Figure("correlation of changes, ability with fall of symptoms in the week after", 0.03, _at_once),
    "precedes": Figure("correlation of changes, symptoms 1 to 3 sessions later minus earlier", 0.03, _precedes),
}
"""What is compared; each claim names its own."""
