"""One session of some dyads, and measured encounters without learning."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.simulate.courses._dyads import PATIENT, Dyads, brains, edge_ends, meeting_seeds
from interbrain.simulate.courses._gates import Gates, gates, hearing
from interbrain.simulate.courses.course_settings import Course
from interbrain.simulate.courses.therapies import therapy
from interbrain.simulate.dyads._behaviour import CHANNELS
from interbrain.simulate.dyads.dyad import BEAT_S, Bond, DyadRun, Encounter, Learning, Person, simulate_dyads

PHASES = ("opening", "middle", "integration")
HIGH_LIKENESS = 0.7
"""Mean cosine from which on a beat counts as one of high synchrony."""


@dataclass(eq=False)
class Met:
    """What happened in a session: columns of the table, ``(dyad,)`` each, and the fields of each phase.

    ``fields`` holds ``(dyad, sample, 2)``, complex.
    """

    columns: dict[str, np.ndarray]
    fields: list[np.ndarray]


def durations(course: Course) -> tuple[float, float, float]:
    """s of the three phases, whole beats, at least one each."""
    beats = [max(1, round(course.seconds * share / BEAT_S)) for share in therapy(course.therapy).shares]
    return beats[0] * BEAT_S, beats[1] * BEAT_S, beats[2] * BEAT_S


def channels(course: Course, therapys: bool = True) -> tuple[float, ...]:
    """How open each channel is: the therapy's, or all; none of those that are shut."""
    usual = therapy(course.therapy).channels if therapys else (1.0,) * len(CHANNELS)
    return tuple(0.0 if name in course.shut else x for name, x in zip(CHANNELS, usual))


def hold(course: Course, dyads: Dyads, session: int) -> Met:
    """Let the dyads meet for opening, middle and integration; their state changes."""
    ruptured, repaired = ruptures(course, dyads, session)
    before = dyads.person_gain, dyads.pair_gain
    trust_before = dyads.trust.copy()
    own, pair = before
    seen: list[_Phase] = []
    for number in range(3):
        inside = ruptured & (number == 1)
        if number == 1 and course.builds_trust:
            dyads.trust = np.where(ruptured, dyads.trust * (1 - course.rupture_drop), dyads.trust)
        if number == 2 and course.builds_trust:
            beyond = trust_before + course.repair_gain * (1 - trust_before)
            dyads.trust = np.where(repaired, np.maximum(dyads.trust, beyond), dyads.trust)
        phase = _phase(course, dyads, session, number, inside, (own, pair))
        own, pair = phase.own, phase.pair
        seen.append(phase)
    narrative = course.level("narrative") * np.maximum(seen[2].likeness, 0.0)
    lasts = bound_share(course, narrative)
    dyads.learnt(own - before[0], pair - before[1], lasts)
    if course.structural:
        loosen(course, dyads, seen[1].gates)
        strengthen(course, dyads, seen[1].gates, seen[1].alike)
    dyads.binding = np.minimum(dyads.binding * (1 + course.serotonin_growth), 10.0)
    columns = _columns(seen, np.array(durations(course)))
    columns |= {"ruptured": ruptured, "repaired": repaired, "narrative": narrative, "bound": lasts}
    return Met(columns, [phase.fields for phase in seen])


def ruptures(course: Course, dyads: Dyads, session: int) -> tuple[np.ndarray, np.ndarray]:
    """``(dyad,)`` each: whether there is a rupture in this session, and whether it is repaired."""
    chance = np.array([stream(course.seed, "course", int(n), "session", session).random(2) for n in dyads.number])
    ruptured = chance[:, 0] < _rupture_hazard(course, dyads)
    skill = (course.experience + course.flexibility) / 2
    return ruptured, ruptured & (chance[:, 1] < course.repairs * skill)


def _rupture_hazard(course: Course, dyads: Dyads) -> np.ndarray:
    """A session: without trust, without flexibility and under stress more."""
    stress = course.phases("stress")[1]
    return np.minimum(course.ruptures * (1 - dyads.trust) * (1 - course.flexibility) * (1 + stress), 1.0)


def bound_share(course: Course, narrative: np.ndarray) -> np.ndarray:
    """Share of a session's change that lasts: some by itself, more with a narrative made together, more by practice."""
    told = narrative if course.narrative_binds else np.zeros_like(narrative)
    practised = course.practice_binds * course.level("practice")
    return np.asarray(1 - (1 - course.bound) * (1 - told) * (1 - practised))


@dataclass(frozen=True, eq=False)
class _Phase:
    """Of one phase: gains afterwards ``(dyad, 2, channel)``, gates, experienced synchrony, fields, inner likeness."""

    own: np.ndarray
    pair: np.ndarray
    gates: Gates
    likeness: np.ndarray
    high: np.ndarray
    fields: np.ndarray
    alike: np.ndarray


def _phase(
    course: Course, dyads: Dyads, session: int, number: int, ruptured: np.ndarray, gains: tuple[np.ndarray, np.ndarray]
) -> _Phase:
    opened = gates(course, dyads, number, ruptured)
    learning = [
        Learning(
            course.learning,
            course.target,
            float(gate),
            course.generalises,
            course.therapist_learns,
            course.dopamine,
            course.critic,
        )
        for gate in opened.product
    ]
    shown = np.where(ruptured, course.withdrawal, 1.0)
    encounter = Encounter(durations(course)[number], open=channels(course), scaffold=course.phases("scaffold")[number])
    runs = meet(course, dyads, encounter, learning, shown, (session, PHASES[number]), gains)
    dyads.expected = np.array([run.bond.expected for run in runs])
    likeness, high = experienced(runs)
    if course.builds_trust:
        share = therapy(course.therapy).shares[number]
        rise = course.trust_rate * course.level("safety") * share * np.maximum(likeness, 0.0)
        dyads.trust = dyads.trust + (1 - np.exp(-rise)) * (1 - dyads.trust)
    own = np.array([[person.gain for person in run.people] for run in runs])
    pair = np.array([run.bond.gain for run in runs])
    fields = np.array([run.field for run in runs], dtype=np.complex64)
    return _Phase(own, pair, opened, likeness, high, fields, np.array([run.alike for run in runs]))


