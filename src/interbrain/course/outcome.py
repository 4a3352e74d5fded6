"""Scores and synchrony: within persons and between persons, apart, and both freed from time.

Within
    Synchrony of a session as its deviation from the person's own straight line over sessions; the score is regressed on
    it beside a line of each person's own (the within estimator with individual trends; least squares). Two things that
    both change over sessions are therefore not called related, even if those who change faster in one change faster in
    the other. Standard errors follow the scatter of whole persons (CR2, :mod:`interbrain.course.robust`): where
    synchrony and scores are both correlated over sessions, least squares' own called .08 of 500 unrelated studies
    related (8 persons, 12 sessions, AR(1) .5; .13 at .8), these .06 (.04). docs/calibration/outcome.md has the sizes.
Between
    A least-squares line through persons' means, after the common trend over sessions was taken from both, with
    persons − 2 degrees of freedom.
Lagged
    The score ``lag`` sessions later with synchrony now, adjusted for synchrony then: a person's deviations add up to
    zero, so without it a relation at the same session would return as a lagged one. The score now is not adjusted for:
    in short courses its coefficient is biased, up with persons' levels and down without, and carries that bias over.
    With a relation of −80 at the same session and none later, 40 persons gave +42 with the score now in the model, −34
    with its deviation from the person's line, and −3 (SD 3) without. What the score itself hands on is therefore part
    of the lagged estimate, and the note says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from interbrain.course.growth import KEY, MIN_DYADS, meetings_of
from interbrain.course.instruments import find
from interbrain.course.reml import blocks
from interbrain.course.robust import cluster_robust
from interbrain.data.errors import BadInput
from interbrain.data.plan import Outcome
from interbrain.data.study import Group
from interbrain.data.tables import frame

MIN_PERSONS_BETWEEN = 4
_AT_BOUND = 0.15
_SCORE = ["instrument", "participant_role", "when"]


@dataclass(frozen=True)
class _Effect:
    estimate: float
    se: float
    df: float
    method: str
    note: str = ""


def association(
    table: pd.DataFrame, scores: pd.DataFrame, groups: Iterable[Group], plan: Outcome, confidence: float = 0.95
) -> pd.DataFrame:
    """Association of every instrument with every place, segment and null of ``table``.

    Parameters
    ----------
    table
        As for :func:`interbrain.course.growth.growth`; conditions of one session are averaged.
    scores
        Checked scores (:func:`interbrain.course.scores.check_scores`), one row a person, instrument, session and time.
    groups
        Say which role a person has.
    plan
        ``lag_sessions`` later scores are taken for the lagged part; 0 leaves it out.

    Returns
    -------
    DataFrame
        The table ``outcome``: ``estimate`` is in points of the score per unit of stabilised synchrony.
        ``sd_synchrony`` is one SD of that synchrony, in the same unit: of a person's sessions around their own line
        (within), or of persons' means without the trend that they share (between).
    """
    roles = {(g.id, m.person): m.role for g in groups for m in g.members}
    meetings = meetings_of(table)
    if meetings.empty or scores.empty:
        return frame("outcome", [])
    taken = scores.assign(
        participant_role=[roles.get((g, p), "") for g, p in zip(scores["group"], scores["participant"])],
        score=pd.to_numeric(scores["score"], errors="coerce"),
    )
    taken["session"] = pd.to_numeric(taken["session"], errors="coerce")
    taken = taken[taken["score"].notna() & taken["session"].notna()]
    first = float(meetings["session"].min())
    by = [*KEY, "group", "session"]
    mean = meetings.groupby(by, sort=False, dropna=False)["excess"].mean().reset_index()
    rows = []
    for key, place in mean[mean["excess"].notna()].groupby(list(KEY), sort=False, dropna=False):
        for names, some in taken.groupby(_SCORE, sort=True):
            data = _joined(place, some, first)
            for row in _rows(data, str(names[0]), plan.lag_sessions, confidence):
                rows.append({**dict(zip(KEY, key)), **dict(zip(_SCORE, names)), **row})
    return frame("outcome", rows)


def _joined(place: pd.DataFrame, scores: pd.DataFrame, first: float) -> pd.DataFrame:
    """One row a person (``unit``) and session: ``x`` synchrony, ``y`` score, ``time`` since the first session."""
    data = place[["group", "session", "excess"]].merge(scores, on=["group", "session"], how="inner")
    unit = data["group"].astype(str) + "\x1f" + data["participant"].astype(str)
    return pd.DataFrame(
        {
            "unit": pd.factorize(unit)[0], "session": data["session"].astype(int), "time": data["session"] - first,
            "x": data["excess"], "y": data["score"],
        }
    ).sort_values(["unit", "session"], ignore_index=True)  # fmt: skip


def _rows(data: pd.DataFrame, instrument: str, lag: int, confidence: float) -> Iterator[dict[str, Any]]:
    bounded = _at_bounds(data["y"].to_numpy(dtype=float), instrument)
    own = data.assign(within=_from_own_line(data))
    sd = {"within": _sd_within(own), "between": _sd_between(own)}
    yield _row(own, "within", 0, "session", bounded, confidence) | {"sd_synchrony": sd["within"]}
    yield _row(own, "between", 0, "session", bounded, confidence) | {"sd_synchrony": sd["between"]}
    if lag:
        adjusted = f"session, synchrony at session t + {lag}"
        yield _row(_lagged(own, lag), "within", lag, adjusted, bounded, confidence) | {"sd_synchrony": sd["within"]}


def _row(
    data: pd.DataFrame, part: str, lag: int, adjusted_for: str, bounded: str, confidence: float
) -> dict[str, Any]:  # fmt: skip
    row: dict[str, Any] = {
        "lag_sessions": lag, "part": part, "adjusted_for": adjusted_for, "n_groups": data["unit"].nunique(),
        "n_scores": len(data),
    }  # fmt: skip
    try:
        effect = _between(data) if part == "between" else _within(data, lag)
    except BadInput as refusal:
        return {**row, "method": "not fitted", "note": str(refusal)}
    half = float(stats.t.ppf(0.5 + confidence / 2, effect.df)) * effect.se
    return {
        **row, "estimate": effect.estimate, "se": effect.se, "ci_low": effect.estimate - half,
        "ci_high": effect.estimate + half, "df": effect.df,
        "p": float(2 * stats.t.sf(abs(effect.estimate) / effect.se, effect.df)), "method": effect.method,
        "note": "; ".join(n for n in (effect.note, bounded) if n),
    }  # fmt: skip


def _from_own_line(data: pd.DataFrame) -> np.ndarray:
    """Synchrony's deviation from each person's straight line; 0 for a person with less than three sessions."""
    result = np.zeros(len(data))
    for index in data.groupby("unit").indices.values():
        t, x = (data[c].to_numpy(dtype=float)[index] for c in ("time", "x"))
        if len(index) >= 3:
            result[index] = x - np.polyval(np.polyfit(t - t.mean(), x, 1), t - t.mean())
    return result


def _sd_within(data: pd.DataFrame) -> float:
    """SD of sessions around their person's own line, of which each takes two degrees of freedom; NaN without any."""
    sessions = data.groupby("unit")["within"].size()
    df = int((sessions[sessions >= 3] - 2).sum())
    return float(np.sqrt((data["within"] ** 2).sum() / df)) if df else np.nan


