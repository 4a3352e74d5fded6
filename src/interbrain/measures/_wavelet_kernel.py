"""The loop over channel pairs: cross product, smoothing in time and over scales, squared coherence, sums over scales.

Nothing is kept but some rows a pair, so memory does not grow with the map. Time is cut into tiles and one person's
channels into blocks that stay in the processor's cache. Fast scales lie in two phases (even and odd coarse points),
because the smoothed products are wanted at every second point only; slow scales have no odd points.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TILE = 256
"""Out times of a tile."""

ROW = TILE + 96
"""Points of a phase in a tile, halo included."""

BLOCK = 4
"""Channels of one person that a tile is done for before the next ones."""

TAPS = 5
"""Scales that the boxcar adds at a time."""

SUMS = 7
"""Rows that :func:`profiles` gives: squared coherence, weight, complex coherence (2), shares of the phase (3)."""


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
def picked(short, gather):  # type: ignore[no-untyped-def]
    """float32 ``(channel, scale, phase, re/im, point)`` from complex ``(channel, scale, point)``."""
    n_channels, n_scales, _ = short.shape
    n_phases, n_points = gather.shape
    out = np.empty((n_channels, n_scales, n_phases, 2, n_points), dtype=np.float32)
    for c in range(n_channels):
        for s in range(n_scales):
            for phase in range(n_phases):
                for i in range(n_points):
                    value = short[c, s, gather[phase, i]]
                    out[c, s, phase, 0, i] = value.real
                    out[c, s, phase, 1, i] = value.imag
    return out


@njit(nogil=True, cache=True, fastmath=True)
def _both_phases(even, odd, taps, halo, out):  # type: ignore[no-untyped-def]
    """Symmetric FIR at every even point: ``out[o]`` sums ``taps[|k|]`` times point ``2 (o + halo) + k``.

    Four lags at a time, so that ``out`` is seldom read and written; few slices, so that the loop becomes vector code.
    """
    n = out.size
    middle = even[halo : halo + n]
    gain = taps[0]
    for o in range(n):
        out[o] = gain * middle[o]
    for r in range(1, (taps.size + 1) // 2, 2):
        g1, g2, g3, g4 = taps[2 * r - 1], taps[2 * r], taps[2 * r + 1], taps[2 * r + 2]
        if g1 == 0.0:
            break
        odd_left, odd_right = odd[halo - r - 1 : halo - r + n], odd[halo + r - 1 : halo + r + n]
        even_left, even_right = even[halo - r - 1 : halo - r + n], even[halo + r : halo + r + n + 1]
        if g3 == 0.0:
            for o in range(n):
                out[o] += g1 * (odd_right[o] + odd_left[o + 1]) + g2 * (even_right[o] + even_left[o + 1])
            break
        for o in range(n):
            near = g1 * (odd_right[o] + odd_left[o + 1]) + g2 * (even_right[o] + even_left[o + 1])
            far = g3 * (odd_right[o + 1] + odd_left[o]) + g4 * (even_right[o + 1] + even_left[o])
            out[o] += near + far


@njit(nogil=True, cache=True, fastmath=True)
def _one_phase(points, taps, halo, out):  # type: ignore[no-untyped-def]
    """Symmetric FIR at every point: ``out[o]`` sums ``taps[|k|]`` times point ``o + halo + k``."""
    n = out.size
    middle = points[halo : halo + n]
    gain = taps[0]
    for o in range(n):
        out[o] = gain * middle[o]
    for k in range(1, taps.size, 4):
        g1, g2, g3, g4 = taps[k], taps[k + 1], taps[k + 2], taps[k + 3]
        if g1 == 0.0:
            break
        left, right = points[halo - k - 3 : halo - k + n], points[halo + k : halo + k + n + 3]
        if g3 == 0.0:
            for o in range(n):
                out[o] += g1 * (right[o] + left[o + 3]) + g2 * (right[o + 1] + left[o + 2])
            break
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
    for o in range(n):
        out[o] = 0.0
    for k in range(0, kernel.size, TAPS):
        start = (first + k) * 2 * TILE
        x = rows[start : start + TAPS * 2 * TILE]
        g0, g1, g2, g3, g4 = kernel[k], kernel[k + 1], kernel[k + 2], kernel[k + 3], kernel[k + 4]
        for o in range(n):
            low = g0 * x[o] + g1 * x[2 * TILE + o]
            out[o] += low + g2 * x[4 * TILE + o] + g3 * x[6 * TILE + o] + g4 * x[8 * TILE + o]


@njit(nogil=True, cache=True, fastmath=True)
def _cross(u, v, first, n, product):  # type: ignore[no-untyped-def]
    """``u * conj(v)`` of one scale into ``product``: the real part, and ``ROW`` numbers later the imaginary one."""
    a, b, x, y = u[0, first : first + n], u[1, first : first + n], v[0, first : first + n], v[1, first : first + n]
    for i in range(n):
        product[i] = a[i] * x[i] + b[i] * y[i]
        product[ROW + i] = b[i] * x[i] - a[i] * y[i]


@njit(nogil=True, cache=True, fastmath=True)
def _smoothed_cross(u, v, ends, edge, taps, halo, first, n, product, out):  # type: ignore[no-untyped-def]
    """One scale of a tile, ``u`` and ``v`` ``(phase, re/im, point)``: real parts, and ``TILE`` later imaginary ones."""
    n_phases, m = u.shape[0], n + 2 * halo
    for phase in range(n_phases):
        to = product[phase]
        _cross(u[phase], v[phase], first, m, to)
        if edge:
            end = ends[phase, first : first + m]
            for i in range(m):
                to[i] *= end[i]
            for i in range(m):
                to[ROW + i] *= end[i]
    _smooth(product, 0, taps, halo, out[:n])
    _smooth(product, ROW, taps, halo, out[TILE : TILE + n])


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
def _add(work, n, whole):  # type: ignore[no-untyped-def]
    """Add one row of cells to the sums.

    ``work`` holds rows of ``TILE`` numbers: real part, imaginary part, one over the root of both powers, weight, and
    the ``SUMS``. One array with constant distances needs no checks for overlap, so the loop becomes vector code.
    """
    zero = np.float32(0.0)
    for o in range(n):
        x, y, w = work[o] * work[2 * TILE + o], work[TILE + o] * work[2 * TILE + o], work[3 * TILE + o]
        work[4 * TILE + o] += w * (x * x + y * y)
    if not whole:
        return
    for o in range(n):
        x, y, w = work[o] * work[2 * TILE + o], work[TILE + o] * work[2 * TILE + o], work[3 * TILE + o]
        size, across = abs(x), abs(y)
        work[5 * TILE + o] += w
        work[6 * TILE + o] += w * x
        work[7 * TILE + o] += w * y
        work[8 * TILE + o] += w if (x > zero) & (across <= size) else zero
        work[9 * TILE + o] += w if (y > zero) & (across > size) else zero
        work[10 * TILE + o] += w if (y < zero) & (across > size) else zero


@njit(nogil=True, cache=True, fastmath=True)
def _weights(work, root_a, root_b, cell, mask_a, mask_b, gaps):  # type: ignore[no-untyped-def]
    """Into ``work``: one over the root of both powers, and the weight of each cell of one row."""
    scale, weight = work[2 * TILE : 3 * TILE], work[3 * TILE : 4 * TILE]
    for o in range(cell.size):
        scale[o] = root_a[o] * root_b[o]
    for o in range(cell.size):
        weight[o] = cell[o]
    if gaps:
        for o in range(cell.size):
            weight[o] *= mask_a[o] * mask_b[o]


@njit(nogil=True, cache=True, fastmath=True)
def profiles(a, b, ends, taps, halo, kernel, roots_a, roots_b, clear_a, clear_b, gaps, cells, whole):  # type: ignore[no-untyped-def]
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

    Returns
    -------
    ndarray
        float32 ``(SUMS or 1, A, B, out time)``: sums of weight × squared coherence; weight; weight × complex coherence
        (real, imaginary); weight where A and B are in phase, A leads, B leads.
    """
    n_a, n_b = a[0].shape[0], b[0].shape[0]
    n_fast, n_slow = a[0].shape[1], a[1].shape[1]
    n_rows, n_out = cells.shape
    out = np.zeros((SUMS if whole else 1, n_a, n_b, n_out), dtype=np.float32)
    rows = np.zeros((n_fast + n_slow + TAPS) * 2 * TILE, dtype=np.float32)
    products = np.zeros((2, 2 * ROW), dtype=np.float32), np.zeros((1, 2 * ROW), dtype=np.float32)
    work = np.zeros((4 + SUMS) * TILE, dtype=np.float32)
    for first in range(0, n_out, TILE):
        n = min(TILE, n_out - first)
        last, m = first + n, n + 2 * halo
        edge = (ends[0][:, first : first + m] != 1).any() or (ends[1][:, first : first + m] != 1).any()
        for block in range(0, n_b, BLOCK):
            for i in range(n_a):
                for k in range(block, min(n_b, block + BLOCK)):
                    for s in range(n_fast):
                        u, v, to = a[0][i, s], b[0][k, s], rows[2 * TILE * s :]
                        _smoothed_cross(u, v, ends[0], edge, taps[0][s], halo, first, n, products[0], to)
                    for s in range(n_slow):
                        u, v, to = a[1][i, s], b[1][k, s], rows[2 * TILE * (n_fast + s) :]
                        _smoothed_cross(u, v, ends[1], edge, taps[1][s], halo, first, n, products[1], to)
                    work[4 * TILE :] = np.float32(0.0)
                    for j in range(n_rows):
                        _boxcar(rows, j, kernel, TILE + n, work)
                        root_a, root_b, cell = (
                            roots_a[i, j, first:last],
                            roots_b[k, j, first:last],
                            cells[j, first:last],
                        )
                        mask_a, mask_b = clear_a[i, j, first:last], clear_b[k, j, first:last]
                        _weights(work, root_a, root_b, cell, mask_a, mask_b, gaps)
                        _add(work, n, whole)
                    for r in range(out.shape[0]):
                        out[r, i, k, first:last] = work[(4 + r) * TILE : (4 + r) * TILE + n]
    return out


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
        for i in range(n_a):
            for k in range(n_b):
                for s in range(n_fast):
                    u, v, to = a[0][i, s], b[0][k, s], rows[2 * TILE * s :]
                    _smoothed_cross(u, v, ends[0], True, taps[0][s], halo, first, n, products[0], to)
                for s in range(n_slow):
                    u, v, to = a[1][i, s], b[1][k, s], rows[2 * TILE * (n_fast + s) :]
                    _smoothed_cross(u, v, ends[1], True, taps[1][s], halo, first, n, products[1], to)
                for j in range(n_rows):
                    _boxcar(rows, j, kernel, TILE + n, work)
                    for o in range(n):
                        out[i, k, j, first + o] = complex(work[o], work[TILE + o])
    return out
