"""SRS, Session Rating Scale."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="srs",
    title="SRS, Session Rating Scale",
    measures="alliance and quality of the session",
    score_range=(0.0, 40.0),
    higher_is="better",
    reference=(
        "Duncan BL, Miller SD, Sparks JA, Claud DA, Reynolds LR, Brown J, Johnson LD (2003). The Session "
        "Rating Scale: preliminary psychometric properties of a “working” alliance measure. Journal of Brief "
        "Therapy 3, 3–12."
    ),
    doi="",
    cutoff=36.0,
    aliases=("SRS", "Session Rating Scale"),
    note=(
        "4 lines 0 to 10, at the end of a session. The cut-off 36 is textbook knowledge, not checked. "
        "Reliable change not known here."
    ),
)
