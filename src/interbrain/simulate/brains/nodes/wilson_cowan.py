"""Excitatory and inhibitory populations.

    tau_e E' = -E + (1 - r E) S_e(c_ee E - c_ei I + P + G sum_j w_ij E_j(t - tau_ij)) + sigma sqrt(tau_e) xi
    tau_i I' = -I + (1 - r I) S_i(c_ie E - c_ii I + Q) + sigma sqrt(tau_i) xi'
    S(x) = 1 / (1 + exp(-a (x - theta))) - 1 / (1 + exp(a theta))

Source: H. R. Wilson, J. D. Cowan (1972), doi:10.1016/S0006-3495(72)86068-5; the defaults are those of its limit cycle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numba import njit

from interbrain.simulate._checked import fields_within
from interbrain.simulate.brains.nodes._functions import FAST, TILE, grow, load, logistic
from interbrain.simulate.brains.nodes._parameter import about

Array = float | np.ndarray


@dataclass(frozen=True, eq=False)
class WilsonCowan:
    """Each field is a number or one a region; units and ranges stand in the fields' metadata."""

    name: ClassVar[str] = "wilson_cowan"
    doi: ClassVar[str] = "10.1016/S0006-3495(72)86068-5"
    kind: ClassVar[int] = 2
    variables: ClassVar[tuple[str, ...]] = ("E", "I")
    channels: ClassVar[int] = 1
    kicks: ClassVar[int] = 2

    c_ee: Array = field(default=16.0, metadata=about("1", 0, 50, "excitatory to excitatory"))
    c_ei: Array = field(default=12.0, metadata=about("1", 0, 50, "inhibitory to excitatory"))
    c_ie: Array = field(default=15.0, metadata=about("1", 0, 50, "excitatory to inhibitory"))
    c_ii: Array = field(default=3.0, metadata=about("1", 0, 50, "inhibitory to inhibitory"))
    a_e: Array = field(default=1.3, metadata=about("1", 0.1, 10, "steepness, excitatory"))
    theta_e: Array = field(default=4.0, metadata=about("1", -20, 20, "threshold, excitatory"))
    a_i: Array = field(default=2.0, metadata=about("1", 0.1, 10, "steepness, inhibitory"))
    theta_i: Array = field(default=3.7, metadata=about("1", -20, 20, "threshold, inhibitory"))
    tau_e: Array = field(default=0.008, metadata=about("s", 1e-4, 1, "time constant, excitatory"))
    tau_i: Array = field(default=0.008, metadata=about("s", 1e-4, 1, "time constant, inhibitory"))
    refractory: Array = field(default=1.0, metadata=about("1", 0, 1, "r"))
    P: Array = field(default=1.25, metadata=about("1", -20, 20, "drive, excitatory"))
    Q: Array = field(default=0.0, metadata=about("1", -20, 20, "drive, inhibitory"))
    coupling: Array = field(
        default=0.5, metadata=about("1 per weight", -100, 100, "G, times what the connectome weighs")
    )
    noise: Array = field(default=0.0, metadata=about("1", 0, 10, "sigma"))

    def __post_init__(self) -> None:
        fields_within(self)

    def start(self, regions: int, draws: np.random.Generator) -> np.ndarray:
        """``(2, region)``: between 0 and 0.5."""
        return draws.uniform(0, 0.5, (2, regions))

    def fastest(self) -> float:
        """Fastest rate without coupling, 1/s."""
        return float(2 / min(np.min(self.tau_e), np.min(self.tau_i)))


@njit(inline="always", error_model="numpy", fastmath=FAST)
def _slope(one, x, drive, tau, steep, threshold, rest, refractory):  # type: ignore[no-untyped-def]
    return (-x + (one - refractory * x) * (logistic(steep * (drive - threshold)) - rest)) / tau


@njit(error_model="numpy", fastmath=FAST)
def advance(tile, state, coupling, parameters, varies, dt, kicks):  # type: ignore[no-untyped-def]
    """``coupling`` ``(1, n)``: weighted excitatory activity of the others.

    ``varies`` ``(parameter,)``: whether it differs between regions or sets.
    Rows of the tile: 0-1 state, then what is added to it; 2-16 parameters, 17 what comes from others, 18-19 kicks.
    """
    for first in range(0, state.shape[1], TILE):
        for k in range(2):
            load(tile, k, state[k], first)
            load(tile, 18 + k, kicks[k], first)
        for k in range(15):
            if first == 0 or varies[k]:
                load(tile, 2 + k, parameters[k], first)
        load(tile, 17, coupling[0], first)
        _advance(tile, dt)
        for k in range(2):
            grow(tile, k, state[k], first)


@njit(error_model="numpy", fastmath=FAST)
def _advance(z, dt):  # type: ignore[no-untyped-def]
    number = z.dtype.type
    one, step, half_step = number(1), number(dt), number(dt / 2)
    for m in range(TILE):
        e, i = z[m], z[m + TILE]
        c_ee, c_ei, c_ie, c_ii = z[m + 2 * TILE], z[m + 3 * TILE], z[m + 4 * TILE], z[m + 5 * TILE]
        a_e, theta_e, a_i, theta_i = z[m + 6 * TILE], z[m + 7 * TILE], z[m + 8 * TILE], z[m + 9 * TILE]
        tau_e, tau_i, refractory = z[m + 10 * TILE], z[m + 11 * TILE], z[m + 12 * TILE]
        drive_e, drive_i = z[m + 13 * TILE] + z[m + 15 * TILE] * z[m + 17 * TILE], z[m + 14 * TILE]
        rest_e, rest_i = logistic(-a_e * theta_e), logistic(-a_i * theta_i)
        kick_e = z[m + 16 * TILE] * np.sqrt(step / tau_e) * z[m + 18 * TILE]
        kick_i = z[m + 16 * TILE] * np.sqrt(step / tau_i) * z[m + 19 * TILE]
        a = _slope(one, e, c_ee * e - c_ei * i + drive_e, tau_e, a_e, theta_e, rest_e, refractory)
        b = _slope(one, i, c_ie * e - c_ii * i + drive_i, tau_i, a_i, theta_i, rest_i, refractory)
        f, j = e + step * a + kick_e, i + step * b + kick_i
        c = _slope(one, f, c_ee * f - c_ei * j + drive_e, tau_e, a_e, theta_e, rest_e, refractory)
        d = _slope(one, j, c_ie * f - c_ii * j + drive_i, tau_i, a_i, theta_i, rest_i, refractory)
        z[m] = half_step * (a + c) + kick_e
        z[m + TILE] = half_step * (b + d) + kick_i