def _sd_between(data: pd.DataFrame) -> float:
    """SD of persons' means, as the line between persons takes them; NaN for less than two."""
    return float(np.std(_person_means(data, "x"), ddof=1)) if data["unit"].nunique() > 1 else np.nan


def _lagged(data: pd.DataFrame, lag: int) -> pd.DataFrame:
    """Rows of session t with the score (``y``) and synchrony (``within_then``) of t + lag."""
    then = data[["unit", "session", "y", "within"]].assign(session=data["session"] - lag)
    now = data.drop(columns="y")
    return now.merge(then.rename(columns={"within": "within_then"}), on=["unit", "session"], how="inner")


def _within(data: pd.DataFrame, lag: int) -> _Effect:
    by_person = data.groupby("unit")["within"]
    carrying = int((by_person.max() > by_person.min()).sum())
    if not carrying:
        raise BadInput("nobody has 3 sessions with both a score and synchrony; within-person change needs them")
    y, w = data["y"].to_numpy(dtype=float), data["within"].to_numpy(dtype=float)
    if np.ptp(y) == 0:
        raise BadInput("every score is the same; there is nothing to relate")
    named = {"session": data["time"].to_numpy(dtype=float), "synchrony": w}
    if lag:
        named["synchrony then"] = data["within_then"].to_numpy(dtype=float)
    if lag:
        own, method = _persons(data), f"score ~ {' + '.join(named)}, a level of each person's own"
    else:
        own, method = (
            _persons(data, named.pop("session")),
            "score ~ synchrony, a line of each person's own over sessions",
        )
    columns = [named.pop("synchrony"), *named.values()]
    estimate, se, df = _least_squares(y, [*columns, *own])
    over = _over_persons(y, columns, own, data["unit"].to_numpy()) if carrying >= MIN_DYADS else (np.nan, np.nan)
    who = "one person" if carrying == 1 else f"{carrying} persons"
    notes = [] if np.isfinite(over).all() else [f"speaks of {who} alone, not of others"]
    (se, df), scatter = (over, ", cluster-robust CR2 over persons") if not notes else ((se, df), "")
    if lag:
        notes.append("includes what the score at session t hands on")
    method = f"{method}; least squares{scatter}, synchrony from each person's own line"
    return _Effect(estimate, se, df, method, "; ".join(notes))


