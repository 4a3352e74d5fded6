"""Sine, cosine and the logistic function as plain polynomials, so that loops over regions run on vector units.

Errors (tested): 1e-14 for sine and cosine, 3e-6 in single precision; 2e-13 relative for the logistic function, in
single precision 3e-6.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import overload

FAST = {"reassoc", "contract", "arcp", "nsz", "afn"}
"""Freedoms for the compiler that leave NaN and infinity what they are, so that a blow-up is seen."""

TILE = 64
"""Regions that a node's arithmetic works on at once. Everything they need lies in one array at distances that the
compiler knows, so that it need not ask whether arrays overlap."""

_F = np.float32
_QUARTER, _ONE, _TWO = _F(0.25), _F(1), _F(2)
_S3, _S5, _S7 = _F(-1 / 6), _F(1 / 120), _F(-1 / 5040)
_MOST, _SIXTEENTH = _F(17), _F(-1 / 16)
_E2, _E3, _E4, _E5, _E6 = _F(1 / 2), _F(1 / 6), _F(1 / 24), _F(1 / 120), _F(1 / 720)
_E7, _E8, _E9, _E10 = _F(1 / 5040), _F(1 / 40320), _F(1 / 362880), _F(1 / 3628800)
_C2, _C4, _C6, _C8 = _F(-1 / 2), _F(1 / 24), _F(-1 / 720), _F(1 / 40320)


@njit(inline="always", error_model="numpy", fastmath=FAST)
def sine_cosine(x):  # type: ignore[no-untyped-def]
    """Both for ``|x| <= pi``: Taylor at a quarter of the angle, doubled twice."""
    y = 0.25 * x
    z = y * y
    s = y * (1 + z * (-1 / 6 + z * (1 / 120 + z * (-1 / 5040 + z * (1 / 362880 + z * (-1 / 39916800 + z * (
        1 / 6227020800 - z / 1307674368000)))))))  # fmt: skip
    c = z * (-1 / 2 + z * (1 / 24 + z * (-1 / 720 + z * (1 / 40320 + z * (-1 / 3628800 + z * (
        1 / 479001600 - z / 87178291200))))))  # fmt: skip
    s, c = 2 * s * (1 + c), -2 * s * s
    return 2 * s * (1 + c), 1 - 2 * s * s


@njit(inline="always", error_model="numpy", fastmath=FAST)
def sine_cosine_single(x):  # type: ignore[no-untyped-def]
    """The same in single precision."""
    y = _QUARTER * x
    z = y * y
    s = y * (_ONE + z * (_S3 + z * (_S5 + z * _S7)))
    c = z * (_C2 + z * (_C4 + z * (_C6 + z * _C8)))
    s, c = _TWO * s * (_ONE + c), -_TWO * s * s
    return _TWO * s * (_ONE + c), _ONE - _TWO * s * s


def sines_cosines(angle, sine, cosine):  # type: ignore[no-untyped-def]
    """Fill ``sine`` and ``cosine`` of ``angle``, all ``(n,)``, in the precision of ``sine``."""
    raise TypeError("called from compiled code only")


@overload(sines_cosines, jit_options={"error_model": "numpy", "fastmath": FAST})
def _sines_cosines(angle, sine, cosine):  # type: ignore[no-untyped-def]
    if sine.dtype == types.float32:

        def single(angle, sine, cosine):  # type: ignore[no-untyped-def]
            for m in range(len(angle)):
                sine[m], cosine[m] = sine_cosine_single(np.float32(angle[m]))

        return single

    def double(angle, sine, cosine):  # type: ignore[no-untyped-def]
        for m in range(len(angle)):
            sine[m], cosine[m] = sine_cosine(angle[m])

    return double


@njit(inline="always", error_model="numpy", fastmath=FAST)
def wrapped(x):  # type: ignore[no-untyped-def]
    """An angle between -pi and pi."""
    return x - 2 * np.pi * np.floor(x / (2 * np.pi) + 0.5)


def logistic(x):  # type: ignore[no-untyped-def]
    """``1 / (1 + exp(-x))`` in the precision of ``x``; beyond ±36 (single: ±17) that of ±36, which is 0 or 1."""
    raise TypeError("called from compiled code only")


@overload(logistic, inline="always", jit_options={"error_model": "numpy", "fastmath": FAST})
def _logistic(x):  # type: ignore[no-untyped-def]
    if x == types.float32:

        def single(x):  # type: ignore[no-untyped-def]
            y = min(max(x, -_MOST), _MOST) * _SIXTEENTH
            e = _ONE + y * (_ONE + y * (_E2 + y * (_E3 + y * (_E4 + y * (_E5 + y * (_E6 + y * (_E7 + y * (
                _E8 + y * (_E9 + y * _E10)))))))))  # fmt: skip
            e *= e
            e *= e
            e *= e
            e *= e
            return _ONE / (_ONE + e)

        return single

    def double(x):  # type: ignore[no-untyped-def]
        y = min(max(x, -36.0), 36.0) * (-1 / 64)
        e = 1 + y * (1 + y * (1 / 2 + y * (1 / 6 + y * (1 / 24 + y * (1 / 120 + y * (1 / 720 + y * (1 / 5040 + y * (
            1 / 40320 + y * (1 / 362880 + y * (1 / 3628800 + y * (1 / 39916800 + y * (1 / 479001600 + y * (
                1 / 6227020800)))))))))))))  # fmt: skip
        e *= e
        e *= e
        e *= e
        e *= e
        e *= e
        e *= e
        return 1 / (1 + e)

    return double


@njit(error_model="numpy", fastmath=FAST)
def load(tile, row, values, first):  # type: ignore[no-untyped-def]
    """Copy ``values[first : first + TILE]`` into a row of the tile; rows that end early keep what they had.

    Indices are unsigned here and below: where they might count from the end, the loop would not run on vector units.
    """
    to, here = np.uint64(row * TILE), np.uint64(first)
    for m in range(np.uint64(min(TILE, len(values) - first))):
        tile[to + m] = values[here + m]


@njit(error_model="numpy", fastmath=FAST)
def store(tile, row, values, first):  # type: ignore[no-untyped-def]
    """The way back."""
    at, to = np.uint64(row * TILE), np.uint64(first)
    for m in range(np.uint64(min(TILE, len(values) - first))):
        values[to + m] = tile[at + m]


@njit(error_model="numpy", fastmath=FAST)
def grow(tile, row, values, first):  # type: ignore[no-untyped-def]
    """Add a row of the tile: a state keeps its precision, whatever that of a step is."""
    at, to = np.uint64(row * TILE), np.uint64(first)
    for m in range(np.uint64(min(TILE, len(values) - first))):
        values[to + m] += tile[at + m]
