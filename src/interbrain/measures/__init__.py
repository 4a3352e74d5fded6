"""Synchrony measures, one file each: a record and its kernels.

Law of the room: two blocks in, an :class:`~interbrain.data.signal.Estimate` for all channel pairs out; no files, no
randomness, no null. A measure is ``prepare(block, settings)`` per person, ``combine(a, b)`` per pair of people,
``reduce(state, windows=None)``, and where it is faster ``draws(a, b, surrogate, index)``, which must equal the loop
over surrogates.
"""

from __future__ import annotations

from types import ModuleType

from interbrain.data.records import MeasureRecord, discover, load


def records() -> dict[str, MeasureRecord]:
    """Every measure by name."""
    return discover(__name__)


def module(name: str) -> ModuleType:
    """The module behind a measure's record."""
    return load(__name__, name)
