"""XDF of the Lab Streaming Layer: one stream as the signal, marker streams as points, on the file's one clock.

A stream's samples keep the rate that they really had on that clock (two amplifiers never agree exactly), rounded to
the stated one where that moves no sample by half its length. Breaks and clock resets become masked gaps.
"""

from __future__ import annotations

import gzip
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf

from interbrain.data.errors import BadInput
from interbrain.data.points import Points
from interbrain.data.records import FormatRecord
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded
from interbrain.formats._guard import guarded
from interbrain.formats._mne import iso

RECORD = FormatRecord(
    name="xdf",
    title="Extensible Data Format of the Lab Streaming Layer",
    suffixes=(".xdf", ".xdfz"),
    modalities=("eeg", "fnirs", "eda", "heart", "motion", "voice", "misc"),
    library="pyxdf",
    reference="10.1162/IMAG.a.136",
    options={"stream": "name, type or 1-based number of the stream to take; needed where there are several"},
)

KINDS = {
    "eeg": "eeg",
    "ecg": "ecg",
    "ekg": "ecg",
    "emg": "emg",
    "eog": "eog",
    "gsr": "eda",
    "eda": "eda",
    "accelerometer": "motion",
    "mocap": "motion",
}
IN_VOLTS = {"v": 1.0, "volts": 1.0, "mv": 1e-3, "millivolts": 1e-3, "uv": 1e-6, "µv": 1e-6, "μv": 1e-6}
IN_VOLTS |= {"microvolts": 1e-6, "microvolt": 1e-6, "nv": 1e-9, "nanovolts": 1e-9}

STREAM, SAMPLES = 2, 3
"""Tags of a stream's header and of a chunk of samples."""
BYTES = {b"int8": 1, b"int16": 2, b"int32": 4, b"int64": 8, b"float32": 4, b"double64": 8, b"string": 1}
"""What a sample takes at least in each format."""
LARGEST_HEADER = 1 << 24
"""Bytes of a stream's header that are looked at."""
STEP = 1 << 24
"""Bytes read at once."""
LARGEST_DRIFT = 0.1
"""Share by which the real rate may differ from the stated one before the stream is refused."""
LARGEST_GAP = 20
"""A stream with breaks may span at most this many times the samples that it has."""


def read(path: Path, stream: str | int | None = None) -> Loaded:
    """One stream of numbers at a steady rate; all marker streams as points in seconds from its first sample.

    Raises
    ------
    BadInput
        The file is missing, empty or damaged; several streams would fit and none is named (the error lists them); the
        stream's samples do not keep a rate.
    """
    path = Path(path)
    return guarded(path, RECORD, lambda: _read_file(path, stream))


def _read_file(path: Path, wanted: str | int | None) -> Loaded:
    _check_chunks(path)
    packed = path.suffix in (".xdfz", ".gz")
    with _InSteps(gzip.GzipFile(path) if packed else io.FileIO(path)) as file:  # type: ignore[arg-type]
        streams, header = pyxdf.load_xdf(file, verbose=False)
    if not streams:
        raise BadInput("holds no stream; allowed is a file with at least one; copy it again.")
    streams = sorted(streams, key=lambda s: s["info"]["stream_id"])
    for number, stream in enumerate(streams, start=1):
        if stream.get("footer") is None:
            raise BadInput(
                f"ends within stream {number}, which has no footer: it was cut short; "
                "allowed is a whole recording; copy it again, or repair it with the recorder's own tool."
            )
    chosen = _choose(streams, wanted)
    values, rate, first_s, notes = _samples(chosen)
    channels, factors = _channels(chosen["info"], len(values))
    if "eeg" in {c.kind for c in channels} and any(not _unit(d) for d in _descriptions(chosen["info"], len(values))):
        notes.append("the stream states no unit; microvolts were taken, as is XDF's convention for EEG")
    meta: dict[str, Any] = {"clock": "LSL", "device": _one(chosen["info"], "name")}
    meta["start_time"] = iso(_opened(header) + timedelta(seconds=first_s - _zero(streams)))
    if notes:
        meta["notes"] = tuple(notes)
    return Loaded(Signal((values * factors[:, None])[None], rate, channels), _points(streams, first_s), meta)


