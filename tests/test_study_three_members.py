"""Groups of three: what two of them have together is never mixed with what another two have."""

from __future__ import annotations

import numpy as np
import pytest

import interbrain

STUDY = """
[study]
roles = ["mother", "father", "child"]
[[recordings]]
pattern = "{group}_{session}_{role}.csv"
format = "table"
modality = "motion"
options = { rate = 10.0 }
[plan]
seed = 3
[[plan.analysis]]
name = "lagged"
modality = "motion"
measure = "wlcc"
surrogates = ["circular_shift"]
n_surrogates = 39
window_s = 20.0
[plan.analysis.settings]
window_s = 20.0
max_lag_s = 3.0
[[plan.analysis]]
name = "order"
modality = "motion"
measure = "kuramoto"
bands = { slow = [0.3, 0.7] }
surrogates = ["circular_shift"]
n_surrogates = 19
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Five families, one channel of one name in every file; the child follows its mother by 1 s, the father nobody."""
    folder, random = tmp_path_factory.mktemp("three"), np.random.default_rng(2)
    smooth = np.ones(8) / 8
    for family in "vwxyz":
        own = [np.convolve(random.standard_normal(1520), smooth, "valid")[:1500] for _ in range(3)]
        child = 0.8 * np.roll(own[0], 10) + 0.6 * own[2]
        for role, series in (("mother", own[0]), ("father", own[1]), ("child", child)):
            np.savetxt(folder / f"{family}_1_{role}.csv", series, header="acc", comments="")
    (folder / "study.toml").write_text(STUDY)
    return interbrain.run(folder, folder / "derivatives")


def test_each_two_members_are_a_place_of_their_own(outcome):
    tests = outcome.tables["tests"]
    within = tests[(tests["test"] == "within") & (tests["analysis"] == "lagged")].set_index(["place_a", "place_b"])
    assert set(within.index) == {
        ("mother: acc", "father: acc"), ("mother: acc", "child: acc"), ("father: acc", "child: acc")
    }  # fmt: skip
    p = within["p_family"]
    assert p["mother: acc", "child: acc"] <= 0.05 < min(p["mother: acc", "father: acc"], p["father: acc", "child: acc"])
    values = outcome.tables["synchrony"].groupby(["role_a", "role_b"])["value"].mean()
    for (a, b), row in within.iterrows():
        assert row["estimate"] == pytest.approx(values[a.partition(":")[0], b.partition(":")[0]], abs=0.02)


def test_profiles_of_lags_are_kept_apart_and_the_mother_leads_her_child(outcome):
    lags = outcome.tables["lags"].groupby(["place_a", "place_b", "lag_s"])["value"].mean()
    assert lags["mother: acc", "child: acc"].idxmax() == pytest.approx(1.0)
    assert lags["mother: acc", "child: acc"].max() > 2 * lags["mother: acc", "father: acc"].max()


def test_the_report_names_who_it_speaks_of(outcome):
    page = outcome.report.read_text()
    assert "mother acc and child acc" in page
    assert "mother acc and father acc (" not in page  # nothing is found there
    assert "mother mother" not in page and "first of the two mother" not in page
    assert "five groups (mother, father and child)" in page
