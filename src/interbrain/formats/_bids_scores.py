"""Scores of a BIDS folder: long tables in ``phenotype/``, one an instrument."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from interbrain.data.errors import BadInput, Problem
from interbrain.data.study import OUTCOME_COLUMNS, Group
from interbrain.formats._bids_files import read_json, read_tsv
from interbrain.formats._checks import WHEN, bad_score, score_of, whole


def read_phenotype(root: Path, groups: tuple[Group, ...], ids: dict[str, str], problems: list[Problem]) -> pd.DataFrame:
    """Every score of every instrument; ``ids`` gives each ``sub-`` label's person. What gives none is a problem."""
    rows: list[tuple[str, str, str, int, str, float]] = []
    for path in sorted((root / "phenotype").glob("*.tsv")):
        try:
            table = read_tsv(path, root, ("participant_id", "session", "score"))
            instrument = str(read_json(path.with_suffix(".json"), root).get("Instrument") or path.stem)
        except BadInput as error:
            problems.append(bad_score(path.name, str(error), "no score of this file entered"))
            continue
        for line, row in enumerate(table.to_dict("records"), start=2):
            try:
                score = score_of(row["score"])
                if score is not None:
                    rows.append((*_outcome_key(row, groups, ids, instrument), score))
            except ValueError as error:
                problems.append(bad_score(f"{path.name}, line {line}", str(error)))
    return pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS))


def _outcome_key(
    row: dict[str, str], groups: tuple[Group, ...], ids: dict[str, str], instrument: str
) -> tuple[str, str, str, int, str]:
    short = row["participant_id"].removeprefix("sub-")
    person = ids.get(short, short)
    homes = [g.id for g in groups if any(m.person == person for m in g.members)]
    group = row.get("group_id") or (homes[0] if len(homes) == 1 else "")
    if group not in homes:
        raise ValueError(f"participant {person!r} is not in the group {group!r}; there: {', '.join(homes) or 'none'}")
    when = row.get("when") or "after"
    if when not in WHEN:
        raise ValueError(f"when is {when!r}; allowed are before and after")
    return group, person, instrument, whole(row["session"]), WHEN[when]
