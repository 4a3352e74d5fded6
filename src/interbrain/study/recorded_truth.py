"""What growth a run should find in a recorded course: its own measure over many recordings of the same meetings.

The planted share and lag of each meeting stay, everything else (own sources, body, device) is drawn anew, and each
recording goes through the preparation, the measure and the surrogates of the run. The expected excess of a session is
the mean over its meetings; growth is that within dyads, since a session's mean also depends on who was recorded in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from interbrain.arrays.streams import stream
from interbrain.data.plan import Analysis, Plan, default_plan
from interbrain.data.records import DeviceRecord
from interbrain.data.signal import Estimate, Signal
from interbrain.data.study import Segment
from interbrain.inference.null import Null
from interbrain.signals.prepare import prepare
from interbrain.simulate.recordings._who_met import held
from interbrain.simulate.recordings.devices import device
from interbrain.simulate.recordings.devices._state import MeetingState
from interbrain.simulate.recordings.recorded import Recorded, record_meeting
from interbrain.study.pool import Done, run_tasks
from interbrain.study.truth import against_chance

AT_LEAST, TIMES = 6, 2
"""Recordings a session, and of each meeting, whose scatter gives the Monte-Carlo error."""
Level = dict[tuple[str, str], list[tuple[str, float]]]
"""By (kind of signal, place): who met, and the excess of one recording."""


@dataclass(frozen=True)
class Again:
    """Meetings of one number and kind, one device: to be recorded anew. A state stands as often as it is recorded.

    ``who`` names the pair of each state.
    """

    device: str
    analysis: Analysis
    plan: Plan
    seed: int
    segment: str
    session: int
    who: tuple[str, ...]
    states: tuple[MeetingState, ...]
    artefacts_per_minute: float = 0.3


def default_analysis(record: DeviceRecord) -> tuple[Analysis, Plan] | None:
    """The first analysis that a study of this modality gets, and its plan; None where there is none."""
    plan = default_plan((record.modality,)) if record.modality else None
    return (plan.analysis[0], plan) if plan else None


def tasks(found: Recorded, plan: Plan | None = None, at_least: int = AT_LEAST) -> list[Again]:
    """One a device, segment and session; the analyses are the first of each modality in ``plan``, or the defaults.

    All meetings of a session are recorded equally often, ``at_least`` recordings together.
    """
    settings = found.study.truth["recording"] if found.study.truth else {}
    artefacts = settings.get("artefacts_per_minute", Again.artefacts_per_minute)
    made = []
    for name in settings.get("devices", ()):
        record = device(name)
        analyses = [a for a in plan.analysis if a.modalities == (record.modality,) * 2] if plan else []
        default = default_analysis(record)
        if default is None or not record.carries:
            continue
        analysis, whole = (analyses[0], plan) if analyses and plan else default
        by_number: dict[tuple[str, int], list[tuple[str, MeetingState]]] = defaultdict(list)
        for each in held(found.run.course, found.states, found.conversations):
            by_number[each.state.name, each.session].append((f"{each.dyad} {each.partner}", each.state))
        for where, met in by_number.items():
            who, states = zip(*met * max(TIMES, -(-at_least // len(met))))
            made.append(Again(name, analysis, whole, found.run.course.seed, *where, who, states, artefacts))
    return made


def expected(task: Again) -> Level:
    """Each recording's excess."""
    found: Level = defaultdict(list)
    for number, (who, state) in enumerate(zip(task.who, task.states)):
        seed = int(stream(task.seed, "truth", task.device, task.segment, task.session, number).integers(2**31))
        for key, _, null in measured(task.device, state, task.analysis, task.plan, seed, task.artefacts_per_minute):
            found[key].append((who, float(np.nanmean(null.excess))))
    return dict(found)


