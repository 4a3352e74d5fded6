"""What is said of every modulator: what it acts on, how well that is known, what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grade = Literal["A", "B", "C", "D"]
GRADES: dict[Grade, str] = {
    "A": "shown in people, by experiment, and repeated",
    "B": "shown in people, by experiment, once or with reservations",
    "C": "shown in animals or slices; its place in a therapy is inferred",
    "D": "theory or analogy; no direct evidence was found",
}


@dataclass(frozen=True)
class Gate:
    """A modulator: what it acts on in the model, what rests on evidence, how good that is, and what speaks against."""

    name: str
    acts_on: str
    grade: Grade
    evidence: str
    against: str
    sources: tuple[str, ...]
