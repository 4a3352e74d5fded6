"""A course of therapy as devices would have recorded it: a study in memory, with everything that was planted.

``docs/model/recordings.md`` says how the model's meetings become signals, and what of it is phenomenological.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
from interbrain.data.study import OUTCOME_COLUMNS, Loaded, Meeting, Recording, Study
from interbrain.simulate._checked import within
from interbrain.simulate.courses._dyads import Dyads
from interbrain.simulate.courses.course import Course, CourseRun, simulate_course, truth
from interbrain.simulate.courses.questionnaires import answer_all, totals
from interbrain.simulate.courses.therapies import therapy
from interbrain.simulate.recordings._met import (
    Asked,
    Coming,
    Length,
    asked,
    coming,
    jobs_of,
    recorded_conversations,
    recorded_meetings,
)
from interbrain.simulate.recordings._who_met import (
    PATIENT,
    THERAPIST,
    WHEN,
    Held,
    Talk,
    group,
    groups,
    held,
    meeting,
    person,
    persons,
    roles,
)
from interbrain.simulate.recordings.devices import device, device_module
from interbrain.simulate.recordings.devices._state import REST, SESSION, WITH, MeetingState

Told = Callable[[int, int], None]
ALLOWED = {"minutes": (1, 120), "rest_s": (10, 3600), "missing": (0, 0.6), "artefacts_per_minute": (0, 10)}
"""What settings of a recording may be, both ends included."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """A study in memory with the course behind it.

    Parameters
    ----------
    study
        What devices, persons and questionnaires give.
    load
        Makes a recording when it is asked for.
    run
        The course.
    states
        Of each recorded meeting, by (dyad, session), both from 1.
    items
        Every answer to every questionnaire, from :func:`~interbrain.simulate.courses.questionnaires.answer_all`.
    conversations
        Of each recorded measured conversation, by (dyad, before or after, therapist or stranger).
    """

    study: Study
    load: Callable[[Meeting, Recording], Loaded]
    run: CourseRun
    states: dict[tuple[int, int], MeetingState]
    items: pd.DataFrame
    conversations: dict[Talk, MeetingState] = field(default_factory=dict)


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
    assess: bool = False,
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
    assess
        Whether conversations of each patient with the therapist and with a stranger are recorded as well, before the
        first session and after the last.

    Raises
    ------
    BadInput
    """
    course = course or Course()
    chosen = _chosen(course, devices)
    given = {"minutes": minutes, "rest_s": rest_s, "missing": missing, "artefacts_per_minute": artefacts_per_minute}
    for name, value in given.items():
        within("simulate_recorded", name, value, *ALLOWED[name])
    if assess and not course.measured:
        raise BadInput("assess records the course's measured conversations, and measured is false; set measured=true.")
    run, states, talks = _all_held(course, Length(60 * minutes, rest_s), assess, threads, told)
    for key in _lost(course.seed, list(states), missing):
        del states[key]
    items = answer_all(run.sessions, course.seed)
    settings = {"devices": [d.name for d in chosen], "minutes": minutes, "rest_s": rest_s, "missing": missing,
                "artefacts_per_minute": artefacts_per_minute} | ({"assess": True} if assess else {})  # fmt: skip
    meetings = held(course, states, talks)
    study = Study(
        name="Simulated course of therapy, recorded",
        root=Path(),
        roles=roles(assess),
        persons=persons(course, assess),
        groups=groups(course, assess),
        meetings=tuple(meeting(course, chosen, each) for each in meetings),
        outcomes=outcomes_of(course, items),
        regions=_regions(chosen),
        plan={"contrast": [SESSION, REST]},
        truth=_truth(course, chosen, meetings, settings, off),
        description={"simulated": True, "generator": f"interbrain {__version__}"},
    )
    return Recorded(study, _loader(course, meetings, artefacts_per_minute), run, states, items, talks)


def _all_held(
    course: Course, length: Length, assess: bool, threads: int | None, told: Told | None
) -> tuple[CourseRun, dict[tuple[int, int], MeetingState], dict[Talk, MeetingState]]:
    """The course, and the recorded part of its sessions and measured conversations; ``told`` counts all of them."""
    come: list[Coming] = []
    talks: list[Asked] = []
    meetings = course.dyads * course.sessions
    steps = course.sessions + 3 + meetings
    done = 0

    def step(to: int) -> None:
        nonlocal done
        done = min(to, steps)
        if told is not None:
            told(done, steps)

    def watch(what: int | str, dyads: Dyads) -> None:
        if isinstance(what, int):
            come.append(coming(course, dyads, what))
        elif assess and what in WHEN:
            talks.append(asked(dyads, what))

    run = simulate_course(course, threads, lambda at, _: step(at), watch)
    each = meetings / max(jobs_of(come) + len(WITH) * len(talks), 1)
    jobs = count(1)

    def held_one() -> None:
        step(course.sessions + 3 + round(next(jobs) * each))

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        states = recorded_meetings(course, come, length, pool, held_one)
        spoken = recorded_conversations(course, talks, length.session_s, pool, held_one)
    return run, states, spoken


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


