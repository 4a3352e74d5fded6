"""From a meeting in the model to the state that instruments see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from interbrain.simulate.courses._dyads import Dyads, brains, meeting_seeds
from interbrain.simulate.courses._gates import gates
from interbrain.simulate.courses._sessions import PHASES, as_they_come, channels, ruptures
from interbrain.simulate.courses.course_settings import Course
from interbrain.simulate.courses.therapies import therapy
from interbrain.simulate.dyads._behaviour import CHANNELS
from interbrain.simulate.dyads._gains import BEAT_S
from interbrain.simulate.dyads.dyad import Bond, Encounter, Learning, Person, simulate_dyads
from interbrain.simulate.recordings.devices._state import WITH, MeetingState

WINDOW_BEATS = 30
"""One minute: over which synchrony is taken to be local."""
TOGETHER = 16
"""Meetings that are simulated side by side on one thread."""
WHOLE = 2.5
"""artanh of the synchrony (.987) at which contact counts as whole."""


@dataclass(frozen=True)
class Length:
    """Of the recorded part of a session and of the rest before it, s."""

    session_s: float
    rest_s: float

    def phases(self, shares: tuple[float, float, float]) -> tuple[float, float, float]:
        """s of opening, middle and integration, whole beats."""
        whole = max(3, round(self.session_s / BEAT_S))
        first, last = (max(1, round(whole * share)) for share in (shares[0], shares[2]))
        middle = max(1, whole - first - last)
        return first * BEAT_S, middle * BEAT_S, last * BEAT_S


@dataclass(frozen=True, eq=False)
class Coming:
    """Some dyads as they come to a session, and what will happen in it: rupture, repair, stress felt, ``(dyad,)``."""

    session: int
    dyads: Dyads
    ruptured: np.ndarray
    repaired: np.ndarray
    felt: np.ndarray


def coming(course: Course, dyads: Dyads, session: int) -> Coming:
    """A copy, since the dyads change afterwards."""
    ruptured, repaired = ruptures(course, dyads, session)
    felt = gates(course, dyads, 1, ruptured).felt
    return Coming(session, dyads.only(np.ones(len(dyads), bool)), ruptured, repaired, felt)


def recorded_meetings(
    course: Course, come: Sequence[Coming], length: Length, pool: Executor, told: Callable[[], None]
) -> dict[tuple[int, int], MeetingState]:
    """The state of each meeting, by (dyad, session), both from 1.

    Each meeting is held twice: as it is, and with nobody showing anything. Gains are held as they are when people come:
    what is recorded is a meeting in real time, while the course's own sessions, in which gains change, are compressed.
    What contact adds is synchrony over that of the same two people with the same noise who do not hear each other;
    where there is no contact it is exactly 0.
    """
    seconds = length.phases(therapy(course.therapy).shares)
    chunks = _chunks(come)
    jobs = [(chunk, number) for chunk in chunks for number in range(len(PHASES))]

    def hold(job: tuple[list[Coming], int]) -> list[_Phase]:
        found = _held(course, *job, seconds[job[1]])
        told()
        return found

    held = list(pool.map(hold, jobs))
    states: dict[tuple[int, int], MeetingState] = {}
    for k, chunk in enumerate(chunks):
        phases = held[k * len(PHASES) : (k + 1) * len(PHASES)]
        row = 0
        for each in chunk:
            for i, dyad in enumerate(each.dyads.number):
                parts = [phase[row] for phase in phases]
                states[int(dyad) + 1, each.session] = _state(course, each, i, parts, length.rest_s, seconds)
                row += 1
    return states


def _chunks(come: Sequence[Coming]) -> list[list[Coming]]:
    """Sessions together until there are ``TOGETHER`` pairs: many at once go faster."""
    chunks: list[list[Coming]] = []
    for each in come:
        if chunks and sum(len(c.dyads) for c in chunks[-1]) + len(each.dyads) <= TOGETHER:
            chunks[-1].append(each)
        else:
            chunks.append([each])
    return chunks


def jobs_of(come: Sequence[Coming]) -> int:
    """How often :func:`recorded_meetings` tells that something is done."""
    return len(_chunks(come)) * len(PHASES)


@dataclass(frozen=True, eq=False)
class _Phase:
    """One phase of one meeting: who speaks, and the fields' product with contact and without, each beat; gains."""

    speaker: np.ndarray
    cross: np.ndarray
    apart: np.ndarray
    gain: np.ndarray


