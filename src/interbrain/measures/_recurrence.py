"""Cross-recurrence plots counted in compiled loops, diagonal by diagonal and row by row; no plot is stored."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def diagonals(a, b, valid_a, valid_b, embed, delay, radius, theiler):  # type: ignore[no-untyped-def]
    """Lines along which both people move on.

    A state is ``embed`` samples ``delay`` apart; two states recur where their Euclidean distance is at most ``radius``.

    Parameters
    ----------
    a, b, valid_a, valid_b
        Samples ``(time,)`` and whether they may be used.
    theiler
        Pairs of states fewer samples apart in time are left out.

    Returns
    -------
    lines : ndarray of int, (1 + states,)
        How many runs of each length.
    profile, possible : ndarray of int, (2 states − 1,)
        Recurrences and valid pairs at each lag (B's time minus A's, from −(states − 1) on).
    """
    n = a.size - (embed - 1) * delay
    limit = radius * radius * (1 + 1e-12)  # a distance that equals the radius but for rounding
    lines = np.zeros(n + 1, np.int64)
    profile, possible = np.zeros(2 * n - 1, np.int64), np.zeros(2 * n - 1, np.int64)
    square = np.empty(a.size)
    for lag in range(-(n - 1), n):
        if abs(lag) < theiler:
            continue
        first, length = max(0, -lag), n - abs(lag)
        for i in range(length + (embed - 1) * delay):
            difference = a[first + i] - b[first + i + lag]
            square[i] = difference * difference if valid_a[first + i] and valid_b[first + i + lag] else np.nan
        run, near, pairs = 0, 0, 0
        for i in range(length):
            total = 0.0
            for k in range(embed):
                total += square[i + k * delay]
            pairs += total == total  # not NaN
            if total <= limit:
                near += 1
                run += 1
            elif run:
                lines[run] += 1
                run = 0
        if run:
            lines[run] += 1
        profile[lag + n - 1], possible[lag + n - 1] = near, pairs
    return lines, profile, possible


@njit(cache=True, nogil=True)
def verticals(a, b, valid_a, valid_b, embed, delay, radius, theiler):  # type: ignore[no-untyped-def]
    """Lines along which A stands still and B moves on: how many of each length, ``(1 + states,)``."""
    n = a.size - (embed - 1) * delay
    limit = radius * radius * (1 + 1e-12)  # a distance that equals the radius but for rounding
    lines = np.zeros(n + 1, np.int64)
    for i in range(n):
        run = 0
        for j in range(n):
            near = abs(j - i) >= theiler
            total = 0.0
            for k in range(embed):
                p, q = i + k * delay, j + k * delay
                near = near and valid_a[p] and valid_b[q]
                total += (a[p] - b[q]) ** 2
            if near and total <= limit:
                run += 1
            elif run:
                lines[run] += 1
                run = 0
        if run:
            lines[run] += 1
    return lines


def some_distances(
    a: np.ndarray, b: np.ndarray, valid_a: np.ndarray, valid_b: np.ndarray, embed: int, delay: int, most: int = 1000
) -> np.ndarray:
    """Distances between at most ``most`` states of each person, evenly spread over time."""
    n = a.size - (embed - 1) * delay
    at = np.arange(0, n, max(1, -(-n // most)))
    parts = at[:, None] + delay * np.arange(embed)
    ok_a, ok_b = valid_a[parts].all(axis=1), valid_b[parts].all(axis=1)
    x, y = a[parts[ok_a]], b[parts[ok_b]]
    return np.sqrt(((x[:, None] - y[None]) ** 2).sum(axis=2)).ravel()
