"""Rigid, integrated, chaotic: what a brain's synchrony does over time, and where over coupling and noise it does so.

The order parameter ``R(t)`` is the modulus of a field of phases. Metastability is its standard deviation over time
(M. Shanahan 2010, doi:10.1063/1.3247089). Dynamic complexity is ``F D``, fluctuation times distribution, in a moving
window (G. Schiepek, G. Strunk 2010, doi:10.1007/s00422-009-0362-1). Which numbers are called rigid, integrated or
chaotic is a convention of this project: :data:`REGIMES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from scipy.signal import hilbert
from scipy.special import erfinv

from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within
from interbrain.simulate.brains.brain import simulate_brain
from interbrain.simulate.brains.network import Network
from interbrain.simulate.brains.nodes import Kuramoto

REGIMES = ("chaotic", "integrated", "rigid")
LOW, HIGH = 0.3, 0.7
"""Mean order parameter up to which a brain counts as chaotic, and from which on as rigid."""


def field_of(signal: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Field of phases of rates or potentials, ``(time, region)``, through the analytic signal: ``(time, brain)``."""
    phase = np.exp(1j * np.angle(hilbert(signal - signal.mean(axis=0), axis=0)))
    return np.stack([phase[:, group == g].mean(axis=1) for g in range(int(group.max()) + 1)], axis=1)


@dataclass(frozen=True)
class Course:
    """Figures of one order parameter over time.

    Parameters
    ----------
    order, metastability
        Mean and standard deviation.
    switching
        Changes a second between together and apart (see :func:`switches`).
    complexity
        Mean dynamic complexity.
    regime
        One of :data:`REGIMES`.
    """

    order: float
    metastability: float
    switching: float
    complexity: float
    regime: str


