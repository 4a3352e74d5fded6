"""What one number of a figure is worth, in a sentence: how much of its differences is real, and how much is chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from interbrain.report import views, words
from interbrain.report.results import Results

_BETWEEN = {
    "within": "between sessions of one dyad",
    "all": "between sessions and dyads together",
    "between": "between dyads, one session each",
    "growth": "between dyads in their change over sessions",
}
"""Of which differences each part speaks."""

Z95 = 1.96


def of_place(results: Results, focus: Any, *parts: str) -> str:
    """Sentences on the place that a figure shows: the first of ``parts`` that is there, and what one value is worth.

    An honest word where it cannot be known; nothing where no reliability was computed.
    """
    rows = _of(results, focus)
    for part in parts:
        mine = _headline(rows[rows["part"] == part])
        if len(mine):
            row = mine.iloc[0]
            return " ".join(x for x in (_share(results, row), _one_value(results, row, focus)) if x)
    return ""


def over_places(results: Results, shown: pd.DataFrame, *parts: str) -> str:
    """One sentence over all places of a figure: the middle one and the range."""
    table = results["reliability"]
    for part in parts:
        mine = _headline(table[table["part"] == part])
        keys = ["analysis", *views.PLACE_KEY]
        mine = mine[mine.set_index(keys).index.isin(shown.set_index(keys).index)]
        known = mine[mine["reliability"].notna()]
        if len(known) > 1:
            low, middle, high = (_percent(v) for v in known["reliability"].quantile([0.0, 0.5, 1.0]))
            return (
                f"Of the differences {_between(results, known.iloc[0])}, about {middle}\u00a0% are real in the median "
                f"place ({low} to {high}\u00a0% over {words.number(len(known), decimals=0)} of them); the rest is "
                "chance."
            )
        if len(mine):
            return _share(results, (known if len(known) else mine).iloc[0])
    return ""


def stability(results: Results, focus: Any, again: bool = False) -> str:
    """How far the first half of a meeting tells the second; ``again`` after a sentence on the same differences."""
    rows = _of(results, focus)
    parts = rows[(rows["halves"] == "early_late") & rows["part"].isin(["within", "all"]) & rows["reliability"].notna()]
    split = rows[(rows["halves"] == "split") & rows["reliability"].notna()]
    if parts.empty or (again and split.empty):  # early against late halves have then been read already
        return ""
    row = parts.sort_values("part", ascending=False).iloc[0]
    low, high = _percent(row["ci_low"]), _percent(row["ci_high"])
    which = "of these differences" if again else f"of the differences {_between(results, row)}"
    return (
        f"About {_percent(row['reliability'])}\u00a0% {which} are alike in the first and second half of a recording "
        f"({low} to {high}\u00a0%)."
    )


def table(results: Results) -> pd.DataFrame:
    """``reliability`` as the page shows it, the most reliable first."""
    rows = results["reliability"]
    columns = ["analysis", "signal_a", "band", "segment", "place_a", "place_b", "part", "halves", "reliability",
               "ci_low", "ci_high", "sem", "sd", "n_groups", "n_meetings", "note"]  # fmt: skip
    rows = rows.sort_values("reliability", ascending=False, kind="stable", na_position="last")
    kept = [c for c in columns if rows[c].replace("", pd.NA).notna().any()]
    return rows[kept].reset_index(drop=True)


def _headline(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a place and null: split halves where there are such, else early against late."""
    late, known = rows["halves"] == "early_late", rows["reliability"].notna()
    order = rows.assign(_last=~known & ~late, _late=late).sort_values(["_last", "_late"], kind="stable")
    keys = ["analysis", *views.PLACE_KEY, "null", "part"]
    return rows.loc[order.drop_duplicates(keys).index].sort_index()


def _of(results: Results, focus: Any) -> pd.DataFrame:
    rows = views.same_place(results["reliability"], focus)
    return views.first_null(rows, str(focus["null"]) if "null" in focus else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _between(results: Results, row: pd.Series) -> str:
    """Of which differences: where everybody met once, those between sessions and those between dyads are the same."""
    once = row["n_groups"] == row["n_meetings"]
    if row["part"] == "all" and once:
        return f"between {results.unit}s" if row["n_meetings"] > 1 else "between sessions"
    return _BETWEEN[str(row["part"])].replace("dyad", results.unit)


def _share(results: Results, row: pd.Series) -> str:
    what = _between(results, row)
    if not np.isfinite(row["reliability"]):
        note = str(row["note"] or "")
        return f"How much of the differences {what} is real cannot be told{f': {note}' if note else ''}."
    share, low, high = (_percent(row[c]) for c in ("reliability", "ci_low", "ci_high"))
    if row["reliability"] == 0:
        return f"Of the differences {what}, none can be told from chance (at most {high}\u00a0% are real)."
    if row["ci_low"] == 0:
        return (
            f"Of the differences {what}, about {share}\u00a0% look real, but anything from none to {high}\u00a0% fits: "
            "too little data to say."
        )
    interval = f"{results.confidence} interval {low} to {high}\u00a0%"
    return f"Of the differences {what}, about {share}\u00a0% are real ({interval}); the rest is chance."


def _one_value(results: Results, row: pd.Series, focus: Any) -> str:
    """What one session's value or one dyad's slope is known to; the spread of surrogates where halves cannot say."""
    unit = results.stabilised_unit(row)
    if row["part"] == "between":
        return ""
    if np.isfinite(row["sem"]):
        thing = f"{results.unit}'s slope" if row["part"] == "growth" else "session's value"
        return f"One {thing} is known to ±\u00a0{words.with_unit(words.number(Z95 * row['sem']), unit)}."
    nulls = views.same_place(results["nulls"], focus)
    spread = float(nulls["stabilised_null_sd"].median()) if len(nulls) else np.nan
    if row["part"] == "growth" or not np.isfinite(spread):
        return ""
    return f"By chance alone a session's value moves by ±\u00a0{words.with_unit(words.number(Z95 * spread), unit)}."
