"""From a meeting in the model to the state that instruments see."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from interbrain.simulate._behaviour import CHANNELS
from interbrain.simulate._dyads import Dyads
from interbrain.simulate._gains import BEAT_S
from interbrain.simulate._gates import gates
from interbrain.simulate._sessions import PHASES, channels, meet, ruptures
from interbrain.simulate.course_settings import Course
from interbrain.simulate.dyad import DyadRun, Encounter, Learning
from interbrain.simulate.recordings._state import MeetingState
from interbrain.simulate.therapies import therapy

WINDOW_BEATS = 30
"""One minute: over which synchrony is taken to be local."""
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


def recorded_meeting(course: Course, dyads: Dyads, session: int, length: Length, pool: Executor) -> list[MeetingState]:
    """One state a dyad: the session as it comes, and the same meeting with every channel shut.

    Gains are held as they are when people come: what is recorded is a meeting in real time, while the course's own
    sessions, in which gains change, are compressed. What contact adds is synchrony over that of the same two people
    with the same noise who do not hear each other; where there is no contact it is exactly 0.
    """
    seconds = length.phases(therapy(course.therapy).shares)
    ruptured, repaired = ruptures(course, dyads, session)
    felt = gates(course, dyads, 1, ruptured).felt

    def held(number: int, opened: tuple[float, ...]) -> list[DyadRun]:
        shown = np.where(ruptured & (number == 1), course.withdrawal, 1.0)
        encounter = Encounter(seconds[number], open=opened, scaffold=course.phases("scaffold")[number])
        return meet(course, dyads, encounter, Learning(), shown, (session, "recorded", PHASES[number]))

    kinds = [(number, opened) for opened in (channels(course), (0.0,) * len(CHANNELS)) for number in range(len(PHASES))]
    runs = list(pool.map(lambda kind: held(*kind), kinds))
    together, alone = runs[: len(PHASES)], runs[len(PHASES) :]
    states = []
    for k, dyad in enumerate(dyads.number):
        cross, apart = (np.concatenate([runs[k].cross for runs in which]) for which in (together, alone))
        contact = contact_of(cross, apart)
        what: dict[str, object] = {
            "dyad": int(dyad) + 1,
            "session": session,
            "contact": round(float(contact.mean()), 6),
            "synchrony": round(float(local(cross).mean()), 6),
            "synchrony_without_contact": round(float(local(apart).mean()), 6),
            "lead_rad": round(float(np.angle(cross.mean())), 6),
            "gain_person": round(float(dyads.person_gain[k, 0].mean()), 6),
            "gain_pair": round(float(dyads.pair_gain[k, 0].mean()), 6),
            "trust": round(float(dyads.trust[k]), 6),
            "severity": round(float(dyads.severity[k]), 6),
            "rupture": bool(ruptured[k]),
            "repair": bool(repaired[k]),
            "middle_s": [length.rest_s + seconds[0], length.rest_s + seconds[0] + seconds[1]],
        }
        states.append(
            MeetingState(
                length.rest_s,
                np.concatenate([runs[k].speaker for runs in together]),
                contact,
                float(np.angle(cross.mean())),
                _pull(course, [runs[k] for runs in together]),
                (float(np.clip(felt[k], 0, 1)), 0.0),
                what,
            )
        )
    return states


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


def _pull(course: Course, runs: list[DyadRun]) -> np.ndarray:
    """``(channel,)``: mean of gain times openness over both people, over that of the strongest channel."""
    gain = np.concatenate([run.gain for run in runs]).mean(axis=(0, 1)) * np.array(channels(course))
    gain = gain + np.mean(course.phases("scaffold")) * np.array(channels(course))
    return np.asarray(gain / max(float(gain.max()), 1e-9))
