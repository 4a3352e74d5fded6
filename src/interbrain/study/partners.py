"""Third step of a run: every A-side with every B-side of the same session number, segment and condition.

All recordings of a cell are cut to one length (or to the epochs that all of them have), since most measures depend on
length: a real pair and a re-paired one must differ in nothing but who met whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.errors import InterbrainError, Problem, RefusedScience
from interbrain.data.plan import Analysis, Plan
from interbrain.data.signal import Block, Estimate, Signal
from interbrain.data.study import Segment, Study
from interbrain.inference.repair import Cell, repair, strata_of
from interbrain.signals.align import usable_share
from interbrain.study import tabulate
from interbrain.study.boundary import LOST, told
from interbrain.study.cache import AnyStep, Kept, Step, key_of, once, path_of
from interbrain.study.groups import FAMILY, LABEL, cluster_columns, family_rows, neighbours_in, with_fdr
from interbrain.study.parts import Parts, parts_of
from interbrain.study.sides import Places, kinds_of, places_of
from interbrain.study.within import Asked, Findings, PairTask, asked, pool_estimate, together

SHORTEST_SHARE = 0.5
"""A recording shorter than this share of its cell's median is left out rather than cutting all others to its length."""
AT_ONCE = 6
"""A-sides of a cell in memory at once: more need more memory, fewer prepare each B-side more often."""
VALUES = ("value", "stabilised")


@dataclass(frozen=True)
class CellTask:
    """Pairs of people who met at one session number in one segment and condition, for one analysis.

    All of their B-sides with :data:`AT_ONCE` A-sides from ``first`` on; None: with all.
    """

    session: int
    condition: str
    segment: str
    analysis: Analysis
    plan: Plan
    members: tuple[tuple[PairTask, Segment], ...]
    folder: Path
    debug: bool = False
    first: int | None = None

    @property
    def where(self) -> str:
        return f"session {self.session}, {self.segment}, {self.analysis.name}, re-pairing"


def repairing_tasks(
    study: Study, plan: Plan, pairs: list[PairTask], excluded: frozenset[str], work: Path, debug: bool
) -> tuple[list[CellTask], list[Problem]]:
    """One task a cell; pairs of other roles that share a segment, and meetings that repeat another, stay out."""
    tasks: list[CellTask] = []
    problems: list[Problem] = []
    for analysis in (a for a in plan.analysis if a.repair and not a.of_group):
        cells: dict[tuple[int, str, str], list[tuple[PairTask, Segment]]] = {}
        mine = [p for p in pairs if p.modalities == analysis.modalities and p.meeting.key not in excluded]
        chosen = _roles_of_segments(mine, study.roles)
        for pair, segment in ((one, segment) for one in mine for segment in one.meeting.segments):
            if _roles(pair) == chosen[segment.name] and len(set(_roles(pair))) == 2:
                key = (pair.meeting.session, pair.meeting.condition, segment.name)
                cells.setdefault(key, []).append((pair, segment))
            else:
                problems.append(_other_roles(analysis, _roles(pair), study.roles))
        for (session, condition, segment_name), members in sorted(cells.items(), key=lambda item: item[0]):
            if len({pair.meeting.group for pair, _ in members}) >= 2:
                folder = work / "cells"
                cell = CellTask(session, condition, segment_name, analysis, plan, tuple(members), folder, debug)
                tasks += [replace(cell, first=first) for first in range(0, len(members), AT_ONCE)]
    return tasks, list(dict.fromkeys(problems))


def _roles(pair: PairTask) -> tuple[str, str]:
    return pair.side_a.member.role, pair.side_b.member.role


