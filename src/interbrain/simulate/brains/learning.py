"""How edges learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within


@dataclass(frozen=True)
class Plasticity:
    """How the network's plastic edges learn: ``w' = rate gate (target L - w)``, held between ``floor`` and ``ceiling``.

    ``L`` is how alike the two ends are: the cosine of their phase difference (Kuramoto, Hopf), or the product of their
    standardised activities, running mean and variance over 1 s (Wilson-Cowan, Jansen-Rit).

    Parameters
    ----------
    rate
        1/s, 0 to 1000.
    target
        Weight that perfect likeness builds.
    gate
        A neuromodulator's factor on the rate, 0 to 100.
    """

    rate: float = 0.02
    target: float = 1.0
    gate: float = 1.0
    floor: float = -np.inf
    ceiling: float = np.inf

    def __post_init__(self) -> None:
        within("Plasticity", "rate", self.rate, 0, 1000, "1/s")
        within("Plasticity", "gate", self.gate, 0, 100)
        within("Plasticity", "target", self.target, -1e6, 1e6)
        if not self.floor <= self.ceiling:
            raise BadInput(f"Plasticity: floor {self.floor:g} is above ceiling {self.ceiling:g}.")

    @property
    def row(self) -> tuple[float, float, float, float]:
        return self.rate * self.gate, self.target, self.floor, self.ceiling
