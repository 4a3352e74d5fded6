"""Gaussian sources with a rhythm of their own, each of unit variance, and sensors that lose contact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import fftconvolve

from interbrain.data.points import Points
from interbrain.data.records import DeviceRecord
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded


def slow(random: np.random.Generator, n: int, rate: float, seconds: float) -> np.ndarray:
    """``(n,)``: white noise through a Gaussian of SD ``seconds``."""
    reach = int(np.ceil(4 * seconds * rate))
    return _through(random, n, np.exp(-0.5 * (np.arange(-reach, reach + 1) / (seconds * rate)) ** 2))


def rhythm(random: np.random.Generator, n: int, rate: float, hz: float, seconds: float) -> np.ndarray:
    """``(n,)``: noise round ``hz`` that remembers its phase for about ``seconds``."""
    reach = int(np.ceil(4 * seconds * rate))
    t = np.arange(-reach, reach + 1) / rate
    return _through(random, n, np.exp(-0.5 * (t / seconds) ** 2) * np.cos(2 * np.pi * hz * t))


def pink(random: np.random.Generator, n_series: int, n: int) -> np.ndarray:
    """``(n_series, n)``: power as 1/f down to one cycle over the whole."""
    spectrum = random.standard_normal((n_series, n // 2 + 1)) + 1j * random.standard_normal((n_series, n // 2 + 1))
    spectrum[:, 0] = 0.0
    spectrum[:, 1:] /= np.sqrt(np.arange(1, n // 2 + 1))
    found = np.fft.irfft(spectrum, n, axis=1)
    return np.asarray(found / found.std(axis=1, keepdims=True))


def _through(random: np.random.Generator, n: int, kernel: np.ndarray) -> np.ndarray:
    kernel = kernel / np.sqrt(np.sum(kernel**2))
    return np.asarray(fftconvolve(random.standard_normal(n + len(kernel) - 1), kernel, mode="valid"))


def lose_contact(random: np.random.Generator, values: np.ndarray, rate: float, per_minute: float) -> np.ndarray:
    """Stretches of 3 to 6 s in which the device has no number, in all channels ``(channel, time)`` at once."""
    values = np.array(values)
    for _ in range(random.poisson(per_minute * values.shape[-1] / rate / 60.0)):
        start = int(random.integers(values.shape[-1]))
        values[..., start : start + round(random.uniform(3.0, 6.0) * rate)] = np.nan
    return values


def loaded(record: DeviceRecord, names: Sequence[str], values: np.ndarray, points: Points) -> Loaded:
    """Slow channels ``(channel, time)`` of one person."""
    channels = tuple(Channel(name, record.modality, record.unit) for name in names)
    return Loaded(Signal(values[None], record.rate, channels), points, {"simulated": True})
