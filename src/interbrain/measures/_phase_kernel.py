"""What the imaginary part of each sample's cross-spectrum adds up to, in a compiled loop."""

from __future__ import annotations

import numpy as np
from numba import njit

ROUNDING = 1e-12
"""An imaginary part below this share of the cross-spectrum's size is 0."""


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def imaginary_sums(rows, columns):  # type: ignore[no-untyped-def]
    """``(3, A, U, B)``: sums over time of sign(im), |im| and im², im = Im(x_a conj(x_b)).

    ``rows (2, A, time)`` and ``columns (U, 2, B, time)`` hold real and imaginary parts, 0 where invalid.
    """
    n_a, n_u, n_b = rows.shape[1], columns.shape[0], columns.shape[2]
    out = np.empty((3, n_a, n_u, n_b))
    for i in range(n_a):
        x, y = rows[0, i], rows[1, i]
        for u in range(n_u):
            for j in range(n_b):
                re, im = columns[u, 0, j], columns[u, 1, j]
                signs = size = square = 0.0
                for t in range(x.size):
                    s = y[t] * re[t] - x[t] * im[t]
                    if s * s <= ROUNDING**2 * (x[t] ** 2 + y[t] ** 2) * (re[t] ** 2 + im[t] ** 2):
                        s = 0.0  # the same phase: what is left is rounding, whose sign would count
                    signs += (s > 0) - (s < 0)
                    size += abs(s)
                    square += s * s
                out[0, i, u, j] = signs
                out[1, i, u, j] = size
                out[2, i, u, j] = square
    return out
