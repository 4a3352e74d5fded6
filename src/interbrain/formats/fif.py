"""MNE's own FIF, continuous or cut into epochs: epochs keep their ``selection`` as ids."""

from __future__ import annotations

from pathlib import Path

import mne

from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded
from interbrain.formats._guard import guarded
from interbrain.formats._mne import from_epochs, from_raw

RECORD = FormatRecord(
    name="fif",
    title="MNE FIF, raw or epochs",
    suffixes=(".fif", ".fif.gz"),
    modalities=("eeg", "fnirs"),
    library="mne",
    reference="10.3389/fnins.2013.00267",
)

EPOCHS = ("-epo.fif", "_epo.fif", "-epo.fif.gz", "_epo.fif.gz")


def read(path: Path) -> Loaded:
    """Continuous data in one segment; epochs (``…-epo.fif``) as many, with their ids.

    Raises
    ------
    BadInput
        The file is missing, empty, cut short or of another kind.
    """
    path = Path(path)
    return guarded(path, RECORD, lambda: _read_either(path))


def _read_either(path: Path) -> Loaded:
    if path.name.endswith(EPOCHS):
        return from_epochs(mne.read_epochs(path, proj=False, preload=True, verbose="ERROR"))
    return from_raw(mne.io.read_raw_fif(path, allow_maxshield=False, preload=True, verbose="ERROR"))
