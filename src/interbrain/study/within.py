"""Second step of a run: one meeting, its pairs of people, segments and measures, against their own surrogates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from interbrain import measures
from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput, InterbrainError, Problem
from interbrain.data.plan import Analysis, Plan
from interbrain.data.records import MeasureRecord, as_set, resolve_settings
from interbrain.data.signal import Block, Draws, Estimate, Signal
from interbrain.data.study import Meeting, Segment
from interbrain.data.tables import PHASE_SHARES
from interbrain.inference.halves import halves
from interbrain.inference.leads import asymmetry
from interbrain.inference.null import Null, Watch, compare, surrogate_draws, surrogate_settings
from interbrain.inference.stationarity import warning
from interbrain.signals.align import common_clock, usable_share
from interbrain.study import tabulate
from interbrain.study.boundary import LOST, told
from interbrain.study.cache import AnyStep, Kept, Step, key_of, once, path_of
from interbrain.study.clock import on_clock, starts
from interbrain.study.confounds import Beside, Clocked
from interbrain.study.parts import Parts, carried, check_share, parts_of
from interbrain.study.person import signal_of
from interbrain.study.sides import Places, Side, kinds_of, places_of


@dataclass(frozen=True)
class PairTask:
    """Two people of one meeting, and the analyses of one modality."""

    meeting: Meeting
    side_a: Side
    side_b: Side
    path_a: Path
    path_b: Path
    sha_a: str
    sha_b: str
    meta_a: dict[str, Any]
    meta_b: dict[str, Any]
    plan: Plan
    modalities: tuple[str, str]
    folder: Path
    debug: bool = False
    zero: str | None = None
    beside_a: tuple[Beside, ...] = ()
    beside_b: tuple[Beside, ...] = ()
    several: bool = False
    """Whether the study has groups of more than two members."""
    watch: Watch | None = None
    """Told before each surrogate, where one process does everything."""

    @property
    def roles(self) -> tuple[str, str] | None:
        """What tells the places of this pair from those of other pairs of a group; None where there is one pair."""
        return (self.side_a.member.role, self.side_b.member.role) if self.several else None

    @property
    def analyses(self) -> list[Analysis]:
        return [a for a in self.plan.analysis if a.modalities == self.modalities and not a.of_group]

    @property
    def modality(self) -> str:
        return " × ".join(dict.fromkeys(self.modalities))

    @property
    def where(self) -> str:
        return f"group {self.meeting.group}, session {self.meeting.session}, {self.modality}"

    @property
    def people(self) -> Clocked:
        """Both people's recordings and what lies beside them, for the confounds."""
        recordings, metas = (self.side_a.recording, self.side_b.recording), (self.meta_a, self.meta_b)

        def start_of(side: int) -> float:
            return starts(*recordings, *metas, self.zero)[:2][side]

        return Clocked(recordings, metas, (self.beside_a, self.beside_b), self.zero, start_of)


