"""A cortical column: pyramidal cells, excitatory and inhibitory interneurons; y1 - y2 is what EEG sees.

    y0'' = A a S(y1 - y2) - 2 a y0' - a^2 y0
    y1'' = A a (p + G sum_j w_ij S(y1 - y2)_j(t - tau_ij) + C2 S(C1 y0)) - 2 a y1' - a^2 y1
    y2'' = B b C4 S(C3 y0) - 2 b y2' - b^2 y2
    S(v) = 2 e0 / (1 + exp(r (v0 - v))),    C1, C2, C3, C4 = C (1, 0.8, 0.25, 0.25)

Noise enters p: ``A a sigma xi`` is added to y1''. Source: B. H. Jansen, V. G. Rit (1995), doi:10.1007/BF00199471.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numba import njit

from interbrain.simulate._checked import fields_within
from interbrain.simulate.brains.nodes._functions import FAST, TILE, grow, load, logistic, store
from interbrain.simulate.brains.nodes._parameter import about

Array = float | np.ndarray


@dataclass(frozen=True, eq=False)
class JansenRit:
    """Each field is a number or one a region; units and ranges stand in the fields' metadata."""

    name: ClassVar[str] = "jansen_rit"
    doi: ClassVar[str] = "10.1007/BF00199471"
    kind: ClassVar[int] = 3
    variables: ClassVar[tuple[str, ...]] = ("y0", "y1", "y2", "y3", "y4", "y5")
    channels: ClassVar[int] = 1
    kicks: ClassVar[int] = 1

    A: Array = field(default=3.25, metadata=about("mV", 0.5, 20, "height of an excitatory potential"))
    B: Array = field(default=22.0, metadata=about("mV", 1, 100, "height of an inhibitory potential"))
    a: Array = field(default=100.0, metadata=about("1/s", 10, 500, "rate of the excitatory synapse"))
    b: Array = field(default=50.0, metadata=about("1/s", 5, 500, "rate of the inhibitory synapse"))
    C: Array = field(default=135.0, metadata=about("1", 1, 1000, "number of contacts"))
    e0: Array = field(default=2.5, metadata=about("1/s", 0.1, 20, "half the highest firing rate"))
    v0: Array = field(default=6.0, metadata=about("mV", 0, 20, "potential of half the highest rate"))
    r: Array = field(default=0.56, metadata=about("1/mV", 0.05, 2, "steepness"))
    p: Array = field(default=120.0, metadata=about("1/s", -100, 1000, "mean of what comes from outside the model"))
    coupling: Array = field(
        default=10.0, metadata=about("1 per weight", -1e4, 1e4, "G, times what the connectome weighs")
    )
    noise: Array = field(default=0.0, metadata=about("1/sqrt(s)", 0, 1000, "sigma of what comes from outside"))

    def __post_init__(self) -> None:
        fields_within(self)

    def start(self, regions: int, draws: np.random.Generator) -> np.ndarray:
        """``(6, region)``: potentials of a resting column with scatter, mV; slopes 0."""
        start = np.zeros((6, regions))
        start[:3] = np.array([[0.1], [18.0], [12.0]]) + draws.normal(0, [[0.02], [1.0], [1.0]], (3, regions))
        return start

    def fastest(self) -> float:
        """Fastest rate without coupling, 1/s."""
        return float(2 * max(np.max(self.a), np.max(self.b)))


@njit(inline="always", error_model="numpy", fastmath=FAST)
def firing(potential, e0, v0, r):  # type: ignore[no-untyped-def]
    """1/s."""
    return (e0 + e0) * logistic(r * (potential - v0))


