"""First step of a run: one person's recording, read and made analysable, kept on disk for the steps that follow."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from interbrain.data.errors import InterbrainError, Problem
from interbrain.data.plan import Plan
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded, Recording
from interbrain.formats.sniff import load
from interbrain.signals.prepare import prepare
from interbrain.signals.traits import Traits, packed, traits, unpacked
from interbrain.study.boundary import LOST, told, untold
from interbrain.study.cache import Step, key_of, load_step, path_of, save_step


@dataclass(frozen=True)
class PersonTask:
    """A recording and what decides how it is prepared."""

    recording: Recording
    where: str
    plan: Plan
    regions: tuple[tuple[str, str], ...]
    folder: Path
    debug: bool = False


@dataclass(frozen=True)
class Person:
    """What the first step leaves: where the signal lies (None where there is none), and what was found."""

    signal_path: Path | None
    sha256: str
    quality: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]
    meta: dict[str, Any]
    traits: Traits | None


def prepare_person(task: PersonTask) -> Person:
    """Read, prepare and keep one recording; whatever is wrong with it comes back as problems."""
    hidden = task.recording.disguise is not None
    try:
        with untold(hidden, "The recording"):
            content = task.recording.content_hash()
    except InterbrainError as error:
        return _failed(task, "", error)
    plan = task.plan
    shared = [p.model_dump(mode="json") for p in (plan.fnirs, plan.eeg, plan.motion, plan.quality)]
    recording = task.recording
    about = (recording.format, recording.modality, recording.options, task.regions, repr(recording.disguise))
    key = key_of("person", content, *about, *shared)
    path = path_of(task.folder, key)
    step = load_step(path)
    if step is None:
        try:
            step = _prepared(task)
        except InterbrainError as error:
            return _failed(task, content, error)
        except Exception as error:  # noqa: BLE001 - the boundary: one bad recording never stops the others
            return _failed(task, content, told(error, task.debug, hidden))
        save_step(path, step)
    facts = step.facts
    problems = tuple(Problem(**p) for p in facts["problems"])
    return Person(
        signal_path=path if facts["n_channels"] else None,
        sha256=content,
        quality=tuple(facts["quality"]),
        problems=tuple(replace(p, where=f"{task.where}, {p.where}".rstrip(", ")) for p in problems),
        meta=facts["meta"],
        traits=unpacked(step.facts["traits"], step.arrays),
    )


def _prepared(task: PersonTask) -> Step:
    with untold(task.recording.disguise is not None, "The recording"):
        loaded = load(task.recording)
    regions = dict(task.regions)
    signal = loaded.signal
    channels = tuple(replace(c, region=c.region or regions.get(c.name)) for c in signal.channels)
    signal = replace(signal, channels=channels)
    about, kept = packed(traits(signal, task.recording.modality))
    ready = prepare(signal, task.recording.modality, task.plan)
    facts = {
        "quality": [_plain(row) for row in ready.quality],
        "problems": [asdict(p) for p in (*_reading_notes(loaded), *ready.problems)],
        "steps": list(ready.steps),
        "meta": {k: str(v) for k, v in loaded.meta.items() if v is not None and k != "notes"},
        "n_channels": len(ready.signal.channels),
        "traits": about,
        "signal": _described(ready.signal),
    }
    arrays = {"values": ready.signal.values, "valid": np.asarray(ready.signal.valid)}
    return Step(facts, {**arrays, **kept})


def _reading_notes(loaded: Loaded) -> list[Problem]:
    return [
        Problem("", note, "the file is not quite what it should be", "read as said", costs_data=False)
        for note in loaded.meta.get("notes", ())
    ]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: (v.item() if isinstance(v, np.generic) else v) for k, v in row.items()}


def _described(signal: Signal) -> dict[str, Any]:
    return {
        "rate": signal.rate,
        "start": signal.start,
        "segment_ids": list(signal.segment_ids),
        "epoched": signal.epoched,
        "channels": [asdict(c) for c in signal.channels],
    }


def signal_of(path: Path) -> Signal:
    """The prepared signal that the first step left."""
    step = load_step(path)
    if step is None:
        raise InterbrainError(f"{path.name}: a step of this run is gone or damaged; run again.")
    about = step.facts["signal"]
    channels = tuple(_channel(c) for c in about["channels"])
    return Signal(
        values=step.arrays["values"],
        valid=step.arrays["valid"],
        rate=about["rate"],
        start=about["start"],
        segment_ids=tuple(about["segment_ids"]),
        epoched=about["epoched"],
        channels=channels,
    )


def _channel(about: dict[str, Any]) -> Channel:
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in about.items()}
    return Channel(**given)


def lost_person(task: PersonTask) -> Person:
    """A recording whose process was killed."""
    return _failed(task, "", InterbrainError(LOST))


def _failed(task: PersonTask, content: str, error: Exception) -> Person:
    problem = Problem(task.where, str(error), "nothing can be computed from it", "this recording was left out")
    return Person(None, content, (), (problem,), {}, None)
