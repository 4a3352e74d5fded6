"""SNIRF: samples through MNE and mne-nirs; clock, optode labels and stimuli straight from the file.

MNE numbers optodes by their place in the probe, invents the year 2000 for a file without a date and drops stimuli
outside the samples; identity and clock must not depend on that, so these three are read from the HDF5 itself.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import h5py
import mne
import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.files import written
from interbrain.data.points import Points
from interbrain.data.records import FormatRecord
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded
from interbrain.formats._guard import reader
from interbrain.formats._hdf5 import check_heaps, check_links
from interbrain.formats._mne import from_raw, iso

RECORD = FormatRecord(
    name="snirf",
    title="Shared Near Infrared Spectroscopy Format",
    suffixes=(".snirf",),
    modalities=("fnirs",),
    library="mne, mne-nirs",
    reference="10.1117/1.NPh.10.1.013507",
    writes=True,
)

LARGEST_JITTER = 0.5
"""In samples: a time vector further from even than this is not one rate."""

TO_MNE = {
    "intensity": ("fnirs_cw_amplitude", 1.0),
    "od": ("fnirs_od", 1.0),
    "hbo": ("hbo", 1e-6),
    "hbr": ("hbr", 1e-6),
}


def write(path: Path, signal: Signal, points: Points | None = None, meta: dict[str, Any] | None = None) -> Path:
    """Write one continuous recording; masked samples become NaN, and a reader gets the same channels back.

    ``meta`` may hold ``start_time`` (ISO 8601), ``subject`` and ``device``.

    Raises
    ------
    BadInput
        Epochs, channels that are not light or haemoglobin or not named like ``S1_D2``, or fewer than two wavelengths.
    """
    from mne_nirs.io import write_raw_snirf

    path, meta = Path(path), meta or {}
    _check_writable(path, signal)
    with written(path) as scratch:
        write_raw_snirf(_raw(signal, str(meta.get("subject") or "unknown")), scratch)
        with h5py.File(scratch, "r+") as file:
            _write_clock(file["nirs/metaDataTags"], meta.get("start_time"))
            if meta.get("device"):
                file["nirs/metaDataTags"].create_dataset("ManufacturerName", data=str(meta["device"]).encode())
            if signal.channels[0].kind in ("hbo", "hbr"):
                for name in [n for n in file["nirs/data1"] if n.startswith("measurementList")]:
                    file["nirs/data1"][name].create_dataset("dataUnit", data=b"M")
            _write_stims(file["nirs"], points or Points.none())
    return path


def _read_file(path: Path) -> Loaded:
    check_heaps(path)
    with h5py.File(path, "r") as file:
        check_links(file)
        if "data2" in file["nirs"]:
            raise BadInput("holds several data blocks; allowed is one; split the file into one a recording.")
        rate, first_s = _clock(file)
        start = _measured_at(file["nirs/metaDataTags"])
        points, labels, device = _stims(file["nirs"], first_s), _pair_labels(file), _device(file["nirs/metaDataTags"])
    loaded = from_raw(mne.io.read_raw_snirf(path, preload=True, verbose="WARNING"))
    if loaded.signal.values.shape[1] != len(labels):
        raise BadInput(f"has {loaded.signal.values.shape[1]} rows of samples but {len(labels)} measurement lists.")
    channels = tuple(
        replace(c, name=name, wavelength=c.wavelength and wavelength)
        for c, (name, wavelength) in zip(loaded.signal.channels, labels)
    )
    meta = {k: v for k, v in loaded.meta.items() if k != "start_time" and (k, v) != ("subject", "unknown")}
    if start is not None:
        meta["start_time"] = iso(start + timedelta(seconds=first_s))
    if device:
        meta["device"] = device
    return Loaded(replace(loaded.signal, rate=rate, channels=channels), points, meta)


read = reader(RECORD, _read_file)


def _clock(file: Any) -> tuple[float, float]:
    """Rate in Hz and the first sample's time in seconds; rounded where rounding moves no sample."""
    time = np.asarray(file["nirs/data1/time"], dtype=float).ravel()
    scale = 1e-3 if _text(file["nirs/metaDataTags"], "TimeUnit") == "ms" else 1.0
    n_times = file["nirs/data1/dataTimeSeries"].shape[0]
    if len(time) == 2 and n_times != 2:
        first, step = time * scale
    else:
        if len(time) != n_times or n_times < 2:
            raise BadInput(f"has {n_times} samples but {len(time)} times; copy it from the device again.")
        time = time * scale
        first, step = time[0], (time[-1] - time[0]) / (n_times - 1)
        jitter = np.abs(time - first - step * np.arange(n_times)).max()
        if not jitter <= LARGEST_JITTER * step:
            raise BadInput(f"has uneven samples (up to {jitter:.3g} s off a step of {step:.3g} s); resample it evenly.")
    rate = 1.0 / step
    if not (np.isfinite(rate) and rate > 0 and np.isfinite(first)):
        raise BadInput(f"has a time step of {step:g} s; allowed is a positive one.")
    rounded = round(rate, 6)
    return float(rounded if abs(rounded - rate) <= 1e-9 * rate else rate), float(first)


