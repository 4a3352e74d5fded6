"""Slow, obvious twins of windowed lagged cross-correlation: plain loops over windows, lags and samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def window_starts(n: int, window: int, reach: int, step: int, placement: str) -> list[int]:
    """First samples of all windows that fit with their lags."""
    need = window if placement == "inside" else window + reach
    return [s for s in range(0, n, step) if s + need <= n]


def pairs(start: int, lag: int, window: int, reach: int, placement: str) -> list[tuple[int, int]]:
    """Positions (in A, in B) of the samples that meet in a window at a lag."""
    if placement == "inside":
        return [(t, t + lag) for t in range(start, start + window) if start <= t + lag < start + window]
    if placement == "forward":
        return [(t, t + lag) if lag >= 0 else (t - lag, t) for t in range(start, start + window)]
    early, late = abs(lag) // 2, abs(lag) - abs(lag) // 2
    times = range(start + reach // 2, start + reach // 2 + window)
    return [(t - early, t + late) if lag >= 0 else (t + late, t - early) for t in times]


def scores(
    a: np.ndarray, valid_a: np.ndarray, b: np.ndarray, valid_b: np.ndarray, rate: float, settings: Mapping[str, Any]
) -> np.ndarray:
    """Scores ``(window, lag)`` of two series ``(time,)``."""
    window, step, reach = (round(settings[k] * rate) for k in ("window_s", "step_s", "max_lag_s"))
    placement = settings["placement"]

    def joint(start: int, lag: int) -> tuple[np.ndarray, np.ndarray, bool]:
        all_pairs = pairs(start, lag, window, reach, placement)
        good = [(i, j) for i, j in all_pairs if valid_a[i] and valid_b[j]]
        enough = len(good) >= 3 and len(good) >= settings["min_valid"] * len(all_pairs)
        return a[[i for i, _ in good]], b[[j for _, j in good]], enough

    rows = []
    for start in window_starts(len(a), window, reach, step, placement):
        row = []
        for lag in range(-reach, reach + 1):
            x, y, enough = joint(start, lag)
            reference_x, reference_y = x, y
            if placement == "inside":
                reference_x, reference_y, enough_at_zero = joint(start, 0)
                enough = enough and enough_at_zero
            if not enough or np.ptp(reference_x) == 0 or np.ptp(reference_y) == 0:
                row.append(math.nan)
                continue
            dx, dy = x - reference_x.mean(), y - reference_y.mean()
            spread = ((reference_x - reference_x.mean()) ** 2).sum() * ((reference_y - reference_y.mean()) ** 2).sum()
            r = float((dx * dy).sum() / math.sqrt(spread))
            z = math.atanh(min(max(r, -1 + 1e-12), 1 - 1e-12)) if settings["fisher_z"] else r
            row.append(abs(z) if settings["absolute"] else z)
        rows.append(row)
    return np.array(rows)


def rmea_moving_average(x: np.ndarray, rate: float, seconds: float) -> np.ndarray:
    """The moving average behind the reference's setting B.

    A width of ``seconds * rate`` samples that need not be whole (12.5 for 0.5 s at 25 Hz): at each sample the sum from
    6 before to 5 after, divided by 12.5, also at the beginning where fewer are left; 0 where the end is missing.
    """
    width = seconds * rate
    half = (width - 1) / 2
    out = np.zeros(len(x))
    for place in range(1, len(x) + 1):
        begin = max(place - half, 1.0)
        first = math.floor(begin)
        last = math.floor(begin + math.floor(place + half - begin))
        if last <= len(x):
            out[place - 1] = sum(x[k - 1] for k in range(first, last + 1)) / width
    return out
