"""Score files of a ``study.toml``, long or wide, as the study's table of outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from interbrain.data.errors import Problem
from interbrain.data.study import OUTCOME_COLUMNS, Group
from interbrain.formats._checks import WHEN, bad_score, plain, score_of, whole
from interbrain.formats._inside import check_inside
from interbrain.formats._study_toml import OutcomeEntry

COLUMNS = ("participant", "group", "instrument", "session", "when", "score")


def read_scores(
    folder: Path, entries: Sequence[OutcomeEntry], groups: Sequence[Group], roles: Sequence[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """All scores, one a row (:data:`OUTCOME_COLUMNS`), and a problem for each row or file that gives none."""
    rows: list[tuple[str, str, str, int, str, float]] = []
    problems: list[Problem] = []
    for entry in entries:
        path = folder / entry.file
        try:
            check_inside(path, folder)
            table = pd.read_csv(path, sep=_separator(path), dtype=str, keep_default_na=False, encoding="utf-8-sig")
            columns = _columns(entry, table)
        except (OSError, ValueError) as error:
            why = f"the score file cannot be used ({' '.join(str(error).split())[:200]})"
            problems.append(bad_score(entry.file, why, "no score of this file entered; check its name and columns"))
            continue
        before = len(rows) + len(problems)
        for line, row in enumerate(table.fillna("").to_dict("records"), start=2):
            for instrument, cell in _cells(entry, columns, row):
                try:
                    score = score_of(cell)
                    if score is None:
                        continue
                    group, person = _who(entry, columns, row, groups, roles)
                    session = whole(str(_value(entry.session, columns.get("session"), row)))
                    when = _when(str(_value(entry.when or "after", columns.get("when"), row)))
                except ValueError as error:
                    problems.append(bad_score(f"{entry.file}, line {line}, {instrument}", str(error)))
                    continue
                rows.append((group, person, instrument, session, when, score))
        if len(rows) + len(problems) == before:
            why = f"holds no score in {len(table)} rows of the columns {', '.join(map(str, table.columns))}"
            problems.append(bad_score(entry.file, why, "no score entered; check its separator and columns"))
    return pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS)), problems


def _separator(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as handle:
        head = handle.readline()
    return next((s for s in ("\t", ";", ",") if s in head), ",")


def _columns(entry: OutcomeEntry, table: pd.DataFrame) -> dict[str, str]:
    """Which of the entry's words are columns of the file; the words that must be one and are not are an error."""
    found = {}
    for key in COLUMNS:
        word = getattr(entry, key)
        if word is not None and str(word) in table.columns:
            found[key] = str(word)
        elif word is not None and (
            key in ("participant", "group", "score") or (key == "session" and isinstance(word, str))
        ):
            raise ValueError(f"no column {word!r} for {key}; there are: {', '.join(map(str, table.columns))}")
    for column in (entry.instruments or {}).values():
        if column not in table.columns:
            raise ValueError(f"no column {column!r}; there are: {', '.join(map(str, table.columns))}")
    return found


def _cells(entry: OutcomeEntry, columns: dict[str, str], row: dict[str, str]) -> list[tuple[str, str]]:
    if entry.instruments is not None:
        return [(name, row[column]) for name, column in entry.instruments.items()]
    return [(str(_value(entry.instrument, columns.get("instrument"), row)), row[columns["score"]])]


def _value(fixed: object, column: str | None, row: dict[str, str]) -> object:
    return fixed if column is None else row[column]


def _when(text: str) -> str:
    if text.strip().lower() not in WHEN:
        raise ValueError(f"when is {text!r}; allowed are before and after")
    return WHEN[text.strip().lower()]


def _who(
    entry: OutcomeEntry, columns: dict[str, str], row: dict[str, str], groups: Sequence[Group], roles: Sequence[str]
) -> tuple[str, str]:
    """Group and person of a row; either follows from the other where only one is said."""
    role = entry.role or roles[0]
    if "group" in columns:
        said = _among(row[columns["group"]], [g.id for g in groups], "group")
        group = next(g for g in groups if g.id == said)
        if "participant" not in columns:
            person = group.person(role)
            if person is None:
                raise ValueError(f"group {said} has nobody in the role {role!r}")
            return group.id, person
        return group.id, _among(row[columns["participant"]], [m.person for m in group.members], "participant")
    text = row[columns["participant"]]
    people = [m.person for g in groups for m in g.members]
    person = _among(text, people, "participant")
    homes = [g.id for g in groups if any(m.person == person for m in g.members)]
    if len(homes) != 1:
        raise ValueError(f"participant {person!r} is in the groups {', '.join(homes)}; name a group column")
    return homes[0], person


def _among(text: str, allowed: list[str], what: str) -> str:
    for form in (text, text.strip(), plain(text)):
        if form in allowed:
            return form
    raise ValueError(f"there is no {what} {text!r} among the recordings")
