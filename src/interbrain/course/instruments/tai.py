"""TAI, Test Anxiety Inventory, total."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="tai",
    title="TAI, Test Anxiety Inventory, total",
    measures="test anxiety",
    score_range=(20.0, 80.0),
    higher_is="worse",
    reference="TAI scoring: 20 items 1 to 4",
    doi="",
    aliases=("TAI", "Test Anxiety Inventory"),
    note="Range: secondary. Cut-off and reliable change not known here.",
)
