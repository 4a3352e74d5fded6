"""The p-value of a value among its draws, alone and as the maximum of a family.

p = (1 + number of draws at least as extreme)/(1 + number of draws): the observed value is one of the arrangements that
could have been (Phipson & Smyth 2010, 10.2202/1544-6115.1585). Ties count against the finding, to within rounding. A
draw that gave no number counts as more extreme than anything observed, so that failing surrogates never help.
"""

from __future__ import annotations

import numpy as np

from interbrain.data.errors import BadInput

_ROUNDING = 1e-12


def upper_p(observed: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """p of each observed value in the upper tail of its own draws.

    Parameters
    ----------
    observed
        ``(...)``; NaN where nothing could be said, which gives NaN.
    draws
        ``(S, ...)``.
    """
    observed, draws = _checked(observed, draws)
    slack = _ROUNDING * np.maximum(np.abs(observed), 1e-3 * np.abs(draws).max(axis=0, initial=0.0, where=_known(draws)))
    extreme = np.where(_known(draws), draws >= observed - slack, True)
    p = (1.0 + extreme.sum(axis=0)) / (1.0 + len(draws))
    return np.where(np.isfinite(observed), p, np.nan)


def two_sided_p(observed: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """p of the distance from the centre; the centre is the mean over the draws *and* the observed value.

    Counting the observed value in keeps it exchangeable with the draws, so p is exact for any number of them.
    """
    observed, draws = _checked(observed, draws)
    centre, _ = moments(np.concatenate([observed[None], draws]))
    return upper_p(np.abs(observed - centre), np.abs(draws - centre))


def standardise(observed: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Observed values and draws of each pair, in SDs of that pair's own chance.

    Mean and SD are taken over the draws and the observed value together. They are then the same whichever of the
    S + 1 values was the observed one, so that the maxima compared afterwards stay exchangeable and p is exact; with
    the draws alone, each draw would be measured by a spread that contains it and the observed value by one that does
    not, which makes p too small for few draws. A pair without a number, or without spread, is NaN; a draw without a
    number stands at the pair's highest value.
    """
    observed, draws = _checked(observed, draws)
    joint = np.concatenate([observed[None], draws])
    mean, sd = moments(joint)
    usable = np.isfinite(observed) & (sd > _ROUNDING * np.maximum(np.abs(mean), 1e-300))
    scale = np.where(usable, sd, np.nan)
    highest = joint.max(axis=0, initial=-np.inf, where=_known(joint))
    filled = np.where(_known(draws), draws, highest)
    return (observed - mean) / scale, (filled - mean) / scale


def family_p(observed: np.ndarray, draws: np.ndarray, axes: tuple[int, ...] | None = None) -> np.ndarray:
    """p of each value against the maximum over its family (Westfall & Young), after :func:`standardise`.

    ``axes`` are the axes of ``observed`` that make up one family; None takes all of them. NaN leaves the family.
    """
    z, z_draws = standardise(observed, draws)
    if z.ndim == 0 or z.size == 0:
        return upper_p(z, z_draws)
    axes = tuple(range(z.ndim)) if axes is None else axes
    shifted = tuple(a + 1 for a in axes)
    in_family = np.broadcast_to(np.isfinite(z), z_draws.shape)
    highest = z_draws.max(axis=shifted, keepdims=True, initial=-np.inf, where=in_family)
    return upper_p(z, np.broadcast_to(highest, z_draws.shape))


def moments(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD (n − 1) over the first axis, leaving out draws without a number; NaN where too few are left."""
    known = _known(draws)
    n = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, draws, 0.0).sum(axis=0) / n
        spread = np.where(known, draws - mean, 0.0)
        sd = np.sqrt((spread**2).sum(axis=0) / (n - 1.0))
    return np.where(n > 0, mean, np.nan), np.where(n > 1, sd, np.nan)


def _known(draws: np.ndarray) -> np.ndarray:
    return np.isfinite(draws)


def _checked(observed: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    observed = np.asarray(observed, dtype=np.float64)
    draws = np.asarray(draws, dtype=np.float64)
    if draws.ndim < 1 or draws.shape[1:] != observed.shape or not len(draws):
        raise BadInput(
            f"test: the draws have shape {draws.shape} and the observed values {observed.shape}; the draws must be "
            "(number of draws, *shape of the observed values), at least one."
        )
    return observed, draws
