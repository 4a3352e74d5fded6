"""Halves of one recording: what the same meeting gives when it is measured twice.

A recording is cut into four quarters, and each is measured through the measure's own contract (``reduce`` over
windows; epochs re-indexed), so a new measure needs nothing for it. Two splits follow:

- *split halves*: first and last quarter against the two in the middle. What rises or falls steadily through a meeting
  is the same in both (first plus fourth equals second plus third) and does not enter. Epochs: odd against even ones.
- *early and late*: the first two quarters against the last two; what changes in the meeting enters.

Neighbouring windows share some samples (a wavelet, a filter, a correlation window reach across the cut), so their
errors are not independent, and how much of a whole recording each half carries depends on the measure. Both are
measured rather than assumed: the same halves of a few surrogates, in which nothing real can differ, say how widely the
halves of chance lie apart for the spread that chance gives the whole value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import InterbrainError
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.inference import surrogates
from interbrain.inference.null import surrogate_settings

SURROGATES = 19
"""Surrogates whose halves are measured: they are pooled over meetings and places, so few of each are enough."""

QUARTER = 4.0
"""How many times the measure's memory a quarter must last for the split of first and last against middle quarters.

Its halves touch at two places. What surrogates show of that holds without coupling; coupled signals remember longer,
and with wavelets in quarters as long as their memory the error came out a quarter too small, while early and late
halves, which touch once, gave it to within a tenth."""

SMALLEST_SHARE = 0.3
"""The smaller half must carry this share of what both carry; less is no half."""

SPLITS = {"split": ((0, 3), (1, 2)), "early_late": ((0, 1), (2, 3))}
"""Which quarters make each half."""


@dataclass(frozen=True, eq=False)
class Halves:
    """Stabilised values of the halves: ``values[split] (2, A, B, band, direction)``; ``draws[split] (S, 2, …)`` those
    of surrogates and ``whole (S, …)`` the whole value of the same ones, empty where quarters share nothing.
    ``reason`` says why there are none."""

    values: Mapping[str, np.ndarray]
    draws: Mapping[str, np.ndarray]
    whole: np.ndarray
    reason: str = ""


def halves(
    measure: ModuleType,
    record: MeasureRecord,
    state: Any,
    prepared_a: Any,
    blocks: tuple[Block, Block],
    settings: Mapping[str, Any],
    surrogate: str,
    stream: np.random.Generator,
) -> Halves:
    """Both halves of one pair's recording under each split, and those of :data:`SURROGATES` surrogates.

    ``state`` and ``prepared_a`` are those of the whole recording. Quarters too short for the measure give no values
    and the measure's own reason.
    """
    moved = _surrogates(measure, blocks[1:], settings, surrogate, [stream])
    return _halved(measure, record, state, prepared_a, blocks, settings, moved)


def group_halves(
    measure: ModuleType,
    record: MeasureRecord,
    state: Any,
    blocks: Sequence[Block],
    settings: Mapping[str, Any],
    surrogate: str,
    streams: Sequence[np.random.Generator],
) -> Halves:
    """:func:`halves` of a whole group: surrogates move every member but the first, each by its own of ``streams``."""
    moved = _surrogates(measure, blocks[1:], settings, surrogate, streams)
    return _halved(measure, record, state, measure.prepare(blocks[0], settings), blocks, settings, moved)


def _halved(
    measure: ModuleType,
    record: MeasureRecord,
    state: Any,
    prepared_first: Any,
    blocks: Sequence[Block],
    settings: Mapping[str, Any],
    moved: Iterator[tuple[Block, ...]],
) -> Halves:
    """``moved`` gives everybody but the first, surrogate by surrogate; it is drawn from only where it is needed."""
    last = blocks[-1]
    try:
        if last.epoched:
            return _of_estimates(_epoch_quarters(measure, blocks, settings), record, [], [])
        windows = _windows(last.shape[2])
        own, drawn, whole = measure.reduce(state, windows), [], []
        if any(np.isfinite(e.value).any() for e in own):
            for others in moved:
                shifted = measure.combine(prepared_first, *(measure.prepare(b, settings) for b in others))
                drawn.append(measure.reduce(shifted, windows))
                whole.append(measure.reduce(shifted))
        found = _of_estimates(own, record, drawn, whole)
        return found if found.reason else _apart_enough(found, last, surrogate_settings(settings, measure)["guard_s"])
    except InterbrainError as error:
        return Halves({}, {}, np.empty(0), str(error))


def _apart_enough(found: Halves, block: Block, memory: float) -> Halves:
    """Without the split that touches at two places, where a measure's memory is long against its quarters."""
    quarter = block.shape[2] / block.rate / 4
    if quarter >= QUARTER * memory:
        return found
    reason = (
        f"a quarter of the recording lasts {quarter:.0f} s, and the measure remembers {memory:.0f} s: quarters that "
        f"touch are not independent under {QUARTER * memory:.0f} s"
    )
    values = {name: v for name, v in found.values.items() if name != "split"}
    return Halves(values, found.draws, found.whole, reason)


