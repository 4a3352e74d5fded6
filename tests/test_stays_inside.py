"""Nothing that a study says leads out of it, and nothing that is read can run."""

from __future__ import annotations

import ast
import os
import pickle
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

import interbrain
import planted
from interbrain.data.errors import BadInput
from interbrain.data.study import Study
from interbrain.formats import brainvision, eeglab, fif, module, snirf
from interbrain.report.results import read_results
from interbrain.study.cache import load_step
from interbrain.study.read import read_study

SOURCE = Path(interbrain.__file__).parent
TOML = """
[[recordings]]
pattern = "{group}_{session}_{role}.csv"
format = "table"
modality = "motion"
options = { rate = 5.0 }
"""
ROLES = ("patient", "therapist")


def _table(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("motion\n" + "\n".join(f"{x:.4f}" for x in np.random.default_rng(seed).normal(size=400)) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "study"
    for session in (1, 2):
        for seed, role in enumerate(ROLES):
            _table(home / f"a_{session}_{role}.csv", 10 * session + seed)
    (home / "study.toml").write_text(TOML, encoding="utf-8")
    return home


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A file beside the study that must not come into it."""
    return _table(tmp_path / "private" / "diary.csv", 9)


def _paths(study: Study) -> list[str]:
    return [r.path.name for m in study.meetings for r in m.recordings]


def _told(study: Study) -> str:
    return "\n".join(f"{p.where}: {p.what}" for p in study.problems)


def test_a_link_out_of_the_study_is_left_out_with_its_sentence(folder: Path, elsewhere: Path):
    victim = folder / "a_2_patient.csv"
    victim.unlink()
    victim.symlink_to(elsewhere)
    study = read_study(folder)
    assert sorted(_paths(study)) == ["a_1_patient.csv", "a_1_therapist.csv", "a_2_therapist.csv"]
    assert "a_2_patient.csv: leads out of the study" in _told(study) and "copy the file into the study" in _told(study)
    victim.unlink()
    victim.symlink_to(victim)
    assert len(_paths(read_study(folder))) == 3


@pytest.mark.parametrize("depth", ["study", "dataset", "subdataset"])
def test_links_into_the_datasets_own_annex_are_recordings(folder: Path, depth: str):
    store = {
        "study": folder / ".git",
        "dataset": folder.parent / ".git",
        "subdataset": folder.parent / ".git/modules/x",
    }
    victim = folder / "a_2_patient.csv"
    kept = store[depth] / "annex" / "objects" / "Xk" / "SHA256E-s1.csv"
    kept.parent.mkdir(parents=True)
    shutil.move(victim, kept)
    victim.symlink_to(os.path.relpath(kept, folder))
    assert len(_paths(read_study(folder))) == 4
    other = folder.parent.parent / ".git" / "annex" if depth == "study" else folder.parent / ".git" / "config.csv"
    if depth == "dataset":
        shutil.copy(kept, other)
        victim.unlink()
        victim.symlink_to(other)
        assert len(_paths(read_study(folder))) == 3


def test_folders_and_parts_that_are_links_out(folder: Path, elsewhere: Path):
    (folder / "more").symlink_to(elsewhere.parent)
    toml = (
        TOML.replace("{group}_{session}_{role}.csv", "more/diary.csv") + 'group = "b"\nsession = 1\nrole = "patient"\n'
    )
    (folder / "study.toml").write_text(TOML + toml, encoding="utf-8")
    assert "diary.csv" not in _paths(read_study(folder))
    planted.write_brainvision(folder / "b_1_patient.vhdr", 1, planted.RECORDED)
    shutil.move(folder / "b_1_patient.eeg", elsewhere.parent / "x.eeg")
    (folder / "b_1_patient.eeg").symlink_to(elsewhere.parent / "x.eeg")
    toml = TOML.replace(".csv", ".vhdr").replace("table", "brainvision").replace("motion", "eeg")
    (folder / "study.toml").write_text(TOML + toml.replace("options = { rate = 5.0 }", ""), encoding="utf-8")
    study = read_study(folder)
    assert "b_1_patient.vhdr" not in _paths(study) and "b_1_patient.eeg: leads out of the study" in _told(study)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"{group}', '"../private/{group}'),
        ('"{group}', '"/etc/{group}'),
        ('"{group}', r'"..\\private\\{group}'),
        ("[[recordings]]", '[[outcomes]]\nfile = "../private/diary.csv"\ngroup = "g"\nsession = 1\nscore = "s"\n'
         'instrument = "x"\n[[recordings]]'),
        ("[[recordings]]", '[[outcomes]]\nfile = "/etc/passwd"\ngroup = "g"\nsession = 1\nscore = "s"\n'
         'instrument = "x"\n[[recordings]]'),
    ],
)  # fmt: skip
def test_paths_of_study_toml_stay_below_it(folder: Path, elsewhere: Path, old: str, new: str):
    (folder / "study.toml").write_text(TOML.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=r"leads out of the study; allowed is a path below its folder, without '\.\.'"):
        read_study(folder)


@pytest.mark.parametrize("entry", ['[groups."../x"]\narm = "a"', '[groups.a]\ntherapist = "../../T"', 'arm = "a/b"'])
def test_ids_that_could_be_paths_are_refused(folder: Path, entry: str):
    text = TOML + entry if entry.startswith("arm") else f"{TOML}\n{entry}\n"
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"cannot be an id; allowed are names without / and"):
        read_study(folder)


def test_a_score_file_that_is_a_link_out(folder: Path, elsewhere: Path):
    (folder / "scores.csv").symlink_to(elsewhere)
    outcomes = '[[outcomes]]\nfile = "scores.csv"\ngroup = "g"\nsession = 1\nscore = "motion"\ninstrument = "x"\n'
    (folder / "study.toml").write_text(TOML + outcomes, encoding="utf-8")
    study = read_study(folder)
    assert study.outcomes.empty and "leads out of the study" in _told(study)


@pytest.fixture
def bids(tmp_path: Path) -> Path:
    root = tmp_path / "bids"
    for sub in ("P", "T"):
        for session in ("01", "02"):
            path = (
                root
                / f"sub-{sub}"
                / f"ses-{session}"
                / "beh"
                / f"sub-{sub}_ses-{session}_task-x_recording-eda_physio.tsv"
            )
            _table(path)
            path.with_suffix(".json").write_text('{"SamplingFrequency": 5, "Columns": ["eda"]}')
    (root / "groups.tsv").write_text("group_id\tparticipant_id\trole\n1\tsub-P\tpatient\n1\tsub-T\ttherapist\n")
    rows = "".join(f"1\t{s}\t0{s}\t0{s}\n" for s in (1, 2))
    (root / "meetings.tsv").write_text("group_id\tsession\tses_patient\tses_therapist\n" + rows)
    return root


def test_bids_rows_with_paths_for_ids(bids: Path, elsewhere: Path):
    for name, old, new in (
        ("groups.tsv", "1\tsub-P", "2\tsub-../../private"),
        ("meetings.tsv", "1\t2\t02", "1\t2\t../.."),
    ):
        kept = (bids / name).read_text()
        (bids / name).write_text(kept.replace(old, new) + ("1\tsub-P\tpatient\n" if "groups" in name else ""))
        study = read_study(bids)
        assert "cannot be an id" in _told(study), name
        assert all(str(elsewhere.parent) not in str(r.path) for m in study.meetings for r in m.recordings)
        (bids / name).write_text(kept)


def test_bids_links_out(bids: Path, elsewhere: Path):
    target = next((bids / "sub-P/ses-02/beh").glob("*.tsv"))
    target.unlink()
    target.symlink_to(elsewhere)
    study = read_study(bids)
    assert len(_paths(study)) == 3 and "leads out of the study" in _told(study)
    shutil.rmtree(bids / "sub-T" / "ses-01")
    shutil.copytree(bids / "sub-T" / "ses-02", elsewhere.parent / "ses-01")
    (bids / "sub-T" / "ses-01").symlink_to(elsewhere.parent / "ses-01")
    assert len(_paths(read_study(bids))) == 2
    for table in ("groups.tsv", "meetings.tsv", "participants.tsv", "dataset_description.json", "plan.toml"):
        (bids / table).rename(bids / "kept") if (bids / table).exists() else (bids / "kept").write_text("")
        (bids / table).symlink_to(elsewhere)
        with pytest.raises(BadInput, match=r"leads out of the study"):
            read_study(bids)
        (bids / table).unlink()
        if (bids / "kept").stat().st_size:
            (bids / "kept").rename(bids / table)


@pytest.mark.parametrize("name", ["../private/x.eeg", "/etc/passwd", r"..\x.eeg", "C:x.eeg", ".."])
@pytest.mark.parametrize("entry", ["DataFile", "MarkerFile"])
def test_brainvision_headers_name_their_neighbours_only(tmp_path: Path, name: str, entry: str):
    path = tmp_path / "a.vhdr"
    planted.write_brainvision(path, 1, planted.RECORDED)
    assert brainvision.read(path)
    ending = {"DataFile": "eeg", "MarkerFile": "vmrk"}[entry]
    path.write_text(path.read_text(encoding="utf-8").replace(f"{entry}=a.{ending}", f"{entry}={name}"))
    with pytest.raises(BadInput, match=rf"its header says {entry} = .*which leads elsewhere"):
        brainvision.read(path)


@pytest.mark.parametrize("nested", [True, False])
def test_eeglab_samples_lie_beside_their_set(tmp_path: Path, nested: bool):
    planted.samples(1).astype("<f4").T.tofile(tmp_path / "a.fdt")
    about = {"nbchan": 2.0, "trials": 1.0, "pnts": 3000.0, "srate": 50.0, "xmin": 0.0, "xmax": 59.98, "event": []}
    about |= {"chanlocs": [], "setname": "", "epoch": []}
    for name, told in (("a.fdt", ""), ("../private/a.fdt", "leads elsewhere"), ("/etc/a.fdt", "leads elsewhere")):
        held = about | {"data": name}
        savemat(tmp_path / "a.set", {"EEG": held} if nested else held)
        try:
            eeglab.read(tmp_path / "a.set")
            said = ""
        except BadInput as error:
            said = str(error)
        assert told in said and bool(told) == ("data = " in said), said


def test_hdf5_takes_nothing_from_other_files(tmp_path: Path):
    path, other = tmp_path / "a.snirf", tmp_path / "private.h5"
    planted.write_snirf(path, 1, planted.RECORDED)
    shutil.copy(path, other)
    sound = path.read_bytes()
    source = "nirs/data1/dataTimeSeries"
    with h5py.File(path, "r") as file:
        shape = file[source].shape

    def link(file):
        file[source] = h5py.ExternalLink(str(other), source)

    def virtual(file):
        layout = h5py.VirtualLayout(shape=shape, dtype="f8")
        layout[:] = h5py.VirtualSource(str(other), source, shape=shape)
        file.create_virtual_dataset(source, layout)

    def external(file):
        file.create_dataset(source, shape=shape, dtype="f8", external=[(str(other), 0, h5py.h5f.UNLIMITED)])

    for change in (link, virtual, external):
        path.write_bytes(sound)
        with h5py.File(path, "r+") as file:
            del file[source]
            change(file)
        with pytest.raises(BadInput, match=r"takes 'dataTimeSeries' from another file"):
            snirf.read(path)


def test_fif_parts_lie_beside_each_other(tmp_path: Path):
    import mne

    info = mne.create_info(2, 100.0, "eeg", verbose="ERROR")
    raw = mne.io.RawArray(np.zeros((2, 400_000)), info, verbose="ERROR")
    raw.save(tmp_path / "a_raw.fif", split_size="2MB", verbose="ERROR")
    content = (tmp_path / "a_raw.fif").read_bytes()
    assert b"a_raw-1.fif" in content and fif.read(tmp_path / "a_raw.fif").signal.n_times == 400_000
    (tmp_path / "a_raw.fif").write_bytes(content.replace(b"a_raw-1.fif", b"../w-1.fif!"[:11]))
    with pytest.raises(BadInput, match=r"its next part = .*leads elsewhere"):
        fif.read(tmp_path / "a_raw.fif")


class _Bomb:
    """What a pickle can do when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


def _bombs(mark: Path, folder: Path) -> dict[str, bytes]:
    """A plain pickle, a NumPy file and a NumPy archive of objects."""
    array = np.array([_Bomb(mark)], dtype=object)
    np.save(folder / "a.npy", array, allow_pickle=True)
    np.savez(folder / "a.npz", facts=array, rsq=array, labels=array)
    return {"pickle": pickle.dumps(_Bomb(mark)), **{e: (folder / f"a.{e}").read_bytes() for e in ("npy", "npz")}}


def test_the_bombs_would_go_off(mark: Path, tmp_path: Path):
    pickle.loads(_bombs(mark, tmp_path)["pickle"])
    assert mark.is_dir()


@pytest.mark.parametrize("name", ["snirf", "fif", "edf", "bdf", "brainvision", "eeglab", "xdf", "table", "nirx"])
def test_no_reader_runs_what_it_reads(mark: Path, tmp_path: Path, name: str):
    endings = {"fif": "_raw.fif", "brainvision": ".vhdr", "eeglab": ".set", "table": ".csv"}
    path = tmp_path / f"x{endings.get(name, '.' + name)}"
    for content in _bombs(mark, tmp_path).values():
        if name == "nirx":
            path.mkdir(exist_ok=True)
            for ending in ("hdr", "wl1", "wl2", "inf", "evt", "_probeInfo.mat", "tpl"):
                (path / f"x.{ending}".replace("._", "_")).write_bytes(content)
        else:
            path.write_bytes(content)
        with pytest.raises(BadInput):
            module(name).read(path)
    assert not mark.exists()


def test_no_step_and_no_map_runs(mark: Path, tmp_path: Path, folder: Path):
    from interbrain.report.figures import when

    for content in _bombs(mark, tmp_path).values():
        path = tmp_path / "step.npz"
        path.write_bytes(content)
        assert load_step(path) is None
    outcome = interbrain.run(folder, tmp_path / "out")
    (outcome.folder / "maps").mkdir(exist_ok=True)
    for content in _bombs(mark, tmp_path).values():
        (outcome.folder / "maps" / "motion-wlcc.npz").write_bytes(content)
        try:
            when.pictures(read_results(outcome.folder))
        except BadInput as error:
            assert "motion-wlcc.npz" in str(error)
    assert not mark.exists()


FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
CALLS = {"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle"}


def test_the_source_neither_unpickles_nor_evaluates():
    """A walk over the syntax: no module that runs what it reads, no ``eval``, and ``allow_pickle=False`` said aloud."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                named = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
                assert not FORBIDDEN & {n.split(".")[0] for n in named}, where
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                owner = getattr(getattr(node.func, "value", None), "id", "")
                assert name not in CALLS or owner == "re", where
                if name == "load" and owner in ("np", "numpy"):
                    said = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
                    assert said.get("allow_pickle") is False, where
