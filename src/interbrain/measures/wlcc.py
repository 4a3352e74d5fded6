"""Windowed lagged cross-correlation: how alike two people's courses are, minute by minute, at which delay.

In each window the correlation of A's samples with B's samples ``l`` later is taken for every lag l; a positive lag
means that A leads. The value is the mean of |Fisher z| over all windows and lags (Tschacher's and Ramseyer's "grand
average"): synchrony in and against phase count alike, at whatever delay. It already is on Fisher's scale, so it is its
own stabilised form. It is never 0: noise gives about sqrt(2 / (π n)) for n independent samples a window, more for
slow signals. Only the distance to its null speaks.

Why these defaults
------------------
60-s windows, 30-s steps and lags to 5 s are what the field uses for movement in conversation (Ramseyer & Tschacher
2011). The windows are *centred*: at lag l, A's samples start ⌊l/2⌋ earlier and B's end ⌈l/2⌉ later, so that

- each lag of a window speaks of the same stretch of the meeting, and "who leads" is not mixed with what changes over
  time (rMEA takes the led person's samples up to one maximal lag later, at long lags from another moment);
- every lag rests on the same number of samples, so that the profile is not raised at its ends (as it would be if both
  people stayed inside the window);
- exchanging the two people mirrors the profile exactly, and no more of the recording is lost than in rMEA.

Peaks
-----
With ``pick = "peak"`` the value is the mean over windows of the height of one peak, the one nearest to lag zero (Boker
et al. 2002): the highest of the lags up to ``peak_span_s`` on either side. Windows without a peak are left out. The
lag is that of these peaks, and ``extra`` says in which share of the windows A's or B's lead. ``peak_picking`` does so
with plain signed correlations, as Boker et al. have it; they smooth the profile first, here the span does that.

Conventions of others
---------------------
``rmea_a``, ``rmea_b``, ``rmea_c`` are rMEA's windows (Kleinbub & Ramseyer 2021) with raw signals, with smoothed ones,
and signed. Smoothing is no part of this measure: ``rmea_b`` needs ``motion = { smooth_s = 0.5, scale = true }`` in the
plan (the scaling changes no correlation). ``susy`` is SUSY's cross-correlation (Tschacher & Meier 2020): segments,
both people inside the segment, means and variances of the whole segment. SUSY calls it a *negative* lag when the
first series leads; here A's lead is positive in every convention.

Gaps
----
Moments are taken over the samples that both people have. A window counts at a lag if at least ``min_valid`` of its
samples are jointly valid and neither course is constant there; else it is left out of the means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Draws, Estimate
from interbrain.measures import _lagged_kernels as kernels
from interbrain.measures._families import EPOCHS_REORDERED
from interbrain.measures._lagged_windows import Grid, Pieces, grid, pieces, used_seconds
from interbrain.measures._peaks import nearest_peaks

RECORD = MeasureRecord(
    name="wlcc",
    title="Windowed lagged cross-correlation",
    formula="wlcc = mean over windows w and lags l of |atanh r(a[w], b[w + l])|",
    reference="Boker SM, Xu M, Rotondo JL, King K (2002). Windowed cross-correlation and peak picking for the analysis "
    "of variability in the association between behavioral time series. Psychological Methods 7, 338-355.",
    doi="10.1037/1082-989X.7.3.338",
    value_range=(0.0, None),
    with_itself=None,
    stabilise="identity",
    directed=False,
    accepts=("continuous",),
    modalities=("motion", "heart", "eda", "voice", "fnirs", "misc"),
    blind_to=("amplitude", "sign of the relation (unless absolute = false)"),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="circular_shift",
    settings={
        "window_s": 60.0,
        "step_s": 30.0,
        "max_lag_s": 5.0,
        "absolute": True,
        "fisher_z": True,
        "placement": "centred",
        "pick": "mean",
        "peak_span_s": 0.5,
        "min_valid": 0.5,
    },
    settings_allowed={
        "window_s": "(0, inf)",
        "step_s": "(0, inf)",
        "max_lag_s": "[0, inf)",
        "placement": ("centred", "forward", "inside"),
        "pick": ("mean", "peak"),
        "peak_span_s": "[0, inf)",
        "min_valid": "[0, 1]",
    },
    settings_help={
        "window_s": "length of a window in seconds",
        "step_s": "seconds from one window's start to the next",
        "max_lag_s": "longest lag either way, in seconds",
        "absolute": "whether |z| is averaged (in and against phase alike) or z with its sign",
        "fisher_z": "whether correlations are turned into Fisher's z before they are averaged",
        "placement": "'centred': lags move both people; 'forward': the one who is led (rMEA); 'inside': both stay in "
        "the window, with moments of the whole window (SUSY)",
        "pick": "'mean': of all lags; 'peak': of the peak nearest to lag zero, window by window",
        "peak_span_s": "seconds of lag on either side of which a peak is the highest",
        "min_valid": "share of a window's samples that both people must have for it to count",
    },
    named_settings={
        "rmea_a": {"window_s": 60.0, "step_s": 30.0, "max_lag_s": 5.0, "absolute": True, "placement": "forward"},
        "rmea_b": {"window_s": 30.0, "step_s": 15.0, "max_lag_s": 5.0, "absolute": True, "placement": "forward"},
        "rmea_c": {"window_s": 60.0, "step_s": 30.0, "max_lag_s": 5.0, "absolute": False, "placement": "forward"},
        "peak_picking": {"pick": "peak", "absolute": False, "fisher_z": False, "placement": "forward"},
        "susy": {"window_s": 30.0, "step_s": 30.0, "max_lag_s": 3.0, "absolute": True, "placement": "inside"},
    },
    methods="Synchrony was measured by windowed lagged cross-correlation (Boker et al., 2002): the mean of absolute "
    "Fisher-z correlations over all windows and lags.",
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: samples ``(channel, time)`` about their median, 0 where invalid; ``valid`` is 1.0 or 0.0."""

    values: np.ndarray
    valid: np.ndarray
    rate: float
    grid: Grid
    settings: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        return bool(self.valid.all())


