"""Third step of a run: every A-side with every B-side of the same session number, segment and condition.

All recordings of a cell are cut to one length (or to the epochs that all of them have), since most measures depend on
length: a real pair and a re-paired one must differ in nothing but who met whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interbrain.arrays.streams import stream
from interbrain.data.errors import InterbrainError, Problem, RefusedScience
from interbrain.data.plan import Analysis, Plan
from interbrain.data.signal import Block, Signal
from interbrain.data.study import Segment, Study
from interbrain.inference.repair import Cell, repair, strata_of
from interbrain.signals.align import cut, usable_share
from interbrain.study import tabulate
from interbrain.study.boundary import LOST, told
from interbrain.study.cache import Step, key_of, once, path_of
from interbrain.study.groups import FAMILY, LABEL, cluster_columns, family_rows, neighbours_in, with_fdr
from interbrain.study.sides import kinds_of, places_of
from interbrain.study.within import Asked, Findings, PairTask, asked, pool_estimate, together

SHORTEST_SHARE = 0.5
"""A recording shorter than this share of its cell's median is left out rather than cutting all others to its length."""


@dataclass(frozen=True)
class CellTask:
    """All pairs of people who met at one session number in one segment and condition, for one analysis."""

    session: int
    condition: str
    segment: str
    analysis: Analysis
    plan: Plan
    members: tuple[tuple[PairTask, Segment], ...]
    folder: Path
    debug: bool = False

    @property
    def where(self) -> str:
        return f"session {self.session}, {self.segment}, {self.analysis.name}, re-pairing"


def repairing_tasks(
    study: Study, plan: Plan, pairs: list[PairTask], excluded: frozenset[str], work: Path, debug: bool
) -> tuple[list[CellTask], list[Problem]]:
    """One task a cell; groups of more than two and meetings that repeat another stay out."""
    roles = study.roles[:2]
    tasks: list[CellTask] = []
    problems: list[Problem] = []
    for analysis in (a for a in plan.analysis if a.repair):
        cells: dict[tuple[int, str, str], list[tuple[PairTask, Segment]]] = {}
        for pair in pairs:
            eligible = pair.modality == analysis.modality and pair.meeting.key not in excluded
            if eligible and (pair.side_a.member.role, pair.side_b.member.role) == tuple(roles):
                for segment in pair.meeting.segments:
                    key = (pair.meeting.session, pair.meeting.condition, segment.name)
                    cells.setdefault(key, []).append((pair, segment))
        for (session, condition, segment_name), members in sorted(cells.items(), key=lambda item: item[0]):
            if len({pair.meeting.group for pair, _ in members}) >= 2:
                folder = work / "cells"
                tasks.append(CellTask(session, condition, segment_name, analysis, plan, tuple(members), folder, debug))
    return tasks, problems


def measure_cell(task: CellTask) -> Step:
    """The measure for every A-side with every B-side of the cell."""
    plan = task.plan.model_dump(mode="json", include={"quality", "fnirs", "eeg", "motion"})
    members = [(p.path_a.name, p.path_b.name, p.zero, p.meeting.group, asdict(s)) for p, s in task.members]
    offsets = [(p.side_a.recording.offset_s, p.side_b.recording.offset_s) for p, _ in task.members]
    where = (task.session, task.condition, task.segment)
    key = key_of("cell", *where, task.analysis.model_dump(mode="json"), plan, members, offsets)
    return once(path_of(task.folder, key), lambda: _measured(task))


def lost_cell(task: CellTask) -> Step:
    """A cell whose process was killed."""
    found = Findings()
    _told(task, InterbrainError(LOST), found)
    return found.step()


def _measured(task: CellTask) -> Step:
    found = Findings()
    try:
        _pair_all(task, found)
    except InterbrainError as error:
        _told(task, error, found)
    except Exception as error:  # noqa: BLE001 - the boundary: one bad cell never stops the others
        _told(task, told(error, task.debug), found)
    return found.step()


def _told(task: CellTask, error: Exception, found: Findings) -> None:
    found.problems.append(Problem(task.where, str(error), "partners cannot be compared", "this cell was left out"))


@dataclass(frozen=True)
class _Cut:
    """One person's part of a cell: who, channels, block."""

    pair: PairTask
    signal: Signal
    block: Block
    ids: tuple[int, ...]


