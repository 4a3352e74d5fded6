"""WAI-SR, Working Alliance Inventory, short revised."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="wai_sr",
    title="WAI-SR, Working Alliance Inventory, short revised",
    measures="therapeutic alliance",
    score_range=(12.0, 60.0),
    higher_is="better",
    reference="WAI-SR scoring: 12 items 1 to 5",
    doi="",
    aliases=("WAI-SR", "WAISR"),
    note=(
        "Scoring: secondary. "
        "Bands in circulation are made by vendors; no cut-off and no reliable change are known here."
    ),
)
