"""Coarse grids for wavelet coherence: which points in time and scale carry everything that a band mean needs.

A wavelet coefficient times its complex conjugate in another series is slow: its spectrum falls as exp(-w²s²/4) at
scale s, and the smoothing Gaussian's as exp(-w²s²/2). Sampled every r scales, the smoothed product therefore aliases
by at most exp(-(2 pi/r)²/6): 2e-7 at r = 0.65. So each octave of a band gets one grid with a step of 0.65 of its finest
scale (less in short recordings, more in very long ones); products are smoothed by a short FIR, and the result is kept
at every second point. Over scales products are smooth as well, and some nine scales an octave stand for all.
Ends of the recording and of the cone lie between points: there the sums are weighted like integrals of polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.optimize import nnls

from interbrain.arrays import wavelet
from interbrain.measures._wavelet_kernel import TAPS, VECTOR, filtered, pick
from interbrain.measures._wavelet_map import first_inside

FINEST_STEP, STEP, COARSEST_STEP = 0.3, 0.65, 0.9
"""Grid step in units of the finest scale of a group: in short recordings, in most, in long ones."""

LONG, GROWTH = 300, 0.25
"""In recordings of more scales than that the step grows with this power of their number: aliases then average out
over more points, and the error of a band mean stays as it is."""

POINTS = 60
"""Points over a recording below which the step is made finer: few points make a poor mean over time."""

SPACING = 0.112
"""Octaves between the scales that are computed, at most (for omega0 = 6); see :func:`choose_scales`."""

FEWEST = 4
"""Scales that a group keeps at least, if it has as many: the sum over them is corrected at both ends."""

REACH = 4.0
"""Half-length of the FIR in SD of the Gaussian."""

_END_ORDER, _CONE_ORDER = 6, 4
_FLANK = 4.0


@dataclass(frozen=True, eq=False)
class Grid:
    """Scales of a group that share coarse points: every one (two phases, even and odd) or every second (one phase).

    ``points`` are the coarse points over the padded length. ``gather (phase, point)`` picks those around the recording,
    ``ends`` weights them by the recording's ends. ``taps (scale, lag)`` is the Gaussian's right half.
    """

    points: int
    bins: np.ndarray
    bank: np.ndarray
    gather: np.ndarray
    ends: np.ndarray
    taps: np.ndarray


@dataclass(frozen=True, eq=False)
class Group:
    """Neighbouring scales of one band with common out times; times and scales in samples.

    ``scales`` are those transformed (the wanted ones and what the boxcar reaches beyond; the ``fast`` first, then the
    ``slow``), ``wanted`` those that enter the mean. ``length`` is the padded length. ``out_times`` are the times of the
    smoothed points, ``out_step`` apart; ``halo`` points of a phase come before them. ``cells (wanted, out time)`` are
    the samples inside the cone that each stands for.
    """

    scales: np.ndarray
    wanted: np.ndarray
    length: int
    fast: Grid
    slow: Grid
    kernel: np.ndarray
    halo: int
    out_times: np.ndarray
    out_step: float
    cells: np.ndarray


@dataclass(frozen=True, eq=False)
class Chosen:
    """Scales that stand for those of a group: ``positions`` in steps of its own, from its first one on.

    ``around`` are those transformed, the positions and as many beyond either end as ``taps``, the boxcar over them,
    reaches; ``weights`` make a sum over the positions the sum over the group's scales.
    """

    positions: np.ndarray
    around: np.ndarray
    taps: np.ndarray
    weights: np.ndarray


def choose_scales(n: int, finest: float, taps: np.ndarray, first: int, omega0: float, dj: float) -> Chosen:
    """Fewer scales that give the same boxcar and the same mean over ``n`` neighbouring scales, ``dj`` octaves apart.

    Over scales too a product of coefficients is smooth: its spectrum falls as exp(-(2 pi v σ)²/2) at v cycles an
    octave, σ = 1/(√2 omega0 ln 2) octaves. Some nine scales an octave therefore carry it for omega0 = 6, with a boxcar
    over them whose response is nearest that of the boxcar asked for, weighted by that spectrum (its taps are not
    negative, so coherence stays below 1). Where the finest wavelet reaches half
    the rate products are not smooth, so every scale is kept.
    """
    reach = max(-first, len(taps) - 1 + first)
    step = min(float(n), SPACING * 6 / omega0 / dj)
    n_chosen = max(FEWEST, int(np.ceil(n / step - 1e-9)))
    step = n / n_chosen
    cut = finest * 2.0 ** (-dj * (reach + step)) * np.pi < omega0 + _FLANK
    if step <= 1 or cut:
        index = np.arange(n, dtype=np.float64)
        return Chosen(index, np.arange(n + len(taps) - 1.0) + first, taps, np.ones(n))
    side = int(np.round(reach / step))
    around = (np.arange(-side, n_chosen + side) + 0.5) * step - 0.5
    weights = np.full(n_chosen, step)
    bend = (step**2 - 1) / (24 * step)  # the midpoint rule's error is in the slopes at both ends
    weights[[0, -1]] += bend
    weights[[1, -2]] -= bend
    return Chosen(around[side : side + n_chosen], around, _nearest_boxcar(taps, first, step, side, omega0, dj), weights)


def _nearest_boxcar(taps: np.ndarray, first: int, step: float, side: int, omega0: float, dj: float) -> np.ndarray:
    sigma = 1 / (np.sqrt(2) * omega0 * np.log(2))
    cycles = np.linspace(-3, 3, 1201) / (2 * np.pi * sigma) * np.sqrt(2)
    present = np.exp(-0.5 * (2 * np.pi * cycles * sigma) ** 2)
    present[600] = 1e4  # a constant is kept: it is what both powers are made of

    def responses(index: np.ndarray) -> np.ndarray:
        waves = present * np.exp(2j * np.pi * dj * index[:, None] * cycles)
        return np.concatenate([waves.real, waves.imag], axis=1)

    wanted = taps @ responses(np.arange(len(taps)) + first)
    return nnls(responses(np.arange(-side, side + 1) * step).T, wanted)[0]  # type: ignore[no-any-return]


def make_group(
    n: int, wanted: np.ndarray, taps: np.ndarray, first: int, omega0: float, dj: float, length: int
) -> Group:
    """The grids of a group for recordings of ``n`` samples, padded to ``length``.

    ``taps`` and ``first`` are the boxcar over scales. Scales at least twice the finest have every second point: the
    same step in units of their scale.
    """
    chosen = choose_scales(len(wanted), float(wanted[0]), taps, first, omega0, dj)
    scales = wanted[0] * 2.0 ** (dj * chosen.around)
    inside = sum(max(0, n - 2 * first_inside(s, "edge")) for s in wanted)
    wanted = wanted[0] * 2.0 ** (dj * chosen.positions)
    length_in_scales = n / wanted[0]
    step = STEP * max(1.0, length_in_scales / LONG) ** GROWTH
    step = wanted[0] * max(FINEST_STEP, min(step, COARSEST_STEP, length_in_scales / POINTS))
    half = min(length // 2, int(fft.next_fast_len(int(np.ceil(length / step / 2)))))
    step = length / half / 2

    bounds = [(first_inside(s, "edge"), n - 1 - first_inside(s, "edge")) for s in wanted]
    out_first = int(np.floor(bounds[0][0] / (2 * step))) - _CONE_ORDER // 2
    out_last = int(np.floor(bounds[0][1] / (2 * step))) + _CONE_ORDER // 2 + 1
    n_out = _whole_vectors(out_last - out_first + 1)
    cells = np.stack(
        [
            weight * interval(low, high, 2 * step, out_first, n_out, _CONE_ORDER) if low <= high else np.zeros(n_out)
            for weight, (low, high) in zip(chosen.weights, bounds, strict=True)
        ]
    )
    cells *= inside / max(cells.sum(), 1.0)  # whole samples inside the cone, of the scales that were asked for

    slow = scales >= 2 * scales[0] * (1 - 1e-9)
    fast_taps, slow_taps = _gauss(scales[~slow], step), _gauss(scales[slow], 2 * step)
    halo = _whole_vectors(2 * max(fast_taps.shape[1] // 2, slow_taps.shape[1]) + 2) // 2
    place = np.arange(n_out + 2 * halo) + out_first - halo

    def grid(scales: np.ndarray, phases: int, taps: np.ndarray) -> Grid:
        at = (place * phases + np.arange(phases)[:, None]).T.ravel()
        ends = interval(0, n - 1, 2 * step / phases, int(at[0]), len(at), _END_ORDER) * phases / (2 * step)
        gather = (at % (half * phases)).reshape(-1, phases).T
        ends = np.ascontiguousarray(ends.reshape(-1, phases).T, dtype=np.float32)
        return Grid(half * phases, *_bank(scales, length, half * phases, omega0), gather, ends, taps)

    return Group(
        scales=scales,
        wanted=wanted,
        length=length,
        fast=grid(scales[~slow], 2, fast_taps),
        slow=grid(scales[slow], 1, slow_taps),
        kernel=np.pad(chosen.taps, (0, -len(chosen.taps) % TAPS)).astype(np.float32),
        halo=halo,
        out_times=(np.arange(n_out) + out_first) * 2 * step,
        out_step=2 * step,
        cells=cells.astype(np.float32),
    )


def _whole_vectors(n: int) -> int:
    return -(-n // VECTOR) * VECTOR


def _gauss(scales: np.ndarray, step: float) -> np.ndarray:
    """``(scale, lag)``: the Gaussian from lag 0 on, zero beyond its reach, one and a multiple of four lags."""
    slowest = float(scales[-1]) if len(scales) else 0.0
    lags = np.arange(1 + 4 * int(np.ceil((np.floor(REACH * slowest / step) + 1) / 4)))
    away = lags * step / scales[:, None]
    return np.where(away <= REACH, np.exp(-0.5 * away**2) * step / scales[:, None], 0.0).astype(np.float32)


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
    gain *= points / length  # so that grids of different steps give coefficients of one unit
    return np.where(present, wanted, 0), gain.astype(np.float32)


def split(scales: np.ndarray, per_octave: int) -> list[np.ndarray]:
    """Groups of at most an octave, as even as possible."""
    n_groups = max(1, -(-len(scales) // per_octave))
    return np.array_split(scales, n_groups)


def coefficients(spectra: np.ndarray, grid: Grid) -> np.ndarray:
    """float32 ``(channel, scale, phase, re/im, point)`` from ``(channel, bin)`` spectra of the padded series."""
    out = np.empty((len(spectra), len(grid.bins), len(grid.gather), 2, grid.gather.shape[1]), dtype=np.float32)
    pick(fft.ifft(filtered(spectra, grid.bins, grid.bank), axis=-1, overwrite_x=True), grid.gather, out)
    return out


def gap_shares(away: np.ndarray, group: Group) -> np.ndarray:
    """Share of each cell ``(wanted, out time)`` that lies away from gaps, from ``(wanted, time)`` at full rate."""
    n = away.shape[1]
    edge = np.clip(np.round(group.out_times[:, None] + np.array([-0.5, 0.5]) * group.out_step), 0, n).astype(int)
    total = np.concatenate([np.zeros((len(away), 1)), np.cumsum(away, axis=1)], axis=1)
    width = edge[:, 1] - edge[:, 0]
    share = (total[:, edge[:, 1]] - total[:, edge[:, 0]]) / np.maximum(width, 1)
    return np.where(width > 0, share, 1.0).astype(np.float32)
