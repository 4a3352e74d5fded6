"""A folder of recordings with a ``study.toml`` that says which file holds what of whom."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interbrain.data.errors import BadInput, Problem
from interbrain.data.study import Group, Meeting, Member, Recording, Segment, Study
from interbrain.formats import records
from interbrain.formats._checks import absent, gaps, persons_table, place, whole, without_doubles
from interbrain.formats._inside import check_recording
from interbrain.formats._scores import read_scores
from interbrain.formats._study_toml import PLACEHOLDERS, Recordings, SegmentEntry, StudyToml, read_study_toml
from interbrain.formats.sniff import guess, load

Key = tuple[str, int, str]
"""Group, session, condition: what makes a meeting."""


@dataclass
class _Found:
    """What the files' names say of one meeting."""

    recordings: list[Recording] = field(default_factory=list)
    arm: str = ""
    therapist: str = ""


def read(path: Path) -> Study:
    """Read the ``study.toml`` of a folder (or that file itself) into a study.

    Everything that is wrong with single files, meetings, groups or scores is a row in ``Study.problems``.

    Raises
    ------
    BadInput
        There is no ``study.toml``, it is wrong itself, or no file fits any of its patterns.
    """
    path = Path(path)
    file = path / "study.toml" if path.is_dir() else path
    toml = read_study_toml(file)
    root = (file.parent / toml.study.root).resolve()
    if not root.is_dir():
        raise BadInput(
            f"{file}: study.root is {root}, which is no folder; allowed is the recordings' folder; correct it."
        )
    _check_formats(file, toml)
    problems: list[Problem] = []
    found, matched = _match(root, toml, problems)
    if not found:
        patterns = ", ".join(e.pattern for e in toml.recordings)
        there = ", ".join(sorted(p.name for p in root.iterdir())[:5]) or "nothing"
        raise BadInput(
            f"{file}: no file in {root} fits {patterns}; there are: {there}; correct the pattern or the root."
        )
    problems += _unmatched(root, file, toml, matched)
    meetings = _meetings(found, toml, problems)
    groups = _groups(meetings, toml)
    problems += _nobody(groups, toml)
    problems += gaps(meetings)
    outcomes, score_problems = read_scores(file.parent, toml.outcomes, groups, toml.study.roles)
    return Study(
        name=toml.study.name or root.name,
        root=root,
        roles=tuple(toml.study.roles),
        persons=persons_table({m.person: m.role for g in groups for m in g.members}),
        groups=groups,
        meetings=meetings,
        outcomes=outcomes,
        regions={channel: region for region, channels in toml.regions.items() for channel in channels},
        problems=(*problems, *score_problems),
        plan=toml.plan,
    )


def _check_formats(file: Path, toml: StudyToml) -> None:
    known = records()
    for entry in toml.recordings:
        if entry.format is not None and entry.format not in known:
            raise BadInput(f"{file}: there is no format {entry.format!r}; there are: {', '.join(known)}; correct it.")
        record = known.get(entry.format or "")
        odd = [o for o in entry.options if record is not None and o not in record.options]
        if odd and record is not None:
            allowed = ", ".join(record.options) or "none"
            raise BadInput(f"{file}: {record.name} has no option {odd[0]!r}; allowed: {allowed}; correct its name.")


def pattern_to_regex(pattern: str) -> re.Pattern[str]:
    """``"{arm}/{group}_{session}.txt"`` as an expression: a placeholder never crosses a folder, a session is digits.

    A ``*`` stands for any part of a name; a placeholder that comes again must hold the same text.
    """
    out, seen = "", set()
    for part in re.split(r"(\{\w+\}|\*)", pattern.strip("/")):
        name = part[1:-1]
        if part == "*":
            out += "[^/]*"
        elif part.startswith("{") and name in PLACEHOLDERS:
            inner = r"\d+" if name == "session" else "[^/]+?"
            out += f"(?P={name})" if name in seen else f"(?P<{name}>{inner})"
            seen.add(name)
        else:
            out += re.escape(part)
    return re.compile(out)


