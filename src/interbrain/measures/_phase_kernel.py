"""Sums over the samples of two people, and sums over looked-up epochs, in compiled loops."""

from __future__ import annotations

import numpy as np
from numba import njit

ROUNDING = 1e-12
"""An imaginary part below this share of the cross-spectrum's size is 0."""
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


@njit(cache=True, nogil=True, fastmath=_SUMS)
def cross_sums(rows, columns, place_a, place_b):  # type: ignore[no-untyped-def]
    """``(3, pair, A, B)``: sums over time of the cross-spectrum x_a conj(x_b), real and imaginary, and of |imaginary|.

    ``rows (epoch, 2, A, time)`` and ``columns (epoch, 2, B, time)`` hold real and imaginary parts, 0 where invalid; a
    pair are the epochs ``place_a[p]`` and ``place_b[p]``. A sum of |imaginary| that is rounding is 0. Two columns are
    read with each row, so that the row is loaded half as often.
    """
    n_a, n_b, n_times = rows.shape[2], columns.shape[2], rows.shape[3]
    out = np.empty((3, place_a.size, n_a, n_b))
    for pair in range(place_a.size):
        a, b = rows[place_a[pair]], columns[place_b[pair]]
        power_a, power_b = _powers(a), _powers(b)
        for i in range(n_a):
            x, y = a[0, i], a[1, i]
            for j in range(0, n_b, 2):
                k = min(j + 1, n_b - 1)
                p, q, u, v = b[0, j], b[1, j], b[0, k], b[1, k]
                re = im = size = re_k = im_k = size_k = 0.0
                for t in range(n_times):
                    re += x[t] * p[t] + y[t] * q[t]
                    s = y[t] * p[t] - x[t] * q[t]
                    im += s
                    size += abs(s)
                    re_k += x[t] * u[t] + y[t] * v[t]
                    r = y[t] * u[t] - x[t] * v[t]
                    im_k += r
                    size_k += abs(r)
                out[0, pair, i, j], out[1, pair, i, j], out[2, pair, i, j] = re, im, size
                out[0, pair, i, k], out[1, pair, i, k], out[2, pair, i, k] = re_k, im_k, size_k
            for j in range(n_b):
                if out[2, pair, i, j] <= ROUNDING * np.sqrt(power_a[i] * power_b[j]):
                    out[2, pair, i, j] = 0.0
    return out


@njit(cache=True, nogil=True, fastmath=_SUMS)
def imaginary_sums(rows, columns, place_a, place_b):  # type: ignore[no-untyped-def]
    """``(3, pair, A, B)``: sums over time of sign(im), |im| and im², im = Im(x_a conj(x_b)); see :func:`cross_sums`."""
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
