"""Second step of a run for measures of a whole group: one meeting, all of its members at once.

Members are put on one clock together. Each channel that all of them have (whatever its name, where each has one) gives
one value. Surrogates move every member but the first, each by a draw of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput, InterbrainError, Problem
from interbrain.data.plan import Analysis, Plan
from interbrain.data.signal import Block, Estimate, Signal
from interbrain.data.study import Meeting, Segment, Study
from interbrain.data.tables import EVERYBODY
from interbrain.inference.halves import group_halves
from interbrain.inference.null import Null, compare, group_draws
from interbrain.signals.align import common_clock, cut
from interbrain.study import tabulate
from interbrain.study.boundary import LOST, told
from interbrain.study.cache import Kept, Step, key_of, once, path_of
from interbrain.study.clock import on_clock, starts
from interbrain.study.confounds import Beside, Clocked
from interbrain.study.parts import check_share, taken_out_of_group
from interbrain.study.people import beside, zero_of
from interbrain.study.person import Person, signal_of
from interbrain.study.sides import Places, Side, channels_of, is_confound
from interbrain.study.slots import Slot
from interbrain.study.within import Asked, Findings, asked, keep_draws, pool_draws, pool_estimate, windows_of

FEWEST = 3


@dataclass(frozen=True)
class WholeTask:
    """All members of one meeting with a recording of one modality, in the order of the study's roles."""

    meeting: Meeting
    sides: tuple[Side, ...]
    paths: tuple[Path, ...]
    metas: tuple[dict[str, Any], ...]
    plan: Plan
    modality: str
    folder: Path
    debug: bool = False
    zero: str | None = None
    beside: tuple[tuple[Beside, ...], ...] = ()

    @property
    def people(self) -> Clocked:
        """All members' recordings and what lies beside them, on a clock that counts from the first one's."""
        recordings = tuple(s.recording for s in self.sides)

        def start_of(k: int) -> float:
            base, _, _ = starts(recordings[0], recordings[0], self.metas[0], self.metas[0], self.zero)
            here, there, _ = starts(recordings[0], recordings[k], self.metas[0], self.metas[k], self.zero)
            return float(base) + there - here

        return Clocked(recordings, self.metas, self.beside, self.zero, start_of)

    @property
    def analyses(self) -> list[Analysis]:
        return [a for a in self.plan.analysis if a.of_group and a.modality == self.modality]

    @property
    def where(self) -> str:
        return f"group {self.meeting.group}, session {self.meeting.session}, {self.modality}, {EVERYBODY}"


def whole_tasks(
    study: Study, plan: Plan, people: dict[Slot, Person], refused: frozenset[str], work: Path, debug: bool
) -> tuple[list[WholeTask], list[Problem]]:
    """One task for every meeting and modality that a measure of whole groups is asked of; who is absent is told."""
    tasks, problems = [], []
    order = {role: i for i, role in enumerate(study.roles)}
    for meeting in (m for m in study.meetings if m.key not in refused):
        members = sorted(study.group(meeting.group).members, key=lambda m: order.get(m.role, len(order)))
        for modality in dict.fromkeys(a.modality for a in plan.analysis if a.of_group):
            found, absent = [], []
            for member in members:
                of_them = [r for r in meeting.of(member.role, modality) if r.person == member.person][:1]
                person = people.get((meeting.key, meeting.recordings.index(of_them[0]))) if of_them else None
                if person is None or person.signal_path is None:
                    absent.append(f"{member.role} {member.person}")
                else:
                    side = Side(member, of_them[0])
                    found.append((side, person.signal_path, person.meta, beside(meeting, side, people)))
            place = f"group {meeting.group}, session {meeting.session}, {modality}, {EVERYBODY}"
            if len(found) >= FEWEST:
                sides, paths, metas, others = zip(*found, strict=True)
                slim, zero = replace(meeting, recordings=()), zero_of(meeting, people)
                tasks.append(WholeTask(slim, sides, paths, metas, plan, modality, work / "pairs", debug, zero, others))
            if absent or len(found) < FEWEST:
                enough = len(found) >= FEWEST
                what = _who_is_absent(absent, len(members), len(found), modality)
                why = "a group's value depends on how many are in it" if enough else f"it takes {FEWEST} members"
                done = "measured without them" if enough else "this session was left out"
                problems.append(Problem(place, what, why, done, costs_data=not enough))
    return tasks, problems + not_reassembled(tasks)


def _who_is_absent(absent: list[str], members: int, found: int, modality: str) -> str:
    if not absent:
        return f"the group has {members} member{'s' * (members != 1)}"
    have = "nobody has" if not found else f"{found} member{' has' if found == 1 else 's have'}"
    one = len(absent) == 1
    return f"{', '.join(absent)} {'has' if one else 'have'} no {modality} recording that can be read; {have} one"


