"""Everything about some dyads of a course that changes from session to session, and how it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.simulate.brains.connectome import Connectome, built_in
from interbrain.simulate.brains.network import network_of
from interbrain.simulate.courses.course_settings import Course
from interbrain.simulate.dyads._behaviour import CHANNELS
from interbrain.simulate.dyads.dyad import Bond, Person

PATIENT, THERAPIST, STRANGER = range(3)


@dataclass(eq=False)
class Dyads:
    """State, first axis the dyad; of two people, the patient comes first.

    Parameters
    ----------
    number
        Which dyads of the course these are, from 0.
    rhythm
        ``(dyad, 3)``, Hz: patient, therapist, stranger.
    base
        ``(dyad, 3, channel)``: gains that they came with.
    own_lasts, own_fresh, pair_lasts, pair_fresh
        ``(dyad, 2, channel)``: what was learnt, the person's part and the pair's; what lasts and what still fades.
    expected
        ``(dyad, 2)``: synchrony that each has come to expect of the other.
    scale, spontaneous
        Homeostatic factor on all gains of the patient, and strength of spontaneous transmission over that at the start.
    rigid
        ln of the coupling inside the patient's brain over that of a flexible one.
    edges
        ``(dyad, edge)``: weights inside the patient's brain.
    trust, binding
        Trust, 0 to 1; 5-HT1A binding over that at the start.
    maintains, severity
        What maintains symptoms besides rigidity and incapacity; severity of symptoms.
    rigid_at_start, severity_at_start
        As they came.
    """

    number: np.ndarray
    rhythm: np.ndarray
    base: np.ndarray
    own_lasts: np.ndarray
    own_fresh: np.ndarray
    pair_lasts: np.ndarray
    pair_fresh: np.ndarray
    expected: np.ndarray
    scale: np.ndarray
    spontaneous: np.ndarray
    rigid: np.ndarray
    edges: np.ndarray
    trust: np.ndarray
    binding: np.ndarray
    maintains: np.ndarray
    severity: np.ndarray
    rigid_at_start: np.ndarray
    severity_at_start: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def only(self, kept: np.ndarray) -> Dyads:
        """Those for whom ``kept`` ``(dyad,)`` is true."""
        return Dyads(*(getattr(self, each.name)[kept] for each in fields(self)))

    @property
    def person_gain(self) -> np.ndarray:
        """``(dyad, 2, channel)``: what each brings to everybody, rad/s."""
        return self._scaled(np.maximum(self.base[:, :2] + self.own_lasts + self.own_fresh, 0.0))

    @property
    def pair_gain(self) -> np.ndarray:
        """``(dyad, 2, channel)``: what belongs to the pair; with the person's part never below 0."""
        found = self._scaled(self.pair_lasts + self.pair_fresh)
        return np.maximum(found, -self.person_gain)

    @property
    def growth(self) -> np.ndarray:
        """The patient's mean gain with the therapist over that at the start, without scaling."""
        learnt = (self.own_lasts + self.own_fresh + self.pair_lasts + self.pair_fresh)[:, PATIENT].mean(axis=1)
        start = np.maximum(self.base[:, PATIENT].mean(axis=1), 1e-9)
        return np.asarray(np.maximum(1 + learnt / start, 0.0))

    def _scaled(self, gain: np.ndarray) -> np.ndarray:
        gain = gain.copy()
        gain[:, PATIENT] *= self.scale[:, None]
        return gain

    def capacity(self, course: Course) -> np.ndarray:
        """Relational capacity, 0 to 1."""
        gain = self.person_gain + (self.pair_gain if course.capacity_of == "total" else 0.0)
        return np.minimum(gain[:, PATIENT].mean(axis=1) / course.healthy_gain, 1.0)

    def maintained(self, course: Course) -> np.ndarray:
        """Severity towards which symptoms go as things are."""
        lacks = course.from_capacity * (1 - self.capacity(course))
        return self.maintains + course.from_rigidity * np.abs(self.rigid) + lacks

    def people(
        self, course: Course, shown: np.ndarray, oxytocin: np.ndarray, away: np.ndarray, stranger: bool = False
    ) -> list[tuple[Person, Person]]:
        """Patient and partner of each dyad as they are now.

        Parameters
        ----------
        shown
            ``(dyad,)``: how much both show of themselves.
        oxytocin
            ``(dyad, 2)``: factor on what each hears of the other.
        away
            ``(dyad, 2)``, Hz: of this day's rhythm from the usual one.
        """
        other = STRANGER if stranger else THERAPIST
        gain = self.person_gain
        theirs = self.base[:, STRANGER] if stranger else gain[:, THERAPIST]
        found = []
        for k, dyad in enumerate(self.number):
            patient = Person(
                float(self.rhythm[k, PATIENT] + away[k, 0]),
                course.spread,
                float(course.coupling * np.exp(self.rigid[k])),
                float(np.clip(course.noise * self.spontaneous[k], 0, 10)),
                (float(shown[k] * oxytocin[k, 1]),) * len(CHANNELS),
                tuple(gain[k, PATIENT].tolist()),
                rhythms=_seed(course, int(dyad), "patient"),
            )
            partner = Person(
                float(self.rhythm[k, other] + away[k, 1]),
                course.spread,
                course.coupling,
                course.noise,
                (float(shown[k] * oxytocin[k, 0]),) * len(CHANNELS),
                tuple(theirs[k].tolist()),
                rhythms=_seed(course, int(dyad), "stranger" if stranger else "therapist"),
            )
            found.append((patient, partner))
        return found

    def bonds(self) -> list[Bond]:
        pair = self.pair_gain
        return [Bond(pair[k], self.expected[k].copy()) for k in range(len(self))]

    def learnt(self, own: np.ndarray, pair: np.ndarray, lasts: np.ndarray) -> None:
        """Take in what a session changed, ``(dyad, 2, channel)``; ``lasts`` ``(dyad,)`` is the share that is bound."""
        share = lasts[:, None, None]
        unit = np.ones((len(self), 2, 1))
        unit[:, PATIENT, 0] = np.maximum(self.scale, 1e-9)
        self.own_lasts, self.own_fresh = self.own_lasts + share * own / unit, self.own_fresh + (1 - share) * own / unit
        self.pair_lasts = self.pair_lasts + share * pair / unit
        self.pair_fresh = self.pair_fresh + (1 - share) * pair / unit


