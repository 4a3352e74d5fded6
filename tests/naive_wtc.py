"""Wavelet coherence the slow way: sums over samples written as the formulas are, one cell after the other."""

from __future__ import annotations

import numpy as np

OMEGA0 = 6.0


def transform(x: np.ndarray, scale: float) -> np.ndarray:
    """W(t) = s^-1/2 Σ x(t') ψ*((t' − t)/s) with ψ(u) = π^-1/4 exp(iω₀u − u²/2); scale in samples."""
    x = x - x.mean()
    out = np.zeros(len(x), dtype=complex)
    sample = np.arange(len(x))
    for t in sample:
        u = (sample - t) / scale
        out[t] = np.sum(x * np.exp(-1j * OMEGA0 * u - 0.5 * u**2)) * np.pi**-0.25 / np.sqrt(scale)
    return out


def smooth(rows: np.ndarray, scales: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Gaussian of one scale in time over the recorded samples, then the centred kernel over scales."""
    n_scales, n = rows.shape
    sample = np.arange(n)
    in_time = np.zeros_like(rows)
    for j in range(n_scales):
        for t in range(n):
            weight = np.exp(-0.5 * ((sample - t) / scales[j]) ** 2) / (np.sqrt(2 * np.pi) * scales[j])
            in_time[j, t] = np.sum(weight * rows[j])
    half = len(kernel) // 2
    out = np.zeros_like(rows)
    for j in range(n_scales):
        for k, weight in enumerate(kernel):
            if 0 <= j + k - half < n_scales:
                out[j] += weight * in_time[j + k - half]
    return out


def coherence(x: np.ndarray, y: np.ndarray, scales: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared coherence and phase of the smoothed cross-spectrum, ``(scale, time)``; scales in samples."""
    wx = np.array([transform(x, s) for s in scales])
    wy = np.array([transform(y, s) for s in scales])
    over = scales[:, None]
    cross = smooth(wx * np.conj(wy) / over, scales, kernel)
    own_x = smooth((np.abs(wx) ** 2 / over).astype(complex), scales, kernel).real
    own_y = smooth((np.abs(wy) ** 2 / over).astype(complex), scales, kernel).real
    return np.abs(cross) ** 2 / (own_x * own_y), np.angle(cross)


def inside(n: int, scale: float, valid: np.ndarray) -> np.ndarray:
    """Samples at least √2 scales from the recording's two ends and from the edges of every missing sample."""
    keep = np.zeros(n, dtype=bool)
    for t in range(n):
        walls = [-0.5, n - 0.5]
        for bad in np.flatnonzero(~valid):
            walls += [bad - 0.5, bad + 0.5]
        keep[t] = bool(valid[t]) and min(abs(t - w) for w in walls) >= np.sqrt(2) * scale
    return keep
