"""A course of therapy as devices would have recorded it: a study in memory, with everything that was planted.

``docs/model/recordings.md`` says how the model's meetings become signals, and what of it is phenomenological.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interbrain import __version__
from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.data.records import DeviceRecord
from interbrain.data.study import OUTCOME_COLUMNS, Group, Loaded, Meeting, Member, Recording, Segment, Study
from interbrain.simulate._checked import within
from interbrain.simulate._met import Coming, Length, coming, jobs_of, recorded_meetings
from interbrain.simulate.course import Course, CourseRun, simulate_course, truth
from interbrain.simulate.questionnaires import answer_all, totals
from interbrain.simulate.recordings import device, device_module
from interbrain.simulate.recordings._state import REST, SESSION, MeetingState
from interbrain.simulate.therapies import therapy
from interbrain.simulate.therapy import Simulated

ROLES = ("patient", "therapist")
Told = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Recorded(Simulated):
    """A study in memory with the course behind it.

    Parameters
    ----------
    run
        The course.
    states
        Of each recorded meeting, by (dyad, session), both from 1.
    items
        Every answer to every questionnaire, as :func:`~interbrain.simulate.questionnaires.answer_all` gives them.
    """

    run: CourseRun
    states: dict[tuple[int, int], MeetingState]
    items: pd.DataFrame


def simulate_recorded(
    course: Course | None = None,
    devices: Sequence[str] = ("fnirs",),
    minutes: float = 10.0,
    rest_s: float = 120.0,
    missing: float = 0.0,
    artefacts_per_minute: float = 0.3,
    off: Sequence[str] = (),
    threads: int | None = None,
    told: Told | None = None,
) -> Recorded:
    """Simulate a course and what devices record of it.

    Parameters
    ----------
    devices
        Names of instruments: fnirs, eeg, heart, skin, breath, motion, voice, turns.
    minutes, rest_s
        Recorded of each session, 1 to 120 min, and rest before it, 10 to 3600 s, in which nobody hears the other.
    missing
        Share of the meetings without recordings, 0 to 0.6; everybody keeps two where there are two.
    artefacts_per_minute
        0 to 10.
    off
        Names of mechanisms that the course has been taken, for the truth.
    threads
        None: as many as there are processors. The same seed gives the same bytes for any number.
    told
        Called with (done, all) as sessions of the course and then recorded meetings are done.

    Raises
    ------
    BadInput
    """
    course = course or Course()
    chosen = _chosen(course, devices)
    for name, value, low, high in (
        ("minutes", minutes, 1, 120),
        ("rest_s", rest_s, 10, 3600),
        ("missing", missing, 0, 0.6),
        ("artefacts_per_minute", artefacts_per_minute, 0, 10),
    ):
        within("simulate_recorded", name, value, low, high)
    length = Length(60 * minutes, rest_s)
    run, states = _held(course, length, threads, told)
    for key in _lost(course.seed, list(states), missing):
        del states[key]
    items = answer_all(run.sessions, course.seed)
    settings = {"devices": [d.name for d in chosen], "minutes": minutes, "rest_s": rest_s, "missing": missing,
                "artefacts_per_minute": artefacts_per_minute}  # fmt: skip
    study = Study(
        name="Simulated course of therapy, recorded",
        root=Path(),
        roles=ROLES,
        persons=_persons(course),
        groups=tuple(_group(course, dyad) for dyad in range(1, course.dyads + 1)),
        meetings=tuple(_meeting(course, chosen, key, states[key]) for key in sorted(states)),
        outcomes=_outcomes(course, items),
        regions=_regions(chosen),
        plan={"contrast": [SESSION, REST]},
        truth=_truth(course, chosen, states, settings, off),
        description={"simulated": True, "generator": f"interbrain {__version__}"},
    )
    return Recorded(study, _loader(course, chosen, states, artefacts_per_minute), run, states, items)


def _held(
    course: Course, length: Length, threads: int | None, told: Told | None
) -> tuple[CourseRun, dict[tuple[int, int], MeetingState]]:
    """The course, and the recorded part of each of its meetings; ``told`` counts both."""
    come: list[Coming] = []
    meetings = course.dyads * course.sessions
    steps = course.sessions + 3 + meetings
    done = 0

    def step(to: int) -> None:
        nonlocal done
        done = min(to, steps)
        if told is not None:
            told(done, steps)

    run = simulate_course(
        course,
        threads,
        lambda at, _: step(at),
        lambda session, dyads: come.append(coming(course, dyads, session)),
    )
    each = meetings / max(jobs_of(come), 1)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        jobs = count(1)
        states = recorded_meetings(
            course, come, length, pool, lambda: step(course.sessions + 3 + round(next(jobs) * each))
        )
    return run, states


def _chosen(course: Course, names: Sequence[str]) -> list[DeviceRecord]:
    if not names:
        raise BadInput("simulate_recorded got no device; name one or more, e.g. fnirs, motion.")
    if not therapy(course.therapy).meets:
        raise BadInput(f"{course.therapy}: nobody meets, so that there is nothing to record; name another therapy.")
    chosen = [device(name) for name in dict.fromkeys(names)]
    if not any(each.modality for each in chosen):
        raise BadInput("turns alone are no recording; name another device beside them, e.g. motion, turns.")
    return chosen


def _lost(seed: int, keys: list[tuple[int, int]], share: float) -> list[tuple[int, int]]:
    """Meetings without recordings: the asked share as far as everybody keeps two."""
    left = Counter(dyad for dyad, _ in keys)
    lost: list[tuple[int, int]] = []
    for index in stream(seed, "recordings", "missing").permutation(len(keys)):
        dyad, session = sorted(keys)[index]
        if len(lost) < round(share * len(keys)) and left[dyad] > 2:
            left[dyad] -= 1
            lost.append((dyad, session))
    return lost


def _width(course: Course) -> int:
    return max(2, len(str(course.dyads)))


def _person(course: Course, dyad: int, role: str) -> str:
    return f"{role[0].upper()}{dyad:0{_width(course)}d}"


def _group(course: Course, dyad: int) -> Group:
    members = tuple(Member(_person(course, dyad, role), role) for role in ROLES)
    return Group(f"{dyad:0{_width(course)}d}", members, therapist=members[1].person)


def _persons(course: Course) -> pd.DataFrame:
    rows = [(_person(course, dyad, role), role) for dyad in range(1, course.dyads + 1) for role in ROLES]
    return pd.DataFrame(rows, columns=["participant_id", "role"])


def _meeting(course: Course, chosen: Sequence[DeviceRecord], key: tuple[int, int], state: MeetingState) -> Meeting:
    group = _group(course, key[0])
    recordings = tuple(
        Recording(Path(each.name), "table", member.person, member.role, each.modality, offset_s=0.0)
        for each in chosen
        if each.modality
        for member in group.members
    )
    segments = (Segment(REST, 0.0, state.rest_s), Segment(SESSION, state.rest_s, state.duration))
    return Meeting(group.id, key[1], recordings, segments, therapist=group.therapist)


def _regions(chosen: Sequence[DeviceRecord]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in chosen:
        found |= getattr(device_module(each.name), "regions", dict)()
    return found


def _outcomes(course: Course, items: pd.DataFrame) -> pd.DataFrame:
    scores = totals(items).dropna(subset="score")
    dyads = [int(d) for d in scores["dyad"]]
    return pd.DataFrame(
        {
            "group": [_group(course, d).id for d in dyads],
            "participant": [_person(course, d, "patient") for d in dyads],
            "instrument": list(scores["questionnaire"]),
            "session": [int(s) for s in scores["session"]],
            "when": list(scores["when"]),
            "score": [float(s) for s in scores["score"]],
        },
        columns=list(OUTCOME_COLUMNS),
    )


def _truth(
    course: Course,
    chosen: Sequence[DeviceRecord],
    states: dict[tuple[int, int], MeetingState],
    settings: dict[str, Any],
    off: Sequence[str],
) -> dict[str, Any]:
    """What is planted where, when and how strongly; growth in what a run estimates is added by who knows the plan."""
    signals = [each for each in chosen if each.modality]
    meetings = [
        {**state.what, "group": _group(course, key[0]).id, "planted": {d.name: state.planted(d) for d in signals}}
        for key, state in sorted(states.items())
    ]
    return {
        "simulated": True,
        "generator": f"interbrain {__version__}",
        "kind": "recorded course",
        "without": list(off),
        "recording": settings,
        "settings": course.model_dump(mode="json"),
        "carries": {each.name: list(each.carries) for each in signals},
        "growth_of_coupling": {d.name: _slope(meetings, d.name) for d in signals},
        "planted": [place for d in signals for place in _places(d)],
        "dyads": truth(course),
        "meetings": meetings,
    }


def _places(record: DeviceRecord) -> list[dict[str, str]]:
    """Where something is in common: each place with itself, or with all where one source is behind them."""
    one = getattr(device_module(record.name), "ONE_SOURCE", False)
    return [
        {"device": record.name, "place_a": a, "place_b": b, "segment": SESSION}
        for a in record.carries
        for b in record.carries
        if one or a == b
    ]


def _slope(meetings: Sequence[dict[str, Any]], name: str) -> float | None:
    """A session's gain in planted coupling: a line through the means of the sessions; None with one session."""
    by_session: dict[int, list[float]] = defaultdict(list)
    for each in meetings:
        by_session[each["session"]].append(each["planted"][name]["coupling"])
    if len(by_session) < 2:
        return None
    time = np.array(list(by_session), dtype=float)
    means = np.array([np.mean(values) for values in by_session.values()])
    time -= time.mean()
    return round(float(time @ means / (time @ time)), 6)


