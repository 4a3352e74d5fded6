"""Counting patterns of one course that come again in another, in compiled loops."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def matches(a, b, known_a, known_b, length, step, tolerance, reach):  # type: ignore[no-untyped-def]
    """How often patterns of ``length`` samples agree, and how often they still do one sample on.

    Pairs of a pattern in A and one in B that begins at most ``reach`` samples earlier or later, its samples ``step``
    apart. Only pairs in which all ``length + 1`` samples of both are known are looked at. Agreement is every sample of
    B within ``tolerance`` of A's.

    Returns
    -------
    agree, go_on, possible : int
    """
    n = a.size - length * step
    agree = go_on = possible = 0
    for lag in range(-min(reach, n - 1), min(reach, n - 1) + 1):
        for i in range(max(0, -lag), min(n, n - lag)):
            known, alike = True, True
            for k in range(length + 1):
                p, q = i + k * step, i + lag + k * step
                if not (known_a[p] and known_b[q]):
                    known = False
                    break
                if k < length and alike:
                    alike = abs(a[p] - b[q]) <= tolerance
            if not known:
                continue
            possible += 1
            if alike:
                agree += 1
                p, q = i + length * step, i + lag + length * step
                go_on += abs(a[p] - b[q]) <= tolerance
    return agree, go_on, possible
