"""The main job on real recordings: numbers of other programs, what must be refused, what must be said."""

import numpy as np
import pandas as pd
import pytest

import interbrain
from studies import EEG, FNIRS, MOTION, NEGOTIATION, lay_out

RMEA_A = """
[plan]
repair_within = []
[[plan.analysis]]
name = "rmea"
modality = "motion"
measure = "wlcc"
settings = { convention = "rmea_a" }
surrogates = ["segment_shuffle"]
n_surrogates = 99
"""

RMEA_B = """
[plan]
motion = { smooth_s = 0.5, scale = true }
[[plan.analysis]]
name = "rmea"
modality = "motion"
measure = "wlcc"
settings = { convention = "rmea_b" }
"""

FEW_BANDS = """
[plan]
{analyses}
"""

ONE_EEG = """
[[plan.analysis]]
name = "{measure}"
modality = "eeg"
measure = "{measure}"
bands = {{ theta = [4.0, 7.5], alpha = [7.5, 11.0] }}
surrogates = ["segment_shuffle"]
n_surrogates = 99
"""


@pytest.fixture(scope="module")
def motion(data_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("motion")
    return interbrain.run(lay_out(MOTION, data_dir / "motion-therapy", folder / "study", RMEA_A), folder / "out")


def _matrix(pairings):
    return pairings.pivot(index="group_a", columns="group_b", values="value")


def test_motion_reproduces_rmea_per_dyad_and_in_every_pairing(motion, data_dir):
    reference = pd.read_csv(data_dir / "reference" / "motion-rmea" / "rmea_per_dyad.csv", dtype={"dyad": str})
    mine = motion.tables["synchrony"].set_index("group")["value"]
    theirs = reference[reference["setting"] == "A"].set_index("dyad")["grandAver"]
    np.testing.assert_allclose(mine, theirs.reindex(mine.index), atol=1e-9)
    name = "rmea_pair_matrix_visible10_settingA_rows_patient_cols_therapist.csv"
    matrix = pd.read_csv(data_dir / "reference" / "motion-rmea" / name, dtype={"patient_id": str}, index_col=0)
    found = _matrix(motion.tables["pairings"]).loc[matrix.index, matrix.columns]
    np.testing.assert_allclose(found, matrix, atol=1e-9)


def test_motion_partners_are_permuted_where_a_t_test_would_be_wrong(motion):
    tests = motion.tables["tests"].set_index("test")
    row = tests.loc["repair"]
    assert row["estimate"] == pytest.approx(0.1059, abs=5e-5)
    assert row["null_mean"] == pytest.approx(0.0923, abs=5e-5)
    assert 0.001 <= row["p"] <= 0.006
    assert row["n_groups"] == 10 and "3,628,800" in row["bound"]
    assert tests.loc["arm:continued-dropout", "p"] > 0.05
    assert tests.loc["leads", "p"] > 0.05


def test_motion_report_says_so(motion):
    page = motion.report.read_text(encoding="utf-8")
    assert "Real dyads exceed the same people re-paired" in page
    assert "rMEA" in page or "windowed lagged cross-correlation" in page


def test_smoothed_motion_reproduces_rmea_setting_b(data_dir, tmp_path):
    study = lay_out(MOTION, data_dir / "motion-therapy", tmp_path / "study", RMEA_B)
    tables = interbrain.run(study, tmp_path / "out").tables
    name = "rmea_pair_matrix_visible10_settingB_rows_patient_cols_therapist.csv"
    path = data_dir / "reference" / "motion-rmea" / name
    matrix = pd.read_csv(path, dtype={"patient_id": str}, index_col=0)
    np.testing.assert_allclose(_matrix(tables["pairings"]).loc[matrix.index, matrix.columns], matrix, atol=1e-9)


def test_fnirs_of_one_dyad_from_light_to_coherence(data_dir, tmp_path):
    study = lay_out(FNIRS, data_dir / "fnirs-parent-child", tmp_path / "study")
    outcome = interbrain.run(study, tmp_path / "out")
    quality = outcome.tables["quality"]
    index = quality[quality["figure"] == "sci"]
    dropped = index[index["decision"] == "dropped"]
    assert set(zip(dropped["role"], dropped["channel"])) == {
        ("parent", "S3_D2"),
        ("parent", "S3_D4"),
        ("child", "S7_D7"),
        ("child", "S8_D7"),
    }
    synchrony = outcome.tables["synchrony"]
    assert set(synchrony["signal_a"]) == {"hbo", "hbr"}
    assert len(synchrony) == 2 * 18 * 18
    assert synchrony["value"].between(0, 1).all()
    assert set(outcome.tables["tests"]["test"]) == {"within"}
    assert outcome.tables["pairings"].empty
    page = outcome.report.read_text(encoding="utf-8")
    assert "one dyad" in page.lower()


def test_eeg_pair_exceeds_nothing_and_the_report_says_so(data_dir, tmp_path):
    analyses = "".join(ONE_EEG.format(measure=m) for m in ("plv", "accorr", "imcoh"))
    study = lay_out(EEG, data_dir / "eeg-pair", tmp_path / "study", FEW_BANDS.format(analyses=analyses))
    outcome = interbrain.run(study, tmp_path / "out")
    assert any("25 of 33" in p.what for p in outcome.problems)
    tests = outcome.tables["tests"]
    assert set(tests["measure"]) == {"plv", "accorr", "imcoh"}
    assert len(tests) == 3 * 2 * 31 * 31
    assert (tests["p_family"] > 0.05).all()
    assert np.allclose(outcome.tables["synchrony"]["duration_s"], 25 * 501 / 500)
    assert "No evidence" in outcome.report.read_text(encoding="utf-8")


def test_recordings_that_are_secretly_the_same_are_found(data_dir, tmp_path):
    plan = """
[plan]
[[plan.analysis]]
name = "m"
modality = "motion"
measure = "wlcc"
settings = { max_lag_s = 1.0 }
"""
    study = lay_out(NEGOTIATION, data_dir / "motion-negotiation", tmp_path / "study", plan)
    outcome = interbrain.run(study, tmp_path / "out")
    told = [p for p in outcome.problems if "same samples" in p.what]
    assert told and all("111" in p.where + p.what and "112" in p.where + p.what for p in told)
    pairings = outcome.tables["pairings"]
    assert len({*pairings["group_a"]} & {"111", "112"}) == 1
    assert {"111", "112"} <= set(outcome.tables["synchrony"]["group"])


def test_two_files_give_the_same_number_as_the_run(motion, data_dir):
    file = data_dir / "motion-therapy" / "continued" / "200_01.txt"
    table = interbrain.pair(
        file, file, "wlcc", modality="motion", options={"rate": 25.0}, settings={"convention": "rmea_a"},
        channels_a=("pat",), channels_b=("th",), n_surrogates=19,
    )  # fmt: skip
    mine = motion.tables["synchrony"].set_index("group").loc["200", "value"]
    assert table["value"].iloc[0] == pytest.approx(mine, abs=1e-14)
