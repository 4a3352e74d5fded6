"""Dynamic time warping of two courses in a band, in compiled loops."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def warped(a, b, known_a, known_b, reach):  # type: ignore[no-untyped-def]
    """The cheapest path from both first to both last samples, at most ``reach`` samples off the diagonal.

    A step that moves both people counts twice, so that every path has the same weight (Sakoe & Chiba 1978, symmetric);
    of equal steps the one towards the diagonal is taken. The path is found over all samples; where either person's is
    not known, it is not counted.

    Returns
    -------
    cost, lag, weight : float
        Sums along the path of weight × |a − b| and weight × (B's sample − A's), and of the weights, where both are
        known.
    """
    n = a.size
    width = 2 * reach + 1
    step = np.zeros((n, width), np.uint8)  # 0 both, 1 A moved, 2 B moved
    row, above = np.full(width, np.inf), np.full(width, np.inf)
    for i in range(n):
        above, row = row, above
        row[:] = np.inf
        for k in range(max(0, reach - i), min(width, n - i + reach)):
            j = i + k - reach
            near = abs(a[i] - b[j])
            if i == 0 and j == 0:
                row[k] = 2 * near
                continue
            both = above[k] + 2 * near
            moved_a = above[k + 1] + near if k + 1 < width else np.inf
            moved_b = row[k - 1] + near if k > 0 else np.inf
            best, how = both, 0
            first = 1 if j < i else 2
            for choice in (first, 3 - first):
                other = moved_a if choice == 1 else moved_b
                if other < best:
                    best, how = other, choice
            row[k], step[i, k] = best, how
    cost = lag = weight = 0.0
    i = j = n - 1
    while True:
        how = step[i, j - i + reach]
        if known_a[i] and known_b[j]:
            w = 2.0 if how == 0 else 1.0
            cost += w * abs(a[i] - b[j])
            lag += w * (j - i)
            weight += w
        if i == 0 and j == 0:
            return cost, lag, weight
        if how != 2:
            i -= 1
        if how != 1:
            j -= 1
