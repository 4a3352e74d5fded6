"""MNE's own FIF, continuous or cut into epochs: epochs keep their ``selection`` as ids."""

from __future__ import annotations

import gzip
import io
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mne
import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.files import written
from interbrain.data.points import Points
from interbrain.data.records import FormatRecord
from interbrain.data.signal import Signal
from interbrain.data.study import Loaded
from interbrain.formats._guard import reader
from interbrain.formats._inside import check_neighbour
from interbrain.formats._mne import from_epochs, from_raw

RECORD = FormatRecord(
    name="fif",
    title="MNE FIF, raw or epochs",
    suffixes=(".fif", ".fif.gz"),
    modalities=("eeg", "fnirs"),
    library="mne",
    reference="10.3389/fnins.2013.00267",
    writes=True,
)

TYPES = frozenset((*range(9), 10, 16, 20, 21, 23, 30, 31, 32, 33, 35, 36))
"""Types of data that MNE reads; any other ends in an exception without a class of its own."""
SMALLEST_MATRIX = 1 << 16
NEXT_FILE = 118
"""The tag with the name of a split recording's next file."""
ELECTRIC = ("eeg", "eog", "ecg", "emg")
EPOCHS = ("-epo.fif", "_epo.fif", "-epo.fif.gz", "_epo.fif.gz")


def write(path: Path, signal: Signal, points: Points | None = None, meta: dict[str, Any] | None = None) -> Path:
    """Write electric channels (V), continuous or epochs with their ids; masked samples become NaN.

    The format keeps the rate and positions in single precision, samples in double. ``meta`` may hold ``start_time``
    and ``subject``.

    Raises
    ------
    BadInput
        A channel is not electric, or epochs go to a name that does not end in ``_epo.fif`` (or continuous ones do).
    """
    path, meta = Path(path), meta or {}
    odd = next((c.kind for c in signal.channels if c.kind not in ELECTRIC), None)
    if odd is not None:
        raise BadInput(f"{path}: FIF is written for {', '.join(ELECTRIC)}; got {odd}; write it as another format.")
    if signal.epoched != path.name.endswith(EPOCHS):
        raise BadInput(f"{path}: names of epochs, and only those, end in _epo.fif; rename the file.")
    info = _info(signal, meta)
    values = np.where(signal.valid, signal.values, np.nan)  # type: ignore[arg-type]
    made = _epochs(signal, values, info, meta) if signal.epoched else _raw(values, info, points)
    with written(path) as scratch:
        made.save(scratch, fmt="double", overwrite=True, verbose="ERROR")
    return path


def _epochs(signal: Signal, values: np.ndarray, info: Any, meta: dict[str, Any]) -> Any:
    ids = signal.segment_ids
    events = np.column_stack([np.array(ids), np.zeros((len(values), 2))]).astype(int)
    events[:, 2] = 1
    made = mne.EpochsArray(values, info, events, tmin=float(meta.get("tmin_s", 0.0)), verbose="ERROR")
    made.selection = np.array(ids)
    made.drop_log = tuple(() if i in ids else ("IGNORED",) for i in range(max(ids) + 1))
    return made


def _raw(values: np.ndarray, info: Any, points: Points | None) -> Any:
    raw = mne.io.RawArray(values[0], info, verbose="ERROR")
    if points is not None and len(points):
        raw.set_annotations(mne.Annotations(points.onset, points.duration, list(points.label)), verbose="ERROR")
    return raw


def _info(signal: Signal, meta: dict[str, Any]) -> Any:
    info = mne.create_info([c.name for c in signal.channels], signal.rate, [c.kind for c in signal.channels])
    for ch, channel in zip(info["chs"], signal.channels):
        if channel.position is not None:
            ch["loc"][:3] = channel.position
    if meta.get("subject"):
        info["subject_info"] = {"his_id": str(meta["subject"])}
    if meta.get("start_time"):
        start = datetime.fromisoformat(str(meta["start_time"]))
        info.set_meas_date(start if start.tzinfo is not None else start.replace(tzinfo=UTC))
    return info


def _check_tags(path: Path) -> None:
    """Follow the file's chain of tags to its end.

    Each tag says where the next one is. One that points back would keep MNE's reader turning for ever, and one that
    points past the end means that the file was cut short.
    """
    with path.open("rb") as plain, io.BytesIO(_unpacked(path)) if path.name.endswith(".gz") else plain as file:
        size = file.seek(0, 2)
        at = 0
        while at < size:
            file.seek(at)
            header = file.read(16)
            if len(header) < 16:
                raise BadInput("ends within a tag: it was cut short; allowed is a whole FIF file; copy it again.")
            meaning, kind, length, following = struct.unpack(">iiii", header)
            if length > 0 and 0 <= kind < SMALLEST_MATRIX and kind not in TYPES:
                raise BadInput(
                    f"is damaged (a tag of the unknown type {kind}); allowed is a whole file; copy it again."
                )
            end = at + 16 + length
            if length < 0 or end > size or (following > 0 and not at < following <= size):
                raise BadInput(
                    "is damaged or was cut short (a tag leads nowhere); allowed is a whole file; copy it again."
                )
            if meaning == NEXT_FILE and length > 0:
                check_neighbour(file.read(length).decode("latin-1"), "its next part")
            if following < 0:
                return
            at = end if following == 0 else following


def _unpacked(path: Path) -> bytes:
    with gzip.open(path) as packed:
        return packed.read()


def _read_either(path: Path) -> Loaded:
    _check_tags(path)
    if path.name.endswith(EPOCHS):
        return from_epochs(mne.read_epochs(path, proj=False, preload=True, verbose="WARNING"))
    return from_raw(mne.io.read_raw_fif(path, allow_maxshield=False, preload=True, verbose="WARNING"))


read = reader(RECORD, _read_either)