def _seed(course: Course, dyad: int, *what: str | int) -> int:
    return int(stream(course.seed, "course", dyad, *what).integers(2**31))


def meeting_seeds(course: Course, dyads: Dyads, *what: str | int) -> list[int]:
    """One a dyad, for noise and turns of a meeting."""
    return [_seed(course, int(dyad), "meeting", *what) for dyad in dyads.number]


def brains(course: Course) -> tuple[Connectome, Connectome]:
    """Connectomes of all patients and of all partners; what differs between people are rhythms and what is learnt.

    Without delays inside a brain: milliseconds do nothing to rhythms of a second but slow them in proportion to
    coupling, so that a rigid patient would be out of tune with everybody for a reason that nobody claims.
    """
    return _brains(course.regions)


@cache
def _brains(regions: int) -> tuple[Connectome, Connectome]:
    first, second = (built_in(regions, seed=seed) for seed in (1, 2))
    return replace(first, lengths=0 * first.lengths), replace(second, lengths=0 * second.lengths)


def edge_ends(course: Course) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the patient's edges: which region each goes to, from which, and its weight at the start."""
    network = network_of(brains(course)[0].scaled("mean_row"))
    return network.to, network.source, network.weight


def begin(course: Course, numbers: Sequence[int]) -> Dyads:
    """These dyads before they meet. What a dyad is depends on the seed and its number, not on the others."""
    draws = np.array([stream(course.seed, "course", n, "people").standard_normal(9) for n in numbers])
    novice, expert = course.therapist_gain
    middle = np.array([course.patient_gain, novice + course.experience * (expert - novice), course.stranger_gain])
    gains = middle * np.exp(course.gain_spread * draws[:, :3])
    n, nothing = len(draws), np.zeros((len(draws), 2, len(CHANNELS)))
    dyads = Dyads(
        number=np.array(numbers),
        rhythm=np.maximum(course.rhythm_hz + course.rhythm_sd * draws[:, 3:6], 0.08),
        base=np.repeat(gains[:, :, None], len(CHANNELS), axis=2),
        own_lasts=nothing,
        own_fresh=nothing,
        pair_lasts=nothing,
        pair_fresh=nothing,
        expected=np.zeros((n, 2)),
        scale=np.ones(n),
        spontaneous=np.ones(n),
        rigid=course.rigidity + course.rigidity_sd * draws[:, 6],
        edges=np.tile(edge_ends(course)[2], (n, 1)),
        trust=np.full(n, course.trust),
        binding=np.ones(n),
        maintains=course.severity_sd * draws[:, 7] - 0.5,
        severity=np.zeros(n),
        rigid_at_start=course.rigidity + course.rigidity_sd * draws[:, 6],
        severity_at_start=np.zeros(n),
    )
    dyads.severity = dyads.maintained(course) + course.crisis + course.life_sd * draws[:, 8]
    dyads.severity_at_start = dyads.severity.copy()
    return dyads
