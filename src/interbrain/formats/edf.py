"""EDF and EDF+, read by MNE: every signal as float64, EEG in volts, annotations as points."""

from __future__ import annotations

from pathlib import Path

import mne

from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded
from interbrain.formats._edf_header import header, with_header
from interbrain.formats._guard import guarded
from interbrain.formats._mne import from_raw

RECORD = FormatRecord(
    name="edf",
    title="EDF and EDF+",
    suffixes=(".edf",),
    modalities=("eeg", "eda", "heart"),
    library="mne",
    reference="10.1016/S1388-2457(03)00123-8",
)


def read(path: Path) -> Loaded:
    """All channels in one segment.

    Raises
    ------
    BadInput
        The file is missing, empty, cut short or of another kind.
    """
    path = Path(path)
    return guarded(path, RECORD, lambda: _read_file(path))


def _read_file(path: Path) -> Loaded:
    said = header(path)
    return with_header(from_raw(mne.io.read_raw_edf(path, preload=True, verbose="WARNING")), said)
