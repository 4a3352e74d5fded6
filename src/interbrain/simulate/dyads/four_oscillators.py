"""Two people who tap together, each an internal and a producing oscillator (Heggli et al. 2019).

    theta_n(t + dt) = theta_n + 2 pi f dt + 10 dt sum_p C_np sin(theta_p(t - delay) - theta_n(t)) + sigma sqrt(dt) xi

The internal oscillator hears the other person's taps (``between``) and is tied to the producing one of the same person
(``within``). Strategies show in the cross-correlation of inter-tap intervals at lags -1, 0 and +1 taps, not in phase
locking, which is high in all of them.

Source: O. A. Heggli, J. Cabral, I. Konvalinka, P. Vuust, M. L. Kringelbach (2019), doi:10.1371/journal.pcbi.1007422;
constants as in the authors' script (github.com/OleAd/FourOscModel).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within

STRATEGIES = {
    "mutual": ((0.2, 0.8), (0.2, 0.8)),
    "leading-leading": ((0.8, 0.02), (0.8, 0.02)),
    "leader-follower": ((0.8, 0.0), (0.2, 0.8)),
}
"""``(within, between)`` of the first and of the second person."""


@dataclass(frozen=True)
class Tappers:
    """Parameters.

    Parameters
    ----------
    within, between
        Coupling inside each person and to the other, ``(first, second)``, 0 to 5.
    gain
        What couplings are multiplied by, rad/s, 0 to 100.
    frequency
        Taps per s, 0.1 to 10.
    noise
        ``sigma``, rad / sqrt(s), 0 to 10.
    duration, dt
        In s, up to 3600 and 0.1.
    skip
        Intervals left out at the beginning.
    delay_steps
        Steps by which others (and the other half of oneself) are heard late, 0 to 20. The model has none; the authors'
        script hears one step late, which slows strongly tied oscillators and undoes the following (see the page).
    """

    within: tuple[float, float] = (0.2, 0.2)
    between: tuple[float, float] = (0.8, 0.8)
    gain: float = 10.0
    frequency: float = 2.2
    noise: float = 20 * 2 * np.pi / 500
    duration: float = 20.0
    dt: float = 0.025
    skip: int = 3
    delay_steps: int = 0

    def __post_init__(self) -> None:
        for name in ("within", "between"):
            for each in getattr(self, name):
                within("Tappers", name, each, 0, 5)
        within("Tappers", "gain", self.gain, 0, 100, "rad/s")
        within("Tappers", "frequency", self.frequency, 0.1, 10, "Hz")
        within("Tappers", "noise", self.noise, 0, 10, "rad/sqrt(s)")
        within("Tappers", "dt", self.dt, 1e-4, 0.1, "s")
        within("Tappers", "delay_steps", self.delay_steps, 0, 20)
        within("Tappers", "duration", self.duration, (self.skip + 10) / self.frequency, 3600, "s")
        fastest = self.gain * (max(self.within) + max(self.between)) + 2 * np.pi * self.frequency
        if fastest * self.dt > 1.5:
            raise BadInput(f"Tappers: dt is {self.dt:g} s; couplings and frequency need {1.5 / fastest:.2g} s or less.")

    @property
    def coupling(self) -> np.ndarray:
        """``(to, from)`` over internal 1, producing 1, producing 2, internal 2."""
        (x1, x2), (y1, y2) = self.within, self.between
        return np.array([[0, x1, y1, 0], [x1, 0, 0, 0], [0, 0, 0, x2], [0, y2, x2, 0]], dtype=float)


def strategy(name: str) -> Tappers:
    """One of :data:`STRATEGIES`."""
    if name not in STRATEGIES:
        raise BadInput(f"strategy {name!r} is not known; known are {', '.join(STRATEGIES)}.")
    first, second = STRATEGIES[name]
    return Tappers((first[0], second[0]), (first[1], second[1]))


@dataclass(frozen=True)
class Tapping:
    """Repeated simulations.

    Parameters
    ----------
    lags
        ``(repeat, 3)``: correlation of inter-tap intervals at lags -1, 0, +1; at +1 the second person's intervals come
        one tap after the first's.
    locking
        ``(repeat,)``: phase-locking value of the two producing oscillators.
    """

    lags: np.ndarray
    locking: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self.lags.mean(axis=0)

    @property
    def se(self) -> np.ndarray:
        return self.lags.std(axis=0, ddof=1) / np.sqrt(len(self.lags))


def simulate_tapping(tappers: Tappers, repeats: int = 1000, seed: int = 0) -> Tapping:
    """Tap ``repeats`` times over."""
    within("simulate_tapping", "repeats", repeats, 2, 10**6)
    steps = int(np.ceil(tappers.duration / tappers.dt))
    lags, locking = np.empty((repeats, 3)), np.empty(repeats)
    for repeat in range(repeats):
        draws = stream(seed, "four_oscillators", repeat)
        start = tappers.noise * np.sqrt(tappers.dt) * draws.random(4)
        kicks = tappers.noise * np.sqrt(tappers.dt) * draws.standard_normal((steps, 4))
        turn = 2 * np.pi * tappers.frequency * tappers.dt
        phase = _phases(tappers.coupling * tappers.gain * tappers.dt, turn, start, kicks, tappers.delay_steps)
        lags[repeat] = interval_lags(*(_intervals(phase[:, n], tappers) for n in (1, 2)))
        locking[repeat] = np.abs(np.exp(1j * (phase[:, 1] - phase[:, 2])).mean())
    return Tapping(lags, locking)


def _intervals(phase: np.ndarray, tappers: Tappers) -> np.ndarray:
    """Times between taps, s; a tap is where the phase first reaches the next multiple of 2 pi."""
    furthest = np.maximum.accumulate(phase)
    turns = 2 * np.pi * np.arange(1, int(furthest[-1] // (2 * np.pi)) + 1)
    after = np.searchsorted(furthest, turns)
    before = after - 1
    part = (turns - phase[before]) / (phase[after] - phase[before])
    return np.diff((before + part) * tappers.dt)[tappers.skip :]


def interval_lags(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cross-correlation at lags -1, 0, +1 (the second later), over the common length, normed by the whole series."""
    n = min(len(first), len(second))
    a, b = first[:n] - first[:n].mean(), second[:n] - second[:n].mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return np.array([a[1:] @ b[:-1], a @ b, a[:-1] @ b[1:]]) / scale


@njit(cache=True, nogil=True)
def _phases(coupling, turn, start, kicks, late):  # type: ignore[no-untyped-def]
    """``(step + 1, 4)``."""
    phase = np.empty((len(kicks) + 1, 4))
    phase[0] = start
    for t in range(len(kicks)):
        heard = max(t - late, 0)
        for n in range(4):
            pull = 0.0
            for p in range(4):
                if coupling[n, p] > 0:
                    pull += coupling[n, p] * np.sin(phase[heard, p] - phase[t, n])
            phase[t + 1, n] = phase[t, n] + turn + pull + kicks[t, n]
    return phase
