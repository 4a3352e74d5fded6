"""What a claim is made of: its mechanism, the runs that are compared, and what is known outside the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from interbrain.simulate.courses.course import Course, changed, without

BASE = Course(therapy="cbt", dropout=0.0)
"""What every claim starts from: all defaults, but nobody leaves, so that both runs of a pair hold the same dyads."""

Status = Literal["built in", "emergent", "theorem"]
Role = Literal["mechanism", "rival", "condition"]


def course(*off: str, **settings: Any) -> Course:
    """The base with other settings, and with mechanisms (of ``ABLATIONS``) switched off."""
    made = changed(BASE, settings)
    return without(made, *off) if off else made


@dataclass(frozen=True)
class Contrast:
    """Two courses over the same seeds.

    Parameters
    ----------
    title
        What differs, the first course first.
    first, second
        With the mechanism, and without it (or with the rival, or in the other condition).
    expects
        Figure (of ``claims._figures``) and the sign of first minus second that the claim asks for; 0: no difference.
    role
        ``"mechanism"``: ``second`` lacks it; ``"rival"``: ``second`` has another rule; ``"condition"``: another input.
    status
        Of this outcome, where it differs from the claim's.
    """

    title: str
    first: Course
    second: Course
    expects: Mapping[str, int]
    role: Role = "mechanism"
    status: Status | None = None


@dataclass(frozen=True)
class Side:
    """A comparison in a model of its own, beside the course: a synapse, a pair of oscillators.

    ``run`` takes the seeds and gives columns seed, first, second; one row with an empty seed where nothing is drawn.
    ``expects`` is the sign of first minus second, ``band`` how much is negligible.
    """

    title: str
    figure: str
    run: Callable[[Sequence[int]], pd.DataFrame]
    expects: int
    band: float
    status: Status
    role: Role = "mechanism"


@dataclass(frozen=True)
class Claim:
    """One claim of the theory.

    Parameters
    ----------
    order
        Its place on the page.
    claim
        In one sentence.
    mechanism
        Which settings carry it in the model.
    status, why
        Whether the outcome is built in, emergent or a theorem, and how one knows.
    contradicted
        What in these runs would contradict it.
    grade, evidence, against, dois
        Outside the model: A to D and O as on the page of a therapy; what speaks for it and against it, with sources.
    premises
        Figures that only show that a comparison is the one that was meant (there *is* more synchrony); they do not
        count for the claim, and where one of them fails the comparison says nothing of it.
    judged_by
        Comparisons that say whether the claim comes out; others stand beside them.
    """

    order: int
    name: str
    claim: str
    mechanism: str
    status: Status
    why: str
    contradicted: str
    grade: str
    evidence: str
    against: str
    contrasts: tuple[Contrast, ...]
    premises: tuple[str, ...] = ()
    judged_by: Role = "mechanism"
    dois: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
