"""Oscillators at the edge of a Hopf bifurcation (Stuart-Landau): filtered noise below it, a rhythm above.

    z_i' = (mu + 2 pi i f_i) z_i - |z_i|^2 z_i + G sum_j w_ij (z_j(t - tau_ij) - z_i) + sigma (xi + i xi')

Time is scaled by ``rate``: mu and |z|^2 count in units of it. Source: G. Deco et al. (2017),
doi:10.1038/s41598-017-03073-5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numba import njit

from interbrain.simulate._checked import fields_within
from interbrain.simulate.brains.nodes._functions import FAST
from interbrain.simulate.brains.nodes._parameter import about

Array = float | np.ndarray


@dataclass(frozen=True, eq=False)
class Hopf:
    """Each field is a number or one a region; units and ranges stand in the fields' metadata."""

    name: ClassVar[str] = "hopf"
    doi: ClassVar[str] = "10.1038/s41598-017-03073-5"
    kind: ClassVar[int] = 1
    variables: ClassVar[tuple[str, ...]] = ("x", "y")
    channels: ClassVar[int] = 2
    kicks: ClassVar[int] = 2

    frequency: Array = field(default=10.0, metadata=about("Hz", -200, 200, "own frequency f"))
    mu: Array = field(default=0.0, metadata=about("1", -10, 10, "distance from the bifurcation"))
    rate: Array = field(
        default=10.0, metadata=about("1/s", 0.01, 1000, "how fast amplitude settles: mu and |z|^2 are multiplied by it")
    )
    coupling: Array = field(
        default=1.0, metadata=about("1/s per weight", -1e4, 1e4, "G, times what the connectome weighs")
    )
    noise: Array = field(default=0.02, metadata=about("1/sqrt(s)", 0, 100, "sigma"))

    def __post_init__(self) -> None:
        fields_within(self)

    def start(self, regions: int, draws: np.random.Generator) -> np.ndarray:
        """``(2, region)``: small and anywhere."""
        return 0.1 * draws.standard_normal((2, regions))

    def fastest(self) -> float:
        """Fastest rate without coupling, 1/s."""
        return float(np.max(2 * np.pi * np.abs(self.frequency) + 2 * np.asarray(self.rate) * (np.abs(self.mu) + 0.5)))


@njit(inline="always", error_model="numpy", fastmath=FAST)
def _slopes(x, y, turn, mu, rate, pull_x, pull_y):  # type: ignore[no-untyped-def]
    grow = rate * (mu - x * x - y * y)
    return grow * x - turn * y + pull_x, grow * y + turn * x + pull_y


@njit(error_model="numpy", fastmath=FAST)
def advance(state, received, coupling, parameters, dt, kicks):  # type: ignore[no-untyped-def]
    """``coupling`` ``(2, n)``: weighted x and y of the others; ``received`` ``(n,)``: sum of the weights."""
    turn, mu, rate, gain, sigma = 2 * np.pi * parameters[0], parameters[1], parameters[2], parameters[3], parameters[4]
    root = np.sqrt(dt)
    for m in range(state.shape[1]):
        x, y = state[0, m], state[1, m]
        pull_x, pull_y = gain[m] * (coupling[0, m] - received[m] * x), gain[m] * (coupling[1, m] - received[m] * y)
        kick_x, kick_y = root * sigma[m] * kicks[0, m], root * sigma[m] * kicks[1, m]
        a, b = _slopes(x, y, turn[m], mu[m], rate[m], pull_x, pull_y)
        c, d = _slopes(x + dt * a + kick_x, y + dt * b + kick_y, turn[m], mu[m], rate[m], pull_x, pull_y)
        state[0, m] = x + dt / 2 * (a + c) + kick_x
        state[1, m] = y + dt / 2 * (b + d) + kick_y
