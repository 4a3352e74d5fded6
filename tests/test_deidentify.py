"""``--deidentify``: every byte that a run writes, and all that it says, is searched for a person in the study."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import socket
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from click.testing import CliRunner

import interbrain
import planted
from interbrain.app.cli import main
from interbrain.data.disguise import Disguise
from interbrain.data.errors import BadInput
from interbrain.data.plan import Plan
from interbrain.study import job
from interbrain.study.cache import load_step
from interbrain.study.deidentify import neutral_study
from interbrain.study.job import plan_of
from interbrain.study.read import read_study
from planted import DIAGNOSIS, PATIENT, PLANTED, THERAPIST

TOML = f"""
[study]
name = "Dr. {THERAPIST}'s study of 2031-07-19"
"""
FORMATS = {
    "snirf": ("snirf", "fnirs", ""),
    "edf": ("edf", "eeg", ""),
    "bdf": ("bdf", "eeg", ""),
    "fif": ("fif", "eeg", ""),
    "vhdr": ("brainvision", "eeg", ""),
    "set": ("eeglab", "eeg", ""),
    "xdf": ("xdf", "eeg", ""),
    "txt": ("table", "motion", 'options = { time_column = "when" }'),
}
PLAN = """
[plan.fnirs]
band_hz = [0.05, 0.5]
[[plan.analysis]]
name = "fnirs"
modality = "fnirs"
measure = "wlcc"
settings = { window_s = 10.0, step_s = 10.0, max_lag_s = 1.0 }
surrogates = ["circular_shift"]
n_surrogates = 19
window_s = 20.0
[[plan.analysis]]
name = "eeg"
modality = "eeg"
measure = "plv"
bands = { alpha = [8.0, 12.0] }
surrogates = ["circular_shift"]
n_surrogates = 19
[[plan.analysis]]
name = "motion"
modality = "motion"
measure = "wlcc"
settings = { window_s = 10.0, step_s = 10.0, max_lag_s = 1.0 }
surrogates = ["circular_shift"]
n_surrogates = 19
[[plan.analysis]]
name = "coherence"
modality = "fnirs"
measure = "wtc"
signals = ["hbo"]
bands = { fast = [0.2, 0.5] }
surrogates = ["circular_shift"]
n_surrogates = 19
"""


def _toml(endings: tuple[str, ...]) -> str:
    text = TOML
    for ending in endings:
        name, modality, more = FORMATS[ending]
        text += f'[[recordings]]\npattern = "{{group}}_{{session}}_{{role}}.{ending}"\n'
        text += f'format = "{name}"\nmodality = "{modality}"\n{more}\n'
    for ending in endings:
        text += f'[groups."{PATIENT}{ending}"]\ntherapist = "{THERAPIST}"\npatient = "Erika {PATIENT} {ending}"\n'
    text += '[[outcomes]]\nfile = "scores.csv"\ngroup = "dyad"\ninstrument = "PHQ-9"\nsession = "session"\n'
    return text + 'score = "value"\n' + PLAN


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A couple a format, two meetings each; one file is damaged, one has no place, a score is of nobody."""
    folder = tmp_path_factory.mktemp(f"{PATIENT}-study")
    planted.write_meetings(folder)
    (folder / "study.toml").write_text(_toml(tuple(planted.WRITERS)), encoding="utf-8")
    rows = [f"{PATIENT}{e},{s},{12 - s}" for e in planted.WRITERS for s in (1, 2)]
    rows += ["Erika Unbekannt,1,4", f"{PATIENT}edf,1,{DIAGNOSIS}", f"{PATIENT}edf,1,99"]
    (folder / "scores.csv").write_text("dyad,session,value\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / f"{PATIENT}edf_2_patient.edf").write_bytes(
        b"0       " + f"{PATIENT} 23.04.1985 {DIAGNOSIS}".encode() * 40
    )
    (folder / f"{PATIENT} old.txt").write_text(DIAGNOSIS)
    return folder


