"""GAD-7, Generalised Anxiety Disorder scale."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="gad_7",
    title="GAD-7, Generalised Anxiety Disorder scale",
    measures="anxiety",
    score_range=(0.0, 21.0),
    higher_is="worse",
    reference=(
        "Spitzer RL, Kroenke K, Williams JBW, Löwe B (2006). A brief measure for assessing generalized "
        "anxiety disorder: the GAD-7. Archives of Internal Medicine 166, 1092–1097."
    ),
    doi="10.1001/archinte.166.10.1092",
    cutoff=8.0,
    reliable_change=4.0,
    aliases=("GAD-7", "gad7"),
    note=(
        "7 items 0 to 3. Case at 8 and above. Cut-off and reliable change as tabled in BMC Psychiatry 18 (doi"
        " 10.1186/s12888-018-1987-1), table 1."
    ),
)
