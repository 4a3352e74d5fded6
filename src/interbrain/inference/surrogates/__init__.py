"""Within-dyad nulls, one file each: ``draw_index`` holds all randomness, ``apply`` none.

Law of the room: one draw moves all of a person's channels together, and the number of valid samples stays.
"""

from __future__ import annotations

from types import ModuleType

from interbrain.data.records import SurrogateRecord, discover, load


def records() -> dict[str, SurrogateRecord]:
    """Every surrogate by name."""
    return discover(__name__)


def module(name: str) -> ModuleType:
    """The module behind a surrogate's record."""
    return load(__name__, name)
