"""``--deidentify``: the study as it is analysed, without names, dates, serial numbers and paths.

It happens in memory, before anything is written: every later step sees neutral ids only. Numbers are given in an order
that follows from the recordings' content, not from names, and all secrets come from that content too: the same study
gets the same ids and shifts again, and no key has to be kept.

What is kept are the words of the design: roles, arms, conditions, segments, instruments, regions and the plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.data.disguise import UNTOLD, Disguise, keyed
from interbrain.data.errors import BadInput, InterbrainError, Problem
from interbrain.data.study import Group, Meeting, Member, Study
from interbrain.study.people import Slot, slots
from interbrain.study.person import Person
from interbrain.study.place import MARK

__all__ = ["neutral_origin", "neutral_study", "room"]

NAME = "De-identified study"
LARGEST_NUMBER = 9999
"""A larger session number may be a date (20260131, 310126)."""
EARLIEST_DAYS, LATEST_DAYS = 365, 3650
"""Dates move into the past by one to ten years."""


def neutral_study(study: Study) -> Study:
    """The same study under neutral ids, with each group's dates moved by one offset.

    Raises
    ------
    BadInput
        A session's number may be a date.
    """
    numbers = [*(m.session for m in study.meetings), *study.outcomes["session"].astype(int)]
    if any(abs(n) > LARGEST_NUMBER for n in numbers):
        raise BadInput(
            f"{NAME}: a session number above {LARGEST_NUMBER} may be a date; allowed with --deidentify are 1, 2, 3 …; "
            "number the sessions of each group."
        )
    secrets = {g.id: _secret(study, g.id) for g in study.groups}
    shared = hashlib.sha256("".join(sorted(secrets.values())).encode()).hexdigest()
    order = sorted(study.groups, key=lambda g: (keyed(shared, "order", secrets[g.id]), secrets[g.id]))
    groups = _numbered("g", (g.id for g in order))
    persons = _numbered("p", (m.person for g in order for m in g.members))
    labels = [*(g.therapist for g in order), *(m.therapist for m in study.meetings)]
    therapists = {**_numbered("t", (t for t in labels if t and t not in persons)), **persons, "": ""}
    disguises = {g: Disguise(_shift(secret), shared) for g, secret in secrets.items()}
    neutral = Disguise(0, shared)

    def meeting(held: Meeting) -> Meeting:
        own = disguises[held.group]
        recordings = tuple(replace(r, person=persons[r.person], disguise=own) for r in held.recordings)
        return replace(
            held, group=groups[held.group], recordings=recordings, therapist=therapists[held.therapist],
            date=own.instant(held.date) or "",
        )  # fmt: skip

    def group(held: Group) -> Group:
        members = tuple(Member(persons[m.person], m.role) for m in held.members)
        return replace(held, id=groups[held.id], members=members, therapist=therapists[held.therapist])

    return Study(
        name=NAME,
        root=Path(),
        roles=study.roles,
        persons=pd.DataFrame({"participant_id": list(persons.values())}, dtype=object),
        groups=tuple(group(g) for g in order),
        meetings=tuple(sorted((meeting(m) for m in study.meetings), key=lambda m: m.key)),
        outcomes=_outcomes(study.outcomes, groups, persons),
        regions={neutral.channel(name): region for name, region in study.regions.items()},
        problems=tuple(_untold(p, groups) for p in study.problems),
        plan=study.plan,
        description={"simulated": bool(study.description.get("simulated"))},
    )


def _secret(study: Study, group: str) -> str:
    """What only the content of a group's recordings gives."""
    for meeting in study.meetings:
        for recording in meeting.recordings if meeting.group == group else ():
            try:
                return hashlib.sha256(f"interbrain {recording.content_hash()}".encode()).hexdigest()
            except InterbrainError:
                continue
    return hashlib.sha256(b"nothing could be read").hexdigest()


def _shift(secret: str) -> int:
    """Whole seconds into the past: the time of day is moved too."""
    span = (LATEST_DAYS - EARLIEST_DAYS) * 86_400
    return -(EARLIEST_DAYS * 86_400 + int(keyed(secret, "shift")[:15], 16) % span)


def _numbered(letter: str, ids: Iterable[str]) -> dict[str, str]:
    known = list(dict.fromkeys(ids))
    width = max(2, len(str(len(known))))
    return {id: f"{letter}{number:0{width}d}" for number, id in enumerate(known, start=1)}


def _outcomes(outcomes: pd.DataFrame, groups: dict[str, str], persons: dict[str, str]) -> pd.DataFrame:
    kept = outcomes[outcomes["group"].isin(groups) & outcomes["participant"].isin(persons)]
    kept = kept.assign(group=kept["group"].map(groups), participant=kept["participant"].map(persons))
    return kept.sort_values(["group", "participant", "instrument", "session"], kind="stable", ignore_index=True)


def _untold(problem: Problem, groups: dict[str, str]) -> Problem:
    """A problem of the study's files: where it is, in neutral words; its own text quotes those files."""
    first, _, _ = problem.where.partition(", ")
    known = groups.get(first.removeprefix("group "), "")
    session = next((w for w in problem.where.split(", ")[1:2] if w.removeprefix("session ").isdigit()), "")
    where = ", ".join(w for w in (f"group {known}", session) if w) if known else "the study's files"
    what = f"something is wrong there; {UNTOLD}"
    lost = "it did not enter" if problem.costs_data else "it entered as it is"
    return Problem(where, what, "a study's own files say who met when", lost, problem.costs_data)


def hashed(content: str) -> str:
    """A recording's hash as it may be published: it does not give the secret away."""
    return hashlib.sha256(f"{MARK} {content}".encode()).hexdigest() if content else ""


def room(out: Path, work: Path) -> None:
    """Make sure that nothing in the folder for the results could name anybody; what a run like this left may stay.

    Raises
    ------
    BadInput
        The folder holds something else.
    """
    mark = work / MARK
    there = out.is_dir() and any(out.iterdir())
    if there and not mark.is_file() and not _said(out / "provenance.json"):
        raise BadInput(
            "The folder for the results holds files that may name people; allowed with --deidentify is a new or empty "
            "folder, or one that such a run wrote; give another one."
        )
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _said(path: Path) -> bool:
    try:
        return json.loads(path.read_text(encoding="utf-8")).get(MARK) is True
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def neutral_origin(origin: dict[str, Any], study: Study, people: dict[Slot, Person]) -> dict[str, Any]:
    """``provenance.json`` without paths, the day of the run and what a simulator says; inputs by their places."""
    where = slots(study)
    inputs = sorted(
        (f"{meeting.key}/{recording.role}/{recording.modality}", hashed(people[slot].sha256))
        for slot, (meeting, recording) in where.items()
        if slot in people
    )
    return origin | {
        "study": {"name": study.name, "simulated": bool(study.description.get("simulated"))},
        "inputs": [{"file": name, "sha256": sha} for name, sha in inputs],
        "command": f"{origin['command']} --deidentify",
        "started": None,
        "truth": None,
        MARK: True,
    }
