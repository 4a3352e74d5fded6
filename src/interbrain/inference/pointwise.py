"""A map against maps of surrogates: each moment and scale alone, and how much of the map lies above chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pointwise:
    """``floor`` has the map's shape: what a point must exceed for p ≤ .05 against the surrogates at that very point.

    ``share`` of the points exceed it: one in twenty by chance, but points that lie together exceed it together.
    ``share_p`` asks whether so much of a map does so in surrogates.
    """

    floor: np.ndarray
    share: float
    share_p: float
    n: int


def pointwise(observed: np.ndarray, drawn: np.ndarray, level: float = 0.05) -> Pointwise:
    """Compare a map with ``drawn (n, …)`` maps of surrogates; points that are NaN in the observed map do not count.

    The observed map and each surrogate's take part alike: each is held against all the others, so that the shares are
    exchangeable where there is no coupling and ``share_p`` is exact.

    Parameters
    ----------
    observed
        ``(…)``, for example ``(scale, time)``.
    drawn
        ``(n, …)``; ``n`` of at least 1/level - 1 (19 for .05), else nothing can exceed.
    """
    n = len(drawn)
    allowed = int(np.floor(level * (n + 1) + 1e-9)) - 1
    known = np.isfinite(observed)
    if allowed < 0 or not known.any():
        return Pointwise(np.full(observed.shape, np.nan), np.nan, np.nan, n)
    points = np.concatenate([observed[known][None], drawn[:, known]])
    points = np.where(np.isfinite(points), points, -np.inf)
    floor = np.full(observed.shape, np.nan)
    floor[known] = -np.sort(-points[1:], axis=0)[allowed]
    largest = -np.sort(-points, axis=0)[: allowed + 2]
    # One of the others at least as large more than allowed: the value is not above the next in the common order.
    shares = (points > largest[allowed + 1]).mean(axis=1)
    return Pointwise(floor, float(shares[0]), float((1 + (shares[1:] >= shares[0]).sum()) / (n + 1)), n)
