"""CORE-OM, Clinical Outcomes in Routine Evaluation, mean item × 10."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="core_om",
    title="CORE-OM, Clinical Outcomes in Routine Evaluation, mean item × 10",
    measures="psychological distress",
    score_range=(0.0, 40.0),
    higher_is="worse",
    reference=(
        "Evans C, Connell J, Barkham M, Margison F, McGrath G, Mellor-Clark J, Audin K (2002). Towards a "
        "standardised brief outcome measure: psychometric properties and utility of the CORE-OM. British "
        "Journal of Psychiatry 180, 51–60."
    ),
    doi="10.1192/bjp.180.1.51",
    cutoff=10.0,
    reliable_change=5.0,
    aliases=("CORE-OM", "CORE-34"),
    note=(
        "34 items 0 to 4, mean × 10 (publisher's site); a score as mean item (0 to 4) must be multiplied by "
        "10 first. Cut-off and reliable change: secondary."
    ),
)
