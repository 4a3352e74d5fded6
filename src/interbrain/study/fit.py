"""Whether a plan and a study speak of the same things: what one names and the other does not have."""

from __future__ import annotations

from interbrain.data.errors import Problem
from interbrain.data.plan import Plan
from interbrain.data.study import Study
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
