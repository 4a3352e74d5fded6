"""How long a run will still take.

The time left is what the tasks that remain would take at the pace of those of their kind that are done. Before any of a
kind is done, its cost is guessed from that of the others; the tasks are ordered so that each kind is met early.
"""

from __future__ import annotations

import time
from collections.abc import Callable
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
    "report": "drawing the report",
}


@dataclass
class Kind:
    """Tasks of one kind: how many, what one is thought to cost, and what those that are done did cost (s)."""

    title: str
    count: int
    cost: float
    alone: bool = False
    seconds: list[float] = field(default_factory=list)
    begun: dict[int, float] = field(default_factory=dict)


class Forecast:
    """Seconds left of a run.

    Parameters
    ----------
    kinds
        By name. ``cost`` counts in any one unit; ``alone`` tasks are done by one process while the others wait.
    workers
        Processes.
    """

    def __init__(self, kinds: dict[str, Kind], workers: int, now: Callable[[], float] = time.monotonic) -> None:
        self.kinds, self.workers, self.now = kinds, max(1, workers), now

    def begun(self, kind: str, index: int) -> None:
        self.kinds[kind].begun[index] = self.now()

    def ended(self, kind: str, index: int) -> None:
        self.kinds[kind].seconds.append(self.now() - self.kinds[kind].begun.pop(index))

    def left_s(self) -> float | None:
        """None while nothing is known."""
        done = [k for k in self.kinds.values() if k.seconds]
        if not done:
            return None
        pace = sum(sum(k.seconds) for k in done) / max(sum(len(k.seconds) * k.cost for k in done), 1e-9)
        left = 0.0
        for kind in self.kinds.values():
            each = sum(kind.seconds) / len(kind.seconds) if kind.seconds else pace * kind.cost
            under_way = [self.now() - begun for begun in kind.begun.values()]
            waiting = kind.count - len(kind.seconds) - len(under_way)
            # One that is under way for longer than expected is thought to be half done at least.
            seconds = max(waiting, 0) * each + sum(max(each - t, 0.1 * t) for t in under_way)
            left += seconds / (1 if kind.alone else min(self.workers, max(kind.count, 1)))
        return left


def forecast(study: Study, plan: Plan, n_recordings: int, workers: int) -> Forecast:
    """What a run is thought to take, in units of one estimate of one pair of people."""
    sessions = {(m.session, m.condition, s.name) for m in study.meetings for s in m.segments}
    groups = max(len(study.groups), 1)
    estimates = sum(1 + a.n_surrogates * len(a.surrogates) for a in plan.analysis)
    re_paired = [a for a in plan.analysis if a.repair and not a.of_group] if groups > 1 else []
    counts = {"persons": n_recordings, "meetings": len(study.meetings)}
    costs = {"persons": PERSON, "meetings": float(estimates)}
    counts["cells"] = len(re_paired) * len(sessions) * -(-groups // AT_ONCE)
    costs["cells"] = min(AT_ONCE, groups) * groups * 0.5
    kinds = {name: Kind(TITLES[name], counts[name], costs[name]) for name in counts}
    for name in ("twins", "tests", "course", "report"):
        kinds[name] = Kind(TITLES[name], 1, PERSON, alone=True)
    return Forecast(kinds, workers)


PERSON = 10.0
