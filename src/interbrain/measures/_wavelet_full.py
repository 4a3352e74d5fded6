"""The reference path of wavelet coherence: every sample and scale, one channel pair after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from interbrain.arrays import wavelet
from interbrain.measures._wavelet_kernel import SUMS
from interbrain.measures._wavelet_map import Convention, away_from_gaps, first_inside, padded_lengths, scale_kernel


@dataclass(frozen=True, eq=False)
class Rows:
    """A band's rows of a full-rate map; scales in samples, ``keep`` picks the ``wanted`` ones among ``scales``."""

    scales: np.ndarray
    wanted: np.ndarray
    keep: slice
    transform_length: int
    smooth_length: int
    taps: np.ndarray
    first: int
    omega0: float
    analytic: bool
    out_times: np.ndarray
    out_step: float
    cells: np.ndarray


@dataclass(frozen=True, eq=False)
class Side:
    """One person: coefficients ``(channel, scale, time)``, smoothed power and whether away from gaps."""

    coefficients: np.ndarray
    root: np.ndarray
    clear: np.ndarray


def parts(n: int, scales: np.ndarray, voices: int, omega0: float, convention: Convention) -> tuple[Rows, ...]:
    """One set of rows: the band's and those that the boxcar over scales reaches, but none below two samples."""
    taps, first = scale_kernel(convention.scale_kernel, 1 / voices)
    index = np.arange(len(scales) + len(taps) - 1) + first
    around = scales[0] * 2.0 ** (index / voices)
    allowed = (around >= 2 * (1 - 1e-9)) | (convention.grid == "absolute")
    around, index = around[allowed], index[allowed]
    start = int(np.flatnonzero(index == 0)[0])
    transform, smooth = padded_lengths(convention.padding, n, float(around.max()))
    sample = np.arange(n)
    firsts = np.array([first_inside(s, convention.cone_from) for s in scales])[:, None]
    inside = (sample >= firsts) & (sample <= n - 1 - firsts)
    return (
        Rows(
            scales=around,
            wanted=scales,
            keep=slice(start, start + len(scales)),
            transform_length=transform,
            smooth_length=smooth,
            taps=taps,
            first=first,
            omega0=omega0,
            analytic=convention.analytic,
            out_times=sample.astype(np.float64),
            out_step=1.0,
            cells=inside.astype(np.float64),
        ),
    )


def clear_of_gaps(rows: Rows, valid: np.ndarray) -> np.ndarray:
    """``(channel, scale, time)`` from a mask ``(channel, time)``."""
    return np.stack([away_from_gaps(mask, rows.wanted) for mask in valid])


def sides(
    parts: Sequence[Rows], n: int, series: Callable[[slice], np.ndarray], clear: Sequence[np.ndarray]
) -> tuple[Side, ...]:
    """As :func:`._wavelet_reduced.sides`."""
    whole = series(slice(0, n))
    return tuple(_side(rows, whole, mask) for rows, mask in zip(parts, clear))


def _side(rows: Rows, series: np.ndarray, clear: np.ndarray) -> Side:
    found = wavelet.morlet_transform(series, rows.scales, rows.omega0, rows.transform_length, rows.analytic)
    power = np.stack([_smooth(rows, np.abs(w) ** 2) for w in found])
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.where(power > 0, 1 / np.sqrt(power), 0.0)
    return Side(found, root, clear)


def _smooth(rows: Rows, product: np.ndarray) -> np.ndarray:
    scaled = wavelet.smooth_time(product / rows.scales[:, None], rows.scales, rows.smooth_length)
    return wavelet.smooth_scale(scaled, rows.taps, rows.first)[rows.keep]


def crosses(rows: Rows, a: Side, b: Side) -> np.ndarray:
    """Smoothed cross-spectra ``(A, B, scale, time)``."""
    return np.stack([[_smooth(rows, x * y.conj()) for y in b.coefficients] for x in a.coefficients])


def profiles(rows: Rows, a: Side, b: Side, whole: bool = True, by_time: bool = True) -> np.ndarray:
    """As :func:`._wavelet_reduced.profiles`, and always by time."""
    out = np.zeros((SUMS if whole else 1, len(a.root), len(b.root), len(rows.out_times)))
    for i in range(len(a.root)):
        for j in range(len(b.root)):
            cross = _smooth(rows, a.coefficients[i] * b.coefficients[j].conj()) * a.root[i] * b.root[j]
            out[:, i, j] = row_sums(cross, rows.cells * a.clear[i] * b.clear[j])[: len(out)]
    return out


def row_sums(coherency: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``(SUMS, …, time)`` from complex coherence and weights ``(…, scale, time)``, as ``_wavelet_kernel.profiles``."""
    real, imag = coherency.real, coherency.imag
    lagged = np.abs(imag) > np.abs(real)
    shares = ((real > 0) & ~lagged, lagged & (imag > 0), lagged & (imag < 0))
    return np.stack([(weight * term).sum(axis=-2) for term in (real**2 + imag**2, 1.0, real, imag, *shares)])