def _roles_of_segments(pairs: Sequence[PairTask], order: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Between which two roles the partners of each segment are re-paired.

    Those of its pairs where all have the same; else the study's first two: pairs of one person with two others (a
    child with mother and father) go together, so that partners of both cannot be exchanged independently in one test.
    """
    there: dict[str, set[tuple[str, str]]] = {}
    for pair in pairs:
        for segment in pair.meeting.segments:
            there.setdefault(segment.name, set()).add(_roles(pair))
    alone = {name: next(iter(roles)) for name, roles in there.items() if len(roles) == 1}
    return {name: alone.get(name, tuple(order[:2])) for name in there}


def _other_roles(analysis: Analysis, between: tuple[str, str], order: Sequence[str]) -> Problem:
    why = f"of a segment in which people of several roles met only {' and '.join(order[:2])} are, the study's first two"
    done = "name these roles first, or give their meetings a segment of their own"
    if len(set(between)) == 1:
        why, done = f"both are called {between[0]}, so that whose partner is changed is not known", "name two roles"
    return Problem(
        f"{analysis.name}, {between[0]} and {between[1]}",
        "these two were not re-paired",
        why,
        f"they were compared with surrogates within their own meeting; to re-pair them, {done}",
        costs_data=False,
    )


def measure_cell(task: CellTask) -> Kept:
    """The measure for every A-side with every B-side of the cell."""
    plan = task.plan.model_dump(mode="json", include={"quality", "fnirs", "eeg", "motion"})
    members = [(p.path_a.name, p.path_b.name, p.zero, p.meeting.group, asdict(s), p.roles) for p, s in task.members]
    offsets: list[object] = [(p.side_a.recording.offset_s, p.side_b.recording.offset_s) for p, _ in task.members]
    offsets += [p.people.key for p, _ in task.members if task.analysis.partial]
    where = (task.session, task.condition, task.segment, task.first)
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


class _Part(Protocol):
    """One person's part of a cell: who, channels, samples."""

    @property
    def pair(self) -> PairTask: ...
    @property
    def signal(self) -> Signal: ...
    @property
    def block(self) -> Block: ...


@dataclass(frozen=True)
class _Later:
    """One person's part of a cell whose samples are read when they are asked for; ``signal`` has channels only."""

    pair: PairTask
    signal: Signal
    ids: tuple[int, ...]
    segment: Segment
    kinds: tuple[str, str]
    analysis: Analysis
    side: int
    length: int
    rate: float
    epoched: bool
    wanted: tuple[int, ...] = ()

    @property
    def block(self) -> Block:
        a, b = together(self.pair, Findings())
        block = _parts_of(self.pair, self.analysis, a, b, self.kinds, self.segment).blocks[self.side]
        return block.at([self.ids.index(i) for i in self.wanted] if self.wanted else slice(None), slice(0, self.length))


def _parts_of(
    pair: PairTask, analysis: Analysis, a: Signal, b: Signal, kinds: tuple[str, str], segment: Segment
) -> Parts:
    """What the pair's own meeting left of both people's recordings, confounds taken out: no partner changes that."""
    return parts_of(pair.people, analysis, measures.records()[analysis.measure], a, b, kinds, segment)


def _pair_all(task: CellTask, found: Findings) -> None:
    ask = asked(task.analysis)
    parts: dict[tuple[str, str], list[tuple[_Later, _Later]]] = {}
    for pair, segment in task.members:
        for kinds, part in _parts(task, pair, segment):
            parts.setdefault(kinds, []).append(part)
    for kinds, members in parts.items():
        _check_rate(members)
        _measure_pairs(task, ask, kinds, _equal(task, members, found), found)


def _parts(task: CellTask, pair: PairTask, segment: Segment) -> Iterator[tuple[tuple[str, str], tuple[_Later, _Later]]]:
    """Kinds of signal of one meeting, each with both people's part; none where the meeting was not measured."""
    try:
        a, b = together(pair, Findings())
    except InterbrainError:
        return
    for kinds in kinds_of(task.analysis, a, b):
        try:
            part = _parts_of(pair, task.analysis, a, b, kinds, segment)
        except InterbrainError:  # the meeting itself could not be measured, which its step told
            continue
        if usable_share(*part.blocks) >= pair.plan.quality.min_usable:
            yield kinds, (_later(pair, task.analysis, part, kinds, segment, 0),
                          _later(pair, task.analysis, part, kinds, segment, 1))  # fmt: skip


