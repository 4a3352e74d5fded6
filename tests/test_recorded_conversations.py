"""Measured conversations with therapist and stranger, recorded: what is planted, and what a run makes of them."""

import re
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from interbrain.app.cli import main
from interbrain.data.errors import BadInput
from interbrain.simulate.courses.course import Course
from interbrain.simulate.recordings.recorded import simulate_recorded
from interbrain.study import read_study, write_study
from interbrain.study import run as run_study
from motion_plan import PLAN


@pytest.fixture(scope="module")
def assessed():
    course = Course(dyads=3, sessions=2, seconds=60, learning=0.25, generalises=1.0, bound=1.0, seed=4, dropout=0)
    return simulate_recorded(course, ("motion", "turns"), 2.0, 60.0, assess=True)


@pytest.fixture(scope="module")
def study(assessed, tmp_path_factory):
    return read_study(write_study(assessed.study, assessed.load, tmp_path_factory.mktemp("assessed") / "study"))


def test_measured_conversations_are_groups_and_segments_of_their_own(study):
    assert study.roles == ("patient", "therapist", "stranger")
    assert not study.problems  # nobody was meant to meet a stranger at sessions 1 and 2
    strangers = [g for g in study.groups if g.person("stranger")]
    assert [g.id for g in strangers] == ["01-stranger", "02-stranger", "03-stranger"]
    assert [g.person("patient") for g in strangers] == [g.person("patient") for g in study.groups[:3]]
    where = {(m.group, m.session): [s.name for s in m.segments] for m in study.meetings}
    assert where["01", 1] == ["rest", "session"] and len(where) == 3 * (2 + 2 + 2)
    for session in (0, 3):  # before the first session and after the last
        assert where["01", session] == ["with therapist"] and where["01-stranger", session] == ["with stranger"]
    assert all(len(m.recordings) == 2 and len({r.person for r in m.recordings}) == 2 for m in study.meetings)


def test_conversations_are_those_of_the_course(assessed):
    """Contact follows the person's gain alone with a stranger, both parts with the therapist; nothing is learnt."""
    truth = assessed.study.truth
    talks = {(t["dyad"], t["when"], t["partner"]): t for t in truth["conversations"]}
    last = assessed.run.sessions.groupby("dyad").last()
    first = {row["dyad"]: row["patient_gain"] for row in truth["dyads"]}
    for (dyad, when, partner), talk in talks.items():
        gain = last["gain_person"][dyad] if when == "after" else first[dyad]
        assert talk["gain_person"] == pytest.approx(gain, rel=1e-4), (dyad, when, partner)
        assert talk["session"] == (3 if when == "after" else 0)
        assert talk["gain_pair"] == 0  # all of it generalises
    probes = assessed.run.probes.set_index(["dyad", "when", "partner"])["gain_person"]
    for key, talk in talks.items():
        assert talk["gain_person"] == pytest.approx(probes[key], rel=1e-4)
    for partner, change in truth["change_of_coupling"]["motion"].items():
        rise = [
            talks[d, "after", partner]["planted"]["motion"]["coupling"]
            - talks[d, "before", partner]["planted"]["motion"]["coupling"]
            for d in (1, 2, 3)
        ]
        assert change == pytest.approx(np.mean(rise), abs=1e-5) and change > 0.05
    segments = {(row["segment"], row["place_a"]) for row in truth["planted"]}
    assert segments == {(s, p) for s in ("session", "with therapist", "with stranger") for p in ("head", "body")}


def test_the_same_noise_before_and_after_and_another_for_each_recording(assessed):
    before, after = (assessed.conversations[1, when, "stranger"] for when in ("before", "after"))
    assert (before.speaker == after.speaker).all() and before.rest_s == 0
    meetings = {(m.group, m.session): m for m in assessed.study.meetings}
    one, other = (meetings["01-stranger", session] for session in (0, 3))
    recorded = [assessed.load(m, m.recordings[0]).signal.values for m in (one, other)]
    assert not np.array_equal(*recorded)
    both = [assessed.load(m, r).signal.values.tobytes() for m in (one, meetings["01", 0]) for r in m.recordings]
    assert len(set(both)) == 4


