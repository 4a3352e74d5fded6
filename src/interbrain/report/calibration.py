"""Size under no effect of the measures and surrogates that ran: the packaged table, as ``make calibrate`` wrote it."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from interbrain.report import words
from interbrain.report.results import Results

LEVEL = 0.05


def table() -> pd.DataFrame:
    """Measure, surrogate, noise, recording, share of p at most .05, pairs, low and high (95 % region), date."""
    source = files("interbrain.report") / "calibration.tsv"
    with source.open(encoding="utf-8") as file:
        return pd.read_csv(file, sep="\t", dtype={"date": str})


def used(results: Results) -> list[tuple[str, str]]:
    """Measure and surrogate of every comparison within dyads that ran."""
    found = results["nulls"][["measure", "null"]].drop_duplicates()
    return list(found.itertuples(index=False, name=None))


def cells(results: Results) -> pd.DataFrame:
    """The table's rows for what ran."""
    rows, ran = table(), set(used(results))
    return rows[[pair in ran for pair in zip(rows["measure"], rows["surrogate"])]].reset_index(drop=True)


def missing(results: Results) -> str:
    """A sentence on what ran without having been calibrated; empty where everything was."""
    rows = table()
    known = set(zip(rows["measure"], rows["surrogate"]))
    absent = [pair_name(results, *pair) for pair in used(results) if pair not in known]
    if not absent:
        return ""
    those = "these pairs" if len(absent) > 1 else "this pair"
    return words.sentence(
        f"{words.listing(absent)} {'were' if len(absent) > 1 else 'was'} not calibrated: how often {those} of measure "
        "and surrogate calls two unrelated recordings related is not known here"
    )


def pair_name(results: Results, measure: str, surrogate: str) -> str:
    record = results.surrogate(surrogate)
    null = (record.title if record else surrogate.replace("_", " ")).lower()
    return f"{results.measure_title(measure)} with {null}"