def _match(root: Path, toml: StudyToml, problems: list[Problem]) -> tuple[dict[Key, _Found], set[Path]]:
    found: dict[Key, _Found] = defaultdict(_Found)
    matched: set[Path] = set()
    outside: set[Path] = set()
    paths = sorted(p for p in root.rglob("*") if not any(x.startswith(".") for x in p.relative_to(root).parts))
    for entry in toml.recordings:
        regex = pattern_to_regex(entry.pattern)
        for path in paths:
            fit = regex.fullmatch(path.relative_to(root).as_posix())
            if fit is None or (path.is_dir() and not _may_be_folder(entry, path)):
                continue
            matched.add(path)
            if path in outside or not _stays_inside(path, root, problems):
                outside.add(path)
                continue
            _take(path, {**entry.fixed(), **fit.groupdict()}, entry, toml, found, problems)
    return dict(sorted(found.items(), key=lambda item: item[0])), matched


def _stays_inside(path: Path, root: Path, problems: list[Problem]) -> bool:
    try:
        check_recording(path, root)
    except BadInput as error:
        where, why = path.relative_to(root).as_posix(), "a study brings no files from elsewhere into its results"
        problems.append(Problem(where, str(error), why, "the file was left out"))
        return False
    return True


def _may_be_folder(entry: Recordings, path: Path) -> bool:
    return entry.format == "nirx" or (entry.format is None and any(path.glob("*.hdr")))


def _take(
    path: Path,
    said: dict[str, str],
    entry: Recordings,
    toml: StudyToml,
    found: dict[Key, _Found],
    problems: list[Problem],
) -> None:
    """Add a file's recordings (one, or one a person in it) to its meeting."""
    try:
        group, session, condition = said["group"], whole(said["session"]), said.get("condition", "")
    except ValueError as error:
        problems.append(Problem(path.name, str(error), "sessions are put in order by it", "the file was left out"))
        return
    where = place(group, session, condition)
    known = toml.groups.get(group, {})
    therapist = said.get("therapist") or known.get("therapist", "")
    try:
        name = entry.format or guess(path)
    except BadInput as error:
        problems.append(Problem(where, str(error), "its format must be known to read it", "the file was left out"))
        return
    people: Mapping[str, list[str | int] | None] = (
        entry.people if entry.people is not None else {said.get("role", ""): entry.channels}
    )
    for role, channels in people.items():
        if role not in toml.study.roles:
            what = f"{path.name} is of the role {role!r}; study.roles are {', '.join(toml.study.roles)}"
            problems.append(Problem(where, what, "pairs are built from roles", "the file was left out"))
            continue
        default = therapist if role == "therapist" and therapist else f"{group}-{role}"
        person = said.get("person") or known.get(role) or default
        recording = Recording(
            path=path,
            format=name,
            person=person,
            role=role,
            modality=entry.modality,
            channels=None if channels is None else tuple(str(c) for c in channels),
            options=tuple(sorted((k, _frozen(v)) for k, v in entry.options.items())),
            offset_s=entry.offset_s,
        )
        meeting = found[group, session, condition]
        meeting.recordings.append(recording)
        meeting.arm = meeting.arm or said.get("arm") or known.get("arm", "")
        meeting.therapist = meeting.therapist or therapist


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _unmatched(root: Path, file: Path, toml: StudyToml, matched: set[Path]) -> list[Problem]:
    """Files that look like a recording (they end like a pattern) and fit none: data that the study holds."""
    scores = {(file.parent / e.file).resolve() for e in toml.outcomes}
    ends = {Path(e.pattern).suffix.lower() for e in toml.recordings} - {""}
    problems = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        inside = path in matched or any(parent in matched for parent in path.parents)
        if inside or path.resolve() in scores or path.suffix.lower() not in ends:
            continue
        problems.append(
            Problem(
                where=path.relative_to(root).as_posix(),
                what="fits none of the patterns of study.toml",
                why="group and session come from the file's name",
                done="the file was left out; rename it, or add a pattern",
            )
        )
    return problems


