"""CORE-10, short form of the CORE-OM, sum."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="core_10",
    title="CORE-10, short form of the CORE-OM, sum",
    measures="psychological distress",
    score_range=(0.0, 40.0),
    higher_is="worse",
    reference=(
        "Barkham M, Bewick B, Mullin T, Gilbody S, Connell J, Cahill J, Mellor-Clark J, Richards D, Unsworth "
        "G, Evans C (2013). The CORE-10: a short measure of psychological distress for routine use in the "
        "psychological therapies. Counselling and Psychotherapy Research 13, 3–13."
    ),
    doi="10.1080/14733145.2012.729069",
    cutoff=11.0,
    reliable_change=6.0,
    aliases=("CORE-10", "CORE10"),
    note="10 items 0 to 4. Cut-off and reliable change (at 90 % confidence) as in the reference's abstract.",
)
