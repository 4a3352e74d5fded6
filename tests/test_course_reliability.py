"""Reliability: against published numbers, the classical formula by hand, and planted variances."""

import numpy as np
import pandas as pd
import pytest

from interbrain.course.reliability import reliability
from interbrain.data.tables import MEETING, PAIR, TABLES

SHROUT = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
)  # fmt: skip
"""Six targets, four judges: Shrout & Fleiss (1979), table 2, doi 10.1037/0033-2909.86.2.420."""


def tables(whole, first, second, group=None, session=None, null_sd=1.0, halves_null_sd=2.0):
    """Joined excesses and halves of one place; ``halves_null_sd`` 2 is λ = 1/4: independent halves of one size."""
    n = len(whole)
    base = pd.DataFrame({c: [""] * n for c in (*MEETING, *PAIR)})
    base = base.assign(group=[str(g) for g in (np.arange(n) if group is None else group)], analysis="a", measure="wtc")
    base["session"] = 1 if session is None else session
    null = base.assign(null="shift", excess=whole, duration_s=600.0, usable=1.0)
    halves = base.assign(
        null="shift", null_sd=null_sd, split_a=first, split_b=second, early=first, late=second, reason=""
    )
    return null, halves.assign(split_null_sd=halves_null_sd, early_late_null_sd=halves_null_sd)


def part(found, name, halves="split"):
    rows = found[(found["part"] == name) & (found["halves"] == halves)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_independent_halves_of_one_size_give_guttmans_formula():
    random = np.random.default_rng(1)
    true = random.normal(size=12)
    a, b = true + random.normal(size=(2, 12))
    found = part(reliability(*tables((a + b) / 2, a, b)), "all")
    both = np.cov(a, b)
    assert found["reliability"] == pytest.approx(4 * both[0, 1] / (both.sum()))  # 2 (1 - (s²a + s²b)/s²) the same
    assert found["sem"] == pytest.approx(np.std(a - b, ddof=1) / 2)


def test_its_interval_is_feldts():
    """R = 1 - 1/F, so that (1 - R)/(1 - ρ) is F(n - 1, n - 1): tabled F(.975; 9, 9) = 4.026."""
    random = np.random.default_rng(2)
    a, b = random.normal(size=10) * 2 + random.normal(size=(2, 10))
    found = part(reliability(*tables((a + b) / 2, a, b)), "all")
    assert (1 - found["ci_low"]) / (1 - found["reliability"]) == pytest.approx(4.026, abs=1e-3)
    assert (1 - found["reliability"]) / (1 - found["ci_high"]) == pytest.approx(4.026, abs=1e-3)


def test_dependent_halves_are_corrected_by_what_surrogates_show():
    a, b = np.random.default_rng(3).normal(size=(2, 12))
    plain = part(reliability(*tables((a + b) / 2, a, b)), "all")
    wider = part(reliability(*tables((a + b) / 2, a, b, halves_null_sd=1.0)), "all")
    assert wider["sem"] == pytest.approx(2 * plain["sem"])


def test_dyads_and_sessions_are_those_of_shrout_and_fleiss():
    y = SHROUT.reshape(-1)
    group, session = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    found = reliability(*tables(y, y, y - np.tile([1.0, -1.0], 12), group, session))
    between = part(found, "between", "sessions")
    assert between["reliability"] == pytest.approx(0.17, abs=0.005)  # ICC(1,1) as published
    assert between["sem"] == pytest.approx(np.sqrt(6.26), abs=0.005)  # their within mean square
    within = part(found, "within")
    assert within["sd"] == pytest.approx(between["sem"])
    assert within["reliability"] == pytest.approx(1 - np.var(np.tile([1.0, -1.0], 12), ddof=1) / 4 / 6.2639, abs=1e-4)


def test_slopes_that_differ_as_planted_are_real_and_others_are_not():
    random = np.random.default_rng(4)
    group, session = np.repeat(np.arange(400), 6), np.tile(np.arange(1, 7), 400)
    spread = ((np.arange(6) - 2.5) ** 2).sum()
    for slope_sd in (0.0, 0.3):
        y = np.repeat(random.normal(size=400) * slope_sd, 6) * session + random.normal(size=2400)
        growth = part(reliability(*tables(y, y, y, group, session)), "growth", "sessions")
        true = slope_sd**2 / (slope_sd**2 + 1 / spread)
        assert growth["ci_low"] - 1e-9 <= true <= growth["ci_high"] + 0.02
        assert growth["reliability"] == pytest.approx(true, abs=0.08)
        assert growth["sem"] == pytest.approx(np.sqrt(1 / spread), rel=0.05)


def test_planted_parts_are_recovered():
    random = np.random.default_rng(5)
    dyads, sessions = 300, 6
    group, session = np.repeat(np.arange(dyads), sessions), np.tile(np.arange(sessions), dyads)
    true = np.repeat(random.normal(size=dyads), sessions) * 0.7 + 0.5 * random.normal(size=dyads * sessions)
    a, b = true + 0.8 * random.normal(size=(2, dyads * sessions)) * np.sqrt(2)
    found = reliability(*tables((a + b) / 2, a, b + 5.0, group, session))  # a shift that all share is no error
    assert part(found, "within")["reliability"] == pytest.approx(0.25 / (0.25 + 0.64), abs=0.04)
    assert part(found, "between", "sessions")["reliability"] == pytest.approx(0.49 / 1.38, abs=0.06)
    assert part(found, "all")["reliability"] == pytest.approx(0.74 / 1.38, abs=0.05)
    assert part(found, "within")["sem"] == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("n, said", [(1, "one meeting has halves"), (2, "2 meetings have halves")])
def test_too_few_meetings_get_a_reason_and_no_figure(n, said):
    y = np.arange(float(n))
    found = reliability(*tables(y, y, y, np.zeros(n, int), np.arange(n)))
    assert found["reliability"].isna().all()
    assert found["note"].str.contains(said).any()


def test_halves_that_are_not_there_give_their_reason():
    y = np.random.default_rng(6).normal(size=5)
    null, halves = tables(y, np.nan, np.nan)
    found = reliability(null, halves.assign(reason="the halves are too short for this band"))
    assert found["reliability"].isna().all() and len(found)
    assert (found["note"] == "no halves: the halves are too short for this band").all()


def test_columns_are_those_of_the_schema():
    y = np.random.default_rng(7).normal(size=5)
    assert tuple(reliability(*tables(y, y, y + 1)).columns) == TABLES["reliability"]
