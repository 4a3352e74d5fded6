"""One bad session never stops the others: every fault gets a row in problems.tsv or one clear line."""

import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import interbrain
from interbrain.app.cli import main
from interbrain.data.errors import BadInput

RATE = 5.0
TOML = """
[study]
name = "small"
roles = ["patient", "therapist"]

[[recordings]]
pattern = "{group}_{session}_{role}.csv"
format = "table"
modality = "motion"
options = { rate = 5.0 }

[[outcomes]]
file = "scores.csv"
group = "group"
instrument = "instrument"
session = "session"
score = "score"
participant = "participant"

[plan]
[[plan.analysis]]
name = "motion"
modality = "motion"
measure = "wlcc"
settings = { window_s = 20.0, step_s = 20.0, max_lag_s = 2.0 }
surrogates = ["segment_shuffle"]
n_surrogates = 19
"""
GROUPS, SESSIONS = ("01", "02", "03", "04"), (1, 2, 3)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Four couples, three sessions of five minutes, nothing wrong."""
    folder = tmp_path_factory.mktemp("sound")
    random = np.random.default_rng(3)
    for group in GROUPS:
        for session in SESSIONS:
            for role in ("patient", "therapist"):
                series = np.convolve(random.standard_normal(1504), np.ones(5) / 5, "valid")
                _write(folder, group, session, role, series)
    scores = [(g, f"{g}-patient", "PHQ-9", s, 12.0 - s) for g in GROUPS for s in SESSIONS]
    columns = ["group", "participant", "instrument", "session", "score"]
    pd.DataFrame(scores, columns=columns).to_csv(folder / "scores.csv", index=False)
    (folder / "study.toml").write_text(TOML, encoding="utf-8")
    return folder


@pytest.fixture
def study(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "study")


def _file(folder, group, session, role):
    return folder / f"{group}_{session}_{role}.csv"


def _write(folder, group, session, role, series):
    _file(folder, group, session, role).write_text("motion\n" + "\n".join(f"{x:.6f}" for x in series) + "\n")


def _series(folder, *key):
    return pd.read_csv(_file(folder, *key))["motion"].to_numpy()


def _empty(folder):
    _file(folder, "02", 2, "patient").write_text("")


def _absent(folder):
    _file(folder, "02", 2, "patient").unlink()


def _words(folder):
    path = _file(folder, "02", 2, "patient")
    path.write_text(path.read_text().replace("\n", "\nbroken\n", 40))


def _flat(folder):
    _write(folder, "02", 2, "patient", np.zeros(1500))


def _missing_values(folder):
    series = _series(folder, "02", 2, "patient").astype(object)
    series[200:1400] = "nan"
    _file(folder, "02", 2, "patient").write_text("motion\n" + "\n".join(map(str, series)) + "\n")


def _short(folder):
    _write(folder, "02", 2, "patient", _series(folder, "02", 2, "patient")[:60])


def _same_twice(folder):
    _write(folder, "02", 2, "patient", _series(folder, "02", 2, "therapist"))


FAULTS = {
    "an empty file": (_empty, "02"),
    "one person absent": (_absent, "patient"),
    "text where numbers should be": (_words, "02"),
    "a flat channel": (_flat, "same value"),
    "missing for most of the time": (_missing_values, "usable"),
    "too short for a window": (_short, "02"),
    "the same samples on both sides": (_same_twice, "same samples"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_session_is_told_and_nothing_else_is_lost(study, tmp_path, fault):
    damage, word = FAULTS[fault]
    damage(study)
    outcome = interbrain.run(study, tmp_path / "out", debug=True)
    lost = [p for p in outcome.problems if p.costs_data]
    assert lost and any(word in f"{p.where} {p.what}".lower() for p in lost), [p.what for p in outcome.problems]
    measured = outcome.tables["synchrony"][["group", "session"]].drop_duplicates()
    assert len(measured) == 11
    assert not ((measured["group"] == "02") & (measured["session"] == 2)).any()
    on_disk = pd.read_csv(tmp_path / "out" / "problems.tsv", sep="\t")
    assert len(on_disk) == len(outcome.problems)
    assert outcome.report.exists()


def test_a_recording_under_two_names_stays_out_of_tests_over_groups(study, tmp_path):
    for role in ("patient", "therapist"):
        shutil.copy(_file(study, "01", 1, role), _file(study, "04", 1, role))
    outcome = interbrain.run(study, tmp_path / "out", debug=True)
    assert any("same samples" in p.what for p in outcome.problems)
    within = outcome.tables["tests"].set_index("test").loc["within"]
    assert within["n_meetings"] == 11
    assert len(outcome.tables["synchrony"]) == 12


def test_ends_without_a_model_are_told_and_stop_nothing(study, tmp_path, monkeypatch):
    def fails(*_):
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    monkeypatch.setattr("interbrain.signals.seams._channel_scores", fails)
    outcome = interbrain.run(study, tmp_path / "out", workers=1)
    told = outcome.tables["problems"]
    told = told[told["what"].str.startswith("whether another recording goes on where it ends cannot be reckoned")]
    assert len(told) == 2 * len(GROUPS) * len(SESSIONS) and not told["costs_data"].any()
    assert len(outcome.tables["synchrony"]) == len(GROUPS) * len(SESSIONS)


def test_unequal_length_and_gaps_in_session_numbers_are_no_fault(study, tmp_path):
    _write(study, "03", 1, "patient", _series(study, "03", 1, "patient")[:1200])
    for role in ("patient", "therapist"):
        _file(study, "01", 2, role).unlink()
    outcome = interbrain.run(study, tmp_path / "out", debug=True)
    row = outcome.tables["synchrony"].query("group == '03' and session == 1").iloc[0]
    assert row["duration_s"] == pytest.approx(240.0)
    assert len(outcome.tables["synchrony"]) == 11
    assert outcome.tables["course"]["n_meetings"].iloc[0] == 11


def test_a_score_out_of_range_loses_that_score_only(study, tmp_path):
    scores = pd.read_csv(study / "scores.csv", dtype={"group": str})
    scores.loc[0, "score"] = 99
    scores.to_csv(study / "scores.csv", index=False)
    outcome = interbrain.run(study, tmp_path / "out", debug=True)
    assert any("99" in p.what and "27" in f"{p.what} {p.why}" for p in outcome.problems)
    assert len(outcome.tables["scores"]) == 11


def test_fewer_dyads_than_the_model_needs_is_said(study, tmp_path):
    for group in ("03", "04", "02"):
        for path in study.glob(f"{group}_*.csv"):
            path.unlink()
    outcome = interbrain.run(study, tmp_path / "out", debug=True)
    note = outcome.tables["course"]["note"].iloc[0]
    assert "dyad" in note
    assert outcome.tables["tests"]["test"].tolist().count("repair") == 0
    assert "one dyad" in outcome.report.read_text(encoding="utf-8").lower()


def test_a_band_too_slow_for_the_recording_is_refused_with_the_figures(study, tmp_path):
    toml = (study / "study.toml").read_text(encoding="utf-8").split("[plan]")[0]
    toml += """[plan]
