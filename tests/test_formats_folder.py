"""A folder with a study.toml: who is who, and everything that can be wrong with it, all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.data.study import Segment, Study
from interbrain.formats import folder
from interbrain.formats.folder import pattern_to_regex
from interbrain.formats.sniff import load

HEAD = '[[recordings]]\npattern = "{group}_{session}.txt"\nformat = "table"\nmodality = "motion"\n'
BOTH = HEAD + 'people = { patient = ["pat"], therapist = ["th"] }\noptions = { rate = 25.0 }\n'


def _study(root: Path, toml: str, files: dict[str, str] | None = None) -> Study:
    for name, text in (files or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "study.toml").write_text(toml)
    return folder.read(root)


TABLE = "pat th\n1 2\n3 4\n"


def test_motion_therapy(data_dir: Path, tmp_path: Path):
    toml = f'[study]\nname = "Motion"\nroot = "{(data_dir / "motion-therapy").as_posix()}"\n' + BOTH.replace(
        "{group}_", "{arm}/{group}_"
    )
    study = _study(tmp_path, toml + '[plan]\nseed = 7\n[groups]\n"100" = { therapist = "T1", patient = "p100" }\n')
    assert study.roles == ("patient", "therapist") and study.problems == () and study.plan == {"seed": 7}
    assert [g.id for g in study.groups] == ["100", "101", "102", "103", "104", "200", "201", "202", "203", "204"]
    assert [g.arm for g in study.groups] == ["dropout"] * 5 + ["continued"] * 5
    assert study.group("100").person("patient") == "p100" and study.group("100").person("therapist") == "T1"
    assert study.group("201").person("therapist") == "201-therapist"
    meeting = study.meetings[0]
    assert (meeting.key, meeting.arm, meeting.therapist) == ("100/ses-1", "dropout", "T1")
    patient, therapist = meeting.recordings
    assert (patient.role, patient.channels, therapist.channels) == ("patient", ("pat",), ("th",))
    text = np.loadtxt(data_dir / "motion-therapy" / "dropout" / "100_01.txt", skiprows=1)
    np.testing.assert_array_equal(load(patient).signal.values[0, 0], text[:, 0])
    np.testing.assert_array_equal(load(therapist).signal.values[0, 0], text[:, 1])


def test_nirx_folders_and_epochs_are_found_by_role(data_dir: Path, tmp_path: Path):
    toml = (
        f'[study]\nroles = ["parent", "child"]\nroot = "{(data_dir / "fnirs-parent-child").as_posix()}"\n'
        '[[recordings]]\npattern = "{role}"\nformat = "nirx"\nmodality = "fnirs"\ngroup = 1\nsession = 1\n'
        '[regions]\nleft = ["S1_D1"]\nright = ["S8_D7", "S8_D6"]\n'
    )
    study = _study(tmp_path, toml)
    assert [(r.role, r.person, r.path.name) for r in study.meetings[0].recordings] == [
        ("parent", "1-parent", "parent"),
        ("child", "1-child", "child"),
    ]
    assert study.regions == {"S1_D1": "left", "S8_D7": "right", "S8_D6": "right"} and study.problems == ()
    toml = f'[study]\nroles = ["one", "two"]\nroot = "{(data_dir / "eeg-pair").as_posix()}"\n' + "".join(
        f'[[recordings]]\npattern = "person-{i}-epo.fif"\nmodality = "eeg"\nrole = "{r}"\ngroup = "p"\nsession = 1\n'
        for i, r in ((1, "one"), (2, "two"))
    )
    study = _study(tmp_path, toml)
    assert [r.format for r in study.meetings[0].recordings] == ["fif", "fif"]


def test_everything_wrong_is_collected_and_stops_nobody(tmp_path: Path):
    toml = (
        BOTH
        + '[[recordings]]\npattern = "extra/{role}_{group}_{session}.txt"\nformat = "table"\nmodality = "eda"\n'
        + "options = { rate = 4.0 }\n"
        + '[[recordings]]\npattern = "again/{group}_{session}.txt"\nformat = "table"\nmodality = "motion"\n'
        + 'people = { patient = ["pat"], therapist = ["th"] }\noptions = { rate = 25.0 }\n'
        + '[groups]\n"9" = { therapist = "T" }\n[[outcomes]]\nfile = "lost.csv"\nparticipant = "id"\nscore = "s"\n'
        + 'instrument = "BDI"\nsession = "n"\n'
    )
    files = {
        "1_1.txt": TABLE,
        "1_4.txt": TABLE,
        "again/1_1.txt": TABLE,
        "2_1.txt": TABLE,
        "notes.txt": "hello",
        "extra/patient_2_1.txt": "1\n2\n",
        "extra/nurse_2_1.txt": "1\n2\n",
        "readme.md": "not a recording",
    }
    study = _study(tmp_path, toml, files)
    told = {(p.where, p.what): p for p in study.problems}
    text = "\n".join(f"{w}: {x}" for w, x in told)
    assert "notes.txt: fits none of the patterns" in text and "readme" not in text
    assert "group 1, session 1, patient, motion: the same dyad twice: 1_1.txt and 1_1.txt" in text
    assert "group 1: sessions 1 to 4 lack 2, 3" in text
    assert "group 2, session 1, therapist, eda: no eda recording of the therapist" in text
    assert "nurse_2_1.txt is of the role 'nurse'; study.roles are patient, therapist" in text
    assert "group 9: [groups] names '9'" in text
    assert "lost.csv: the score file cannot be used" in text
    assert [p.costs_data for p in study.problems if "lack" in p.what] == [False]
    assert [p.costs_data for p in study.problems if "twice" in p.what] == [True, True]
    assert [m.key for m in study.meetings] == ["1/ses-1", "1/ses-4", "2/ses-1"]
    assert len(study.meetings[0].recordings) == 2 and len(study.meetings[2].recordings) == 3


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (HEAD, r"recordings 1: whose file it is is not said"),
        (BOTH.replace("{group}", "{dyad}"), r"the pattern has \{dyad\}; allowed are group, session, role"),
        (BOTH.replace("{group}_", ""), r"the pattern has no \{group\}; put it there or state group"),
        (BOTH + "session = 1\n", r"session stands in the pattern and as a fixed value"),
        (
            BOTH.replace("modality", "modalty"),
            r"modalty: unknown key \(did you mean 'modality'\?\); allowed",
        ),
        (BOTH + "[stduy]\n", r"stduy: unknown key \(did you mean 'study'\?\); allowed are study, recordings, segments"),
        (BOTH + '[study]\nroles = ["a"]\n', r"study.roles: "),
        (BOTH + '[study]\nroles = ["a", "b"]\n', r"name the role 'patient'; study.roles are a, b"),
        (BOTH + '[study]\nroot = "nowhere"\n', r"nowhere, which is no folder"),
        (BOTH.replace('"table"', '"tabel"'), r"no format 'tabel'; there are: bdf"),
        (BOTH.replace("rate =", "rat ="), r"table has no option 'rat'; allowed: rate"),
        (BOTH + '[[segments]]\nname = "a"\nstart_s = 5.0\nstop_s = 2.0\n', r"runs from 5 to 2.0 s"),
        (BOTH + '[regions]\na = ["x"]\nb = ["x"]\n', r"channel 'x' lies in the regions a and b"),
        (
            BOTH + '[groups]\n"1" = { doctor = "x" }\n',
            r"groups.1 has the key 'doctor'; allowed are arm",
        ),
        (
            BOTH.replace("{group}_", "dyad-{group}_"),
            r"no file in .* fits dyad-\{group\}_\{session\}.txt; there",
        ),
        ("[[recordings]\n", r"is not TOML"),
        ("", r"recordings: is missing"),
    ],
)
def test_a_wrong_toml_is_one_clear_error(tmp_path: Path, toml: str, told: str):
    with pytest.raises(BadInput, match=told) as caught:
        _study(tmp_path, toml, {"1_1.txt": TABLE})
    assert str(caught.value).startswith(str(tmp_path / "study.toml"))


def test_all_errors_of_a_toml_at_once(tmp_path: Path):
    with pytest.raises(BadInput) as caught:
        _study(tmp_path, BOTH.replace("modality", "modalty") + "[study]\nnam = 'x'\n", {"1_1.txt": TABLE})
    text = str(caught.value)
    assert "study.nam" in text and "recordings 1, modalty" in text and "recordings 1, modality: is missing" in text


def test_segments_from_seconds_and_from_events(data_dir: Path, tmp_path: Path):
    fixed = BOTH + '[[segments]]\nname = "rest"\nstop_s = 1.0\n[[segments]]\nname = "talk"\nstart_s = 1.0\n'
    study = _study(tmp_path, fixed, {"1_1.txt": TABLE})
    assert study.meetings[0].segments == (Segment("rest", 0.0, 1.0), Segment("talk", 1.0, None))
    entry = (
        '[[recordings]]\npattern = "dyad-example-with-markers_b.xdf"\nmodality = "eeg"\ngroup = "x"\nsession = 1\n'
        'role = "{role}"\noptions = {{ stream = "EEG_subject_{i}" }}\n'
    )
    toml = f'[study]\nroot = "{(data_dir / "formats").as_posix()}"\n' + "".join(
        entry.format(role=r, i=i) for i, r in ((1, "patient"), (2, "therapist"))
    )
    study = _study(tmp_path, toml + '[[segments]]\nname = "first"\nevent = "ev1"\n')
    points = load(study.meetings[0].recordings[0]).points
    starts = [t for t, x in zip(points.onset, points.label) if x == "ev1"]
    assert [s.start_s for s in study.meetings[0].segments] == pytest.approx(starts) and len(starts) > 1
    assert [s.stop_s for s in study.meetings[0].segments[:-1]] == pytest.approx(starts[1:])
    assert study.meetings[0].segments[-1].stop_s is None
    study = _study(tmp_path, toml + '[[segments]]\nname = "s"\nstop_s = 3.0\n[[segments]]\nname = "x"\nevent = "no"\n')
    assert study.meetings[0].segments == (Segment("s", 0.0, 3.0),)
    assert "no event 'no' in dyad-example-with-markers_b.xdf; there are: " in study.problems[-1].what


def test_scores_long_and_wide(tmp_path: Path):
    files = {
        "1_1.txt": TABLE,
        "2_1.txt": TABLE,
        "long.csv": "id,test,n,time,value\n1-patient,BDI,1,pre,20\n1.0-x,BDI,1,pre,3\n2-patient,BDI,1,post,much\n"
        "2-patient,BDI,one,post,4\n2-patient,BDI,1,later,4\n2-patient,WAI,02,after,\n",
        "wide.tsv": "dyad\tn\tphq\twai\n1.0\t1\t9\t50\n2\t1\t12.5\tn/a\n3\t1\t1\t1\n",
    }
    toml = (
        BOTH
        + '[[outcomes]]\nfile = "long.csv"\nparticipant = "id"\ninstrument = "test"\nsession = "n"\nwhen = "time"\n'
        + 'score = "value"\n'
        + '[[outcomes]]\nfile = "wide.tsv"\ngroup = "dyad"\nsession = "n"\nwhen = "before"\nrole = "patient"\n'
        + "instruments = { PHQ-9 = 'phq', WAI = 'wai' }\n"
    )
    study = _study(tmp_path, toml, files)
    rows = [tuple(r) for r in study.outcomes.itertuples(index=False)]
    assert rows == [
        ("1", "1-patient", "BDI", 1, "before", 20.0),
        ("1", "1-patient", "PHQ-9", 1, "before", 9.0),
        ("1", "1-patient", "WAI", 1, "before", 50.0),
        ("2", "2-patient", "PHQ-9", 1, "before", 12.5),
    ]
    told = [(p.where, p.what) for p in study.problems]
    assert ("long.csv, line 3, BDI", "there is no participant '1.0-x' among the recordings") in told
    assert ("long.csv, line 4, BDI", "the score 'much' is not a number") in told
    assert ("long.csv, line 5, BDI", "session is 'one'; allowed is a whole number, at most 99999999") in told
    assert ("long.csv, line 6, BDI", "when is 'later'; allowed are before and after") in told
    assert ("wide.tsv, line 4, WAI", "there is no group '3' among the recordings") in told


def test_a_therapist_of_many_is_one_person(tmp_path: Path):
    toml = (
        '[[recordings]]\npattern = "{therapist}/{group}_{session}_{role}.csv"\nmodality = "eda"\n'
        "options = { rate = 4.0 }\n"
    )
    files = {f"T1/{g}_{s}_{r}.csv": "1\n2\n" for g in (1, 2) for s in (1, 2) for r in ("patient", "therapist")}
    study = _study(tmp_path, toml, files)
    assert list(study.persons["participant_id"]) == ["1-patient", "T1", "2-patient"]
    assert {m.therapist for m in study.meetings} == {"T1"} and study.problems == ()
    assert [r.format for r in study.meetings[0].recordings] == ["table", "table"]


def test_patterns():
    fit = pattern_to_regex("{arm}/{group}_{session}*.txt").fullmatch("a b/x_y_003_final.txt")
    assert fit is not None and fit.groupdict() == {"arm": "a b", "group": "x_y", "session": "003"}
    assert pattern_to_regex("{group}/{group}_{session}.txt").fullmatch("a/b_1.txt") is None
    assert pattern_to_regex("{group}.{session}").fullmatch("axb.1") is not None
    assert pattern_to_regex("{group}.{session}").fullmatch("ax1") is None
    assert pattern_to_regex("{group}_{session}.txt").fullmatch("a/b_1.txt") is None


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path):
    (tmp_path / "01_1.txt").write_text(TABLE)
    (tmp_path / "study.toml").write_bytes(b"\xef\xbb\xbf" + BOTH.replace("\n", "\r\n").encode())
    assert [m.key for m in folder.read(tmp_path).meetings] == ["01/ses-1"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[study]\nname = "Prä"\n'.encode("latin-1"), "is not UTF-8 text"),
        (BOTH.replace('"motion"', '"motoin"').encode(), "there is no modality 'motoin'; there are: fnirs, eeg, motion"),
        ((BOTH + "offset_s = nan\n").encode(), "recordings 1, offset_s: must be a finite number"),
        (
            (BOTH + '[[segments]]\nname = "a"\nstop_s = inf\n').encode(),
            "segments 1 (a), stop_s: must be a finite number",
        ),
        (BOTH.replace('["pat"]', "[]").encode(), "recordings 1, people.patient: List should have at least 1 item"),
        (BOTH.replace("[[recordings]]", "[recordings]").encode(), "write [[recordings]], with two brackets"),
        (('[study]\nroles = ["patient", ""]\n' + BOTH).encode(), "study.roles 2"),
    ],
)
def test_a_wrong_study_toml_is_told_with_its_place(tmp_path: Path, content: bytes, told: str):
    (tmp_path / "01_1.txt").write_text(TABLE)
    (tmp_path / "study.toml").write_bytes(content)
    with pytest.raises(BadInput) as error:
        folder.read(tmp_path)
    assert told in str(error.value)


def test_far_session_numbers_are_told_in_runs_and_impossible_ones_left_out(tmp_path: Path):
    files = {f"01_{s}.txt": TABLE for s in ("1", "3", "20260131", "9" * 20)}
    study = _study(tmp_path, BOTH, files)
    assert [m.session for m in study.meetings] == [1, 3, 20260131]
    told = {p.where: p.what for p in study.problems}
    assert told["group 01"] == "sessions 1 to 20260131 lack 2, 4 to 20260130"
    assert "allowed is a whole number, at most 99999999" in told[f"01_{'9' * 20}.txt"]


def test_a_score_file_that_gives_no_score_is_told(tmp_path: Path):
    scores = '[[outcomes]]\nfile = "s.csv"\ngroup = "g"\ninstrument = "BDI"\nsession = 1\nscore = "x"\n'
    study = _study(tmp_path, BOTH + scores, {"01_1.txt": TABLE, "s.csv": "g;x\n01,5\n"})
    (told,) = study.problems
    assert "holds no score in 1 rows of the columns g, x" in told.what
