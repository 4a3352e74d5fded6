"""Noise of two people who have nothing to do with each other, and worlds that break what surrogates assume.

A noise is ``(random, n, rate) -> (n,)``, drawn for each person alone; a broken world is
``(random, n, rate, strength) -> (2, n)``, for both people, since what breaks the assumption may be common to them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import fftconvolve, lfilter

from interbrain.signals.fnirs import band_pass

Noise = Callable[[np.random.Generator, int, float], np.ndarray]
Broken = Callable[[np.random.Generator, int, float, float], np.ndarray]

BAND_HZ = (0.01, 0.2)
"""What the preparation of fNIRS leaves (``plan.Fnirs.band_hz``)."""


def white(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    return random.standard_normal(n)


def autoregressive(memory: float) -> Noise:
    """x[t] = memory · x[t − 1] + e[t], from its stationary distribution; SD 1."""

    def noise(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
        steps = np.sqrt(1 - memory**2) * random.standard_normal(n)
        steps[0] = random.standard_normal()
        return lfilter([1.0], [1.0, -memory], steps)

    return noise


def one_over_f(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """Power ∝ 1/f down to a quarter of the recording's own lowest frequency: a cut from a series four times as long."""
    spectrum = np.fft.rfft(random.standard_normal(4 * n))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0.0
    start = int(random.integers(3 * n))
    series = np.fft.irfft(spectrum, 4 * n)
    return series[start : start + n] / series.std()


def haemodynamic(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """White noise through the canonical response (gamma densities of shape 6 and 16, the second one sixth as large)."""
    t = np.arange(0, 32, 1 / rate)
    response = t**5 * np.exp(-t) / 120 - t**15 * np.exp(-t) / 1307674368000 / 6
    return fftconvolve(random.standard_normal(n + len(t) - 1), response, "valid")


def band_limited(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """Haemodynamic noise, with white sensor noise of half its SD, through the pipeline's own band-pass."""
    noise = haemodynamic(random, n, rate)
    return band_pass(noise / noise.std() + 0.5 * random.standard_normal(n), rate, BAND_HZ)


NOISES: dict[str, Noise] = {
    "white": white,
    "ar(1) 0.5": autoregressive(0.5),
    "ar(1) 0.9": autoregressive(0.9),
    "ar(1) 0.98": autoregressive(0.98),
    "1/f": one_over_f,
    "haemodynamic": haemodynamic,
    "haemodynamic, band-passed": band_limited,
}
_ar = autoregressive(0.9)


def _two(noise: Noise, random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    return np.stack([noise(random, n, rate) for _ in range(2)])


def walks(random: np.random.Generator, n: int, rate: float, strength: float) -> np.ndarray:
    """Independent random walks: white noise of ``strength`` added up, over AR(1) 0.9 noise of SD 1."""
    return _two(_ar, random, n, rate) + strength * np.cumsum(random.standard_normal((2, n)), axis=1)


def habituation(random: np.random.Generator, n: int, rate: float, strength: float) -> np.ndarray:
    """AR(1) 0.9 noise of SD 1 on a level that falls by ``strength`` SD in everybody alike."""
    return _two(_ar, random, n, rate) + strength * np.exp(-5 * np.arange(n) / n)


def periodic_blocks(random: np.random.Generator, n: int, rate: float, strength: float) -> np.ndarray:
    """AR(1) 0.9 noise of SD 1 on a level that is ``strength`` SD higher in 40 of every 90 s, in both at once."""
    return _two(_ar, random, n, rate) + strength * (np.arange(n) / rate % 90 < 40)


def turns(random: np.random.Generator, n: int, rate: float, strength: float) -> np.ndarray:
    """The same with turns of irregular length (exponential, 20 s in the mean): one speaks, the other falls."""
    changes = np.cumsum(random.exponential(20.0, size=int(n / rate / 5) + 10)) * rate
    level = np.searchsorted(changes, np.arange(n)) % 2
    return _two(_ar, random, n, rate) + strength * level


def louder_person(random: np.random.Generator, n: int, rate: float, strength: float) -> np.ndarray:
    """AR(1) 0.9 noise, in the second person ``1 + strength`` times as large: no assumption is broken."""
    return _two(_ar, random, n, rate) * np.array([1.0, 1 + strength])[:, None]


def louder_end(random: np.random.Generator, n: int, rate: float, strength: float) -> np.ndarray:
    """AR(1) 0.9 noise that grows in both from 1 to ``1 + strength`` times its SD in the last quarter."""
    growth = 1 + strength * (np.arange(n) >= 0.75 * n)
    return _two(_ar, random, n, rate) * growth


BROKEN: dict[str, Broken] = {
    "independent random walks": walks,
    "common habituation": habituation,
    "shared blocks, periodic": periodic_blocks,
    "shared turns, irregular": turns,
    "one person louder": louder_person,
    "both louder at the end": louder_end,
}
"""Worlds that break an assumption, and one that might be thought to (one person louder)."""


def independent(noise: str, random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """Two people, each with noise of one kind of their own ``(2, n)``."""
    return _two(NOISES[noise], random, n, rate)


def gaps(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """A mask ``(n,)``: one gap in every five minutes (at least one), each of 2 to 20 s."""
    valid = np.ones(n, dtype=bool)
    for _ in range(max(1, round(n / rate / 300))):
        length = round(random.uniform(2, 20) * rate)
        start = int(random.integers(max(1, n - length)))
        valid[start : start + length] = False
    return valid


def lost_epochs(random: np.random.Generator, epochs: int) -> np.ndarray:
    """A mask ``(epochs,)``: each lost with probability .1."""
    return random.random(epochs) >= 0.1