@njit(error_model="numpy", fastmath=FAST)
def emit(tile, state, parameters, rate):  # type: ignore[no-untyped-def]
    """Firing rate of the pyramidal cells: what other regions receive."""
    for first in range(0, len(rate), TILE):
        load(tile, 0, state[1], first)
        load(tile, 1, state[2], first)
        for k in range(3):
            load(tile, 2 + k, parameters[5 + k], first)
        for m in range(TILE):
            potential = tile[m] - tile[m + TILE]
            tile[m + 5 * TILE] = firing(potential, tile[m + 2 * TILE], tile[m + 3 * TILE], tile[m + 4 * TILE])
        store(tile, 5, rate, first)


@njit(error_model="numpy", fastmath=FAST)
def advance(tile, state, own, coupling, parameters, varies, dt, kicks):  # type: ignore[no-untyped-def]
    """``own`` ``(n,)``: this region's firing rate now; ``coupling`` ``(1, n)``: weighted firing rates of the others.

    ``varies`` ``(parameter,)``: whether it differs between regions or sets.
    Rows of the tile: 0-5 state, then what is added to it; 6-16 parameters, 17 own rate, 18 from others, 19 kick.
    """
    for first in range(0, state.shape[1], TILE):
        for k in range(6):
            load(tile, k, state[k], first)
        for k in range(11):
            if first == 0 or varies[k]:
                load(tile, 6 + k, parameters[k], first)
        load(tile, 17, own, first)
        load(tile, 18, coupling[0], first)
        load(tile, 19, kicks[0], first)
        _advance(tile, dt)
        for k in range(6):
            grow(tile, k, state[k], first)


@njit(inline="always", error_model="numpy", fastmath=FAST)
def _forces(y, slope, rate, height, a, drive):  # type: ignore[no-untyped-def]
    return height * a * (drive + rate) - (a + a) * slope - a * a * y


@njit(error_model="numpy", fastmath=FAST)
def _advance(z, dt):  # type: ignore[no-untyped-def]
    number = z.dtype.type
    root, step, half_step = number(np.sqrt(dt)), number(dt), number(dt / 2)
    none, most, quarter = number(0), number(0.8), number(0.25)
    for m in range(TILE):
        y0, y1, y2 = z[m], z[m + TILE], z[m + 2 * TILE]
        v0, v1, v2 = z[m + 3 * TILE], z[m + 4 * TILE], z[m + 5 * TILE]
        height_e, height_i, a, b = z[m + 6 * TILE], z[m + 7 * TILE], z[m + 8 * TILE], z[m + 9 * TILE]
        contacts, e0, half, r = z[m + 10 * TILE], z[m + 11 * TILE], z[m + 12 * TILE], z[m + 13 * TILE]
        outside = z[m + 14 * TILE] + z[m + 15 * TILE] * z[m + 18 * TILE]
        kick = height_e * a * z[m + 16 * TILE] * root * z[m + 19 * TILE]
        s0 = _forces(y0, v0, z[m + 17 * TILE], height_e, a, none)
        s1 = _forces(y1, v1, most * contacts * firing(contacts * y0, e0, half, r), height_e, a, outside)
        s2 = _forces(y2, v2, quarter * contacts * firing(quarter * contacts * y0, e0, half, r), height_i, b, none)
        z0, z1, z2 = y0 + step * v0, y1 + step * v1, y2 + step * v2
        w0, w1, w2 = v0 + step * s0, v1 + step * s1 + kick, v2 + step * s2
        q0 = _forces(z0, w0, firing(z1 - z2, e0, half, r), height_e, a, none)
        q1 = _forces(z1, w1, most * contacts * firing(contacts * z0, e0, half, r), height_e, a, outside)
        q2 = _forces(z2, w2, quarter * contacts * firing(quarter * contacts * z0, e0, half, r), height_i, b, none)
        z[m] = half_step * (v0 + w0)
        z[m + TILE] = half_step * (v1 + w1)
        z[m + 2 * TILE] = half_step * (v2 + w2)
        z[m + 3 * TILE] = half_step * (s0 + q0)
        z[m + 4 * TILE] = half_step * (s1 + q1) + kick
        z[m + 5 * TILE] = half_step * (s2 + q2)
