"""Normal numbers from a counter: (key, step, row) says which, so that neither threads nor chunks change them.

Rounds of a 32-bit hash (C. Wellons' lowbias32) over the row, two hashes of the step and two keys give two uniform
numbers, Box and Muller's method two normal ones, in single precision (largest 5.8).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from interbrain.arrays.streams import stream
from interbrain.simulate.brains.nodes._functions import FAST, sine_cosine_single

_U = np.uint32
_F = np.float32
_15, _16, _M1, _M2 = _U(15), _U(16), _U(0x7FEB352D), _U(0x846CA68B)
_8, _UNIT, _HALF, _TURN = _U(8), _F(2.0**-24), _F(0.5), _F(2 * np.pi)
_MANTISSA, _UNITY, _BIAS = np.int32(0x7FFFFF), np.int32(0x3F800000), np.int32(127)
_LN2, _ROOT2, _ONE, _TWO, _MINUS2 = _F(np.log(2)), _F(np.sqrt(2)), _F(1), _F(2), _F(-2)
_A3, _A5, _A7 = _F(1 / 3), _F(1 / 5), _F(1 / 7)


def keys(seeds: list[int]) -> np.ndarray:
    """``(2, set)``: two words for each parameter set."""
    words = [stream(seed, "brain", "noise").integers(0, 2**32, 2, dtype=np.uint32) for seed in seeds]
    return np.ascontiguousarray(np.array(words, dtype=np.uint32).T)


def rows_of(count: int, key: np.ndarray) -> np.ndarray:
    """``(3, ceil(count / 2) * set)``: hashed row and the two keys, for every pair of numbers."""
    pairs, sets = (count + 1) // 2, key.shape[1]
    hashed = np.array([_scramble(_U(r + 1)) for r in range(pairs)], dtype=np.uint32)
    return np.stack([np.repeat(hashed, sets), np.tile(key[0], pairs), np.tile(key[1], pairs)])


@njit(inline="always")
def _mix(x):  # type: ignore[no-untyped-def]
    x = _U(x ^ _U(x >> _16))
    x = _U(x * _M1)
    x = _U(x ^ _U(x >> _15))
    x = _U(x * _M2)
    return _U(x ^ _U(x >> _16))


@njit(cache=True)
def _scramble(x):  # type: ignore[no-untyped-def]
    return _mix(x)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def fill(out, step, rows, words):  # type: ignore[no-untyped-def]
    """Fill ``out`` ``(2 * pairs * set,)``, float32, for one step; ``words`` ``(pairs * set,)``, uint32, is scratch.

    The first half holds rows 0 to pairs - 1, the second the rest.
    """
    n = rows.shape[1]
    low = _U(step & 0xFFFFFFFF)
    high = _U((step >> 32) & 0xFFFFFFFF)
    first = _U(_mix(_U(low ^ _U(0x9E3779B9))) ^ high)
    second = _mix(_U(_mix(_U(low + _U(0x85EBCA6B))) ^ high))
    radius, angle = out[:n], out[n:]
    row, one_key, two_key = rows[0], rows[1], rows[2]
    for m in range(n):  # loops of few arrays each: more of them and the compiler leaves the vector units idle
        words[m] = _mix(_U(_mix(_U(row[m] ^ first)) ^ one_key[m]))
    for m in range(n):
        radius[m] = _F(np.int32(_U(words[m] >> _8)) + np.int32(1)) * _UNIT
    for m in range(n):
        words[m] = _mix(_U(words[m] ^ _U(two_key[m] + second)))
    for m in range(n):
        angle[m] = _F(np.int32(_U(words[m] >> _8))) * _UNIT - _HALF
    bits = words.view(np.int32)
    mantissas = radius.view(np.int32)
    for m in range(n):
        bits[m] = (mantissas[m] >> np.int32(23)) - _BIAS
        mantissas[m] = (mantissas[m] & _MANTISSA) | _UNITY
    for m in range(n):
        x = radius[m]
        t = (x - _ROOT2) / (x + _ROOT2)
        z = t * t
        log = _LN2 * (_F(bits[m]) + _HALF) + _TWO * t * (_ONE + z * (_A3 + z * (_A5 + z * _A7)))
        r = np.sqrt(max(_MINUS2 * log, _F(0)))
        s, c = sine_cosine_single(_TURN * angle[m])
        radius[m] = r * c
        angle[m] = r * s
