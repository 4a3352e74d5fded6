"""BIDS: what is written is read again; what is wrong with a dataset is told and stops nobody."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interbrain.data.errors import BadInput
from interbrain.data.points import Points
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import OUTCOME_COLUMNS, Group, Loaded, Meeting, Member, Recording, Segment, Study
from interbrain.formats import bids
from interbrain.formats.sniff import load as load_file

CHANNELS = {
    "fnirs": tuple(
        Channel(f"S{i}_D{i + 3}", "intensity", "", None, (0.0, 0.1, i / 64), (0.1, 0.1, i / 64), (-0.1, 0.1, i / 64), w)
        for i in (2, 5)
        for w in (760.0, 850.0)
    ),
    "eeg": (Channel("Fz", "eeg", "V"), Channel("Cz", "eeg", "V")),
    "eda": (Channel("left", "eda"), Channel("right hand", "eda")),
}
RATE = 8.0


def load(meeting: Meeting, recording: Recording) -> Loaded:
    """Samples that depend on who, when and what, so that a mix-up shows."""
    seed = [len(meeting.key), *(f"{meeting.key}{recording.person}{recording.modality}".encode())]
    channels = CHANNELS[recording.modality]
    values = np.random.default_rng(seed).uniform(1, 2, (1, len(channels), 16))
    return Loaded(Signal(values, RATE, channels), Points.none(), {})


text = st.text(alphabet="abzAB019 -_é", min_size=1, max_size=5).map(str.strip).filter(bool)
seconds = st.integers(0, 10_000).map(lambda n: n / 1000)


@st.composite
def segments(draw: Any) -> tuple[Segment, ...]:
    edges = sorted(draw(st.sets(seconds, min_size=2, max_size=4)))
    made = [Segment(draw(text), a, b) for a, b in pairwise(edges)]
    if draw(st.booleans()):
        made.append(Segment(draw(text), edges[-1], None))
    return tuple(made)


@st.composite
def studies(draw: Any) -> Study:
    """Small studies: shared therapists, absent people, ids that are no BIDS labels, sessions with gaps, conditions."""
    ids = draw(st.lists(text, min_size=3, max_size=5, unique=True))
    therapist, *patients = ids
    groups = tuple(
        Group(
            f"{i}{draw(text)}",
            (Member(p, "patient"), Member(therapist, "therapist")),
            therapist=draw(st.just("") | text),
            arm=draw(st.just("") | text),
        )
        for i, p in enumerate(patients)
    )
    meetings = []
    for group in groups:
        for session in sorted(draw(st.sets(st.integers(1, 12), min_size=1, max_size=2))):
            present = draw(st.sampled_from([group.members, group.members[:1], group.members[1:]]))
            modalities = draw(st.lists(st.sampled_from(["eda", "fnirs"]), min_size=1, max_size=2, unique=True))
            offset = draw(st.none() | seconds)
            recordings = tuple(
                Recording(Path(), "", m.person, m.role, modality, offset_s=offset)
                for m in present
                for modality in sorted(modalities, key=["fnirs", "eda"].index)
            )
            meetings.append(
                Meeting(
                    group.id,
                    session,
                    recordings,
                    draw(st.just((Segment("whole"),)) | segments()),
                    condition=draw(st.just("") | text),
                    therapist=draw(text) if not group.therapist else group.therapist,
                    arm=draw(text) if not group.arm else group.arm,
                    date=draw(st.sampled_from(["", "2026-03-02"])),
                )
            )
    persons = pd.DataFrame({"participant_id": ids, "age": [draw(seconds) + 0.5 for _ in ids]})
    given = st.tuples(st.sampled_from(groups), st.integers(1, 9), st.floats(0, 99))
    scores = [
        (g.id, g.person("patient"), draw(st.sampled_from(["PHQ-9", "odd name/1"])), n, draw(st.sampled_from(WHEN)), x)
        for g, n, x in draw(st.lists(given, max_size=4))
    ]
    names = ("S2_D5", "left", "right hand")
    covered = {c.name for m in meetings for r in m.recordings for c in CHANNELS[r.modality]}
    return Study(
        name=draw(text),
        root=Path(),
        roles=draw(st.permutations(["patient", "therapist"]).map(tuple)),
        persons=persons,
        groups=groups,
        meetings=tuple(meetings),
        outcomes=pd.DataFrame(scores, columns=list(OUTCOME_COLUMNS)),
        regions={n: draw(text) for n in names if n in covered},
        plan=draw(st.sampled_from([None, {"seed": 3, "analysis": [{"name": "a", "bands": {"x": [0.1, 0.2]}}]}])),
        truth=draw(st.sampled_from([None, {"planted": [{"slope": 0.25}], "values": [1, 2.5]}])),
        description=draw(st.sampled_from([{}, {"simulated": True, "generator": "g 1"}])),
    )


WHEN = ["before", "after"]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(study=studies())
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, study: Study):
    root = tmp_path_factory.mktemp("b")
    steps: list[tuple[int, int]] = []
    assert bids.write(study, load, root, lambda done, total: steps.append((done, total))) == root
    total = sum(len(m.recordings) for m in study.meetings)
    assert steps == [(i + 1, total) for i in range(total)]
    again = bids.read(root)
    for what in ("name", "roles", "groups", "regions", "plan", "truth", "description"):
        assert getattr(again, what) == getattr(study, what), what
    assert again.root == root
    pd.testing.assert_frame_equal(again.persons, study.persons, check_exact=True)
    key = list(OUTCOME_COLUMNS)
    assert _sorted(again.outcomes[key]) == _sorted(study.outcomes[key])
    order = {role: i for i, role in enumerate(study.roles)}
    for made, meant in zip(again.meetings, study.meetings, strict=True):
        assert replace(made, recordings=()) == replace(meant, recordings=())
        meant_recordings = sorted(meant.recordings, key=lambda r: order[r.role])
        for recording, meant_recording in zip(made.recordings, meant_recordings, strict=True):
            assert _who(recording) == _who(meant_recording)
            held, expected = load_file(recording).signal, load(meant, meant_recording).signal
            np.testing.assert_array_equal(held.values, expected.values)
            assert held.rate == RATE and [c.name for c in held.channels] == [c.name for c in expected.channels]


def _sorted(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(tuple(r) for r in table.itertuples(index=False))


def _who(recording: Recording) -> tuple[Any, ...]:
    return recording.person, recording.role, recording.modality, recording.offset_s


def _dyads(modality: str = "eda") -> Study:
    members = [(Member(f"P{i}", "patient"), Member("T1", "therapist")) for i in (1, 2)]
    groups = tuple(Group(f"0{i}", m, therapist="T1") for i, m in enumerate(members, start=1))
    return Study(
        name="Two dyads",
        root=Path(),
        roles=("patient", "therapist"),
        persons=pd.DataFrame({"participant_id": ["P1", "P2", "T1"], "role": ["patient", "patient", "therapist"]}),
        groups=groups,
        meetings=tuple(
            Meeting(
                g.id,
                s,
                tuple(Recording(Path(), "", m.person, m.role, modality) for m in g.members),
                (Segment("rest", 0.0, 1.0), Segment("task", 1.0, 2.0)),
                therapist="T1",
            )
            for g in groups
            for s in (1, 2)
        ),
        outcomes=pd.DataFrame([("01", "P1", "PHQ-9", 1, "before", 9.0)], columns=list(OUTCOME_COLUMNS)),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return bids.write(_dyads(), load, tmp_path / "study")


def _told(root: Path) -> str:
    study = bids.read(root)
    assert len(study.meetings) >= 1
    return "\n".join(f"{p.where}: {p.what} [{p.costs_data}]" for p in study.problems)


def test_eeg_is_written_as_fif_and_names_no_one_twice(tmp_path: Path):
    study = bids.read(bids.write(_dyads("eeg"), load, tmp_path))
    assert study.problems == () and study.modalities == ("eeg",)
    paths = [r.path for m in study.meetings for r in m.recordings]
    assert len(set(paths)) == 8 and all(p.suffix == ".fif" for p in paths)
    recording = study.meetings[1].recordings[1]
    expected = load(_dyads("eeg").meetings[1], _dyads("eeg").meetings[1].recordings[1]).signal
    np.testing.assert_array_equal(load_file(recording).signal.values, expected.values)


def test_no_groups_table(root: Path):
    (root / "groups.tsv").unlink()
    with pytest.raises(BadInput, match=r"no groups.tsv, which says who meets.*\n  group_id\tparticipant_id\trole\n"):
        bids.read(root)


def test_groups_table_without_a_column(root: Path):
    (root / "groups.tsv").write_text("group_id\tperson\n01\tsub-P1\n")
    with pytest.raises(BadInput, match=r"lacks the column 'participant_id'; there are: group_id, person"):
        bids.read(root)


def test_groups_naming_nobody(root: Path):
    with (root / "groups.tsv").open("a") as table:
        table.write("03\tsub-P9\tpatient\tn/a\tn/a\n03\tsub-T1\ttherapist\tn/a\tn/a\n")
    told = _told(root)
    assert "group 03, patient: groups.tsv names 'sub-P9', who is neither in participants.tsv nor has a folder" in told
    assert "group 03: the group has 1 member; two are needed" in told


def test_one_person_absent_one_file_lost_and_a_double(root: Path):
    shutil.rmtree(root / "sub-P1" / "ses-02")
    beh = root / "sub-P2" / "ses-01" / "beh"
    first = next(beh.glob("*.tsv.gz"))
    shutil.copy(first, beh / first.name.replace("_recording", "_run-2_recording"))
    shutil.rmtree(root / "sub-P2" / "ses-02")
    shutil.rmtree(root / "sub-T1" / "ses-02s02")
    told = _told(root)
    assert "group 01, session 2, patient, eda: no eda recording of the patient [True]" in told
    assert "group 02, session 1, patient, eda: the same dyad twice" in told
    assert "group 02, session 2: meetings.tsv has the session, but there is no recording of anybody" in told


def test_meetings_of_unknown_groups_odd_sessions_and_gaps(root: Path):
    table = pd.read_csv(root / "meetings.tsv", sep="\t", dtype=str, keep_default_na=False)
    extra = table.iloc[[0, 0, 0, 3]].copy()
    extra.iloc[0, 0], extra.iloc[1, 1], extra.iloc[3, 1] = "77", "first", "5"
    pd.concat([table, extra]).to_csv(root / "meetings.tsv", sep="\t", index=False)
    told = _told(root)
    assert "group 77: meetings.tsv names the group '77', which groups.tsv has not" in told
    assert "session is 'first'; allowed is a whole number" in told
    assert "group 01, session 1: meetings.tsv has the same dyad twice" in told
    assert "group 02: sessions 1 to 5 lack 3, 4 [False]" in told


def test_scores_that_are_none(root: Path):
    with (root / "phenotype" / "PHQ-9.tsv").open("a") as table:
        table.write(
            "sub-P1\t01\t2\tafter\tlow\nsub-P7\t01\t2\tafter\t3\nsub-P1\t01\t2\tthen\t3\nsub-P2\t02\t1\tafter\tn/a\n"
        )
    (root / "phenotype" / "broken.tsv").write_text("what\n1\n")
    told = _told(root)
    assert "PHQ-9.tsv, line 3: the score 'low' is not a number" in told
    assert "PHQ-9.tsv, line 4: participant 'P7' is not in the group '01'" in told
    assert "PHQ-9.tsv, line 5: when is 'then'; allowed are before and after" in told
    assert "line 6" not in told and "broken.tsv: " in told
    assert len(bids.read(root).outcomes) == 1


def test_damaged_events_and_sidecars_cost_what_they_say(root: Path):
    beh = root / "sub-P1" / "ses-01" / "beh"
    next(beh.glob("*_events.tsv")).write_text("onset\tduration\ttrial_type\nsoon\t1\trest\n")
    next(beh.glob("*_physio.json")).write_text("{")
    study = bids.read(root)
    told = "\n".join(p.what for p in study.problems)
    assert "soon" in told and "is not JSON" in told
    # The therapist's events say the same.
    assert study.meetings[0].segments == (Segment("rest", 0.0, 1.0), Segment("task", 1.0, 2.0))
    shutil.rmtree(root / "sub-T1" / "ses-01s01")
    assert bids.read(root).meetings[0].segments == (Segment("whole"),)
    assert study.meetings[1].segments == (Segment("rest", 0.0, 1.0), Segment("task", 1.0, 2.0))


def test_a_dataset_of_others_without_meetings_table(root: Path, tmp_path: Path):
    (root / "meetings.tsv").unlink()
    with pytest.raises(BadInput, match=r"no meetings.tsv, and 'T1' is in several groups.*\n  group_id\tsession\tdate"):
        bids.read(root)
    other = tmp_path / "other"
    for who in ("A", "B"):
        folder = other / f"sub-{who}" / "ses-3" / "eeg"
        folder.mkdir(parents=True)
        (folder / f"sub-{who}_ses-3_task-play_eeg.edf").write_bytes(b"0")
        (folder / f"sub-{who}_ses-3_task-play_events.tsv").write_text(
            "onset\tduration\ttrial_type\n0\t0\tstart\n1\t2.5\tplay\n"
        )
    (other / "groups.tsv").write_text("group_id\tparticipant_id\trole\nf1\tsub-A\tchild\nf1\tB\tparent\n")
    study = bids.read(other)
    assert study.roles == ("child", "parent") and study.meetings[0].session == 3
    assert [r.format for r in study.meetings[0].recordings] == ["edf", "edf"]
    assert study.meetings[0].segments == (Segment("play", 1.0, 3.5),)
    assert [p.where for p in study.problems] == ["participants.tsv"]


def test_physio_tables_take_rate_and_columns_from_inherited_sidecars(tmp_path: Path):
    for who in ("A", "B"):
        folder = tmp_path / f"sub-{who}" / "beh"
        folder.mkdir(parents=True)
        (folder / f"sub-{who}_task-x_physio.tsv").write_text("1\t2\n3\tn/a\n")
    said = {"SamplingFrequency": 50, "Columns": ["cardiac", "respiratory"], "StartTime": 0}
    (tmp_path / "task-x_physio.json").write_text(json.dumps(said))
    (tmp_path / "groups.tsv").write_text("group_id\tparticipant_id\trole\n1\tA\tpatient\n1\tB\ttherapist\n")
    recording = bids.read(tmp_path).meetings[0].recordings[0]
    assert recording.modality == "heart"
    signal = load_file(recording).signal
    assert signal.rate == 50.0 and signal.names == ("cardiac", "respiratory")
    np.testing.assert_array_equal(signal.values, [[[1, 3], [2, np.nan]]])


def test_writing_into_a_dataset_of_others_is_refused(tmp_path: Path):
    (tmp_path / "dataset_description.json").write_text('{"Name": "Theirs"}')
    with pytest.raises(BadInput, match=r"holds another dataset \('Theirs'\); allowed is a new folder"):
        bids.write(_dyads(), load, tmp_path)


def test_nothing_usable(tmp_path: Path):
    (tmp_path / "groups.tsv").write_text("group_id\tparticipant_id\trole\n1\tsub-A\tpatient\n1\tsub-B\ttherapist\n")
    (tmp_path / "participants.tsv").write_text("participant_id\nsub-A\nsub-B\n")
    with pytest.raises(BadInput, match=r"no meeting has a recording"):
        bids.read(tmp_path)