def describe(order: np.ndarray, every: float, window_s: float = 1.0) -> Course:
    """Figures of an order parameter ``(time,)`` that was sampled every ``every`` s.

    Complexity is taken in windows of seven means over ``window_s / 7`` each, so that it sees changes over about a
    second and not the sampling.
    """
    within("describe", "window_s", window_s, 7 * every, len(order) * every, "s")
    mean, pooled = float(order.mean()), max(1, round(window_s / 7 / every))
    slow = order[: len(order) // pooled * pooled].reshape(-1, pooled).mean(axis=1)
    changes = switches(order) / (len(order) * every)
    complexity = float(dynamic_complexity(slow, 7, 0.0, 1.0).mean()) if len(slow) >= 7 else float("nan")
    name = REGIMES[int(mean > LOW) + int(mean >= HIGH)]
    return Course(mean, float(order.std()), changes, complexity, name)


def switches(order: np.ndarray, low: float = 0.4, high: float = 0.6) -> int:
    """Changes between together (above ``high``) and apart (below ``low``); between them the last one goes on."""
    if not 0 <= low < high <= 1:
        raise BadInput(f"switches: low is {low:g} and high {high:g}; 0 <= low < high <= 1 is needed.")
    side = np.where(order > high, 1, np.where(order < low, -1, 0))
    side = side[side != 0]
    return int(np.count_nonzero(np.diff(side)))


def dynamic_complexity(x: np.ndarray, window: int, low: float, high: float) -> np.ndarray:
    """``F D`` in every window of ``window`` values on a scale from ``low`` to ``high``: ``(time - window + 1,)``."""
    f, d = fluctuation_distribution(x, window, low, high)
    return f * d


def fluctuation_distribution(x: np.ndarray, window: int, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Both factors, each between 0 and 1.

    ``F`` sums height over length of all monotone runs, divided by its largest value. ``D`` is 1 where the values lie
    evenly over the scale: the share of evenly spaced gaps, over all nested intervals, that the sorted values fill.

    Raises
    ------
    BadInput
    """
    x = np.asarray(x, dtype=float)
    within("dynamic_complexity", "window", window, 3, len(x))
    if not low < high:
        raise BadInput(f"dynamic_complexity: the scale goes from {low:g} to {high:g}; low must be below high.")
    if not np.all((x >= low) & (x <= high)):
        raise BadInput(f"dynamic_complexity: some values are no numbers, or outside the scale {low:g} to {high:g}.")
    return _factors(x, window, float(low), float(high))


@njit(cache=True, nogil=True)
def _factors(x, window, low, high):  # type: ignore[no-untyped-def]
    n = len(x) - window + 1
    f, d = np.zeros(n), np.zeros(n)
    step = (high - low) / (window - 1)
    for t in range(n):
        seen = x[t : t + window]
        begin = 0
        for k in range(1, window):
            if k == window - 1 or np.sign(seen[k + 1] - seen[k]) != np.sign(seen[k] - seen[k - 1]):
                f[t] += abs(seen[k] - seen[begin]) / (k - begin)
                begin = k
        f[t] /= (high - low) * (window - 1)
        ranked = np.sort(seen)
        missing, whole = 0.0, 0.0
        for a in range(window - 1):
            for b in range(a + 1, window):
                nested = (a + 1) * (window - b)  # intervals that hold both
                even = (b - a) * step
                whole += nested * even
                missing += nested * max(even - (ranked[b] - ranked[a]), 0.0)
        d[t] = 1 - missing / whole
    return f, d


@dataclass(frozen=True, eq=False)
class RegimeMap:
    """Figures over coupling and noise, each ``(coupling, noise)``, means over seeds."""

    couplings: np.ndarray
    noises: np.ndarray
    order: np.ndarray
    metastability: np.ndarray
    switching: np.ndarray
    complexity: np.ndarray

    @property
    def regime(self) -> np.ndarray:
        """Names, ``(coupling, noise)``."""
        return np.array(REGIMES)[(self.order > LOW).astype(int) + (self.order >= HIGH)]


def map_regimes(
    network: Network,
    couplings: Sequence[float],
    noises: Sequence[float],
    node: Kuramoto | None = None,
    duration: float = 20.0,
    settle: float = 5.0,
    seeds: Sequence[int] = (0,),
    threads: int | None = None,
) -> RegimeMap:
    """Run one brain at every coupling and noise.

    Parameters
    ----------
    couplings, noises
        rad/s per weight and rad/sqrt(s).
    node
        Everything else; default: frequencies normal around 10 Hz, SD 0.5 Hz, the same for all.
    duration, settle
        s that are described, after s that are not.
    """
    if node is None:
        spread = np.sqrt(2) * _quantiles(network.regions)
        node = Kuramoto(10 + 0.5 * spread)
    grid = [(float(k), float(s), int(seed)) for k in couplings for s in noises for seed in seeds]
    nodes = [replace(node, coupling=k, noise=s) for k, s, _ in grid]
    numbers = [seed for *_, seed in grid]
    whole = settle + duration
    run = simulate_brain(network, nodes, whole, 2e-3, numbers, record=["field"], every=0.02, threads=threads)
    assert run.field is not None
    order = np.abs(run.field[:, run.time >= settle, 0])
    found = [describe(each, 0.02) for each in order]
    shape = (len(couplings), len(noises), len(seeds))

    def mean(name: str) -> np.ndarray:
        return np.array([getattr(each, name) for each in found]).reshape(shape).mean(axis=2)

    axes = np.asarray(couplings, dtype=float), np.asarray(noises, dtype=float)
    return RegimeMap(*axes, mean("order"), mean("metastability"), mean("switching"), mean("complexity"))


def _quantiles(n: int) -> np.ndarray:
    """Evenly spaced quantiles of a normal distribution over sqrt(2), in an order that mixes neighbours."""
    ranks = (np.arange(n) * 0.6180339887498949 % 1).argsort().argsort()
    return np.asarray(erfinv(2 * (ranks + 0.5) / n - 1))
