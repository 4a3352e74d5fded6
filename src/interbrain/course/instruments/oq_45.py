"""OQ-45.2, Outcome Questionnaire, total."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="oq_45",
    title="OQ-45.2, Outcome Questionnaire, total",
    measures="symptoms, relations and social role",
    score_range=(0.0, 180.0),
    higher_is="worse",
    reference=(
        "Lambert MJ, Burlingame GM, Umphress V, Hansen NB, Vermeersch DA, Clouse GC, Yanchar SC (1996). The "
        "reliability and validity of the Outcome Questionnaire. Clinical Psychology and Psychotherapy 3, "
        "249–258."
    ),
    doi="10.1002/(SICI)1099-0879(199612)3:4<249::AID-CPP106>3.0.CO;2-S",
    cutoff=63.0,
    reliable_change=14.0,
    aliases=("OQ-45", "OQ-45.2", "OQ45", "OQ"),
    note=(
        "45 items 0 to 4, the total only; range from the publisher's questions and answers. Reliable change "
        "14: secondary. The cut-off 63 is textbook knowledge, not checked."
    ),
)
