"""A course with its recordings: written, read back, run; the truth beside it is whole and is what was planted."""

import json
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from interbrain.app.cli import main
from interbrain.data.errors import BadInput
from interbrain.simulate.courses.course import Course
from interbrain.simulate.courses.questionnaires import QUESTIONNAIRES
from interbrain.simulate.recordings.devices import device
from interbrain.simulate.recordings.recorded import simulate_recorded, sizes
from interbrain.study import check_study, read_study, write_study
from interbrain.study import run as run_study
from interbrain.study.recorded_truth import expected, slope_within, tasks, with_growth
from interbrain.study.simulation_plan import Recording, asked_course, asked_recording, plan_toml
from motion_plan import PLAN

COURSE = ["--therapy", "cbt", "--sessions", "3", "--dyads", "3", "--seed", "2", "--set", "seconds=6", "--quiet"]
RECORDED = ["--record", "motion,heart,turns", "--minutes", "3", "--rest", "80", "--threads", "1"]


def invoke(*words):
    return CliRunner().invoke(main, ["simulate", *map(str, words)])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("recorded") / "study"
    found = invoke(out, *COURSE, *RECORDED, "--expected")
    assert found.exit_code == 0, found.output
    return out, found.output


def test_size_is_told_before_and_is_about_right(written):
    out, said = written
    assert "9 sessions of 3 dyads, 80 s of rest and 3 min each: about" in said and f"interbrain run {out}" in said
    told = sizes(Course(dyads=3, sessions=3), ("motion", "heart"), 3, 80)
    for name, about in told.items():
        real = sum(p.stat().st_size for p in out.rglob(f"*recording-{name}_physio.tsv.gz"))
        assert real == pytest.approx(about, rel=0.4)


def test_tables_of_the_course_lie_beside_the_recordings(written):
    out, _ = written
    for name in ("course.tsv", "measured.tsv", "questionnaires.tsv", "sim.toml", "course.html", "groups.tsv"):
        assert (out / name).is_file()
    study = read_study(out)
    assert len(study.meetings) == 9 and set(study.modalities) == {"motion", "heart"}
    assert all(len(m.recordings) == 4 for m in study.meetings)
    assert {s.name for s in study.meetings[0].segments} == {"rest", "session"}
    assert study.meetings[0].segments[1].stop_s == 260.0
    assert not study.problems


def test_items_may_be_missing_and_scores_are_read(written):
    out, _ = written
    table = pd.read_csv(out / "phenotype" / "phq9.tsv", sep="\t", na_values="n/a")
    items = table[[f"item_{k}" for k in range(1, 10)]]
    assert len(table) == 9 and items.stack().dropna().isin([0, 1, 2, 3]).all()
    whole = items.notna().all(axis=1)
    assert (items[whole].sum(axis=1) == table["score"][whole]).all()
    every = pd.read_csv(out / "questionnaire_items.tsv", sep="\t", na_values="n/a")
    assert 0 < every["answer"].isna().mean() < 0.06
    scores = read_study(out).outcomes
    assert set(scores["instrument"]) == {"phq_9", "gad_7", "ors", "wai_sr"} <= set(QUESTIONNAIRES)


def test_turns_fill_the_session(written):
    out, _ = written
    turns = pd.read_csv(out / "sourcedata" / "turns.tsv", sep="\t", dtype={"group_id": str})
    for _, rows in turns.groupby(["group_id", "session"]):
        assert rows["duration"].sum() == pytest.approx(180.0) and rows["onset"].min() == 80.0
        assert (rows["onset"] + rows["duration"]).iloc[:-1].tolist() == rows["onset"].iloc[1:].tolist()


