"""Fifth step of a run: change over sessions and outcome, from the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.course.design import CARRIED
from interbrain.course.growth import growth
from interbrain.course.outcome import association
from interbrain.course.reliability import reliability
from interbrain.course.scores import check_scores, score_rows
from interbrain.data.errors import Problem
from interbrain.data.plan import Plan
from interbrain.data.study import Study, base_name
from interbrain.data.tables import frame
from interbrain.inference.corrections import benjamini_hochberg
from interbrain.study.groups import FAMILY, without


def excesses(tables: dict[str, pd.DataFrame], excluded: frozenset[str]) -> pd.DataFrame:
    """``synchrony`` joined with ``nulls``: one row a meeting, place, segment and null, less what must stay out."""
    synchrony, nulls = (without(tables[name], excluded) for name in ("synchrony", "nulls"))
    shared = [c for c in synchrony.columns if c in nulls.columns]
    return synchrony.merge(nulls, on=shared, how="inner")


def with_carried(found: pd.DataFrame, carried: pd.DataFrame) -> pd.DataFrame:
    """Excesses with a column for each confound that the course is to know: its mean of one role in that meeting."""
    if carried.empty:
        return found
    about = ["group", "session", "condition", "segment", "analysis", "signal_a", "signal_b"]
    named = carried.assign(term=[f"{CARRIED}{c} of {r}" for c, r in zip(carried["confound"], carried["role"])])
    wide = named.pivot_table(index=about, columns="term", values="mean", sort=False).reset_index()
    return found.merge(wide, on=about, how="left")


def course_tables(
    study: Study, plan: Plan, tables: dict[str, pd.DataFrame], excluded: frozenset[str], problems: list[Problem]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``course.tsv`` and ``course_groups.tsv``; empty where there is one session or the plan asks for none."""
    sessions = {m.session for m in study.meetings}
    if not plan.course.enabled or tables["nulls"].empty or len(sessions) < 2:
        return frame("course", []), frame("course_groups", [])
    course, groups = growth(with_carried(excesses(tables, excluded), tables["carried"]), plan.course, plan.seed)
    for note in dict.fromkeys(course.loc[course["slope"].isna(), "note"].dropna()):
        done = "the course has no slope there"
        problems.append(Problem("course", str(note), "the model needs more than there is", done, costs_data=False))
    return _course_fdr(course), groups


def reliability_table(plan: Plan, tables: dict[str, pd.DataFrame], excluded: frozenset[str]) -> pd.DataFrame:
    """``reliability.tsv``: how much of the differences between sessions and dyads is real."""
    if tables["nulls"].empty:
        return frame("reliability", [])
    return reliability(excesses(tables, excluded), without(tables["halves"], excluded), plan.course.confidence)


def _course_fdr(course: pd.DataFrame) -> pd.DataFrame:
    """FDR over families, each with its smallest ``p_family``; terms (session, arms) are apart."""
    parts = []
    for _, part in course.groupby("term", sort=False, dropna=False):
        name = part[list(FAMILY)].astype(object).fillna("").astype(str).agg("/".join, axis=1)
        smallest = part.groupby(name, sort=False)["p_family"].min()
        parts.append(name.map(dict(zip(smallest.index, _fdr(smallest), strict=True))))
    return course.assign(p_fdr=pd.concat(parts) if parts else pd.Series(dtype=float))


def _outcome_fdr(outcome: pd.DataFrame) -> pd.DataFrame:
    """FDR over everything that scores were related to in one analysis: places, instruments and parts."""
    over = ["analysis", "segment", "null"]
    parts = [pd.Series(_fdr(part["p"]), part.index) for _, part in outcome.groupby(over, sort=False, dropna=False)]
    return outcome.assign(p_fdr=pd.concat(parts) if parts else pd.Series(dtype=float))


def _fdr(p: pd.Series) -> np.ndarray:
    return benjamini_hochberg([str(i) for i in p.index], p.to_numpy(dtype=float)).p_fdr


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
        found = found.assign(segment=[base_name(s, plan.contrast) for s in found["segment"]])
        found = found[found["segment"] == plan.contrast[0]]
    return _outcome_fdr(association(found, scores, study.groups, plan.outcome)), frame("scores", rows)