def _held(course: Course, chunk: list[Coming], number: int, seconds: float) -> list[_Phase]:
    people, bonds, seeds, edges = [], [], [], []
    for each in chunk:
        shown = np.where(each.ruptured & (number == 1), course.withdrawal, 1.0)
        came, own = as_they_come(course, each.dyads, shown, each.session)
        people += came
        bonds += own
        seeds += meeting_seeds(course, each.dyads, each.session, "recorded", PHASES[number])
        edges.append(each.dyads.edges)
    encounter = Encounter(seconds, open=channels(course), scaffold=course.phases("scaffold")[number])
    return _twice(course, people, bonds, encounter, seeds, np.concatenate(edges))


def _twice(
    course: Course,
    people: list[tuple[Person, Person]],
    bonds: list[Bond],
    encounter: Encounter,
    seeds: list[int],
    edges: np.ndarray,
) -> list[_Phase]:
    """Each encounter as it is and, with the same noise, with nobody showing anything."""
    n, nothing = len(people), (0.0,) * len(CHANNELS)
    alone = [(replace(a, expresses=nothing), replace(b, expresses=nothing)) for a, b in people]
    weights = np.concatenate([edges] * 2)
    runs = simulate_dyads(people + alone, encounter, Learning(), bonds * 2, brains(course), seeds * 2, 1, weights)
    return [_Phase(near.speaker, near.cross, far.cross, near.gain) for near, far in zip(runs[:n], runs[n:])]


@dataclass(frozen=True, eq=False)
class Asked:
    """Some dyads as they come to measured conversations: before the first session, or after the last."""

    when: str
    dyads: Dyads


def asked(dyads: Dyads, when: str) -> Asked:
    """A copy, since the dyads change afterwards."""
    return Asked(when, dyads.only(np.ones(len(dyads), bool)))


def recorded_conversations(
    course: Course, come: Sequence[Asked], session_s: float, pool: Executor, told: Callable[[], None]
) -> dict[tuple[int, str, str], MeetingState]:
    """The state of each measured conversation, by (dyad from 1, when, partner).

    As in the course itself nothing is learnt, all channels are open, no rhythm is lent, and noise and turns are the
    same whenever it is held, so that what differs between two of them is what changed. They are without rest.
    """
    seconds = max(1, round(session_s / BEAT_S)) * BEAT_S
    encounter = Encounter(seconds, open=channels(course, therapys=False))

    def hold(job: tuple[Asked, str]) -> dict[tuple[int, str, str], MeetingState]:
        each, partner = job
        dyads = each.dyads
        people, bonds = as_they_come(course, dyads, np.ones(len(dyads)), "measured", partner == "stranger")
        seeds = meeting_seeds(course, dyads, "measured", partner)
        phases = _twice(course, people, bonds, encounter, seeds, dyads.edges)
        told()
        return {
            (int(dyad) + 1, each.when, partner): _conversation(course, each, i, partner, phase)
            for i, (dyad, phase) in enumerate(zip(dyads.number, phases))
        }

    states: dict[tuple[int, str, str], MeetingState] = {}
    for found in pool.map(hold, [(each, partner) for each in come for partner in WITH]):
        states |= found
    return states


