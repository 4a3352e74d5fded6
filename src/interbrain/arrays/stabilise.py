"""Functions that make the sampling variance of a measure nearly free of its mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_EDGE = 1e-12


def identity(value: np.ndarray) -> np.ndarray:
    return np.asarray(value, dtype=np.float64)


def atanh(value: np.ndarray) -> np.ndarray:
    """Fisher's z of a correlation in [-1, 1]."""
    return np.arctanh(np.clip(value, -1 + _EDGE, 1 - _EDGE))


def atanh_sqrt(value: np.ndarray) -> np.ndarray:
    """Fisher's z of the root of a squared coherence in [0, 1]."""
    return np.arctanh(np.sqrt(np.clip(value, 0.0, 1 - _EDGE)))


def sqrt(value: np.ndarray) -> np.ndarray:
    """Root of a likelihood ratio's logarithm or another sum of squares, at least 0."""
    return np.sqrt(np.maximum(value, 0.0))


def asin_sqrt(value: np.ndarray) -> np.ndarray:
    """Arcsine of the root of a share in [0, 1]."""
    return np.arcsin(np.sqrt(np.clip(value, 0.0, 1.0)))


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": identity,
    "atanh": atanh,
    "atanh_sqrt": atanh_sqrt,
    "sqrt": sqrt,
    "asin_sqrt": asin_sqrt,
}