def test_the_truth_is_whole(written):
    out, _ = written
    truth = json.loads((out / "sourcedata" / "truth.json").read_text())
    assert truth["simulated"] is True and truth["kind"] == "recorded course"
    assert truth["recording"] == {"devices": ["motion", "heart", "turns"], "minutes": 3, "rest_s": 80, "missing": 0,
                                  "artefacts_per_minute": 0.3}  # fmt: skip
    assert len(truth["dyads"]) == 3 and len(truth["meetings"]) == 9
    for meeting in truth["meetings"]:
        assert {"group", "session", "contact", "lead_rad", "gain_person", "gain_pair", "trust", "rupture", "repair",
                "severity", "planted"} <= set(meeting)  # fmt: skip
        for name in ("motion", "heart"):
            planted, record = meeting["planted"][name], device(name)
            assert 0 <= planted["coupling"] <= record.sensitivity * meeting["contact"] + 2e-3
            lead = np.clip(meeting["lead_rad"], -np.pi / 2, np.pi / 2)
            assert planted["lag_s"] == pytest.approx(lead / (2 * np.pi) * record.cycle_s, abs=1e-4)
    assert set(truth["growth_of_coupling"]) == {"motion", "heart"}
    rows = {(r["device"], r["signal"], r["place_a"]) for r in truth["planted"]}
    assert rows == {("motion", "motion", "head"), ("motion", "motion", "body"), ("heart", "heart", "heart_rate")}
    assert all(len(r["expected_excess"]) == 3 and r["slope_se"] > 0 for r in truth["planted"])


def test_what_is_written_can_be_run(written, tmp_path):
    out, _ = written
    found = run_study(read_study(out), tmp_path / "results", PLAN)
    assert found.report.is_file()
    rows = found.tables["synchrony"]
    assert len(rows) == 9 * 2 * 4 and set(rows["segment"]) == {"rest", "session"}
    provenance = json.loads((tmp_path / "results" / "provenance.json").read_text())
    assert len(provenance["truth"]["planted"]) == 3


def test_the_same_seed_gives_the_same_bytes_for_any_number_of_threads(written, tmp_path):
    out, _ = written
    again = invoke(tmp_path / "again", *COURSE, *RECORDED[:-1], "2")
    assert again.exit_code == 0
    for path in sorted(out.rglob("*.gz")):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(out)).read_bytes()
    assert invoke(tmp_path / "again", *COURSE, *RECORDED).exit_code == 0  # an earlier course may be written over


def test_people_who_do_not_hear_each_other_have_nothing_in_common():
    shut = ("voice", "gaze", "movement", "breath")
    alone = simulate_recorded(Course(dyads=2, sessions=1, seconds=6, shut=shut), ("motion", "fnirs"), 2.0, 60.0)
    for meeting in alone.study.truth["meetings"]:
        assert meeting["contact"] == 0 and meeting["planted"]["fnirs"]["coupling"] == 0
    near = simulate_recorded(
        Course(dyads=2, sessions=1, seconds=6, shut=("gaze", "movement")), ("motion", "fnirs"), 2.0
    )
    for meeting in near.study.truth["meetings"]:
        assert meeting["planted"]["motion"]["coupling"] == 0 < meeting["planted"]["fnirs"]["coupling"]


def test_more_gain_gives_more_contact():
    contact = []
    for gain in (0.0, 0.3, 1.5):
        course = Course(dyads=6, sessions=1, seconds=6, patient_gain=gain, therapist_gain=(gain, gain), measured=False)
        found = simulate_recorded(course, ("motion",), 2.0, 60.0)
        contact.append(np.mean([m["contact"] for m in found.study.truth["meetings"]]))
    assert contact[0] < 0.02 and contact[0] < contact[1] < contact[2] and contact[2] > 0.3


def test_no_simulated_person_is_taken_for_a_copy_of_another(tmp_path):
    devices = ("voice", "breath", "skin", "heart", "motion")
    found = simulate_recorded(Course(dyads=2, sessions=2, seconds=6, measured=False), devices, 5.0, 80.0)
    checked = check_study(write_study(found.study, found.load, tmp_path / "study"))
    told = " ".join(p.what for p in checked.problems)
    for words in ("runs as", "very same sample", "one body", "end of the device's range", "same value"):
        assert words not in told


def test_where_something_is_planted_is_told_without_working_out_growth():
    found = simulate_recorded(Course(dyads=1, sessions=1, seconds=6, measured=False), ("fnirs", "voice"), 1.0, 10.0)
    planted = [(r["device"], r["place_a"], r["place_b"], r["segment"]) for r in found.study.truth["planted"]]
    voice = [("voice", a, b, "session") for a in ("pitch", "loudness") for b in ("pitch", "loudness")]
    assert planted == [("fnirs", "rTPJ", "rTPJ", "session"), *voice]
    assert found.study.truth["growth_of_coupling"] == {"fnirs": None, "voice": None}


