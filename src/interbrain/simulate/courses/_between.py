"""Between sessions: what fades and what lasts, scaling, relapse, and symptoms that follow."""

from __future__ import annotations

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.simulate.courses._dyads import Dyads
from interbrain.simulate.courses.course_settings import Course

STEPS_A_TIME_CONSTANT = 20
"""Of homeostatic scaling."""


def pass_time(course: Course, dyads: Dyads, days: float, what: str | int) -> None:
    """Let some days pass; ``what`` names the interval, for the draws of life.

    Symptoms follow what maintains them (held over the interval) exactly, fading is exact, scaling goes in small steps.
    """
    if days <= 0:
        return
    _symptoms(course, dyads, days, what)
    _fading(course, dyads, days)
    _scaling(course, dyads, days)
    away = np.exp(-days / course.relapse_days)
    dyads.rigid = dyads.rigid_at_start + (dyads.rigid - dyads.rigid_at_start) * away
    dyads.trust = course.trust + (dyads.trust - course.trust) * np.exp(-days / course.trust_days)


def _symptoms(course: Course, dyads: Dyads, days: float, what: str | int) -> None:
    """An Ornstein-Uhlenbeck process around what maintains them: y' = (y* - y)/tau + noise."""
    draws = np.array([stream(course.seed, "course", int(n), "life", what).standard_normal() for n in dyads.number])
    kept = np.exp(-days / course.symptoms_days)
    towards = dyads.maintained(course)
    dyads.severity = towards + (dyads.severity - towards) * kept + course.life_sd * np.sqrt(1 - kept**2) * draws


def _fading(course: Course, dyads: Dyads, days: float) -> None:
    fresh, lasts = np.exp(-days / course.fades_days), np.exp(-days / course.lasts_days)
    dyads.own_fresh, dyads.pair_fresh = dyads.own_fresh * fresh, dyads.pair_fresh * fresh
    dyads.own_lasts, dyads.pair_lasts = dyads.own_lasts * lasts, dyads.pair_lasts * lasts


def activity(course: Course, evoked: np.ndarray, spontaneous: np.ndarray) -> np.ndarray:
    """What the homeostat senses, 1 at its target; both strengths are over those at the start."""
    inhibited = evoked / ((1 - course.balance) + course.balance * evoked)
    return np.asarray(course.evoked_share * inhibited + (1 - course.evoked_share) * spontaneous)


def _scaling(course: Course, dyads: Dyads, days: float) -> None:
    """Multiplicative: ratios between channels and between the person's and the pair's part stay.

    With two sites spontaneous transmission is scaled, and evoked gains only as far as ``reach`` says. With one site
    both are the same number, on which growth and scaling act together.
    """
    growth = dyads.growth
    if not course.two_sites:
        dyads.spontaneous = dyads.scale * growth
    if not course.homeostasis:
        return
    steps = int(np.ceil(STEPS_A_TIME_CONSTANT * days / course.homeostasis_days))
    step = days / steps / course.homeostasis_days
    for _ in range(steps):
        error = 1 - activity(course, dyads.scale * growth, dyads.spontaneous)
        change = np.exp(step * np.maximum(error, -STEPS_A_TIME_CONSTANT))
        if course.two_sites:
            dyads.spontaneous = dyads.spontaneous * change
            dyads.scale = dyads.scale * change**course.reach
        else:
            dyads.scale = dyads.scale * change
            dyads.spontaneous = dyads.scale * growth
