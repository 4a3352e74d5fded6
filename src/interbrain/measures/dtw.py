"""Dynamic time warping: how alike two courses are once moments of one may be stretched to fit the other.

Each course is put about its mean in SDs. The path that makes them most alike may run at most ``band_s`` seconds ahead
or behind; the value is *minus* the mean distance per step along it, in SDs: 0 for the same course, lower the less
alike. Weights follow Sakoe & Chiba's symmetric form (dtw-python's "symmetric2"), so that the mean is dtw-python's
``normalizedDistance``, but for the very first pair. ``lag_s`` is how far B runs behind A along the path, on average.

Any two courses come closer by warping, white noise most of all, and a wider band warps more: only the distance to the
null speaks. Courses that go against each other are unlike. A gap is bridged by a straight line, so that the path can
cross it, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _moments as moments
from interbrain.measures import _pairwise as pairwise
from interbrain.measures._autoregression import on_one_scale
from interbrain.measures._families import PREPARED_AGAIN
from interbrain.measures._phase import bridged
from interbrain.measures._warping import warped

RECORD = MeasureRecord(
    name="dtw",
    title="Dynamic time warping",
    formula="dtw = −(sum of w·|a(i) − b(j)| along the best path) / (sum of w), |i − j| at most band_s",
    reference="Sakoe H, Chiba S (1978). Dynamic programming algorithm optimization for spoken word recognition. IEEE "
    "Transactions on Acoustics, Speech, and Signal Processing 26, 43-49.",
    doi="10.1109/TASSP.1978.1163055",
    value_range=(None, 0.0),
    with_itself=0.0,
    stabilise="identity",
    directed=False,
    accepts=("continuous", "epochs"),
    modalities=("motion", "voice", "heart", "eda", "fnirs", "misc"),
    blind_to=("amplitude", "lags within the band"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings={"band_s": 3.0, "min_valid": 0.5},
    settings_allowed={"band_s": "[0, inf)", "min_valid": "(0, 1]"},
    settings_help={
        "band_s": "how far the path may run ahead or behind, in seconds (Sakoe-Chiba band)",
        "min_valid": "share of the path's steps at which both people must be known",
    },
    methods="Synchrony was measured by dynamic time warping (Sakoe & Chiba, 1978): minus the mean distance of the two "
    "courses, each in SDs, along the best path within a band.",
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: ``values (epoch, channel, time)`` in SDs with gaps bridged; ``memory (channel, lag)``
    autocorrelations."""

    values: np.ndarray
    valid: np.ndarray
    memory: np.ndarray
    block: Block
    settings: Mapping[str, Any]

    @property
    def reach(self) -> int:
        return min(round(self.settings["band_s"] * self.block.rate), self.values.shape[2] - 1)


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Samples on one scale.

    Raises
    ------
    RefusedScience
        Fewer than three samples.
    """
    if block.shape[2] < 3:
        raise RefusedScience(f"dtw: {block.shape[2]} samples cannot be warped; at least 3 are needed.")
    scaled, varies = on_one_scale(block.values, block.valid)
    valid = block.valid & varies
    values, _ = bridged(Block(scaled, valid, block.rate, block.epoched))
    return Prepared(values, valid, moments.autocorrelation(scaled, valid), block, dict(settings))


def _estimate(a: Prepared, b: Prepared) -> Estimate:
    """Minus the mean distance ``(A, B, 1, 1)`` and the mean lag along the path; with ``windows`` a list of answers."""
    n_epochs, _, n_times = a.values.shape
    shape = (a.values.shape[1], b.values.shape[1])
    cost, lag, weight = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for e, i, j in np.ndindex(n_epochs, *shape):
        if (a.valid[e, i] & b.valid[e, j]).any():
            found = warped(a.values[e, i], b.values[e, j], a.valid[e, i], b.valid[e, j], a.reach)
            cost[i, j] += found[0]
            lag[i, j] += found[1]
            weight[i, j] += found[2]
    share = weight / (n_epochs * 2 * n_times)
    enough = share >= a.settings["min_valid"]
    with np.errstate(invalid="ignore", divide="ignore"):
        value, lag_s = (np.where(enough, x / weight, np.nan) for x in (-cost, lag / a.block.rate))
    both = moments.over_time(a.valid.astype(np.float64), b.valid.astype(np.float64))
    lift = (..., None, None)
    return Estimate(
        value=value[lift],
        stabilised=FUNCTIONS[RECORD.stabilise](value[lift]),
        lag_s=lag_s[lift],
        phase=np.full((*shape, 1, 1), np.nan),
        coverage=share[lift],
        n_effective=moments.independent(both, a.memory, b.memory)[lift],
    )


combine, reduce = pairwise.functions(RECORD.name, prepare, _estimate)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart not to meet in the band."""
    return float(settings["band_s"])
