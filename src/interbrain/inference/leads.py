"""Who leads: is a lag profile heavier on one side than chance makes it?

Lags are positive where A leads. The statistic is the mean of the profile over positive lags minus that over negative
lags; lag 0 belongs to neither. Nothing here says why one side comes first: a slower response of one person's body
or sensor shifts a profile too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.inference.contrast import Contrast, paired_contrast
from interbrain.inference.ranks import moments, two_sided_p


@dataclass(frozen=True, eq=False)
class Lead:
    """``estimate`` is positive where A leads; arrays have the profile's shape without its lags; p is two-sided."""

    estimate: np.ndarray
    null_mean: np.ndarray
    null_sd: np.ndarray
    z: np.ndarray
    p: np.ndarray
    n_null: int


def asymmetry(profile: np.ndarray, lags_s: np.ndarray) -> np.ndarray:
    """Mean over lags > 0 minus mean over lags < 0 of ``(..., lag)``.

    Raises
    ------
    BadInput
        A profile without lags on both sides.
    """
    profile, lags_s = np.asarray(profile, dtype=np.float64), np.asarray(lags_s, dtype=np.float64)
    if profile.shape[-1:] != lags_s.shape:
        raise BadInput(f"who leads: a profile of {profile.shape[-1]} lags but {lags_s.size} lag times.")
    ahead, behind = lags_s > 0, lags_s < 0
    if not (ahead.any() and behind.any()):
        raise BadInput("who leads: the profile needs lags on both sides of 0.")
    return profile[..., ahead].mean(axis=-1) - profile[..., behind].mean(axis=-1)


def lead_test(profile: np.ndarray, draws: np.ndarray, lags_s: np.ndarray) -> Lead:
    """One dyad's profiles ``(..., lag)`` against their surrogates ``(S, ..., lag)``."""
    observed, null = asymmetry(profile, lags_s), asymmetry(draws, lags_s)
    mean, sd = moments(null)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(sd > 0, (observed - mean) / sd, np.nan)
    return Lead(observed, mean, sd, z, two_sided_p(observed, null), len(null))


def leads_over_groups(asymmetries: np.ndarray, stream: np.random.Generator, n_arrangements: int) -> Contrast:
    """Does the same side lead over groups? Signs of whole groups' asymmetries ``(G, P)`` are flipped."""
    return paired_contrast(asymmetries, stream, n_arrangements)
