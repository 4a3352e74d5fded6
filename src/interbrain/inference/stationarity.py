"""Does a recording keep its level? Every within-dyad surrogate takes for granted that it does.

Two people who both drift or both get used to a task look synchronous against shifted copies of themselves: of pairs of
independent random walks 23 % come out at p ≤ .05 by the correlation over the whole recording (600 samples, circular
shift). Measures that look within windows or bands suffer less: 7 % by wavelet coherence.

A channel is said to drift when its level is not constant (KPSS statistic above its 1 % point, Kwiatkowski et al. 1992,
10.1016/0304-4076(92)90104-Y), or when a random walk is not excluded at 5 % (Dickey & Fuller 1979) and it remembers
itself for more than 1/20 of the recording; the tests run on at most 400 means of successive samples. Measured on 150
series a kind: white noise 1 %, AR(1) 0.9 of 300 s at 5 Hz 3 %, of 600 s 3 %, white noise through a haemodynamic
response 9 % (120 s), 3 % (300 s) and 0 % (600 s), the same band-passed 0 % (120 s); random walks 97 %, AR(1) 0.9 with
a fading rise of 2 SD 95 %, with a straight rise of 1 SD 67 %, of 2 SD 100 %. A drift that a band-pass took out is not
seen, and does no harm. For epochs, whose level is usually removed, the power is looked at instead (Spearman's
correlation of an epoch's log variance with its order, p < .01).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr
from statsmodels.tools.sm_exceptions import InterpolationWarning
from statsmodels.tsa.stattools import adfuller, kpss

from interbrain.data.signal import Block

KPSS_1_PERCENT = 0.739
ADF_ALPHA = 0.05
EPOCH_ALPHA = 0.01
LONG_MEMORY = 0.05
"""Share of the recording that a random walk remembers itself for at least; shorter memories are no walk, however the
unit-root test, which has little power in short recordings, comes out."""
SEGMENT_MEMORIES = 25
SHARE = 0.1
"""Channels that may drift before a recording is said to: single channels do by chance."""

_MEANS = 400
_FEWEST = 40
_LAGS = 10


@dataclass(frozen=True, eq=False)
class Drift:
    """Per channel ``(channel,)``: the figure and whether it drifts.

    Continuous: ``figure`` is the KPSS statistic and ``unit_root_p`` the Dickey–Fuller p; epochs: Spearman's
    correlation, and NaN. NaN where a channel is flat or too short to say.
    """

    figure: np.ndarray
    unit_root_p: np.ndarray
    drifts: np.ndarray


def check(block: Block) -> Drift:
    """Every channel of a block."""
    one = _epochs if block.epoched else _continuous
    rows = [one(block.values[:, c], block.valid[:, c]) for c in range(block.shape[1])]
    figures = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Drift(figures[:, 0], figures[:, 1], figures[:, 2] > 0)


def warning(block: Block, surrogate: str, segment_s: float | None = None) -> str | None:
    """A sentence where the recording breaks what a surrogate assumes; None where it does not.

    ``segment_s``, for shuffled segments of continuous recordings: signals that remember longer than 1/25 of it are
    told of as well (``surrogates.segment_shuffle`` says why).
    """
    if surrogate == "segment_shuffle" and not block.epoched and segment_s:
        memory = float(np.nanmedian(memory_s(block)))
        if memory > segment_s / SEGMENT_MEMORIES:
            return (
                f"the signal remembers itself for {memory:.2g} s, more than 1/{SEGMENT_MEMORIES} of a shuffled segment "
                f"({segment_s:g} s), so joints between segments lower chance and p is too small; use circular_shift"
            )
    drift = check(block)
    n, of = int(drift.drifts.sum()), int(np.isfinite(drift.figure).sum())
    if n == 0 or n <= SHARE * of:
        return None
    worst = drift.figure[drift.drifts]
    worst = worst[np.argmax(np.abs(worst))]
    which = "the channel" if of == 1 else f"{n} of {of} channels"
    if block.epoched:
        return (
            f"the power of {which} changes over the epochs (rank correlation with time up to {worst:.2f}), so the "
            + (f"epochs could not as well have come in another order, as {surrogate} assumes")
        )
    return (
        f"the level of {which} drifts (KPSS up to {worst:.2f}, limit {KPSS_1_PERCENT}, or a random walk is not "
        f"excluded), while {surrogate} assumes a steady level"
    )


def memory_s(block: Block) -> np.ndarray:
    """Seconds until each channel's autocorrelation falls below 1/e ``(channel,)``; NaN for flat channels."""
    result = np.full(block.shape[1], np.nan)
    for c in range(block.shape[1]):
        samples = block.values[:, c][block.valid[:, c]]
        if len(samples) < 3 or np.ptp(samples) == 0:
            continue
        result[c] = _memory(samples) / block.rate
    return result


def _memory(samples: np.ndarray) -> int:
    """Samples until the autocorrelation falls below 1/e."""
    spectrum = np.abs(np.fft.rfft(samples - samples.mean(), 2 * len(samples))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(samples)]
    below = np.flatnonzero(correlation < correlation[0] / np.e)
    return int(below[0]) if len(below) else len(samples)


def _continuous(values: np.ndarray, valid: np.ndarray) -> tuple[float, float, float]:
    series = _means(values[valid])
    if len(series) < _FEWEST or np.ptp(series) == 0:
        return np.nan, np.nan, 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterpolationWarning)  # p outside the table; the statistic is what is used
        warnings.simplefilter("ignore", FutureWarning)  # the form of the answer; its first two items stay
        level = float(kpss(series, regression="c", nlags="auto")[0])
        unit_root = float(adfuller(series, maxlag=min(_LAGS, len(series) // 8), autolag=None)[1])
    walks = unit_root > ADF_ALPHA and _memory(series) > LONG_MEMORY * len(series)
    return level, unit_root, float(level > KPSS_1_PERCENT or walks)


def _means(samples: np.ndarray) -> np.ndarray:
    width = max(1, len(samples) // _MEANS)
    count = len(samples) // width
    return samples[: count * width].reshape(count, width).mean(axis=1)


def _epochs(values: np.ndarray, valid: np.ndarray) -> tuple[float, float, float]:
    n = valid.sum(axis=1)
    kept = values[n > 1], valid[n > 1]
    if len(kept[0]) < 10:
        return np.nan, np.nan, 0.0
    mean = np.where(kept[1], kept[0], 0.0).sum(axis=1) / n[n > 1]
    power = np.where(kept[1], (kept[0] - mean[:, None]) ** 2, 0.0).sum(axis=1) / n[n > 1]
    if (power <= 0).any() or np.ptp(power) == 0:
        return np.nan, np.nan, 0.0
    result = spearmanr(np.arange(len(power)), power)
    return float(result.statistic), np.nan, float(result.pvalue < EPOCH_ALPHA)
