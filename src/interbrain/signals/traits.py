"""What is kept of a recording to compare it with all others: small, and enough to tell one recording from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.data.signal import Signal
from interbrain.signals.bodies import Rhythm, rhythms
from interbrain.signals.marks import Marks, marks
from interbrain.signals.motion import RESTS_AT_ZERO
from interbrain.signals.seams import Ends, ends
from interbrain.signals.sketch import Sketch, sketch
from interbrain.signals.twins import Fingerprint, fingerprint

WITH_A_PULSE = ("fnirs", "eeg", "heart", "eda")
"""Modalities in which a rhythm of 1 Hz is a heart; in movement and voice it is what people do in time."""


@dataclass(frozen=True, eq=False)
class Traits:
    """Exact fingerprint, sketch, ends, body rhythms and marks of one raw recording."""

    print: Fingerprint
    sketch: Sketch
    ends: Ends | None
    rhythms: dict[str, Rhythm]
    marks: Marks


def traits(signal: Signal, modality: str) -> Traits:
    """All of them, from the samples as they were read."""
    return Traits(
        fingerprint(signal),
        sketch(signal),
        ends(signal),
        rhythms(signal) if modality in WITH_A_PULSE else {},
        marks(signal, rest=0.0 if modality in RESTS_AT_ZERO else None),
    )


def packed(found: Traits) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """JSON-able facts and named arrays, for :func:`unpacked`."""
    facts: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    parts = {"print": found.print, "sketch": found.sketch, "ends": found.ends, "marks": found.marks}
    parts |= {f"rhythm-{name}": rhythm for name, rhythm in found.rhythms.items()}
    for part, value in parts.items():
        if value is None:
            continue
        facts[part] = {k: v for k, v in vars(value).items() if not isinstance(v, np.ndarray)}
        arrays |= {f"traits/{part}/{k}": v for k, v in vars(value).items() if isinstance(v, np.ndarray)}
    return facts, arrays


def unpacked(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Traits:
    def part(name: str) -> dict[str, Any]:
        start = f"traits/{name}/"
        return {**facts[name], **{k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}}

    return Traits(
        Fingerprint(**part("print")),
        Sketch(**part("sketch")),
        Ends(**part("ends")) if "ends" in facts else None,
        {k.removeprefix("rhythm-"): Rhythm(**part(k)) for k in facts if k.startswith("rhythm-")},
        Marks(**part("marks")),
    )