def _regions(chosen: Sequence[DeviceRecord]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in chosen:
        found |= getattr(device_module(each.name), "regions", dict)()
    return found


def outcomes_of(course: Course, items: pd.DataFrame) -> pd.DataFrame:
    """Sum scores of answers to questionnaires, as a study holds them."""
    scores = totals(items).dropna(subset="score")
    dyads = [int(d) for d in scores["dyad"]]
    return pd.DataFrame(
        {
            "group": [group(course, d).id for d in dyads],
            "participant": [person(course, d, PATIENT) for d in dyads],
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
    every: Sequence[Held],
    settings: dict[str, Any],
    off: Sequence[str],
) -> dict[str, Any]:
    """What is planted where, when and how strongly; growth in what a run estimates is added by who knows the plan."""
    signals = [each for each in chosen if each.modality]
    told = [_told(course, signals, each) for each in every]
    meetings = [row for row, each in zip(told, every) if each.state.name == SESSION]
    talks = [row for row, each in zip(told, every) if each.state.name != SESSION]
    segments = (SESSION, *(WITH.values() if "assess" in settings else ()))
    found = {
        "simulated": True,
        "generator": f"interbrain {__version__}",
        "kind": "recorded course",
        "without": list(off),
        "recording": settings,
        "settings": course.model_dump(mode="json"),
        "carries": {each.name: list(each.carries) for each in signals},
        "growth_of_coupling": {d.name: _slope(meetings, d.name) for d in signals},
        "planted": [place for segment in segments for d in signals for place in _places(d, segment)],
        "dyads": truth(course),
        "meetings": meetings,
    }
    if "assess" not in settings:
        return found
    changes = {d.name: {who: _change(talks, who, d.name) for who in WITH} for d in signals}
    return found | {"conversations": talks, "change_of_coupling": changes}


def _told(course: Course, signals: Sequence[DeviceRecord], each: Held) -> dict[str, Any]:
    planted = {d.name: each.state.planted(d) for d in signals}
    return {**each.state.what, "session": each.session, "group": group(course, each.dyad, each.partner).id,
            "planted": planted}  # fmt: skip


def _change(talks: Sequence[dict[str, Any]], partner: str, name: str) -> float | None:
    """Mean change of planted coupling from before to after, over those who were there both times."""
    by_dyad: dict[int, dict[str, float]] = defaultdict(dict)
    for each in talks:
        if each["partner"] == partner:
            by_dyad[each["dyad"]][each["when"]] = each["planted"][name]["coupling"]
    both = [found["after"] - found["before"] for found in by_dyad.values() if len(found) == len(WHEN)]
    return round(float(np.mean(both)), 6) if both else None


def _places(record: DeviceRecord, segment: str) -> list[dict[str, str]]:
    """Where something is in common: each place with itself, or with all where one source is behind them."""
    one = getattr(device_module(record.name), "ONE_SOURCE", False)
    return [
        {"device": record.name, "place_a": a, "place_b": b, "segment": segment}
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
    course: Course, meetings: Sequence[Held], artefacts_per_minute: float
) -> Callable[[Meeting, Recording], Loaded]:
    """Both people's recordings come about together: the last two are kept for whoever asks for the second person."""
    known = {(group(course, each.dyad, each.partner).id, each.session): each for each in meetings}

    @lru_cache(maxsize=1)
    def both(name: str, where: tuple[str, int]) -> tuple[Loaded, Loaded]:
        each = known[where]
        about = (each.state, course.seed, each.dyad, each.session, artefacts_per_minute, each.partner)
        return record_meeting(name, *about)

    def load(meeting: Meeting, recording: Recording) -> Loaded:
        return both(recording.path.name, (meeting.group, meeting.session))[recording.role != PATIENT]

    return load


def record_meeting(
    name: str,
    state: MeetingState,
    seed: int,
    dyad: int,
    session: int,
    artefacts_per_minute: float = 0.3,
    partner: str = THERAPIST,
) -> tuple[Loaded, Loaded]:
    """What one device gives for patient and partner at one meeting; the same arguments give the same bytes."""
    traits = (stream(seed, "trait", name, dyad, PATIENT), stream(seed, "trait", name, dyad, partner))
    whom = () if partner == THERAPIST else (partner,)
    random = stream(seed, "recording", name, dyad, session, *whom)
    found: tuple[Loaded, Loaded] = device_module(name).record(state, traits, random, artefacts_per_minute)
    return found


def sizes(
    course: Course, devices: Sequence[str], minutes: float, rest_s: float, assess: bool = False
) -> dict[str, float]:
    """Bytes on disk of each device's recordings of a whole course, about; tables are packed."""
    seconds = course.dyads * (course.sessions * (60 * minutes + rest_s) + assess * len(WHEN) * len(WITH) * 60 * minutes)
    return {
        each.name: 2 * seconds * each.rate * device_module(each.name).CHANNELS * device_module(each.name).BYTES
        for each in _chosen(course, devices)
        if each.modality
    }
