"""A study in BIDS, with the two tables that BIDS lacks: ``groups.tsv`` and ``meetings.tsv``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.data.errors import BadInput, Problem, shorten
from interbrain.data.study import Group, Meeting, Member, Recording, Segment, Study
from interbrain.data.toml import read_toml
from interbrain.formats._bids_files import (
    EXAMPLES,
    MODALITIES,
    OFFSET,
    OURS,
    OWN_ID,
    beside,
    entities,
    label,
    read_json,
    read_tsv,
    sidecar,
)
from interbrain.formats._bids_scores import read_phenotype
from interbrain.formats._bids_write import write
from interbrain.formats._checks import absent, gaps, place, whole, without_doubles
from interbrain.formats._inside import check_inside, check_recording, plain_name

__all__ = ["read", "write"]

SUFFIXES = {
    (".snirf", "nirs"): ("snirf", "fnirs"),
    (".edf", "eeg"): ("edf", "eeg"),
    (".bdf", "eeg"): ("bdf", "eeg"),
    (".vhdr", "eeg"): ("brainvision", "eeg"),
    (".set", "eeg"): ("eeglab", "eeg"),
    (".fif", "eeg"): ("fif", "eeg"),
    (".fif", "epo"): ("fif", "eeg"),
}
"""File ending and BIDS suffix: format and modality."""
TABLES = ("physio", "beh", "motion")
DATATYPES = ("nirs", "eeg", "beh", "physio", "motion")


def read(root: Path) -> Study:
    """Read a BIDS folder.

    Segments are the intervals of each first person's ``_events.tsv`` (``trial_type``), regions the column ``region`` of
    ``_channels.tsv``, scores the long tables in ``phenotype/``. Everything wrong with single meetings, people or scores
    is a row in ``Study.problems``.

    Raises
    ------
    BadInput
        ``groups.tsv`` is missing or no such table, or there is no recording of any meeting.
    """
    root = Path(root)
    if not (root / "groups.tsv").is_file():
        raise BadInput(
            f"{root}: has no groups.tsv, which says who meets whom (nor a study.toml); "
            f"write that table, e.g.\n  {EXAMPLES['groups.tsv']}"
        )
    about = read_json(root / "dataset_description.json", root)
    ours: dict[str, Any] = about[OURS] if isinstance(about.get(OURS), dict) else {}
    problems: list[Problem] = []
    persons, ids = _persons(root, problems)
    groups, roles = _groups(root, ids, ours.get("Roles"), problems)
    meetings, regions = _meetings(root, groups, roles, ids, problems)
    if not meetings:
        told = "; ".join(shorten(f"{p.where}: {p.what}") for p in problems[:3])
        raise BadInput(f"{root}: no meeting has a recording; allowed are sub-*/ses-*/nirs/*_nirs.snirf etc. {told}")
    outcomes = read_phenotype(root, groups, ids, problems)
    problems += gaps(meetings)
    truth = root / "sourcedata" / "truth.json"
    return Study(
        name=str(about.get("Name") or root.name),
        root=root,
        roles=roles,
        persons=persons,
        groups=groups,
        meetings=meetings,
        outcomes=outcomes,
        regions=regions,
        problems=tuple(problems),
        plan=_plan(root / "plan.toml", root),
        truth=read_json(truth, root) if truth.is_file() else None,
        description=ours.get("Description") or {},
    )


def _persons(root: Path, problems: list[Problem]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table of persons, and each ``sub-`` label's id in the study."""
    path = root / "participants.tsv"
    if path.is_file():
        table = read_tsv(path, root, ("participant_id",))
    else:
        subjects = sorted(p.name for p in root.glob("sub-*") if p.is_dir())
        table = pd.DataFrame({"participant_id": subjects}, dtype=object)
        what = "participants.tsv is missing"
        why = "it says who took part"
        problems.append(Problem("participants.tsv", what, why, "the sub- folders were taken", costs_data=False))
    labels = [p.removeprefix("sub-") for p in table["participant_id"]]
    own = list(table[OWN_ID]) if OWN_ID in table else [""] * len(labels)
    ids = {short: mine or short for short, mine in zip(labels, own)}
    table["participant_id"] = [ids[short] for short in labels]
    table = table.drop(columns=[OWN_ID], errors="ignore")
    for column in table.columns[1:]:
        table[column] = _typed(table[column])
    return table, ids


