"""Study, group, meeting, recording: who met when, and which file holds what each of them gave."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.data.disguise import Disguise
from interbrain.data.errors import BadInput, Problem
from interbrain.data.points import Points
from interbrain.data.signal import Signal

OUTCOME_COLUMNS = ("group", "participant", "instrument", "session", "when", "score")
"""Outcomes are long: one score a row; ``when`` is ``"before"`` or ``"after"`` the session of that number."""


@dataclass(frozen=True)
class Recording:
    """What one device gave for one person at one meeting.

    Its identity is the content of its file and the channels taken from it (:meth:`content_hash`); person, role and
    modality are attributes, and no label is ever used to look data up.

    Parameters
    ----------
    path
        File or folder.
    format
        Name of a format record.
    person, role, modality
        ``modality`` is ``"fnirs"``, ``"eeg"``, ``"motion"``, ``"eda"``, ``"heart"``, ``"voice"`` or ``"misc"``.
    channels
        Labels in the file that belong to this person; None takes all of them.
    options
        Passed to the format's ``read`` (columns, rate, stream …).
    offset_s
        Seconds from the meeting's zero to the file's first sample, where the study says so.
    disguise
        What hides the person while it is read (``--deidentify``).
    """

    path: Path
    format: str
    person: str
    role: str
    modality: str
    channels: tuple[str, ...] | None = None
    options: tuple[tuple[str, Any], ...] = ()
    offset_s: float | None = None
    disguise: Disguise | None = None

    def content_hash(self) -> str:
        """SHA-256 over the bytes of every file that the recording is made of, in name order, and the channels taken."""
        digest = hashlib.sha256()
        try:
            for file in parts_of(self.path):
                if file != self.path:
                    digest.update(file.name.encode())
                with file.open("rb") as handle:
                    while chunk := handle.read(1 << 20):
                        digest.update(chunk)
        except OSError as error:
            raise BadInput(f"{self.path}: cannot be read ({error.strerror or error}).") from error
        digest.update(repr((self.channels, self.options)).encode())
        return digest.hexdigest()


def parts_of(path: Path) -> list[Path]:
    """The files that a recording is made of, the named one first.

    A folder's files; else the file, those beside it with the same stem (``.vhdr`` with ``.eeg`` and ``.vmrk``, ``.set``
    with ``.fdt``), the later parts of a split FIF (``x-1.fif``), and those that a BrainVision header names.
    """
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    beside: set[Path] = set()
    if path.suffix in (".vhdr", ".set"):
        beside = {p for p in path.parent.glob(f"{glob.escape(path.stem)}.*") if p.is_file()}
    if path.suffix == ".fif":
        beside = {p for p in path.parent.glob(f"{glob.escape(path.stem)}-*.fif") if p.is_file()}
    if path.suffix == ".vhdr":
        with path.open(encoding="latin-1") as handle:
            head = handle.read(1 << 16)
        named = re.findall(r"^\s*(?:DataFile|MarkerFile)\s*=\s*([^/\\\r\n]+?)\s*$", head, re.MULTILINE | re.IGNORECASE)
        beside |= {path.parent / name for name in named if (path.parent / name).is_file()}
    return [path, *sorted(beside - {path})]


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a format's ``read`` gives back: all channels of the file, its events, and what it says about itself.

    ``meta`` may hold ``start_time`` (ISO 8601 with microseconds), ``subject``, ``device``, ``clock`` (a name of the
    clock that samples are counted on) and ``notes`` (a tuple of sentences about repairs made while reading).
    """

    signal: Signal
    points: Points = field(default_factory=Points.none)
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Segment:
    """A named part of a meeting (``"rest"``, ``"task"``, ``"whole"``) in seconds of its clock; stop None = the end."""

    name: str
    start_s: float = 0.0
    stop_s: float | None = None


def base_name(segment: str, names: Collection[str]) -> str:
    """``"task"`` for ``"task 2"`` where ``names`` has it: the name that a stretch which came again was given."""
    base, _, number = segment.rpartition(" ")
    return base if number.isdigit() and base in names else segment


def _numbered(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Names that come again as ``"task 2"``, ``"task 3"``: a segment is known by its name in every table."""
    taken, count, named = {s.name for s in segments}, dict[str, int](), []
    for segment in segments:
        number = count.get(segment.name, 0) + 1
        while number > 1 and f"{segment.name} {number}" in taken:
            number += 1
        count[segment.name] = number
        named.append(segment if number == 1 else replace(segment, name=f"{segment.name} {number}"))
    return tuple(named)


@dataclass(frozen=True)
class Member:
    """A person in a group, in a role."""

    person: str
    role: str


@dataclass(frozen=True)
class Group:
    """Two or more people who meet: a dyad is a group of two."""

    id: str
    members: tuple[Member, ...]
    therapist: str = ""
    arm: str = ""

    def person(self, role: str) -> str | None:
        return next((m.person for m in self.members if m.role == role), None)


@dataclass(frozen=True)
class Meeting:
    """One session of one group: recordings on one clock, and its segments.

    A segment whose name comes again is numbered: ``"task"``, ``"task 2"``, ``"task 3"``.
    """

    group: str
    session: int
    recordings: tuple[Recording, ...]
    segments: tuple[Segment, ...] = (Segment("whole"),)
    condition: str = ""
    therapist: str = ""
    arm: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", _numbered(self.segments))

    @property
    def key(self) -> str:
        """Unique in a study: ``"03/ses-2/task"`` (the condition only where there is one)."""
        return f"{self.group}/ses-{self.session}" + (f"/{self.condition}" if self.condition else "")

    def of(self, role: str, modality: str) -> tuple[Recording, ...]:
        return tuple(r for r in self.recordings if r.role == role and r.modality == modality)


@dataclass(frozen=True, eq=False)
class Study:
    """Tables of persons, groups, meetings and outcomes; signals are loaded when asked for.

    ``roles`` orders each pair: the first role is side A (a positive lag means that A leads). ``persons`` has a column
    ``participant_id``; ``outcomes`` the columns :data:`OUTCOME_COLUMNS`; ``regions`` maps a channel name to its
    region; ``truth`` is what a simulator says it planted, None for recordings of people.
    """

    name: str
    root: Path
    roles: tuple[str, ...]
    persons: pd.DataFrame
    groups: tuple[Group, ...]
    meetings: tuple[Meeting, ...]
    outcomes: pd.DataFrame
    regions: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    plan: dict[str, Any] | None = None
    truth: dict[str, Any] | None = None
    description: dict[str, Any] = field(default_factory=dict)

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(sorted({r.modality for m in self.meetings for r in m.recordings}))

    def group(self, id: str) -> Group:
        for group in self.groups:
            if group.id == id:
                return group
        raise BadInput(f"There is no group {id!r}; there are: {', '.join(g.id for g in self.groups)}.")
