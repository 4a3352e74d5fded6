"""EDF and EDF+, read by MNE: every signal as float64, EEG in volts, annotations as points."""

from __future__ import annotations

from functools import partial

import mne

from interbrain.data.records import FormatRecord
from interbrain.formats._edf_header import with_its_header
from interbrain.formats._guard import reader

RECORD = FormatRecord(
    name="edf",
    title="EDF and EDF+",
    suffixes=(".edf",),
    modalities=("eeg", "eda", "heart"),
    library="mne",
    reference="10.1016/S1388-2457(03)00123-8",
)

read = reader(RECORD, partial(with_its_header, read_raw=mne.io.read_raw_edf))