def measure_whole(task: WholeTask) -> Kept:
    """All analyses of a whole group at one meeting."""
    key = key_of(
        "whole",
        [p.name for p in task.paths],
        [(s.member.person, s.member.role, s.recording.offset_s, str(s.recording.path)) for s in task.sides],
        [a.model_dump(mode="json") for a in task.analyses],
        task.plan.model_dump(mode="json", include={"seed", "quality", "fnirs", "eeg", "motion"}),
        asdict(task.meeting) | {"recordings": None},
        task.zero,
        task.people.key if any(a.partial for a in task.analyses) else "",
    )
    return once(path_of(task.folder, key), lambda: _measured(task))


def lost_whole(task: WholeTask) -> Step:
    """A meeting whose process was killed."""
    found = Findings()
    found.problems.append(Problem(task.where, LOST, "nothing can be said about it", "the session was left out"))
    return found.step()


def _measured(task: WholeTask) -> Step:
    found = Findings()
    try:
        signals = _together(task)
    except InterbrainError as error:
        found.problems.append(Problem(task.where, str(error), "the members share no samples", "session left out"))
        return found.step()
    for analysis in task.analyses:
        for segment in task.meeting.segments:
            try:
                _segment(task, asked(analysis), segment, signals, found)
            except InterbrainError as error:
                _left_out(task, analysis, segment, error, found)
            except Exception as error:  # noqa: BLE001 - the boundary: one bad segment never stops the others
                _left_out(task, analysis, segment, told(error, task.debug), found)
    return found.step()


def _left_out(task: WholeTask, analysis: Analysis, segment: Segment, error: Exception, found: Findings) -> None:
    where = f"{task.where}, {segment.name}, {analysis.name}"
    found.problems.append(Problem(where, str(error), "no honest number can be given", "this was left out here"))


def _together(task: WholeTask) -> list[Signal]:
    """All members at the slowest rate, over the samples and epochs that everybody has."""
    people = task.people
    signals = [on_clock(signal_of(path), people.start_of(k)) for k, path in enumerate(task.paths)]
    shared = signals[0]
    for signal in signals[1:]:
        shared, _, _ = common_clock(shared, signal)
    return [common_clock(shared, signal)[1] for signal in signals]


def _segment(task: WholeTask, ask: Asked, segment: Segment, signals: list[Signal], found: Findings) -> None:
    analysis = ask.analysis
    there = dict.fromkeys(c.kind for c in signals[0].channels if not is_confound(c, analysis))
    kinds = [k for k in there if all(channels_of(analysis, s, k).channels for s in signals)]
    wanted = [k for k in analysis.signals if k in kinds] if analysis.signals else kinds
    if not wanted:
        raise BadInput(f"signals {list(analysis.signals) or 'of one kind'} are not in all members.")
    for kind in wanted:
        members, places = _matched([channels_of(analysis, s, kind) for s in signals], analysis)
        blocks = [cut(members[0], m, segment)[1] for m in members]
        before: tuple[list[Block], float] | None = None
        if analysis.partial:
            blocks, before = taken_out_of_group(task.people, analysis, signals, members, blocks, segment)
        usable = float(np.logical_and.reduce([b.valid for b in blocks]).mean())
        check_share(usable, task.plan.quality.min_usable)
        context = _context(task, ask, kind, segment, places, blocks[0], usable)
        _compare(task, ask, blocks, before, places, context, found)


def _matched(members: list[Signal], analysis: Analysis) -> tuple[list[Signal], Places]:
    """The channels that all have, in one order, and the places of the table: channels, or regions of channels."""
    if all(len(m.channels) == 1 for m in members):
        return members, _places("channel", [members[0].channels[0].name if _one_name(members) else EVERYBODY])
    names = [n for n in members[0].names if all(n in m.names for m in members)]
    if not names:
        raise BadInput(f"no channel is common to all {len(members)} members; name the same channels for each.")
    picked = [m.pick([m.names.index(n) for n in names]) for m in members]
    regions = [c.region for c in picked[0].channels]
    if analysis.level == "region" or (analysis.level == "auto" and all(regions)):
        return picked, _places("region", [r or "" for r in regions])
    return picked, _places("channel", names)


def _one_name(members: list[Signal]) -> bool:
    return len({m.channels[0].name for m in members}) == 1


def _places(level: str, labels: list[str]) -> Places:
    names = tuple(dict.fromkeys(n for n in labels if n))
    members = tuple(tuple(i for i, label in enumerate(labels) if label == name) for name in names)
    return Places(level, names, (EVERYBODY,), members, ((0,),), np.ones((len(names), 1), dtype=bool))


