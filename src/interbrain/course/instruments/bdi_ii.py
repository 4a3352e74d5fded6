"""BDI-II, Beck Depression Inventory, second edition."""

from __future__ import annotations

from interbrain.data.records import InstrumentRecord

RECORD = InstrumentRecord(
    name="bdi_ii",
    title="BDI-II, Beck Depression Inventory, second edition",
    measures="depression",
    score_range=(0.0, 63.0),
    higher_is="worse",
    reference=(
        "Beck AT, Steer RA, Brown GK (1996). Manual for the Beck Depression Inventory-II. San Antonio, TX: "
        "Psychological Corporation."
    ),
    doi="",
    aliases=("BDI-II", "BDI2"),
    note=(
        "21 items 0 to 3. Range: secondary. Cut-off and reliable change depend on norms and reliability: give"
        " them by course.change."
    ),
)
