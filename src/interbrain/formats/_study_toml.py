"""The schema of ``study.toml``: every key that may stand there, and one error for all that may not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from interbrain.data.errors import BadInput
from interbrain.data.records import MODALITIES
from interbrain.data.toml import read_toml, sentences
from interbrain.formats._inside import plain_name, plain_path

Name = Annotated[str, Field(min_length=1)]
Taken = Annotated[list[str | int], Field(min_length=1)]
"""Channels of one person: labels or 1-based numbers."""

PLACEHOLDERS = ("group", "session", "role", "person", "arm", "condition", "therapist")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class About(_Strict):
    """``[study]``."""

    name: str = ""
    roles: list[Name] = Field(["patient", "therapist"], min_length=2)
    root: str = "."

    @model_validator(mode="after")
    def _different(self) -> About:
        if len(set(self.roles)) != len(self.roles):
            raise ValueError(f"roles must differ; got {', '.join(self.roles)}")
        return self


class Recordings(_Strict):
    """``[[recordings]]``: which files hold what of whom."""

    pattern: str
    modality: str
    format: str | None = None
    group: str | int | None = None
    session: int | None = None
    role: str | None = None
    person: str | None = None
    arm: str | None = None
    condition: str | None = None
    therapist: str | None = None
    people: dict[str, Taken] | None = None
    channels: Taken | None = None
    options: dict[str, Any] = {}
    offset_s: float | None = None

    @model_validator(mode="after")
    def _complete(self) -> Recordings:
        if self.modality not in MODALITIES:
            raise ValueError(f"there is no modality {self.modality!r}; there are: {', '.join(MODALITIES)}")
        plain_path(self.pattern)
        for label in (
            self.group,
            self.role,
            self.person,
            self.arm,
            self.condition,
            self.therapist,
            *(self.people or {}),
        ):
            plain_name(str(label))
        named = re.findall(r"\{([^{}]*)\}", self.pattern)
        unknown = [n for n in named if n not in PLACEHOLDERS]
        if unknown:
            raise ValueError(f"the pattern has {{{unknown[0]}}}; allowed are {', '.join(PLACEHOLDERS)}")
        for needed in ("group", "session"):
            if needed not in named and getattr(self, needed) is None:
                raise ValueError(f"the pattern has no {{{needed}}}; put it there or state {needed} = …")
        twice = [n for n in PLACEHOLDERS if n in named and getattr(self, n) is not None]
        if twice:
            raise ValueError(f"{twice[0]} stands in the pattern and as a fixed value; keep one of them")
        if self.people is None and "role" not in named and self.role is None:
            raise ValueError(
                "whose file it is is not said; put {role} into the pattern, or state role = … or people = …"
            )
        if self.people is not None and ("role" in named or self.role is not None or self.person is not None):
            raise ValueError("people says who is in the file; remove role and person")
        return self

    def fixed(self) -> dict[str, str]:
        return {n: str(getattr(self, n)) for n in PLACEHOLDERS if getattr(self, n) is not None}


class SegmentEntry(_Strict):
    """``[[segments]]``: a stretch in seconds, or what an event of that label spans."""

    name: Name
    start_s: float | None = None
    stop_s: float | None = None
    event: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> SegmentEntry:
        if self.event is not None and (self.start_s is not None or self.stop_s is not None):
            raise ValueError("a segment has an event, or start_s and stop_s, not both")
        start = self.start_s or 0.0
        if start < 0 or (self.stop_s is not None and self.stop_s <= start):
            raise ValueError(f"it runs from {start:g} to {self.stop_s} s; stop_s must lie after start_s, from 0 on")
        return self


class OutcomeEntry(_Strict):
    """``[[outcomes]]``: a score file and the names of its columns."""

    file: str
    participant: str | None = None
    group: str | None = None
    role: str | None = None
    instrument: str | None = None
    session: str | int | None = None
    when: str | None = None
    score: str | None = None
    instruments: dict[str, str] | None = None

    @model_validator(mode="after")
    def _long_or_wide(self) -> OutcomeEntry:
        plain_path(self.file)
        if (self.instruments is None) == (self.score is None):
            raise ValueError("name a score column (long), or instruments = { PHQ-9 = 'column' } (wide)")
        if self.score is not None and self.instrument is None:
            raise ValueError("a score column needs instrument = a column, or the questionnaire's name")
        if self.participant is None and self.group is None:
            raise ValueError("whose scores they are is not said; name the column of participant or of group")
        if self.session is None:
            raise ValueError("name the column of session, or state session = 1")
        return self


class StudyToml(_Strict):
    """The whole file."""

    study: About = About()
    recordings: list[Recordings] = Field(min_length=1)
    segments: list[SegmentEntry] = []
    regions: dict[str, list[str]] = {}
    groups: dict[str, dict[str, str]] = {}
    outcomes: list[OutcomeEntry] = []
    plan: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _roles_known(self) -> StudyToml:
        roles = self.study.roles
        for entry in self.recordings:
            odd = [r for r in (entry.role, *(entry.people or {})) if r is not None and r not in roles]
            if odd:
                raise ValueError(f"recordings name the role {odd[0]!r}; study.roles are {', '.join(roles)}")
        for group, said in self.groups.items():
            for label in (group, *said.values()):
                plain_name(label)
            allowed = ("arm", "therapist", *(r for r in roles if r != "therapist"))
            odd = [k for k in said if k not in allowed]
            if odd:
                raise ValueError(f"groups.{group} has the key {odd[0]!r}; allowed are {', '.join(allowed)}")
        seen: dict[str, str] = {}
        for region, channels in self.regions.items():
            for channel in channels:
                if seen.setdefault(channel, region) != region:
                    raise ValueError(f"channel {channel!r} lies in the regions {seen[channel]} and {region}; keep one")
        return self


MODELS: dict[str, type[BaseModel]] = {
    "study": About,
    "recordings": Recordings,
    "segments": SegmentEntry,
    "outcomes": OutcomeEntry,
}


def read_study_toml(path: Path) -> StudyToml:
    """Parse and check; one error lists everything that is wrong, each with its place.

    Raises
    ------
    BadInput
        The file cannot be read, is not TOML, or has keys or values that may not stand there.
    """
    content = read_toml(path)
    try:
        return StudyToml.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"{path}: is not a valid study.toml:\n{sentences(error, StudyToml, MODELS, content)}") from error
