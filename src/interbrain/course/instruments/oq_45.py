"""OQ-45.2, Outcome Questionnaire, total."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="oq_45",
    title="OQ-45.2, Outcome Questionnaire, total",
    measures="symptoms, relations and social role",
    score_range=(0.0, 180.0),
    higher_is="worse",
    reference="OQ-45.2, publisher's questions and answers",
    doi="",
    cutoff=63.0,
    reliable_change=14.0,
    aliases=("OQ-45", "OQ-45.2", "OQ45", "OQ"),
    note=(
        "45 items 0 to 4, the total only. "
        "Reliable change 14: secondary. "
        "The cut-off 63 is textbook knowledge, not checked."
    ),
)
