"""TAI, Test Anxiety Inventory, total."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="tai",
    title="TAI, Test Anxiety Inventory, total",
    measures="test anxiety",
    score_range=(20.0, 80.0),
    higher_is="worse",
    reference=(
        "Spielberger CD (1980). Preliminary professional manual for the Test Anxiety Inventory. Palo Alto, "
        "CA: Consulting Psychologists Press."
    ),
    doi="",
    aliases=("TAI", "Test Anxiety Inventory"),
    note="20 items 1 to 4. Range: secondary. Cut-off and reliable change not known here.",
)
