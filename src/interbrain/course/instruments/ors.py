"""ORS, Outcome Rating Scale."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="ors",
    title="ORS, Outcome Rating Scale",
    measures="wellbeing",
    score_range=(0.0, 40.0),
    higher_is="better",
    reference=(
        "Miller SD, Duncan BL, Brown J, Sparks JA, Claud DA (2003). The Outcome Rating Scale: a preliminary "
        "study of the reliability, validity, and feasibility of a brief visual analog measure. Journal of "
        "Brief Therapy 2, 91–100."
    ),
    doi="",
    cutoff=25.0,
    reliable_change=5.0,
    aliases=("ORS", "Outcome Rating Scale"),
    note=(
        "4 lines 0 to 10, at the start of a session. Cut-off for adults (below 25 is the clinical range) and "
        "reliable change: secondary."
    ),
)