def _surrogates(
    measure: ModuleType,
    blocks: Sequence[Block],
    settings: Mapping[str, Any],
    surrogate: str,
    streams: Sequence[np.random.Generator],
) -> Iterator[tuple[Block, ...]]:
    """Surrogates of everybody in ``blocks`` that keep none of the coupling, where there are enough such."""
    module, about = surrogates.module(surrogate), surrogate_settings(settings, measure)
    some_near = hasattr(module, "near")
    n = (4 if some_near else 1) * SURROGATES
    index = [module.draw_index(b, n, s, about) for b, s in zip(blocks, streams, strict=True)]
    near = np.zeros(n, dtype=bool)
    if some_near:
        near = np.logical_or.reduce([module.near(b, i, about) for b, i in zip(blocks, index, strict=True)])
    for draw in np.argsort(near, kind="stable")[:SURROGATES]:
        yield tuple(surrogates.moved(module, b, i[draw]) for b, i in zip(blocks, index, strict=True))


def _windows(n_times: int) -> np.ndarray:
    edges = np.round(np.linspace(0, n_times, 5)).astype(int)
    return np.stack([edges[:-1], edges[1:]], axis=1)


def _epoch_quarters(measure: ModuleType, blocks: Sequence[Block], settings: Mapping[str, Any]) -> list[Estimate]:
    """Early odd, early even, late even, late odd epochs: the outer two are the odd ones."""
    n = blocks[0].shape[0]
    middle = (n + 1) // 2
    if n < 8:
        raise InterbrainError(f"{n} epochs; at least 8 are needed for halves of halves.")
    every = np.arange(n)
    early, late = every[:middle], every[middle:]
    chosen = [early[early % 2 == 0], early[early % 2 == 1], late[late % 2 == 1], late[late % 2 == 0]]
    found = []
    for index in chosen:
        parts = [x.at(index) for x in blocks]
        found.append(measure.reduce(measure.combine(*(measure.prepare(p, settings) for p in parts))))
    return found


def _of_estimates(
    quarters: Sequence[Estimate],
    record: MeasureRecord,
    drawn: Sequence[Sequence[Estimate]],
    whole: Sequence[Estimate],
) -> Halves:
    values = {name: _pair(quarters, split, record) for name, split in SPLITS.items()}
    draws = {name: np.array([_pair(q, split, record) for q in drawn]) for name, split in SPLITS.items()}
    reason = "" if any(np.isfinite(v).any() for v in values.values()) else "a quarter is too short for the measure"
    return Halves(values, draws, np.array([e.stabilised for e in whole]), reason)


def _pair(quarters: Sequence[Estimate], split: tuple[tuple[int, int], tuple[int, int]], record: MeasureRecord) -> Any:
    """Both halves ``(2, A, B, band, direction)``, stabilised: means of two quarters by what each covers."""
    means, weights = zip(*(_mean([quarters[i] for i in half]) for half in split), strict=True)
    both = np.stack(weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        enough = both.min(axis=0) >= SMALLEST_SHARE * both.sum(axis=0)
    return np.where(enough, FUNCTIONS[record.stabilise](np.stack(means)), np.nan)


def _mean(parts: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    value = np.stack([p.value for p in parts])
    weight = np.where(np.isfinite(value), np.stack([p.coverage for p in parts]), 0.0)
    total = weight.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.where(weight > 0, value, 0.0) * weight).sum(axis=0) / total, total
