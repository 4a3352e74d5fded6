"""Clusters from the plan to the table and the page: bands next to each other and channels named as neighbours."""

import numpy as np
import pytest

import interbrain
from interbrain.data.errors import BadInput
from interbrain.data.plan import plan_from

TOML = """
[study]
roles = ["patient", "therapist"]
[[recordings]]
pattern = "{group}_{session}.txt"
format = "table"
modality = "misc"
people = { patient = ["p1", "p2", "p3"], therapist = ["t1", "t2", "t3"] }
options = { rate = 5.0 }
[plan]
n_arrangements = 199
[[plan.analysis]]
name = "m"
modality = "misc"
measure = "wlcc"
settings = { window_s = 20.0, step_s = 20.0, max_lag_s = 1.0 }
surrogates = ["circular_shift"]
n_surrogates = 39
"""
CLUSTERS = '[plan.clusters]\nthreshold = 1.0\nplaces = [["p1", "p2"], ["p2", "p3"], ["t1", "t2"], ["t2", "t3"]]\n'


def lay_out(folder, clusters, share):
    """Five dyads; the first two channels of both people share a weak part, the third ones nothing."""
    random = np.random.default_rng(3)
    (folder / "study").mkdir()
    weight = np.array([share, share, 0.0])[:, None]
    for group in range(1, 6):
        shared = random.standard_normal((1, 600))
        people = [np.sqrt(1 - weight) * random.standard_normal((3, 600)) + np.sqrt(weight) * shared for _ in range(2)]
        path = folder / "study" / f"{group:02d}_1.txt"
        np.savetxt(path, np.vstack(people).T, header="p1 p2 p3 t1 t2 t3", comments="", fmt="%.5f")
    (folder / "study" / "study.toml").write_text(TOML + clusters)
    return interbrain.run(folder / "study", folder / "out")


def test_from_the_plan_to_the_page(tmp_path):
    outcome = lay_out(tmp_path, CLUSTERS, 0.5)
    tests = outcome.tables["tests"]
    page = outcome.report.read_text(encoding="utf-8")
    coupled = tests["place_a"].isin(["p1", "p2"]) & tests["place_b"].isin(["t1", "t2"])
    for test, smallest in (("within", 1 / 40), ("repair", 1 / 120)):
        rows = tests[tests["test"] == test]
        one = rows[coupled[rows.index]]
        assert one["cluster"].tolist() == [1.0] * 4 and one["p_cluster"].tolist() == pytest.approx([smallest] * 4)
        assert rows.loc[rows["cluster"] == 0, "p_cluster"].isna().all()
    assert "That says that something in a cluster does, not which of its places." in page
    assert "exceeds the same people re-paired (" in page and "Maris" in page


def test_none_unless_asked(tmp_path):
    outcome = lay_out(tmp_path, "", 0.5)
    assert outcome.tables["tests"][["cluster", "p_cluster"]].isna().all(axis=None)
    assert "cluster of" not in outcome.report.read_text(encoding="utf-8")


def test_a_plan_that_does_not_fit():
    base = {"analysis": [{"name": "m", "modality": "motion", "measure": "wlcc"}]}
    with pytest.raises(BadInput, match="threshold"):
        plan_from({**base, "clusters": {"threshold": 0}})
    with pytest.raises(BadInput, match="neighbours"):
        plan_from({**base, "clusters": {"neighbours": []}})
