"""BioSemi BDF, read by MNE: every signal as float64, EEG in volts, annotations as points."""

from __future__ import annotations

from functools import partial

import mne

from interbrain.data.records import FormatRecord
from interbrain.formats._edf_header import with_its_header
from interbrain.formats._guard import reader

RECORD = FormatRecord(
    name="bdf",
    title="BioSemi BDF",
    suffixes=(".bdf",),
    modalities=("eeg",),
    library="mne",
    reference="https://www.biosemi.com/faq/file_format.htm",
)

read = reader(RECORD, partial(with_its_header, read_raw=mne.io.read_raw_bdf))
