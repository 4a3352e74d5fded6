"""BrainVision core data format, read by MNE: every signal as float64, EEG in volts, annotations as points."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import mne

from interbrain.data.errors import BadInput
from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded
from interbrain.formats._guard import reader
from interbrain.formats._inside import check_neighbour
from interbrain.formats._mne import from_raw

RECORD = FormatRecord(
    name="brainvision",
    title="BrainVision core data format",
    suffixes=(".vhdr",),
    modalities=("eeg",),
    library="mne",
    reference="https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/",
)

MOST_DIGITS = 5
"""Of the number of channels: the library makes room for as many before it looks at the samples."""
BYTES = {"INT_16": 2, "UINT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}
"""Bytes of a sample in each binary format."""


def _read_file(path: Path) -> Loaded:
    text = path.read_text(encoding="latin-1")
    for entry, name in re.findall(r"^\s*(DataFile|MarkerFile)\s*[=:](.*)$", text, re.MULTILINE | re.IGNORECASE):
        check_neighbour(name.strip(), entry)
    for digits in re.findall(r"^\s*NumberOfChannels\s*[=:]\s*(\d+)", text, re.MULTILINE | re.IGNORECASE):
        if len(digits) > MOST_DIGITS:
            raise BadInput(f"its header tells of {digits[:20]} channels; allowed is what an amplifier has; correct it.")
    raw = mne.io.read_raw_brainvision(path, preload=True, verbose="WARNING")
    _check_length(path, raw)
    return from_raw(raw)


read = reader(RECORD, _read_file)


def _check_length(path: Path, raw: Any) -> None:
    """Whole samples for every channel: MNE drops what is left over when the samples' file was cut."""
    text = path.read_text(encoding="utf-8", errors="replace")
    said = dict(re.findall(r"^(BinaryFormat|DataFormat|NumberOfChannels|DataPoints)\s*=\s*(\S+)", text, re.MULTILINE))
    points = int(said.get("DataPoints", raw.n_times))
    width = BYTES.get(said.get("BinaryFormat", "").upper()) if said.get("DataFormat", "").upper() == "BINARY" else None
    left_over = Path(raw.filenames[0]).stat().st_size % (width * int(said["NumberOfChannels"])) if width else 0
    if left_over or points > raw.n_times:
        raise BadInput("its samples were cut short; allowed is a whole .eeg file; copy it from the device again.")