def _pair_all(task: CellTask, found: Findings) -> None:
    ask = asked(task.analysis)
    loaded = [(pair, segment, *signals) for pair, segment in task.members if (signals := _placed(pair)) is not None]
    for kind in dict.fromkeys(k for _, _, a, b in loaded for k in kinds_of(task.analysis, a, b)):
        parts = []
        for pair, segment, a, b in loaded:
            a, b = a.pick_kind(kind), b.pick_kind(kind)
            if a.channels and b.channels and (part := _cut(pair, a, b, segment)) is not None:
                parts.append(part)
        _check_rate(parts)
        _measure_pairs(task, ask, kind, _equal(task, parts, found), found)


def _placed(pair: PairTask) -> tuple[Signal, Signal] | None:
    """Both people on their meeting's one clock; None where they share no samples, which the meeting's step told."""
    try:
        return together(pair, Findings())
    except InterbrainError:
        return None


def _cut(pair: PairTask, a: Signal, b: Signal, segment: Segment) -> tuple[_Cut, _Cut] | None:
    """Both people's part of the segment; None where the meeting itself could not be measured, which its step told."""
    try:
        block_a, block_b = cut(a, b, segment)
    except InterbrainError:
        return None
    if usable_share(block_a, block_b) < pair.plan.quality.min_usable:
        return None
    return _Cut(pair, a, block_a, a.segment_ids), _Cut(pair, b, block_b, b.segment_ids)


def _check_rate(parts: list[tuple[_Cut, _Cut]]) -> None:
    rates = {round(side.block.rate, 9) for pair in parts for side in pair}
    if len(rates) > 1:
        listed = ", ".join(f"{r:g}" for r in sorted(rates))
        raise InterbrainError(f"recordings have different sampling rates ({listed} Hz); resample them to one rate.")


def _equal(task: CellTask, parts: list[tuple[_Cut, _Cut]], found: Findings) -> list[tuple[_Cut, _Cut]]:
    """All parts with the same samples: the epochs all have, or the length of the shortest that is long enough."""
    if not parts:
        return []
    if parts[0][0].block.epoched:
        common = sorted(set.intersection(*(set(side.ids) for pair in parts for side in pair)))
        if not common:
            raise InterbrainError(f"no epoch is common to all {len(parts)} groups of this session.")
        return [tuple(_epochs(side, common) for side in pair) for pair in parts]  # type: ignore[misc]
    lengths = [min(side.block.shape[2] for side in pair) for pair in parts]
    kept = [n >= SHORTEST_SHARE * float(np.median(lengths)) for n in lengths]
    for (side, _), n, keep in zip(parts, lengths, kept, strict=True):
        if not keep:
            what = f"group {side.pair.meeting.group} lasts {n / side.block.rate:.0f} s, under half of the others"
            done = "left out of re-pairing, so that the others need not be cut"
            problem = Problem(task.where, what, "partners are compared over equal lengths", done, costs_data=False)
            found.problems.append(problem)
    length = min(n for n, keep in zip(lengths, kept, strict=True) if keep)
    return [
        tuple(replace(side, block=_shortened(side.block, length)) for side in pair)  # type: ignore[misc]
        for pair, keep in zip(parts, kept, strict=True)
        if keep
    ]


def _epochs(side: _Cut, ids: list[int]) -> _Cut:
    index = [side.ids.index(i) for i in ids]
    block = replace(side.block, values=side.block.values[index], valid=side.block.valid[index])
    return replace(side, block=block, ids=tuple(ids))


def _shortened(block: Block, length: int) -> Block:
    return replace(block, values=block.values[..., :length], valid=block.valid[..., :length])