class _InSteps(io.BufferedReader):
    """A file that makes room for what there is, not for what a damaged length asks for."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size <= STEP:
            return super().read(size)
        parts = []
        while size > 0 and (part := super().read(min(size, STEP))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _check_chunks(path: Path) -> None:
    """Follow the file's chunks to its end (XDF 1.0 specification).

    The library skips what it cannot follow and makes room for as many samples as a damaged count says; here both are
    an error before anything is made.
    """
    with gzip.open(path) if path.suffix in (".xdfz", ".gz") else path.open("rb") as file:
        if file.read(4) != b"XDF:":
            raise BadInput("does not begin as XDF does; allowed is a whole XDF file; name its right format.")
        sizes: dict[bytes, int] = {}
        while size_of_length := file.read(1):
            width = size_of_length[0]
            length = int.from_bytes(file.read(width), "little") if width in (1, 4, 8) else 0
            tag = int.from_bytes(file.read(2), "little")
            content = length - 2
            if width not in (1, 4, 8) or not 1 <= tag <= 6 or content < 0:
                raise BadInput("is damaged (a chunk leads nowhere); allowed is a whole XDF file; copy it again.")
            head = file.read(min(content, LARGEST_HEADER if tag == STREAM else 13))
            if tag == STREAM:
                sizes[head[:4]] = _sample_bytes(head)
            rest = content - len(head)
            if len(head) < min(content, 13) or (rest and len(_skip(file, rest)) < 1):
                raise BadInput("ends within a chunk: it was cut short; allowed is a whole XDF file; copy it again.")
            samples = int.from_bytes(head[5 : 5 + head[4]], "little") if tag == SAMPLES and len(head) > 4 else 0
            if samples * sizes.get(head[:4], 1) > content:
                raise BadInput("is damaged (more samples than bytes); allowed is a whole XDF file; copy it again.")


def _sample_bytes(header: bytes) -> int:
    """The least that one sample of all channels takes in the file."""
    count = re.search(rb"<channel_count>\s*(\d{1,18})", header)
    form = re.search(rb"<channel_format>\s*(\w+)", header)
    return int(count.group(1) if count else 1) * BYTES.get(form.group(1) if form else b"", 1)


def _skip(file: Any, count: int) -> bytes:
    """Pass over ``count`` bytes and give back the last; nothing where the file ends before."""
    file.seek(count - 1, 1)
    return bytes(file.read(1))


def _choose(streams: list[Any], wanted: str | int | None) -> Any:
    steady = [s for s in streams if _is_steady(s)]
    if wanted is None:
        found = steady
    elif isinstance(wanted, int) or str(wanted).isdigit():
        found = [s for number, s in enumerate(streams, start=1) if number == int(wanted) and s in steady]
    else:
        found = [s for s in steady if _one(s["info"], "name") == wanted]
        found = found or [s for s in steady if _one(s["info"], "type").lower() == str(wanted).lower()]
    if len(found) == 1:
        return found[0]
    got = "no stream is named" if wanted is None else f"stream {wanted!r} fits {len(found)} of them"
    there = "; ".join(f"{number} {_told(s['info'])}" for number, s in enumerate(streams, start=1)) or "none"
    raise BadInput(f"{got}; allowed is one stream of numbers with a rate and samples; there are: {there}; set stream.")


def _is_steady(stream: Any) -> bool:
    numbers = isinstance(stream["time_series"], np.ndarray) and stream["time_series"].dtype.kind in "iuf"
    return numbers and float(_one(stream["info"], "nominal_srate") or 0) > 0 and len(stream["time_stamps"]) > 1


def _told(info: Any) -> str:
    rate = float(_one(info, "nominal_srate") or 0)
    return f"{_one(info, 'name')!r} ({_one(info, 'type')}, {f'{rate:g} Hz' if rate else 'markers'})"


def _one(info: Any, key: str) -> str:
    value = info.get(key)
    while isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)


def _samples(stream: Any) -> tuple[np.ndarray, float, float, list[str]]:
    """``(channel, time)`` on whole samples, the rate, the first sample's time on the LSL clock, and notes."""
    time = np.asarray(stream["time_stamps"], dtype=float)
    rows = np.asarray(stream["time_series"], dtype=float)
    rows = rows.reshape(len(time), -1)
    nominal = float(_one(stream["info"], "nominal_srate"))
    parts = [(int(a), int(b)) for a, b in stream["info"].get("segments") or [(0, len(time) - 1)]]
    rate, notes = _rate(time, parts, nominal)
    index = np.concatenate([round((time[a] - time[0]) * rate) + np.arange(b - a + 1) for a, b in parts])
    if len(index) != len(time) or (np.diff(index) < 1).any():
        raise BadInput(
            "the stream's clock goes back or its samples overlap; allowed is one growing clock; record again."
        )
    if index[-1] + 1 > LARGEST_GAP * len(time):
        raise BadInput(f"the stream has {len(time)} samples spread over {index[-1] + 1}; allowed is a steady stream.")
    values = np.full((rows.shape[1], int(index[-1]) + 1), np.nan)
    values[:, index] = rows.T
    if len(parts) > 1:
        lost = (values.shape[1] - len(time)) / rate
        notes.append(f"the stream breaks off or resets its clock {len(parts) - 1} times; {lost:.1f} s were masked")
    return values, rate, float(time[0]), notes