def test_sessions_without_recordings_leave_everybody_two():
    found = simulate_recorded(
        Course(dyads=3, sessions=4, seconds=6, dropout=0, measured=False), ("heart",), 1.0, 10.0, missing=0.5
    )
    kept = pd.Series([m.group for m in found.study.meetings]).value_counts()
    assert len(found.study.meetings) == 6 and (kept == 2).all()
    assert len(found.run.sessions) == 12  # they met all the same


def test_more_contact_over_sessions_gives_growth_in_what_a_run_estimates():
    found = simulate_recorded(Course(dyads=1, sessions=3, seconds=6, measured=False), ("motion",), 3.0, 10.0)
    states = {
        key: type(state)(state.rest_s, state.speaker, np.full(len(state.contact), level))
        for (key, state), level in zip(sorted(found.states.items()), (0.0, 0.5, 1.0))
    }
    planted = type(found)(found.study, found.load, found.run, states, found.items)
    rows = with_growth(planted, tasks(planted)).study.truth["planted"]
    for row in rows:
        assert row["slope_per_session"] > 3 * row["slope_se"] and abs(row["expected_excess"][0]) < 0.012


def test_expected_growth_is_of_recordings_with_as_many_artefacts():
    course = Course(dyads=1, sessions=1, seconds=6, measured=False)
    (task,) = tasks(simulate_recorded(course, ("motion",), 2.0, 10.0, artefacts_per_minute=8.0))
    (plain,) = tasks(simulate_recorded(course, ("motion",), 2.0, 10.0))
    assert (task.artefacts_per_minute, plain.artefacts_per_minute) == (8.0, 0.3)
    one, other = (expected(replace(each, who=each.who[:1], states=each.states[:1])) for each in (task, plain))
    assert one.keys() == other.keys() and one != other


def test_growth_that_is_expected_does_not_depend_on_who_was_there():
    """Two dyads that stay as they are, at 0 and at 1; the higher one comes more often later. By hand: no growth."""
    met = {("low", 1): 0.0, ("low", 2): 0.0, ("low", 3): 0.0, ("high", 2): 1.0, ("high", 3): 1.0}
    rows = [(*key, level + noise) for key, level in met.items() for noise in (-0.1, 0.1)]
    slope, error = slope_within(pd.DataFrame(rows, columns=["who", "session", "excess"]))
    assert slope == pytest.approx(0.0, abs=1e-12)
    assert error == pytest.approx(np.sqrt(0.02 / 2 / 2.5))  # variance .02 of two recordings; (1 + 1) + (1/4 + 1/4)
    rising = [(who, session, level + 0.25 * session) for who, session, level in rows]
    assert slope_within(pd.DataFrame(rising, columns=["who", "session", "excess"]))[0] == pytest.approx(0.25)
    alone = pd.DataFrame([("low", 1, 0.1), ("low", 1, 0.2)], columns=["who", "session", "excess"])
    assert np.isnan(slope_within(alone)).all()


def test_what_is_wrong_is_one_sentence(tmp_path):
    for words, told in (
        (["--record", "fnir"], "there is no 'fnir'; there are: breath, eeg"),
        (["--record", "motion", "--minutes", "0"], "--minutes is 0; allowed are 1 to 120"),
        (["--record", "motion", "--minutes", "nan"], "--minutes is nan; allowed are 1 to 120"),
        (["--record", "motion", "--rest", "-5"], "--rest is -5; allowed are 10 to 3600"),
        (["--record", "motion", "--missing", "2"], "--missing is 2; allowed are 0 to 0.6"),
        (["--minutes", "5"], "--minutes: says how something is recorded; add --record"),
        (["--record", "turns"], "turns alone are no recording"),
        (["--record", ","], "got no device"),
    ):
        found = invoke(tmp_path / "out", *COURSE, *words)
        assert found.exit_code == 2 and told in found.output and "Traceback" not in found.output, found.output
        assert "on disk" not in found.output, "nothing is told before what was asked for is checked"
    found = invoke(tmp_path / "out", "--therapy", "wait_list", "--record", "motion", "--quiet")
    assert found.exit_code == 2 and "nobody meets" in found.output
    with pytest.raises(BadInput, match=r"missing is 0.9; allowed are 0 to 0.6"):
        simulate_recorded(Course(dyads=1, sessions=1), ("motion",), missing=0.9)


