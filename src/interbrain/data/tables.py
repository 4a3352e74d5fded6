"""Schemas of the result tables: columns, their order, and one way to write and read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interbrain.data.errors import BadInput, shorten
from interbrain.data.files import write_file

MEETING = ("group", "session", "therapist", "arm", "condition", "segment")
PAIR = (
    "analysis", "measure", "modality", "signal_a", "signal_b", "person_a", "person_b", "role_a", "role_b",
    "level", "place_a", "place_b", "band", "low_hz", "high_hz", "direction",
)  # fmt: skip
PLACE = ("analysis", "measure", "modality", "signal_a", "signal_b", "level", "place_a", "place_b", "band", "direction")

PHASE_SHARES = ("in_phase", "a_leads", "b_leads", "anti_phase")
"""Of time × scale: phase within 45° of 0, 45° to 135° with A or with B ahead, beyond 135°; they add up to 1."""

EVERYBODY = "all members"
"""The place, and the role, of a value that is of a whole group."""

WHOSE = ": "
"""Between the role and the name of a place, in studies of groups with more than two members."""

TABLES: dict[str, tuple[str, ...]] = {
    "synchrony": (
        *MEETING, *PAIR,
        "value", "stabilised", "lag_s", "phase", "coverage", "n_effective", "n_pairs", "duration_s", "usable",
    ),
    "nulls": (
        *MEETING, *PAIR,
        "null", "null_mean", "null_sd", "stabilised_null_mean", "stabilised_null_sd", "excess", "z", "p", "n_null",
        "family", "p_family",
    ),
    "halves": (
        *MEETING, *PAIR, "null", "null_sd", "split_a", "split_b", "split_null_sd", "early", "late",
        "early_late_null_sd", "reason",
    ),
    "confounds": (
        *MEETING, *PAIR, "null", "confounds", "taken_from", "removed_a", "removed_b", "value_before", "value_after",
        "excess_before", "excess_after", "z_before", "z_after", "p_before", "p_after",
    ),
    "carried": (
        *MEETING, "analysis", "modality", "signal_a", "signal_b", "person", "role", "confound", "mean", "sd",
        "coverage",
    ),
    "phases": (*MEETING, *PAIR, *PHASE_SHARES),
    "windows": (*MEETING, *PAIR, "window", "start_s", "stop_s", "value", "coverage"),
    "lags": (*MEETING, *PLACE, "lag_s", "value", "null_mean", "null_sd", "n_null"),
    "tests": (
        *PLACE, "segment", "test", "null", "estimate", "null_mean", "null_sd", "z", "p", "p_family", "family",
        "p_fdr", "cluster", "p_cluster", "n_null", "n_groups", "n_meetings", "smallest_p", "bound", "note",
    ),
    "pairings": (
        *PLACE, "session", "condition", "segment", "group_a", "group_b", "real", "excluded", "value", "stabilised",
    ),
    "course": (
        *PLACE, "segment", "null", "term", "slope", "se", "ci_low", "ci_high", "df", "p", "p_family", "p_fdr",
        "p_signflip", "method", "n_groups", "n_meetings", "note",
    ),
    "course_groups": (
        *PLACE, "segment", "null", "group", "therapist", "arm", "level_at_first", "slope", "slope_own", "n_meetings",
    ),
    "outcome": (
        *PLACE, "segment", "null", "instrument", "participant_role", "when", "lag_sessions", "part", "estimate", "se",
        "ci_low", "ci_high", "df", "p", "p_fdr", "adjusted_for", "method", "n_groups", "n_scores",
        "sd_synchrony", "note",
    ),
    "reliability": (
        *PLACE, "segment", "null", "part", "halves", "reliability", "ci_low", "ci_high", "sem", "sd", "df", "df_error",
        "n_groups", "n_meetings", "note",
    ),
    "scores": (
        "group", "participant", "role", "instrument", "session", "when", "score", "change_from_first",
        "reliable", "below_cutoff",
    ),
    "quality": (
        "group", "session", "person", "role", "modality", "segment", "channel", "kind", "figure", "value",
        "threshold", "decision",
    ),
    "problems": ("where", "what", "why", "done", "costs_data"),
}  # fmt: skip
"""Columns of every result table, in order. A key that does not apply is empty; an unknown number is ``n/a``."""


def frame(table: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Rows as a frame with exactly the table's columns, in order.

    Raises
    ------
    BadInput
        A column that the table does not have.
    """
    columns = TABLES[table]
    data = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    extra = [c for c in data.columns if c not in columns]
    if extra:
        raise BadInput(f"table {table!r} has no column {extra[0]!r}; it has: {', '.join(columns)}.")
    return data.reindex(columns=list(columns))


