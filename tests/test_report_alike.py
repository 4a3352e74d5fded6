"""Two analyses of one measure in one run: a reader can tell which of them every sentence and figure is about."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import fake_results
from interbrain.report import page, summary, verdict
from interbrain.report.methods import methods
from interbrain.report.results import Results, read_results

PLAIN, CLEAN = "fnirs-wtc", "clean, with heart taken out"


def twice(results: Results) -> Results:
    """The same rows a second time, as an analysis with heart taken out; its places stand a little less far out."""
    tables = dict(results.tables)
    for name, rows in results.tables.items():
        if "analysis" in rows and len(rows):
            again = rows.assign(analysis="clean")
            if "family" in rows:
                again["family"] = "clean/" + again["family"].astype(str)
            tables[name] = pd.concat([rows, again], ignore_index=True)
    first = results.analyses[0]
    second = {**first, "name": "clean", "partial": ["heart"]}
    return replace(results, tables=tables, plan={**results.plan, "analysis": [first, second]})


@pytest.fixture(scope="module")
def full() -> Results:
    return read_results(fake_results.shared("full"))


@pytest.fixture(scope="module")
def both(full: Results) -> Results:
    return twice(full)


def test_every_answer_says_of_which_analysis(both: Results) -> None:
    found = verdict.findings(both)
    for question in ("Beyond chance?", "More than a shared situation?", "Does it grow?", "Who leads?", "Task or rest?"):
        leads = [f.lead for f in found if f.question == question]
        assert len(leads) == 2, question
        assert leads[0].startswith(f"{PLAIN}: ") and leads[1].startswith(f"{CLEAN}: "), leads
    scores = [f for f in found if f.question == "Does it go with outcome?"]
    assert scores and all(PLAIN in f.detail or "clean" in f.detail for f in scores)


def test_what_is_not_found_is_told_apart(both: Results) -> None:
    tests = both["tests"].assign(p=0.5, p_family=1.0)
    quiet = replace(both, tables={**both.tables, "tests": tests})
    (said,) = verdict.beyond_chance(quiet)
    assert "(2 analyses × 16 region pairs × 2 signals × 2 segments)" in said.lead
    assert f"(z; {PLAIN})" in said.detail or f"(z; {CLEAN})" in said.detail
    half = both["tests"].copy()
    half.loc[half["analysis"] == "clean", ["p", "p_family"]] = 1.0
    mixed = verdict.beyond_chance(replace(both, tables={**both.tables, "tests": half}))
    assert mixed[0].lead.startswith(f"{PLAIN}: ") and f"({CLEAN})" in mixed[1].lead


def test_captions_and_tables_name_the_analysis(both: Results) -> None:
    figures = {b.figure.key: b.figure for make in page.SECTIONS for b in make(both).blocks if b.figure is not None}
    for key in ("course", "pairings", "contrast-task-rest", "when-fnirs-wtc"):
        assert PLAIN in figures[key].subtitle or "clean" in figures[key].subtitle, key
    for key in ("course", "pairings", "contrast-task-rest", "matrix", "chance", "slopes", "outcome"):
        table = figures[key].table
        assert table is not None and "analysis" in [c.name for c in table.columns], key
    for key in ("chance", "matrix", "slopes", "outcome"):
        assert PLAIN in figures[key].svg_wide and "clean" in figures[key].svg_wide, key
    said = " ".join(methods(both).paragraphs)
    assert f"In the analysis {PLAIN}: " in said and "In the analysis clean: " in said


def test_an_only_analysis_is_not_named(full: Results) -> None:
    found = verdict.findings(full)
    assert not [f for f in found if PLAIN in f.lead + f.detail]
    assert full.apart(PLAIN) == "" and all(PLAIN not in r.place for r in summary.truth_rows(full))
