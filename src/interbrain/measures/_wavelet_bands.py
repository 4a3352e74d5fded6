"""Bands of wavelet coherence: settings checked, scales chosen, and how many independent cells a band mean holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from interbrain.arrays import wavelet
from interbrain.data.errors import BadInput
from interbrain.measures import _wavelet_full, _wavelet_reduced
from interbrain.measures._wavelet_map import Convention, first_inside, scale_kernel

_FASTEST = {"reduced": 0.4, "full": 0.5}
"""Highest band edge over the rate: the reduced path keeps the wavelet's upper flank below half the rate."""


@dataclass(frozen=True)
class Rules:
    """All settings of wavelet coherence, checked and hashable; ``bands`` are (name, low, high) in Hz."""

    bands: tuple[tuple[str, float, float], ...]
    voices: int
    omega0: float
    path: str
    min_inside: float
    convention: Convention
    measure: str = "wtc"

    @property
    def module(self) -> ModuleType:
        """Where this path's ``parts``, ``side`` and ``profiles`` are."""
        return _wavelet_full if self.path == "full" else _wavelet_reduced


@dataclass(frozen=True, eq=False)
class Band:
    """One band in recordings of one length and rate.

    ``centre`` (Hz) is the mean frequency of the samples × scales inside the cone, so that a constant lag gives the
    phase 2 pi × centre × lag. ``parts`` are empty where the recording is too short, and ``reason`` then says so;
    ``samples`` is the number of samples × scales inside the cone, ``independent`` how many independent cells they
    amount to.
    """

    name: str
    centre: float
    scales: np.ndarray
    parts: tuple[Any, ...]
    samples: float
    independent: float
    reason: str


def rules_from(settings: Mapping[str, Any], measure: str = "wtc") -> Rules:
    """Resolved settings (see the records) with their bands; errors name the ``measure``.

    Raises
    ------
    BadInput
        No band, or an edge that is not positive.
    """
    bands = tuple((str(k), float(low), float(high)) for k, (low, high) in (settings.get("bands") or {}).items())
    if not bands:
        raise BadInput(
            f"{measure}: no band is named; at least one is needed, e.g. bands = {{ slow = [0.033, 0.125] }} in Hz."
        )
    for name, low, high in bands:
        if not 0 < low < high:
            raise BadInput(
                f"{measure}: band {name!r} is {low:g} to {high:g} Hz; both must be above 0 and low below high."
            )
    convention = Convention(*(settings[k] for k in ("scale_kernel", "padding", "analytic", "cone_from", "grid")))
    return Rules(
        bands,
        int(settings["voices"]),
        float(settings["omega0"]),
        str(settings["path"]),
        float(settings["min_inside"]),
        convention,
        measure,
    )


def scales_of(low: float, high: float, rate: float, rules: Rules) -> np.ndarray:
    """Scales in samples whose periods lie from 1/high to 1/low s; the one nearest the middle where none does."""
    factor = wavelet.fourier_factor(rules.omega0)
    unit = 2 * factor / rate if rules.convention.grid == "2dt" else 1.0
    lowest, highest = (rules.voices * np.log2(1 / f / unit) for f in (high, low))
    index = np.arange(np.ceil(lowest - 1e-9), np.floor(highest + 1e-9) + 1)
    if not len(index):
        index = np.array([np.round((lowest + highest) / 2)])
    if unit != 1.0:
        index = index[index >= 0]
    return unit * 2.0 ** (index / rules.voices) / factor * rate


@lru_cache(maxsize=16)
def bands_for(n: int, rate: float, rules: Rules) -> tuple[Band, ...]:
    """The grids of every band for recordings of ``n`` samples at ``rate`` Hz.

    Raises
    ------
    BadInput
        A band too fast for the rate.
    """
    return tuple(_band(name, low, high, n, rate, rules) for name, low, high in rules.bands)


