"""The loop over channel pairs: cross product, smoothing in time and over scales, squared coherence, sums over scales.

Nothing is kept but some rows a pair, so memory does not grow with the map. Time is cut into tiles and one person's
channels into blocks that stay in the processor's cache. Fast scales lie in two phases (even and odd coarse points),
because the smoothed products are wanted at every second point only; slow scales have no odd points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

TILE = 256
"""Out times of a tile."""

ROW = TILE + 96
"""Points of a phase in a tile, halo included."""

BLOCK = 4
"""Channels of one person that a tile is done for before the next ones."""

VECTOR = 32
"""Points that a compiled loop does at once. What is left over is done one by one, so tiles with their halos are
multiples of it."""

TAPS = 7
"""Scales that the boxcar adds at a time."""

SUMS = 7
"""Rows that :func:`profiles` gives: squared coherence, weight, complex coherence (2), shares of the phase (3)."""


def _without_owner(typing, array):  # type: ignore[no-untyped-def]
    """The same array without an owner: cutting rows out of it then counts no references, a tenth of the loop's time.

    Who lends must hold the array until the end.
    """

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        view = make_array(array)(context, builder, args[0])
        view.meminfo = view.meminfo.type(None)
        return view._getvalue()

    return array(array), codegen


_lent: Any = intrinsic(_without_owner)


@njit(nogil=True, cache=True)
def filtered(spectra, bins, bank):  # type: ignore[no-untyped-def]
    """complex64 ``(channel, scale, point)``: ``spectra[channel, bins] * bank``."""
    n_scales, n_points = bins.shape
    out = np.empty((len(spectra), n_scales, n_points), dtype=np.complex64)
    for c in range(len(spectra)):
        for s in range(n_scales):
            spectrum, place, gain, to = spectra[c], bins[s], bank[s], out[c, s]
            for k in range(n_points):
                to[k] = spectrum[place[k]] * gain[k]
    return out


@njit(nogil=True, cache=True)
def pick(short, gather, out):  # type: ignore[no-untyped-def]
    """From complex ``(channel, scale, point)`` into float32 ``(channel, scale, phase, re/im, point)``."""
    n_channels, n_scales, _ = short.shape
    n_phases, n_points = gather.shape
    for c in range(n_channels):
        for s in range(n_scales):
            row = short[c, s]
            for phase in range(n_phases):
                place, re, im = gather[phase], out[c, s, phase, 0], out[c, s, phase, 1]
                for i in range(n_points):
                    value = row[place[i]]
                    re[i] = value.real
                    im[i] = value.imag


@njit(nogil=True, cache=True, fastmath=True)
def _both_phases(even, odd, taps, halo, out):  # type: ignore[no-untyped-def]
    """Symmetric FIR at every even point: ``out[o]`` sums ``taps[|k|]`` times point ``2 (o + halo) + k``.

    Four lags at a time, so that ``out`` is seldom read and written; few slices, so that the loop becomes vector code.
    """
    n = out.size
    for r in range(1, (taps.size + 1) // 2, 2):
        g1, g2, g3, g4 = taps[2 * r - 1], taps[2 * r], taps[2 * r + 1], taps[2 * r + 2]
        odd_left, odd_right = odd[halo - r - 1 : halo - r + n], odd[halo + r - 1 : halo + r + n]
        even_left, even_right = even[halo - r - 1 : halo - r + n], even[halo + r : halo + r + n + 1]
        if r == 1:
            middle, gain = even[halo : halo + n], taps[0]
            for o in range(n):
                near = g1 * (odd_right[o] + odd_left[o + 1]) + g2 * (even_right[o] + even_left[o + 1])
                far = g3 * (odd_right[o + 1] + odd_left[o]) + g4 * (even_right[o + 1] + even_left[o])
                out[o] = gain * middle[o] + near + far
        elif g1 == 0.0:
            break
        elif g3 == 0.0:
            for o in range(n):
                out[o] += g1 * (odd_right[o] + odd_left[o + 1]) + g2 * (even_right[o] + even_left[o + 1])
            break
        else:
            for o in range(n):
                near = g1 * (odd_right[o] + odd_left[o + 1]) + g2 * (even_right[o] + even_left[o + 1])
                far = g3 * (odd_right[o + 1] + odd_left[o]) + g4 * (even_right[o + 1] + even_left[o])
                out[o] += near + far


@njit(nogil=True, cache=True, fastmath=True)
def _one_phase(points, taps, halo, out):  # type: ignore[no-untyped-def]
    """Symmetric FIR at every point: ``out[o]`` sums ``taps[|k|]`` times point ``o + halo + k``."""
    n = out.size
    for k in range(1, taps.size, 4):
        g1, g2, g3, g4 = taps[k], taps[k + 1], taps[k + 2], taps[k + 3]
        left, right = points[halo - k - 3 : halo - k + n], points[halo + k : halo + k + n + 3]
        if k == 1:
            middle, gain = points[halo : halo + n], taps[0]
            for o in range(n):
                near = g1 * (right[o] + left[o + 3]) + g2 * (right[o + 1] + left[o + 2])
                out[o] = gain * middle[o] + near + g3 * (right[o + 2] + left[o + 1]) + g4 * (right[o + 3] + left[o])
        elif g1 == 0.0:
            break
        elif g3 == 0.0:
            for o in range(n):
                out[o] += g1 * (right[o] + left[o + 3]) + g2 * (right[o + 1] + left[o + 2])
            break
        else:
            for o in range(n):
                near = g1 * (right[o] + left[o + 3]) + g2 * (right[o + 1] + left[o + 2])
                out[o] += near + g3 * (right[o + 2] + left[o + 1]) + g4 * (right[o + 3] + left[o])


@njit(nogil=True, cache=True, fastmath=True)
def _smooth(product, start, taps, halo, out):  # type: ignore[no-untyped-def]
    if product.shape[0] == 2:
        _both_phases(product[0, start : start + ROW], product[1, start : start + ROW], taps, halo, out)
    else:
        _one_phase(product[0, start : start + ROW], taps, halo, out)


@njit(nogil=True, cache=True, fastmath=True)
def _boxcar(rows, first, kernel, n, out):  # type: ignore[no-untyped-def]
    """``out`` is the sum of ``kernel[k] * rows[first + k]``; only additions, so weak scales stay exact.

    ``rows`` holds rows of ``2 * TILE`` numbers, and ``TAPS`` rows of zeros.
    """
    for k in range(0, kernel.size, TAPS):
        x = rows[(first + k) * 2 * TILE : (first + k + TAPS) * 2 * TILE]
        g = kernel[k : k + TAPS]
        if k == 0:
            for o in range(n):
                out[o] = _sum(x, g, o)
        else:
            for o in range(n):
                out[o] += _sum(x, g, o)


@njit(inline="always", fastmath=True)
def _sum(x, g, o):  # type: ignore[no-untyped-def]
    low = g[0] * x[o] + g[1] * x[2 * TILE + o] + g[2] * x[4 * TILE + o]
    high = g[4] * x[8 * TILE + o] + g[5] * x[10 * TILE + o] + g[6] * x[12 * TILE + o]
    return low + g[3] * x[6 * TILE + o] + high


@njit(nogil=True, cache=True, fastmath=True)
def _cross(u, v, first, n, product):  # type: ignore[no-untyped-def]
    """``u * conj(v)`` of one scale into ``product``: the real part, and ``ROW`` numbers later the imaginary one."""
    a, b, x, y = u[0, first : first + n], u[1, first : first + n], v[0, first : first + n], v[1, first : first + n]
    for i in range(n):
        product[i] = a[i] * x[i] + b[i] * y[i]
        product[ROW + i] = b[i] * x[i] - a[i] * y[i]


@njit(nogil=True, cache=True)
def _plain(ends, first, n):  # type: ignore[no-untyped-def]
    """Which of ``n`` points from ``first`` on lie between the recording's ends, where weights are 1: (from, to)."""
    low, high = 0, n
    for phase in range(ends.shape[0]):
        row = ends[phase, first : first + n]
        while low < n and (row[low : low + VECTOR] != 1).any():
            low += VECTOR
    for phase in range(ends.shape[0]):
        row = ends[phase, first : first + n]
        while high > low and (row[high - VECTOR : high] != 1).any():
            high -= VECTOR
    return low, high


