"""Coarse grids for wavelet coherence: which points in time and scale carry everything that a band mean needs.

A wavelet coefficient times its complex conjugate in another series is slow: its spectrum falls as exp(-w²s²/4) at
scale s, and the smoothing Gaussian's as exp(-w²s²/2). Sampled every r scales, the smoothed product therefore aliases
by at most exp(-(2 pi/r)²/6): 2e-7 at r = 0.65. So each octave of a band gets one grid with a step of 0.65 of its finest
scale (less in short recordings); products are smoothed by a short FIR, and the result is kept at every second point.
Ends of the recording and of the cone lie between points: there the sums are weighted like integrals of polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from interbrain.arrays import wavelet
from interbrain.measures._wavelet_map import first_inside

STEP, FINEST_STEP = 0.65, 0.3
"""Grid step in units of the finest scale of a group, in long recordings and at least."""

POINTS = 60
"""Points over a recording below which the step is made finer: few points make a poor mean over time."""

REACH = 4.0
"""Half-length of the FIR in SD of the Gaussian."""

_END_ORDER, _CONE_ORDER = 6, 4


@dataclass(frozen=True, eq=False)
class Group:
    """Neighbouring scales of one band on one coarse grid; times and scales in samples.

    ``scales`` are those transformed (the wanted ones and what the boxcar reaches beyond), ``wanted`` those that enter
    the mean. ``length`` is the padded length, ``points`` the coarse points over it. ``gather (2, point)`` picks the
    points around the recording in two phases, ``ends`` weights them by the recording's ends. ``out_times`` are the
    times of the smoothed points, ``out_step`` apart; ``cells (wanted, out time)`` the samples inside the cone that
    each stands for.
    """

    scales: np.ndarray
    wanted: np.ndarray
    length: int
    points: int
    bins: np.ndarray
    bank: np.ndarray
    gather: np.ndarray
    ends: np.ndarray
    taps: np.ndarray
    kernel: np.ndarray
    halo: int
    out_times: np.ndarray
    out_step: float
    cells: np.ndarray


def make_group(n: int, wanted: np.ndarray, taps: np.ndarray, first: int, omega0: float, dj: float) -> Group:
    """The grid of a group for recordings of ``n`` samples; ``taps`` and ``first`` are the boxcar over scales."""
    scales = wanted[0] * 2.0 ** (dj * (np.arange(len(wanted) + len(taps) - 1) + first))
    length = wavelet.padded_length(n, float(scales[-1]))
    step = wanted[0] * max(FINEST_STEP, min(STEP, n / wanted[0] / POINTS))
    points = min(length, int(fft.next_fast_len(int(np.ceil(length / step)))))
    step = length / points
    bins, bank = _bank(scales, length, points, omega0)

    bounds = [(first_inside(s, "edge"), n - 1 - first_inside(s, "edge")) for s in wanted]
    out_first = int(np.floor(bounds[0][0] / (2 * step))) - _CONE_ORDER // 2
    out_last = int(np.floor(bounds[0][1] / (2 * step))) + _CONE_ORDER // 2 + 1
    n_out = out_last - out_first + 1
    cells = [
        interval(low, high, 2 * step, out_first, n_out, _CONE_ORDER) if low <= high else np.zeros(n_out)
        for low, high in bounds
    ]

    lags = np.arange(int(np.ceil(REACH * scales[-1] / step)) + 2)
    lags = lags if len(lags) % 2 else np.append(lags, len(lags))
    away = lags * step / scales[:, None]
    gauss = np.where(away <= REACH, np.exp(-0.5 * away**2) * step / scales[:, None], 0.0)
    halo = len(lags) // 2 + 1
    place = np.arange(2 * (n_out + 2 * halo)) + 2 * (out_first - halo)
    ends = interval(0, n - 1, step, int(place[0]), len(place), _END_ORDER) / step
    return Group(
        scales=scales,
        wanted=wanted,
        length=length,
        points=points,
        bins=bins,
        bank=bank,
        gather=(place % points).reshape(-1, 2).T,
        ends=np.ascontiguousarray(ends.reshape(-1, 2).T, dtype=np.float32),
        taps=gauss.astype(np.float32),
        kernel=taps.astype(np.float32),
        halo=halo,
        out_times=(np.arange(n_out) + out_first) * 2 * step,
        out_step=2 * step,
        cells=np.asarray(cells, dtype=np.float32),
    )


def interval(low: int, high: int, step: float, first: int, n: int, order: int) -> np.ndarray:
    """Weights of coarse points that give the sum over the samples low … high; point k lies at ``k * step``."""
    return step * wavelet.interval_weights((low - 0.5) / step, (high + 0.5) / step, first, n, order)


def _bank(scales: np.ndarray, length: int, points: int, omega0: float) -> tuple[np.ndarray, np.ndarray]:
    """Bins of the long spectrum that each scale needs, in the order of the short inverse FFT, and their gains.

    The bin nearest the scale's centre comes first: the coefficients are demodulated, which no product notices.
    """
    centre = np.round(omega0 / scales * length / (2 * np.pi)).astype(int)
    offset = np.round(fft.fftfreq(points, 1 / points)).astype(int)
    wanted = centre[:, None] + offset
    present = (wanted > 0) & (wanted <= length // 2)
    omega = 2 * np.pi * wanted / length
    gain = np.where(present, wavelet.morlet_filter(scales[:, None] * omega, omega0), 0.0)
    return np.where(present, wanted, 0), gain.astype(np.float32)


def split(scales: np.ndarray, per_octave: int) -> list[np.ndarray]:
    """Groups of at most an octave, as even as possible."""
    n_groups = max(1, -(-len(scales) // per_octave))
    return np.array_split(scales, n_groups)


def coefficients(spectra: np.ndarray, group: Group) -> np.ndarray:
    """float32 ``(channel, scale, re/im, phase, point)`` from ``(channel, bin)`` spectra of the padded series."""
    short = fft.ifft((spectra[:, group.bins] * group.bank).astype(np.complex64), axis=-1, overwrite_x=True)
    picked = short[:, :, group.gather]
    return np.ascontiguousarray(np.stack([picked.real, picked.imag], axis=2), dtype=np.float32)


def gap_shares(away: np.ndarray, group: Group) -> np.ndarray:
    """Share of each cell ``(wanted, out time)`` that lies away from gaps, from ``(wanted, time)`` at full rate."""
    n = away.shape[1]
    edge = np.clip(np.round(group.out_times[:, None] + np.array([-0.5, 0.5]) * group.out_step), 0, n).astype(int)
    total = np.concatenate([np.zeros((len(away), 1)), np.cumsum(away, axis=1)], axis=1)
    width = edge[:, 1] - edge[:, 0]
    share = (total[:, edge[:, 1]] - total[:, edge[:, 0]]) / np.maximum(width, 1)
    return np.where(width > 0, share, 1.0).astype(np.float32)
