"""Quick forms of the calibrations of growth and of the relation of scores with synchrony."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from calibrate import growth as table
from calibrate import outcome
from interbrain.arrays.streams import stream
from interbrain.course.growth import growth
from interbrain.data.plan import Course


def at_most(n, level=0.05):
    """What a right test exceeds once in 2,000."""
    return binom.ppf(0.9995, n, level)


@pytest.mark.parametrize(
    "world", [table.World(slope_sd=0.0), table.World(slope_sd=0.02, memory=0.6, influence=True)], ids=table.name
)
def test_the_interval_covers_and_no_growth_is_found_by_chance_only(world):
    """8 dyads, 6 sessions, a third missing, both covariates fitted."""
    n = 60
    found = table.cell(world, n)
    assert found["refused"] == 0 and found["called"] == n - found["covered"]
    assert max(found["called"], found["flips"]) <= at_most(n) and found["both"] <= found["called"]
    assert found["called"] + found["flips"] > 0
    # Neither is it so wide that it says nothing: own slopes spread by 0.02 or less, so their mean by 0.008 or less.
    assert found["width"] < 0.06


def test_kenward_roger_is_wider_where_slopes_are_alike():
    found = table.cell(table.World(slope_sd=0.0), 32)
    assert found["boundary"] > 0.4 and found["width"] < 0.95 * found["kr_width"]


def test_a_common_slope_shifts_estimate_and_interval_alike():
    """So coverage of zero is coverage of any slope, and the tables ask for zero only."""
    world = table.World(slope_sd=0.01, influence=True)
    flat, risen = (
        growth(table.study(replace(world, slope=b), stream(3, "shift")), Course())[0].iloc[0] for b in (0.0, 0.02)
    )
    assert risen.slope - flat.slope == pytest.approx(0.02, rel=1e-5)
    assert [risen.ci_low - flat.ci_low, risen.ci_high - flat.ci_high] == pytest.approx([0.02, 0.02], rel=1e-4)


def test_simulated_sessions_have_the_memory_and_the_gaps_they_claim():
    world = table.World(dyads=90, sessions=12, slope_sd=0.0, memory=0.6)
    rows = pd.concat([table.study(world, stream(k, "look")).assign(study=k) for k in range(10)])
    assert len(rows) / (10 * 90 * 12) == pytest.approx(2 / 3, abs=0.02)
    wide = rows.pivot(index=["study", "group"], columns="session", values="excess")
    later, sooner = (wide[2] - wide[12]).std(), (wide[2] - wide[3]).std()
    assert sooner == pytest.approx(0.04 * np.sqrt(2 * (1 - 0.6)), rel=0.1)
    assert later == pytest.approx(0.04 * np.sqrt(2), rel=0.1)


@pytest.mark.parametrize(
    "world", [outcome.World(8, growing=True, unscored=0.2), outcome.World(8, 12, score_memory=0.7, memory=0.7)]
)
def test_unrelated_scores_are_called_related_by_chance_only(world):
    found = outcome.cell(world, 50, 1, "quick")
    for part in "wlb":
        assert found[f"{part}_n"] >= 35 and found[f"{part}_called"] <= at_most(found[f"{part}_n"])
        assert found[f"{part}_called"] == found[f"{part}_n"] - found[f"{part}_covered"]


def test_planted_relations_are_covered():
    found = outcome.cell(outcome.World(20, growing=True, within=-40.0), 30, 1, "quick")
    assert 30 - found["w_covered"] <= at_most(30) and found["w_called"] > 25
    assert 30 - found["l_covered"] <= at_most(30)
    assert found["w_mean"] == pytest.approx(-40, abs=4)