@njit(nogil=True, cache=True, fastmath=True)
def _smoothed_cross(u, v, ends, plain, taps, halo, first, n, product, out):  # type: ignore[no-untyped-def]
    """One scale of a tile, ``u`` and ``v`` ``(phase, re/im, point)``: real parts, and ``TILE`` later imaginary ones."""
    n_phases, m = u.shape[0], n + 2 * halo
    for phase in range(n_phases):
        to = product[phase]
        _cross(u[phase], v[phase], first, m, to)
        if plain[0] > 0:
            _weigh(to, ends[phase, first : first + m], 0, plain[0])
        if plain[1] < m:
            _weigh(to, ends[phase, first : first + m], plain[1], m)
    _smooth(product, 0, taps, halo, out[:n])
    _smooth(product, ROW, taps, halo, out[TILE : TILE + n])


@njit(nogil=True, cache=True, fastmath=True)
def _weigh(product, ends, low, high):  # type: ignore[no-untyped-def]
    end, re, im = ends[low:high], product[low:high], product[ROW + low : ROW + high]
    for i in range(high - low):
        re[i] *= end[i]
    for i in range(high - low):
        im[i] *= end[i]


@njit(nogil=True, cache=True, fastmath=True)
def _smoothed_power(u, ends, taps, halo, first, n, product, out):  # type: ignore[no-untyped-def]
    n_phases, m = u.shape[0], n + 2 * halo
    for phase in range(n_phases):
        x, y, end, to = u[phase, 0], u[phase, 1], ends[phase], product[phase]
        x, y, end = x[first : first + m], y[first : first + m], end[first : first + m]
        for i in range(m):
            to[i] = (x[i] * x[i] + y[i] * y[i]) * end[i]
    _smooth(product, 0, taps, halo, out[:n])


