"""Three arms and a fourth of one couple: from recordings to tests.tsv, problems.tsv and the verdict."""

import numpy as np
import pytest

import interbrain

STUDY = """
[study]
roles = ["patient", "therapist"]
[[recordings]]
pattern = "{arm}/{group}_{session}.tsv"
format = "table"
modality = "motion"
people = { patient = ["pat"], therapist = ["th"] }
options = { rate = 5.0 }
[plan]
seed = 2
n_arrangements = 1999
[[plan.analysis]]
name = "together"
modality = "motion"
measure = "corr"
settings = { prewhiten = false, kind = "pearson" }
surrogates = ["circular_shift"]
n_surrogates = 19
repair = false
"""
COUPLING = {"wait-list": 0.0, "couple": 0.1, "group": 2.0, "lone": 0.0}


def recorded(folder, couples: dict[str, int]):
    random = np.random.default_rng(8)
    for arm, n in couples.items():
        (folder / arm).mkdir(parents=True)
        for k in range(n):
            for session in (1, 2):
                shared = COUPLING[arm] * random.standard_normal((400, 1))
                rows = shared + random.standard_normal((400, 2))
                text = "\n".join(f"{a:.5f}\t{b:.5f}" for a, b in rows)
                (folder / arm / f"{arm[0]}{k}_{session}.tsv").write_text(f"pat\tth\n{text}\n")
    (folder / "study.toml").write_text(STUDY)
    return interbrain.run(folder, folder / "derivatives")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    couples = {"wait-list": 4, "couple": 4, "group": 4, "lone": 1}
    return recorded(tmp_path_factory.mktemp("arms") / "study", couples)


def test_all_arms_and_every_pair_are_in_the_table(outcome):
    tests = outcome.tables["tests"].set_index("test")
    found = tests.loc[[t for t in tests.index if t.startswith("arm")]]
    assert list(found.index) == ["arms", "arm:couple-group", "arm:couple-wait-list", "arm:group-wait-list"]
    assert found.loc["arms", "note"] == "couple, group, wait-list"
    assert found["n_groups"].tolist() == [12, 8, 8, 8] and found["n_meetings"].tolist() == [24, 16, 16, 16]
    excess = outcome.tables["nulls"].groupby(["arm", "group"])["excess"].mean().groupby("arm").mean().drop("lone")
    assert found.loc["arms", "estimate"] == pytest.approx(excess.std())
    assert found.loc["arm:couple-group", "estimate"] == pytest.approx(excess["couple"] - excess["group"])
    assert (found.loc[["arms", "arm:couple-group", "arm:group-wait-list"], "p_family"] <= 0.05).all()
    assert found.loc["arm:couple-wait-list", "p_family"] > 0.05


def test_the_arm_of_one_couple_is_told(outcome):
    (told,) = [p for p in outcome.problems if p.where.startswith("arms")]
    assert told.what == "arm 'lone' has 1 group with a value" and told.done == "compared without lone"
    assert not told.costs_data


def test_the_verdict_tells_all_arms_and_each_pair(outcome):
    page = outcome.report.read_text(encoding="utf-8")
    assert "Synchrony differs between the arms couple, group and wait-list" in page
    assert "Synchrony is higher in group than in wait-list" in page
    assert "No evidence that synchrony differs between couple and wait-list" in page
    assert "two by two with one maximum over pairs" in page
    assert page.count("Save as SVG") >= 3 and 'download="arm-couple-wait-list.svg"' in page


def test_two_arms_of_which_one_is_too_small_are_not_compared_and_told(tmp_path):
    outcome = recorded(tmp_path / "study", {"wait-list": 3, "lone": 1})
    assert not outcome.tables["tests"]["test"].str.startswith("arm").any()
    (told,) = [p for p in outcome.problems if p.where.startswith("arms")]
    assert told.done == "the arms were not compared"
