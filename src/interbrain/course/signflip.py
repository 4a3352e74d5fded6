"""Sign flips of whole dyads' slopes: the course's check that assumes no distribution.

If nothing grows, each dyad's own slope is as likely to fall as to rise. Sessions within a dyad are never permuted:
they are not exchangeable. The weights follow from the design alone, so they stay the same under every flip.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

_TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Flips:
    """``signs (flip, dyad)`` of ±1 with the identity first; ``exhaustive`` when all 2ⁿ are there."""

    signs: np.ndarray
    exhaustive: bool

    def smallest_p(self, n_dyads: int) -> float:
        """The smallest two-sided p that ``n_dyads`` can give with these flips."""
        return max(1 / len(self.signs), 2.0 ** (1 - n_dyads))


def flips(n_dyads: int, n_signflips: int, stream: np.random.Generator) -> Flips:
    """Every assignment of signs where there are at most ``n_signflips + 1``, else so many at random."""
    if 2**n_dyads <= n_signflips + 1:
        return Flips(np.array(list(itertools.product((1.0, -1.0), repeat=n_dyads))).reshape(-1, n_dyads), True)
    signs = stream.choice([-1.0, 1.0], size=(n_signflips + 1, n_dyads))
    signs[0] = 1.0
    return Flips(signs, False)


def own_slope(y: np.ndarray, time: np.ndarray) -> tuple[float, float, float]:
    """Level at time 0, slope and Σ(t − mean)² of one dyad's least-squares line; NaN for less than two sessions."""
    centred = time - time.mean() if len(time) else time
    spread = float(centred @ centred)
    if spread <= 0:
        return np.nan, np.nan, 0.0
    slope = float(centred @ y) / spread
    return float(y.mean() - slope * time.mean()), slope, spread


def weights(spread: np.ndarray) -> np.ndarray:
    """Weight of each dyad's slope: s / (s + mean s) for the spread s of its sessions, 0 where it has no slope.

    This is the precision of a slope when dyads' true slopes differ as much as a typical dyad's line is uncertain.
    """
    spread = np.asarray(spread, dtype=np.float64)
    carrying = spread > 0
    if not carrying.any():
        return np.zeros_like(spread)
    return spread / (spread + spread[carrying].mean())


def statistics(slopes: np.ndarray, weight: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """``(flip,)``: |weighted sum of flipped slopes| in units of its own spread over all flips."""
    part = np.where(weight > 0, weight * np.nan_to_num(slopes), 0.0)
    scale = float(np.sqrt(part @ part))
    if scale == 0:
        return np.zeros(len(signs))
    return np.abs(signs @ part) / scale


def p_value(statistic: np.ndarray) -> float:
    """Share of flips at least as large as the first, which is the identity."""
    return float(np.mean(statistic >= statistic[0] - _TIE))


def p_over_family(statistic: np.ndarray) -> np.ndarray:
    """``statistic (flip, pair)`` under common flips → ``(pair,)``: p of each against the maximum over the family."""
    highest = statistic.max(axis=1)
    return np.array([float(np.mean(highest >= s - _TIE)) for s in statistic[0]])
