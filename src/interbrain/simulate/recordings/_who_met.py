"""Who met whom in a recorded course: persons, groups, and meetings with their segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Group, Meeting, Member, Recording, Segment
from interbrain.simulate.courses.course_settings import Course
from interbrain.simulate.recordings.devices._state import REST, MeetingState

PATIENT, THERAPIST, STRANGER = "patient", "therapist", "stranger"
WHEN = ("before", "after")
"""When measured conversations are recorded."""
Talk = tuple[int, str, str]
"""A measured conversation: dyad from 1, when, partner."""


@dataclass(frozen=True, eq=False)
class Held:
    """One recorded meeting: the dyad from 1, the patient's partner, its number in the study, what happened in it."""

    dyad: int
    partner: str
    session: int
    state: MeetingState


def held(
    course: Course, states: dict[tuple[int, int], MeetingState], conversations: dict[Talk, MeetingState]
) -> list[Held]:
    """Sessions, then measured conversations with therapist and stranger: session 0, and one after the last."""
    number = dict(zip(WHEN, (0, course.sessions + 1)))
    sessions = [Held(dyad, THERAPIST, session, state) for (dyad, session), state in sorted(states.items())]
    talks = [Held(dyad, who, number[when], state) for (dyad, when, who), state in conversations.items()]
    return sessions + sorted(talks, key=lambda each: (each.partner != THERAPIST, each.dyad, each.session))


def person(course: Course, dyad: int, role: str) -> str:
    return f"{role[0].upper()}{_number(course, dyad)}"


def _number(course: Course, dyad: int) -> str:
    return f"{dyad:0{max(2, len(str(course.dyads)))}d}"


def group(course: Course, dyad: int, partner: str = THERAPIST) -> Group:
    """Patient and therapist, named by a number; patient and stranger are a group of their own."""
    members = tuple(Member(person(course, dyad, role), role) for role in (PATIENT, partner))
    number = _number(course, dyad)
    if partner == STRANGER:
        return Group(f"{number}-{STRANGER}", members)
    return Group(number, members, therapist=members[1].person)


def roles(strangers: bool) -> tuple[str, ...]:
    return (PATIENT, THERAPIST, STRANGER) if strangers else (PATIENT, THERAPIST)


def groups(course: Course, strangers: bool) -> tuple[Group, ...]:
    """One a dyad; then one a patient and stranger."""
    partners = roles(strangers)[1:]
    return tuple(group(course, dyad, who) for who in partners for dyad in range(1, course.dyads + 1))


def persons(course: Course, strangers: bool) -> pd.DataFrame:
    everybody = roles(strangers)
    rows = [(person(course, dyad, role), role) for dyad in range(1, course.dyads + 1) for role in everybody]
    return pd.DataFrame(rows, columns=["participant_id", "role"])


def meeting(course: Course, chosen: Sequence[DeviceRecord], each: Held) -> Meeting:
    """A recorded meeting of the study; a measured conversation has one segment, named after the partner."""
    both, state = group(course, each.dyad, each.partner), each.state
    recordings = tuple(
        Recording(Path(device.name), "table", member.person, member.role, device.modality, offset_s=0.0)
        for device in chosen
        if device.modality
        for member in both.members
    )
    rest = (Segment(REST, 0.0, state.rest_s),) if state.rest_s else ()
    segments = (*rest, Segment(state.name, state.rest_s, state.duration))
    return Meeting(both.id, each.session, recordings, segments, therapist=both.therapist)
