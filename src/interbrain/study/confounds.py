"""Confounds of a person: where they are found, and how they come onto the clock of what is measured.

A name is looked for in this order: ``"global"`` is the mean over the person's own channels of the kind that is
measured; then a channel of the own recording with that name or kind; then another recording of the same person at the
same meeting, of that modality; then a channel of any such recording with that name or kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, Problem
from interbrain.data.plan import CONFOUND_NAMES, Plan
from interbrain.data.records import MODALITIES
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Recording, Study
from interbrain.signals.align import onto
from interbrain.study.cache import Kept
from interbrain.study.clock import on_clock, starts
from interbrain.study.person import Person, signal_of
from interbrain.study.slots import Slot, slots

GLOBAL = "global"


@dataclass(frozen=True)
class Beside:
    """Another recording of a person at the same meeting, prepared."""

    recording: Recording
    path: Path
    meta: dict[str, Any]


@dataclass(frozen=True)
class Clocked:
    """The recordings of people who are measured together, and what lies beside them.

    ``start_of`` gives the second, on their common clock, at which one's recording begins.
    """

    recordings: tuple[Recording, ...]
    metas: tuple[dict[str, Any], ...]
    beside: tuple[tuple[Beside, ...], ...]
    zero: str | None
    start_of: Callable[[int], float]

    @property
    def key(self) -> list[Any]:
        """What decides the confounds, for the name of a step."""
        return [[(b.path.name, b.recording.modality, b.recording.offset_s) for b in side] for side in self.beside]

    def series(self, name: str, side: int, own: Signal, measured: Signal) -> Signal | None:
        """One confound of one person on the clock of ``own``, a series a channel; None where the person has none.

        Parameters
        ----------
        own
            The person's recording on the pair's clock, all of its channels.
        measured
            Those of its channels that are measured.
        """
        if name == GLOBAL:
            return _global(measured)
        stands_for = CONFOUND_NAMES.get(name, name)
        if chosen := _named(own, (name, stands_for)):
            return own.pick(chosen)
        for one in self.beside[side]:
            if one.recording.modality == stands_for:
                return onto(self._on_clock(one, side), own)
        for one in self.beside[side]:
            signal = signal_of(one.path)
            if chosen := _named(signal, (name, stands_for)):
                return onto(self._on_clock(one, side).pick(chosen), own)
        return None

    def _on_clock(self, one: Beside, side: int) -> Signal:
        """The recording as many seconds from the person's own as the two say, wherever that stands on the clock."""
        here, there, _ = starts(self.recordings[side], one.recording, self.metas[side], one.meta, self.zero)
        return on_clock(signal_of(one.path), self.start_of(side) + there - here)


def _named(signal: Signal, names: Iterable[str]) -> list[int]:
    names = tuple(names)
    return [i for i, c in enumerate(signal.channels) if c.name in names or c.kind in names]


def _global(measured: Signal) -> Signal:
    """The mean over channels, each about its own mean, where at least half of them are valid."""
    n = len(measured.channels)
    if n < 2:
        raise BadInput(
            f'the confound "global" is the mean over channels, and {n or "none"} is measured: taking it out would '
            "leave nothing. Name another confound."
        )
    valid: np.ndarray = measured.valid  # type: ignore[assignment]
    held = np.where(valid, measured.values, 0.0)
    count = valid.sum(axis=(0, 2), keepdims=True)
    about = np.where(valid, held - held.sum(axis=(0, 2), keepdims=True) / np.maximum(count, 1), 0.0)
    there = valid.sum(axis=1, keepdims=True)
    mean = about.sum(axis=1, keepdims=True) / np.maximum(there, 1)
    return measured.with_values(mean, 2 * there >= n, channels=(Channel(GLOBAL, GLOBAL),))


def modalities_read(study: Study, plan: Plan) -> set[str]:
    """Modalities whose recordings are prepared: those that are measured, and those that may hold a confound."""
    wanted = {m for a in plan.analysis for m in a.modalities}
    names = {CONFOUND_NAMES.get(name, name) for a in plan.analysis for name in a.confounds} - {GLOBAL}
    return wanted | (set(study.modalities) if names - set(MODALITIES) else names & set(MODALITIES))


def without_unknown(study: Study, plan: Plan, people: dict[Slot, Person]) -> tuple[Plan, list[Problem]]:
    """The plan less the analyses whose confounds are in no recording at all, and one problem for each such name."""
    if not any(a.confounds for a in plan.analysis):
        return plan, []
    known = _known(study, people)
    kept, problems = [], []
    for analysis in plan.analysis:
        unknown = [n for n in analysis.confounds if n != GLOBAL and not {n, CONFOUND_NAMES.get(n, n)} & known]
        for name in unknown:
            nothing = name in analysis.partial
            problems.append(
                Problem(
                    where=f"plan, {analysis.name}",
                    what=f"the confound {name!r} is in no recording of the study",
                    why=f"there are: {', '.join([GLOBAL, *sorted(known)])}",
                    done="this analysis gives no number; correct the name, or remove it"
                    if nothing
                    else "the course is fitted without it; correct the name, or remove it",
                    costs_data=nothing,
                )
            )
        if not set(unknown) & set(analysis.partial):
            kept.append(analysis.model_copy(update={"carry": tuple(n for n in analysis.carry if n not in unknown)}))
    return plan.model_copy(update={"analysis": tuple(kept)}), problems


def _known(study: Study, people: dict[Slot, Person]) -> set[str]:
    """Modalities, kinds and names of channels that any readable recording has."""
    known: set[str] = set()
    where = slots(study)
    for slot, person in people.items():
        if person.signal_path is not None:
            known.add(where[slot][1].modality)
            channels = Kept(person.signal_path).facts["signal"]["channels"]
            known |= {c[k] for c in channels for k in ("kind", "name")}
    return known