def _measured_at(tags: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{_text(tags, 'MeasurementDate')}T{_text(tags, 'MeasurementTime')}")
    except ValueError:  # "unknown" is what the specification asks for where there is no date
        return None


def _pair_labels(file: Any) -> list[tuple[str, float]]:
    """``("S2_D5", 760.0)`` for each measurement list, in order, with the probe's own labels where they are such."""
    data, probe = file["nirs/data1"], file["nirs/probe"]
    lists = sorted((n for n in data if n.startswith("measurementList")), key=lambda n: int(n[15:] or 0))
    wavelengths = np.asarray(probe["wavelengths"], dtype=float).ravel()
    sources, detectors = _labels(probe, "sourceLabels", "S"), _labels(probe, "detectorLabels", "D")

    def one(name: str, what: str) -> int:
        return int(np.asarray(data[name][what]).ravel()[0])

    found = []
    for name in lists:
        source, detector = one(name, "sourceIndex"), one(name, "detectorIndex")
        pair = f"{sources.get(source, f'S{source}')}_{detectors.get(detector, f'D{detector}')}"
        index = one(name, "wavelengthIndex") if "wavelengthIndex" in data[name] else 1
        found.append((pair, float(wavelengths[index - 1])))
    return found


def _labels(probe: Any, which: str, letter: str) -> dict[int, str]:
    """Labels by 1-based index; empty unless all are of the form S3 or D7 and differ."""
    if which not in probe:
        return {}
    labels = [t.decode() if isinstance(t, bytes) else str(t) for t in np.asarray(probe[which]).ravel()]
    if len(set(labels)) != len(labels) or not all(re.fullmatch(letter + r"\d+", t) for t in labels):
        return {}
    return dict(enumerate(labels, start=1))


def _stims(nirs: Any, first_s: float) -> Points:
    rows: list[tuple[float, float, str]] = []
    for name in nirs:
        if name.startswith("stim") and "data" in nirs[name]:
            data = np.atleast_2d(np.asarray(nirs[name]["data"], dtype=float))
            label = _text(nirs[name], "name") or name
            rows += [(float(r[0]) - first_s, float(r[1]), label) for r in data if len(r) >= 2]
    rows.sort()
    return Points(np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), tuple(r[2] for r in rows))


def _device(tags: Any) -> str:
    parts = [_text(tags, k) for k in ("ManufacturerName", "Model", "ModelName")]
    return " ".join(p for p in parts if p)


def _text(group: Any, name: str) -> str:
    if name not in group:
        return ""
    value = np.asarray(group[name]).ravel()[0]
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _check_writable(path: Path, signal: Signal) -> None:
    kinds = {c.kind for c in signal.channels}
    same = kinds in ({"intensity"}, {"od"}) or (kinds and kinds <= {"hbo", "hbr"})
    if not same or signal.epoched or len(signal.segment_ids) != 1:
        got = "epochs" if signal.epoched else ", ".join(sorted(kinds)) or "no channels"
        raise BadInput(
            f"{path}: SNIRF cannot hold {got}; allowed is one of intensity, od, or hbo with hbr; write those."
        )
    odd = next((c.name for c in signal.channels if not re.fullmatch(r"S\d+_D\d+", c.name)), None)
    if odd is not None:
        raise BadInput(f"{path}: SNIRF cannot hold a channel {odd!r}; allowed are names like S1_D2; rename it.")
    colours = {_wavelength(c) for c in signal.channels}
    if len(colours) < 2 or any(w is None or w != round(w) for w in colours):
        got = ", ".join(f"{w:g}" if w else "none" for w in colours)
        raise BadInput(f"{path}: the wavelengths are {got}; allowed are two or more whole numbers of nm.")


def _wavelength(channel: Channel) -> float | None:
    # Haemoglobin has no wavelength, but the file's probe must name two.
    return channel.wavelength or {"hbo": 760.0, "hbr": 850.0}.get(channel.kind)


def _raw(signal: Signal, subject: str) -> Any:
    names = [f"{c.name} {c.kind if c.kind in ('hbo', 'hbr') else f'{c.wavelength:.0f}'}" for c in signal.channels]
    types = [TO_MNE[c.kind][0] for c in signal.channels]
    info = mne.create_info(names, signal.rate, types, verbose="ERROR")
    for ch, channel in zip(info["chs"], signal.channels):
        unknown = (np.nan,) * 3
        ch["loc"][:9] = np.ravel([p or unknown for p in (channel.position, channel.source, channel.detector)])
        ch["loc"][9] = _wavelength(channel)
    info["subject_info"] = {"his_id": subject}
    factors = np.array([TO_MNE[c.kind][1] for c in signal.channels])
    values = np.where(signal.valid[0], signal.values[0], np.nan) * factors[:, None]  # type: ignore[index]
    raw = mne.io.RawArray(values, info, verbose="ERROR")
    return raw.set_meas_date(0.0)


def _write_clock(tags: Any, start_time: str | None) -> None:
    """The date with microseconds, or the specification's "unknown"; mne-nirs keeps whole seconds only."""
    date = time = "unknown"
    if start_time:
        try:
            start = datetime.fromisoformat(str(start_time))
        except ValueError as error:
            raise BadInput(f"start_time is {start_time!r}; allowed is ISO 8601, e.g. 2026-03-02T10:00:00.") from error
        stamp = iso(start).replace("+00:00", "Z")
        date, time = stamp.split("T")
    for name, text in (("MeasurementDate", date), ("MeasurementTime", time)):
        del tags[name]
        tags.create_dataset(name, data=text.encode())


def _write_stims(nirs: Any, points: Points) -> None:
    for number, label in enumerate(dict.fromkeys(points.label), start=1):
        at = [i for i, text in enumerate(points.label) if text == label]
        group = nirs.create_group(f"stim{number}")
        group.create_dataset("data", data=np.array([[points.onset[i], points.duration[i], 1.0] for i in at]))
        group.create_dataset("name", data=label.encode())
