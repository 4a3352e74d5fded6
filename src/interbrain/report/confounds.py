"""Confounds: how much synchrony there was with them in the recordings, and how much once they were taken out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from interbrain.report import blocks, words
from interbrain.report.blocks import Block
from interbrain.report.results import Results

_SHOWN = [
    "group", "session", "segment", "analysis", "signal_a", "signal_b", "place_a", "place_b", "band", "direction",
    "confounds", "value_before", "value_after", "excess_before", "excess_after", "p_before", "p_after",
]  # fmt: skip


def drawn(results: Results) -> list[Block]:
    """A sentence for each analysis that takes confounds out, and the values before and after; none where none does."""
    rows = results["confounds"]
    if rows.empty:
        return []
    out = [Block("heading", "Confounds, before and after they were taken out")]
    out += [blocks.text(_said(results, str(name), part)) for name, part in rows.groupby("analysis", sort=False)]
    ordered = rows.reindex((rows["excess_before"] - rows["excess_after"]).abs().sort_values(ascending=False).index)
    return [*out, blocks.table(ordered[_SHOWN], "Values before and after", "confounds", fold=True)]


def _said(results: Results, name: str, rows: pd.DataFrame) -> str:
    rows = rows[rows["excess_before"].notna() & rows["excess_after"].notna()]
    named = words.listing(rows["confounds"].iloc[0].split(", ")) if len(rows) else "the confounds"
    if rows.empty:
        return f"{name}: no value could be given both with {named} and without."
    n, alpha = len(rows), results.alpha
    before, after = (int((rows[f"p_{when}"] <= alpha + 1e-9).sum()) for when in ("before", "after"))
    unit = results.stabilised_unit(rows.iloc[0])
    means = [words.with_unit(words.number(float(rows[f"excess_{w}"].mean())), unit) for w in ("before", "after")]
    counted = f"{words.number(before, decimals=0)} of {words.number(n, decimals=0)} values"
    text = (
        f"{name}: with {named} in the recordings, {counted} exceeded chance (p ≤ {alpha:g}, each alone); with {named} "
        f"taken out, {words.number(after, decimals=0)} did, where chance alone gives about "
        f"{words.number(alpha * n, decimals=0 if alpha * n >= 10 else 1)}. The mean above chance went from "
        f"{means[0]} to {means[1]}."
    )
    return f"{text} {_shares(results, rows, named)}".rstrip()


def _shares(results: Results, rows: pd.DataFrame, named: str) -> str:
    shares = [float(rows[f"removed_{x}"].mean()) for x in "ab"]
    if not np.isfinite(shares).all():
        return ""
    a, b = (f"{100 * share:.0f} % of the {role}'s" for share, role in zip(shares, results.sides_of(rows)))
    return f"{words.sentence(named)[:-1]} explained {a} variance and {b}."


def method(analysis: dict[str, Any]) -> str:
    """What was done about confounds in one analysis, for the methods text."""
    parts = []
    if names := list(analysis.get("partial") or []):
        whose = "of both people were" if analysis.get("partial_from") == "both" else "of the same person were"
        lag = float(analysis.get("partial_lag_s") or 0)
        lags = f", at lags of up to {lag:g} s either way" if lag else ""
        taken = words.listing([words.confound_name(n) for n in names])
        parts.append(
            f"Before this, {taken} {whose} taken out of each person's channels by "
            f"linear regression over each segment{lags}; surrogates and re-paired partners were made of what was left."
        )
    if names := list(analysis.get("carry") or []):
        means = words.listing([f"each person's mean {n} in a meeting" for n in names])
        parts.append(f"The model of the course also held {means}.")
    return " ".join(parts)


def limit(results: Results) -> list[str]:
    """What taking confounds out does not show."""
    if results["confounds"].empty:
        return []
    return [
        "Taking a confound out removes all that goes with it in a straight line, synchrony too where two people meet "
        "through it (hearts that are in step because the people are). What it does to a recording in any other way, or "
        "later than the lags that were allowed, is still there."
    ]
