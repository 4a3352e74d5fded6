"""A course of therapy: sessions of two plastic brains, what lasts between them, symptoms that follow.

For each session opening, middle and integration: three encounters of ``dyad``, time compressed::

    K' = learning gate M (target L - K),    gate = trust . A(stress) . (emotion with cognition) . permissive

Between sessions what was bound lasts and the rest fades, scaling holds activity, and symptoms relax towards what
rigidity and relational capacity maintain.

Equations, the status of every relation (built in or emergent), and the grade of the evidence for each:
``docs/model/therapy.md``. Ten lines of Python::

    from interbrain.simulate.courses.course import Course, simulate_course, without

    run = simulate_course(Course(therapy="cbt", dyads=20, sessions=12, seed=1))
    run.sessions.groupby("session")[["excess", "gain_person", "gain_pair", "severity"]].mean()
    alone = simulate_course(without(run.course, "trust"))
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate.brains.regimes import HIGH, LOW, REGIMES
from interbrain.simulate.courses._between import pass_time
from interbrain.simulate.courses._dyads import PATIENT, THERAPIST, Dyads, begin
from interbrain.simulate.courses._sessions import Met, hold, measure
from interbrain.simulate.courses.course_settings import (
    ABLATIONS,
    Course,
    changed,
    course_from,
    from_words,
    read_course,
    without,
)
from interbrain.simulate.courses.therapies import therapy

__all__ = [
    "ABLATIONS",
    "Course",
    "CourseRun",
    "changed",
    "course_from",
    "from_words",
    "read_course",
    "simulate_course",
    "simulate_courses",
    "truth",
    "without",
]

TOGETHER = 32
"""Dyads that are simulated side by side on one thread."""
PARTNERS = 20
"""Therapists of other dyads with whom a patient is paired for comparison, at most."""

COLUMNS: dict[str, str] = {
    "dyad": "from 1",
    "session": "from 1",
    "day": "from the first session",
    "severity": "of symptoms, as the patient comes",
    "likeness": "experienced synchrony: mean cosine of what the patient hears and the patient's own phase",
    "high_s": "simulated seconds in which it was above 0.7",
    "synchrony": "modulus of the mean product of both brains' fields over their root mean squares",
    "pseudo": "the same with the therapists of up to 20 other dyads, mean",
    "pseudo_05": "and the 5th percentile of it over them",
    "pseudo_95": "and the 95th",
    "excess": "synchrony minus pseudo",
    "lead_rad": "angle of the mean product: positive where the patient leads",
    "order": "mean order parameter of the patient's brain",
    "metastability": "its SD over time",
    "regime": "chaotic, integrated or rigid, by the order parameter",
    "stress": "felt in the middle",
    "gate_trust": "factor of learning in the middle",
    "gate_stress": "likewise",
    "gate_together": "likewise, of emotion with cognition",
    "gate": "product of all of them",
    "ruptured": "whether there was a rupture",
    "repaired": "and a repair",
    "narrative": "made together: the therapy's, times experienced synchrony in the integration",
    "bound": "share of the session's change that lasts",
    "trust": "afterwards",
    "gain_person": "the patient's mean gain, what is brought to everybody, rad/s",
    "gain_pair": "the patient's mean gain that belongs to this pair, rad/s",
    "therapist_gain": "the therapist's mean gain, both parts, rad/s",
    "expected": "synchrony that the patient has come to expect here",
    "rigidity": "ln of the coupling inside the patient's brain over that of a flexible one",
    "capacity": "relational capacity, 0 to 1",
    "maintained": "severity towards which symptoms go",
    "spontaneous": "spontaneous transmission over that at the start",
    "scale": "homeostatic factor on the patient's gains",
    "binding": "of serotonin's receptors over that at the start",
    "edges": "inside the patient's brain that are left",
    "edge_cv": "coefficient of variation of their weights",
    "leaves": "whether the patient leaves after this session",
}
"""Columns of ``sessions``."""
MEASURED = (
    "dyad", "when", "day", "partner", "synchrony", "pseudo", "excess", "lead_rad", "severity",
    "gain_person", "gain_pair", "rigidity",
)  # fmt: skip
"""Columns of ``probes``."""

Told = Callable[[int, int], None]
Watch = Callable[[int | str, Dyads], None]


@dataclass(frozen=True, eq=False)
class CourseRun:
    """Tidy tables of a simulated course.

    Parameters
    ----------
    sessions
        One row a dyad and session, as long as the dyad stays. Severity is
        as the patient comes, all else as the session left it; :data:`COLUMNS` says what each is. ``excess``, synchrony
        beyond pseudo-pairs of the same session, is NaN with one dyad.
    probes
        One row a dyad, time (before, after, follow_up) and partner (therapist, stranger): a measured conversation.
    course
        The settings.
    """

    sessions: pd.DataFrame
    probes: pd.DataFrame
    course: Course


def simulate_course(
    course: Course | None = None, threads: int | None = None, told: Told | None = None, watch: Watch | None = None
) -> CourseRun:
    """Simulate every dyad of a course.

    Parameters
    ----------
    threads
        None: as many as there are processors. The same seed gives the same bytes for any number.
    told
        Called with (done, all) after each session.
    watch
        Called with (session, dyads) as they come to a session, before anything is learnt in it, and with (before, after
        or follow_up, dyads) as they come to a measured conversation; not where nobody meets.

    Raises
    ------
    BadInput
    """
    course = course or Course()
    numbers = range(course.dyads)
    parts = [begin(course, numbers[k : k + TOGETHER]) for k in range(0, course.dyads, TOGETHER)]
    steps = course.sessions + 3
    sessions: list[pd.DataFrame] = []
    probes: list[pd.DataFrame] = []

    def step(done: int) -> None:
        if told is not None:
            told(done, steps)

    workers = min(threads or os.cpu_count() or 1, len(parts))
    with ThreadPoolExecutor(workers) as pool:
        probes += _probe(course, parts, pool, "before", 0.0, watch)
        step(1)
        last = 0.0
        for session, day in enumerate(course.days, 1):
            for part in parts:
                pass_time(course, part, day - last, session)
            _show(course, parts, session, watch)
            last = day
            rows, stays = _session(course, parts, pool, session, day)
            sessions.append(rows)
            parts = [part.only(kept) for part, kept in zip(parts, stays)]
            parts = [part for part in parts if len(part)]
            step(1 + session)
            if not parts:
                break
        probes += _probe(course, parts, pool, "after", last, watch)
        step(steps - 1)
        for part in parts:
            pass_time(course, part, course.follow_up_days, "follow-up")
        probes += _probe(course, parts, pool, "follow_up", last + course.follow_up_days, watch)
        step(steps)
    table = pd.concat(sessions, ignore_index=True).sort_values(["dyad", "session"], ignore_index=True)
    measured = pd.concat(probes, ignore_index=True) if probes else pd.DataFrame(columns=list(MEASURED))
    return CourseRun(table, measured[list(MEASURED)], course)


def simulate_courses(courses: Mapping[str, Course], threads: int | None = None) -> dict[str, CourseRun]:
    """Simulate several courses, each under its name: with and without a mechanism, say, or many seeds.

    Courses run beside each other, each on one thread; a single large one is better given to :func:`simulate_course`.

    Raises
    ------
    BadInput
    """
    if not courses:
        raise BadInput("simulate_courses got no course; give one or more, each under a name.")
    with ThreadPoolExecutor(min(threads or os.cpu_count() or 1, len(courses))) as pool:
        found = list(pool.map(lambda each: simulate_course(each, 1), courses.values()))
    return dict(zip(courses, found))


def truth(course: Course) -> list[dict[str, float]]:
    """What each dyad came with: rhythms in Hz, gains in rad/s, rigidity, what maintains symptoms, severity."""
    found = []
    for k in range(0, course.dyads, TOGETHER):
        part = begin(course, range(course.dyads)[k : k + TOGETHER])
        names = ("rigid_at_start", "maintains", "severity_at_start", "trust")
        for row, number in enumerate(part.number):
            own = {name: float(getattr(part, name)[row]) for name in names}
            people = enumerate(("patient", "therapist", "stranger"))
            both = {p: (float(part.rhythm[row, i]), float(part.base[row, i, 0])) for i, p in people}
            rhythms = {f"{p}_hz": hz for p, (hz, _) in both.items()}
            gains = {f"{p}_gain": gain for p, (_, gain) in both.items()}
            found.append({"dyad": int(number) + 1, **rhythms, **gains, **own})
    return found


def _session(
    course: Course, parts: list[Dyads], pool: ThreadPoolExecutor, session: int, day: float
) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """One session of everybody who is still there, and who stays afterwards."""
    severity = [part.severity.copy() for part in parts]
    if therapy(course.therapy).meets:
        met = list(pool.map(lambda part: hold(course, part, session), parts))
        beyond = _beyond(met)
    else:
        nothing = ("ruptured", "repaired")
        met, beyond = [Met({name: np.zeros(len(part), bool) for name in nothing}, []) for part in parts], {}
    stays = [_stays(course, part, session) for part in parts]
    rows = [
        pd.DataFrame(
            {"dyad": part.number + 1, "session": session, "day": day, "severity": came}
            | each.columns
            | _state(course, part)
            | {"leaves": ~kept}
        )
        for part, came, each, kept in zip(parts, severity, met, stays)
    ]
    table = pd.concat(rows, ignore_index=True).assign(**beyond)
    if "order" in table:
        table["regime"] = np.array(REGIMES)[(table["order"] > LOW).astype(int) + (table["order"] >= HIGH)]
    return table.reindex(columns=list(COLUMNS)), stays


def _stays(course: Course, dyads: Dyads, session: int) -> np.ndarray:
    """Who comes again: without trust and without progress fewer do; after the last session nobody leaves early."""
    if session == course.sessions:
        return np.ones(len(dyads), bool)
    draws = np.array([stream(course.seed, "course", int(n), "leaves", session).random() for n in dyads.number])
    progress = np.clip(dyads.severity_at_start - dyads.severity, 0, 1)
    return np.asarray(draws >= np.minimum(course.dropout * 2 * (1 - dyads.trust) * (1 - progress), 1.0))


def _state(course: Course, dyads: Dyads) -> dict[str, np.ndarray]:
    """Columns that say how things are after a session."""
    person, pair = dyads.person_gain.mean(axis=2), dyads.pair_gain.mean(axis=2)
    kept = dyads.edges > 0
    edges = np.where(kept, dyads.edges, np.nan)
    return {
        "gain_person": person[:, PATIENT],
        "gain_pair": pair[:, PATIENT],
        "therapist_gain": person[:, THERAPIST] + pair[:, THERAPIST],
        "expected": dyads.expected[:, PATIENT],
        "trust": dyads.trust,
        "rigidity": dyads.rigid,
        "capacity": dyads.capacity(course),
        "maintained": dyads.maintained(course),
        "spontaneous": dyads.spontaneous,
        "scale": dyads.scale,
        "binding": dyads.binding,
        "edges": kept.sum(axis=1),
        "edge_cv": np.nanstd(edges, axis=1) / np.nanmean(edges, axis=1),
    }


def _show(course: Course, parts: list[Dyads], what: int | str, watch: Watch | None) -> None:
    if watch is not None and therapy(course.therapy).meets:
        for part in parts:
            watch(what, part)


def _probe(
    course: Course, parts: list[Dyads], pool: ThreadPoolExecutor, when: str, day: float, watch: Watch | None
) -> list[pd.DataFrame]:
    """A measured conversation of each patient with the therapist and with a stranger of the same kind."""
    if not parts or not course.measured:
        return []
    _show(course, parts, when, watch)
    found = []
    for who in ("therapist", "stranger"):
        fields = list(pool.map(lambda part, who=who: measure(course, part, who == "stranger"), parts))
        beyond = _beyond([Met({}, [each]) for each in fields])
        rows = {
            "dyad": np.concatenate([part.number for part in parts]) + 1,
            "when": when,
            "day": day,
            "partner": who,
            **beyond,
        }
        state = pd.concat([pd.DataFrame(_state(course, part)) for part in parts], ignore_index=True)
        severity = np.concatenate([part.severity for part in parts])
        found.append(pd.DataFrame(rows).assign(severity=severity, **state[["gain_person", "gain_pair", "rigidity"]]))
    return found


def _beyond(met: list[Met]) -> dict[str, np.ndarray]:
    """Synchrony of each dyad and of its pseudo-pairs, means over phases by their length, and who leads."""
    phases = len(met[0].fields)
    lengths = np.array([met[0].fields[p].shape[1] for p in range(phases)], dtype=float)
    n = sum(len(each.fields[0]) for each in met)
    real, lead = np.zeros(n), np.zeros(n, complex)
    pseudo = np.zeros((min(n - 1, PARTNERS), n))
    for p, weight in enumerate(lengths / lengths.sum()):
        fields = np.concatenate([each.fields[p] for each in met]).astype(complex)
        unit = fields / np.sqrt((np.abs(fields) ** 2).mean(axis=1, keepdims=True))
        own = (unit[:, :, 0] * unit[:, :, 1].conj()).mean(axis=1)
        real = real + weight * np.abs(own)
        lead = lead + weight * own
        pseudo = pseudo + weight * _pseudo(unit)
    if n < 2:
        pseudo = np.full((1, n), np.nan)
    usual, (low, high) = pseudo.mean(axis=0), np.quantile(pseudo, (0.05, 0.95), axis=0)
    chance = {"pseudo": usual, "pseudo_05": low, "pseudo_95": high}
    return {"synchrony": real, **chance, "excess": real - usual, "lead_rad": np.angle(lead)}


def _pseudo(unit: np.ndarray) -> np.ndarray:
    """``(partner, dyad)``: synchrony of each patient with the therapists of the next dyads in the ring."""
    shifts = range(1, min(len(unit) - 1, PARTNERS) + 1)
    patients, therapists = unit[:, :, 0], unit[:, :, 1].conj()
    found = [np.abs((patients * np.roll(therapists, -shift, axis=0)).mean(axis=1)) for shift in shifts]
    return np.array(found).reshape(len(found), len(unit))
