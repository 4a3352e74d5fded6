"""The loop over channel pairs: cross product, smoothing in time and over scales, squared coherence, sums over scales.

Nothing is kept but one row a pair, so memory does not grow with the map. Samples lie in two phases (even and odd
coarse points), because the smoothed products are wanted at every second point only.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, fastmath=True)
def _smooth(even, odd, taps, halo, out):  # type: ignore[no-untyped-def]
    """Symmetric FIR at every even point: ``out[o]`` sums ``taps[|k|]`` times point ``2 (o + halo) + k``."""
    n = out.size
    middle = even[halo : halo + n]
    gain = taps[0]
    for o in range(n):
        out[o] = gain * middle[o]
    for r in range(1, (taps.size + 1) // 2):
        gain_odd, gain_even = taps[2 * r - 1], taps[2 * r]
        if gain_odd == 0.0:
            break
        odd_right, odd_left = odd[halo + r - 1 : halo + r - 1 + n], odd[halo - r : halo - r + n]
        even_right, even_left = even[halo + r : halo + r + n], even[halo - r : halo - r + n]
        for o in range(n):
            out[o] += gain_odd * (odd_right[o] + odd_left[o]) + gain_even * (even_right[o] + even_left[o])


@njit(nogil=True, cache=True, fastmath=True)
def _boxcar(rows, first, kernel, out):  # type: ignore[no-untyped-def]
    """``out`` is the sum of ``kernel[k] * rows[first + k]``; only additions, so weak scales stay exact."""
    n = out.size
    for o in range(n):
        out[o] = 0.0
    for k in range(kernel.size):
        row, gain = rows[first + k], kernel[k]
        for o in range(n):
            out[o] += gain * row[o]


@njit(nogil=True, cache=True, fastmath=True)
def powers(weighted, plain, taps, kernel, halo, n_out):  # type: ignore[no-untyped-def]
    """Smoothed power ``(channel, out scale, out time)`` of coefficients ``(channel, scale, part, phase, point)``."""
    n_channels, n_scales, _, _, n_points = plain.shape
    n_rows = n_scales - kernel.size + 1
    out = np.empty((n_channels, n_rows, n_out), dtype=np.float32)
    smoothed = np.empty((n_scales, n_out), dtype=np.float32)
    product = np.empty((2, n_points), dtype=np.float32)
    for c in range(n_channels):
        for s in range(n_scales):
            for phase in range(2):
                u, v, p = weighted[c, s, 0, phase], plain[c, s, 0, phase], product[phase]
                x, y = weighted[c, s, 1, phase], plain[c, s, 1, phase]
                for i in range(n_points):
                    p[i] = u[i] * v[i] + x[i] * y[i]
            _smooth(product[0], product[1], taps[s], halo, smoothed[s])
        for j in range(n_rows):
            _boxcar(smoothed, j, kernel, out[c, j])
    return out


@njit(nogil=True, cache=True, fastmath=True)
def profiles(wa, wb, taps, kernel, halo, qa, qb, ma, mb, cells):  # type: ignore[no-untyped-def]
    """Sums over scales of squared and complex coherence, for every channel pair and out time.

    Parameters
    ----------
    wa, wb
        float32 ``(channel, scale, re/im, phase, point)``; ``wa`` weighted by the recording's ends.
    taps
        ``(scale, lag)``: the Gaussian's right half; zero ends it.
    kernel
        ``(k,)``: boxcar over scales.
    halo
        Points of a phase before the first out time.
    qa, qb
        ``(channel, out scale, out time)``: one over the root of the smoothed power, 0 where there is none.
    ma, mb
        Same shape: the share of a cell away from gaps.
    cells
        ``(out scale, out time)``: samples that a cell stands for inside the cone of influence.

    Returns
    -------
    ndarray
        float32 ``(4, A, B, out time)``: sums of weight × squared coherence, weight, and weight × complex coherence
        (real, imaginary).
    """
    n_a, n_b = wa.shape[0], wb.shape[0]
    n_scales, n_points = wa.shape[1], wa.shape[4]
    n_rows, n_out = cells.shape
    out = np.zeros((4, n_a, n_b, n_out), dtype=np.float32)
    real = np.empty((n_scales, n_out), dtype=np.float32)
    imag = np.empty((n_scales, n_out), dtype=np.float32)
    p_re = np.empty((2, n_points), dtype=np.float32)
    p_im = np.empty((2, n_points), dtype=np.float32)
    c_re = np.empty(n_out, dtype=np.float32)
    c_im = np.empty(n_out, dtype=np.float32)
    for a in range(n_a):
        for b in range(n_b):
            for s in range(n_scales):
                for phase in range(2):
                    u, v = wa[a, s, 0, phase], wa[a, s, 1, phase]
                    x, y = wb[b, s, 0, phase], wb[b, s, 1, phase]
                    re, im = p_re[phase], p_im[phase]
                    for i in range(n_points):
                        re[i] = u[i] * x[i] + v[i] * y[i]
                        im[i] = v[i] * x[i] - u[i] * y[i]
                _smooth(p_re[0], p_re[1], taps[s], halo, real[s])
                _smooth(p_im[0], p_im[1], taps[s], halo, imag[s])
            rsq, weight, sum_re, sum_im = out[0, a, b], out[1, a, b], out[2, a, b], out[3, a, b]
            for j in range(n_rows):
                _boxcar(real, j, kernel, c_re)
                _boxcar(imag, j, kernel, c_im)
                root_a, root_b, mask_a, mask_b, cell = qa[a, j], qb[b, j], ma[a, j], mb[b, j], cells[j]
                for o in range(n_out):
                    scale = root_a[o] * root_b[o]
                    re_o, im_o = c_re[o] * scale, c_im[o] * scale
                    w = cell[o] * mask_a[o] * mask_b[o]
                    rsq[o] += w * (re_o * re_o + im_o * im_o)
                    weight[o] += w
                    sum_re[o] += w * re_o
                    sum_im[o] += w * im_o
    return out
