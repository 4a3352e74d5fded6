"""How long a run will still take.

The time left is what the tasks that remain would take at the pace of the latest of their kind: the first ones also load
programs, and those that an earlier run left are there at once. Before any of a kind is done, its cost is taken from one
that was tried ahead (:mod:`interbrain.study.ahead`), or guessed from the kind that it grows with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from interbrain.data.plan import Plan
from interbrain.data.study import Study
from interbrain.study.partners import AT_ONCE

TITLES = {
    "persons": "reading recordings",
    "meetings": "measuring meetings",
    "cells": "re-pairing partners",
    "twins": "looking for copies",
    "tests": "testing over groups",
    "course": "following the course",
    "write": "writing the tables",
    "report": "drawing the report",
}
LIKE = {"cells": "meetings", "tests": "cells", "course": "cells", "write": "cells"}
"""The kind that another one's cost is guessed from, where that is not the reading of recordings."""


@dataclass
class Kind:
    """Tasks of one kind: how many, what one is thought to cost, and what those that are done did cost (s).

    ``cost`` counts in a unit that all kinds have in common; ``alone`` tasks are done by one process while the others
    wait; ``tried`` is what one took that was tried ahead.
    """

    title: str
    count: int
    cost: float
    alone: bool = False
    seconds: list[float] = field(default_factory=list)
    begun: dict[int, float] = field(default_factory=dict)
    tried: float | None = None

    def each(self, workers: int) -> float | None:
        """Seconds that one is expected to take; None while none was seen."""
        if not self.seconds:
            return self.tried
        latest = self.seconds[-max(2 * workers, -(-len(self.seconds) // 4)) :]
        return sum(latest) / len(latest)


class Forecast:
    """Seconds left of a run.

    Parameters
    ----------
    kinds
        By name.
    workers
        Processes.
    """

    def __init__(self, kinds: dict[str, Kind], workers: int, now: Callable[[], float] = time.monotonic) -> None:
        self.kinds, self.workers, self.now = kinds, max(1, workers), now

    def counted(self, names: Sequence[str]) -> None:
        """How many there really are of each kind that is named."""
        for name in set(names):
            self.kinds[name].count = names.count(name)

    def begun(self, kind: str, index: int) -> None:
        self.kinds[kind].begun[index] = self.now()

    def ended(self, kind: str, index: int) -> None:
        self.kinds[kind].seconds.append(self.now() - self.kinds[kind].begun.pop(index))

    def tried(self, kind: str, seconds: float) -> None:
        """What one task of a kind took that was tried ahead; it counts until the first is done."""
        self.kinds[kind].tried = seconds

    def left_s(self) -> float | None:
        """None while nothing is known."""
        if all(k.each(self.workers) is None for k in self.kinds.values()):
            return None
        return sum(self._left_of(name) for name in self.kinds)

    def _left_of(self, name: str) -> float:
        kind = self.kinds[name]
        each = self._each(name)
        under_way = [self.now() - begun for begun in kind.begun.values()]
        waiting = kind.count - len(kind.seconds) - len(under_way)
        # One that is under way for longer than expected is thought to be half done at least.
        seconds = max(waiting, 0) * each + sum(max(each - t, 0.1 * t) for t in under_way)
        return seconds / (1 if kind.alone else min(self.workers, max(kind.count, 1)))

    def _each(self, name: str) -> float:
        seen = self.kinds[name].each(self.workers)
        if seen is not None:
            return seen
        for other in (LIKE.get(name, "persons"), *self.kinds):
            known = self.kinds[other].each(self.workers) if other in self.kinds else None
            if known is not None and self.kinds[other].cost > 0:
                return known / self.kinds[other].cost * self.kinds[name].cost
        return 0.0


def forecast(study: Study, plan: Plan, n_recordings: int, workers: int) -> Forecast:
    """What a run is thought to take, in units of one estimate of one pair of people."""
    sessions = {(m.session, m.condition, s.name) for m in study.meetings for s in m.segments}
    groups = max(len(study.groups), 1)
    estimates = float(sum(1 + a.n_surrogates * len(a.surrogates) for a in plan.analysis))
    re_paired = [a for a in plan.analysis if a.repair and not a.of_group] if groups > 1 else []
    cells = len(re_paired) * len(sessions) * -(-groups // AT_ONCE)
    tables = 0.5 * estimates * len(study.meetings) + 0.1 * cells * AT_ONCE * groups
    kinds = {
        "persons": (n_recordings, PERSON, False),
        "twins": (1, COMPARED * PERSON * n_recordings, True),
        "meetings": (len(study.meetings), estimates, False),
        "cells": (cells, min(AT_ONCE, groups) * groups * 0.5, False),
        "tests": (1, 0.002 * tables, True),
        "course": (1, 0.006 * tables, True),
        "write": (1, 0.025 * tables, True),
        "report": (1, PERSON, True),
    }
    return Forecast({name: Kind(TITLES[name], *kind) for name, kind in kinds.items()}, workers)


PERSON = 10.0
"""What it costs to read a recording, in those units."""
COMPARED = 0.1
"""What it costs to compare a recording with all others, against reading it."""
