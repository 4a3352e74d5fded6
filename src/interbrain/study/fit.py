"""Whether a plan and a study speak of the same things: what one names and the other does not have."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from interbrain.data.errors import Problem
from interbrain.data.plan import Plan
from interbrain.data.study import Study
from interbrain.formats._checks import absence
from interbrain.study.confounds import modalities_read


def misfits(study: Study, plan: Plan) -> list[Problem]:
    """A problem for each modality without an analysis, analysis without recordings and contrast without its segment."""
    there, wanted = set(study.modalities), modalities_read(study, plan)
    problems = [
        Problem(
            where=f"plan, {modality}",
            what=f"the study has {modality} recordings, the plan has no analysis of them",
            why=f"analyses are of {', '.join(sorted({m for a in plan.analysis for m in a.modalities}))}",
            done="these recordings were left out; add an [[analysis]] for them",
        )
        for modality in sorted(there - wanted)
    ]
    problems += [
        Problem(
            where=f"plan, {analysis.name}",
            what=f"an analysis of {modality}, of which the study has no recording",
            why=f"the recordings are of {', '.join(sorted(there)) or 'nothing'}",
            done="this analysis gives no number; correct its modality, or remove it",
        )
        for analysis in plan.analysis
        for modality in dict.fromkeys(analysis.modalities)
        if modality not in there
    ]
    segments = dict.fromkeys(s.name for m in study.meetings for s in m.segments)
    problems += [
        Problem(
            where="plan, contrast",
            what=f"the contrast names the segment {name!r}, which no meeting has",
            why=f"the segments are {', '.join(segments) or 'none'}",
            done="no contrast was tested; correct its name, or add the segment",
        )
        for name in plan.contrast or ()
        if name not in segments
    ]
    return problems


def fitted(study: Study, plan: Plan) -> Study:
    """The study without those problems that tell of an absent recording which no analysis of the plan needs.

    Where the two people give two modalities, the first role's is not needed of the last one, nor the last one's of the
    first.
    """
    needed = _needed(study, plan)
    idle = {
        absence(meeting, role, modality)
        for meeting in study.meetings
        for modality in {r.modality for r in meeting.recordings}
        for role in study.roles
        if (role, modality) not in needed
    }
    return replace(study, problems=tuple(p for p in study.problems if p not in idle))


def _needed(study: Study, plan: Plan) -> set[tuple[str, str]]:
    """Each role with a modality that is measured of it, or that may hold a confound."""
    beside = modalities_read(study, plan) - {m for a in plan.analysis for m in a.modalities}
    needed = {(role, modality) for role in study.roles for modality in beside}
    for analysis in plan.analysis:
        first, second = analysis.modalities
        same = first == second or analysis.of_group
        needed |= {(role, first) for role in (study.roles if same else study.roles[:-1])}
        needed |= {(role, second) for role in (study.roles if same else study.roles[1:])}
    return needed


def without_values(plan: Plan, synchrony: pd.DataFrame) -> list[Problem]:
    """A problem for each analysis that ran and gave no number at any meeting."""
    problems = []
    for analysis in plan.analysis:
        rows = synchrony[synchrony["analysis"] == analysis.name]
        if rows.empty or rows["value"].notna().any():
            continue
        n = len(rows[["group", "session", "condition"]].drop_duplicates())
        settings = ", ".join(f"{k} = {v}" for k, v in analysis.settings.items()) or "its default settings"
        problems.append(
            Problem(
                where=f"plan, {analysis.name}",
                what=f"{analysis.measure} with {settings} gave no value at any of {n} meeting{'s' * (n != 1)}",
                why="without a value there is nothing to test or to follow",
                done="nothing is said of this analysis; choose settings that fit the length and rate of the recordings",
            )
        )
    return problems
