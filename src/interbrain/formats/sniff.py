"""Which format a path is, and a recording's own part of what its file holds."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

from interbrain.data.disguise import UNITS, UNTOLD, Disguise
from interbrain.data.errors import BadInput
from interbrain.data.records import record_of
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded, Recording
from interbrain.formats import module, records
from interbrain.formats._guard import check_options

ROOM = "interbrain.formats"

BEGINNINGS = (
    (b"\x89HDF\r\n\x1a\n", "snirf"),
    (b"XDF:", "xdf"),
    (b"\xffBIOSEMI", "bdf"),
    (b"0       ", "edf"),
    (b"Brain Vision", "brainvision"),
    (b"BrainVision", "brainvision"),
    (b"MATLAB 5.0 MAT-file", "eeglab"),
    (b"\x00\x00\x00\x64\x00\x00\x00\x1f", "fif"),
)
"""First bytes by which a file with an unknown suffix is known."""


def guess(path: Path) -> str:
    """Name of the format of a file or folder: by suffix, else by its first bytes; a NIRx folder holds .hdr and .wl1.

    Raises
    ------
    BadInput
        Nothing is there, or it is none of the formats.
    """
    path = Path(path)
    if not path.exists():
        raise BadInput(f"{path}: does not exist; allowed is a file or folder of {_known()}; check the path.")
    if path.is_dir():
        if any(path.glob("*.hdr")) and any(path.glob("*.wl1")):
            return "nirx"
        raise BadInput(f"{path}: is a folder without .hdr and .wl1; allowed folders are NIRx's; name the file itself.")
    by_suffix = [n for n, r in records().items() if not r.folder and path.name.lower().endswith(r.suffixes)]
    if by_suffix:
        return by_suffix[0]
    return _by_content(path)


def _by_content(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            head = handle.read(64)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as packed:
                head = packed.read(64)
    except (OSError, EOFError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); check the path and its rights.") from error
    for beginning, name in BEGINNINGS:
        if head.startswith(beginning):
            return name
    raise BadInput(f'{path}: its format is not known; allowed are {_known()}; name the format (format = "…").')


def _known() -> str:
    return ", ".join(f"{n} ({' '.join(r.suffixes)})" for n, r in records().items())


def load(recording: Recording) -> Loaded:
    """Read a recording through its format and take its own channels, in the order in which they are named.

    A channel is named by its label (``"S1_D1 760"``), by its name (``"S1_D1"``: every wavelength and kind of it), or in
    a table by its 1-based number as text. Channels that the format does not know the kind of get the recording's
    modality as their kind. ``meta["content_hash"]`` identifies the recording by its content.

    Raises
    ------
    BadInput
        The file cannot be read, an option is unknown, or a channel is missing (the error names what is there).
    """
    record = record_of(ROOM, recording.format)
    options = dict(recording.options)
    check_options(recording.path, record, options)
    try:
        loaded: Loaded = module(recording.format).read(recording.path, **options)
    except TypeError as error:
        raise BadInput(f"{recording.path}: options {options!r} do not fit {recording.format} ({error}).") from error
    signal = loaded.signal
    if recording.channels is not None:
        signal = signal.pick(_taken(recording, signal.channels))
    loaded = replace(loaded, signal=_kinds(signal, recording.modality))
    if recording.disguise is not None:
        return _hidden(loaded, recording.disguise)
    return replace(loaded, meta={**loaded.meta, "content_hash": recording.content_hash()})


def _hidden(loaded: Loaded, disguise: Disguise) -> Loaded:
    """Without what a file says of a person or a device; its events go too, as their labels are free text."""
    channels = tuple(
        replace(c, name=disguise.channel(c.name), unit=c.unit if c.unit in UNITS else "")
        for c in loaded.signal.channels
    )
    meta: dict[str, object] = {k: loaded.meta[k] for k in ("clock", "epoch_ids", "tmin_s") if k in loaded.meta}
    if start := disguise.instant(str(loaded.meta.get("start_time", ""))):
        meta["start_time"] = start
    notes = len(loaded.meta.get("notes", ()))
    if notes:
        meta["notes"] = (f"{notes} remarks of its reader; {UNTOLD}",)
    return Loaded(replace(loaded.signal, channels=channels), meta=meta)


def _taken(recording: Recording, channels: tuple[Channel, ...]) -> list[int]:
    taken: list[int] = []
    for wanted in recording.channels or ():
        found = [i for i, c in enumerate(channels) if wanted == c.label]
        found = found or [i for i, c in enumerate(channels) if wanted == c.name]
        if not found and recording.format == "table" and wanted.isdigit() and 1 <= int(wanted) <= len(channels):
            found = [int(wanted) - 1]
        if not found:
            there = ", ".join(dict.fromkeys(c.label for c in channels))
            raise BadInput(f"{recording.path}: has no channel {wanted!r}; there are: {there}; correct its name.")
        taken += [i for i in found if i not in taken]
    return taken


def _kinds(signal: Signal, modality: str) -> Signal:
    if modality == "misc" or all(c.kind != "misc" for c in signal.channels):
        return signal
    known = tuple(replace(c, kind=modality) if c.kind == "misc" else c for c in signal.channels)
    return replace(signal, channels=known)
