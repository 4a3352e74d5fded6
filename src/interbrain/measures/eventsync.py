"""Event synchronisation: how many of two people's events come at about the same time, and whose come first.

Events are peaks of a course that stand out by ``threshold`` SDs (bursts of movement, rises of the voice) or onsets of
a code (starts to speak, taps). Two
events go together if they are nearer than half the distance to any other event of the same person, and than
``max_lag_s``. With c pairs where A came first, c' where B did and c" at the same sample the value is
Q = (c + c' + c") / sqrt(n_a n_b): 1 where every event has its partner. ``extra`` holds q = (c − c') / sqrt(n_a n_b), 1
where A is always first and −1 where B is; ``lag_s`` is the mean delay of the pairs, positive when A comes first.

No time scale has to be chosen, for the local rhythm sets it. Regular events (breaths, taps to a beat) go together by
rhythm alone, so that only the distance to the null speaks; and what happens between events is not seen.
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
from interbrain.measures import _events as events
from interbrain.measures import _pairwise as pairwise
from interbrain.measures._autoregression import on_one_scale
from interbrain.measures._families import PREPARED_AGAIN

RECORD = MeasureRecord(
    name="eventsync",
    title="Event synchronisation",
    formula="Q = pairs of events nearer than half the local distance between events / sqrt(n_a n_b)",
    reference="Quian Quiroga R, Kreuz T, Grassberger P (2002). Event synchronization: a simple and fast method to "
    "measure synchronicity and time delay patterns. Physical Review E 66, 041904.",
    doi="10.1103/PhysRevE.66.041904",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="asin_sqrt",
    directed=False,
    accepts=("continuous", "epochs"),
    modalities=("motion", "voice", "heart", "eda", "misc"),
    blind_to=("amplitude", "what happens between events"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings={"events": "peaks", "threshold": 0.5, "apart_s": 0.0, "max_lag_s": 1.5},
    settings_allowed={"events": ("peaks", "onsets"), "apart_s": "[0, inf)", "max_lag_s": "[0, inf)"},
    settings_help={
        "events": "'peaks': local maxima; 'onsets': where a course rises above the threshold",
        "threshold": "peaks: SDs by which one must stand out from its surroundings; onsets: the value to be exceeded",
        "apart_s": "peaks: seconds from a higher peak within which a peak is none",
        "max_lag_s": "largest delay of events that go together, in seconds",
    },
    named_settings={"onsets": {"events": "onsets", "threshold": 0.0}},
    methods="Synchrony was measured by event synchronisation (Quian Quiroga et al., 2002).",
)

_FEWEST_EVENTS = 3


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: the samples of the events of each epoch and channel ``times[epoch][channel]``, and the mask."""

    times: tuple[tuple[np.ndarray, ...], ...]
    valid: np.ndarray
    block: Block
    settings: Mapping[str, Any]


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Find the events of one person.

    Raises
    ------
    RefusedScience
        Fewer than three samples.
    """
    if block.shape[2] < 3:
        raise RefusedScience(f"eventsync: {block.shape[2]} samples hold no events; at least 3 are needed.")
    scaled, varies = on_one_scale(block.values, block.valid)
    valid = block.valid & varies
    apart = round(settings["apart_s"] * block.rate)

    def of(epoch: int, channel: int) -> np.ndarray:
        if settings["events"] == "onsets":
            return events.onsets(block.values[epoch, channel], valid[epoch, channel], settings["threshold"])
        return events.peaks(scaled[epoch, channel], valid[epoch, channel], settings["threshold"], apart)

    times = tuple(tuple(of(e, c) for c in range(block.shape[1])) for e in range(block.shape[0]))
    return Prepared(times, valid, block, dict(settings))


def _estimate(a: Prepared, b: Prepared) -> Estimate:
    """Q ``(A, B, 1, 1)`` and the mean delay; with ``windows`` a list of answers.

    NaN where either has fewer than three events. ``extra``: ``asymmetry`` (q), ``n_a`` and ``n_b`` (events), ``pairs``.
    """
    n_epochs, n_channels_a, n_times = a.valid.shape
    shape = (n_channels_a, b.valid.shape[1])
    sums = np.zeros((6, *shape))
    longest = np.nextafter(a.settings["max_lag_s"] * a.block.rate, np.inf)  # events just so far apart still go together
    for e, i, j in np.ndindex(n_epochs, *shape):
        x, y = a.times[e][i], b.times[e][j]
        found = events.matched(x, y, longest, b.valid[e, j, x], a.valid[e, i, y])
        sums[:, i, j] += (found.before, found.after, found.at_once, found.delay, found.n_a, found.n_b)
    before, after, at_once, delay, n_a, n_b = sums
    pairs = before + after + at_once
    enough = np.minimum(n_a, n_b) >= _FEWEST_EVENTS
    with np.errstate(invalid="ignore", divide="ignore"):
        value, q = (np.where(enough, x / np.sqrt(n_a * n_b), np.nan) for x in (pairs, before - after))
        lag_s = np.where(enough & (pairs > 0), delay / pairs / a.block.rate, np.nan)
    both = np.einsum("ect,edt->cd", a.valid.astype(np.float64), b.valid.astype(np.float64))
    lift = (..., None, None)
    return Estimate(
        value=value[lift],
        stabilised=FUNCTIONS[RECORD.stabilise](value[lift]),
        lag_s=lag_s[lift],
        phase=np.full((*shape, 1, 1), np.nan),
        coverage=(both / (n_epochs * n_times))[lift],
        n_effective=np.sqrt(n_a * n_b)[lift],
        extra={name: x[lift] for name, x in (("asymmetry", q), ("n_a", n_a), ("n_b", n_b), ("pairs", pairs))},
    )


combine, reduce = pairwise.functions(RECORD.name, prepare, _estimate)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart not to hold events that go together."""
    return float(settings["max_lag_s"])
