"""The contract of a wavelet measure without smoothing: what it keeps of a coefficient, and what a band's sums mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.records import MeasureRecord, resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _wavelet_points as points

ContentOf = Callable[[Mapping[str, Any]], points.Content]
Answer = Callable[[np.ndarray, list[np.ndarray]], tuple[np.ndarray, np.ndarray, np.ndarray]]


class Functions(NamedTuple):
    """What the module of such a measure offers."""

    prepare: Callable[[Block, Mapping[str, Any]], points.Prepared]
    combine: Callable[[points.Prepared, points.Prepared], points.State]
    reduce: Callable[..., Estimate | list[Estimate]]
    memory_s: Callable[[Mapping[str, Any]], float]


def functions(record: MeasureRecord, content_of: ContentOf, answer: Answer) -> Functions:
    """The four functions of a measure, from what it keeps (which may depend on settings) and what it answers."""

    def resolved(settings: Mapping[str, Any]) -> dict[str, Any]:
        return resolve_settings(record, {k: v for k, v in settings.items() if k != "bands"})

    def prepare(block: Block, settings: Mapping[str, Any]) -> points.Prepared:
        """Transform every channel of one person once; see ``_wavelet_points.prepare`` for shapes and errors."""
        return points.prepare(block, settings, record, content_of(resolved(settings)))

    def combine(a: points.Prepared, b: points.Prepared) -> points.State:
        """All channel pairs of two people; ``a`` leads where phases are positive."""
        return points.combine(a, b, record.name)

    def estimate(state: points.State, start: int, stop: int) -> Estimate:
        return points.estimate(state, start, stop, answer, FUNCTIONS[record.stabilise])

    def reduce(state: points.State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
        """The answer; with ``windows (W, 2)``, first and last-plus-one samples, a list of W answers."""
        if windows is None:
            return estimate(state, 0, state.a.n)
        return [estimate(state, int(start), int(stop)) for start, stop in windows]

    def memory_s(settings: Mapping[str, Any]) -> float:
        """Seconds that two stretches must be apart to be told apart."""
        return points.memory_s(settings, float(settings.get("omega0", record.settings["omega0"])))

    return Functions(prepare, combine, reduce, memory_s)
