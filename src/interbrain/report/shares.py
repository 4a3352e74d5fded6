"""In phase, lagged, in antiphase: how the time of coherent places is divided, beside who leads."""

from __future__ import annotations

import pandas as pd

from interbrain.data.tables import PHASE_SHARES
from interbrain.report import blocks, views, words
from interbrain.report.blocks import Block
from interbrain.report.results import Results

_CHANCE = 0.25
_PLACE = ["analysis", *views.PLACE_KEY]


def drawn(results: Results) -> list[Block]:
    """A sentence for each analysis and its table; none where no measure divides time by phase."""
    rows = results["phases"]
    if rows.empty:
        return []
    means = exceeding(results)
    out = [Block("heading", "In phase, lagged, in antiphase")]
    if means.empty:
        said = "No place exceeds chance: two unrelated signals spend about a quarter of their time in each."
        return [*out, blocks.text(said, quiet=True)]
    out += [blocks.text(_said(results, part)) for _, part in means.groupby("analysis", sort=False)]
    return [
        *out,
        blocks.table(means, "Shares of time by phase where coherence exceeds chance", "phase-shares", fold=True),
    ]


def exceeding(results: Results) -> pd.DataFrame:
    """Mean shares over all meetings of each place that exceeds chance, the clearest first."""
    tested = views.within(results)
    tested = tested[tested["claim"] & tested["analysis"].isin(set(results["phases"]["analysis"]))]
    tested = tested.sort_values("p_read", kind="stable").drop_duplicates(_PLACE)
    rows = results["phases"].dropna(subset=list(PHASE_SHARES))
    means = rows.groupby(_PLACE, sort=False, dropna=False)[list(PHASE_SHARES)].mean()
    means["n_meetings"] = rows.groupby(_PLACE, sort=False, dropna=False).size()
    return tested[_PLACE].merge(means.reset_index(), on=_PLACE, how="inner")


def _said(results: Results, rows: pd.DataFrame) -> str:
    best = rows.iloc[0]
    a, b = results.sides(best)
    named = {
        "in_phase": "in phase",
        "a_leads": f"with the {a} ahead",
        "b_leads": f"with the {b} ahead",
        "anti_phase": "in antiphase",
    }
    shares = words.listing(f"{100 * best[c]:.0f} % {name}" for c, name in named.items())
    place = views.place_name(results, best)
    where = f", {place}" if place and len(rows) > 1 else ""
    clearest = f" (the clearest of {words.count(len(rows), 'place')}{where})" if len(rows) > 1 else ""
    return (
        f"{best['analysis']}: of the time and scales at which it was measured{clearest}, the two were {shares}, as "
        f"means over {words.count(int(best['n_meetings']), 'meeting')}. Without coupling each is about "
        f"{100 * _CHANCE:.0f} %."
    )
