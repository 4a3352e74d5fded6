"""What a task says about itself, in plain Python: it is read in every tool's environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

OURS = "interbrain"


@dataclass(frozen=True)
class Case:
    """One line of the table.

    Parameters
    ----------
    title
        What is computed.
    peers
        The tools beside interbrain; each has an environment in ``bench._environments``.
    target
        CPU seconds of the first peer over interbrain's that are asked for; None: none.
    limits
        What is asked of interbrain alone: ``"cpu_s"``, ``"wall_s"``, ``"peak_mb"``, ``"error"``, ``"apart"`` (standard
        errors between figures of random runs) to the largest allowed.
    rounds
        How often each tool runs, in turns.
    note
        What the table must say: a fraction that was scaled, another convention.
    reference
        What the error is taken against; empty: the first peer.
    targets
        Like ``target``, of further peers by name.
    """

    title: str
    peers: tuple[str, ...] = ()
    target: float | None = None
    limits: dict[str, float] = field(default_factory=dict)
    rounds: int = 3
    note: str = ""
    reference: str = ""
    targets: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A call that is timed, and how many times the whole task does it; 0 only shows how the cost grows.

    A call that gives a float says its CPU seconds itself (it starts processes); ``units`` is what it does at once.
    """

    call: Callable[[], object]
    times: float = 1.0
    name: str = ""
    units: float = 1.0


@dataclass(frozen=True)
class Built:
    """One tool's side of a case: ``steps`` are timed; ``values`` gives numbers for comparison, not timed.

    ``warm`` is called once before, on small data, so that no compilation is timed. ``figures`` gives what random runs
    agree on up to chance: name to mean and its standard error, not timed.
    """

    steps: tuple[Step, ...]
    values: Callable[[], np.ndarray] | None = None
    warm: Callable[[], object] | None = None
    figures: Callable[[], dict[str, tuple[float, float]]] | None = None