def searched(folder: Path) -> dict[str, bytes]:
    """Every file, and what is inside of those that are packed."""
    found: dict[str, bytes] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name, content = path.relative_to(folder).as_posix(), path.read_bytes()
        found[name] = name.encode() + b"\n" + content
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                found |= {f"{name}!{m}": m.encode() + packed.read(m) for m in packed.namelist()}
        if path.suffix == ".parquet":
            table = pyarrow.parquet.read_table(path)
            found[f"{name}!"] = f"{table.schema.metadata}{table.to_pandas().to_csv()}".encode()
        for at, held in enumerate(re.findall(rb"base64,([A-Za-z0-9+/=]+)", content)):
            found[f"{name}!{at}"] = base64.b64decode(held)
    return found


def leaks(found: dict[str, bytes]) -> list[tuple[str, str]]:
    """Places and words; UTF-16 and UTF-32 (NumPy's text) are read with the zeros between letters left out."""
    said = []
    for name, content in found.items():
        forms = (content.lower(), content.replace(b"\x00", b"").lower())
        said += [(name, word) for word in PLANTED if any(word.lower().encode() in form for form in forms)]
    return said


def _quick(study: Path) -> Plan:
    """The study's plan without what takes long."""
    plan = plan_of(read_study(study), None)
    return plan.model_copy(update={"analysis": tuple(a for a in plan.analysis if a.name != "coherence")})


