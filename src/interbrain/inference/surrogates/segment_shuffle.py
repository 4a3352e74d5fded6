"""Segment shuffle: person B's epochs, or whole segments of a continuous recording, in another order.

Which permutations, and why p stays right
-----------------------------------------
Permutations are drawn without replacement from all except the identity. With the recording itself (the identity) they
are a random part of the group of all permutations, so p = (1 + #≥)/(1 + n) is exact where segments are exchangeable;
leaving the identity out of the drawing only avoids counting the observed value twice. Permutations without any fixed
segment would not be a group with the identity and would make p too small. A permutation that leaves a segment in its
place keeps that segment's coupling (one segment on average, whatever their number), so :func:`near` marks it: it
counts for p and is left out of the null's mean and SD.

Where it goes wrong
-------------------
A measure whose windows cross the joints between segments (overlapping windows, lags that reach over) finds less
chance agreement there than in the recording, which has no joints, and p becomes too small for signals that are slow
against the segment. Windowed lagged correlation with windows of 60 s every 30 s, 10 minutes, p ≤ .05: 6 % of
independent pairs where the signal's memory (autocorrelation above 1/e) is up to 2.4 s, 8 % at 4.7 s, 10 % for
haemodynamic noise; 5 % on all of them where windows are the segments (SUSY's convention). Hence plans use
circular_shift for that measure, which has one joint in the whole recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import SurrogateRecord
from interbrain.data.signal import Block
from interbrain.inference.surrogates.gaps import map_channels, seconds

RECORD = SurrogateRecord(
    name="segment_shuffle",
    title="Shuffled segments",
    keeps="each person's values and relations between channels, and the course of time within a segment",
    destroys="the alignment in time of the two people across segments",
    assumes="segments that could as well have come in another order (no drift, habituation or shared blocks), and a "
    "measure that looks within them, or signals that are fast against them",
    reference="Moulder RG, Boker SM, Ramseyer F, Tschacher W (2018). Determining synchrony between behavioral time "
    "series: an application of surrogate data generation for establishing falsifiable null-hypotheses. Psychological "
    "Methods 23, 757-773.",
    doi="10.1037/met0000172",
    accepts=("continuous", "epochs"),
    methods="The epochs, or whole segments, of one person were put in random order, the same for all channels; no "
    "order was used twice.",
)

_COUNTED = 12  # 12! is beyond any number of surrogates


def draw_index(block: Block, n: int, stream: np.random.Generator, settings: Mapping[str, Any]) -> np.ndarray:
    """Distinct permutations, never the identity, int64.

    Epochs: ``(n, E)``, row r puts epoch ``r[i]`` at place i. Continuous: ``(n, 1 + K)``, first the samples of one
    segment, then the permutation of the K whole segments. Settings: ``segment_s``, seconds a segment (continuous).

    Raises
    ------
    RefusedScience
        Fewer orders than surrogates.
    BadInput
        No ``segment_s`` for a continuous block.
    """
    if block.epoched:
        return _permutations(block.shape[0], n, stream, "epochs")
    if block.shape[0] != 1:
        raise BadInput(f"segment_shuffle: a continuous block has one stretch; got {block.shape[0]}.")
    samples = round(seconds(settings, "segment_s") * block.rate)
    if samples < 1:
        raise BadInput("segment_shuffle: segment_s, the seconds of one segment, is missing; e.g. segment_s = 30.")
    count = block.shape[2] // samples
    what = f"segments of {samples / block.rate:.4g} s in {block.shape[2] / block.rate:.4g} s"
    order = _permutations(count, n, stream, what)
    return np.column_stack([np.full(n, samples, dtype=np.int64), order])


def _permutations(count: int, n: int, stream: np.random.Generator, what: str) -> np.ndarray:
    possible = factorial(count) - 1 if count <= _COUNTED else None
    if possible is not None and possible < n:
        raise RefusedScience(
            f"segment_shuffle: {count} {what} can be put in {possible} other orders; {n} surrogates were asked for. "
            "Ask for fewer surrogates, shorter segments or a longer recording."
        )
    identity = np.arange(count).tobytes()
    drawn: dict[bytes, np.ndarray] = {}
    while len(drawn) < n:
        order = stream.permutation(count)
        if order.tobytes() != identity:
            drawn.setdefault(order.tobytes(), order)
    return np.stack(list(drawn.values())).astype(np.int64)


def near(block: Block, index: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Which surrogates ``(n,)`` leave at least one segment or epoch in its place."""
    order = index if block.epoched else index[:, 1:]
    return (order == np.arange(order.shape[1])).any(axis=1)


def apply(block: Block, index_row: np.ndarray) -> Block:
    """Epochs (with their masks) or segments in the order of ``index_row``.

    Continuous: what is left after the last whole segment stays at the end. With gaps, the valid samples of each
    channel follow in the order of their segments and fill the places that were valid, so that the mask stays.
    """
    if block.epoched:
        return Block(block.values[index_row], block.valid[index_row], block.rate, block.epoched)
    samples = int(index_row[0])
    source = np.arange(block.shape[2])
    whole = samples * (len(index_row) - 1)
    source[:whole] = source[:whole].reshape(-1, samples)[index_row[1:]].reshape(-1)
    if block.valid.all():
        return Block(block.values[:, :, source], block.valid, block.rate, block.epoched)
    place_in_order = np.argsort(source)
    return map_channels(block, lambda values, places: values[np.argsort(place_in_order[places])])