def _measure_pairs(task: CellTask, ask: Asked, kind: str, parts: list[tuple[_Cut, _Cut]], found: Findings) -> None:
    prepared = [tuple(ask.module.prepare(side.block, ask.settings) for side in pair) for pair in parts]
    for (a, _), (prepared_a, _) in zip(parts, prepared, strict=True):
        for (_, b), (_, prepared_b) in zip(parts, prepared, strict=True):
            places = places_of(task.analysis, a.signal, b.signal)
            estimate = pool_estimate(ask.module.reduce(ask.module.combine(prepared_a, prepared_b)), places)
            real = a.pair.meeting.group == b.pair.meeting.group
            shared = {
                "analysis": task.analysis.name,
                "measure": task.analysis.measure,
                "modality": task.analysis.modality,
                "signal_a": kind,
                "signal_b": kind,
                "level": places.level,
                "session": task.session,
                "condition": task.condition,
                "segment": task.segment,
                "group_a": a.pair.meeting.group,
                "group_b": b.pair.meeting.group,
                "real": real,
                "excluded": "",
            }
            value, stabilised = estimate.value.reshape(-1), estimate.stabilised.reshape(-1)
            rows = [
                {
                    **shared,
                    **dict(zip(("place_a", "place_b", "band", "direction"), label, strict=True)),
                    "value": float(value[i]),
                    "stabilised": float(stabilised[i]),
                }
                for i, label in enumerate(tabulate.labels(estimate, places))
            ]
            found.add("pairings", rows)


def pairing_rows(cells: Iterable[Step]) -> pd.DataFrame:
    parts = [pd.DataFrame(s.facts["tables"]["pairings"]) for s in cells if "pairings" in s.facts["tables"]]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def repair_tests(study: Study, plan: Plan, pairings: pd.DataFrame, problems: list[Problem]) -> list[dict[str, Any]]:
    """Rows of ``tests.tsv``: real dyads against the same people re-paired, for each family of places and segment."""
    rows: list[dict[str, Any]] = []
    if pairings.empty:
        return rows
    strata, about_therapists = _strata(study, plan)
    keys = [k for k in FAMILY if k != "null"]
    for values, part in pairings.groupby(keys, sort=False):
        family = {**dict(zip(keys, values, strict=True)), "null": "repair"}
        labels, cells = _cells(part)
        neighbours = neighbours_in(plan, family["analysis"], labels)
        random = stream(plan.seed, "repair", *values)
        try:
            test = repair(cells, plan.n_arrangements, random, strata, neighbours=neighbours)
        except RefusedScience as refusal:
            where = f"{family['analysis']}, {family['signal_a']}, {family['segment']}"
            done = "only the surrogates within each dyad were used"
            problems.append(Problem(where, str(refusal), "partners could not be permuted", done, costs_data=False))
            continue
        columns = {k: getattr(test, k) for k in ("estimate", "null_mean", "null_sd", "z", "p", "p_family", "n_groups")}
        columns |= cluster_columns(test.clusters)
        fixed = {
            "n_null": test.n_arrangements,
            "n_meetings": len(test.groups) * len(test.occasions),
            "smallest_p": test.smallest_p,
            "bound": test.bound,
            "note": "; ".join(filter(None, [_sessions(test.occasions), about_therapists, *test.left_out])),
        }
        rows += family_rows(family, labels, "repair", columns, fixed)
    return with_fdr(rows)


def _sessions(occasions: Iterable[tuple[int, str, str]]) -> str:
    numbers = sorted({session for session, _, _ in occasions})
    return f"session{'s' * (len(numbers) > 1)} {', '.join(str(n) for n in numbers)}"


def _strata(study: Study, plan: Plan) -> tuple[dict[str, Any], str]:
    def given(kind: str, values: dict[str, str]) -> dict[str, str]:
        return values if kind in plan.repair_within else dict.fromkeys(values, "")

    therapist = {g.id: g.therapist for g in study.groups}
    arm = {g.id: g.arm for g in study.groups}
    condition = {m.group: "" for m in study.meetings}
    strata, sentence = strata_of(given("therapist", therapist), given("arm", arm), condition)
    return strata, sentence if any(therapist.values()) and "therapist" in plan.repair_within else ""


def _cells(part: pd.DataFrame) -> tuple[list[tuple[str, ...]], list[Cell]]:
    """One value vector a cell, in the order of the labels; a place that a pair lacks is NaN."""
    labels = list(dict.fromkeys(part[list(LABEL)].itertuples(index=False, name=None)))
    where = {label: i for i, label in enumerate(labels)}
    cells: dict[tuple[Any, ...], np.ndarray] = {}
    at = ["group_a", "group_b", "session", "condition", "segment"]
    for row in part[[*at, *LABEL, "stabilised"]].itertuples(index=False, name=None):
        values = cells.setdefault(row[:5], np.full(len(labels), np.nan))
        values[where[row[5:9]]] = row[9]
    return labels, [Cell(a, b, int(s), v, condition, segment) for (a, b, s, condition, segment), v in cells.items()]
