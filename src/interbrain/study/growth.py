"""Fifth step of a run: change over sessions and outcome, from the tables."""

from __future__ import annotations

import pandas as pd

from interbrain.course.growth import growth
from interbrain.course.outcome import association
from interbrain.course.scores import check_scores, score_rows
from interbrain.data.errors import Problem
from interbrain.data.plan import Plan
from interbrain.data.study import Study
from interbrain.data.tables import frame
from interbrain.study.groups import without


def excesses(tables: dict[str, pd.DataFrame], excluded: frozenset[str]) -> pd.DataFrame:
    """``synchrony`` joined with ``nulls``: one row a meeting, place, segment and null, less what must stay out."""
    synchrony, nulls = (without(tables[name], excluded) for name in ("synchrony", "nulls"))
    shared = [c for c in synchrony.columns if c in nulls.columns]
    return synchrony.merge(nulls, on=shared, how="inner")


def course_tables(
    study: Study, plan: Plan, tables: dict[str, pd.DataFrame], excluded: frozenset[str], problems: list[Problem]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``course.tsv`` and ``course_groups.tsv``; empty where there is one session or the plan asks for none."""
    sessions = {m.session for m in study.meetings}
    if not plan.course.enabled or tables["nulls"].empty or len(sessions) < 2:
        return frame("course", []), frame("course_groups", [])
    course, groups = growth(excesses(tables, excluded), plan.course, plan.seed)
    for note in dict.fromkeys(course.loc[course["slope"].isna(), "note"].dropna()):
        done = "the course has no slope there"
        problems.append(Problem("course", str(note), "the model needs more than there is", done, costs_data=False))
    return course, groups


def checked_scores(study: Study) -> tuple[pd.DataFrame, list[Problem]]:
    """Outcomes without the rows that cannot be right, and what was wrong with those."""
    return check_scores(study.outcomes, study.groups)


def outcome_tables(
    study: Study, plan: Plan, tables: dict[str, pd.DataFrame], excluded: frozenset[str], problems: list[Problem]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``outcome.tsv`` and ``scores.tsv``."""
    scores, told = checked_scores(study)
    problems += told
    rows = score_rows(scores, study.groups)
    if not plan.outcome.enabled or scores.empty or tables["nulls"].empty:
        return frame("outcome", []), frame("scores", rows)
    found = excesses(tables, excluded)
    if plan.contrast is not None and plan.contrast[0] in set(found["segment"]):
        found = found[found["segment"] == plan.contrast[0]]
    return association(found, scores, study.groups, plan.outcome), frame("scores", rows)
