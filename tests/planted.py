"""Recordings with a person in them: one that every format can carry, to look for it where it must not be."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import edfio
import h5py
import mne
import numpy as np
import pybv
from eeglabio.raw import export_set
from scipy.io import loadmat, savemat

from interbrain.data.signal import Channel, Signal
from interbrain.formats import snirf

PATIENT, THERAPIST, SERIAL, DIAGNOSIS = "Mustermann", "Schluetersen", "SN98765XYZ", "Zwangsstoerung"
BORN, RECORDED = date(1985, 4, 23), datetime(2031, 7, 19, 13, 37, 11, 654321)
RATE = 50.0
NAMES = ["Fz", "Cz"]

PLANTED = (
    PATIENT, THERAPIST, SERIAL, DIAGNOSIS, "Erika", "1985-04-23", "19850423", "23.04.1985", "23-APR-1985", "23.04.85",
    "2031-07-19", "20310719", "19.07.2031", "19-JUL-2031", "19.07.31", "2031-07-26", "26.07.31", "13:37:11", "13.37.11",
)  # fmt: skip
"""Everything of which no byte may be found; case does not count."""


def samples(seed: int, seconds: float = 60.0, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2e-5, (channels, int(seconds * RATE)))


def write_snirf(path: Path, seed: int, start: datetime) -> None:
    channels = tuple(Channel(f"S{i}_D{i}", "hbo", "uM") for i in (1, 2))
    channels += tuple(Channel(f"S{i}_D{i}", "hbr", "uM") for i in (1, 2))
    values = samples(seed, 24.0, 4)[None] * 1e5
    meta = {"subject": f"{PATIENT} Erika", "device": f"fNIRS {SERIAL}", "start_time": start.isoformat()}
    snirf.write(path, Signal(values, 8.0, channels), meta=meta)
    with h5py.File(path, "r+") as file:
        tags = file["nirs/metaDataTags"]
        for name, text in (("BirthDate", BORN.isoformat()), ("SerialNumber", SERIAL), ("Notes", DIAGNOSIS)):
            tags.create_dataset(name, data=text.encode())


def _edf(kind: str, path: Path, seed: int, start: datetime) -> None:
    of, signal = {"edf": (edfio.Edf, edfio.EdfSignal), "bdf": (edfio.Bdf, edfio.BdfSignal)}[kind]
    made = [
        signal(
            row * 1e6, RATE, label=label, physical_dimension="uV", physical_range=(-400, 400), transducer_type=SERIAL
        )
        for row, label in zip(samples(seed), NAMES)
    ]
    patient = edfio.Patient(code="007", sex="F", birthdate=BORN, name=f"{PATIENT}_Erika", additional=(DIAGNOSIS,))
    about = edfio.Recording(
        startdate=start.date(), hospital_administration_code="X", investigator_technician_code=THERAPIST,
        equipment_code=SERIAL,
    )  # fmt: skip
    of(made, patient=patient, recording=about, starttime=start.replace(microsecond=0).time(),
       annotations=[edfio.EdfAnnotation(1.0, 2.0, f"says {DIAGNOSIS}")]).write(path)  # fmt: skip


def write_edf(path: Path, seed: int, start: datetime) -> None:
    _edf("edf", path, seed, start)


def write_bdf(path: Path, seed: int, start: datetime) -> None:
    _edf("bdf", path, seed, start)


def write_fif(path: Path, seed: int, start: datetime) -> None:
    info = mne.create_info(NAMES, RATE, "eeg", verbose="ERROR")
    info["subject_info"] = {"his_id": PATIENT, "last_name": PATIENT, "first_name": "Erika", "birthday": BORN}
    info["device_info"] = {"type": "amp", "serial": SERIAL, "model": SERIAL}
    info["experimenter"], info["description"] = THERAPIST, DIAGNOSIS
    raw = mne.io.RawArray(samples(seed), info, verbose="ERROR").set_meas_date(start.replace(tzinfo=UTC))
    raw.set_annotations(mne.Annotations([2.0], [1.0], [f"BAD {DIAGNOSIS}"], orig_time=raw.info["meas_date"]))
    raw.save(path, overwrite=True, verbose="ERROR")


def write_brainvision(path: Path, seed: int, start: datetime) -> None:
    pybv.write_brainvision(
        data=samples(seed), sfreq=RATE, ch_names=NAMES, fname_base=path.stem, folder_out=path.parent, meas_date=start,
        events=[{"onset": 50, "duration": 1, "description": DIAGNOSIS, "type": "Comment"}], unit="µV",
        fmt="binary_float32", resolution=1e-9,
    )  # fmt: skip
    text = path.read_text(encoding="utf-8").partition("[Comment]")[0]
    path.write_text(f"{text}[Comment]\nPatient {PATIENT}, Erika, born 23.04.1985\nAmplifier serial {SERIAL}\n")


def write_eeglab(path: Path, seed: int, start: datetime) -> None:
    export_set(str(path), samples(seed), RATE, [f"{PATIENT}1", "Cz"])
    held = {k: v for k, v in loadmat(path).items() if not k.startswith("__")}
    held |= {"subject": PATIENT, "comments": f"{DIAGNOSIS} {BORN} {start.isoformat()} {SERIAL}"}
    savemat(path, held)


def write_xdf(path: Path, seed: int, start: datetime) -> None:
    data = samples(seed).T.astype("<f4") * 1e6
    labels = "".join(f"<channel><label>{n}</label><unit>microvolts</unit><type>EEG</type></channel>" for n in NAMES)
    header = (
        f"<info><name>{PATIENT} {SERIAL}</name><type>EEG</type><channel_count>2</channel_count>"
        f"<nominal_srate>{RATE}</nominal_srate><channel_format>float32</channel_format><source_id>{SERIAL}</source_id>"
        f"<hostname>{THERAPIST}-laptop</hostname><desc><channels>{labels}</channels></desc></info>"
    )
    opened = start.isoformat(timespec="seconds") + "+0000"
    with path.open("wb") as file:
        file.write(b"XDF:")
        _chunk(file, 1, f"<info><version>1.0</version><datetime>{opened}</datetime></info>".encode())
        _chunk(file, 2, struct.pack("<I", 1) + header.encode())
        body = b"".join(b"\x08" + struct.pack("<d", 100 + i / RATE) + row.tobytes() for i, row in enumerate(data))
        _chunk(file, 3, struct.pack("<I", 1) + b"\x04" + struct.pack("<I", len(data)) + body)
        footer = f"<info><sample_count>{len(data)}</sample_count></info>"
        _chunk(file, 6, struct.pack("<I", 1) + footer.encode())


def _chunk(file, tag: int, content: bytes) -> None:
    file.write(b"\x04" + struct.pack("<I", len(content) + 2) + struct.pack("<H", tag) + content)


def write_table(path: Path, seed: int, start: datetime) -> None:
    first = start.replace(tzinfo=UTC).timestamp()
    rows = [f"{first + i / RATE:.4f}\t{x:.6f}\t{y:.6f}" for i, (x, y) in enumerate(np.abs(samples(seed)).T * 1e5)]
    path.write_text(f"when\t{PATIENT}\tErika hand\n" + "\n".join(rows) + "\n", encoding="utf-8")


WRITERS = {
    "snirf": write_snirf,
    "edf": write_edf,
    "bdf": write_bdf,
    "fif": write_fif,
    "vhdr": write_brainvision,
    "set": write_eeglab,
    "xdf": write_xdf,
    "txt": write_table,
}
"""By ending."""


def write_meetings(folder: Path, endings=tuple(WRITERS), week: timedelta = timedelta(days=7)) -> None:
    """Two meetings a week apart of one couple for each format, in files that are called after them."""
    for number, ending in enumerate(endings):
        for session in (1, 2):
            start = RECORDED + (session - 1) * week
            for side, role in enumerate(("patient", "therapist")):
                path = folder / f"{PATIENT}{ending}_{session}_{role}.{ending}"
                late = timedelta(seconds=2 * side)
                WRITERS[ending](path, 100 * number + 10 * session + side, start + late)
