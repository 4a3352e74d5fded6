"""An answer of the verdict, and what all of them say alike: where, against which null, how sure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from interbrain.report import views, words
from interbrain.report.results import Results

FOUND, NONE, LITTLE = "found", "none", "little"


@dataclass(frozen=True)
class Finding:
    """One answer: the question in a word or two, a sentence, and its numbers."""

    question: str
    kind: str
    lead: str
    detail: str = ""


def null_title(results: Results, row: pd.Series) -> str:
    record = results.surrogate(str(row["null"]))
    return (record.title if record else str(row["null"]).replace("_", " ")).lower()


def where(results: Results, rows: pd.DataFrame, row: pd.Series) -> str:
    """``"patient rTPJ and therapist rIFG (HbO, task)"``: the place and what tells it from its neighbours."""
    place = "" if views.single_place(rows) and not results.several else views.place_name(results, row)
    context = views.context(results, rows, row)
    who = str(row["who"]) if "who" in row and "who" in rows and rows["who"].nunique() > 1 else ""
    inside = ", ".join(x for x in (context, who) if x)
    return f"{place} ({inside})" if place and inside else place or inside


def p_with_family(rows: pd.DataFrame, row: pd.Series) -> str:
    size = int(row["n_read"])
    over = f", corrected over the {words.number(size, decimals=0)} of its family" if size > 1 else ""
    lost = row["p_read"] < row["p_over"] and not row["claim"]
    also = f" ({words.p_text(row['p_over'])} over all families of tests)" if lost else ""
    return f"{words.p_text(row['p_read'])}{over}{also}"


def of_analysis(results: Results, analysis: str, finding: Finding) -> Finding:
    """A finding about one analysis, which it names where another one takes the same measure."""
    apart = results.apart(analysis)
    return replace(finding, lead=f"{apart}: {words.inside(finding.lead)}") if apart else finding