def test_without_assessing_nothing_else_changes(assessed):
    plain = simulate_recorded(assessed.run.course, ("motion", "turns"), 2.0, 60.0)
    assert not plain.conversations and "conversations" not in plain.study.truth and len(plain.study.meetings) == 6
    for key, state in plain.states.items():
        assert np.array_equal(state.contact, assessed.states[key].contact)
    for meeting in plain.study.meetings:
        for recording in meeting.recordings:
            same = assessed.load(meeting, recording).signal.values
            assert plain.load(meeting, recording).signal.values.tobytes() == same.tobytes()
    with pytest.raises(BadInput, match="measured is false; set measured=true"):
        simulate_recorded(Course(dyads=1, sessions=1, measured=False), ("motion",), assess=True)


def test_a_run_tells_growth_with_the_stranger_beside_growth_with_the_therapist(study, tmp_path):
    found = run_study(study, tmp_path / "results", PLAN)
    course = found.tables["course"]
    both = course[course["place_a"].eq("head") & course["place_b"].eq("head")].set_index("segment")
    assert set(both.index) == {"session", "with therapist", "with stranger"}
    assert both.loc["with stranger", "n_groups"] == 3 and both.loc["with stranger", "n_meetings"] == 6
    values = found.tables["synchrony"].merge(found.tables["nulls"])
    head = values[values["place_a"].eq("head") & values["place_b"].eq("head") & values["segment"].eq("with stranger")]
    wide = head.pivot(index="group", columns="session", values="excess")
    assert both.loc["with stranger", "slope"] == pytest.approx((wide[3] - wide[0]).mean() / 3, abs=1e-9)
    groups = found.tables["course_groups"]
    own = groups[groups["segment"] == "with stranger"]
    assert set(own["group"]) == {"01-stranger", "02-stranger", "03-stranger"}
    assert not found.tables["problems"]["what"].str.contains("re-paired").any()
    _strangers_are_repaired_among_themselves(found)
    text = re.sub(r"<[^>]*>", " ", found.report.read_text(encoding="utf-8"))
    assert not re.findall(r"[^.;]*therapist[^.;]{0,30}\(with stranger\)", text)
    assert "patient head, stranger head (with stranger)" in text
    assert "(patient and therapist or stranger)" in text  # who was recorded
    assert "01-stranger, stranger, session 0" in text and "01-stranger, stranger, session 1" not in text


def _strangers_are_repaired_among_themselves(found):
    pairings = found.tables["pairings"]
    ours = pairings[pairings["segment"].eq("with stranger")]
    groups = {"01-stranger", "02-stranger", "03-stranger"}
    assert set(ours["group_a"]) == set(ours["group_b"]) == groups and set(ours["session"]) == {0, 3}
    others = pairings[pairings["segment"].ne("with stranger")]
    assert not groups & {*others["group_a"], *others["group_b"]}
    tests = found.tables["tests"].query("test == 'repair' and place_a == 'head' and place_b == 'head'")
    tests = tests.set_index("segment")
    head = ours[ours["place_a"].eq("head") & ours["place_b"].eq("head")]
    cells = head.pivot_table(index="group_a", columns="group_b", values="stabilised").to_numpy()
    row = tests.loc["with stranger"]
    assert row["estimate"] == pytest.approx(np.trace(cells) / 3, abs=1e-9)
    assert row["null_mean"] == pytest.approx((cells.sum() - np.trace(cells)) / 6, abs=1e-9)
    sums = [sum(cells[i, j] for i, j in enumerate(order)) for order in permutations(range(3))]
    assert row["p"] == pytest.approx(np.mean([s >= sums[0] - 1e-12 for s in sums]))
    assert "therapist" not in row["note"] and "therapist" in tests.loc["session", "note"]


def test_from_the_command_line(tmp_path):
    out, words = tmp_path / "study", ["--minutes", "1", "--rest", "10", "--threads", "1", "--assess", "--quiet"]
    course = ["--therapy", "cbt", "--sessions", "1", "--dyads", "2", "--set", "seconds=6"]
    said = CliRunner().invoke(main, ["simulate", str(out), *course, "--record", "heart,turns", *words])
    assert said.exit_code == 0 and "and 8 measured conversations of 1 min" in said.output
    turns = pd.read_csv(out / "sourcedata" / "turns.tsv", sep="\t", dtype={"group_id": str})
    assert set(turns["group_id"]) == {"01", "02", "01-stranger", "02-stranger"} and set(turns["session"]) == {0, 1, 2}
    assert (out / "sub-S02").is_dir()