def meet(
    course: Course,
    dyads: Dyads,
    encounter: Encounter,
    learning: list[Learning] | Learning,
    shown: np.ndarray,
    what: tuple[str | int, ...],
    gains: tuple[np.ndarray, np.ndarray] | None = None,
    stranger: bool = False,
) -> list[DyadRun]:
    """``gains``: both people's own and the pair's as they are within this session; else as they were before it."""
    people, bonds = as_they_come(course, dyads, shown, what[0], stranger)
    if gains is not None:
        own, pair = gains
        people = [
            (replace(a, gain=tuple(own[k, 0].tolist())), replace(b, gain=tuple(own[k, 1].tolist())))
            for k, (a, b) in enumerate(people)
        ]
        bonds = [replace(bond, gain=pair[k]) for k, bond in enumerate(bonds)]
    seeds = meeting_seeds(course, dyads, *what)
    return simulate_dyads(people, encounter, learning, bonds, brains(course), seeds, 1, dyads.edges)


def as_they_come(
    course: Course, dyads: Dyads, shown: np.ndarray, day: str | int, stranger: bool = False
) -> tuple[list[tuple[Person, Person]], list[Bond]]:
    """Both people of each dyad on a day, and what they have with each other; ``shown`` as in :meth:`Dyads.people`."""
    away = course.day_sd * np.array(
        [stream(course.seed, "course", int(n), "day", day).standard_normal(2) for n in dyads.number]
    )
    people = dyads.people(course, shown, hearing(course, dyads), away, stranger)
    return people, [Bond() for _ in people] if stranger else dyads.bonds()


def measure(course: Course, dyads: Dyads, stranger: bool) -> np.ndarray:
    """Fields ``(dyad, sample, 2)`` of a conversation with therapist or stranger, without learning or scaffold.

    Noise and turns are the same whenever it is held, so that what differs between two such meetings is what changed.
    """
    seconds = max(BEAT_S, round(course.seconds / BEAT_S) * BEAT_S)
    encounter = Encounter(seconds, open=channels(course, therapys=False))
    who = "stranger" if stranger else "therapist"
    runs = meet(course, dyads, encounter, Learning(), np.ones(len(dyads)), ("measured", who), None, stranger)
    return np.array([run.field for run in runs], dtype=np.complex64)


def experienced(runs: list[DyadRun]) -> tuple[np.ndarray, np.ndarray]:
    """The patients' mean likeness over beats and open channels (0 where all were shut), and s of high synchrony."""
    likeness, high = np.zeros(len(runs)), np.zeros(len(runs))
    for k, run in enumerate(runs):
        felt = run.likeness[:, PATIENT]
        some = ~np.isnan(felt)
        beats = np.where(some, felt, 0.0).sum(axis=1) / np.maximum(some.sum(axis=1), 1)
        likeness[k], high[k] = beats.mean(), BEAT_S * np.count_nonzero(beats > HIGH_LIKENESS)
    return likeness, high


def loosen(course: Course, dyads: Dyads, opened: Gates) -> None:
    """Coupling inside the patient's brain goes towards the metastable range, by the gates of the middle."""
    dyads.rigid = dyads.rigid * np.exp(-course.loosening * opened.product)


def strengthen(course: Course, dyads: Dyads, opened: Gates, alike: np.ndarray) -> None:
    """Edges whose ends agree more than those of the region's others grow, the rest shrink, the weakest are lost.

    What each region receives in all stays (scaling); lost edges do not come back.
    """
    to, _, start = edge_ends(course)
    first = np.flatnonzero(np.diff(to, prepend=-1))  # edges lie sorted by the region that receives; each has some
    region = np.repeat(np.arange(len(first)), np.diff(first, append=len(to)))
    weights, least = dyads.edges, course.prune * start.mean()
    received = np.add.reduceat(weights, first, axis=1)
    usual = np.add.reduceat(weights * alike, first, axis=1) / received
    pace = course.edge_rate * opened.product[:, None]
    grown = weights * np.exp(pace * (alike - usual[:, region]))
    strongest = np.maximum.reduceat(grown, first, axis=1)[:, region]
    grown[(weights >= least) & (grown < least) & (grown < strongest)] = 0.0
    dyads.edges = grown * (received / np.add.reduceat(grown, first, axis=1))[:, region]


def _columns(seen: list[_Phase], seconds: np.ndarray) -> dict[str, np.ndarray]:
    """Means over phases by their length; gates and stress of the middle."""
    weights = seconds / seconds.sum()
    middle = seen[1].gates
    fields = np.concatenate([phase.fields for phase in seen], axis=1)
    order = np.abs(fields[:, :, PATIENT])
    return {
        "stress": middle.felt,
        "gate_trust": middle.trust,
        "gate_stress": middle.stress,
        "gate_together": middle.together,
        "gate": middle.product,
        "likeness": sum(w * phase.likeness for w, phase in zip(weights, seen)),
        "high_s": sum(phase.high for phase in seen),
        "order": order.mean(axis=1, dtype=float),
        "metastability": order.std(axis=1, dtype=float),
    }