@dataclass(frozen=True, eq=False)
class State:
    """Scores ``(A, B, window, lag)``, NaN where a window does not count at a lag."""

    score: np.ndarray
    grid: Grid
    rate: float
    settings: Mapping[str, Any]


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """One person's samples, ready to be multiplied.

    They are taken about the median, not the mean: quiet stretches of motion energy then are 0 and lose no digits.

    Raises
    ------
    BadInput
        A setting out of range.
    RefusedScience
        Epochs; a recording shorter than one window with its lags.
    """
    if block.epoched or block.shape[0] != 1:
        raise RefusedScience(
            f"wlcc needs one continuous stretch; got {block.shape[0]} epochs, between which time does not run on. Use "
            "a measure for epochs (plv, accorr, imcoh), or the continuous recording."
        )
    windows = grid(block.shape[2], block.rate, settings)
    _check_pick(settings, windows, block.rate)
    valid = np.ascontiguousarray(block.valid[0])
    values = np.zeros(valid.shape)
    for channel, mask in enumerate(valid):
        own = block.values[0, channel]
        if mask.all():
            np.subtract(own, np.median(own), out=values[channel])
        elif mask.any():
            values[channel, mask] = own[mask] - np.median(own[mask])
    return Prepared(values, valid.astype(np.float64), block.rate, windows, dict(settings))


def _check_pick(settings: Mapping[str, Any], windows: Grid, rate: float) -> None:
    if settings["pick"] == "peak" and windows.zero < _span(settings, rate):
        raise BadInput(
            f"wlcc: lags up to {settings['max_lag_s']:g} s hold no peak that is the highest for "
            f"{settings['peak_span_s']:g} s on either side; use a longer max_lag_s or a shorter peak_span_s."
        )


def _span(settings: Mapping[str, Any], rate: float) -> int:
    return max(1, round(settings["peak_span_s"] * rate))


def combine(a: Prepared, b: Prepared) -> State:
    """Scores of all channel pairs in every window at every lag.

    Raises
    ------
    BadInput
        The two people differ in length or rate.
    """
    if a.grid.n_times != b.grid.n_times or a.rate != b.rate:
        raise BadInput(
            f"wlcc: A has {a.grid.n_times} samples at {a.rate:g} Hz, B {b.grid.n_times} at {b.rate:g} Hz; both must be "
            "on one clock (signals.align)."
        )
    plain = pieces(a.grid)
    score = np.empty((len(a.values), len(b.values), a.grid.n_windows, len(a.grid.lags)))
    for i in range(len(a.values)):
        for j in range(len(b.values)):
            score[i, j] = _scored(a, i, b.values[j], b.valid[j], plain)
    return State(score, a.grid, a.rate, a.settings)