def _later(
    pair: PairTask, analysis: Analysis, part: Parts, kinds: tuple[str, str], segment: Segment, side: int
) -> _Later:
    block, signal = part.blocks[side], part.signals[side]
    nothing = np.zeros((*signal.values.shape[:2], 0))
    channels_only = replace(signal, values=nothing, valid=nothing.astype(bool))
    return _Later(
        pair, channels_only, signal.segment_ids, segment, kinds, analysis, side, block.shape[2], block.rate,
        block.epoched,
    )  # fmt: skip


def _check_rate(parts: list[tuple[_Later, _Later]]) -> None:
    rates = {round(side.rate, 9) for pair in parts for side in pair}
    if len(rates) > 1:
        listed = ", ".join(f"{r:g}" for r in sorted(rates))
        raise InterbrainError(f"recordings have different sampling rates ({listed} Hz); resample them to one rate.")


def _equal(task: CellTask, parts: list[tuple[_Later, _Later]], found: Findings) -> list[tuple[_Later, _Later]]:
    """All parts with the same samples: the epochs all have, or the length of the shortest that is long enough."""
    if parts[0][0].epoched:
        common = tuple(sorted(set.intersection(*(set(side.ids) for pair in parts for side in pair))))
        if not common:
            raise InterbrainError(f"no epoch is common to all {len(parts)} groups of this session.")
        return [(replace(a, wanted=common), replace(b, wanted=common)) for a, b in parts]
    lengths = [min(side.length for side in pair) for pair in parts]
    kept = [n >= SHORTEST_SHARE * float(np.median(lengths)) for n in lengths]
    for (side, _), n, keep in zip(parts, lengths, kept, strict=True):
        if not keep:
            what = f"group {side.pair.meeting.group} lasts {n / side.rate:.0f} s, under half of the others"
            done = "left out of re-pairing, so that the others need not be cut"
            problem = Problem(task.where, what, "partners are compared over equal lengths", done, costs_data=False)
            found.problems.append(problem)
    length = min(n for n, keep in zip(lengths, kept, strict=True) if keep)
    return [
        (replace(a, length=length), replace(b, length=length)) for (a, b), keep in zip(parts, kept, strict=True) if keep
    ]


def _measure_pairs(
    task: CellTask,
    ask: Asked,
    kinds: tuple[str, str],
    parts: Sequence[tuple[_Part, _Part]],
    found: Findings,
) -> None:
    """Every A with every B. Only some As and one B are in memory at once, however many groups there are."""
    made: dict[tuple[int, int], tuple[Places, Estimate]] = {}
    for first in range(0, len(parts), AT_ONCE) if task.first is None else (task.first,):
        some = [(i, ask.module.prepare(parts[i][0].block, ask.settings)) for i in range(len(parts))[first:][:AT_ONCE]]
        for j, (_, b) in enumerate(parts):
            prepared_b = ask.module.prepare(b.block, ask.settings)
            for i, prepared_a in some:
                places = places_of(task.analysis, parts[i][0].signal, b.signal, parts[i][0].pair.roles)
                estimate = ask.module.reduce(ask.module.combine(prepared_a, prepared_b))
                made[i, j] = places, pool_estimate(estimate, places)
    if made:
        _keep(task, kinds, [(parts[i][0].pair, parts[j][1].pair, *made[i, j]) for i, j in sorted(made)], found)