def measured(
    name: str, state: MeetingState, analysis: Analysis, plan: Plan, seed: int, artefacts_per_minute: float = 0.3
) -> Iterable[tuple[tuple[str, str], Estimate, Null]]:
    """One meeting recorded and measured without its rest, where something is planted: (kind, place), value, null."""
    record = device(name)
    pair = record_meeting(name, state, seed, 0, 0, artefacts_per_minute)
    a, b = (prepare(_carrying(each.signal, record, plan), record.modality, plan).signal for each in pair)
    segment = Segment(state.name, state.rest_s, state.duration)
    kinds = [k for k in dict.fromkeys(c.kind for c in a.channels) if not analysis.signals or k in analysis.signals]
    for kind in kinds:
        for place in record.carries:
            first, second = (_at(side, kind, place) for side in (a, b))
            if first.channels and second.channels:
                random = stream(seed, "truth surrogates", kind, place)
                yield (kind, place), *against_chance(analysis, first, second, segment, random)


def _carrying(signal: Signal, record: DeviceRecord, plan: Plan) -> Signal:
    """Channels of the places that carry something: each is prepared by itself, so the others would only take time.

    An average reference is the exception: it is taken over all of them.
    """
    if record.modality == "eeg" and plan.eeg.average_reference:
        return signal
    return signal.pick([i for i, c in enumerate(signal.channels) if {c.region, c.name} & set(record.carries)])


def _at(signal: Signal, kind: str, place: str) -> Signal:
    """Channels of a kind in a region, or of that name."""
    return signal.pick([i for i, c in enumerate(signal.channels) if c.kind == kind and place in (c.region, c.name)])


def with_growth(found: Recorded, todo: Sequence[Again], workers: int = 1, done: Done | None = None) -> Recorded:
    """The same with slope of the expected excess over sessions and its Monte-Carlo error in ``truth["planted"]``.

    Places between which something is planted and of which no slope was worked out stay without one.
    """
    levels = run_tasks(expected, list(todo), workers, done or Done(lambda index: None))
    grown = slopes(todo, levels)
    about = ("device", "segment", "place_a", "place_b")
    known = {tuple(row[k] for k in about) for row in grown}
    truth = found.study.truth or {}
    rest = [r for r in truth.get("planted", ()) if tuple(r[k] for k in about) not in known]
    return replace(found, study=replace(found.study, truth={**truth, "planted": [*grown, *rest]}))


def slopes(todo: Sequence[Again], levels: Sequence[Level]) -> list[dict[str, Any]]:
    """A row a segment, device, kind of signal and place, where a pair has two sessions."""
    rows: dict[tuple[str, str, str, str, str], list[tuple[str, int, float]]] = defaultdict(list)
    for task, level in zip(todo, levels, strict=True):
        for (kind, place), values in level.items():
            key = task.segment, task.device, task.analysis.name, kind, place
            rows[key] += [(who, task.session, excess) for who, excess in values]
    planted = []
    for (segment, name, analysis, kind, place), recorded in rows.items():
        table = pd.DataFrame(recorded, columns=["who", "session", "excess"])
        slope, error = slope_within(table)
        if not np.isfinite(slope):
            continue
        planted.append(
            {
                "device": name,
                "analysis": analysis,
                "place_a": place,
                "place_b": place,
                "signal": kind,
                "segment": segment,
                "slope_per_session": slope,
                "slope_se": error,
                "expected_excess": [round(float(m), 6) for m in table.groupby("session")["excess"].mean()],
            }
        )
    return planted


def slope_within(table: pd.DataFrame) -> tuple[float, float]:
    """Slope of ``excess`` over ``session`` within each ``who``, and its Monte-Carlo error; NaN where nobody came twice.

    All meetings weigh alike. The error comes from the scatter of a meeting's recordings, pooled over meetings.
    """
    each = table.groupby(["who", "session"])["excess"].agg(["mean", "var", "count"]).reset_index()
    time = each["session"] - each.groupby("who")["session"].transform("mean")
    spread = float((time**2).sum())
    if not spread:
        return np.nan, np.nan
    weight, more = time / spread, each["count"] - 1
    scatter = float((each["var"].fillna(0.0) * more).sum() / max(more.sum(), 1))
    return float(weight @ each["mean"]), float(np.sqrt((weight**2 / each["count"]).sum() * scatter))