def _persons(data: pd.DataFrame, slope: np.ndarray | None = None) -> list[np.ndarray]:
    """A column for each person's level and, with ``slope``, one for each person's own slope."""
    person = data["unit"].to_numpy()
    here = [(person == unit).astype(float) for unit in dict.fromkeys(person)]
    return here if slope is None else [*here, *(h * slope for h in here)]


def _least_squares(y: np.ndarray, columns: list[np.ndarray]) -> tuple[float, float, float]:
    """Estimate, standard error and degrees of freedom of the first column."""
    x = np.column_stack(columns)
    df = len(y) - int(np.linalg.matrix_rank(x))
    others = int(np.linalg.matrix_rank(x[:, 1:]))
    if df < 1 or others == np.linalg.matrix_rank(x):
        raise BadInput(f"{len(y)} scores; more than {x.shape[1]} are needed for what is adjusted for")
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ x.T @ y
    error = float(np.sum((y - x @ beta) ** 2)) / df
    if error <= 1e-20 * float(y @ y):
        raise BadInput("the scores lie exactly on the fit, so no uncertainty can be estimated from them")
    return float(beta[0]), float(np.sqrt(error * bread[0, 0])), float(df)


def _over_persons(
    y: np.ndarray, columns: list[np.ndarray], own: list[np.ndarray], person: np.ndarray
) -> tuple[float, float]:  # fmt: skip
    """Standard error and degrees of freedom of the first column from the scatter of whole persons.

    What is each person's own is taken out beforehand, which changes neither (Pustejovsky & Tipton 2018, theorem 2).
    """
    basis, size, _ = np.linalg.svd(np.column_stack(own), full_matrices=False)
    basis = basis[:, size > 1e-9 * size[0]]
    kept: list[np.ndarray] = []
    for column in columns:
        free = column - basis @ (basis.T @ column)
        if np.linalg.norm(free) > 1e-9 * np.linalg.norm(column):
            unit = free / np.linalg.norm(free)
            if np.linalg.matrix_rank(np.column_stack([*kept, unit]), tol=1e-8) > len(kept):
                kept.append(unit)
    x = np.column_stack(kept)
    rest = y - basis @ (basis.T @ y)
    data = blocks(rest, x, x[:, :1], person)
    same = np.broadcast_to(np.eye(data.mask.shape[1]), (len(data.mask), *(2 * data.mask.shape[1:]))).copy()
    se, df = cluster_robust(data, same, np.linalg.lstsq(x, rest, rcond=None)[0])
    return float(se[0] / np.linalg.norm(columns[0] - basis @ (basis.T @ columns[0]))), float(df[0])


def _between(data: pd.DataFrame) -> _Effect:
    n = data["unit"].nunique()
    if n < MIN_PERSONS_BETWEEN:
        raise BadInput(f"{n} persons; a line between persons needs at least {MIN_PERSONS_BETWEEN}")
    x, y = (_person_means(data, column) for column in ("x", "y"))
    if np.ptp(x) <= 1e-12 * np.abs(x).max() or np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise BadInput("persons do not differ in their means; there is no line between them")
    line = stats.linregress(x, y)
    if line.stderr <= 1e-12 * abs(line.slope):
        raise BadInput("persons' means lie exactly on a line, so no uncertainty can be estimated from them")
    note = f"{n} persons: a relation between so few is uncertain" if n < 20 else ""
    method = "line through persons' means, common trend over sessions taken from both; least squares"
    return _Effect(float(line.slope), float(line.stderr), float(n - 2), method, note)


def _person_means(data: pd.DataFrame, column: str) -> np.ndarray:
    """Means of persons at the average session, by the trend that persons share."""
    value, time = (data[c].to_numpy(dtype=float) for c in (column, "time"))
    unit = data["unit"]
    centred = time - data.groupby("unit")["time"].transform("mean").to_numpy(dtype=float)
    spread = float(centred @ centred)
    trend = float(centred @ value) / spread if spread > 0 else 0.0
    return pd.Series(value - trend * (time - time.mean())).groupby(unit.to_numpy(), sort=True).mean().to_numpy()


def _at_bounds(score: np.ndarray, instrument: str) -> str:
    """A sentence where many scores lie at an end of the instrument's range, which a straight line cannot follow."""
    record = find(instrument)
    if record is None or not len(score):
        return ""
    for name, bound in zip(("lowest", "highest"), record.score_range):
        share = float(np.mean(score == bound))
        if share >= _AT_BOUND:
            which = f"{share:.0%} of the scores are the {name} possible ({bound:g})"
            return f"{which}: a straight line understates the relation"
    return ""