def _keep(
    task: CellTask, kinds: tuple[str, str], made: list[tuple[PairTask, PairTask, Places, Estimate]], found: Findings
) -> None:
    """Values of all pairs in two arrays, beside what they are: as rows they would need a hundred times the room."""
    sets: dict[tuple[tuple[str, ...], ...], int] = {}
    who = []
    for a, b, places, estimate in made:
        labels = sets.setdefault(tuple(tabulate.labels(estimate, places)), len(sets))
        who.append((a.meeting.group, b.meeting.group, labels))
    name, analysis = f"pairings{len(found.pairings)}", task.analysis
    shared = {
        "analysis": analysis.name, "measure": analysis.measure, "modality": analysis.modality_name,
        "signal_a": kinds[0], "signal_b": kinds[1], "session": task.session, "condition": task.condition,
        "segment": task.segment, "level": made[0][2].level, "excluded": "",
    }  # fmt: skip
    found.pairings.append({"name": name, "shared": shared, "labels": list(sets), "who": who})
    for column in VALUES:
        found.arrays[f"{name}_{column}"] = np.concatenate([getattr(e, column).reshape(-1) for *_, e in made])


def pairing_rows(cells: Iterable[AnyStep]) -> pd.DataFrame:
    """Rows of ``pairings.tsv``."""
    parts = [_rows(step, about) for step in cells for about in step.facts["pairings"]]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _rows(step: AnyStep, about: dict[str, Any]) -> pd.DataFrame:
    sets = [np.array(labels, dtype=object) for labels in about["labels"]]
    sizes = [len(sets[k]) for _, _, k in about["who"]]
    group_a, group_b = (np.repeat([who[side] for who in about["who"]], sizes) for side in (0, 1))
    labels = np.concatenate([sets[k] for _, _, k in about["who"]])
    columns = {**about["shared"], "group_a": group_a, "group_b": group_b, "real": group_a == group_b}
    columns |= {name: labels[:, i] for i, name in enumerate(LABEL)}
    return pd.DataFrame(columns | {name: step.array(f"{about['name']}_{name}") for name in VALUES})


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
        here = _only(study, set(part["group_a"]))
        said = about_therapists if any(g.therapist for g in here.groups) else ""
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
            "bound": f"{test.bound}; {_within(here, plan)}",
            "note": "; ".join(filter(None, [_sessions(test.occasions), said, *test.left_out])),
        }
        rows += family_rows(family, labels, "repair", columns, fixed)
    return with_fdr(rows)


def _sessions(occasions: Iterable[tuple[int, str, str]]) -> str:
    numbers = sorted({session for session, _, _ in occasions})
    return f"session{'s' * (len(numbers) > 1)} {', '.join(str(n) for n in numbers)}"


def _strata(study: Study, plan: Plan) -> tuple[dict[str, Any], str]:
    """Strata within which partners change, and a sentence about therapists (empty where the plan ignores them)."""

    def given(kind: str, values: dict[str, str]) -> dict[str, str]:
        return values if kind in plan.repair_within else dict.fromkeys(values, "")

    therapist = {g.id: g.therapist for g in study.groups}
    arm = {g.id: g.arm for g in study.groups}
    condition = {m.group: "" for m in study.meetings}
    strata, sentence = strata_of(given("therapist", therapist), given("arm", arm), condition)
    return strata, sentence if "therapist" in plan.repair_within else ""


def _only(study: Study, groups: Collection[str]) -> Study:
    """The study as far as some groups are concerned."""
    return replace(
        study,
        groups=tuple(g for g in study.groups if g.id in groups),
        meetings=tuple(m for m in study.meetings if m.group in groups),
    )


def _within(study: Study, plan: Plan) -> str:
    """What re-paired partners share beside role, session number and segment, in this study."""
    patients = Counter(g.therapist for g in study.groups if g.therapist)
    kept = {
        "arm": "arm" in plan.repair_within and len({g.arm for g in study.groups}) > 1,
        "condition": len({m.condition for m in study.meetings}) > 1,  # a cell holds one
        "therapist": "therapist" in plan.repair_within and max(patients.values(), default=0) > 1 and len(patients) > 1,
    }
    if not any(kept.values()):
        return "partners changed among all groups"
    return f"partners changed within each {' and '.join(name for name, shared in kept.items() if shared)}"


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
