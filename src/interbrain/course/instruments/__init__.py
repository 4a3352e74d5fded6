"""Questionnaires, one file each: a record with range, cut-off, reliable change and their sources.

Law of the room: facts with a reference; a fact that is not known is None.
"""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord, discover


def records() -> dict[str, InstrumentRecord]:
    """Every instrument by name."""
    return discover(__name__)


def find(name: str) -> InstrumentRecord | None:
    """The instrument of that name or alias, whatever the case and punctuation; None where it is not known."""
    wanted = _bare(name)
    for record in records().values():
        if wanted in {_bare(n) for n in (record.name, *record.aliases)}:
            return record
    return None


def _bare(name: str) -> str:
    return "".join(c for c in str(name).lower() if c.isalnum())