def _files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_plan_alone_gives_the_same_bytes(tmp_path):
    """Every setting differs from its default, so that none of them can be left out."""
    plan = tmp_path / "mine.toml"
    plan.write_text(
        'dyads = 2\nsessions = 3\nseconds = 6.0\nseed = 9\n[record]\ndevices = ["motion", "turns"]\nminutes = 1.0\n'
        "rest_s = 10.0\nmissing = 0.2\nartefacts_per_minute = 6.0\nassess = true\n"
    )
    first = invoke(tmp_path / "first", "--plan", plan, "--quiet", "--threads", 1)
    assert first.exit_code == 0 and "8 measured conversations" in first.output, first.output
    again = invoke(tmp_path / "again", "--plan", tmp_path / "first" / "sim.toml", "--quiet", "--threads", 2)
    assert again.exit_code == 0, again.output
    one, other = _files(tmp_path / "first"), _files(tmp_path / "again")
    assert one.keys() == other.keys() and [name for name in one if one[name] != other[name]] == []
    assert sum(name.endswith("_physio.tsv.gz") for name in one) == 2 * (6 - 1 + 8)
    told = json.loads(one["sourcedata/truth.json"])["recording"]
    asked = tomllib.loads(plan.read_text())["record"]
    assert told == asked and tomllib.loads(one["sim.toml"].decode())["record"].items() >= asked.items()


def test_the_command_line_goes_before_the_plan(tmp_path):
    plan = tmp_path / "sim.toml"
    plan.write_text(plan_toml(Course(dyads=3), Recording(devices=("motion",), minutes=4.0, assess=True)))
    assert asked_recording(plan) == Recording(devices=("motion",), minutes=4.0, assess=True)
    given = {"devices": ["heart"], "rest_s": 30.0, "assess": False}
    assert asked_recording(plan, given) == Recording(devices=("heart",), minutes=4.0, rest_s=30.0)
    assert asked_course(plan, {"sessions": 2}) == Course(dyads=3, sessions=2)
    assert asked_recording(None) is None and asked_recording(None, {"devices": ["eeg"]}) == Recording(devices=("eeg",))
    plan.write_text(plan_toml(Course(dyads=3)))
    assert asked_recording(plan) is None
    plan.write_text(plan_toml(Course(dyads=1, sessions=1, seconds=6.0), Recording(devices=("motion",), assess=True)))
    words = ["--plan", plan, "--minutes", "1", "--rest", "10", "--no-assess", "--quiet", "--threads", "1"]
    assert invoke(tmp_path / "out", *words).exit_code == 0
    assert len(read_study(tmp_path / "out").meetings) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[record]\ndevices = ["motion"]\nminuts = 5', "record.minuts: unknown key (did you mean 'minutes'?); allowed"),
        ("[record]\nminutes = 5", "record.devices: is missing"),
        ('[record]\ndevices = "motion"', "record.devices: must be a list"),
        ('[record]\ndevices = ["motion"]\nminutes = 0', "record.minutes is 0; allowed are 1 to 120"),
        ("record = 3", "record: must be a table of key = value (got 3)"),
        ('[recrod]\ndevices = ["motion"]', "recrod: unknown key (did you mean 'record'?)"),
        ('dyadz = 3\n[record]\ndevices = ["motion"]', "dyadz: unknown key (did you mean 'dyads'?)"),
        ('[record]\ndevices = ["motoin"]', "did you mean 'motion'"),
    ],
)
def test_a_wrong_plan_is_told_with_its_place(tmp_path, text, told):
    plan = tmp_path / "sim.toml"
    plan.write_text(text + "\n")
    found = invoke(tmp_path / "out", "--plan", plan, "--quiet")
    assert found.exit_code == 2 and told in found.output and "Traceback" not in found.output, found.output
    assert not (tmp_path / "out").exists()


def test_devices_are_listed():
    whole = CliRunner().invoke(main, ["devices"]).output
    assert "Turn-taking" in whole and "125 Hz" in whole
    one = CliRunner().invoke(main, ["devices", "eeg"]).output
    assert "not a head model" in one
