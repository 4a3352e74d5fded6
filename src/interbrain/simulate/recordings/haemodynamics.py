"""Slow brain signals and the body's rhythms in them, as plain arrays.

Times in s, rates in Hz; every source has unit variance unless it says otherwise.
"""

from __future__ import annotations

import numpy as np
from scipy import signal, stats


def response(rate: float, length_s: float = 32.0) -> np.ndarray:
    """The canonical double-gamma haemodynamic response (Glover 1999, doi 10.1006/nimg.1998.0419), unit energy."""
    t = np.arange(0.0, length_s, 1.0 / rate)
    shape = stats.gamma.pdf(t, 6.0) - stats.gamma.pdf(t, 16.0) / 6.0
    return shape / np.sqrt(np.sum(shape**2))


def source(stream: np.random.Generator, n_series: int, n_times: int, rate: float) -> np.ndarray:
    """White neural activity seen through the haemodynamic response: ``(n_series, n_times)``, unit variance."""
    kernel = response(rate)
    drive = stream.standard_normal((n_series, n_times + len(kernel) - 1))
    return signal.fftconvolve(drive, kernel[None, :], mode="valid", axes=1)


def rhythm(
    stream: np.random.Generator, n_times: int, rate: float, centre_hz: float, jitter: float = 0.05
) -> np.ndarray:
    """A rhythm whose frequency wanders round ``centre_hz`` (relative SD ``jitter``): heart, breath, Mayer waves."""
    smooth = int(4 * rate) | 1
    wander = np.convolve(stream.standard_normal(n_times + smooth - 1), np.ones(smooth) / np.sqrt(smooth), "valid")
    frequency = centre_hz * (1.0 + jitter * wander)
    return np.sqrt(2.0) * np.sin(2 * np.pi * np.cumsum(frequency) / rate + stream.uniform(0, 2 * np.pi))


def drift(stream: np.random.Generator, n_series: int, n_times: int) -> np.ndarray:
    """A slow parabola-like drift per series, about unit size over the recording."""
    t = np.linspace(-1.0, 1.0, n_times)
    weights = stream.standard_normal((n_series, 2))
    return weights[:, :1] * t + weights[:, 1:] * (t**2 - 1.0 / 3.0)


def artefacts(stream: np.random.Generator, n_times: int, rate: float, per_minute: float) -> np.ndarray:
    """Movements that every channel of a person sees: short spikes and lasting shifts of baseline, ``(n_times,)``."""
    trace = np.zeros(n_times)
    for _ in range(stream.poisson(per_minute * n_times / rate / 60.0)):
        onset = int(stream.integers(0, n_times))
        height = 4.0 * stream.standard_normal()
        if stream.random() < 0.5:
            trace[onset:] += height
        else:
            width = max(1, int(0.4 * rate))
            trace[onset : onset + width] += height
    return trace
