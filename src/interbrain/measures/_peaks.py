"""The peak of a lag profile that is nearest to lag zero, window by window (Boker et al. 2002)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d


def nearest_peaks(score: np.ndarray, lags: np.ndarray, span: int) -> tuple[np.ndarray, np.ndarray]:
    """Height and lag ``(...)`` of scores ``(..., lag)``; NaN where there is no peak.

    A peak is the highest of the ``span`` lags on either side, all of which must be known; so the outermost ``span``
    lags hold none, since a profile may go on rising beyond them. Of two peaks equally near the higher one is taken.
    """
    known = np.isfinite(score)
    filled = np.where(known, score, np.inf)
    width = 2 * span + 1
    highest = maximum_filter1d(filled, width, axis=-1, mode="constant", cval=np.inf)
    lowest = minimum_filter1d(filled, width, axis=-1, mode="nearest")
    peak = known & (score >= highest) & (score > lowest)
    distance = np.where(peak, np.abs(lags), np.iinfo(np.int64).max)
    nearest = peak & (distance == distance.min(axis=-1, keepdims=True))
    place = np.where(nearest, filled, -np.inf).argmax(axis=-1)
    found = peak.any(axis=-1)
    height = np.take_along_axis(filled, place[..., None], axis=-1)[..., 0]
    return np.where(found, height, np.nan), np.where(found, lags[place], np.nan)
