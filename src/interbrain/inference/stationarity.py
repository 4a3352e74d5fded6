"""Does a recording keep its level? Every within-dyad surrogate takes for granted that it does.

Two people who both drift or both get used to a task look synchronous against shifted copies of themselves: of pairs of
independent random walks 23 % come out at p ≤ .05 by the correlation over the whole recording (600 samples, circular
shift). Measures that look within windows or bands suffer less: 7 % by wavelet coherence.

Three things are looked for in each channel, on at most 400 means of successive samples:

- *drift*: the level is not constant (KPSS statistic above its 1 % point, Kwiatkowski et al. 1992,
  10.1016/0304-4076(92)90104-Y), or a random walk is not excluded at 5 % (Dickey & Fuller 1979) and the series remembers
  itself for more than 1/20 of the recording;
- *swelling*: what the series' own past does not foretell changes its size (KPSS of the ranks of the absolute
  innovations, the same limit);
- *blocks*: a level that comes and goes like clockwork, with a period from 20 s to a quarter of the recording (Fisher's
  test of the largest ordinate of a periodogram, 1929, 10.1098/rspa.1929.0151, on the innovations of means over 1 s;
  p < .005). Two people in the same blocks look synchronous.

Turns of irregular length that both share are a stationary process: nothing in one recording gives them away. A drift
that a band-pass took out is not seen, and does no harm. For epochs, whose level is usually removed, the power is looked
at instead (Spearman's correlation of an epoch's log variance with its order, p < .01). How often each finds what is
there, and what is not, is measured by ``calibrate/stationarity.py`` (docs/calibration/stationarity.md).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import comb
from scipy.stats import rankdata, spearmanr
from statsmodels.tools.sm_exceptions import InterpolationWarning
from statsmodels.tsa.stattools import adfuller, kpss

from interbrain.data.signal import Block
from interbrain.measures._innovations import innovations

KPSS_1_PERCENT = 0.739
ADF_ALPHA = 0.05
EPOCH_ALPHA = 0.01
LONG_MEMORY = 0.05
"""Share of the recording that a random walk remembers itself for at least; shorter memories are no walk, however the
unit-root test, which has little power in short recordings, comes out."""
SEGMENT_MEMORIES = 25
SHARE = 0.1
"""Channels that may drift before a recording is said to: single channels do by chance."""

LINE_ALPHA = 0.005
SHORTEST_PERIOD_S = 20.0
"""Slower than breath (4 s) and Mayer waves (10 s), which are no blocks of a meeting."""

_MEANS = 400
_FEWEST = 40
_LAGS = 10
_FEWEST_CYCLES = 4
_FEWEST_ORDINATES = 8
_CLEAR = 4.0
"""Times the mean that the largest ordinate must be for Fisher's sum to be taken; below, it loses its digits and p is
near 1 for any number of ordinates."""


@dataclass(frozen=True, eq=False)
class Drift:
    """Per channel ``(channel,)``: the figures and what they say.

    Continuous: ``figure`` is the KPSS statistic of the level and ``unit_root_p`` the Dickey–Fuller p, which decide
    ``drifts``; ``size`` the KPSS statistic of the innovations' size, which decides ``swells``; ``period_s`` and
    ``line_p`` the strongest period and Fisher's p, which decide ``repeats``. Epochs: ``figure`` is Spearman's
    correlation of power with order, the others NaN. NaN where a channel is flat or too short to say.
    """

    figure: np.ndarray
    unit_root_p: np.ndarray
    drifts: np.ndarray
    size: np.ndarray
    swells: np.ndarray
    period_s: np.ndarray
    line_p: np.ndarray
    repeats: np.ndarray

    @property
    def any(self) -> np.ndarray:
        """Channels in which anything was found."""
        return self.drifts | self.swells | self.repeats


def check(block: Block) -> Drift:
    """Every channel of a block."""
    rows = [
        _epochs(block.values[:, c], block.valid[:, c])
        if block.epoched
        else _continuous(block.values[:, c], block.valid[:, c], block.rate)
        for c in range(block.shape[1])
    ]
    f = np.array(rows, dtype=np.float64).reshape(-1, 6)
    with np.errstate(invalid="ignore"):
        return Drift(f[:, 0], f[:, 1], f[:, 2] > 0, f[:, 3], f[:, 3] > KPSS_1_PERCENT, f[:, 4], f[:, 5],
                     f[:, 5] < LINE_ALPHA)  # fmt: skip


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
    of = int(np.isfinite(drift.figure).sum())
    told = [_level(drift, of, surrogate, block.epoched), _size(drift, of), _blocks(drift, of)]
    found = [sentence for sentence in told if sentence]
    return "; ".join(found) if found else None


def _which(flagged: np.ndarray, of: int) -> str | None:
    """``3 of 20 channels``, where that is more than chance makes of them."""
    n = int(flagged.sum())
    if n == 0 or n <= SHARE * of:
        return None
    return "the channel" if of == 1 else f"{n} of {of} channels"


def _level(drift: Drift, of: int, surrogate: str, epoched: bool) -> str | None:
    which = _which(drift.drifts, of)
    if which is None:
        return None
    worst = drift.figure[drift.drifts]
    worst = worst[np.argmax(np.abs(worst))]
    if epoched:
        return (
            f"the power of {which} changes over the epochs (rank correlation with time up to {worst:.2f}), so the "
            + (f"epochs could not as well have come in another order, as {surrogate} assumes")
        )
    return (
        f"the level of {which} drifts (KPSS up to {worst:.2f}, limit {KPSS_1_PERCENT}, or a random walk is not "
        f"excluded), while {surrogate} assumes a steady level"
    )


def _size(drift: Drift, of: int) -> str | None:
    which = _which(drift.swells, of)
    if which is None:
        return None
    worst = float(np.nanmax(drift.size[drift.swells]))
    return f"the fluctuations of {which} grow or fade (KPSS of their size up to {worst:.2f}, limit {KPSS_1_PERCENT})"


def _blocks(drift: Drift, of: int) -> str | None:
    which = _which(drift.repeats, of)
    if which is None:
        return None
    best = int(np.nanargmin(drift.line_p))
    return (
        f"the level of {which} comes and goes every {drift.period_s[best]:.0f} s (Fisher's p = "
        f"{drift.line_p[best]:.1g}): blocks that both people share look like synchrony; re-pair partners"
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


_Row = tuple[float, float, float, float, float, float]


def _continuous(values: np.ndarray, valid: np.ndarray, rate: float) -> _Row:
    """Level, unit root, drifts; size; period and its p."""
    series = _means(values[valid])
    if len(series) < _FEWEST or np.ptp(series) == 0:
        return np.nan, np.nan, 0.0, np.nan, np.nan, np.nan
    level = _kpss(series)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the form of the answer; its first two items stay
        unit_root = float(adfuller(series, maxlag=min(_LAGS, len(series) // 8), autolag=None)[1])
    walks = unit_root > ADF_ALPHA and _memory(series) > LONG_MEMORY * len(series)
    drifts = float(level > KPSS_1_PERCENT or walks)
    surprise = _surprise(series)
    if np.ptp(surprise) == 0:
        return level, unit_root, drifts, np.nan, np.nan, np.nan
    second = max(1, round(rate))
    line = _line(_surprise(_of_width(values[valid], second)), rate / second)
    return level, unit_root, drifts, _kpss(rankdata(np.abs(surprise))), *line


def _surprise(series: np.ndarray) -> np.ndarray:
    """What an autoregressive model of the series does not foretell."""
    errors, known = innovations(series[None, None], np.ones((1, 1, len(series)), dtype=bool), _LAGS)
    return errors[known]


def _kpss(series: np.ndarray) -> float:
    """The statistic for a constant level."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterpolationWarning)  # p outside the table; the statistic is what is used
        warnings.simplefilter("ignore", FutureWarning)  # the form of the answer; its first item stays
        return float(kpss(series, regression="c", nlags="auto")[0])


