"""What is simulated, as ``sim.toml`` holds it: a course and, in its table ``[record]``, what is recorded of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from interbrain.data.errors import BadInput
from interbrain.data.toml import sentences
from interbrain.simulate.courses.course import Course, course_from, read_course, without
from interbrain.simulate.recordings.recorded import ALLOWED
from interbrain.study.recorded_truth import AT_LEAST

OLD = frozenset({
    "patients", "therapists", "missing", "rate", "rest_s", "task_s", "channels_per_region", "planted", "growth",
    "dyad_sd", "session_sd", "growth_sd", "lag_s", "channel_noise", "artefacts_per_minute", "symptom_effect",
    "symptom_trend", "symptom_sd",
})  # fmt: skip
"""Settings of a simulator that is gone, in which growth was set by hand: its plans are told from misspelt ones."""


class Recording(BaseModel):
    """What is recorded of a course; see :func:`~interbrain.simulate.recordings.recorded.simulate_recorded`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    devices: tuple[str, ...] = Field(description="names of instruments, as interbrain devices lists them")
    minutes: float = Field(10.0, description="recorded of each session, min")
    rest_s: float = Field(120.0, description="recorded before it without contact, s")
    missing: float = Field(0.0, description="share of the sessions without recordings")
    artefacts_per_minute: float = Field(0.3, description="steps, spikes and losses that each device puts in")
    assess: bool = Field(False, description="also conversations with therapist and stranger, before and after")
    expected: bool = Field(False, description="work out the growth that a run should find (minutes)")
    at_least: int = Field(AT_LEAST, ge=1, description="recordings a session from which that is worked out")


class _SimulationPlan(Course):
    record: Recording | None = None


def asked_course(
    plan: Path | None = None, settings: Mapping[str, Any] | None = None, off: Sequence[str] = ()
) -> Course:
    """The course of a plan, with what was set besides, without the mechanisms in ``off``.

    Raises
    ------
    BadInput
    """
    content = {**(_read(plan) if plan else {}), **(settings or {})}
    source = str(plan) if plan else "what was asked for"
    if plan and not content.keys() <= Course.model_fields.keys():
        _check(content, source)
        content = {name: value for name, value in content.items() if name != "record"}
    return without(course_from(content, source), *off)


def asked_recording(plan: Path | None = None, given: Mapping[str, Any] | None = None) -> Recording | None:
    """What a plan's table ``[record]`` says is recorded, with what was given besides; None where nothing is.

    Raises
    ------
    BadInput
    """
    planned = _read(plan).get("record") if plan else None
    if planned is None and not given:
        return None
    table = {**planned, **(given or {})} if isinstance(planned, dict) else planned if planned else dict(given or {})
    _check({"record": table}, str(plan) if plan else "what was asked for")
    recording = Recording.model_validate(table)
    _check_ranges(recording, f"{plan}: record." if plan else "")
    return recording


def _check_ranges(recording: Recording, before: str) -> None:
    """Here and not only in the simulator: before its size is told and anything is simulated."""
    for name, (low, high) in ALLOWED.items():
        value = getattr(recording, name)
        if not low <= value <= high:
            raise BadInput(f"{before}{name} is {value:g}; allowed are {low:g} to {high:g}.")


def plan_toml(course: Course, recording: Recording | None = None) -> str:
    """Every setting with its value, as :func:`asked_course` and :func:`asked_recording` read it."""
    if recording is None:
        return course.to_toml()
    return f"{course.to_toml()}\n{tomli_w.dumps({'record': recording.model_dump(mode='json')})}"


def _check(content: Mapping[str, Any], source: str) -> None:
    """A course and its recording at once, so that one error lists everything that is wrong."""
    try:
        _SimulationPlan.model_validate(dict(content))
    except ValidationError as error:
        told = sentences(error, _SimulationPlan, {"record": Recording}, content)
        raise BadInput(f"{source} is not a valid course:\n{told}") from error


def _read(plan: Path) -> dict[str, Any]:
    content = read_course(plan)
    if old := [name for name in content if name in OLD]:
        raise BadInput(
            f"{plan}: {', '.join(old)} are settings of an earlier simulator, in which a growth of coupling was set by "
            "hand. Now two brains learn: set dyads, sessions, learning, patient_gain, … (docs: A therapy), and for "
            'recordings a table [record] with devices = ["fnirs"], minutes, rest_s, missing.'
        )
    return content
