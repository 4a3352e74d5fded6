"""Correlations of all channel pairs over the samples that both people have, and how many independent ones these are."""

from __future__ import annotations

import numpy as np

from interbrain.measures._innovations import autocovariance

_LAGS = 200
"""Lags of the autocorrelations that say how long a course remembers itself."""


def over_time(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sum of products over epochs and time, ``(A, B)`` of ``(epoch, A, time)`` and ``(epoch, B, time)``."""
    return (left @ right.transpose(0, 2, 1)).sum(axis=0)


def correlation(
    x: np.ndarray, known_x: np.ndarray, y: np.ndarray, known_y: np.ndarray, about_mean: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Correlations ``(A, B)`` over jointly valid samples, NaN where a course is constant, and how many there are.

    ``x (epoch, A, time)`` is 0 where it is not valid; the masks ``known`` are of 0.0 and 1.0. Without ``about_mean``
    samples are taken as deviations already.
    """
    n = over_time(known_x, known_y)
    centre = 1.0 if about_mean else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_a, mean_b = centre * over_time(x, known_y) / n, centre * over_time(known_x, y) / n
        power_a, power_b = over_time(x * x, known_y) / n, over_time(known_x, y * y) / n
        var_a, var_b = power_a - mean_a**2, power_b - mean_b**2
        r = (over_time(x, y) / n - mean_a * mean_b) / np.sqrt(var_a * var_b)
    varies = (var_a > 1e-12 * power_a) & (var_b > 1e-12 * power_b)  # less is rounding: a constant course
    return np.where(varies, np.clip(r, -1, 1), np.nan), n


def autocorrelation(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """``(channel, lag)`` from lag 0 on, of ``(epoch, channel, time)``; 0 for a constant channel."""
    covariance = autocovariance(values, valid, min(_LAGS, values.shape[2] - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(covariance / covariance[:, :1])


def independent(n: np.ndarray, memory_a: np.ndarray, memory_b: np.ndarray) -> np.ndarray:
    """Independent samples among ``n (A, B)`` of two courses with autocorrelations ``(channel, lag)`` from lag 0 on.

    Bartlett (1935); Pyper & Peterman (1998).
    """
    both = memory_a[:, 1:] @ memory_b[:, 1:].T
    return np.clip(n / np.maximum(1 + 2 * both, 1e-3), 0, n)
