"""Therapies, one file each: a record with a profile of parameters and the reason for each.

Law of the room: numbers here are hypotheses. No study has measured how much emotion, cognition, stress or shared rhythm
a school of therapy brings, and meta-analyses find small differences between bona fide therapies; what a record says
of one therapy against another is a starting point to be changed (``Course``, ``--set``), not a finding.
"""

from __future__ import annotations

from interbrain.data.records import TherapyRecord, discover, record_of


def records() -> dict[str, TherapyRecord]:
    """Every therapy by name."""
    return discover(__name__)


def therapy(name: str) -> TherapyRecord:
    """The therapy of that name; the error names all that there are."""
    record: TherapyRecord = record_of(__name__, name)
    return record
