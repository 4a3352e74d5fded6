"""Neuromodulators as gates on plasticity and on coupling, one file each with the grade of its evidence.

A gate that is switched off is neutral: it multiplies by exactly 1. Equations: ``docs/model/plasticity.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from interbrain.simulate.modulators import dopamine, oxytocin, serotonin, stress
from interbrain.simulate.modulators._gate import GRADES, Gate
from interbrain.simulate.modulators.dopamine import Dopamine, Rewards, learn
from interbrain.simulate.modulators.oxytocin import Oxytocin, Tapping, tap
from interbrain.simulate.modulators.serotonin import Serotonin
from interbrain.simulate.modulators.stress import Stress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    "draw_modulators",
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


def draw_modulators(trials: int = 4000, seed: int = 1) -> Figure:
    """Weights under four third factors, plasticity under stress, and tapping with and without oxytocin."""
    from interbrain.simulate._draw import panels

    figure, axes = panels(1, 3, "Weights of three situations", width=3.8)
    for third, colour in zip(dopamine.THIRD, ("C3", "C1", "C4", "C0"), strict=True):
        run = learn(Dopamine(third), Rewards(), trials, seed)
        axes[0][0].plot(run.weight[:, 0], color=colour, label=third)
        axes[0][0].plot(run.weight[:, 1:], color=colour)
    axes[0][0].set(xlabel="Trial", title="Nothing to learn: who drifts", ylim=(-5, 12))
    axes[0][0].legend(frameon=False)
    levels = np.linspace(0, 1.5, 200)
    for hours in (0.0, 24.0, 168.0):
        axes[0][1].plot(levels, [Stress().gain(s, hours) for s in levels], label=f"{hours:g} h")
    axes[0][1].set(xlabel="Stress", title="Gain on plasticity", ylim=(0, None))
    axes[0][1].legend(frameon=False)
    cases = {"leader": Tapping(), "mutual": Tapping(partner=0.35), "metronome": Tapping(person=False)}
    at = np.arange(len(cases))
    for k, (label, dose) in enumerate({"placebo": Oxytocin(), "oxytocin": Oxytocin(1.0)}.items()):
        axes[0][2].bar(at + 0.4 * k - 0.2, [c.asynchrony_sd(dose) for c in cases.values()], 0.36, label=label)
    axes[0][2].set(xticks=at, xticklabels=list(cases), ylabel="SD of asynchrony (ms)", title="Tapping together")
    axes[0][2].legend(frameon=False)
    return figure
