"""One meeting measured ahead, so that the time left is honest from the start: nothing else says what a meeting takes.

Its steps are kept where the run looks for them, so nothing is done twice and no number changes.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from interbrain.data.plan import Plan
from interbrain.data.study import Meeting, Study
from interbrain.study.people import pair_tasks
from interbrain.study.person import PersonTask, lost_person, prepare_person
from interbrain.study.pool import Runner
from interbrain.study.progress import Progress
from interbrain.study.slots import Slot, slots
from interbrain.study.within import lost_pair, measure_pair

WORTH = 8
"""Fewer meetings are done soon, and are not worth it."""


def try_ahead(
    study: Study, plan: Plan, tasks: dict[Slot, PersonTask], work: Path, pool: Runner, bar: Progress, debug: bool
) -> None:
    """Prepare the people of the first meeting that has two, measure it, and tell the bar what that took."""
    if len(study.meetings) < WORTH or any(a.confounds for a in plan.analysis):
        return
    meeting = next((m for m in study.meetings if len(_slots(study, m, tasks)) >= 2), None)
    if meeting is None:
        return
    alone = replace(study, meetings=(meeting,))
    chosen = _slots(study, meeting, tasks)
    people = dict(zip(chosen, pool.run(prepare_person, [tasks[s] for s in chosen], None, lost_person), strict=True))
    pairs, _ = pair_tasks(alone, plan, people, frozenset(), work, debug)
    if pairs:
        begin = time.monotonic()
        pool.run(measure_pair, pairs, None, lost_pair)
        at_once = min(len(pairs), pool.number)
        bar.tried("meetings", (time.monotonic() - begin) * at_once)


def _slots(study: Study, meeting: Meeting, tasks: dict[Slot, PersonTask]) -> list[Slot]:
    return [s for s in slots(replace(study, meetings=(meeting,))) if s in tasks]