def _loader(
    course: Course,
    chosen: Sequence[DeviceRecord],
    states: dict[tuple[int, int], MeetingState],
    artefacts_per_minute: float,
) -> Callable[[Meeting, Recording], Loaded]:
    """Both people's recordings come about together: the last few are kept for whoever asks for the second person."""
    numbers = {_group(course, dyad).id: dyad for dyad in range(1, course.dyads + 1)}

    @lru_cache(maxsize=1)
    def both(name: str, dyad: int, session: int) -> tuple[Loaded, Loaded]:
        return record_meeting(name, states[dyad, session], course.seed, dyad, session, artefacts_per_minute)

    def load(meeting: Meeting, recording: Recording) -> Loaded:
        found = both(recording.path.name, numbers[meeting.group], meeting.session)
        return found[ROLES.index(recording.role)]

    return load


def record_meeting(
    name: str, state: MeetingState, seed: int, dyad: int, session: int, artefacts_per_minute: float = 0.3
) -> tuple[Loaded, Loaded]:
    """What one device gives for patient and therapist at one meeting; the same arguments give the same bytes."""
    traits = (stream(seed, "trait", name, dyad, "patient"), stream(seed, "trait", name, dyad, "therapist"))
    random = stream(seed, "recording", name, dyad, session)
    found: tuple[Loaded, Loaded] = device_module(name).record(state, traits, random, artefacts_per_minute)
    return found


def sizes(course: Course, devices: Sequence[str], minutes: float, rest_s: float) -> dict[str, float]:
    """Bytes on disk of each device's recordings of a whole course, about; tables are packed."""
    meetings = course.dyads * course.sessions
    seconds = 60 * minutes + rest_s
    return {
        each.name: 2
        * meetings
        * seconds
        * each.rate
        * device_module(each.name).CHANNELS
        * device_module(each.name).BYTES
        for each in _chosen(course, devices)
        if each.modality
    }
