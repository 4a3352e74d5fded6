"""BrainVision core data format, read by MNE: every signal as float64, EEG in volts, annotations as points."""

from __future__ import annotations

from pathlib import Path

import mne

from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded
from interbrain.formats._guard import guarded
from interbrain.formats._mne import from_raw

RECORD = FormatRecord(
    name="brainvision",
    title="BrainVision core data format",
    suffixes=(".vhdr",),
    modalities=("eeg",),
    library="mne",
    reference="https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/",
)


def read(path: Path) -> Loaded:
    """All channels in one segment.

    Raises
    ------
    BadInput
        The file is missing, empty, cut short or of another kind.
    """
    path = Path(path)
    return guarded(path, RECORD, lambda: from_raw(mne.io.read_raw_brainvision(path, preload=True, verbose="WARNING")))
