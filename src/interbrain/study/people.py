"""From a study to the tasks of a run: recordings, pairs of people, and what must stay out of tests over groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from interbrain.data.errors import Problem
from interbrain.data.plan import Plan
from interbrain.data.study import Meeting, Study
from interbrain.study.confounds import Beside, modalities_read
from interbrain.study.false_dyads import refuse_twins
from interbrain.study.person import Person, PersonTask
from interbrain.study.sides import Side, pairs_of
from interbrain.study.slots import Slot, slots, where
from interbrain.study.within import PairTask

__all__ = [
    "Slot",
    "measured",
    "pair_tasks",
    "person_tasks",
    "quality_rows",
    "refuse_twins",
    "slots",
    "where",
    "zero_of",
]


def person_tasks(study: Study, plan: Plan, work: Path, debug: bool) -> dict[Slot, PersonTask]:
    """One task for every recording of a modality that the plan analyses or may find a confound in."""
    wanted = modalities_read(study, plan)
    regions = tuple(sorted(study.regions.items()))
    return {
        slot: PersonTask(recording, where(meeting, recording), plan, regions, work / "persons", debug)
        for slot, (meeting, recording) in slots(study).items()
        if recording.modality in wanted
    }


def measured(study: Study, plan: Plan, people: dict[Slot, Person]) -> dict[Slot, Person]:
    """Those whose recordings are measured: one microphone may well stand for the speech of two people."""
    wanted = {m for a in plan.analysis for m in a.modalities}
    return {slot: people[slot] for slot, (_, recording) in slots(study).items()
            if slot in people and recording.modality in wanted}  # fmt: skip


def pair_tasks(
    study: Study, plan: Plan, people: dict[Slot, Person], refused: frozenset[str], work: Path, debug: bool
) -> tuple[list[PairTask], list[Problem]]:
    """One task for every pair of people of every meeting and modality; who is absent is told."""
    tasks, problems = [], []
    several = any(len(group.members) > 2 for group in study.groups)
    for meeting in study.meetings:
        if meeting.key in refused:
            continue
        for both in dict.fromkeys(a.modalities for a in plan.analysis if not a.of_group):
            if not any(r.modality in both for r in meeting.recordings):
                continue
            pairs, absent = pairs_of(study, meeting, *both)
            place = f"group {meeting.group}, session {meeting.session}"
            for who, lacking in absent:
                what = f"{who} has no {lacking} recording"
                if not any(
                    p.where.startswith(f"{place},") and f"no {lacking} recording" in p.what for p in study.problems
                ):
                    problems.append(Problem(place, what, "synchrony needs both people", "this session was left out"))
            made = (_task(meeting, a, b, people, plan, both, work, debug) for a, b in pairs)
            tasks += [replace(t, several=several) for t in made if t]
    return tasks, problems


def _task(
    meeting: Meeting,
    a: Side,
    b: Side,
    people: dict[Slot, Person],
    plan: Plan,
    modalities: tuple[str, str],
    work: Path,
    debug: bool,
) -> PairTask | None:
    one, other = (people.get((meeting.key, meeting.recordings.index(s.recording))) for s in (a, b))
    if one is None or other is None or one.signal_path is None or other.signal_path is None:
        return None
    slim = replace(meeting, recordings=())
    return PairTask(
        slim, a, b, one.signal_path, other.signal_path, one.sha256, other.sha256, one.meta, other.meta, plan,
        modalities, work / "pairs", debug, zero_of(meeting, people), beside(meeting, a, people),
        beside(meeting, b, people),
    )  # fmt: skip


def beside(meeting: Meeting, side: Side, people: dict[Slot, Person]) -> tuple[Beside, ...]:
    """The person's other recordings at this meeting: what a confound may be found in."""
    found = []
    for i, recording in enumerate(meeting.recordings):
        person = people.get((meeting.key, i))
        same = (recording.role, recording.person) == (side.member.role, side.member.person)
        if same and recording is not side.recording and person is not None and person.signal_path is not None:
            found.append(Beside(recording, person.signal_path, person.meta))
    return tuple(found)


def zero_of(meeting: Meeting, people: dict[Slot, Person]) -> str | None:
    """The start time of the meeting's first recording, where its file has one: what segments are counted from."""
    first = people.get((meeting.key, 0))
    return first.meta.get("start_time") if first is not None else None


def quality_rows(study: Study, people: dict[Slot, Person]) -> list[dict[str, Any]]:
    rows = []
    for slot, (meeting, recording) in slots(study).items():
        if slot in people:
            about = {
                "group": meeting.group,
                "session": meeting.session,
                "person": recording.person,
                "role": recording.role,
                "modality": recording.modality,
            }
            rows += [{**about, "segment": "", **row} for row in people[slot].quality]
    return rows
