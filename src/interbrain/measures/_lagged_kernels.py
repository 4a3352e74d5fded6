"""Sums, correlations and their scores for every window and lag, in compiled loops.

Samples come centred and with 0 where they are invalid, beside a mask of 0 and 1. All sums run over the samples
themselves, never as differences of running totals, so that a quiet window beside a loud one keeps its digits.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_LOST = 1e-12
"""A window whose variance is below this part of its mean square is constant: what is left is rounding."""
_EDGE = 1e-12
"""Fisher's z is taken of at most 1 − this, as in ``arrays.stabilise``, so that identical series stay finite."""
_SUMS = {"reassoc", "contract", "nsz"}
"""Sums may be regrouped for vector units; the grouping is fixed when the loop is compiled, so runs agree."""


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _joint(a, valid_a, b, valid_b):  # type: ignore[no-untyped-def]
    """Count and sums of a, b, a², b², ab over the samples that both have."""
    n = sa = sb = saa = sbb = sab = 0.0
    for k in range(a.size):
        x, y, u, v = a[k], b[k], valid_a[k], valid_b[k]
        n += u * v
        sa += x * v
        sb += y * u
        saa += x * x * v
        sbb += y * y * u
        sab += x * y
    return n, sa, sb, saa, sbb, sab


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _complete(a, b):  # type: ignore[no-untyped-def]
    """The same where nothing is missing: half the reading."""
    sa = sb = saa = sbb = sab = 0.0
    for k in range(a.size):
        x, y = a[k], b[k]
        sa += x
        sb += y
        saa += x * x
        sbb += y * y
        sab += x * y
    return float(a.size), sa, sb, saa, sbb, sab


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _moving(a, valid_a, b):  # type: ignore[no-untyped-def]
    """The three sums that change when a complete series B is put in another order: b, b², ab."""
    sb = sbb = sab = 0.0
    for k in range(a.size):
        y = b[k]
        sb += y * valid_a[k]
        sbb += y * y * valid_a[k]
        sab += a[k] * y
    return sb, sbb, sab


@njit(cache=True, nogil=True)
def lagged_sums(a, valid_a, b, valid_b, start_a, start_b, short, offset, size, first, last):  # type: ignore[no-untyped-def]
    """Sums ``(lag, window, 6)`` of two series ``(time,)``; every piece loses ``short[lag]`` samples at its end."""
    sums = np.zeros((start_a.size, first.size, 6))
    complete = valid_a.all() and valid_b.all()
    part = np.empty((offset.size, 6))
    for k in range(start_a.size):
        for p in range(offset.size):
            i, j, m = start_a[k] + offset[p], start_b[k] + offset[p], size[p] - short[k]
            if complete:
                part[p] = _complete(a[i : i + m], b[j : j + m])
            else:
                part[p] = _joint(a[i : i + m], valid_a[i : i + m], b[j : j + m], valid_b[j : j + m])
        for w in range(first.size):
            for p in range(first[w], last[w]):
                for s in range(6):
                    sums[k, w, s] += part[p, s]
    return sums


@njit(cache=True, nogil=True)
def _correlation(n, sa, sb, saa, sbb, sab):  # type: ignore[no-untyped-def]
    spread_a = saa - sa * sa / n
    spread_b = sbb - sb * sb / n
    if spread_a <= _LOST * saa or spread_b <= _LOST * sbb:
        return np.nan
    return (sab - sa * sb / n) / math.sqrt(spread_a * spread_b)


@njit(cache=True, nogil=True)
def _of_whole_window(part, whole):  # type: ignore[no-untyped-def]
    """Correlation of the pairs that are left at a lag with means and variances of the whole window (lag 0)."""
    n, sa, sb, saa, sbb = whole[0], whole[1], whole[2], whole[3], whole[4]
    spread_a = saa - sa * sa / n
    spread_b = sbb - sb * sb / n
    if spread_a <= _LOST * saa or spread_b <= _LOST * sbb:
        return np.nan
    mean_a, mean_b = sa / n, sb / n
    shared = part[5] - mean_b * part[1] - mean_a * part[2] + part[0] * mean_a * mean_b
    return shared / math.sqrt(spread_a * spread_b)


@njit(cache=True, nogil=True)
def _score(r, fisher_z, absolute):  # type: ignore[no-untyped-def]
    if math.isnan(r):
        return r
    r = min(max(r, _EDGE - 1), 1 - _EDGE)
    z = 0.5 * math.log((1 + r) / (1 - r)) if fisher_z else r
    return abs(z) if absolute else z


@njit(cache=True, nogil=True)
def scores(sums, fewest, zero, whole_window, fisher_z, absolute):  # type: ignore[no-untyped-def]
    """Scores ``(window, lag)`` of sums ``(lag, window, 6)``: NaN where constant or below ``fewest[lag]``."""
    n_lags, n_windows = sums.shape[0], sums.shape[1]
    out = np.full((n_windows, n_lags), np.nan)
    for k in range(n_lags):
        for w in range(n_windows):
            part, whole = sums[k, w], sums[zero, w]
            if part[0] < fewest[k] or (whole_window and whole[0] < fewest[zero]):
                continue
            if whole_window:
                r = _of_whole_window(part, whole)
            else:
                r = _correlation(part[0], part[1], part[2], part[3], part[4], part[5])
            out[w, k] = _score(r, fisher_z, absolute)
    return out


@njit(cache=True, nogil=True)
def _segment_table(a, valid_a, b, start_a, start_b, size, slot, segment, n_segments):  # type: ignore[no-untyped-def]
    """The three moving sums ``(piece, source, 3)`` of each piece of A with every segment of B that could be there.

    Source ``n_segments`` is the rest after the last whole segment, which stays where it is.
    """
    table = np.zeros((size.size, n_segments + 1, 3))
    for p in range(size.size):
        i, m = start_a[p], size[p]
        x, u = a[i : i + m], valid_a[i : i + m]
        inside = start_b[p] - slot[p] * segment
        low, high = (n_segments, n_segments + 1) if slot[p] == n_segments else (0, n_segments)
        for source in range(low, high):
            j = source * segment + inside
            table[p, source] = _moving(x, u, b[j : j + m])
    return table


@njit(cache=True, nogil=True)
def shuffled_lag(  # type: ignore[no-untyped-def]
    a, valid_a, b, start_a, start_b, size, slot, first, last, still, segment, order, fewest, fisher_z, absolute
):
    """Sum of scores and number of windows ``(draw,)`` each, at one lag, for B's segments in each row of ``order``.

    ``order (draw, K + 1)`` ends with K, the rest that stays; ``still (window, 3)`` are count and sums of a and a²,
    which no order of B changes.
    """
    table = _segment_table(a, valid_a, b, start_a, start_b, size, slot, segment, order.shape[1] - 1)
    total, count = np.zeros(order.shape[0]), np.zeros(order.shape[0])
    part = np.empty((size.size, 3))
    for d in range(order.shape[0]):
        for p in range(size.size):
            source = order[d, slot[p]]
            part[p, 0], part[p, 1], part[p, 2] = table[p, source, 0], table[p, source, 1], table[p, source, 2]
        for w in range(first.size):
            n = still[w, 0]
            if n < fewest:
                continue
            sb = sbb = sab = 0.0
            for p in range(first[w], last[w]):
                sb += part[p, 0]
                sbb += part[p, 1]
                sab += part[p, 2]
            z = _score(_correlation(n, still[w, 1], sb, still[w, 2], sbb, sab), fisher_z, absolute)
            if not math.isnan(z):
                total[d] += z
                count[d] += 1
    return total, count
