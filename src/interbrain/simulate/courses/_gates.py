"""What learning depends on in a phase of a session: a product of factors, each exactly 1 where it is left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interbrain.simulate.courses._dyads import Dyads
from interbrain.simulate.courses.course_settings import Course
from interbrain.simulate.plasticity.modulators import Oxytocin, Serotonin, Stress

RUPTURE_STRESS = 0.2
"""Stress that a rupture adds while it lasts."""


@dataclass(frozen=True, eq=False)
class Gates:
    """Factors on the rate of learning, each ``(dyad,)``, and the stress that patients feel."""

    trust: np.ndarray
    stress: np.ndarray
    together: np.ndarray
    permissive: np.ndarray
    felt: np.ndarray

    @property
    def product(self) -> np.ndarray:
        return np.asarray(self.trust * self.stress * self.together * self.permissive)


def gates(course: Course, dyads: Dyads, phase: int, ruptured: np.ndarray) -> Gates:
    """In a phase (0 opening, 1 middle, 2 integration); ``ruptured`` ``(dyad,)`` in it."""
    stressed = course.phases("stress")[phase] + RUPTURE_STRESS * ruptured
    receptors = [Serotonin(b, course.serotonin_buffering, course.serotonin_permissive) for b in dyads.binding]
    felt = np.array([each.felt(float(level)) for each, level in zip(receptors, stressed)])
    ones = np.ones(len(dyads))
    return Gates(
        trust=dyads.trust.copy() if "trust" in course.gated_by else ones,
        stress=stress_gain(course, felt, dyads.trust) if "stress" in course.gated_by else ones,
        together=ones * (joined(course, phase) if "emotion_with_cognition" in course.gated_by else 1.0),
        permissive=np.array([each.gain() for each in receptors]),
        felt=felt,
    )


def stress_gain(course: Course, felt: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Plasticity under stress, 1 at its best. Without trust, stress lasts beyond the session and is worth less."""
    rule = Stress(course.stress_best, shape=course.stress_shape)
    hours = course.minutes / 60 + course.stress_hours * (1 - trust)
    return np.array([rule.gain(float(s), float(h)) for s, h in zip(felt, hours)])


def joined(course: Course, phase: int) -> float:
    """Plasticity by emotion and cognition: apart, and the more the more both are active at once.

    ``"product"`` is e c; ``"sum"``, the rival, is ((e + c)/2)², which is the same where both are equal and larger
    everywhere else: it asks for activity, not for togetherness.
    """
    e, c = course.phases("emotion")[phase], course.phases("cognition")[phase]
    both = e * c if course.togetherness == "product" else ((e + c) / 2) ** 2
    return course.apart + (1 - course.apart) * (both if course.together else 0.0)


def hearing(course: Course, dyads: Dyads) -> np.ndarray:
    """``(dyad, 2)``: oxytocin's factor on what each hears of the other.

    The patient's partner responds as far as the therapist is flexible, so that little is left to help with a flexible
    one; the therapist's partner responds as far as the patient's relational capacity goes.
    """
    capacity = np.clip(dyads.capacity(course), 0, 1)
    found = np.ones((len(dyads), 2))
    for k, trust in enumerate(dyads.trust):
        rule = Oxytocin(course.oxytocin * float(trust), context=course.oxytocin_context)
        found[k] = rule.gain(course.flexibility), rule.gain(float(capacity[k]))
    return found
