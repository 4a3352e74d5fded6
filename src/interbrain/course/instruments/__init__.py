"""Questionnaires, one file each: a record with range, cut-off, reliable change and their sources.

Law of the room: facts with a reference; a fact that is not known is None.
"""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord, discover


def records() -> dict[str, InstrumentRecord]:
    """Every instrument by name."""
    return discover(__name__)