def _typed(column: pd.Series) -> pd.Series:
    """Numbers where every cell is one; text like ``01`` stays text."""
    held = [c for c in column if c]
    if not held or any(re.fullmatch(r"-?0\d+", c) for c in held):
        return column
    try:
        numbers = [float(c) if c else float("nan") for c in column]
    except ValueError:
        return column
    if len(held) == len(numbers) and all(re.fullmatch(r"-?\d{1,15}", c) for c in held):
        return pd.Series([int(c) for c in column])
    return pd.Series(numbers)


def _groups(
    root: Path, ids: dict[str, str], roles: Any, problems: list[Problem]
) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    table = read_tsv(root / "groups.tsv", root, ("group_id", "participant_id", "role"))
    found: dict[str, list[dict[str, str]]] = {}
    for row in table.to_dict("records"):
        short = row["participant_id"].removeprefix("sub-")
        try:
            for label in (row["group_id"], short, ids.get(short, "")):
                plain_name(label)
        except ValueError as error:
            problems.append(Problem("groups.tsv", str(error), "ids become names of files", "the row was left out"))
            continue
        if short not in ids and not (root / f"sub-{short}").is_dir():
            what = f"groups.tsv names {row['participant_id']!r}, who is neither in participants.tsv nor has a folder"
            where = place(row["group_id"], None, row["role"])
            problems.append(Problem(where, what, "nobody's recordings can be paired", "the row was left out"))
            continue
        found.setdefault(row["group_id"], []).append({**row, "person": ids.setdefault(short, short)})
    groups = []
    for id, rows in found.items():
        if len(rows) < 2:
            what = f"the group has {len(rows)} member; two are needed"
            problems.append(Problem(place(id), what, "synchrony needs both people", "the group was left out"))
            continue
        members = tuple(Member(r["person"], r["role"]) for r in rows)
        groups.append(Group(id, members, therapist=rows[0].get("therapist", ""), arm=rows[0].get("arm", "")))
    seen = dict.fromkeys(m.role for g in groups for m in g.members)
    order = [str(r) for r in roles] if isinstance(roles, list) else sorted(seen, key=lambda r: r != "patient")
    return tuple(groups), tuple(dict.fromkeys([*order, *seen]))


def _meetings(
    root: Path, groups: tuple[Group, ...], roles: tuple[str, ...], ids: dict[str, str], problems: list[Problem]
) -> tuple[tuple[Meeting, ...], dict[str, str]]:
    rows = _meeting_rows(root, groups, roles, ids)
    by_id = {g.id: g for g in groups}
    subjects = {person: short for short, person in ids.items()}
    shared = _shared_folders(rows)
    meetings: dict[str, Meeting] = {}
    regions: dict[str, str] = {}
    for row in rows:
        group = by_id.get(row["group_id"])
        try:
            session = whole(row["session"])
            for label in (row.get("condition", ""), *(v for k, v in row.items() if k.startswith("ses_"))):
                plain_name(label)
        except ValueError as error:
            what, group, session = str(error), None, 0
        else:
            what = f"meetings.tsv names the group {row['group_id']!r}, which groups.tsv has not"
        if group is None:
            problems.append(Problem(place(row["group_id"]), what, "nobody met", "the row was left out"))
            continue
        condition = row.get("condition", "")
        where = place(group.id, session, condition)
        files = _files(root, group, row, roles, subjects, condition if shared else "")
        files = [(f, m) for f, m in files if _stays_inside(f, root, where, problems)]
        recordings, doubles = without_doubles([_recording(root, f, m, problems, where) for f, m in files], where)
        problems += doubles
        meeting = Meeting(
            group=group.id,
            session=session,
            recordings=recordings,
            segments=_segments(root, recordings, where, problems),
            condition=condition,
            therapist=row.get("therapist", "") or group.therapist,
            arm=row.get("arm", "") or group.arm,
            date=row.get("date", ""),
        )
        problems += _usable(meeting, where, meetings, [r for r in roles if group.person(r) is not None])
        if recordings and meeting.key not in meetings:
            meetings[meeting.key] = meeting
            _add_regions(root, recordings, regions, problems)
    return tuple(meetings.values()), regions