def _rate(time: np.ndarray, parts: list[tuple[int, int]], nominal: float) -> tuple[float, list[str]]:
    spans, steps = sum(time[b] - time[a] for a, b in parts), sum(b - a for a, b in parts)
    if not (np.isfinite(time).all() and spans > 0):
        raise BadInput("the stream's time stamps do not grow; allowed is a steady stream; record it again.")
    real = steps / spans
    if abs(real / nominal - 1) > LARGEST_DRIFT:
        raise BadInput(
            f"the stream states {nominal:g} Hz but keeps {real:.4g} Hz; allowed is 10 % of difference; record it again."
        )
    if max(b - a for a, b in parts) * abs(real / nominal - 1) < 0.5:
        return nominal, []
    return float(real), [f"the stream states {nominal:g} Hz and kept {real:.6g} Hz on the common clock; that was taken"]


def _descriptions(info: Any, n: int) -> list[Any]:
    """What the header says of each channel, in either of the two spellings in use; empty where it says nothing."""
    desc = (info.get("desc") or [None])[0] or {}
    held = desc.get("channels") or []
    inner = (held[0] or {}).get("channel") if held and isinstance(held[0], dict) else desc.get("channel")
    return list(inner) if inner and len(inner) == n else [{}] * n


def _unit(description: Any) -> str:
    return _one(description, "unit").strip().lower()


def _channels(info: Any, n: int) -> tuple[tuple[Channel, ...], np.ndarray]:
    channels, factors = [], []
    for number, said in enumerate(_descriptions(info, n), start=1):
        kind = KINDS.get((_one(said, "type") or _one(info, "type")).lower(), "misc")
        unit = _unit(said)
        factor = IN_VOLTS.get(unit, 1e-6 if kind == "eeg" and not unit else None)
        label = _one(said, "label") or _one(said, "name") or f"ch{number}"
        channels.append(Channel(label, kind, "V" if factor is not None else _one(said, "unit")))
        factors.append(1.0 if factor is None else factor)
    return tuple(channels), np.array(factors)


def _zero(streams: list[Any]) -> float:
    """The first time stamp of any stream: the instant that the file's date is taken for."""
    return min(float(s["time_stamps"][0]) for s in streams if len(s["time_stamps"]))


def _opened(header: Any) -> datetime:
    try:
        return datetime.fromisoformat(_one(header["info"], "datetime"))
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)


def _points(streams: list[Any], first_s: float) -> Points:
    rows: list[tuple[float, str]] = []
    for stream in streams:
        if float(_one(stream["info"], "nominal_srate") or 0) == 0:
            for at, value in zip(stream["time_stamps"], stream["time_series"]):
                rows.append((float(at) - first_s, " ".join(str(v) for v in np.ravel(value))))
    rows.sort()
    return Points(np.array([r[0] for r in rows]), np.zeros(len(rows)), tuple(r[1] for r in rows))
