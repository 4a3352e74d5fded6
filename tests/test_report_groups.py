"""The page of families and therapy groups speaks of groups; that of two people of dyads."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

import fake_results
from interbrain.data.tables import WHOSE
from interbrain.report import page
from interbrain.report.results import Results, read_results


def seen(results: Results) -> str:
    """What a reader of the page sees, and what figures say when pointed at."""
    html = page.render(results)
    html = re.sub(r"<(style|script)>.*?</\1>", " ", html, flags=re.S)
    html = re.sub(r'href="data:[^"]*"', "", html)
    spoken = " ".join(re.findall(r'aria-label="([^"]*)"', html))
    return re.sub(r"<[^>]*>", " ", html) + spoken


def of_families(results: Results) -> Results:
    """The same rows as pairs of members of a family: places say whose they are."""
    tables = dict(results.tables)
    for name, rows in results.tables.items():
        if "place_a" in rows and len(rows):
            a, b = (f"{role}{WHOSE}" for role in ("mother", "child"))
            tables[name] = rows.assign(place_a=a + rows["place_a"].astype(str), place_b=b + rows["place_b"].astype(str))
            if "bound" in rows:  # the words of these tables; a run's own say groups
                tables[name] = tables[name].assign(bound=tables[name]["bound"].str.replace("dyads", "groups"))
            if "role_a" in rows:
                tables[name] = tables[name].assign(role_a="mother", role_b="child")
    return replace(results, tables=tables)


def test_a_row_is_about_those_who_met_in_its_segment():
    results = read_results(fake_results.shared("motion"))
    rows = results["synchrony"]
    first = rows["segment"].iloc[0]
    other = rows[rows["segment"] == first].assign(group="x", segment="alone", role_b="stranger")
    both = replace(results, tables={**results.tables, "synchrony": pd.concat([rows, other], ignore_index=True)})
    place = {"place_a": "head", "place_b": "body"}
    assert both.roles == ("patient", "therapist or stranger") == both.sides(place)
    assert both.sides({**place, "segment": first}) == ("patient", "therapist")
    assert both.sides({**place, "segment": "alone"}) == ("patient", "stranger") == both.sides({**place, "group": "x"})
    contrast = {**place, "segment": f"{first}-rest", "test": f"contrast:{first}-rest"}
    assert both.sides(contrast) == ("patient", "therapist")
    assert both.sides_of(pd.concat([rows, other])) == ("patient", "therapist or stranger")
    assert [both.side(r) for r in ("patient", "therapist", "stranger", "mother")] == ["a", "b", "b", ""]
    twins = replace(results, tables={**results.tables, "synchrony": rows.assign(role_a="twin", role_b="twin")})
    assert twins.roles == ("twin A", "twin B") and twins.side("twin") == ""


@pytest.mark.parametrize("kind", ["full", "motion"])
def test_groups_of_three_and_more_are_called_groups(kind):
    pairs = read_results(fake_results.shared(kind))
    families = of_families(pairs)
    assert (pairs.unit, families.unit) == ("dyad", "group")
    text = seen(families)
    assert not re.search(r"dyad", text, flags=re.I), re.findall(r".{40}dyad.{40}", text, flags=re.I)[:3]
    assert "Real groups" in text or "real groups" in text
    assert "dyads" in seen(pairs)