[[plan.analysis]]
name = "slow"
modality = "motion"
measure = "wtc"
bands = { fast = [0.05, 0.1], slow = [0.001, 0.002] }
surrogates = ["circular_shift"]
n_surrogates = 19
"""
    (study / "study.toml").write_text(toml, encoding="utf-8")
    outcome = interbrain.run(study, tmp_path / "out", debug=True)
    told = [p for p in outcome.problems if "slow" in p.what]
    assert len(told) >= 1 and all(p.costs_data for p in told)


def test_nothing_usable_is_one_line_and_status_2(study, tmp_path):
    for path in study.glob("*_therapist.csv"):
        path.unlink()
    result = CliRunner().invoke(main, ["run", str(study), str(tmp_path / "out"), "--quiet", "--workers", "1"])
    assert result.exit_code == 2
    assert "nothing usable" in result.stderr and "Traceback" not in result.output
    with pytest.raises(BadInput, match="nothing usable"):
        interbrain.run(study, tmp_path / "out")


def test_status_1_says_that_data_were_lost_and_0_that_none_were(sound, study, tmp_path):
    clean = CliRunner().invoke(main, ["run", str(sound), str(tmp_path / "a"), "--quiet", "--workers", "1"])
    assert clean.exit_code == 0, clean.output
    _absent(study)
    lost = CliRunner().invoke(main, ["run", str(study), str(tmp_path / "b"), "--quiet", "--workers", "1"])
    assert lost.exit_code == 1 and "patient" in lost.output


def test_check_lists_everything_at_once_and_writes_nothing(study):
    _empty(study)
    _flat(study)
    _words_in = _file(study, "03", 1, "therapist")
    _words_in.write_text("motion\na\nb\n")
    _file(study, "04", 3, "therapist").unlink()
    before = sorted(p.name for p in study.iterdir())
    result = CliRunner().invoke(main, ["check", str(study), "--quiet"])
    assert result.exit_code == 1
    for place in ("group 02, session 2", "group 03, session 1", "group 04, session 3"):
        assert place in result.output
    assert sorted(p.name for p in study.iterdir()) == before


def test_the_same_bytes_for_any_number_of_workers(sound, tmp_path):
    """The second also shows a bar, for which one meeting is tried ahead."""
    one = interbrain.run(sound, tmp_path / "one", workers=1)
    two = interbrain.run(sound, tmp_path / "two", workers=2, progress=True)
    for name in one.tables:
        file = f"{name}.tsv"
        assert (one.folder / file).read_bytes() == (two.folder / file).read_bytes(), file
    assert (one.folder / "plan.toml").read_bytes() == (two.folder / "plan.toml").read_bytes()


def test_an_interrupted_run_goes_on_from_its_steps(sound, tmp_path, monkeypatch):
    from interbrain.study import job, place

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    whole = interbrain.run(sound, tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(job, "repair_tests", stop)
        with pytest.raises(KeyboardInterrupt):
            interbrain.run(sound, tmp_path / "out")
    steps = list((tmp_path / "out" / place.STEPS / "pairs").glob("*.npz"))
    assert len(steps) == 12
    steps[0].write_bytes(steps[0].read_bytes()[:100])
    again = interbrain.run(sound, tmp_path / "out")
    assert (again.folder / "nulls.tsv").read_bytes() == (whole.folder / "nulls.tsv").read_bytes()
    assert not (tmp_path / "out" / place.STEPS).exists()


def test_epochs_that_are_only_numbered_by_position_are_not_guessed_together(tmp_path):
    import mne

    random = np.random.default_rng(5)
    info = mne.create_info(["Fz", "Cz"], 100.0, "eeg")
    for person, epochs in (("a", 30), ("b", 28)):
        values = 1e-5 * random.standard_normal((epochs, 2, 100))
        made = mne.EpochsArray(values, info, verbose=False)
        mne.export.export_epochs(tmp_path / f"g1_{person}.set", made, overwrite=True, verbose=False)
    (tmp_path / "study.toml").write_text("""