def _stays_inside(file: Path, root: Path, where: str, problems: list[Problem]) -> bool:
    try:
        check_recording(file, root)
    except BadInput as error:
        why = "a study brings no files from elsewhere into its results"
        problems.append(Problem(where, str(error), why, "the file was left out"))
        return False
    return True


def _usable(meeting: Meeting, where: str, others: dict[str, Meeting], roles: list[str]) -> list[Problem]:
    if meeting.key in others:
        what = "meetings.tsv has the same dyad twice for one session"
        return [Problem(where, what, "it would count twice", "the second row was left out")]
    if not meeting.recordings:
        what = "meetings.tsv has the session, but there is no recording of anybody"
        return [Problem(where, what, "nothing can be measured", "the meeting was left out; the others go on")]
    return absent(meeting, roles)


def _meeting_rows(
    root: Path, groups: tuple[Group, ...], roles: tuple[str, ...], ids: dict[str, str]
) -> list[dict[str, str]]:
    """Rows of ``meetings.tsv``; without it, the ``ses-`` folders of people who are in one group only."""
    path = root / "meetings.tsv"
    if path.is_file():
        return read_tsv(path, root, ("group_id", "session")).to_dict("records")
    homes = [m.person for g in groups for m in g.members]
    busy = sorted({p for p in homes if homes.count(p) > 1})
    if busy:
        raise BadInput(
            f"{root}: has no meetings.tsv, and {busy[0]!r} is in several groups, so that it is not known which session "
            f"was with whom; write that table, e.g.\n  {EXAMPLES['meetings.tsv']}"
        )
    subjects = {person: short for short, person in ids.items()}
    rows = []
    for group in groups:
        folders = [p for m in group.members for p in (root / f"sub-{subjects[m.person]}").glob("ses-*")]
        names = sorted({p.name.removeprefix("ses-") for p in folders}) or [""]
        for order, name in enumerate(names, start=1):
            number = re.search(r"\d+", name)
            row = {"group_id": group.id, "session": str(int(number.group())) if number else str(order)}
            rows.append({**row, **({f"ses_{role}": name for role in roles} if name else {})})
    return rows


def _shared_folders(rows: list[dict[str, str]]) -> bool:
    """Whether one session's folder serves several conditions, which the ``task-`` entity then tells apart."""
    keys = [(r["group_id"], *(v for k, v in r.items() if k == "session" or k.startswith("ses_"))) for r in rows]
    return len(set(keys)) < len(keys)


def _files(
    root: Path, group: Group, row: dict[str, str], roles: tuple[str, ...], subjects: dict[str, str], task: str
) -> list[tuple[Path, Member]]:
    """Recordings of each member at a meeting, in the order of roles."""
    found = []
    for member in sorted(group.members, key=lambda m: roles.index(m.role)):
        subject = root / f"sub-{subjects[member.person]}"
        column = f"ses_{member.role}"
        folder = subject / f"ses-{row[column].removeprefix('ses-')}" if row.get(column) else None
        if column not in row:
            folder = _session_folder(subject, row["session"])
        for file in _recordings_in(folder if folder is not None or column in row else subject):
            if not task or entities(file).get("task") == label(task):
                found.append((file, member))
    return found


def _session_folder(subject: Path, session: str) -> Path | None:
    """The folder with the session's number, however it is padded; the subject's own where it has no sessions."""
    folders = sorted(subject.glob("ses-*"))
    if not folders:
        return subject
    number = whole(session)
    numbered = [f for f in folders if f.name.removeprefix("ses-").isdigit() and whole(f.name) == number]
    return numbered[0] if numbered else None