def write_table(table: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame, folder: Path) -> Path:
    """Write ``<table>.tsv``: tabs, ``\\n``, 12 significant digits, ``n/a`` where missing (BIDS)."""
    path = folder / f"{table}.tsv"
    data = frame(table, rows)
    layout: dict[str, Any] = {"sep": "\t", "na_rep": "n/a", "float_format": "%.12g", "lineterminator": "\n"}
    return write_file(path, lambda file: data.to_csv(file, index=False, **layout))


TEXT_COLUMNS = frozenset(
    {"group", "therapist", "arm", "condition", "segment", "analysis", "measure", "modality", "signal_a", "signal_b",
     "person_a", "person_b", "role_a", "role_b", "level", "place_a", "place_b", "band", "direction", "null", "family",
     "test", "bound", "note", "group_a", "group_b", "term", "method", "instrument", "participant_role", "when", "part",
     "adjusted_for", "participant", "role", "person", "channel", "kind", "figure", "decision", "where", "what", "why",
     "done", "reason", "halves", "confounds", "taken_from", "confound"}
)  # fmt: skip


WORD_COLUMNS = frozenset({"real", "excluded", "costs_data", "reliable", "below_cutoff", "reason"})
"""Columns of yes, no or a word."""
WHOLE_COLUMNS = frozenset({"session", "window", "n_null", "n_groups", "n_meetings", "n_scores", "n_pairs"})
LARGEST_WHOLE = 1e9


def read_table(table: str, folder: Path) -> pd.DataFrame:
    """Read ``<table>.tsv``; an absent file is an empty table. Ids stay text (``"01"`` is not 1)."""
    path = folder / f"{table}.tsv"
    columns = TABLES[table]
    if not path.exists():
        return pd.DataFrame(columns=list(columns))
    text = {c: str for c in columns if c in TEXT_COLUMNS}
    try:
        data = pd.read_csv(path, sep="\t", dtype=text, na_values=["n/a"], keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: is not a table of results ({shorten(error)}); run the analysis again.") from error
    for column in text:
        if column in data:
            data[column] = data[column].fillna("")
    missing = [c for c in columns if c not in data.columns]
    if missing:
        raise BadInput(f"{path}: lacks the column {missing[0]!r}; run the analysis again.")
    for column in columns:
        if column not in TEXT_COLUMNS | WORD_COLUMNS:
            data[column] = _numbers(data[column], path)
    return data


def _numbers(column: pd.Series, path: Path) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    bad = np.flatnonzero(numbers.isna() & column.notna() & (column.astype(str) != ""))
    whole = column.name in WHOLE_COLUMNS
    if whole and not len(bad):
        bad = np.flatnonzero(numbers.notna() & ~((numbers % 1 == 0) & (numbers.abs() < LARGEST_WHOLE)))
    chance = str(column.name) == "p" or str(column.name).startswith("p_")
    if chance and not len(bad):
        bad = np.flatnonzero(numbers.notna() & ~((numbers > 0) & (numbers <= 1)))
    if len(bad):
        got = str(column.iloc[bad[0]])
        allowed = "whole numbers" if whole else "numbers above 0 up to 1" if chance else "numbers"
        raise BadInput(
            f"{path}: line {bad[0] + 2}, column {column.name!r} holds {got[:40]!r}; allowed are {allowed} and n/a; run "
            "the analysis again."
        )
    return numbers
