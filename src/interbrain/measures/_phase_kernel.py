"""Sums over the samples of two people, and sums over looked-up epochs, in compiled loops."""

from __future__ import annotations

import numpy as np
from numba import njit

ROUNDING = 1e-12
"""An imaginary part below this share of the cross-spectrum's size is 0."""
CLOSE = 0.01
"""Below this share single precision has too few digits left of it."""
STRETCH = 1024
"""Samples up to which a sum in single precision keeps seven digits."""
_SUMS = {"reassoc", "contract", "nsz"}
"""Sums may be regrouped for vector units; the grouping is fixed when the loop is compiled, so runs agree."""


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _powers(parts):  # type: ignore[no-untyped-def]
    out = np.zeros(parts.shape[1])
    for i in range(out.size):
        x, y = parts[0, i], parts[1, i]
        total = 0.0
        for t in range(x.size):
            total += x[t] * x[t] + y[t] * y[t]
        out[i] = total
    return out


@njit(cache=True, nogil=True)
def _without_rounding(size, power_a, power_b, share, instead):  # type: ignore[no-untyped-def]
    for i in range(size.shape[0]):
        for j in range(size.shape[1]):
            if power_a[i] * power_b[j] > 0 and size[i, j] <= share * np.sqrt(power_a[i] * power_b[j]):
                size[i, j] = instead


@njit(cache=True, nogil=True, fastmath=_SUMS)
def lagged_sums(rows, columns, place_a, place_b):  # type: ignore[no-untyped-def]
    """``(2, pair, A, B)``: sums over time of im and |im|, im = Im(x_a conj(x_b)).

    ``rows (epoch, 2, A, time)`` and ``columns (epoch, 2, B, time)`` hold real and imaginary parts, 0 where invalid; a
    pair are the epochs ``place_a[p]`` and ``place_b[p]``. A sum of |im| that is rounding is 0, and NaN
    where single precision does not tell. Two rows meet two columns at a time, so that each is loaded half as often.
    Sums over :data:`STRETCH` samples are taken in the precision of the samples, sums of these in double precision.
    """
    n_a, n_b, n_times = rows.shape[2], columns.shape[2], rows.shape[3]
    zero, share, instead = rows.dtype.type(0), ROUNDING, 0.0
    if rows.itemsize == 4:
        share, instead = CLOSE, np.nan
    out, im, size = np.zeros((2, place_a.size, n_a, n_b)), np.empty((n_a, n_b)), np.empty((n_a, n_b))
    for pair in range(place_a.size):
        a, b = rows[place_a[pair]], columns[place_b[pair]]
        power_a, power_b = _powers(a), _powers(b)
        for first in range(0, n_times, STRETCH):
            last = min(first + STRETCH, n_times)
            for i in range(0, n_a, 2):
                h = min(i + 1, n_a - 1)
                x, y = a[0, i][first:last], a[1, i][first:last]
                z, w = a[0, h][first:last], a[1, h][first:last]
                for j in range(0, n_b, 2):
                    k = min(j + 1, n_b - 1)
                    p, q = b[0, j][first:last], b[1, j][first:last]
                    u, v = b[0, k][first:last], b[1, k][first:last]
                    im_ij = im_ik = im_hj = im_hk = size_ij = size_ik = size_hj = size_hk = zero
                    for t in range(x.size):
                        s_ij = y[t] * p[t] - x[t] * q[t]
                        s_ik = y[t] * u[t] - x[t] * v[t]
                        s_hj = w[t] * p[t] - z[t] * q[t]
                        s_hk = w[t] * u[t] - z[t] * v[t]
                        im_ij += s_ij
                        im_ik += s_ik
                        im_hj += s_hj
                        im_hk += s_hk
                        size_ij += abs(s_ij)
                        size_ik += abs(s_ik)
                        size_hj += abs(s_hj)
                        size_hk += abs(s_hk)
                    im[i, j], im[i, k], im[h, j], im[h, k] = im_ij, im_ik, im_hj, im_hk
                    size[i, j], size[i, k], size[h, j], size[h, k] = size_ij, size_ik, size_hj, size_hk
            out[0, pair] += im
            out[1, pair] += size
        _without_rounding(out[1, pair], power_a, power_b, share, instead)
    return out


@njit(cache=True, nogil=True, fastmath=_SUMS)
def imaginary_sums(rows, columns, place_a, place_b):  # type: ignore[no-untyped-def]
    """``(3, pair, A, B)``: sums over time of sign(im), |im| and im²; see :func:`lagged_sums`."""
    n_a, n_b, n_times = rows.shape[2], columns.shape[2], rows.shape[3]
    out = np.empty((3, place_a.size, n_a, n_b))
    for pair in range(place_a.size):
        a, b = rows[place_a[pair]], columns[place_b[pair]]
        for i in range(n_a):
            x, y = a[0, i], a[1, i]
            for j in range(n_b):
                re, im = b[0, j], b[1, j]
                signs = size = square = 0.0
                for t in range(n_times):
                    s = y[t] * re[t] - x[t] * im[t]
                    if s * s <= ROUNDING**2 * (x[t] ** 2 + y[t] ** 2) * (re[t] ** 2 + im[t] ** 2):
                        s = 0.0  # the same phase: what is left is rounding, whose sign would count
                    signs += (s > 0) - (s < 0)
                    size += abs(s)
                    square += s * s
                out[0, pair, i, j], out[1, pair, i, j], out[2, pair, i, j] = signs, size, square
    return out


@njit(cache=True, nogil=True)
def add_looked_up(total, table, place):  # type: ignore[no-untyped-def]
    """Add ``table[:, place[s]]`` to ``total[s]`` for every draw s: ``(draw, A, B)`` from ``(A, U, B)``."""
    for s in range(total.shape[0]):
        u = place[s]
        for i in range(total.shape[1]):
            row, more = total[s, i], table[i, u]
            for j in range(row.size):
                row[j] += more[j]


@njit(cache=True, nogil=True)
def in_order(rows, index):  # type: ignore[no-untyped-def]
    """``(draw, row, epoch)``: ``rows (row, epoch)`` with their epochs as in each row of ``index (draw, epoch)``."""
    out = np.empty((index.shape[0], *rows.shape), dtype=rows.dtype)
    for s in range(index.shape[0]):
        for i in range(rows.shape[0]):
            row, ordered = rows[i], out[s, i]
            for e in range(row.size):
                ordered[e] = row[index[s, e]]
    return out