def _sums(a: Prepared, i: int, values_b: np.ndarray, valid_b: np.ndarray, parts: Pieces) -> np.ndarray:
    g = a.grid
    short = g.window - g.length
    where = (g.start_a, g.start_b, short, parts.offset, parts.size, parts.first, parts.last)
    return kernels.lagged_sums(a.values[i], a.valid[i], values_b, valid_b, *where)


def _scored(a: Prepared, i: int, values_b: np.ndarray, valid_b: np.ndarray, parts: Pieces) -> np.ndarray:
    sums = _sums(a, i, values_b, valid_b, parts)
    whole_window = a.settings["placement"] == "inside"
    return kernels.scores(sums, _fewest(a), a.grid.zero, whole_window, a.settings["fisher_z"], a.settings["absolute"])


def _fewest(a: Prepared) -> np.ndarray:
    """Jointly valid samples ``(lag,)`` that a window must have."""
    return np.maximum(np.ceil(a.settings["min_valid"] * a.grid.length - 1e-9), 3.0)


def reduce(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Means over windows and lags; with ``windows (W, 2)``, first and last-plus-one samples, a list of W answers.

    A time window takes the correlation windows whose middle lies in it; one that holds none gives NaN.

    ``lag_s`` is the lag where the mean profile is highest. ``coverage`` is the share of windows × lags that counted.
    ``n_effective`` is the number of windows' lengths that the used windows cover: overlapping windows are not
    independent, and neither are the samples within one. ``extra`` holds, ``(A, B, 1, 1)`` each, ``lead_a`` and
    ``lead_b`` (means over positive and negative lags), ``zero_lag``, ``best_lag_s`` (mean over windows of each
    window's own best lag, s) and ``n_windows``. With ``pick = "peak"`` ``lag_s`` is the mean lag of the windows' peaks
    and ``extra`` has ``n_peaks`` (windows that have one), ``a_leads`` and ``b_leads`` (shares of these with a positive
    and a negative lag).
    """
    if windows is None:
        return _estimate(state.score, state)
    centre = state.grid.centre
    return [_estimate(state.score[:, :, (centre >= start) & (centre < stop)], state) for start, stop in windows]


def _mean(score: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Mean of what is finite; NaN where nothing is."""
    finite = np.isfinite(score)
    if score.size and finite.all():
        return score.mean(axis=axis)
    count = finite.sum(axis=axis)
    total = np.where(finite, score, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _best_lag(score: np.ndarray, lags_s: np.ndarray) -> np.ndarray:
    """Lag (s) of the highest of ``(..., lag)``; NaN where all are."""
    known = np.isfinite(score)
    best = np.where(known, score, -np.inf).argmax(axis=-1)
    return np.where(known.any(axis=-1), lags_s[best], np.nan)


def _estimate(score: np.ndarray, state: State) -> Estimate:
    """``score (A, B, window, lag)`` to an answer."""
    lags_s = state.grid.lags / state.rate
    profile = _mean(score, 2)
    value, lag_s = _mean(score, (2, 3)), _best_lag(profile, lags_s)
    used = np.isfinite(score).any(axis=3)
    cells = max(score.shape[2] * score.shape[3], 1)
    extra = {
        "lead_a": _mean(score[..., lags_s > 0], (2, 3)),
        "lead_b": _mean(score[..., lags_s < 0], (2, 3)),
        "zero_lag": profile[..., state.grid.zero],
        "best_lag_s": _mean(_best_lag(score, lags_s), 2),
        "n_windows": used.sum(axis=2).astype(np.float64),
    }
    if state.settings["pick"] == "peak":
        height, place = nearest_peaks(score, state.grid.lags, _span(state.settings, state.rate))
        value, lag_s = _mean(height, 2), _mean(place, 2) / state.rate
        found = np.isfinite(place)
        extra["n_peaks"] = found.sum(axis=2).astype(np.float64)
        for name, sign in (("a_leads", 1), ("b_leads", -1)):
            extra[name] = _mean(np.where(found, sign * place > 0, np.nan), 2)
    covered = used_seconds(used, state.grid, state.rate)
    lift = (..., None, None)
    return Estimate(
        value=value[lift],
        stabilised=value[lift],
        lag_s=lag_s[lift],
        phase=np.full((*value.shape, 1, 1), np.nan),
        coverage=(np.isfinite(score).sum(axis=(2, 3)) / cells)[lift],
        n_effective=(covered * state.rate / state.grid.window)[lift],
        profile=profile,
        profile_lags_s=lags_s,
        extra={name: array[lift] for name, array in extra.items()},
    )


def draws(a: Prepared, b: Prepared, surrogate: str, index: np.ndarray) -> Draws:
    """Values ``(S, A, B, 1, 1)`` and profiles ``(S, A, B, lag)`` with B's segments in other orders.

    ``index (S, 1 + K)`` is that of ``segment_shuffle``: the samples of a segment, then the order of the K segments.
    Where B is complete, the sums of every piece of A with every segment of B are computed once a lag and looked up for
    each order; else B is put in order and summed anew. Equal to preparing again, but for rounding.

    Raises
    ------
    BadInput
        Another surrogate, or an index that does not fit.
    """
    index = np.asarray(index, dtype=np.int64)
    if surrogate != "segment_shuffle":
        raise BadInput(f"wlcc: only segment_shuffle can be drawn without preparing again; got {surrogate!r}.")
    _check_index(index, b.grid.n_times)
    shape = (len(index), len(a.values), len(b.values))
    value, profile = np.empty(shape), np.empty((*shape, len(a.grid.lags)))
    by_table = b.complete and a.settings["placement"] != "inside" and a.settings["pick"] == "mean"
    for i in range(shape[1]):
        for j in range(shape[2]):
            drawn = _by_table(a, i, b.values[j], index) if by_table else _one_by_one(a, i, b, j, index)
            value[:, i, j], profile[:, i, j] = drawn
    return Draws(value[..., None, None], profile)


def _check_index(index: np.ndarray, n_times: int) -> None:
    whole = index[0, 0] * (index.shape[1] - 1) if index.ndim == 2 and index.size else 0
    if not 0 < whole <= n_times or (index[:, 0] != index[0, 0]).any():
        raise BadInput(
            f"wlcc: an index of segment_shuffle has shape (draw, 1 + segments), first the samples of a segment; got "
            f"shape {index.shape} for {n_times} samples."
        )


def _by_table(a: Prepared, i: int, values_b: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    g, segment, n_segments = a.grid, int(index[0, 0]), index.shape[1] - 1
    order = np.column_stack([index[:, 1:], np.full(len(index), n_segments)])
    still = _sums(a, i, values_b, np.ones(g.n_times), pieces(g))[..., [0, 1, 3]].copy()
    fewest = _fewest(a)
    total, count = np.empty((2, len(index), len(g.lags)))
    for k in range(len(g.lags)):
        parts = pieces(g, np.arange(n_segments + 1) * segment - g.start_b[k])
        start_b = parts.offset + g.start_b[k]
        slot = np.minimum(start_b // segment, n_segments)
        total[:, k], count[:, k] = kernels.shuffled_lag(
            a.values[i],
            a.valid[i],
            values_b,
            parts.offset + g.start_a[k],
            start_b,
            parts.size,
            slot,
            parts.first,
            parts.last,
            still[k],
            segment,
            order,
            fewest[k],
            a.settings["fisher_z"],
            a.settings["absolute"],
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        return total.sum(axis=1) / count.sum(axis=1), total / count


def _one_by_one(a: Prepared, i: int, b: Prepared, j: int, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts = pieces(a.grid)
    value, profile = np.empty(len(index)), np.empty((len(index), len(a.grid.lags)))
    for d, row in enumerate(index):
        score = _scored(a, i, _in_order(b.values[j], b.valid[j], row), b.valid[j], parts)
        value[d], profile[d] = _mean(score, (0, 1)), _mean(score, 0)
        if a.settings["pick"] == "peak":
            value[d] = _mean(nearest_peaks(score, a.grid.lags, _span(a.settings, a.rate))[0], 0)
    return value, profile


def _in_order(values: np.ndarray, valid: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Segments in the order of ``row``; with gaps the valid samples follow each other and the mask stays."""
    segment, whole = int(row[0]), int(row[0]) * (len(row) - 1)
    rank = np.arange(len(values))
    rank[:whole] = (np.argsort(row[1:])[:, None] * segment + np.arange(segment)).reshape(-1)
    places = np.flatnonzero(valid)
    out = np.zeros_like(values)
    out[places] = values[places[np.argsort(rank[places])]]
    return out


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart not to meet at any lag: the longest lag."""
    return float(settings["max_lag_s"])