@njit(nogil=True, cache=True, fastmath=True)
def roots(u, ends, taps, halo, kernel, n_rows, n_out):  # type: ignore[no-untyped-def]
    """One over the root of the smoothed power ``(channel, out scale, out time)``, 0 where there is none.

    Parameters as in :func:`profiles`.
    """
    n_channels, n_fast, n_slow = u[0].shape[0], u[0].shape[1], u[1].shape[1]
    out = np.empty((n_channels, n_rows, n_out), dtype=np.float32)
    rows = np.zeros((n_fast + n_slow + TAPS) * 2 * TILE, dtype=np.float32)
    products = np.zeros((2, 2 * ROW), dtype=np.float32), np.zeros((1, 2 * ROW), dtype=np.float32)
    row = np.empty(TILE, dtype=np.float32)
    for first in range(0, n_out, TILE):
        n = min(TILE, n_out - first)
        for c in range(n_channels):
            for s in range(n_fast):
                _smoothed_power(u[0][c, s], ends[0], taps[0][s], halo, first, n, products[0], rows[2 * TILE * s :])
            for s in range(n_slow):
                to = rows[2 * TILE * (n_fast + s) :]
                _smoothed_power(u[1][c, s], ends[1], taps[1][s], halo, first, n, products[1], to)
            for j in range(n_rows):
                _boxcar(rows, j, kernel, n, row)
                to = out[c, j, first : first + n]
                for o in range(n):
                    to[o] = np.float32(1.0) / np.sqrt(row[o]) if row[o] > 0 else np.float32(0.0)
    return out


@njit(nogil=True, cache=True, fastmath=True)
def _add(rows, g, root_a, root_b, weight, sums):  # type: ignore[no-untyped-def]
    """Add the weighted squared coherence of one row of cells, boxcar included, to the first of the ``sums``."""
    for o in range(weight.size):
        scale = root_a[o] * root_b[o]
        x, y = scale * _sum(rows, g, o), scale * _sum(rows, g, TILE + o)
        sums[o] += weight[o] * (x * x + y * y)