def _band(name: str, low: float, high: float, n: int, rate: float, rules: Rules) -> Band:
    fastest = _FASTEST[rules.path] * rate
    if high > fastest:
        raise BadInput(
            f"{rules.measure}: band {name!r} goes up to {high:g} Hz, but {rate:g} samples a second carry wavelets up "
            f"to {fastest:g} Hz; lower the band or keep a higher rate."
        )
    scales = scales_of(low, high, rate, rules)
    frequency = rate / (scales * wavelet.fourier_factor(rules.omega0))
    slowest = float(scales[-1])
    inside = np.array([max(0, n - 2 * first_inside(s, rules.convention.cone_from)) for s in scales], dtype=np.float64)
    if inside[-1] < rules.min_inside * n:
        needed = 2 * wavelet.CONE * slowest / rate / (1 - rules.min_inside)
        reason = (
            f"{rules.measure}: band {name!r} is too slow for this recording: at a period of "
            f"{slowest / rate * wavelet.fourier_factor(rules.omega0):.3g} s only {inside[-1] / n:.0%} of its "
            f"{n / rate:.4g} s lie inside the cone of influence, {rules.min_inside:.0%} are needed; "
            f"record at least {needed:.0f} s or name a faster band."
        )
        return Band(name, float(frequency.mean()), scales, (), 0.0, 0.0, reason)
    centre = float(frequency @ inside / inside.sum())
    parts = rules.module.parts(n, scales, rules.voices, rules.omega0, rules.convention)
    return Band(name, centre, scales, parts, float(inside.sum()), independent_cells(scales, inside, rules), "")


def independent_cells(scales: np.ndarray, inside: np.ndarray, rules: Rules) -> float:
    """How many independent values of squared coherence the mean over ``inside`` samples at each scale amounts to.

    For independent white series the smoothed cross-spectrum's correlation is r(t) = exp(-t²/6s²) in time (wavelet and
    Gaussian together) and, over scales, the boxcar's autocorrelation smeared by exp(-18 ln²(s/s')); squared coherence
    correlates by its square. With c samples inside the cone at scales s and s',

    N = (Σ c)² / Σ_ss' r²(s, s') min(c, c') √(3π s s')

    (times and scales in samples). Simulated means of independent white noise vary a little less than that says (N is
    15 to 20 % too low). The exponents hold for omega0 = 6 and go with (omega0/6)².
    """
    taps, _ = scale_kernel(rules.convention.scale_kernel, 1 / rules.voices)
    box = np.correlate(taps, taps, "full")
    away = np.arange(len(scales) + len(box)) / rules.voices * np.log(2)
    away = np.concatenate([-away[:0:-1], away])
    smeared = np.convolve(np.exp(-0.5 * rules.omega0**2 * away**2), box, "same")
    middle = len(smeared) // 2
    lag = np.abs(np.subtract.outer(np.arange(len(scales)), np.arange(len(scales))))
    together = (smeared[middle + lag] / smeared[middle]) ** 2
    shared = np.minimum.outer(inside, inside) * np.sqrt(3 * np.pi * np.outer(scales, scales))
    return float(max(1.0, inside.sum() ** 2 / (together * shared).sum()))


def independent_points(scales: np.ndarray, inside: np.ndarray, omega0: float) -> float:
    """How many independent values a mean of unsmoothed products over ``inside`` samples at each scale amounts to.

    Coefficients of one white series correlate by r = exp(-t²/4s²) in time and exp(-(omega0 ln(s/s'))²/4) over scales;
    products of two independent series' correlate by r² (coefficients) or about so (magnitudes). Summed as in
    :func:`independent_cells`.
    """
    apart = np.subtract.outer(np.log(scales), np.log(scales))
    shared = np.minimum.outer(inside, inside) * np.sqrt(2 * np.pi * np.outer(scales, scales))
    return float(max(1.0, inside.sum() ** 2 / (np.exp(-0.5 * (omega0 * apart) ** 2) * shared).sum()))
