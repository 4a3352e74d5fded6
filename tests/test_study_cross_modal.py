"""One person's skin with the other's heart: the main job where the two people give two modalities."""

import numpy as np
import pytest
from scipy.signal import resample_poly

import interbrain
from interbrain.data.errors import BadInput
from interbrain.data.plan import plan_from

RATE_SKIN, RATE_HEART, SECONDS, LAG_S = 5.0, 20.0, 200, 2.0
BLOCK = """
[[recordings]]
pattern = "{{group}}_{{session}}_{role}_{modality}.txt"
format = "table"
modality = "{modality}"
role = "{role}"
options = {{ rate = {rate} }}
"""
ANALYSIS = """
[[plan.analysis]]
name = "{name}"
modality = "{first}"
modality_b = "{second}"
measure = "wlcc"
settings = {{ window_s = 40.0, step_s = 20.0, max_lag_s = 4.0 }}
surrogates = ["circular_shift"]
n_surrogates = 39
"""


def _slow(random, n, rate):
    """Band-limited noise of about half a second's memory, at any rate."""
    return resample_poly(np.convolve(random.standard_normal(n + 40), np.ones(8) / 8, "same")[20:-20], round(rate), 5)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The patient's skin is followed, after 2 s, by the therapist's heart; nothing else in the four recordings is."""
    folder, random = tmp_path_factory.mktemp("cross"), np.random.default_rng(4)
    n, delay = int(SECONDS * 5), int(LAG_S * 5)
    for group in "abcd":
        for session in (1, 2):
            shared = np.convolve(random.standard_normal(n + delay + 40), np.ones(8) / 8, "same")[20:-20]
            skin = shared[delay:] + 0.5 * _slow(random, n, 5)
            heart = resample_poly(shared[:n], 4, 1) + 0.5 * _slow(random, n, 20)
            for name, series in (
                ("patient_eda", skin), ("therapist_heart", heart),
                ("patient_heart", _slow(random, n, 20)), ("therapist_eda", _slow(random, n, 5)),
            ):  # fmt: skip
                np.savetxt(folder / f"{group}_{session}_{name}.txt", series, fmt="%.8f")
    text = '[study]\nroles = ["patient", "therapist"]\n'
    for role in ("patient", "therapist"):
        for modality, rate in (("eda", RATE_SKIN), ("heart", RATE_HEART)):
            text += BLOCK.format(role=role, modality=modality, rate=rate)
    text += "[plan]\nseed = 3\n" + ANALYSIS.format(name="skin-heart", first="eda", second="heart")
    text += ANALYSIS.format(name="heart-skin", first="heart", second="eda")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    outcome = interbrain.run(folder, folder / "derivatives")
    assert not outcome.lost_data
    return outcome


def test_planted_coupling_of_skin_with_heart_is_found_with_its_lag_and_the_reverse_pair_shows_none(tables):
    tests = tables.tables["tests"].set_index(["analysis", "test"])
    found, none = tests.loc[("skin-heart", "within")], tests.loc[("heart-skin", "within")]
    assert found["p"] == pytest.approx(1 / 40) and found["z"] > 5
    assert none["p"] > 0.05 and abs(none["z"]) < 3
    lags = tables.tables["lags"].query("analysis == 'skin-heart'").groupby("lag_s")["value"].mean()
    assert lags.idxmax() == pytest.approx(LAG_S)
    assert tests.loc[("skin-heart", "leads"), "estimate"] > 0


def test_rows_say_whose_signal_is_which_and_the_faster_one_is_brought_to_the_slower(tables):
    rows = tables.tables["synchrony"].set_index("analysis")
    assert (rows.loc["skin-heart", ["signal_a", "signal_b"]] == ["eda", "heart"]).all(axis=None)
    assert (rows.loc["heart-skin", ["signal_a", "signal_b"]] == ["heart", "eda"]).all(axis=None)
    assert (rows.loc["skin-heart", "modality"] == "eda × heart").all()
    assert (rows["role_a"] == "patient").all()
    notes = tables.tables["problems"]["what"]
    assert notes.str.contains("20 Hz resampled to 5 Hz").any()
    assert len(set(tables.tables["nulls"]["family"])) == 2 * 8


def test_partners_are_repaired_course_and_report_follow(tables):
    pairings = tables.tables["pairings"]
    assert len(pairings) == 2 * 2 * 16 and set(pairings["signal_b"]) == {"heart", "eda"}
    real = pairings[pairings["real"] & (pairings["analysis"] == "skin-heart")]
    measured = tables.tables["synchrony"].query("analysis == 'skin-heart'")
    np.testing.assert_allclose(np.sort(real["value"]), np.sort(measured["value"]), atol=1e-12)
    repair = tables.tables["tests"].set_index(["analysis", "test"]).loc[("skin-heart", "repair")]
    assert repair["p"] == repair["smallest_p"] and repair["estimate"] > 1.5 * repair["null_mean"]
    assert set(tables.tables["course"]["signal_a"]) == {"eda", "heart"}
    page = tables.report.read_text(encoding="utf-8")
    assert "EDA with heart" in page and "heart with EDA" in page
    assert "electrodermal activity of the patient with heart activity of the therapist" in page


def _analysis(**more):
    return plan_from({"analysis": [{"name": "x", "modality": "eda", "modality_b": "heart", **more}]})


def test_a_measure_of_raw_sizes_or_codes_needs_the_same_kind_and_says_why():
    with pytest.raises(BadInput, match=r"eda × heart: .*distance"):
        _analysis(measure="crqa", settings={"scale": "none"})
    assert _analysis(measure="crqa").analysis[0].modalities == ("eda", "heart")
    with pytest.raises(BadInput, match="no modality 'hart'"):
        plan_from({"analysis": [{"name": "x", "modality": "eda", "modality_b": "hart", "measure": "corr"}]})


def test_who_lacks_the_modality_of_their_role_is_told(tmp_path):
    random = np.random.default_rng(1)
    for name in ("a_1_patient_eda", "b_1_patient_eda", "b_1_therapist_heart", "a_1_therapist_eda"):
        np.savetxt(tmp_path / f"{name}.txt", random.standard_normal(600))
    text = '[study]\nroles = ["patient", "therapist"]\n'
    for role in ("patient", "therapist"):
        for modality in ("eda", "heart"):
            text += BLOCK.format(role=role, modality=modality, rate=5.0)
    (tmp_path / "study.toml").write_text(text + ANALYSIS.format(name="x", first="eda", second="heart"))
    outcome = interbrain.run(tmp_path, tmp_path / "derivatives")
    assert set(outcome.tables["synchrony"]["group"]) == {"b"}
    (told,) = [p for p in outcome.problems if "has no" in p.what]
    assert told.what == "therapist therapist has no heart recording" or told.what.endswith("has no heart recording")
    assert "session" in told.where and told.costs_data


def _side_by_side(folder, *more):
    """Only the patient's skin and only the therapist's heart were recorded."""
    random = np.random.default_rng(2)
    for name in ("a_1_patient_eda", "a_1_therapist_heart", "b_1_patient_eda", "b_1_therapist_heart", *more):
        np.savetxt(folder / f"{name}.txt", random.standard_normal(1500))
    text = '[study]\nroles = ["patient", "therapist"]\n'
    for role in ("patient", "therapist"):
        for modality in ("eda", "heart"):
            text += BLOCK.format(role=role, modality=modality, rate=5.0)
    (folder / "study.toml").write_text(text + ANALYSIS.format(name="x", first="eda", second="heart"))
    return folder


def test_a_modality_that_the_plan_takes_of_the_other_person_only_is_not_missed(tmp_path):
    study = _side_by_side(tmp_path)
    checked = interbrain.check_study(study)
    assert checked.usable and not [p for p in checked.problems if p.costs_data]
    outcome = interbrain.run(study, tmp_path / "derivatives")
    assert set(outcome.tables["synchrony"]["group"]) == {"a", "b"} and not outcome.lost_data


def test_a_modality_that_is_needed_of_the_absent_person_is_told_once(tmp_path):
    study = _side_by_side(tmp_path, "c_1_therapist_eda", "c_1_therapist_heart", "c_1_patient_heart")
    (told,) = [p for p in interbrain.check_study(study).problems if p.costs_data]
    assert told.where == "group c, session 1, patient, eda" and told.what == "no eda recording of the patient"
    assert "needs this recording" in told.done


@pytest.fixture
def files(tmp_path):
    """A's heart at 20 Hz is followed by B's skin at 5 Hz, 2 s later."""
    random = np.random.default_rng(9)
    n, delay = int(SECONDS * 5), int(LAG_S * 5)
    shared = np.convolve(random.standard_normal(n + delay + 40), np.ones(8) / 8, "same")[20:-20]
    np.savetxt(tmp_path / "heart.txt", resample_poly(shared[delay:], 4, 1) + 0.3 * _slow(random, n, 20), fmt="%.8f")
    np.savetxt(tmp_path / "skin.txt", shared[:n] + 0.3 * _slow(random, n, 5), fmt="%.8f")
    return tmp_path / "heart.txt", tmp_path / "skin.txt"


WLCC = {"window_s": 40.0, "step_s": 20.0, "max_lag_s": 4.0}


def test_two_files_of_two_modalities_are_a_pair(files):
    rates = {"options_a": {"rate": 20.0}, "options_b": {"rate": 5.0}}
    asked = {"settings": WLCC, "modality": "heart", "n_surrogates": 19}
    (row,) = interbrain.pair(*files, "wlcc", modality_b="eda", **rates, **asked).to_dict("records")
    assert (row["signal_a"], row["signal_b"]) == ("heart", "eda")
    assert row["p"] == pytest.approx(1 / 20) and row["lag_s"] == pytest.approx(LAG_S, abs=0.3)
    back = {"options_a": rates["options_b"], "options_b": rates["options_a"]}
    turned = interbrain.pair(*files[::-1], "wlcc", modality_b="heart", **back, **{**asked, "modality": "eda"})
    assert turned["lag_s"].item() == pytest.approx(-row["lag_s"], abs=0.3)
    one_kind = interbrain.pair(*files, "wlcc", **rates, **asked)
    assert "signal_b" not in one_kind.columns and set(one_kind["signal_a"]) == {"heart"}


@pytest.mark.parametrize(
    ("measure", "asked"),
    [("granger", {}), ("te", {}), ("psi", {"bands": {"b": (0.1, 0.8)}, "settings": {"segment_s": 30.0}})],
)
def test_rows_of_two_directions_can_be_told_apart(tmp_path, measure, asked):
    random = np.random.default_rng(3)
    leads = np.convolve(random.standard_normal(1502), np.ones(3), "valid")
    follows = np.roll(leads, 5) + 0.3 * random.standard_normal(1500)
    for name, series in (("a", leads), ("b", follows)):
        np.savetxt(tmp_path / f"{name}.txt", series)
    files = (tmp_path / "a.txt", tmp_path / "b.txt")
    table = interbrain.pair(*files, measure, modality="eda", options={"rate": 5.0}, n_surrogates=19, **asked)
    by_direction = table.set_index("direction")["value"]
    assert list(by_direction.index) == ["a_to_b", "b_to_a"] and by_direction["a_to_b"] > by_direction["b_to_a"]
    plain = interbrain.pair(*files, "corr", modality="eda", options={"rate": 5.0}, n_surrogates=19)
    assert "direction" not in plain.columns and len(plain) == 1


def test_the_command_measures_two_modalities_and_says_what_it_cannot(files):
    from click.testing import CliRunner

    from interbrain.app.cli import main

    both = ["--modality", "heart", "--modality-b", "eda", "--read-a", "rate=20", "--read-b", "rate=5"]
    settings = [x for k, v in WLCC.items() for x in ("--set", f"{k}={v}")]
    words = ["pair", *map(str, files), *both, "-n", "19"]
    found = CliRunner().invoke(main, [*words, "-m", "wlcc", *settings])
    assert found.exit_code == 0, found.output
    header, row = (line.split("\t") for line in found.stdout.strip().splitlines())
    assert header[:2] == ["signal_a", "signal_b"] and row[:2] == ["heart", "eda"]
    refused = CliRunner().invoke(main, [*words, "-m", "crqa", "--set", "scale=none", "--set", "radius=0.5"])
    assert refused.exit_code == 2 and "a distance between two kinds of signal has no unit" in refused.output
    refused = CliRunner().invoke(main, [*words, "-m", "kuramoto", "--band", "slow=0.1-0.4"])
    assert refused.exit_code == 2 and "kuramoto is of whole groups" in refused.output
    twice = CliRunner().invoke(main, [*words, "-m", "wtc", "--band", "x=0.2-0.5", "--band", "x=0.3-0.6"])
    assert twice.exit_code == 2 and "--band names 'x' twice; give each band a name of its own" in twice.output
    bare = CliRunner().invoke(
        main, ["pair", *map(str, files), "--modality", "heart", "--modality-b", "smell", "-m", "mi"]
    )
    assert bare.exit_code == 2 and "there is no modality 'smell'" in bare.output
