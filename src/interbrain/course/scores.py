"""Questionnaire scores: what cannot be right is dropped and told; the rest is followed from each person's first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from interbrain.course.instruments import find
from interbrain.data.errors import BadInput, Problem
from interbrain.data.study import OUTCOME_COLUMNS, Group
from interbrain.data.tables import frame

KEY = ("group", "participant", "instrument", "session", "when")
WHEN = ("before", "after")
_MISSING = ("", "n/a", "na", "nan", "none")


def check_scores(outcomes: pd.DataFrame, groups: Iterable[Group] = ()) -> tuple[pd.DataFrame, list[Problem]]:
    """Scores that can be used, and a problem for each row that cannot.

    Instruments are named as their records; others pass under their own name, their range unchecked. A missing score
    (empty, ``n/a``) is no problem. Without ``groups`` nobody is unknown.

    Raises
    ------
    BadInput
        A column of :data:`OUTCOME_COLUMNS` is absent.
    """
    if outcomes.empty:
        return pd.DataFrame(columns=list(OUTCOME_COLUMNS)), []
    absent = [c for c in OUTCOME_COLUMNS if c not in outcomes.columns]
    if absent:
        raise BadInput(f"Scores: the column {absent[0]!r} is absent; there must be: {', '.join(OUTCOME_COLUMNS)}.")
    members = {g.id: {m.person for m in g.members} for g in groups}
    kept: list[dict[str, Any]] = []
    seen: dict[tuple[Any, ...], float] = {}
    problems: list[Problem] = []
    for row in outcomes[list(OUTCOME_COLUMNS)].to_dict("records"):
        if str(row["score"]).strip().lower() in _MISSING:
            continue
        clean, what, why = _checked(row, members)
        if not what:
            key = tuple(clean[c] for c in KEY)
            if key in seen:
                what = f"a second score of {clean['score']:g} beside {seen[key]:g}"
                why = "one person has one score of an instrument at a time"
            else:
                seen[key] = clean["score"]
                kept.append(clean)
        if what:
            problems.append(Problem(_where(row), what, why, "this score was left out"))
    problems += [_unknown(name) for name in dict.fromkeys(r["instrument"] for r in kept) if find(name) is None]
    return pd.DataFrame(kept, columns=list(OUTCOME_COLUMNS)), problems


def _checked(row: dict[str, Any], members: dict[str, set[str]]) -> tuple[dict[str, Any], str, str]:
    """The row in its right types; what is wrong with it and why it matters, or two empty texts."""
    group, person = str(row["group"]), str(row["participant"])
    record = find(row["instrument"])
    clean = {**row, "group": group, "participant": person, "when": str(row["when"]).strip().lower()}
    clean["instrument"] = record.name if record else str(row["instrument"])
    score, session = _number(row["score"]), _number(row["session"])
    if not np.isfinite(score):
        return clean, f"the score is {row['score']!r}", "a score must be a number"
    if not np.isfinite(session) or session != round(session):
        return clean, f"the session is {row['session']!r}", "a session is a whole number"
    clean |= {"score": score, "session": int(session)}
    if clean["when"] not in WHEN:
        return clean, f"'when' is {row['when']!r}", "a score is taken 'before' or 'after' its session"
    if members and group not in members:
        return clean, f"the group {group!r} is not in the study", "a score must belong to somebody who was recorded"
    if members and person not in members[group]:
        there = ", ".join(sorted(members[group]))
        return clean, f"{person!r} is not in group {group}", f"its members are {there}"
    if record is not None:
        low, high = record.score_range
        if not low <= score <= high:
            return clean, f"a score of {score:g}", f"{record.title.split(',')[0]} runs from {low:g} to {high:g}"
    return clean, "", ""


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _where(row: dict[str, Any]) -> str:
    place = f"group {row['group']}, session {row['session']}, {row['participant']}, {row['instrument']}"
    return f"{place}, {row['when']}"


def _unknown(name: str) -> Problem:
    return Problem(
        f"outcomes, {name}",
        "no record of this instrument",
        "its range, cut-off and reliable change are not known, so its scores were not checked",
        "the scores were used as they are",
        costs_data=False,
    )


def score_rows(scores: pd.DataFrame, groups: Iterable[Group] = ()) -> pd.DataFrame:
    """``scores.tsv`` from checked scores.

    ``change_from_first`` is against the person's first score of the instrument; ``reliable`` is ``"better"``,
    ``"worse"`` or ``"no"`` where the instrument's reliable change is known (empty for the first score);
    ``below_cutoff`` says that the score is below the cut-off, whichever side is the healthy one.
    """
    if scores.empty:
        return frame("scores", [])
    roles = {(g.id, m.person): m.role for g in groups for m in g.members}
    data = scores.copy()
    data["role"] = [roles.get((g, p), "") for g, p in zip(data["group"], data["participant"])]
    data["_order"] = [WHEN.index(w) for w in data["when"]]
    data = data.sort_values(["group", "participant", "instrument", "session", "_order"], kind="stable")
    first = data.groupby(["group", "participant", "instrument"])["score"].transform("first")
    data["change_from_first"] = data["score"] - first
    later = data.duplicated(["group", "participant", "instrument"])
    marks = [_marks(*v) for v in zip(data["instrument"], data["score"], data["change_from_first"], later)]
    data["reliable"], data["below_cutoff"] = [m[0] for m in marks], [m[1] for m in marks]
    return frame("scores", data.drop(columns="_order").reset_index(drop=True))


def _marks(instrument: str, score: float, change: float, later: bool) -> tuple[str | None, bool | None]:
    record = find(instrument)
    if record is None:
        return None, None
    below = None if record.cutoff is None else bool(score < record.cutoff)
    if record.reliable_change is None or not later:
        return None, below
    if abs(change) < record.reliable_change:
        return "no", below
    return ("worse" if (change > 0) == (record.higher_is == "worse") else "better"), below
