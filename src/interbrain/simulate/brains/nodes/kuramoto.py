"""Phase oscillators.

    theta_i' = 2 pi f_i + G sum_j w_ij sin(theta_j(t - tau_ij) - theta_i) + sigma xi

Source: Y. Kuramoto (1984), doi:10.1007/978-3-642-69689-3; with delays on a connectome J. Cabral et al. (2011),
doi:10.1016/j.neuroimage.2011.04.010.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numba import njit

from interbrain.simulate._checked import fields_within
from interbrain.simulate.brains.nodes._functions import FAST, wrapped
from interbrain.simulate.brains.nodes._parameter import about

Array = float | np.ndarray


@dataclass(frozen=True, eq=False)
class Kuramoto:
    """Each field is a number or one a region; units and ranges stand in the fields' metadata."""

    name: ClassVar[str] = "kuramoto"
    doi: ClassVar[str] = "10.1007/978-3-642-69689-3"
    kind: ClassVar[int] = 0
    variables: ClassVar[tuple[str, ...]] = ("phase",)
    channels: ClassVar[int] = 2
    kicks: ClassVar[int] = 1

    frequency: Array = field(default=10.0, metadata=about("Hz", -200, 200, "own frequency f"))
    coupling: Array = field(
        default=1.0, metadata=about("rad/s per weight", -1e4, 1e4, "G, times what the connectome weighs")
    )
    noise: Array = field(default=0.0, metadata=about("rad/sqrt(s)", 0, 100, "sigma"))

    def __post_init__(self) -> None:
        fields_within(self)

    def start(self, regions: int, draws: np.random.Generator) -> np.ndarray:
        """``(1, region)``: phases anywhere."""
        return draws.uniform(-np.pi, np.pi, (1, regions))

    def fastest(self) -> float:
        """Fastest rate without coupling, 1/s."""
        return float(np.max(np.abs(self.frequency)) * 2 * np.pi)


@njit(error_model="numpy", fastmath=FAST)
def advance(state, sine, cosine, coupling, parameters, dt, kicks):  # type: ignore[no-untyped-def]
    """``sine``, ``cosine`` are the oscillators' own now; ``coupling`` ``(2, n)`` the weighted sines and cosines."""
    theta = state[0]
    turn, gain, sigma = 2 * np.pi * parameters[0], parameters[1], parameters[2]
    root = np.sqrt(dt)
    for m in range(len(theta)):
        pull = gain[m] * (cosine[m] * coupling[0, m] - sine[m] * coupling[1, m])
        theta[m] = wrapped(theta[m] + dt * (turn[m] + pull) + root * sigma[m] * kicks[0, m])