@pytest.fixture(scope="module")
def hidden(study: Path, tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("hidden") / "out"
    arguments = ["run", str(study), str(out), "--deidentify", "--quiet", "--workers", "1"]
    return out, CliRunner().invoke(main, arguments)


def test_a_run_as_usual_names_people_so_the_search_can_find_them(study: Path, tmp_path: Path):
    folder = shutil.copytree(study, tmp_path / "study")
    (folder / "study.toml").write_text(_toml(("edf", "txt")), encoding="utf-8")
    outcome = interbrain.run(folder, tmp_path / "out")
    words = {word for _, word in leaks(searched(outcome.folder))}
    assert {PATIENT, THERAPIST, DIAGNOSIS, "Erika", "2031-07-19"} <= words


def test_no_byte_of_a_deidentified_run_names_a_person_a_date_or_a_device(hidden):
    out, result = hidden
    assert result.exit_code == 1, result.output  # the damaged file cost data
    assert leaks({"said": (result.stdout + result.stderr).encode()}) == []
    assert leaks(searched(out)) == []
    assert len(pd.read_csv(out / "synchrony.tsv", sep="\t")) > 60


def test_what_is_told_stays_of_use(hidden):
    out, _ = hidden
    rows = pd.read_csv(out / "synchrony.tsv", sep="\t")
    assert sorted(rows["group"].unique()) == [f"g{i:02d}" for i in range(1, 9)]
    assert set(rows["therapist"]) <= {"p02", "p03", "p01", "t01"} and rows["therapist"].nunique() == 1
    assert {"S1_D1", "Fz", "Cz"} <= set(rows["place_a"])
    strange = {p for p in rows["place_a"] if p.startswith("c-")}
    assert len(strange) == 3 and strange <= set(rows["place_b"])  # three columns named after people
    problems = pd.read_csv(out / "problems.tsv", sep="\t")
    assert problems["where"].str.fullmatch(r"group g\d+, session 2, patient, eeg").any()
    assert (problems["what"].str.contains("interbrain check")).any()


def test_steps_that_an_interrupted_run_leaves_name_nobody_and_keep_intervals(study: Path, tmp_path: Path, monkeypatch):
    held = {}

    def stop(*_, **__):
        held.update(searched(tmp_path / "out"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(socket, "gethostname", lambda: "Erikas-computer")
        patched.setattr(job, "repairing_tasks", stop)
        with pytest.raises(KeyboardInterrupt):
            interbrain.run(study, tmp_path / "out", _quick(study), deidentify=True)
    found = searched(tmp_path / "out")
    assert sum(".npz!" in name for name in found) > 100
    assert leaks(found | held) == []
    assert any(name.endswith("-lock") for name in held)
    steps = [load_step(p) for p in (tmp_path / "out" / ".interbrain-steps" / "persons").glob("*.npz")]
    starts = [pd.Timestamp(s.facts["meta"]["start_time"][:26]) for s in steps if "start_time" in s.facts["meta"]]
    assert len(starts) > 20 and max(starts).year < 2031
    weeks = [abs((a - b).total_seconds()) for i, a in enumerate(starts) for b in starts[:i]]
    assert sum(abs(w - 7 * 86_400) < 3 for w in weeks) >= 12


def test_the_same_study_gets_the_same_ids_and_plain_results_are_not_mixed_with_them(study: Path, tmp_path: Path):
    one, two = (neutral_study(read_study(study)) for _ in range(2))
    assert one.groups == two.groups and one.meetings == two.meetings
    plain = [m.group for m in read_study(study).meetings]
    assert sorted(plain) != [PATIENT + m.recordings[0].path.name for m in one.meetings]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "synchrony.tsv").write_text("group\nErika\n")
    with pytest.raises(BadInput, match=r"files that may name people; allowed with --deidentify is a new or empty"):
        interbrain.run(study, tmp_path / "out", deidentify=True)


def test_a_study_that_cannot_be_read_is_not_quoted(tmp_path: Path):
    folder = tmp_path / PATIENT
    folder.mkdir()
    (folder / "study.toml").write_text(f'[study]\nnam = "{DIAGNOSIS}"\n', encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(folder), str(tmp_path / "out"), "--deidentify", "--quiet"])
    assert result.exit_code == 2 and "interbrain check STUDY says" in result.stderr
    assert leaks({"said": result.output.encode()}) == []
    both = CliRunner().invoke(main, ["run", str(folder), str(tmp_path / "out"), "--deidentify", "--debug"])
    assert both.exit_code == 2 and "give one of them" in both.output


@pytest.mark.parametrize("ending", planted.WRITERS)
def test_pair(study: Path, tmp_path: Path, ending: str):
    a, b = (study / f"{PATIENT}{ending}_1_{role}.{ending}" for role in ("patient", "therapist"))
    more = ["--read", "time_column=when"] if ending == "txt" else []
    modality = FORMATS[ending][1]
    how = ["-m", "wlcc", "--modality", modality, "--set", "window_s=10", "--set", "step_s=10", "--set", "max_lag_s=1"]
    arguments = ["pair", str(a), str(b), *how, *more, "-n", "19", "--deidentify"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) > 4
    assert leaks({"said": (result.stdout + result.stderr).encode()}) == []
    bad = tmp_path / f"{PATIENT}.{ending}"
    bad.write_text(f"{DIAGNOSIS} {PATIENT} 1\n" * 30)
    result = CliRunner().invoke(main, ["pair", str(a), str(bad), *how, *more, "--deidentify"])
    assert result.exit_code == 2 and leaks({"said": result.output.encode()}) == []


def test_nirx(data_dir: Path, tmp_path: Path):
    for person in ("parent", "child"):
        folder = shutil.copytree(
            data_dir / "fnirs-parent-child" / person, tmp_path / person, copy_function=shutil.copyfile
        )
        header = next(folder.glob("*.hdr"))
        text = header.read_text().replace('Date="Sat, 28 Sep 2019"', 'Date="Sat, 19 Jul 2031"')
        header.write_text(text.replace("[Type notes here]", DIAGNOSIS).replace("NIRSport 8x8", f"NIRSport {PATIENT}"))
        about = next(folder.glob("*.inf"))
        about.write_text(about.read_text().replace("FCS01CP", f"{PATIENT} Erika").replace("Age=0", "Age=46"))
    text = (
        TOML
        + '[[recordings]]\npattern = "{person}"\nformat = "nirx"\nmodality = "fnirs"\ngroup = "Erika"\nsession = 1\n'
    )
    with pytest.raises(BadInput):  # a role is needed: the text quotes the study's file
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        read_study(tmp_path)
    study = TOML + "".join(
        f'[[recordings]]\npattern = "{p}"\nformat = "nirx"\nmodality = "fnirs"\ngroup = "Erika"\nsession = 1\n'
        f'role = "{r}"\nperson = "{PATIENT}"\nchannels = ["S1_D1", "S2_D1"]\n'
        for p, r in (("parent", "patient"), ("child", "therapist"))
    )
    plan = PLAN.split("[[plan.analysis]]")[1].replace('fnirs"\nmodality', 'light"\nmodality')
    (tmp_path / "study.toml").write_text(f"{study}[[plan.analysis]]{plan}", encoding="utf-8")
    out = tmp_path.parent / f"{tmp_path.name}-out"
    result = CliRunner().invoke(main, ["run", str(tmp_path), str(out), "--deidentify", "--quiet", "--workers", "1"])
    assert result.exit_code in (0, 1), result.output
    assert leaks(searched(out)) == [] and leaks({"said": result.output.encode()}) == []
    assert b"jul 2031" not in b"".join(searched(out).values()).lower()


def test_bids(tmp_path: Path):
    root = tmp_path / "bids"
    for side, (sub, session) in enumerate(((PATIENT, "01"), (THERAPIST, "01"), (PATIENT, "02"), (THERAPIST, "02"))):
        folder = root / f"sub-{sub}" / f"ses-{session}" / "motion"
        folder.mkdir(parents=True)
        base = f"sub-{sub}_ses-{session}_task-x_motion"
        series = np.abs(planted.samples(side)[0]) * 1e5
        (folder / f"{base}.tsv").write_text("\n".join(f"{x:.5f}" for x in series) + "\n")
        said = {
            "SamplingFrequency": 50,
            "Columns": [PATIENT],
            "Modality": "motion",
            "DeviceSerialNumber": planted.SERIAL,
        }
        (folder / f"{base}.json").write_text(json.dumps(said))
    people = f"participant_id\tname\tbirth\nsub-{PATIENT}\tErika\t1985-04-23\nsub-{THERAPIST}\tDr. {THERAPIST}\tn/a\n"
    (root / "participants.tsv").write_text(people)
    rows = f"Erika\tsub-{PATIENT}\tpatient\nErika\tsub-{THERAPIST}\ttherapist\nErika2\tsub-{PATIENT}\tpatient\n"
    (root / "groups.tsv").write_text("group_id\tparticipant_id\trole\n" + rows)
    rows = "".join(f"Erika\t{s}\t2031-07-{12 + 7 * s}\t{THERAPIST}\t0{s}\t0{s}\n" for s in (1, 2))
    (root / "meetings.tsv").write_text("group_id\tsession\tdate\ttherapist\tses_patient\tses_therapist\n" + rows)
    (root / "dataset_description.json").write_text(f'{{"Name": "{DIAGNOSIS}", "Authors": ["{THERAPIST}"]}}')
    (root / "phenotype").mkdir()
    table = f"participant_id\tsession\tscore\nsub-{PATIENT}\t1\t12\nsub-{PATIENT}\tzwei\t{DIAGNOSIS}\n"
    (root / "phenotype" / "phq_9.tsv").write_text(table)
    (root / "plan.toml").write_text("[[analysis]]" + PLAN.split("[[plan.analysis]]")[3], encoding="utf-8")
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["run", str(root), str(out), "--deidentify", "--quiet", "--workers", "1"])
    assert result.exit_code == 1, result.output
    assert leaks(searched(out)) == [] and leaks({"said": result.output.encode()}) == []
    dates = [m.date for m in neutral_study(read_study(root)).meetings]
    first, second = (pd.Timestamp(d) for d in dates)
    assert second - first == pd.Timedelta(days=7) and second.year < 2031


def test_session_numbers_that_may_be_dates_are_refused(study: Path):
    import dataclasses

    read = read_study(study)
    dated = dataclasses.replace(read, meetings=(dataclasses.replace(read.meetings[0], session=20310719),))
    with pytest.raises(BadInput, match=r"may be a date; allowed with --deidentify are 1, 2, 3") as told:
        neutral_study(dated)
    assert "2031" not in str(told.value)


def test_a_disguise_moves_instants_and_keeps_the_names_of_a_montage():
    one, other = Disguise(-86_400, "a"), Disguise(-86_400, "b")
    assert one.instant("2031-07-19T13:37:11.500000") == "2031-07-18T13:37:11.500000"
    assert one.instant("2031-07-19") == "2031-07-18" and one.instant("yesterday") is None
    for name in ("S1_D12", "Fz", "AFF5h", "EEG 003", "motion", "7"):
        assert one.channel(name) == name
    for name in ("Erika", "Max", "P. Otto", "Ch. Mustermann", "19850423"):
        assert one.channel(name).startswith("c-") and one.channel(name) != other.channel(name)
