"""WAI-SR, Working Alliance Inventory, short revised."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="wai_sr",
    title="WAI-SR, Working Alliance Inventory, short revised",
    measures="therapeutic alliance",
    score_range=(12.0, 60.0),
    higher_is="better",
    reference=(
        "Hatcher RL, Gillaspy JA (2006). Development and validation of a revised short version of the Working"
        " Alliance Inventory. Psychotherapy Research 16, 12–25."
    ),
    doi="10.1080/10503300500352500",
    aliases=("WAI-SR", "WAISR"),
    note=(
        "12 items 1 to 5. Scoring: secondary. Bands in circulation are made by vendors; no cut-off and no "
        "reliable change are known here."
    ),
)
