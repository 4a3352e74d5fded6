"""Neuromodulators as gates on plasticity and on coupling, one file each with the grade of its evidence.

A gate that is switched off is neutral: it multiplies by exactly 1. Equations: ``docs/model/plasticity.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from interbrain.simulate.plasticity.modulators import dopamine, oxytocin, serotonin, stress
from interbrain.simulate.plasticity.modulators._gate import GRADES, Gate
from interbrain.simulate.plasticity.modulators.dopamine import Dopamine, Rewards, learn
from interbrain.simulate.plasticity.modulators.oxytocin import Oxytocin, Tapping, tap
from interbrain.simulate.plasticity.modulators.serotonin import Serotonin
from interbrain.simulate.plasticity.modulators.stress import Stress

__all__ = [
    "GATES",
    "GRADES",
    "Dopamine",
    "Gate",
    "Modulators",
    "Oxytocin",
    "Rewards",
    "Serotonin",
    "Stress",
    "Tapping",
    "learn",
    "tap",
]

GATES: tuple[Gate, ...] = tuple(x.GATE for x in (dopamine, serotonin, oxytocin, stress))


@dataclass(frozen=True)
class Modulators:
    """All gates of one person; ``None`` switches a gate off, which leaves exactly 1."""

    stress: Stress | None = None
    serotonin: Serotonin | None = None
    oxytocin: Oxytocin | None = None

    def plasticity(self, stress: float = 0.0, hours: float = 0.0) -> float:
        """Factor on the rate of learning (dopamine enters as M of the rule itself)."""
        felt = self.serotonin.felt(stress) if self.serotonin else stress
        gain = self.stress.gain(felt, hours) if self.stress else 1.0
        return gain * (self.serotonin.gain() if self.serotonin else 1.0)

    def coupling(self, responsiveness: float, person: bool = True) -> float:
        """Factor on one's gain to a partner's behaviour."""
        return self.oxytocin.gain(responsiveness, person) if self.oxytocin else 1.0
