"""Reading and writing, one file per format.

Law of the room: a path in, a :class:`~interbrain.data.study.Loaded` out, through the library made for the format;
nothing is filtered, resampled or matched here. ``bids`` and ``folder`` read whole layouts into a ``Study``.
"""

from __future__ import annotations

from types import ModuleType

from interbrain.data.records import FormatRecord, discover, load


def records() -> dict[str, FormatRecord]:
    """Every format by name."""
    return discover(__name__)


def module(name: str) -> ModuleType:
    """The module behind a format's record."""
    return load(__name__, name)
