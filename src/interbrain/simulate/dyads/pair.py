"""Two oscillators whose coupling learns: the smallest dyad, solved exactly.

    phi' = dw - 2 K sin(phi),    K' = epsilon (alpha cos(phi) - K)

``phi`` is the phase by which the first leads, ``dw`` the difference of their own frequencies, ``K`` what couples them.
Locked states exist exactly where ``|dw| <= alpha``: ``phi* = arcsin(dw / alpha) / 2``, ``K* = alpha cos(phi*)`` (and,
since ``(phi, K) -> (phi + pi, -K)`` changes nothing, the same in antiphase with a negative coupling). With slow
adaptation drift is stable as well: such a pair must be carried over a barrier and then holds itself.

Equations: adaptive Kuramoto model, e.g. doi:10.1103/PhysRevE.65.041906; the locked states follow by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from interbrain.data.errors import BadInput
from interbrain.simulate._checked import finite, within


@dataclass(frozen=True)
class Pair:
    """Parameters.

    Parameters
    ----------
    detuning
        ``dw``, first minus second, rad/s, -1000 to 1000.
    alpha
        Coupling that perfect synchrony would build, rad/s, above 0 to 1000.
    epsilon
        Rate of adaptation, 1/s, 0 (coupling stays as it is) to 1000.
    """

    detuning: float = 0.5
    alpha: float = 1.0
    epsilon: float = 0.02

    def __post_init__(self) -> None:
        within("Pair", "detuning", self.detuning, -1000, 1000, "rad/s")
        within("Pair", "alpha", self.alpha, 1e-9, 1000, "rad/s")
        within("Pair", "epsilon", self.epsilon, 0, 1000, "1/s")


@dataclass(frozen=True)
class Locked:
    """A locked state: ``phase`` in rad, ``coupling`` in rad/s, ``rates`` the two eigenvalues of the Jacobian, 1/s."""

    phase: float
    coupling: float
    rates: tuple[complex, complex]

    @property
    def stable(self) -> bool:
        return all(rate.real < 0 for rate in self.rates)


def locked_states(pair: Pair) -> tuple[Locked, ...]:
    """The locked states with positive coupling: none, or the stable one and the saddle beside it.

    Each has a twin in antiphase with negative coupling.
    """
    ratio = pair.detuning / pair.alpha
    if abs(ratio) > 1 or pair.epsilon == 0:
        return ()
    near = 0.5 * np.arcsin(ratio)
    far = np.copysign(np.pi / 2, ratio) - near
    return tuple(_state(pair, float(phase)) for phase in (near, far))


def _state(pair: Pair, phase: float) -> Locked:
    coupling = pair.alpha * np.cos(phase)
    jacobian = [
        [-2 * coupling * np.cos(phase), -2 * np.sin(phase)],
        [-pair.epsilon * pair.alpha * np.sin(phase), -pair.epsilon],
    ]
    first, second = np.linalg.eigvals(np.array(jacobian))
    return Locked(phase, float(coupling), (complex(first), complex(second)))


@dataclass(frozen=True)
class PairCourse:
    """What the pair did: ``time`` in s, ``phase`` in rad (not wrapped), ``coupling`` in rad/s, all ``(time,)``."""

    time: np.ndarray
    phase: np.ndarray
    coupling: np.ndarray

    @property
    def drift(self) -> float:
        """Mean rate of the phase over the last half, rad/s."""
        half = len(self.time) // 2
        return float((self.phase[-1] - self.phase[half]) / (self.time[-1] - self.time[half]))

    @property
    def locked(self) -> bool:
        """Whether the phase stayed within half a turn over the last half."""
        last = self.phase[len(self.time) // 2 :]
        return bool(np.ptp(last) < np.pi)


def simulate_pair(
    pair: Pair,
    phase: float = 0.0,
    coupling: float = 0.0,
    duration: float = 1000.0,
    dt: float = 0.01,
    scaffold: Sequence[float] = (0.0, 0.0),
) -> PairCourse:
    """Follow a pair (fourth-order Runge-Kutta, every tenth step is kept).

    Parameters
    ----------
    phase, coupling
        Where it starts, rad and rad/s.
    duration, dt
        In s.
    scaffold
        ``(strength, until)``: coupling from outside, rad/s, that is added until this time, s: a shared rhythm, a
        skilled partner, anything that carries a pair over its barrier and then goes.

    Raises
    ------
    BadInput
        A step that is too long for the rates asked for, or numbers that are none.
    """
    strength, until = scaffold
    within("simulate_pair", "dt", dt, 1e-6, 10, "s")
    within("simulate_pair", "duration", duration, 10 * dt, 1e7 * dt, "s")
    fastest = max(abs(pair.detuning), 2 * max(pair.alpha, abs(coupling)) + 2 * abs(strength), pair.epsilon)
    if fastest * dt > 0.5:
        raise BadInput(
            f"simulate_pair: dt is {dt:g} s; the fastest rate is {fastest:g} 1/s and needs {0.5 / fastest:g}."
        )
    steps = round(duration / dt) // 10 * 10
    start = (float(phase), float(coupling))
    found = _course(pair.detuning, pair.alpha, pair.epsilon, *start, steps, dt, float(strength), float(until))
    finite("simulate_pair", found, f"it started at phase {phase:g} and coupling {coupling:g}")
    return PairCourse(np.arange(steps // 10 + 1) * 10 * dt, found[0], found[1])


def barrier(pair: Pair, phase: float = 0.0, duration: float = 2000.0, dt: float = 0.05) -> float:
    """Smallest coupling, rad/s, to three digits of alpha, from which the pair ends up locked; NaN where none up to
    2 alpha does, 0 where it locks from nothing."""
    low, high = 0.0, 2 * pair.alpha
    if simulate_pair(pair, phase, low, duration, dt).locked:
        return 0.0
    if not simulate_pair(pair, phase, high, duration, dt).locked:
        return float("nan")
    while high - low > 5e-4 * pair.alpha:
        middle = (low + high) / 2
        if simulate_pair(pair, phase, middle, duration, dt).locked:
            high = middle
        else:
            low = middle
    return high


@njit(cache=True, nogil=True)
def _slopes(detuning, alpha, epsilon, phase, coupling, outside):  # type: ignore[no-untyped-def]
    return detuning - 2 * (coupling + outside) * np.sin(phase), epsilon * (alpha * np.cos(phase) - coupling)


@njit(cache=True, nogil=True)
def _course(detuning, alpha, epsilon, phase, coupling, steps, dt, strength, until):  # type: ignore[no-untyped-def]
    found = np.empty((2, steps // 10 + 1))
    found[0, 0], found[1, 0] = phase, coupling
    for n in range(steps):
        outside = strength if n * dt < until else 0.0
        a, b = _slopes(detuning, alpha, epsilon, phase, coupling, outside)
        c, d = _slopes(detuning, alpha, epsilon, phase + dt / 2 * a, coupling + dt / 2 * b, outside)
        e, f = _slopes(detuning, alpha, epsilon, phase + dt / 2 * c, coupling + dt / 2 * d, outside)
        g, h = _slopes(detuning, alpha, epsilon, phase + dt * e, coupling + dt * f, outside)
        phase += dt / 6 * (a + 2 * c + 2 * e + g)
        coupling += dt / 6 * (b + 2 * d + 2 * f + h)
        if n % 10 == 9:
            found[0, n // 10 + 1], found[1, n // 10 + 1] = phase, coupling
    return found