def _recordings_in(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    files = [f for d in DATATYPES for f in sorted((folder / d).glob("sub-*")) if f.is_file()]
    return [f for f in files if _is_recording(f)]


def _is_recording(file: Path) -> bool:
    ending, suffix = _ending(file), entities(file)["suffix"]
    return (ending, suffix) in SUFFIXES or (ending in (".tsv", ".tsv.gz") and suffix in TABLES)


def _ending(file: Path) -> str:
    return "." + file.name.split(".", 1)[-1]


def _recording(root: Path, file: Path, member: Member, problems: list[Problem], where: str) -> Recording:
    try:
        said = sidecar(file, root)
        offset = None if said.get(OFFSET) is None else float(said[OFFSET])
        rate = None if said.get("SamplingFrequency") is None else float(said["SamplingFrequency"])
    except (BadInput, TypeError, ValueError) as error:
        problems.append(Problem(where, str(error), "a sidecar states rate and start", "it was passed over"))
        said, offset, rate = {}, None, None
    known = SUFFIXES.get((_ending(file), entities(file)["suffix"]))
    if known is not None:
        return Recording(file, known[0], member.person, member.role, known[1], offset_s=offset)
    options: dict[str, Any] = {"delimiter": "\t"}
    if rate is not None:
        options["rate"] = rate
    columns = said.get("Columns")
    if isinstance(columns, list) and entities(file)["suffix"] != "beh":
        options |= {"header": False, "names": tuple(str(c) for c in columns)}
    modality = _modality(file, said)
    return Recording(
        file, "table", member.person, member.role, modality, options=tuple(sorted(options.items())), offset_s=offset
    )


def _modality(file: Path, said: dict[str, Any]) -> str:
    """What the sidecar or the ``recording-`` entity says; BIDS' own column names as the last resort."""
    named = str(said.get("Modality") or entities(file).get("recording") or entities(file)["suffix"])
    if said.get("Modality") or named in MODALITIES:
        return named
    columns = {str(c).lower() for c in said.get("Columns", ())}
    if columns & {"cardiac", "ecg", "ppg"}:
        return "heart"
    return "eda" if columns & {"scr", "eda", "gsr", "skinconductance"} else "misc"


def _segments(
    root: Path, recordings: tuple[Recording, ...], where: str, problems: list[Problem]
) -> tuple[Segment, ...]:
    """Intervals of the first recording's events, on the meeting's clock; a point in time is no segment."""
    for recording in recordings:
        path = beside(recording.path, "events")
        if not path.is_file():
            continue
        try:
            table = read_tsv(path, root, ("onset", "duration", "trial_type"))
            offset = recording.offset_s or 0.0
            spans = [
                (round(float(on) + offset, 9), float(lasts) if lasts else None, name)
                for on, lasts, name in zip(table["onset"], table["duration"], table["trial_type"])
                if name
            ]
        except (BadInput, ValueError) as error:
            problems.append(
                Problem(
                    where,
                    f"{path.name}: {error}",
                    "it says where segments are",
                    "the next person's, or the whole, was taken",
                )
            )
            continue
        segments = [Segment(n, s, None if d is None else round(s + d, 9)) for s, d, n in spans if d is None or d > 0]
        if segments and recording is not recordings[0] and recording.offset_s is None:
            told = f"segments come from {path.name}, as {recordings[0].path.name} has no events"
            why = "they are taken to count from the first person's first sample"
            problems.append(Problem(where, told, why, "state offset_s, or give both people events", costs_data=False))
        if segments:
            return tuple(segments)
    return (Segment("whole"),)


def _add_regions(
    root: Path, recordings: tuple[Recording, ...], regions: dict[str, str], problems: list[Problem]
) -> None:
    for recording in recordings:
        for channel, region in _regions_of(root, recording).items():
            if regions.setdefault(channel, region) != region:
                what = f"channel {channel} lies in {region} here and in {regions[channel]} elsewhere"
                why = "one name must mean one place"
                where = recording.path.name
                problems.append(Problem(where, what, why, f"{regions[channel]} was kept", costs_data=False))


def _regions_of(root: Path, recording: Recording) -> dict[str, str]:
    path = beside(recording.path, "channels")
    try:
        if recording.format == "table":
            said = sidecar(recording.path, root).get("Regions")
            return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
        if not path.is_file():
            return {}
        table = read_tsv(path, root, ("name",))
    except BadInput:
        return {}
    if "region" not in table:
        return {}
    if {"source", "detector"} <= set(table.columns):
        names = [f"{s}_{d}" if s and d else n for s, d, n in zip(table["source"], table["detector"], table["name"])]
    else:
        names = list(table["name"])
    return {name: region for name, region in zip(names, table["region"]) if region}


def _plan(path: Path, root: Path) -> dict[str, Any] | None:
    check_inside(path, root)
    return read_toml(path) if path.is_file() else None