def _meetings(found: dict[Key, _Found], toml: StudyToml, problems: list[Problem]) -> tuple[Meeting, ...]:
    meetings = []
    for (group, session, condition), held in found.items():
        where = place(group, session, condition)
        order = {role: i for i, role in enumerate(toml.study.roles)}
        sorted_by_role = sorted(held.recordings, key=lambda r: (order[r.role], r.modality, r.path.as_posix()))
        recordings, doubles = without_doubles(sorted_by_role, where)
        problems += doubles
        segments, segment_problems = _segments(recordings, toml.segments, where)
        problems += segment_problems
        if not segments:
            continue
        meeting = Meeting(
            group, session, recordings, segments, condition=condition, therapist=held.therapist, arm=held.arm
        )
        problems += absent(meeting, toml.study.roles)
        meetings.append(meeting)
    return tuple(meetings)


def _segments(
    recordings: tuple[Recording, ...], entries: list[SegmentEntry], where: str
) -> tuple[tuple[Segment, ...], list[Problem]]:
    """The named stretches; those of events are looked up in the first recording (the meeting's clock)."""
    if not entries:
        return (Segment("whole"),), []
    fixed = [Segment(e.name, e.start_s or 0.0, e.stop_s) for e in entries if e.event is None]
    events = [e for e in entries if e.event is not None]
    if not events:
        return tuple(fixed), []
    why = "this segment is where the event is"
    try:
        points = load(recordings[0]).points
    except BadInput as error:
        return tuple(fixed), [Problem(where, str(error), why, "the segments of events were left out")]
    offset = recordings[0].offset_s or 0.0
    labels = {e.event for e in events}
    marks = [(float(t) + offset, float(d), x) for t, d, x in zip(points.onset, points.duration, points.label)]
    starts = sorted(t for t, _, x in marks if x in labels)
    problems = []
    for entry in events:
        mine = [(t, d) for t, d, x in marks if x == entry.event]
        if not mine:
            there = ", ".join(sorted(set(points.label))) or "none"
            what = f"no event {entry.event!r} in {recordings[0].path.name}; there are: {there}"
            problems.append(Problem(where, what, why, f"the segment {entry.name!r} was left out"))
        for t, d in mine:
            following = next((s for s in starts if s > t), None)
            fixed.append(Segment(entry.name, t, t + d if d > 0 else following))
    return tuple(sorted(fixed, key=lambda s: s.start_s)), problems


def _groups(meetings: tuple[Meeting, ...], toml: StudyToml) -> tuple[Group, ...]:
    groups = []
    for id in dict.fromkeys(m.group for m in meetings):
        mine = [m for m in meetings if m.group == id]
        people = dict.fromkeys((r.person, r.role) for m in mine for r in m.recordings)
        order = {role: i for i, role in enumerate(toml.study.roles)}
        members = tuple(Member(*p) for p in sorted(people, key=lambda p: order[p[1]]))
        therapists, arms = {m.therapist for m in mine}, {m.arm for m in mine}
        groups.append(
            Group(
                id,
                members,
                therapist=therapists.pop() if len(therapists) == 1 else "",
                arm=arms.pop() if len(arms) == 1 else "",
            )
        )
    return tuple(groups)


def _nobody(groups: tuple[Group, ...], toml: StudyToml) -> list[Problem]:
    there = {g.id for g in groups}
    return [
        Problem(
            where=place(id),
            what=f"[groups] names {id!r}, of whom there is no recording",
            why="a group without recordings gives no number",
            done=f"it was left out; there are: {', '.join(sorted(there))}",
        )
        for id in toml.groups
        if id not in there
    ]