@njit(nogil=True, cache=True, fastmath=True)
def _add_whole(rows, g, root_a, root_b, weight, sums):  # type: ignore[no-untyped-def]
    """Add one row of cells, boxcar included, to all ``SUMS`` rows of ``TILE`` numbers."""
    zero = np.float32(0.0)
    for o in range(weight.size):
        w, scale = weight[o], root_a[o] * root_b[o]
        x, y = scale * _sum(rows, g, o), scale * _sum(rows, g, TILE + o)
        size, across = abs(x), abs(y)
        sums[o] += w * (x * x + y * y)
        sums[TILE + o] += w
        sums[2 * TILE + o] += w * x
        sums[3 * TILE + o] += w * y
        sums[4 * TILE + o] += w if (x > zero) & (across <= size) else zero
        sums[5 * TILE + o] += w if (y > zero) & (across > size) else zero
        sums[6 * TILE + o] += w if (y < zero) & (across > size) else zero


@njit(nogil=True, cache=True, fastmath=True)
def profiles(a, b, ends, taps, halo, kernel, roots_a, roots_b, clear_a, clear_b, gaps, cells, whole, by_time):  # type: ignore[no-untyped-def]
    """Sums over scales of squared coherence and, where ``whole``, of what else is known, for every pair and out time.

    Parameters
    ----------
    a, b
        (fast, slow) coefficients, float32 ``(channel, scale, phase, re/im, point)``.
    ends
        (fast, slow) weights of the recording's ends ``(phase, point)``.
    taps
        (fast, slow) ``(scale, lag)``: the Gaussian's right half; zeros end it.
    halo
        Points of a phase before the first out time.
    kernel
        ``(k,)``: boxcar over scales, with zeros up to a multiple of ``TAPS``.
    roots_a, roots_b
        ``(channel, out scale, out time)``: one over the root of the smoothed power.
    clear_a, clear_b
        Same shape: the share of a cell away from gaps; read only where ``gaps``.
    cells
        ``(out scale, out time)``: samples that a cell stands for inside the cone of influence.

    by_time
        Whether every out time is kept, or only the sums of its tiles.

    Returns
    -------
    ndarray
        float32 ``(SUMS or 1, A, B, out time or tile)``: sums of weight × squared coherence; weight; weight × complex
        coherence (real, imaginary); weight where A and B are in phase, A leads, B leads.
    """
    kept = cells.shape[1] if by_time else (cells.shape[1] + TILE - 1) // TILE
    out = np.zeros((SUMS if whole else 1, a[0].shape[0], b[0].shape[0], kept), dtype=np.float32)
    rows = np.zeros((a[0].shape[1] + a[1].shape[1] + TAPS) * 2 * TILE, dtype=np.float32)
    products = np.zeros((2, 2 * ROW), dtype=np.float32), np.zeros((1, 2 * ROW), dtype=np.float32)
    sums, weight = np.zeros(SUMS * TILE, dtype=np.float32), np.zeros(TILE, dtype=np.float32)
    wide, one = np.zeros(TAPS * 2 * TILE, dtype=np.float32), np.zeros(TAPS, dtype=np.float32)
    one[0] = np.float32(1.0)
    _profiles(
        (_lent(a[0]), _lent(a[1])),
        (_lent(b[0]), _lent(b[1])),
        (_lent(ends[0]), _lent(ends[1])),
        (_lent(taps[0]), _lent(taps[1])),
        halo,
        _lent(kernel),
        _lent(roots_a),
        _lent(roots_b),
        _lent(clear_a),
        _lent(clear_b),
        gaps,
        _lent(cells),
        whole,
        by_time,
        _lent(out),
        _lent(rows),
        (_lent(products[0]), _lent(products[1])),
        _lent(sums),
        _lent(weight),
        _lent(wide),
        _lent(one),
    )
    return out


