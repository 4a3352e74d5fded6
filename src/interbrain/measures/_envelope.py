"""Correlation of two envelopes, plain or with what is in phase taken out, over the samples that both people have."""

from __future__ import annotations

import numpy as np
from numba import njit

SCALES = ("amplitude", "power", "log_power")


def envelope(parts: np.ndarray, scale: str) -> np.ndarray:
    """Amplitude, power or its logarithm of ``(..., 2, channel, time)`` real and imaginary parts."""
    power = parts[..., 0, :, :] ** 2 + parts[..., 1, :, :] ** 2
    if scale == "power":
        return np.asarray(power)
    if scale == "log_power":
        return np.log(np.maximum(power, np.finfo(float).tiny))
    return np.sqrt(power)


def plain(
    rows: np.ndarray, columns: np.ndarray, mask_a: np.ndarray | None, mask_b: np.ndarray | None, scale: str
) -> np.ndarray:
    """Correlations ``(A, U, B)`` of the envelopes of ``rows (2, A, time)`` and ``columns (U, 2, B, time)``."""
    x, y = envelope(rows, scale), envelope(columns, scale)
    shape = (len(x), *y.shape[:2])
    y = y.reshape(-1, y.shape[-1])
    u = np.ones(x.shape) if mask_a is None else mask_a
    v = np.ones(y.shape) if mask_b is None else mask_b.reshape(y.shape)
    x, y = _about_mean(x, u), _about_mean(y, v)
    with np.errstate(invalid="ignore", divide="ignore"):
        n = u @ v.T
        mean_a, mean_b = (x @ v.T) / n, (u @ y.T) / n
        var_a, var_b = (x**2 @ v.T) / n - mean_a**2, (u @ (y**2).T) / n - mean_b**2
        r = ((x @ y.T) / n - mean_a * mean_b) / np.sqrt(var_a * var_b)
    return np.where(np.isfinite(r), np.clip(r, -1, 1), np.nan).reshape(shape)


def _about_mean(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """About each row's own mean, so that products keep their digits; 0 where invalid."""
    count = np.maximum(mask.sum(axis=-1, keepdims=True), 1.0)
    centred = values - (values * mask).sum(axis=-1, keepdims=True) / count
    return np.asarray(np.where(mask > 0, centred, 0.0))


def orthogonalised(
    rows: np.ndarray, columns: np.ndarray, mask_a: np.ndarray | None, mask_b: np.ndarray | None, scale: str
) -> np.ndarray:
    """The mean of corr(|a|, |b without a|) and corr(|b|, |a without b|), ``(A, U, B)`` (Hipp et al. 2012)."""
    u = np.ones(rows.shape[1:]) if mask_a is None else mask_a
    v = np.ones((len(columns), *columns.shape[2:])) if mask_b is None else mask_b
    return np.asarray(_orthogonalised(rows, np.ascontiguousarray(columns), u, v, SCALES.index(scale)))


@njit(cache=True, nogil=True)
def _scaled(power, scale):  # type: ignore[no-untyped-def]
    if scale == 1:
        return power
    if scale == 2:
        return np.log(max(power, 1e-300))
    return np.sqrt(power)


@njit(cache=True, nogil=True)
def _orthogonalised(rows, columns, mask_a, mask_b, scale):  # type: ignore[no-untyped-def]
    n_a, n_u, n_b, n_times = rows.shape[1], columns.shape[0], columns.shape[2], rows.shape[2]
    out = np.full((n_a, n_u, n_b), np.nan)
    own = np.empty((2, n_times))
    other = np.empty((2, n_times))
    for i in range(n_a):
        for u in range(n_u):
            for j in range(n_b):
                n = 0
                for t in range(n_times):
                    if mask_a[i, t] * mask_b[u, j, t] == 0.0:
                        continue
                    x, y, p, q = rows[0, i, t], rows[1, i, t], columns[u, 0, j, t], columns[u, 1, j, t]
                    size_a, size_b, im = x * x + y * y, p * p + q * q, (y * p - x * q) ** 2
                    if size_a == 0.0 or size_b == 0.0:
                        continue
                    own[0, n], own[1, n] = _scaled(size_a, scale), _scaled(size_b, scale)
                    other[0, n], other[1, n] = _scaled(im / size_a, scale), _scaled(im / size_b, scale)
                    n += 1
                if n < 3:
                    continue
                total = 0.0
                for side in range(2):
                    mean_own, mean_other = own[side, :n].mean(), other[side, :n].mean()
                    both = one = two = 0.0
                    for t in range(n):
                        d, e = own[side, t] - mean_own, other[side, t] - mean_other
                        both += d * e
                        one += d * d
                        two += e * e
                    total += both / np.sqrt(one * two) if one > 0.0 and two > 0.0 else np.nan
                out[i, u, j] = total / 2
    return out
