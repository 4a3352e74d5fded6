"""Fixed effects of a course: session, arms and conditions, covariates; what the data cannot carry is left out and told.

Arms and conditions are coded around zero, so that "session" is the mean slope over them and "session × arm[B]" the
difference of B's slope to the first arm's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SESSION = "session"
FACTORS = ("arm", "condition")
CARRIED = "mean "
"""How columns begin that hold a confound's mean in a meeting: covariates of the courses that know them."""
_ROOM = 2
"""Observations beyond one per dyad and one per term that a model keeps at least."""


@dataclass(frozen=True, eq=False)
class Design:
    """``x (n, p)`` with its terms; ``levels`` is the number of leading columns that hold level (one, or one a dyad)."""

    x: np.ndarray
    terms: tuple[str, ...]
    levels: int
    left_out: tuple[str, ...]

    def column(self, term: str) -> int:
        return self.terms.index(term)

    @property
    def told(self) -> tuple[str, ...]:
        """Terms that get a row of their own: the slope and its differences."""
        return tuple(t for t in self.terms if t == SESSION or t.startswith(f"{SESSION} × "))

    @property
    def nuisance(self) -> tuple[int, ...]:
        """Columns to subtract before each dyad's own line is drawn: covariates and conditions."""
        own = ("(Intercept)", SESSION)
        kept = (t for t in self.terms[self.levels :] if t not in own and "arm[" not in t)
        return tuple(self.column(t) for t in kept)


def design(rows: pd.DataFrame, covariates: Sequence[str], own_levels: bool = False) -> Design:
    """The fixed effects that these meetings can carry.

    Parameters
    ----------
    rows
        Columns ``group``, ``time``, ``arm``, ``condition`` and the covariates ``duration`` (minutes) and ``usable``.
    own_levels
        One level for each dyad in place of a common intercept, for least squares within dyads.
    """
    group = rows["group"].to_numpy()
    if own_levels:
        labels = list(dict.fromkeys(group))
        columns = [(group == g).astype(float) for g in labels]
        terms = [f"level[{g}]" for g in labels]
    else:
        columns, terms = [np.ones(len(rows))], ["(Intercept)"]
    levels, left_out = len(terms), []
    columns.append(rows["time"].to_numpy(dtype=float))
    terms.append(SESSION)
    for term, column, reason in _candidates(rows, covariates):
        n_levels = len(dict.fromkeys(group))
        spread = np.nanmax(column) - np.nanmin(column) if np.isfinite(column).any() else 0.0
        if not reason and not np.isfinite(column).all():
            reason = "not known for every meeting"
        elif not reason and spread <= 1e-9 * max(1.0, float(np.nanmax(np.abs(column)))):
            reason = "does not vary"
        elif not reason and len(rows) - n_levels - len(terms) + levels - 1 < _ROOM:
            reason = "too few meetings"
        elif not reason and not _independent([*columns, column]):
            reason = "follows from the other terms"
        if reason:
            left_out.append(f"{term} ({reason})")
        else:
            columns.append(column)
            terms.append(term)
    return Design(np.column_stack(columns), tuple(terms), levels, tuple(left_out))


def _candidates(rows: pd.DataFrame, covariates: Sequence[str]) -> Iterator[tuple[str, np.ndarray, str]]:
    """(term, column, reason to leave it out or "") in the order in which they enter."""
    time = rows["time"].to_numpy(dtype=float)
    for factor in FACTORS:
        value = rows[factor].to_numpy()
        names = sorted(set(value))
        if len(names) < 2:
            continue
        reason = _thin(rows, factor, names)
        mains = [(value == name) - 1 / len(names) for name in names[1:]]
        for name, main in zip(names[1:], mains):
            yield f"{factor}[{name}]", main, reason
        for name, main in zip(names[1:], mains):
            yield f"{SESSION} × {factor}[{name}]", main * time, reason
    for name in covariates:
        column = rows[name].to_numpy(dtype=float)
        yield name, column - column.mean() if np.isfinite(column).all() else column, ""


def _thin(rows: pd.DataFrame, factor: str, names: list[str]) -> str:
    """Why a factor cannot be compared: each of its levels needs two dyads that carry a slope."""
    sessions = rows.groupby([factor, "group"])["time"].nunique()
    for name in names:
        carrying = int((sessions.xs(name, level=factor) >= 2).sum())
        if carrying < 2:
            return f"{carrying} of at least 2 dyads with 2 sessions in {name or 'no name'}"
    return ""


def _independent(columns: list[np.ndarray]) -> bool:
    x = np.column_stack(columns)
    return int(np.linalg.matrix_rank(x / np.linalg.norm(x, axis=0), tol=1e-8)) == x.shape[1]
