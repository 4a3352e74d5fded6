"""A NIRx folder (``.hdr``, ``.wl1``, ``.wl2``, probe): raw light intensity."""

from __future__ import annotations

from pathlib import Path

import mne

from interbrain.data.errors import BadInput
from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded
from interbrain.formats import _mat5
from interbrain.formats._guard import guarded
from interbrain.formats._mne import from_raw

RECORD = FormatRecord(
    name="nirx",
    title="NIRx NIRScout or NIRSport recording with .hdr and .wl1",
    suffixes=(".hdr",),
    modalities=("fnirs",),
    library="mne",
    reference="https://nirx.net",
    folder=True,
)


def read(path: Path) -> Loaded:
    """Raw intensity of every source–detector pair and wavelength.

    Raises
    ------
    BadInput
        The folder is missing, lacks a file, or a file in it is empty, cut short or of another kind.
    """
    path = Path(path)
    folder = path.parent if path.suffix == ".hdr" else path
    return guarded(folder, RECORD, lambda: _read_folder(folder))


def _read_folder(folder: Path) -> Loaded:
    if folder.is_file():
        raise BadInput("is a file; allowed is the folder with .hdr and .wl1; name the folder.")
    _same_length(folder)
    for probe in sorted(folder.glob("*.mat")):
        _mat5.check(probe)
    return from_raw(mne.io.read_raw_nirx(folder, saturated="ignore", preload=True, verbose="WARNING"))


def _same_length(folder: Path) -> None:
    """Each wavelength's file holds as many complete rows: a row short means that the copy was cut."""
    counts = {}
    for file in sorted(folder.glob("*.wl[12]")):
        rows = file.read_text(encoding="utf-8").splitlines()
        widths = {len(row.split()) for row in rows if row.strip()}
        if len(widths) != 1:
            raise BadInput(f"{file.name} has rows of {sorted(widths)} numbers; each must have as many: copy it again.")
        counts[file.name] = len(rows)
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} {n}" for name, n in counts.items())
        raise BadInput(f"the wavelengths have different numbers of samples ({found}); copy the folder again.")