def _conversation(course: Course, each: Asked, i: int, partner: str, phase: _Phase) -> MeetingState:
    contact, seen = _seen([phase])
    about = {"dyad": int(each.dyads.number[i]) + 1, "when": each.when, "partner": partner}
    pull = _pull([phase], np.array(channels(course, therapys=False)), 0.0)
    own = _as_it_is(each.dyads, i) | ({"gain_pair": 0.0} if partner == "stranger" else {})
    what = {**about, **seen, **own}
    return MeetingState(0.0, phase.speaker, contact, float(np.angle(phase.cross.mean())), pull, what=what,
                        name=WITH[partner])  # fmt: skip


def _state(
    course: Course, came: Coming, i: int, phases: list[_Phase], rest_s: float, seconds: tuple[float, float, float]
) -> MeetingState:
    dyads = came.dyads
    contact, seen = _seen(phases)
    what: dict[str, object] = {
        "dyad": int(dyads.number[i]) + 1,
        "session": came.session,
        **seen,
        **_as_it_is(dyads, i),
        "rupture": bool(came.ruptured[i]),
        "repair": bool(came.repaired[i]),
        "middle_s": [rest_s + seconds[0], rest_s + seconds[0] + seconds[1]],
    }
    speaker = np.concatenate([phase.speaker for phase in phases])
    lead = float(np.angle(np.concatenate([phase.cross for phase in phases]).mean()))
    pull = _pull(phases, np.array(channels(course)), float(np.mean(course.phases("scaffold"))))
    return MeetingState(rest_s, speaker, contact, lead, pull, (float(np.clip(came.felt[i], 0, 1)), 0.0), what)


def _seen(phases: list[_Phase]) -> tuple[np.ndarray, dict[str, object]]:
    """Contact in each beat, and what the truth says of a meeting's synchrony."""
    cross, apart = (np.concatenate([getattr(phase, name) for phase in phases]) for name in ("cross", "apart"))
    contact = contact_of(cross, apart)
    return contact, {
        "contact": round(float(contact.mean()), 6),
        "synchrony": round(float(local(cross).mean()), 6),
        "synchrony_without_contact": round(float(local(apart).mean()), 6),
        "lead_rad": round(float(np.angle(cross.mean())), 6),
    }


def _as_it_is(dyads: Dyads, i: int) -> dict[str, object]:
    """The patient's gains, trust and severity as the dyad comes."""
    return {
        "gain_person": round(float(dyads.person_gain[i, 0].mean()), 6),
        "gain_pair": round(float(dyads.pair_gain[i, 0].mean()), 6),
        "trust": round(float(dyads.trust[i]), 6),
        "severity": round(float(dyads.severity[i]), 6),
    }


def local(cross: np.ndarray) -> np.ndarray:
    """``(beat,)``: modulus of the mean product of both fields over a minute round each beat."""
    n = len(cross)
    reach = min(WINDOW_BEATS, n) // 2
    sums = np.concatenate([[0], np.cumsum(cross)])
    first, last = np.maximum(np.arange(n) - reach, 0), np.minimum(np.arange(n) + reach + 1, n)
    return np.asarray(np.minimum(np.abs((sums[last] - sums[first]) / (last - first)), 1.0))


def contact_of(cross: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """``(beat,)``, 0 to 1: what contact adds to synchrony, in the rhythm of local synchrony.

    The mean is (artanh r - artanh r0)/2.5, not below 0, r and r0 the mean local synchrony with contact and without:
    two brains lock early, and near 1 only the stretched scale tells more contact from less.
    """
    near, far = local(cross), local(apart)
    adds = (_stretched(float(near.mean())) - _stretched(float(far.mean()))) / WHOLE
    return np.asarray(np.clip(max(adds, 0.0) * near / max(float(near.mean()), 1e-9), 0.0, 1.0))


def _stretched(r: float) -> float:
    return float(np.arctanh(min(r, 0.999)))


def _pull(phases: list[_Phase], opened: np.ndarray, lent: float) -> np.ndarray:
    """``(channel,)``: mean of gain times openness over both people, over that of the strongest channel."""
    gain = np.concatenate([phase.gain for phase in phases]).mean(axis=(0, 1)) * opened + lent * opened
    return np.asarray(gain / max(float(gain.max()), 1e-9))
