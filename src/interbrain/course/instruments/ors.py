"""ORS, Outcome Rating Scale."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="ors",
    title="ORS, Outcome Rating Scale",
    measures="wellbeing",
    score_range=(0.0, 40.0),
    higher_is="better",
    reference="ORS scoring: 4 lines 0 to 10, at the start of a session",
    doi="",
    cutoff=25.0,
    reliable_change=5.0,
    aliases=("ORS", "Outcome Rating Scale"),
    note="Cut-off for adults (below 25 is the clinical range) and reliable change: secondary.",
)
