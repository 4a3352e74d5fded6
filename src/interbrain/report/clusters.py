"""Clusters of neighbouring places in words: where they are, their p, and that they say nothing of their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from interbrain.inference.corrections import benjamini_hochberg
from interbrain.report import views, words
from interbrain.report.finding import FOUND, NONE, Finding
from interbrain.report.results import Results


def with_clusters(results: Results, finding: Finding, rows: pd.DataFrame, beyond: str) -> Finding:
    """A finding about places, with what their clusters add; unchanged where the plan asked for none.

    ``beyond`` ends the sentence "a cluster exceeds …". A cluster is called where its p is at most alpha and, with
    several families, so is its family's at a false discovery rate over the heaviest cluster of each.
    """
    if not results.plan.get("clusters") or rows.get("p_cluster") is None:
        return finding
    called = _called(results, rows)
    if called.empty:
        more = f"No cluster of neighbouring places exceeds {beyond}{' either' * (finding.kind == NONE)}."
        return replace(finding, detail=f"{finding.detail} {more}".strip())
    detail = f"{finding.detail} {_sentence(results, called, beyond)}".strip()
    if finding.kind == FOUND:
        return replace(finding, detail=detail)
    lead = f"A cluster of neighbouring places exceeds {beyond}, none of them by itself."
    return Finding(finding.question, FOUND, lead, detail)


def _called(results: Results, rows: pd.DataFrame) -> pd.DataFrame:
    """Places in clusters that are called; families are those of every analysis of the run."""
    tests = results["tests"]
    every = tests[tests["test"].isin(rows["test"].unique())]
    best = every.groupby("family", sort=False)["p_cluster"].min().fillna(1.0)
    over = benjamini_hochberg([str(f) for f in best.index], best.to_numpy())
    held = np.array([over.of(str(f)) <= results.alpha + _EDGE for f in rows["family"]], dtype=bool)
    return rows[(rows["p_cluster"] <= results.alpha + _EDGE) & held]


def _sentence(results: Results, called: pd.DataFrame, beyond: str) -> str:
    parts = [part for _, part in called.groupby(["family", "cluster"], sort=False)]
    first = min(parts, key=lambda part: float(part["p_cluster"].iloc[0]))
    names = list(dict.fromkeys(name for _, row in first.iterrows() if (name := _name(results, row))))
    listed = words.listing(names) if len(names) <= _NAMED else f"{', '.join(names[:_NAMED])} and others"
    size = words.count(len(first), "place")
    several = f"{words.cardinal(len(parts)).capitalize()} clusters exceed {beyond}; the clearest, of {size}"
    subject = several if len(parts) > 1 else f"A cluster of {size} exceeds {beyond}"
    p = words.p_text(first["p_cluster"].iloc[0])
    return (
        f"{subject} ({f'{listed}; ' if listed else ''}{p}, corrected over the clusters of its family). That says that "
        "something in a cluster does, not which of its places."
    )


_EDGE = 1e-12
_NAMED = 4


def _name(results: Results, row: pd.Series) -> str:
    band = str(row["band"]) if results["tests"]["band"].nunique() > 1 else ""
    return " ".join(x for x in (views.place_name(results, row, short=True), band) if x)