def _context(
    task: WholeTask, ask: Asked, kind: str, segment: Segment, places: Places, block: Block, usable: float
) -> dict[str, Any]:
    about = {"analysis": ask.analysis.name, "measure": ask.analysis.measure, "modality": ask.analysis.modality_name}
    who = {"person_a": "", "person_b": "", "role_a": EVERYBODY, "role_b": EVERYBODY}
    length = {"duration_s": block.shape[0] * block.shape[2] / block.rate, "usable": usable}
    return {**tabulate.meeting_key(task.meeting, segment.name), **about, "signal_a": kind, "signal_b": kind, **who,
            "level": places.level, **length}  # fmt: skip


def _compare(
    task: WholeTask,
    ask: Asked,
    blocks: list[Block],
    before: tuple[list[Block], float] | None,
    places: Places,
    context: dict[str, Any],
    found: Findings,
) -> None:
    """``before`` are the members with their confounds still in them, and the share of variance that was taken out."""
    state = _state(ask, blocks)
    pooled = pool_estimate(ask.module.reduce(state), places)
    found.add("synchrony", tabulate.synchrony_rows(pooled, places, ask.analysis, context))
    for surrogate in ask.analysis.surrogates:
        null, stabilised = _null(task, ask, blocks, pooled, places, surrogate, context)
        family = tabulate.family_name(context, ask.analysis, surrogate)
        found.add("nulls", tabulate.null_rows(null, places, ask.analysis, context, surrogate, family, pooled))
        keep_draws(null, stabilised, pooled, places, ask.analysis, context, surrogate, found)
        if surrogate == ask.analysis.surrogates[0]:
            if before is not None:
                with_them = pool_estimate(ask.module.reduce(_state(ask, before[0])), places)
                null_with_them, _ = _null(task, ask, before[0], with_them, places, surrogate, context)
                both, removed = ((with_them, null_with_them), (pooled, null)), (before[1], np.nan)
                rows = tabulate.confound_rows(*both, removed, places, ask.analysis, context)
                found.add("confounds", [{**row, "null": surrogate} for row in rows])
            about = (task.meeting.key, context["segment"], context["signal_a"])
            streams = _streams(task, "halves of a member", *about, n=len(blocks))
            apart = group_halves(ask.module, ask.record, state, blocks, ask.settings, surrogate, streams)
            found.add("halves", tabulate.halves_rows(apart, null, pooled, places, ask.analysis, context, surrogate))
    if ask.analysis.window_s:
        windows = windows_of(blocks[0], ask.analysis.window_s)
        over_time = [pool_estimate(e, places) for e in ask.module.reduce(state, windows)]
        found.add("windows", tabulate.window_rows(over_time, windows / blocks[0].rate, places, ask.analysis, context))


def _state(ask: Asked, blocks: list[Block]) -> Any:
    return ask.module.combine(*(ask.module.prepare(b, ask.settings) for b in blocks))


def _null(
    task: WholeTask, ask: Asked, blocks: list[Block], pooled: Estimate, places: Places, surrogate: str,
    context: dict[str, Any],
) -> tuple[Null, np.ndarray]:  # fmt: skip
    """The observed values against surrogates, the same ones for the same signals, and the stabilised draws."""
    about = (task.meeting.key, context["segment"], context["signal_a"], surrogate)
    streams = _streams(task, "surrogate of a member", *about, n=len(blocks))
    draws = group_draws(ask.module, blocks, ask.settings, surrogate, ask.analysis.n_surrogates, streams)
    raw, stabilised = pool_draws(draws, places, ask.record)
    return compare(pooled.value, pooled.stabilised, raw, stabilised, draws.near), stabilised


def _streams(task: WholeTask, what: str, *about: str, n: int) -> list[np.random.Generator]:
    """One for every member but the first."""
    return [stream(task.plan.seed, what, *about, k) for k in range(1, n)]


def not_reassembled(tasks: Sequence[WholeTask]) -> list[Problem]:
    """Analyses whose plan asks for re-paired partners, of which whole groups have none."""
    asked_for = dict.fromkeys(a.name for task in tasks for a in task.analyses if a.repair)
    n = len({task.meeting.group for task in tasks})
    return [
        Problem(
            f"{name}, {EVERYBODY}",
            "members were not re-assembled from different groups",
            "a value of a whole group has no partners to be permuted",
            "compared with surrogates within each group alone; to compare with people who never met, measure the pairs",
            costs_data=False,
        )
        for name in asked_for
        if n > 1
    ]
