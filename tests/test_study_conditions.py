"""Two conditions and two therapists: what is compared with what, and by which arrangements."""

from types import SimpleNamespace

import numpy as np
import pytest

import interbrain
from interbrain.study import partners

TOML = """
[study]
roles = ["patient", "therapist"]
[[recordings]]
pattern = "{group}_{session}_{condition}.txt"
format = "table"
modality = "motion"
people = { patient = ["p"], therapist = ["t"] }
options = { rate = 5.0 }
[groups]
"01" = { therapist = "A" }
"02" = { therapist = "A" }
"03" = { therapist = "A" }
"04" = { therapist = "B" }
"05" = { therapist = "B" }
"06" = { therapist = "B" }
[plan]
[[plan.analysis]]
name = "m"
modality = "motion"
measure = "wlcc"
settings = { window_s = 20.0, step_s = 20.0, max_lag_s = 1.0 }
surrogates = ["circular_shift"]
n_surrogates = 19
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Six dyads of two therapists; they couple in imagery and not in talk."""
    folder = tmp_path_factory.mktemp("conditions")
    random = np.random.default_rng(1)
    for group in range(1, 7):
        for session in (1, 2):
            for condition, share in (("talk", 0.0), ("imagery", 0.7)):
                x = np.array([np.convolve(v, np.ones(5) / 5, "same") for v in random.standard_normal((3, 1500))])
                both = np.sqrt(1 - share) * x[:2] + np.sqrt(share) * x[2]
                path = folder / f"{group:02d}_{session}_{condition}.txt"
                np.savetxt(path, both.T, header="p t", comments="", fmt="%.5f")
    (folder / "study.toml").write_text(TOML)
    return interbrain.run(folder, folder / "derivatives")


def test_conditions_are_compared_within_groups(outcome):
    nulls = outcome.tables["nulls"]
    mean = nulls.groupby(["group", "condition"])["excess"].mean().unstack()
    row = outcome.tables["tests"].set_index("test").loc["condition:imagery-talk"]
    assert row["estimate"] == pytest.approx((mean["imagery"] - mean["talk"]).mean(), rel=1e-12)
    assert row["estimate"] > 0.1 and row["p"] == pytest.approx(2 / 64) and row["n_groups"] == 6
    page = outcome.report.read_text(encoding="utf-8")
    assert "Synchrony is higher in imagery than in talk" in page


def test_partners_are_exchanged_within_each_therapists_patients(outcome):
    row = outcome.tables["tests"].set_index("test").loc["repair"]
    assert "36 arrangements" in row["bound"] and row["p"] == pytest.approx(1 / 36)
    assert row["bound"].endswith("; partners changed within each condition and therapist")
    page = outcome.report.read_text(encoding="utf-8")
    assert "the smallest p is 1/36; partners changed within each condition and therapist." in page
    assert "keeping role, session number, segment, condition and therapist, all recordings" in page
    pairs = outcome.tables["pairings"]
    real = pairs[pairs["real"].astype(bool)]
    assert len(real) == 24 and row["estimate"] == pytest.approx(real["stabilised"].mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("therapists", "arms", "repair_within", "says"),
    [
        ("ABCD", "xxxx", ["arm", "condition", "therapist"], "among all groups"),
        ("AAAA", "xxxx", ["arm", "condition", "therapist"], "among all groups"),
        ("AABB", "xyxy", ["arm", "condition", "therapist"], "within each arm and therapist"),
        ("AABC", "xxxx", ["therapist"], "within each therapist"),
        ("AABB", "xyxy", ["arm"], "within each arm"),
        ("AABB", "xyxy", [], "among all groups"),
    ],
)
def test_the_report_says_within_what_partners_changed(therapists, arms, repair_within, says):
    """Only what the study tells apart: with a therapist each, or one for all, nobody is kept with a therapist."""
    groups = [SimpleNamespace(therapist=t, arm=a) for t, a in zip(therapists, arms, strict=True)]
    study = SimpleNamespace(groups=groups, meetings=[SimpleNamespace(condition="")])
    plan = SimpleNamespace(repair_within=tuple(repair_within))
    assert partners._within(study, plan) == f"partners changed {says}"
