"""Stress: an inverted U on plasticity, whose peak moves down while stress lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, within
from interbrain.simulate.plasticity.modulators._gate import Gate

GATE = Gate(
    "stress",
    "all plasticity: an inverted U whose peak moves down with duration",
    "C",
    "Low levels help and high levels suppress hippocampal potentiation; brief stress enhances, prolonged inhibits.",
    "Not universal: type, phase, region and history set the direction; the same level of corticosterone without "
    "stress had no effect in one study.",
    ("10.1155/2007/93202", "10.2203/dose-response.08-015.Zoladz"),
)


@dataclass(frozen=True)
class Stress:
    """Gain on plasticity under stress ``s`` that has lasted for some time: A = x·e^{1−x}.

    x = x₀ + (1 − x₀)·s/s*, x₀ = tonic/(best + tonic).

    Parameters
    ----------
    best
        s* for brief stress, 0.01 to 10 (levels are relative: 1 is severe).
    tonic
        Arousal without stress, 0 to 10; with 0 there is no plasticity at all without stress.
    tau
        Hours in which lasting stress halves s*: s*(d) = best/(1 + d/tau); 0.01 to 10,000.
    shape
        ``"inverted_u"``; ``"falling"`` (rival): A = e^{−s/s*}, stress only harms.
    """

    best: float = 0.4
    tonic: float = 0.15
    tau: float = 24.0
    shape: Literal["inverted_u", "falling"] = "inverted_u"

    def __post_init__(self) -> None:
        all_within(self, best=(0.01, 10), tonic=(0, 10), tau=(0.01, 1e4))
        if self.shape not in ("inverted_u", "falling"):
            raise BadInput(f"Stress: shape is {self.shape!r}; it must be 'inverted_u' or 'falling'")

    def gain(self, level: float, hours: float = 0.0) -> float:
        """1 at the peak; ``level`` ≥ 0, ``hours`` that it has lasted ≥ 0."""
        within("Stress", "level", level, 0, 1e6)
        within("Stress", "hours", hours, 0, 1e9)
        best = self.best / (1 + hours / self.tau)
        if self.shape == "falling":
            return math.exp(-level / best)
        calm = self.tonic / (self.best + self.tonic)
        x = calm + (1 - calm) * level / best
        return x * math.exp(1 - x)