[study]
roles = ["a", "b"]
[[recordings]]
pattern = "{group}_{role}.set"
format = "eeglab"
modality = "eeg"
session = 1
""")
    with pytest.raises(BadInput, match=r"nothing usable(.|\n)*which of them belong together"):
        interbrain.run(tmp_path, tmp_path / "derivatives")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('modality = "eeg"\nmeasure = "wlcc"', "an analysis of eeg, of which the study has no recording"),
        ('modality = "motion"\nmeasure = "wlcc"\n[plan.wrong]', "unknown key"),
    ],
)
def test_check_ends_with_status_2_where_nothing_could_be_measured(study, wrong, told):
    toml = TOML.replace('modality = "motion"\nmeasure = "wlcc"', wrong)
    (study / "study.toml").write_text(toml.replace("[plan.wrong]", "windows = 3"), encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(study), "--quiet"])
    assert result.exit_code == 2 and told in " ".join(result.output.split()) and "Nothing wrong" not in result.output


def test_a_contrast_of_segments_that_are_not_there_is_told(study, tmp_path):
    (study / "study.toml").write_text(TOML.replace("[plan]", '[plan]\ncontrast = ["task", "rest"]'), encoding="utf-8")
    outcome = interbrain.run(study, tmp_path / "out", debug=True)
    told = [p.what for p in outcome.problems if p.where == "plan, contrast"]
    assert [t.split("'")[1] for t in told] == ["task", "rest"] and outcome.lost_data


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_shows_an_example(command):
    help_text = CliRunner().invoke(main, [command, "--help"]).output.split("Usage:")[1].split("\n", 1)[1]
    assert f"interbrain {command}" in help_text


def test_an_earlier_run_leaves_nothing_behind_in_the_results(sound, study, tmp_path):
    from interbrain.report.results import read_results

    (tmp_path / "out" / "maps").mkdir(parents=True)
    np.savez(tmp_path / "out" / "maps" / "of_another_study.npz", x=np.zeros(2))
    for name in ("scores.tsv", "tests.tsv", "course.tsv", "lags.tsv"):
        (tmp_path / "out" / name).write_text("group\nof another study\n", encoding="utf-8")
    outcome = interbrain.run(sound, tmp_path / "out")
    assert "another study" not in "".join(p.read_text(encoding="utf-8") for p in outcome.folder.glob("*.tsv"))
    assert not list((outcome.folder / "maps").glob("*.npz")) and read_results(outcome.folder).maps == ()


def test_check_says_that_a_band_is_too_slow_before_anything_runs(study):
    toml = (study / "study.toml").read_text(encoding="utf-8").split("[plan]")[0]
    toml += """[plan]
[[plan.analysis]]
name = "slow"
modality = "motion"
measure = "wtc"
bands = { slow = [0.001, 0.002] }
surrogates = ["circular_shift"]
n_surrogates = 19
"""
    (study / "study.toml").write_text(toml, encoding="utf-8")
    told = interbrain.check_study(study).problems
    assert len([p for p in told if p.costs_data and "slow" in p.what]) == 12


def test_one_absent_person_is_one_row(study, tmp_path):
    _absent(study)
    outcome = interbrain.run(study, tmp_path / "out")
    assert len([p for p in outcome.problems if p.costs_data]) == 1


def test_two_streams_of_one_file_are_two_people(data_dir):
    file = data_dir / "formats" / "dyad-example-noise.xdf"
    table = interbrain.pair(
        file,
        file,
        "wlcc",
        modality="misc",
        settings={"window_s": 5.0, "step_s": 5.0, "max_lag_s": 1.0},
        options_a={"stream": "LSLOutletHS1-Accelerometer"},
        options_b={"stream": "LSLOutletHS2-Accelerometer"},
        n_surrogates=19,
    )
    assert len(table) == 9 and table["p"].between(0, 1).all()
