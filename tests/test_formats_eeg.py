"""EEG formats written by other software, read here; FIF and SNIRF written here, read again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import edfio
import mne
import numpy as np
import pybv
import pytest
from eeglabio.epochs import export_set as export_epochs
from eeglabio.raw import export_set as export_raw

from interbrain.data.errors import BadInput
from interbrain.data.points import Points
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Recording
from interbrain.formats import _mat5, brainvision, eeglab, fif, module, snirf

RATE = 100.0


@pytest.fixture
def volts() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 2e-5, (3, 400))


def test_brainvision(tmp_path: Path, volts: np.ndarray):
    pybv.write_brainvision(
        data=volts,
        sfreq=RATE,
        ch_names=["Fz", "Cz", "Pz"],
        fname_base="a",
        folder_out=tmp_path,
        unit="µV",
        fmt="binary_float32",
        resolution=1e-9,
        events=[{"onset": 150, "duration": 1, "description": 7, "type": "Stimulus"}],
        meas_date=datetime(2026, 3, 2, 10, 0, 0, 250000),
    )
    loaded = brainvision.read(tmp_path / "a.vhdr")
    np.testing.assert_allclose(loaded.signal.values[0], volts, atol=1e-9)
    assert loaded.signal.names == ("Fz", "Cz", "Pz") and loaded.signal.rate == RATE
    assert loaded.points.onset[-1] == 1.5 and "7" in loaded.points.label[-1]
    assert loaded.meta["start_time"].startswith("2026-03-02T10:00:00.25")
    data = tmp_path / "a.eeg"
    data.write_bytes(data.read_bytes()[:-5])
    with pytest.raises(BadInput, match=r"cut short"):
        brainvision.read(tmp_path / "a.vhdr")
    data.unlink()
    with pytest.raises(BadInput, match=r"allowed"):
        brainvision.read(tmp_path / "a.vhdr")


@pytest.mark.parametrize("name", ["edf", "bdf"])
def test_edf_and_bdf(tmp_path: Path, volts: np.ndarray, name: str):
    kind = {"edf": (edfio.Edf, edfio.EdfSignal), "bdf": (edfio.Bdf, edfio.BdfSignal)}[name]
    signals = [
        kind[1](row * 1e6, RATE, label=label, physical_dimension="uV", physical_range=(-200, 200))
        for row, label in zip(volts[:2], ("Fz", "Cz"))
    ]
    signals.append(kind[1](volts[2] * 1e6, RATE, label="EDA", physical_dimension="uS", physical_range=(-200, 200)))
    path = tmp_path / f"a.{name}"
    kind[0](signals, annotations=[edfio.EdfAnnotation(1.25, 2.0, "rest")]).write(path)
    loaded = module(name).read(path)
    np.testing.assert_allclose(loaded.signal.values[0, :2], volts[:2], atol=400e-6 / 2**15)
    assert [c.kind for c in loaded.signal.channels] == ["eeg", "eeg", "misc"]
    assert loaded.points.label == ("rest",) and loaded.points.onset[0] == 1.25 and loaded.points.duration[0] == 2.0
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadInput, match=r"cut short|cannot be read"):
        module(name).read(path)


def test_eeglab_raw_and_epochs(tmp_path: Path, volts: np.ndarray):
    export_raw(str(tmp_path / "raw.set"), volts, RATE, ["Fz", "Cz", "Pz"])
    raw = eeglab.read(tmp_path / "raw.set").signal
    np.testing.assert_allclose(raw.values[0], volts, rtol=1e-5)
    assert not raw.epoched and raw.rate == RATE
    epochs = volts.reshape(3, 4, 100).transpose(1, 0, 2)
    events = np.column_stack([np.arange(4) * 100, np.zeros(4), np.ones(4)]).astype(int)
    export_epochs(str(tmp_path / "epo.set"), epochs, RATE, events, 0.0, 0.99, ["Fz", "Cz", "Pz"], event_id={"go": 1})
    loaded = eeglab.read(tmp_path / "epo.set")
    np.testing.assert_allclose(loaded.signal.values, epochs, rtol=1e-5)
    assert loaded.signal.epoched and loaded.signal.segment_ids == (0, 1, 2, 3)
    assert "must have kept the same ones" in loaded.meta["notes"][0]
    content = (tmp_path / "raw.set").read_bytes()
    (tmp_path / "raw.set").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match=r"cannot be read as eeglab|MATLAB variables are spoilt"):
        eeglab.read(tmp_path / "raw.set")


def test_fif_masks_what_the_file_calls_bad_and_finds_triggers(tmp_path: Path, volts: np.ndarray):
    info = mne.create_info(["Fz", "Cz", "STI"], RATE, ["eeg", "eeg", "stim"], verbose="ERROR")
    data = volts.copy()
    data[2] = 0
    data[2, 120:130] = 5
    raw = mne.io.RawArray(data, info, first_samp=50, verbose="ERROR")
    raw.info["bads"] = ["Cz"]
    raw.set_meas_date(datetime.fromisoformat("2026-03-02T10:00:00+00:00").timestamp())
    marks = mne.Annotations([0.5, 2.0], [0.25, 1.0], ["BAD_jump", "task"], orig_time=None)
    raw.set_annotations(marks, verbose="ERROR")
    raw.save(tmp_path / "a_raw.fif", verbose="ERROR")
    loaded = fif.read(tmp_path / "a_raw.fif")
    assert loaded.signal.names == ("Fz", "Cz")
    assert not loaded.signal.valid[0, 1].any()
    assert np.flatnonzero(~loaded.signal.valid[0, 0]).tolist() == list(range(50, 75))
    found = dict(zip(loaded.points.label, loaded.points.onset))
    assert found["5"] == 1.2 and found["task"] == pytest.approx(2.0)
    # The first sample is half a second after the file's date.
    assert loaded.meta["start_time"] == "2026-03-02T10:00:00.500000+00:00"


def test_fif_round_trip(tmp_path: Path, volts: np.ndarray):
    channels = tuple(Channel(n, "eeg", "V", position=(0.0, i / 8, 0.5)) for i, n in enumerate(("Fz", "Cz", "Pz")))
    valid = np.ones((1, 3, 400), dtype=bool)
    valid[0, 1, 7] = False
    points = Points(np.array([0.5, 3.0]), np.array([1.0, 0.0]), ("rest", "tap"))
    start = {"start_time": "2026-03-02T10:00:00.123456+00:00", "subject": "P1"}
    again = fif.read(fif.write(tmp_path / "a_eeg.fif", Signal(volts[None], RATE, channels, valid), points, start))
    assert again.signal.channels == channels and again.meta == start
    np.testing.assert_array_equal(again.signal.valid, valid)
    np.testing.assert_array_equal(again.signal.values[valid], volts[None][valid])
    assert again.points.label == points.label
    np.testing.assert_allclose(again.points.onset, points.onset, atol=1e-6)
    epochs = Signal(
        volts.reshape(3, 4, 100).transpose(1, 0, 2), RATE, channels, segment_ids=(3, 4, 9, 20), epoched=True
    )
    again = fif.read(fif.write(tmp_path / "a_epo.fif", epochs))
    assert again.signal.segment_ids == (3, 4, 9, 20) and again.signal.epoched
    np.testing.assert_array_equal(again.signal.values, epochs.values)
    with pytest.raises(BadInput, match=r"end in _epo.fif"):
        fif.write(tmp_path / "a_eeg.fif", epochs)


def _light(kinds: tuple[str, ...], wavelengths: tuple[float | None, ...]) -> Signal:
    channels = tuple(
        Channel(f"S{s}_D{d}", kind, unit, None, place(s, d, 0.5), place(s, d, 0), place(s, d, 1), wavelength)
        for s, d in ((2, 5), (7, 1))
        for kind, wavelength in zip(kinds, wavelengths)
        for unit in ("uM" if kind.startswith("hb") else "",)
    )
    values = np.random.default_rng(4).uniform(1, 2, (1, 4, 60))
    values[0, 1, 3] = np.nan
    return Signal(values, 7.8125, channels)


def place(source: int, detector: int, along: float) -> tuple[float, float, float]:
    """On the straight line from an optode to the other."""
    start, stop = np.array([source / 100, 0.05, 0.0]), np.array([0.0, 0.05, detector / 100])
    x, y, z = (start + along * (stop - start)).tolist()
    return x, y, z


@pytest.mark.parametrize("kinds", [("intensity", "intensity"), ("od", "od"), ("hbo", "hbr")])
def test_snirf_round_trip_keeps_optodes_clock_and_stimuli(tmp_path: Path, kinds: tuple[str, ...]):
    signal = _light(kinds, (None, None) if "hbo" in kinds else (760.0, 850.0))
    points = Points(np.array([-1.0, 2.5, 900.0]), np.array([0.0, 4.0, 1.0]), ("before", "task", "after the end"))
    meta = {"start_time": "2026-03-02T10:14:40.123456+00:00", "subject": "P 1", "device": "Made up"}
    again = snirf.read(snirf.write(tmp_path / "a.snirf", signal, points, meta))
    assert [c.label for c in again.signal.channels] == [c.label for c in signal.channels]
    for a, b in zip(again.signal.channels, signal.channels):
        assert (a.name, a.kind, a.unit, a.wavelength) == (b.name, b.kind, b.unit, b.wavelength)
        np.testing.assert_allclose(a.source, b.source)
        np.testing.assert_allclose(a.detector, b.detector)
        np.testing.assert_allclose(a.position, b.position)
    np.testing.assert_allclose(again.signal.values, signal.values, rtol=1e-14)
    assert again.signal.rate == 7.8125 and again.meta == meta
    assert again.points.label == points.label
    np.testing.assert_allclose(again.points.onset, points.onset, atol=1e-12)
    np.testing.assert_allclose(again.points.duration, points.duration)


def test_snirf_without_a_date_gives_none(tmp_path: Path):
    loaded = snirf.read(snirf.write(tmp_path / "a.snirf", _light(("intensity", "intensity"), (760.0, 850.0))))
    assert "start_time" not in loaded.meta and "subject" not in loaded.meta


def test_snirf_refuses_what_it_cannot_hold(tmp_path: Path):
    good = _light(("intensity", "intensity"), (760.0, 850.0))
    with pytest.raises(BadInput, match=r"wavelengths are 760; allowed are two"):
        snirf.write(tmp_path / "a.snirf", good.pick([0, 2]))
    eeg = Signal(np.zeros((1, 1, 5)), 10.0, (Channel("Fz", "eeg", "V"),))
    with pytest.raises(BadInput, match=r"SNIRF cannot hold eeg; allowed is one of intensity"):
        snirf.write(tmp_path / "a.snirf", eeg)
    named = Signal(np.zeros((1, 1, 5)), 10.0, (Channel("left", "intensity", wavelength=760.0),))
    with pytest.raises(BadInput, match=r"channel 'left'; allowed are names like S1_D2"):
        snirf.write(tmp_path / "a.snirf", named)
    with pytest.raises(BadInput, match=r"start_time is 'noon'"):
        snirf.write(tmp_path / "a.snirf", good, meta={"start_time": "noon"})
    assert not (tmp_path / "a.snirf").exists()


def test_snirf_with_uneven_samples_is_refused(tmp_path: Path):
    import h5py

    path = snirf.write(tmp_path / "a.snirf", _light(("intensity", "intensity"), (760.0, 850.0)))
    with h5py.File(path, "r+") as file:
        file["nirs/data1/time"][30:] += 0.5
    with pytest.raises(BadInput, match=r"uneven samples"):
        snirf.read(path)


def test_identity_is_that_of_every_file_of_a_recording(tmp_path):
    """Samples lie beside the header: other samples are another recording, another name of the header is not."""
    header = "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile={}\nMarkerFile=m.vmrk\n"
    first, second = tmp_path / "one.vhdr", tmp_path / "two.vhdr"
    for path, data in ((first, "s.eeg"), (second, "s.eeg")):
        path.write_text(header.format(data))
    (tmp_path / "s.eeg").write_bytes(b"1234")

    def identity(path, kind="brainvision"):
        return Recording(path, kind, "p", "patient", "eeg").content_hash()

    assert identity(first) == identity(second)
    before = identity(first)
    (tmp_path / "s.eeg").write_bytes(b"1235")
    assert identity(first) != before
    for suffix, part in ((".set", "x.fdt"), (".fif", "x-1.fif")):
        whole = tmp_path / f"x{suffix}"
        whole.write_bytes(b"same")
        before = identity(whole, suffix[1:])
        (tmp_path / part).write_bytes(b"more")
        assert identity(whole, suffix[1:]) != before


def test_a_spoilt_matlab_file_is_told_before_the_reader_trusts_its_tags(tmp_path):
    """Tags that do not fit end SciPy's reader, and the process with it: every 4-byte word of a sound file in turn."""
    from scipy.io import loadmat, savemat

    path = tmp_path / "x.set"
    inner = {"trials": 1.0, "names": np.array(["a", "bc"], dtype=object), "data": np.arange(6.0).reshape(2, 3)}
    for packed in (False, True):
        savemat(path, {"EEG": inner, "z": np.array([1 + 2j])}, do_compression=packed)
        _mat5.check(path)
        assert loadmat(path)["EEG"]["data"][0, 0].shape == (2, 3)
    savemat(path, {"EEG": inner})
    sound, told = path.read_bytes(), 0
    for at in range(128, len(sound), 4):
        spoilt = sound[:at] + (0x7FFFFFF0).to_bytes(4, "little") + sound[at + 4 :]
        path.write_bytes(spoilt)
        try:
            _mat5.check(path)
        except BadInput:
            told += 1
    assert told > 20
    path.write_bytes(sound[:-9])
    with pytest.raises(BadInput, match="spoilt"):
        _mat5.check(path)
