"""What would run and all that is wrong with a study, without measuring or writing anything."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from interbrain.data.errors import InterbrainError, Problem
from interbrain.data.plan import Plan
from interbrain.data.signal import Signal
from interbrain.data.study import Segment, Study
from interbrain.signals.align import usable_share
from interbrain.study.confounds import without_unknown
from interbrain.study.fit import fitted, misfits
from interbrain.study.forecast import TITLES, Forecast, Kind
from interbrain.study.growth import checked_scores
from interbrain.study.job import plan_of
from interbrain.study.parts import check_share, parts_of
from interbrain.study.people import Slot, measured, pair_tasks, person_tasks, refuse_twins
from interbrain.study.person import Person, prepare_person
from interbrain.study.pool import run_tasks
from interbrain.study.progress import Progress
from interbrain.study.read import read_study
from interbrain.study.sides import kinds_of
from interbrain.study.whole import whole_tasks
from interbrain.study.within import Asked, Findings, PairTask, asked, together


@dataclass(frozen=True)
class Checked:
    """What would run, in sentences, and every problem."""

    study: Study
    plan: Plan
    summary: tuple[str, ...]
    problems: tuple[Problem, ...]
    usable: bool
    """Whether any analysis could run at any meeting."""
    why: str = ""
    """What is true where nothing is usable: nobody's recordings go together, or no analysis of them could run."""


def check_study(study: str | Path | Study, plan: Plan | Path | str | None = None, *, progress: bool = False) -> Checked:
    """Read every recording, put pairs on one clock and ask each measure whether it could run; nothing is written.

    Raises
    ------
    BadInput
        There is no study at that path, or the plan is not valid.
    """
    study = study if isinstance(study, Study) else read_study(study)
    chosen = plan_of(study, plan)
    study = fitted(study, chosen)
    problems = [*study.problems, *misfits(study, chosen)]
    bar = Progress(progress)
    with tempfile.TemporaryDirectory(prefix="interbrain-check-") as scratch:
        work = Path(scratch)
        tasks = person_tasks(study, chosen, work, debug=False)
        bar.expect(Forecast({"persons": Kind(TITLES["persons"], len(tasks), 1.0)}, 1))
        prepared = run_tasks(prepare_person, list(tasks.values()), 1, bar.tasks(*["persons"] * len(tasks)))
        bar.close()
        people = dict(zip(tasks, prepared, strict=True))
        problems += [p for person in prepared for p in person.problems]
        refused, _, told = refuse_twins(study, measured(study, chosen, people))
        problems += told
        known, told = without_unknown(study, chosen, people)
        problems += told
        pairs, told = pair_tasks(study, known, people, refused, work, debug=False)
        problems += told
        whole, told = whole_tasks(study, known, people, refused, work, debug=False)
        problems += told
        for pair in pairs:
            problems += _could_run(pair)
    _, told = checked_scores(study)
    problems += told
    usable = bool(pairs or whole)
    why = "" if usable else _nothing(study, people)
    summary = tuple(_summary(study, chosen, pairs))
    return Checked(study, chosen, summary, tuple(dict.fromkeys(problems)), usable, why)


def _nothing(study: Study, people: dict[Slot, Person]) -> str:
    readable = Counter(key for (key, _), person in people.items() if person.signal_path is not None)
    together = sum(n > 1 for n in readable.values())
    if not together:
        return "no meeting has two people whose recordings can be read"
    which = f"{together} of {len(study.meetings)} meetings"
    return f"two people or more can be read at {which}, but no analysis of the plan could run on them; see above"


def _could_run(task: PairTask) -> list[Problem]:
    found = Findings()
    try:
        a, b = together(task, found)
    except InterbrainError as error:
        return [Problem(task.where, str(error), "the two people share no samples", "the session would be left out")]
    for analysis in task.analyses:
        for segment in task.meeting.segments:
            try:
                _ask(task, asked(analysis), segment, a, b)
            except InterbrainError as error:
                where = f"{task.where}, {segment.name}, {analysis.name}"
                found.problems.append(
                    Problem(where, str(error), "no honest number can be given", "this would be left out")
                )
    return found.problems


def _ask(task: PairTask, ask: Asked, segment: Segment, a: Signal, b: Signal) -> None:
    kinds = kinds_of(ask.analysis, a, b)
    if not kinds:
        raise InterbrainError(f"no signal of {list(ask.analysis.signals) or 'one kind'} on both sides.")
    for both in kinds:
        blocks = parts_of(task.people, ask.analysis, ask.record, a, b, both, segment).blocks
        check_share(usable_share(*blocks), task.plan.quality.min_usable)
        one = [replace(block, values=block.values[:, :1], valid=block.valid[:, :1]) for block in blocks]
        estimate = ask.module.reduce(ask.module.combine(*(ask.module.prepare(block, ask.settings) for block in one)))
        reasons = [str(r) for r in estimate.extra.get("reason", ()) if str(r)]
        if reasons:
            raise InterbrainError("; ".join(dict.fromkeys(reasons)))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def _summary(study: Study, plan: Plan, pairs: list[PairTask]) -> list[str]:
    met = {pair.meeting.key: pair.meeting.group for pair in pairs}
    meetings = Counter(met.values())
    sessions = sorted({pair.meeting.session for pair in pairs})
    lines = [
        f"{study.name}: {_count(len(study.groups), 'group')}, {_count(len(study.meetings), 'meeting')}, "
        f"{len(met)} of them with two people",
        f"sessions {sessions[0]} to {sessions[-1]}; {min(meetings.values())} to {max(meetings.values())} a group"
        if pairs
        else "no meeting can be measured",
        f"segments: {', '.join(dict.fromkeys(s.name for m in study.meetings for s in m.segments))}",
        f"scores: {', '.join(sorted(set(study.outcomes['instrument']))) if len(study.outcomes) else 'none'}",
    ]
    for analysis in plan.analysis:
        bands = ", ".join(f"{name} {low:.3g}-{high:.3g} Hz" for name, (low, high) in analysis.bands.items())
        lines.append(
            f"would run {analysis.name}: {analysis.measure} on {analysis.modality_name}"
            + (f" without {', '.join(analysis.partial)}" if analysis.partial else "")
            + (f" ({bands})" if bands else "")
            + f", {analysis.n_surrogates} × {' and '.join(analysis.surrogates) or 'no surrogates'}"
            + (", partners re-paired" if analysis.repair and len(meetings) > 1 else "")
        )
    if len(meetings) == 1:
        lines.append("one group: only its own surrogates can be a null, and nothing generalises")
    return lines