@dataclass
class Findings:
    """Rows and draws of one task, gathered while it runs."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    draws: list[dict[str, Any]] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    drifts: list[dict[str, Any]] = field(default_factory=list)
    pairings: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: str, rows: list[dict[str, Any]]) -> None:
        self.tables.setdefault(table, []).extend(rows)

    def step(self) -> Step:
        columns = {t: {k: [r[k] for r in rows] for k in rows[0]} for t, rows in self.tables.items() if rows}
        facts = {
            "tables": columns,
            "problems": [asdict(p) for p in self.problems],
            "draws": self.draws,
            "notes": list(dict.fromkeys(self.notes)),
            "drifts": self.drifts,
            "pairings": self.pairings,
        }
        return Step(facts, self.arrays)


@dataclass(frozen=True)
class Asked:
    """One analysis with its measure, ready to be called."""

    analysis: Analysis
    record: MeasureRecord
    module: ModuleType
    settings: Mapping[str, Any]


def asked(analysis: Analysis) -> Asked:
    record = measures.records()[analysis.measure]
    settings = {**resolve_settings(record, analysis.settings), "bands": dict(analysis.bands)}
    return Asked(analysis, as_set(record, settings), measures.module(analysis.measure), settings)


def measure_pair(task: PairTask) -> Kept:
    """All analyses of one pair of people at one meeting."""
    analyses = task.analyses
    key = key_of(
        "pair",
        task.sha_a,
        task.sha_b,
        [a.model_dump(mode="json") for a in analyses],
        task.plan.model_dump(mode="json", include={"seed", "quality", "fnirs", "eeg", "motion"}),
        asdict(task.meeting) | {"recordings": None},
        task.side_a.member.person,
        task.side_b.member.person,
        (task.side_a.recording.offset_s, task.side_b.recording.offset_s),
        (task.path_a.name, task.path_b.name, task.zero),
        (task.side_a.member.role, task.side_b.member.role),
        task.several,
        task.people.key if any(a.confounds for a in analyses) else "",
    )
    return once(path_of(task.folder, key), lambda: _measured(task, analyses))


def lost_pair(task: PairTask) -> Step:
    """A meeting whose process was killed."""
    found = Findings()
    found.problems.append(Problem(task.where, LOST, "nothing can be said about it", "the session was left out"))
    return found.step()


def _measured(task: PairTask, analyses: list[Analysis]) -> Step:
    found = Findings()
    try:
        a, b = together(task, found)
    except InterbrainError as error:
        found.problems.append(Problem(task.where, str(error), "the two people share no samples", "session left out"))
        return found.step()
    for analysis in analyses:
        for segment in task.meeting.segments:
            try:
                _segment(task, asked(analysis), segment, a, b, found)
            except InterbrainError as error:
                _left_out(task, analysis, segment, error, found)
            except Exception as error:  # noqa: BLE001 - the boundary: one bad segment never stops the others
                _left_out(task, analysis, segment, told(error, task.debug), found)
    return found.step()


def _left_out(task: PairTask, analysis: Analysis, segment: Segment, error: Exception, found: Findings) -> None:
    where = f"{task.where}, {segment.name}, {analysis.name}"
    found.problems.append(
        Problem(where, str(error), "no honest number can be given", "this analysis was left out here")
    )


def together(task: PairTask, found: Findings) -> tuple[Signal, Signal]:
    a, b = signal_of(task.path_a), signal_of(task.path_b)
    start_a, start_b, how = starts(task.side_a.recording, task.side_b.recording, task.meta_a, task.meta_b, task.zero)
    by_position = "position" in (task.meta_a.get("epoch_ids"), task.meta_b.get("epoch_ids"))
    if by_position and a.segment_ids != b.segment_ids:
        raise BadInput(
            f"{len(a.segment_ids)} and {len(b.segment_ids)} epochs, numbered by their position in the file: which of "
            "them belong together cannot be known. Save epochs with their original numbers (FIF), or leave all in."
        )
    a, b, notes = common_clock(on_clock(a, start_a), on_clock(b, start_b))
    found.notes += [how, *notes]
    for note in notes:
        found.problems.append(
            Problem(task.where, note, "both people must be on one clock", "matched as said", costs_data=False)
        )
    return a, b


def _segment(task: PairTask, ask: Asked, segment: Segment, a: Signal, b: Signal, found: Findings) -> None:
    kinds = kinds_of(ask.analysis, a, b)
    if not kinds:
        have = sorted({c.kind for c in (*a.channels, *b.channels)})
        raise InterbrainError(
            f"signals {list(ask.analysis.signals) or 'of one kind'} are not on both sides; there are: "
            f"{', '.join(have)}."
        )
    for both in kinds:
        parts = parts_of(task.people, ask.analysis, ask.record, a, b, both, segment)
        block_a, _ = parts.blocks
        usable = usable_share(*parts.blocks)
        check_share(usable, task.plan.quality.min_usable)
        places = places_of(ask.analysis, *parts.signals, task.roles)
        context = {
            **tabulate.meeting_key(task.meeting, segment.name),
            **tabulate.pair_key(ask.analysis, *both, task.side_a, task.side_b, places.level),
        }
        duration = block_a.shape[0] * block_a.shape[2] / block_a.rate
        _compare(task, ask, parts, places, context | {"duration_s": duration, "usable": usable}, found)
        means = carried(task.people, ask.analysis, a, b, both, segment)
        found.add("carried", tabulate.carried_rows(means, context))


def _compare(
    task: PairTask,
    ask: Asked,
    parts: Parts,
    places: Places,
    context: dict[str, Any],
    found: Findings,
) -> None:
    block_a, block_b = blocks = parts.blocks
    prepared_a = ask.module.prepare(block_a, ask.settings)
    prepared_b = ask.module.prepare(block_b, ask.settings)
    state = ask.module.combine(prepared_a, prepared_b)
    estimate = ask.module.reduce(state)
    _note_reasons(task, ask, estimate, context, found)
    pooled = pool_estimate(estimate, places)
    found.add("synchrony", tabulate.synchrony_rows(pooled, places, ask.analysis, context))
    found.add("phases", tabulate.phase_rows(pooled, places, ask.analysis, context))
    for surrogate in ask.analysis.surrogates:
        _note_drift(task, ask, surrogate, blocks, context, found)
        draws = _draws(task, ask, surrogate, prepared_a, prepared_b, block_b, context)
        null, stabilised = _null(draws, pooled, places, ask)
        family = tabulate.family_name(context, ask.analysis, surrogate)
        found.add("nulls", tabulate.null_rows(null, places, ask.analysis, context, surrogate, family, pooled))
        if pooled.profile is not None:
            profile = None if draws.profile is None else places.pool(draws.profile, axis=1)
            if surrogate == ask.analysis.surrogates[0]:  # one row a lag, beside the first null
                found.add("lags", tabulate.lag_rows(pooled, profile, places, context))
            _keep_profile(pooled, profile, places, context, surrogate, found)
        keep_draws(null, stabilised, pooled, places, ask.analysis, context, surrogate, found)
        if surrogate == ask.analysis.surrogates[0]:
            if parts.before is not None:
                before = _before(task, ask, surrogate, parts.before, places, context)
                rows = tabulate.confound_rows(before, (pooled, null), parts.removed, places, ask.analysis, context)
                found.add("confounds", [{**row, "null": surrogate} for row in rows])
            random = stream(task.plan.seed, "halves", task.meeting.key, context["segment"], tabulate.signals(context))
            apart = halves(ask.module, ask.record, state, prepared_a, blocks, ask.settings, surrogate, random)
            found.add("halves", tabulate.halves_rows(apart, null, pooled, places, ask.analysis, context, surrogate))
    if ask.analysis.window_s:
        windows = windows_of(block_a, ask.analysis.window_s)
        over_time = [pool_estimate(e, places) for e in ask.module.reduce(state, windows)]
        found.add("windows", tabulate.window_rows(over_time, windows / block_a.rate, places, ask.analysis, context))


def _draws(
    task: PairTask,
    ask: Asked,
    surrogate: str,
    prepared_a: Any,
    prepared_b: Any,
    block_b: Block,
    context: dict[str, Any],
) -> Draws:
    """The same surrogates for every analysis of the same signals."""
    about = (task.meeting.key, context["segment"], tabulate.signals(context), surrogate)
    random = stream(task.plan.seed, "surrogate", *about)
    n = ask.analysis.n_surrogates
    sides = prepared_a, prepared_b, block_b
    return surrogate_draws(ask.module, ask.record, *sides, ask.settings, surrogate, n, random, task.watch)


def _null(draws: Draws, pooled: Estimate, places: Places, ask: Asked) -> tuple[Null, np.ndarray]:
    """The observed values against their draws, and the stabilised draws over places."""
    raw, stabilised = pool_draws(draws, places, ask.record)
    return compare(pooled.value, pooled.stabilised, raw, stabilised, draws.near), stabilised


def _before(
    task: PairTask, ask: Asked, surrogate: str, blocks: tuple[Block, Block], places: Places, context: dict[str, Any]
) -> tuple[Estimate, Null]:
    """The same measure of the same samples with the confounds in them, against the same surrogates."""
    prepared_a, prepared_b = (ask.module.prepare(block, ask.settings) for block in blocks)
    pooled = pool_estimate(ask.module.reduce(ask.module.combine(prepared_a, prepared_b)), places)
    draws = _draws(task, ask, surrogate, prepared_a, prepared_b, blocks[1], context)
    return pooled, _null(draws, pooled, places, ask)[0]


def _note_drift(
    task: PairTask, ask: Asked, surrogate: str, blocks: tuple[Block, Block], context: dict[str, Any], found: Findings
) -> None:
    segment_s = surrogate_settings(ask.settings, ask.module)["segment_s"]
    for block, side in zip(blocks, (task.side_a, task.side_b), strict=True):
        about = (task.modality, context["segment"], tabulate.signals(context), surrogate)
        who = f"group {task.meeting.group}, session {task.meeting.session}, {side.member.role}"
        found.drifts.append({"about": about, "who": who, "sentence": warning(block, surrogate, segment_s)})


def drift_problems(steps: Iterable[AnyStep]) -> list[Problem]:
    """One row for each signal and segment in which recordings break what a surrogate assumes."""
    seen: dict[tuple[str, ...], list[tuple[str, str | None]]] = {}
    for step in steps:
        for note in step.facts["drifts"]:
            seen.setdefault(tuple(note["about"]), []).append((note["who"], note["sentence"]))
    problems = []
    for (modality, segment, signal, surrogate), notes in seen.items():
        told = [(who, sentence) for who, sentence in dict.fromkeys(notes) if sentence]
        if told:
            what = f"in {len(told)} of {len(dict.fromkeys(notes))} recordings {told[0][1]} ({told[0][0]}"
            what += f", and {len(told) - 1} more)" if len(told) > 1 else ")"
            why = f"{surrogate} assumes that the signal's statistics do not change; its p may be too small"
            where = f"{modality}, {segment}, {signal}"
            problems.append(Problem(where, what, why, "the numbers were kept, with this warning", costs_data=False))
    return problems


def _note_reasons(task: PairTask, ask: Asked, estimate: Estimate, context: dict[str, Any], found: Findings) -> None:
    """Bands that the measure could say nothing about, with its reason."""
    reasons = estimate.extra.get("reason", np.array([]))
    for reason in dict.fromkeys(str(r) for r in reasons if str(r)):
        where = f"{task.where}, {context['segment']}, {ask.analysis.name}, {tabulate.signals(context)}"
        found.problems.append(Problem(where, reason, "no honest number can be given", "the band was left out here"))


def windows_of(block: Block, window_s: float) -> np.ndarray:
    length = max(1, round(window_s * block.rate))
    starts = np.arange(0, block.shape[2] - length + 1, length)
    return np.stack([starts, starts + length], axis=1)


def pool_estimate(estimate: Estimate, places: Places) -> Estimate:
    """The estimate over places instead of channel pairs: arrays ``(place, band, direction)``."""
    pooled: dict[str, Any] = {
        name: places.pool(np.asarray(getattr(estimate, name), dtype=np.float64))
        for name in ("value", "stabilised", "lag_s", "coverage", "n_effective")
    }
    with np.errstate(invalid="ignore"):
        phase = np.angle(places.pool(np.exp(1j * np.asarray(estimate.phase))))
    phase = np.where(np.isfinite(places.pool(np.asarray(estimate.phase, dtype=np.float64))), phase, np.nan)
    profile = None if estimate.profile is None else places.pool(estimate.profile)
    extra = {k: places.pool(estimate.extra[k]) for k in PHASE_SHARES if k in estimate.extra}
    extra["n_pairs"] = places.n_pairs(np.asarray(estimate.value))
    return replace(estimate, **pooled, phase=phase, profile=profile, extra=extra)


def pool_draws(draws: Draws, places: Places, record: MeasureRecord) -> tuple[np.ndarray, np.ndarray]:
    """Raw and stabilised surrogate values over places, ``(draw, place, band, direction)`` each."""
    stabilised = FUNCTIONS[record.stabilise](draws.value)
    return places.pool(draws.value, axis=1), places.pool(stabilised, axis=1)


def keep_draws(
    null: Null,
    stabilised: np.ndarray,
    pooled: Estimate,
    places: Places,
    analysis: Analysis,
    context: dict[str, Any],
    surrogate: str,
    found: Findings,
) -> None:
    """Observed and surrogate values for the tests over groups: float32 keeps seven digits, enough to rank draws that
    do not tie with what was observed; ``groups`` puts ties right again."""
    name = f"draws{len(found.draws)}"
    labels = [list(x) for x in tabulate.labels(pooled, places)]
    found.draws.append({"name": name, "null": surrogate, "labels": labels, **context})
    found.arrays[f"{name}_observed"] = pooled.stabilised.reshape(-1)
    found.arrays[f"{name}_null"] = stabilised.reshape(len(stabilised), -1).astype(np.float32)


def _keep_profile(
    pooled: Estimate,
    profile: np.ndarray | None,
    places: Places,
    context: dict[str, Any],
    surrogate: str,
    found: Findings,
) -> None:
    if profile is None or pooled.profile is None or pooled.profile_lags_s is None:
        return
    name = f"lead{len(found.draws)}"
    found.draws.append({"name": name, "null": surrogate, "labels": [list(p) for p in _names(places)], **context})
    found.arrays[f"{name}_observed"] = asymmetry(pooled.profile, pooled.profile_lags_s)
    found.arrays[f"{name}_null"] = asymmetry(profile, pooled.profile_lags_s)


def _names(places: Places) -> Iterator[tuple[str, str]]:
    for a, b in places.pairs:
        yield places.names_a[a], places.names_b[b]
