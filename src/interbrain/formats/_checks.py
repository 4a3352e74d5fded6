"""What can be wrong with a study's meetings whatever its layout: absent people, gaps in sessions, doubles, scores."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from interbrain.data.errors import Problem
from interbrain.data.study import Meeting, Recording

MISSING = ("", "n/a", "N/A", "NA", "NaN", "nan")
WHEN = {"before": "before", "pre": "before", "after": "after", "post": "after"}

LARGEST_SESSION = 99_999_999
"""Dates written as numbers (20260131) are still below it."""


def place(group: str, session: int | None = None, *more: str) -> str:
    """``"group 03, session 2, patient"``."""
    return ", ".join((f"group {group}", *([] if session is None else [f"session {session}"]), *(m for m in more if m)))


def without_doubles(recordings: Sequence[Recording], where: str) -> tuple[tuple[Recording, ...], list[Problem]]:
    """One recording a person and modality: the first by path is kept, each further one is a problem."""
    kept: dict[tuple[str, str, str], Recording] = {}
    problems = []
    for recording in recordings:
        key = (recording.person, recording.role, recording.modality)
        if key in kept:
            problems.append(
                Problem(
                    where=f"{where}, {recording.role}, {recording.modality}",
                    what=f"the same dyad twice: {kept[key].path.name} and {recording.path.name} are for one meeting",
                    why="one person has one recording of a modality in a meeting; a second one would count it twice",
                    done=f"{recording.path.name} was left out; give it another session or condition, or remove it",
                )
            )
        else:
            kept[key] = recording
    return tuple(kept.values()), problems


def absence(meeting: Meeting, role: str, modality: str) -> Problem:
    """What is told of somebody who has no recording of a modality at a meeting."""
    return Problem(
        where=place(meeting.group, meeting.session, meeting.condition, role, modality),
        what=f"no {modality} recording of the {role}",
        why="synchrony needs both people",
        done="what needs this recording was left out at this meeting; all else goes on",
    )


def absent(meeting: Meeting, roles: Sequence[str]) -> list[Problem]:
    """People without a recording of a modality that somebody else of the meeting has.

    Whether an analysis needs it is not known here: a plan may take one modality of each person.
    """
    modalities = sorted({r.modality for r in meeting.recordings})
    return [absence(meeting, role, m) for m in modalities for role in roles if not meeting.of(role, m)]


def gaps(meetings: Iterable[Meeting]) -> list[Problem]:
    """A note for each group whose session numbers have holes.

    A hole in which others met, but nobody of the same roles and nobody for a segment that the group has too, is
    another series of the study: whoever meets before the first session and after the last lacks none between them.
    """
    meetings = list(meetings)
    roles: dict[str, frozenset[str]] = {}
    own: dict[str, set[Hashable]] = defaultdict(set)
    sessions: dict[str, set[int]] = defaultdict(set)
    for m in meetings:
        roles[m.group] = roles.get(m.group, frozenset()) | {r.role for r in m.recordings}
        own[m.group] |= {s.name for s in m.segments}
        sessions[m.group].add(m.session)
    of_kind = Counter(roles.values())
    held: dict[int, set[Hashable]] = defaultdict(set)
    for m in meetings:
        held[m.session] |= {roles[m.group], *(s.name for s in m.segments)}
    problems = []
    for group, had in sessions.items():
        several = of_kind[roles[group]] > 1  # then roles tell a series where no segment is named
        kinds = (own[group] - {"whole"} if several else own[group]) | {roles[group]}
        missing = _missing(sorted(had), {n: bool(kinds & there) for n, there in held.items()})
        if missing:
            problems.append(
                Problem(
                    where=place(group),
                    what=f"sessions {min(had)} to {max(had)} lack {', '.join(missing)}",
                    why="the course over sessions rests on those that are there",
                    done="session numbers were kept as they are",
                    costs_data=False,
                )
            )
    return problems


def _missing(had: Sequence[int], held: Mapping[int, bool]) -> list[str]:
    """What is left out between ascending numbers, runs together: ``["2", "5 to 9"]``.

    ``held``: sessions that anybody had, and whether they were of this series. Of a hole in which others met only those
    count that were.
    """
    known = sorted(held)
    runs: list[range] = []
    for low, high in pairwise(had):
        there = known[bisect_right(known, low) : bisect_left(known, high)]
        mine = [n for n in there if held[n]]
        runs += [range(low + 1, high)] if len(mine) == len(there) else [range(n, n + 1) for n in mine]
    return [text for run in runs for text in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run))]


def score_of(cell: str) -> float | None:
    """The number in a cell; None where it is missing.

    Raises
    ------
    ValueError
        The cell holds something else.
    """
    if cell.strip() in MISSING:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ValueError(f"the score {cell!r} is not a number")
    return value


def bad_score(where: str, what: str, done: str = "the row was left out") -> Problem:
    return Problem(
        where=where, what=what, why="a score must be a number that belongs to a person and a session", done=done
    )


def whole(text: str) -> int:
    """A session number: ``"2"``, ``"02"``, ``"2.0"`` or ``"ses-02"``.

    Raises
    ------
    ValueError
        Anything else.
    """
    try:
        number = float(text.strip().removeprefix("ses-"))
        if number.is_integer() and abs(number) <= LARGEST_SESSION:
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"session is {text!r}; allowed is a whole number, at most {LARGEST_SESSION}")


def plain(text: str) -> str:
    """An id as text; ``"1.0"``, which is what spreadsheets make of 1, is ``"1"``."""
    text = text.strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def persons_table(roles: Mapping[str, str]) -> pd.DataFrame:
    """``participant_id`` and ``role``, in the order of first mention."""
    return pd.DataFrame({"participant_id": list(roles), "role": list(roles.values())}, dtype=object)
