"""Readers on real recordings, against the bytes of the files and other readers of them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import edfio
import h5py
import numpy as np
import pytest
import pyxdf

from interbrain.data.errors import BadInput
from interbrain.data.study import Recording
from interbrain.formats import edf, fif, module, nirx, records, snirf, table, xdf
from interbrain.formats.sniff import guess, load


def test_every_record_has_a_reader_and_writers_write():
    for name, record in records().items():
        assert callable(module(name).read), name
        assert hasattr(module(name), "write") == record.writes, name


def test_nirx_gives_the_columns_of_the_device_files(data_dir: Path):
    folder = data_dir / "fnirs-parent-child" / "parent"
    loaded = nirx.read(folder)
    signal = loaded.signal
    assert signal.values.shape == (1, 40, 3084) and signal.rate == 7.8125
    assert {c.kind for c in signal.channels} == {"intensity"} and {c.unit for c in signal.channels} == {""}
    # An independent reading: column (source - 1) * detectors + detector - 1 of the wavelength's text file.
    columns = {760.0: np.loadtxt(next(folder.glob("*.wl1"))), 850.0: np.loadtxt(next(folder.glob("*.wl2")))}
    detectors = _in_header(folder, "Detectors")
    for i, channel in enumerate(signal.channels):
        source, detector = (int(x[1:]) for x in channel.name.split("_"))
        expected = columns[channel.wavelength][:, (source - 1) * detectors + detector - 1]
        np.testing.assert_array_equal(signal.values[0, i], expected)
        middle = (np.array(channel.source) + np.array(channel.detector)) / 2
        np.testing.assert_allclose(channel.position, middle, atol=2e-3)
    assert loaded.meta["start_time"].startswith("2019-09-28T16:32:27") and loaded.meta["subject"] == "FCS01FP"


def _in_header(folder: Path, key: str) -> int:
    text = next(folder.glob("*.hdr")).read_text()
    return int(next(line.split("=")[1] for line in text.splitlines() if line.startswith(f"{key}=")))


def test_epochs_keep_their_ids_when_people_lost_different_ones(data_dir: Path):
    both = [fif.read(data_dir / "eeg-pair" / f"person-{i}-epo.fif").signal for i in (1, 2)]
    assert [s.values.shape for s in both] == [(33, 31, 501)] * 2 and all(s.epoched for s in both)
    assert both[0].segment_ids[:5] == (27, 54, 58, 110, 111)
    assert len(set(both[0].segment_ids) & set(both[1].segment_ids)) == 25
    assert both[0].segment_ids != both[1].segment_ids
    assert both[0].channels[0].kind == "eeg" and both[0].channels[0].unit == "V"
    assert 1e-7 < both[0].values.std() < 1e-4  # volts: microvolts would be a million times as large


def test_edf_agrees_with_another_reader(data_dir: Path):
    path = data_dir / "formats" / "eyes-closed-1.edf"
    signal = edf.read(path).signal
    other = edfio.read_edf(path)
    assert [c.name for c in signal.channels] == [s.label for s in other.signals]
    for i in (0, 17, 30):
        np.testing.assert_allclose(signal.values[0, i], other.signals[i].data * 1e-6, rtol=0, atol=1e-9)
    assert signal.rate == 1000.0


def test_motion_table_is_the_text(data_dir: Path):
    path = data_dir / "motion-therapy" / "dropout" / "100_01.txt"
    loaded = table.read(path, rate=25.0)
    expected = np.loadtxt(path, skiprows=1)
    assert loaded.signal.names == ("pat", "th") and loaded.signal.rate == 25.0
    np.testing.assert_array_equal(loaded.signal.values[0], expected.T)


def test_columns_by_number_in_the_order_asked_for(data_dir: Path):
    path = data_dir / "motion-negotiation" / "MEA_video37.txt"
    recording = Recording(path, "table", "a", "one", "motion", channels=("2", "1"), options=(("rate", 25.0),))
    signal = load(recording).signal
    np.testing.assert_array_equal(signal.values[0], np.loadtxt(path)[:, [1, 0]].T)
    assert {c.kind for c in signal.channels} == {"motion"}


def test_snirf_is_the_hdf5_and_carries_its_clock(data_dir: Path):
    path = data_dir / "formats" / "sample_1.snirf"
    loaded = snirf.read(path)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(loaded.signal.values[0], file["nirs/data1/dataTimeSeries"][()].T)
    assert loaded.signal.rate == pytest.approx(1 / 0.196608, rel=1e-9)
    assert loaded.meta["start_time"] == "2026-03-02T10:14:40.000000+00:00" and loaded.meta["subject"] == "alice"
    channel = loaded.signal.channels[5]
    assert (channel.name, channel.wavelength, channel.kind) == ("S2_D2", 760.0, "intensity")
    # This file counts positions in millimetres.
    other = snirf.read(data_dir / "formats" / "slow_breathing.snirf")
    assert 0.05 < np.linalg.norm(other.signal.channels[0].source) < 0.2
    assert other.meta["device"] == "NIRx Medizintechnik GmbH"


def test_snirf_written_again_is_the_same(data_dir: Path, tmp_path: Path):
    loaded = snirf.read(data_dir / "formats" / "sample_2.snirf")
    # A part of the cap: optodes 4 to 9 must not become 1 to 6.
    part = loaded.signal.pick([i for i, c in enumerate(loaded.signal.channels) if c.name.startswith(("S4_", "S9_"))])
    again = snirf.read(snirf.write(tmp_path / "a.snirf", part, loaded.points, loaded.meta))
    assert again.signal.channels == part.channels and again.meta == loaded.meta
    assert again.signal.rate == part.rate and {c.name.split("_")[0] for c in part.channels} == {"S4", "S9"}
    np.testing.assert_array_equal(again.signal.values, part.values)


def test_xdf_asks_which_stream_and_lists_them(data_dir: Path):
    path = data_dir / "formats" / "dyad-example-noise.xdf"
    with pytest.raises(BadInput, match=r"LSLOutletHS1-EEG.*500 Hz.*LSLOutletHS2-EEG.*set stream"):
        xdf.read(path)
    with pytest.raises(BadInput, match=r"stream 'EEG' fits 2 of them"):
        xdf.read(path, stream="EEG")
    with pytest.raises(BadInput, match=r"stream 99 fits 0 of them"):
        xdf.read(path, stream=99)


def test_xdf_streams_stand_on_one_clock(data_dir: Path):
    path = data_dir / "formats" / "dyad-example-with-markers_a.xdf"
    one, two = (xdf.read(path, stream=f"EEG_subject_{i}") for i in (1, 2))
    streams = {s["info"]["name"][0]: s for s in pyxdf.load_xdf(path)[0]}
    for loaded, name in ((one, "EEG_subject_1"), (two, "EEG_subject_2")):
        np.testing.assert_allclose(loaded.signal.values[0], streams[name]["time_series"].T.astype(float) * 1e-6)
        marks = streams["RandomStrStream"]["time_stamps"] - streams[name]["time_stamps"][0]
        np.testing.assert_allclose(loaded.points.onset, marks, atol=1e-9)
        assert loaded.signal.rate == 1000.0
    assert one.points.label == tuple(v[0] for v in streams["RandomStrStream"]["time_series"])
    delay = _seconds(two.meta["start_time"]) - _seconds(one.meta["start_time"])
    truth = streams["EEG_subject_2"]["time_stamps"][0] - streams["EEG_subject_1"]["time_stamps"][0]
    assert delay == pytest.approx(truth, abs=2e-6) and delay > 0.013


def _seconds(iso: str) -> float:
    return np.datetime64(iso.removesuffix("+00:00"), "us").astype(np.int64) / 1e6


def test_xdf_amplifiers_that_disagree_keep_their_own_rates(data_dir: Path):
    path = data_dir / "formats" / "dyad-example-noise.xdf"
    one, two = (xdf.read(path, stream=f"LSLOutletHS{i}-EEG") for i in (1, 2))
    assert one.signal.rate == 500.0 and two.signal.rate == pytest.approx(500.091063, abs=1e-6)
    assert "500.091" in two.meta["notes"][0]


def test_xdf_clock_reset_becomes_a_masked_gap(data_dir: Path):
    path = data_dir / "formats" / "data_with_clock_resets.xdf"
    loaded = xdf.read(path)
    valid = loaded.signal.valid[0, 0]
    edges = np.flatnonzero(np.diff(valid.astype(int)))
    assert valid.sum() == 27814 and len(edges) == 2 and edges[0] == 12875
    assert (
        edges[1] - edges[0] == round(273.4 * loaded.signal.rate)
        or 273 < (edges[1] - edges[0]) / loaded.signal.rate < 274
    )
    assert any("resets its clock" in n for n in loaded.meta["notes"])


def test_formats_are_known_by_suffix_content_and_folder(data_dir: Path, tmp_path: Path):
    assert guess(data_dir / "fnirs-parent-child" / "child") == "nirx"
    for name, kind in (("sample_1.snirf", "snirf"), ("eyes-closed-1.edf", "edf"), ("dyad-example-noise.xdf", "xdf")):
        assert guess(data_dir / "formats" / name) == kind
        bare = tmp_path / name.replace(".", "_")
        bare.write_bytes((data_dir / "formats" / name).read_bytes()[:4096])
        assert guess(bare) == kind
    assert guess(data_dir / "eeg-pair" / "person-1-epo.fif") == "fif"
    bare = tmp_path / "epochs"
    bare.write_bytes((data_dir / "eeg-pair" / "person-1-epo.fif").read_bytes()[:64])
    assert guess(bare) == "fif"
    (tmp_path / "letter.doc").write_bytes(b"Dear colleague")
    with pytest.raises(BadInput, match=r"not known; allowed are .*snirf.*name the format"):
        guess(tmp_path / "letter.doc")


def test_a_recording_takes_its_own_channels_and_is_known_by_its_content(data_dir: Path, tmp_path: Path):
    path = data_dir / "motion-therapy" / "dropout" / "100_01.txt"
    patient = Recording(path, "table", "p", "patient", "motion", ("pat",), (("rate", 25.0),))
    therapist = replace(patient, channels=("th",), role="therapist")
    a, b = load(patient), load(therapist)
    assert a.signal.names == ("pat",) and b.signal.values[0, 0, 0] == 3879
    assert a.meta["content_hash"] != b.meta["content_hash"]
    copy = tmp_path / "other-name" / path.name
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    assert load(replace(patient, path=copy, person="q")).meta["content_hash"] == a.meta["content_hash"]
    with pytest.raises(BadInput, match=r"no channel 'patient'; there are: pat, th"):
        load(replace(patient, channels=("patient",)))
    with pytest.raises(BadInput, match=r"no option 'rat'; allowed: rate, delimiter"):
        load(replace(patient, options=(("rat", 25.0),)))
    light = Recording(data_dir / "formats" / "sample_1.snirf", "snirf", "p", "patient", "fnirs", ("S1_D2",))
    assert [c.label for c in load(light).signal.channels] == ["S1_D2 760", "S1_D2 850"]


def test_nothing_reaches_the_screen(data_dir: Path, capfd: pytest.CaptureFixture[str]):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xdf.read(data_dir / "formats" / "data_with_clock_resets.xdf")
        snirf.read(data_dir / "formats" / "slow_breathing.snirf")
        nirx.read(data_dir / "fnirs-parent-child" / "child")
        fif.read(data_dir / "eeg-pair" / "person-2-epo.fif")
    assert capfd.readouterr() == ("", "")
