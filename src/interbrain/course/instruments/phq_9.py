"""PHQ-9, Patient Health Questionnaire, depression."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="phq_9",
    title="PHQ-9, Patient Health Questionnaire, depression",
    measures="depression",
    score_range=(0.0, 27.0),
    higher_is="worse",
    reference=(
        "Kroenke K, Spitzer RL, Williams JBW (2001). The PHQ-9: validity of a brief depression severity "
        "measure. Journal of General Internal Medicine 16, 606–613."
    ),
    doi="10.1046/j.1525-1497.2001.016009606.x",
    cutoff=10.0,
    reliable_change=6.0,
    aliases=("PHQ-9", "phq9"),
    note=(
        "9 items 0 to 3. Case at 10 and above. Cut-off and reliable change as tabled in BMC Psychiatry 18 "
        "(doi 10.1186/s12888-018-1987-1), table 1. Some software takes 5 as reliable change (secondary). The "
        "bands 5, 10, 15, 20 are textbook knowledge, not checked."
    ),
)
