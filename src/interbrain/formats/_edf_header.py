"""What the header of an EDF or BDF file says of each signal: label, unit, samples a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from interbrain.data.errors import BadInput
from interbrain.data.study import Loaded
from interbrain.formats._mne import from_raw

VOLTS = ("V", "mV", "µV", "μV", "uV", "nV", "")


class Header(NamedTuple):
    """One entry a signal, annotation signals included; ``record_s`` is the length of a data record in seconds."""

    labels: tuple[str, ...]
    units: tuple[str, ...]
    samples: tuple[int, ...]
    record_s: float


def header(path: Path) -> Header:
    """Read the fixed-width fields (EDF specification, 10.1016/0013-4694(92)90009-7).

    Raises
    ------
    BadInput
        The file is shorter than its header says.
    """
    with path.open("rb") as file:
        head = file.read(256)
        count = int(head[252:256])
        body = file.read(256 * count)
    if count < 1 or len(body) < 256 * count:
        raise BadInput(f"its header tells of {count} signals and ends early; allowed is a whole file; copy it again.")

    def field(start: int, width: int) -> tuple[str, ...]:
        at = start * count
        return tuple(body[at + i * width : at + (i + 1) * width].decode("latin-1").strip() for i in range(count))

    return Header(field(0, 16), field(96, 8), tuple(int(n) for n in field(216, 8)), float(head[244:252]))


def with_header(loaded: Loaded, said: Header) -> Loaded:
    """MNE takes every signal for EEG and brings all to the highest rate: tell what is no voltage, what was raised."""
    units = dict(zip(said.labels, said.units))
    channels = tuple(
        replace(c, kind="misc", unit=units[c.name]) if units.get(c.name, "V") not in VOLTS and c.kind == "eeg" else c
        for c in loaded.signal.channels
    )
    names = {c.name for c in channels}
    rates = {n: s / said.record_s for n, s in zip(said.labels, said.samples) if n in names and said.record_s > 0}
    raised = [f"{n} ({r:g} Hz)" for n, r in rates.items() if r < max(rates.values())]
    meta = dict(loaded.meta)
    if raised:
        note = f"recorded at a lower rate and brought to {loaded.signal.rate:g} Hz in reading: {', '.join(raised)}"
        meta["notes"] = (*meta.get("notes", ()), note)
    return Loaded(replace(loaded.signal, channels=channels), loaded.points, meta)


def with_its_header(path: Path, read_raw: Callable[..., Any]) -> Loaded:
    """A file as MNE's ``read_raw`` reads it, put right by what its header says."""
    said = header(path)
    return with_header(from_raw(read_raw(path, preload=True, verbose="WARNING")), said)
