"""BioSemi BDF, read by MNE: every signal as float64, EEG in volts, annotations as points."""

from __future__ import annotations

from pathlib import Path

import mne

from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded
from interbrain.formats._edf_header import header, with_header
from interbrain.formats._guard import guarded
from interbrain.formats._mne import from_raw

RECORD = FormatRecord(
    name="bdf",
    title="BioSemi BDF",
    suffixes=(".bdf",),
    modalities=("eeg",),
    library="mne",
    reference="https://www.biosemi.com/faq/file_format.htm",
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
    return with_header(from_raw(mne.io.read_raw_bdf(path, preload=True, verbose="WARNING")), said)
