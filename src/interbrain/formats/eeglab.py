"""EEGLAB ``.set`` (with its ``.fdt`` where there is one), continuous or epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
from scipy.io import loadmat, whosmat

from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded
from interbrain.formats import _mat5
from interbrain.formats._guard import reader
from interbrain.formats._inside import check_neighbour
from interbrain.formats._mne import from_epochs, from_raw

RECORD = FormatRecord(
    name="eeglab",
    title="EEGLAB data set",
    suffixes=(".set",),
    modalities=("eeg",),
    library="mne",
    reference="10.1016/j.jneumeth.2003.10.009",
)

BY_POSITION = (
    "the file does not say which epochs were removed: ids count the epochs it holds, "
    "so both people must have kept the same ones"
)


def _read_either(path: Path) -> Loaded:
    _mat5.check(path)
    if _trials(path) <= 1:
        return from_raw(mne.io.read_raw_eeglab(path, preload=True, verbose="WARNING"))
    loaded = from_epochs(mne.read_epochs_eeglab(path, verbose="WARNING"))
    loaded.meta["notes"] = (*loaded.meta.get("notes", ()), BY_POSITION)
    loaded.meta["epoch_ids"] = "position"
    return loaded


read = reader(RECORD, _read_either)


def _trials(path: Path) -> int:
    """How many epochs the set says that it has (1 is continuous); its samples are in it, or in a file beside it."""
    small = [name for name, _, kind in whosmat(path) if name in ("EEG", "trials") or (name, kind) == ("data", "char")]
    content: dict[str, Any] = loadmat(path, variable_names=small, squeeze_me=True, struct_as_record=True)
    held = {n: content["EEG"][n].item() for n in ("trials", "data")} if "EEG" in content else content
    samples = held.get("data")
    if isinstance(samples, str) or getattr(samples, "dtype", np.dtype(float)).kind == "U":
        check_neighbour(str(samples), "data")
    return int(held["trials"])
