"""What an association with scores comes to: points for one SD of synchrony, and which way is better."""

from __future__ import annotations

from dataclasses import replace

import pytest

import fake_results
from interbrain.report import verdict
from interbrain.report.figures import outcome as outcome_figure
from interbrain.report.results import Results, read_results


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture(scope="module")
def known() -> Results:
    """SDs are told: 0.08 z of sessions around own lines, 0.2 z of people's means."""
    full = read_results(fake_results.shared("full"))
    rows = full["outcome"].copy()
    rows["sd_synchrony"] = rows["part"].map({"within": 0.08, "between": 0.2}).astype(float)
    return replace(full, tables={**full.tables, "outcome": rows})


def test_points_are_for_one_sd_and_say_of_what(known):
    """−9.4 points per z of synchrony, of which one SD is 0.08 z, are −0.75 points; interval −15.12 to −3.68 per z."""
    (said,) = verdict.outcome(known)
    assert said.lead == "PHQ-9 is lower (better) in sessions in which a person's synchrony is above their own line."
    assert plain(said.detail).startswith(
        "PHQ-9 within persons, −0.75 points for one SD of synchrony (0.080 z: of sessions around a person's own line; "
        "95 % interval −1.21 to −0.29; p = .002, adjusted for session)"
    )


@pytest.mark.parametrize(
    ("instrument", "estimate", "says"),
    [
        ("PHQ-9", 5.0, "higher (worse)"),
        ("PHQ-9", -5.0, "lower (better)"),
        ("WAI-SR", 5.0, "higher (better)"),
        ("WAI-SR", -5.0, "lower (worse)"),
        ("own_scale", -5.0, "lower"),
    ],
)
def test_which_way_is_better_follows_the_instrument(known, instrument, estimate, says):
    assert known.direction_of_score({"instrument": instrument, "estimate": estimate}) == says


def test_the_figure_is_for_one_sd_and_names_the_better_way(known):
    picture = outcome_figure.picture(known)
    assert picture is not None and picture.table is not None
    assert picture.title == "PHQ-9 is lower (better) where synchrony is higher, within persons"
    assert picture.subtitle.startswith(
        "Points of the score for one SD of synchrony above chance, with 95 % intervals. "
    )
    assert "Lower is better on PHQ-9, higher on WAI-SR." in picture.subtitle
    assert "(the SD is that of such deviations)" in picture.subtitle and "(the SD is that of their means)" in (
        picture.subtitle
    )
    first = picture.table.iloc[0]
    assert first["estimate"] == pytest.approx(-9.4 * 0.08) and first["sd_synchrony"] == 0.08


def test_tables_that_tell_no_sd_are_told_per_unit():
    full = read_results(fake_results.shared("full"))
    picture = outcome_figure.picture(full)
    assert picture is not None and "per 1 z of synchrony above chance" in picture.subtitle
    assert "per 1 z of synchrony" in verdict.outcome(full)[0].detail