@njit(nogil=True, cache=True, fastmath=True)
def _profiles(  # type: ignore[no-untyped-def]
    a, b, ends, taps, halo, kernel, roots_a, roots_b, clear_a, clear_b, gaps, cells, whole, by_time,
    out, rows, products, sums, weight, wide, one,
):  # fmt: skip
    """Into ``out``, see :func:`profiles`; the other arrays are room to work in."""
    n_a, n_b = a[0].shape[0], b[0].shape[0]
    n_fast, n_slow = a[0].shape[1], a[1].shape[1]
    n_rows, n_out = cells.shape
    for first in range(0, n_out, TILE):
        n = min(TILE, n_out - first)
        last, m = first + n, n + 2 * halo
        fast, slow = _plain(ends[0], first, m), _plain(ends[1], first, m)
        for block in range(0, n_b, BLOCK):
            for i in range(n_a):
                for k in range(block, min(n_b, block + BLOCK)):
                    for s in range(n_fast):
                        u, v, to = a[0][i, s], b[0][k, s], rows[2 * TILE * s :]
                        _smoothed_cross(u, v, ends[0], fast, taps[0][s], halo, first, n, products[0], to)
                    for s in range(n_slow):
                        u, v, to = a[1][i, s], b[1][k, s], rows[2 * TILE * (n_fast + s) :]
                        _smoothed_cross(u, v, ends[1], slow, taps[1][s], halo, first, n, products[1], to)
                    sums[:] = np.float32(0.0)
                    for j in range(n_rows):
                        root_a, root_b = roots_a[i, j, first:last], roots_b[k, j, first:last]
                        x, g, w = rows[2 * TILE * j :], kernel, cells[j, first:last]
                        if gaps:
                            mask_a, mask_b = clear_a[i, j, first:last], clear_b[k, j, first:last]
                            for o in range(n):
                                weight[o] = w[o] * mask_a[o] * mask_b[o]
                            w = weight[:n]
                        if kernel.size > TAPS:
                            _boxcar(rows, j, kernel, TILE + n, wide)
                            x, g = wide, one
                        if whole:
                            _add_whole(x, g, root_a, root_b, w, sums)
                        else:
                            _add(x, g, root_a, root_b, w, sums)
                    for r in range(out.shape[0]):
                        done = sums[r * TILE : r * TILE + n]
                        if by_time:
                            to = out[r, i, k, first:last]
                            for o in range(n):
                                to[o] = done[o]
                        else:
                            total = np.float32(0.0)
                            for o in range(n):
                                total += done[o]
                            out[r, i, k, first // TILE] = total


@njit(nogil=True, cache=True, fastmath=True)
def crosses(a, b, ends, taps, halo, kernel, n_rows, n_out):  # type: ignore[no-untyped-def]
    """Smoothed cross-spectra complex64 ``(A, B, out scale, out time)``; parameters as in :func:`profiles`."""
    n_a, n_b = a[0].shape[0], b[0].shape[0]
    n_fast, n_slow = a[0].shape[1], a[1].shape[1]
    out = np.empty((n_a, n_b, n_rows, n_out), dtype=np.complex64)
    rows = np.zeros((n_fast + n_slow + TAPS) * 2 * TILE, dtype=np.float32)
    products = np.zeros((2, 2 * ROW), dtype=np.float32), np.zeros((1, 2 * ROW), dtype=np.float32)
    work = np.zeros(2 * TILE, dtype=np.float32)
    for first in range(0, n_out, TILE):
        n = min(TILE, n_out - first)
        everywhere = (n + 2 * halo, n + 2 * halo)
        for i in range(n_a):
            for k in range(n_b):
                for s in range(n_fast):
                    u, v, to = a[0][i, s], b[0][k, s], rows[2 * TILE * s :]
                    _smoothed_cross(u, v, ends[0], everywhere, taps[0][s], halo, first, n, products[0], to)
                for s in range(n_slow):
                    u, v, to = a[1][i, s], b[1][k, s], rows[2 * TILE * (n_fast + s) :]
                    _smoothed_cross(u, v, ends[1], everywhere, taps[1][s], halo, first, n, products[1], to)
                for j in range(n_rows):
                    _boxcar(rows, j, kernel, TILE + n, work)
                    for o in range(n):
                        out[i, k, j, first + o] = complex(work[o], work[TILE + o])
    return out
