"""CORE-10, short form of the CORE-OM, sum."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="core_10",
    title="CORE-10, short form of the CORE-OM, sum",
    measures="psychological distress",
    score_range=(0.0, 40.0),
    higher_is="worse",
    reference="CORE-10, publisher's bands as handed on by a resource site",
    doi="",
    cutoff=11.0,
    aliases=("CORE-10", "CORE10"),
    note="10 items 0 to 4. Cut-off: secondary. Reliable change not known here.",
)