def _line(series: np.ndarray, rate: float) -> tuple[float, float]:
    """Period (s) of the largest ordinate among slow ones, and Fisher's p of it; NaN where the recording is short."""
    power = np.abs(np.fft.rfft(series - series.mean())) ** 2
    hz = np.fft.rfftfreq(len(series), 1 / rate)
    slow = np.flatnonzero((hz <= 1 / SHORTEST_PERIOD_S) & (np.arange(len(hz)) >= _FEWEST_CYCLES))
    slow = slow[slow < (len(series) + 1) // 2]  # the last ordinate has half the degrees of freedom
    count = len(slow)
    if count < _FEWEST_ORDINATES:
        return np.nan, np.nan
    best = slow[np.argmax(power[slow])]
    g = float(power[best] / power[slow].sum())
    terms = np.arange(1, min(count, int(1 / g)) + 1)
    p = float(np.sum((-1.0) ** (terms - 1) * comb(count, terms) * np.clip(1 - terms * g, 0, None) ** (count - 1)))
    return float(1 / hz[best]), min(max(p, 0.0), 1.0) if g > _CLEAR / count else 1.0


def _means(samples: np.ndarray) -> np.ndarray:
    """At most some 400 means of as many successive samples."""
    return _of_width(samples, max(1, len(samples) // _MEANS))


def _of_width(samples: np.ndarray, width: int) -> np.ndarray:
    count = len(samples) // width
    return samples[: count * width].reshape(count, width).mean(axis=1)


def _epochs(values: np.ndarray, valid: np.ndarray) -> _Row:
    unknown = (np.nan, np.nan, np.nan)
    n = valid.sum(axis=1)
    kept = values[n > 1], valid[n > 1]
    if len(kept[0]) < 10:
        return np.nan, np.nan, 0.0, *unknown
    mean = np.where(kept[1], kept[0], 0.0).sum(axis=1) / n[n > 1]
    power = np.where(kept[1], (kept[0] - mean[:, None]) ** 2, 0.0).sum(axis=1) / n[n > 1]
    if (power <= 0).any() or np.ptp(power) == 0:
        return np.nan, np.nan, 0.0, *unknown
    result = spearmanr(np.arange(len(power)), power)
    return float(result.statistic), np.nan, float(result.pvalue < EPOCH_ALPHA), *unknown
