"""An analysis that gives no number anywhere is told, with its measure and setting."""

import numpy as np

import interbrain

STUDY = """
[study]
roles = ["patient", "therapist"]
[[recordings]]
pattern = "{group}_{session}_{role}.txt"
format = "table"
modality = "motion"
options = { rate = 5.0 }
[[plan.analysis]]
name = "never"
modality = "motion"
measure = "crqa"
settings = { theiler = 100000 }
n_surrogates = 19
[[plan.analysis]]
name = "fine"
modality = "motion"
measure = "corr"
n_surrogates = 19
"""


def test_a_measure_without_any_value_is_one_row_that_costs_data(tmp_path):
    random = np.random.default_rng(3)
    for group in "abcd":
        for role in ("patient", "therapist"):
            np.savetxt(tmp_path / f"{group}_1_{role}.txt", random.standard_normal(400), header="m", comments="")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    outcome = interbrain.run(tmp_path, tmp_path / "derivatives")
    assert outcome.tables["synchrony"].groupby("analysis")["value"].count().to_dict() == {"fine": 4, "never": 0}
    (told,) = [p for p in outcome.problems if p.costs_data]
    assert told.where == "plan, never" and told.what == "crqa with theiler = 100000 gave no value at any of 4 meetings"
    assert not outcome.tables["problems"]["what"].str.contains("no two groups of one stratum").any()
    assert outcome.tables["problems"]["what"].str.contains("a value in 0 of 16 real and re-paired cells").any()
