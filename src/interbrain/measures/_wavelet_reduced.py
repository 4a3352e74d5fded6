"""The fast path of wavelet coherence: one coarse grid an octave, all channel pairs in one compiled loop.

Against the full-rate map band means differ by at most 7e-4 (median 8e-5; white, random-walk and band-passed series of
70 s to 50 min, periods of 1.5 to 96 s), in bands of two or three scales by up to 1.5e-3, and by 1e-3 where a filter
has left a band only its flank. Around a gap whole cells of the grid are weighted by their share away from it: with gaps
of 5 to 8 s in half of the channels, one in five minutes, they differ by up to 5e-3 (one of a hundred by more than 3e-3;
in 70 s by up to 8e-3; median 2e-4). Phases differ by up to 0.01 rad where coherence exceeds 0.3, by up to 0.07 in bands
in which the phase turns round, with such gaps by up to 0.4 (one pair in a thousand); the shares of the phase's
quarters, which jump at their borders, by up to 0.07. Where a band holds less than about 1e-8 of a series' power, the
full transform reads slow power through the Gaussian's tail, which the coarse grid leaves out, and the two differ;
neither then says anything about the band.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from interbrain.arrays import wavelet
from interbrain.measures import _wavelet_kernel as kernel
from interbrain.measures._wavelet_grid import SPACING, Group, coefficients, gap_shares, make_group, split
from interbrain.measures._wavelet_map import Convention, away_from_gaps, scale_kernel

_TOGETHER = 4
"""Channels transformed at once: their spectra in double precision stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Side:
    """One person on one group's grids: coefficients, one over the root of the smoothed power, share away from gaps."""

    fast: np.ndarray
    slow: np.ndarray
    root: np.ndarray
    clear: np.ndarray
    gaps: bool


def parts(n: int, scales: np.ndarray, voices: int, omega0: float, convention: Convention) -> tuple[Group, ...]:
    """The grids that cover a band's ``scales`` (in samples) in a recording of ``n`` samples."""
    taps, first = scale_kernel(convention.scale_kernel, 1 / voices)
    length = wavelet.padded_length(n, float(scales[-1]) * 2.0 ** ((len(taps) + first + SPACING * voices) / voices))
    return tuple(make_group(n, part, taps, first, omega0, 1 / voices, length) for part in split(scales, voices))


def clear_of_gaps(group: Group, valid: np.ndarray) -> np.ndarray:
    """``(channel, scale, out time)`` from a mask ``(channel, time)``."""
    clear = np.ones((len(valid), *group.cells.shape), dtype=np.float32)
    for c in np.flatnonzero(~valid.all(axis=1)):
        clear[c] = gap_shares(away_from_gaps(valid[c], group.wanted), group)
    return clear


def sides(
    groups: Sequence[Group], n: int, series: Callable[[slice], np.ndarray], clear: Sequence[np.ndarray]
) -> tuple[Side, ...]:
    """One person's series without gaps, transformed once for all partners.

    ``series`` gives those of some of the ``n`` channels, ``(channel, time)``.
    """
    if not groups:
        return ()
    length = groups[0].length
    spectra = np.empty((n, length // 2 + 1), dtype=np.complex64)
    for c in range(0, n, _TOGETHER):  # in double precision: filtered series hold little power in some bands
        some = slice(c, c + _TOGETHER)
        spectra[some] = fft.rfft(series(some), length)
    return tuple(_side(group, spectra, mask) for group, mask in zip(groups, clear))


def _side(group: Group, spectra: np.ndarray, clear: np.ndarray) -> Side:
    fast, slow = coefficients(spectra, group.fast), coefficients(spectra, group.slow)
    root = kernel.roots(
        (fast, slow),
        (group.fast.ends, group.slow.ends),
        (group.fast.taps, group.slow.taps),
        group.halo,
        group.kernel,
        *group.cells.shape,
    )
    return Side(fast, slow, root, clear, bool((clear < 1).any()))


def profiles(group: Group, a: Side, b: Side, whole: bool = True, by_time: bool = True) -> np.ndarray:
    """``(SUMS, A, B, out time)``, see ``_wavelet_kernel.profiles``; not ``whole``: the first row, squared coherence.

    Not ``by_time``: sums over stretches of out times, some hundred times less to keep.
    """
    return kernel.profiles(  # type: ignore[no-any-return]
        (a.fast, a.slow),
        (b.fast, b.slow),
        (group.fast.ends, group.slow.ends),
        (group.fast.taps, group.slow.taps),
        group.halo,
        group.kernel,
        a.root,
        b.root,
        a.clear,
        b.clear,
        a.gaps or b.gaps,
        group.cells,
        whole,
        by_time,
    )


def crosses(group: Group, a: Side, b: Side) -> np.ndarray:
    """Smoothed cross-spectra ``(A, B, scale, out time)``."""
    return kernel.crosses(  # type: ignore[no-any-return]
        (a.fast, a.slow),
        (b.fast, b.slow),
        (group.fast.ends, group.slow.ends),
        (group.fast.taps, group.slow.taps),
        group.halo,
        group.kernel,
        *group.cells.shape,
    )
