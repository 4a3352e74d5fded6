"""Scores and synchrony: how often are unrelated ones called related, and does the interval cover a planted relation?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from calibrate._kept import FOLDER, LEVEL, finished, interval, markdown, origin
from calibrate.growth import KEY
from interbrain.arrays.streams import stream
from interbrain.course.outcome import association
from interbrain.data.plan import Outcome
from interbrain.data.study import Group, Member

TITLE = "Scores and synchrony"
PARTS = (("within", 0), ("within", 1), ("between", 0))
NAMES = ("within persons", "within, a session later", "between persons")


@dataclass(frozen=True)
class World:
    """A kind of study: one patient a dyad, one score a meeting.

    Synchrony is ``level (SD 0.06) + rate · session + deviation (SD 0.04)``, the score ``30 + level (SD 3) + rate ·
    session + deviation (SD 2)``, both rates normal over persons where ``growing`` (0.02, SD 0.02, and −1, SD 1) and
    zero otherwise. ``memory``: AR(1) over sessions, of the score's deviations (``score_memory``) and of synchrony's.
    ``within``, ``later``, ``between``: points of the score per unit of synchrony's deviation in the same session, in
    the session before, and of the person's level. ``missing`` meetings; ``unscored``: of those that took place, the
    share without a score.
    """

    persons: int = 20
    sessions: int = 6
    missing: float = 1 / 3
    unscored: float = 0.0
    growing: bool = False
    score_memory: float = 0.0
    memory: float = 0.0
    within: float = 0.0
    later: float = 0.0
    between: float = 0.0


NOTHING = {
    "no relation": World(),
    "both change, each person at an own pace": World(growing=True),
    "both change, scores with memory .5": World(growing=True, score_memory=0.5),
    "both change, both with memory .5": World(growing=True, score_memory=0.5, memory=0.5),
    "both change, a third of the scores missing": World(growing=True, unscored=1 / 3),
    "both change, 12 sessions": World(growing=True, sessions=12),
    "both change, 12 sessions, both with memory .5": World(growing=True, sessions=12, score_memory=0.5, memory=0.5),
}
PLANTED = {
    "within −40": World(growing=True, within=-40.0),
    "within −40, 12 sessions": World(growing=True, sessions=12, within=-40.0),
    "a session later −40": World(growing=True, later=-40.0),
    "within and later −40, 12 sessions": World(growing=True, sessions=12, within=-40.0, later=-40.0),
    "between 40, nothing grows": World(between=40.0),
}
PERSONS = (8, 20, 60)


def cells(kinds: dict[str, World]) -> dict[str, World]:
    return {f"{n} persons, {k}": replace(w, persons=n) for k, w in kinds.items() for n in PERSONS}


def _ar(memory: float, n: int, s: int, random: np.random.Generator) -> np.ndarray:
    """``(n, s)`` stationary AR(1) with unit variance."""
    out = random.normal(size=(n, s))
    for k in range(1, s):
        out[:, k] = memory * out[:, k - 1] + np.sqrt(1 - memory**2) * out[:, k]
    return out


def study(world: World, random: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The meetings of one study and its scores."""
    n, s = world.persons, world.sessions
    t = np.arange(s)
    level, deviation = random.normal(0, 0.06, (n, 1)), 0.04 * _ar(world.memory, n, s, random)
    rate, score_rate = (random.normal(m, abs(m), (n, 1)) * world.growing for m in (0.02, -1.0))
    synchrony = 0.2 + level + rate * t + deviation
    score = 30 + random.normal(0, 3, (n, 1)) + score_rate * t + 2 * _ar(world.score_memory, n, s, random)
    score = score + world.between * level + world.within * deviation
    score[:, 1:] += world.later * deviation[:, :-1]
    order = np.argsort(random.random((n, s)), axis=1).argsort(axis=1)
    present = order < np.maximum(2, random.binomial(s, 1 - world.missing, n))[:, None]
    i, k = np.nonzero(present)
    table = pd.DataFrame({**KEY, "group": np.char.mod("%02d", i), "session": k + 1, "excess": synchrony[i, k]})
    scores = pd.DataFrame(
        {
            "group": table["group"], "participant": "p" + table["group"], "session": k + 1, "when": "after",
            "score": score[i, k],
        }
    )  # fmt: skip
    return table, scores[random.random(len(scores)) >= world.unscored]


def associations(world: World, n: int, seed: int, label: str) -> Iterator[pd.DataFrame]:
    """The table ``outcome`` of each of ``n`` studies."""
    groups = [Group(f"{k:02d}", (Member(f"p{k:02d}", "patient"),)) for k in range(world.persons)]
    for k in range(n):
        table, scores = study(world, stream(seed, "outcome", label, k))
        yield association(table, scores.assign(instrument="score"), groups, Outcome(lag_sessions=1))


def cell(world: World, n: int, seed: int, label: str) -> dict[str, Any]:
    """For each part: studies with an estimate, covered truths, p at most .05, estimates on average."""
    rows = pd.concat(list(associations(world, n, seed, label)), ignore_index=True)
    truth = {("within", 0): world.within, ("within", 1): world.later, ("between", 0): world.between}
    out: dict[str, Any] = {}
    for (part, lag), short in zip(PARTS, ("w", "l", "b")):
        mine = rows[(rows["part"] == part) & (rows["lag_sessions"] == lag)]
        mine = mine[mine["estimate"].notna()]
        covered = (mine["ci_low"] <= truth[part, lag]) & (truth[part, lag] <= mine["ci_high"])
        out |= {
            f"{short}_n": len(mine), f"{short}_covered": int(covered.sum()),
            f"{short}_called": int((mine["p"] <= LEVEL).sum()),
            f"{short}_mean": float(mine["estimate"].mean()) if len(mine) else np.nan,
        }  # fmt: skip
    return out


def page(nothing: pd.DataFrame, planted: pd.DataFrame, n: int) -> str:
    low, high = interval(n, LEVEL, 3 * len(nothing))
    sizes = {label: nothing[f"{s}_called"] / nothing[f"{s}_n"] for s, label in zip("wlb", NAMES)}
    range_ = "; ".join(f"{label} {v.min():.3f} to {v.max():.3f}, mean {v.mean():.3f}" for label, v in sizes.items())
    outside = [
        f"{r.cell} ({label}): {share:.3f}"
        for s, label in zip("wlb", NAMES)
        for r, share in zip(nothing.itertuples(), nothing[f"{s}_called"] / nothing[f"{s}_n"])
        if not low <= share <= high
    ]
    return TEXT.format(
        title=TITLE, n=n, low=low, high=high, range=range_, outside="; ".join(outside) or "none",
        error=100 * 1.96 * np.sqrt(0.0475 / n), size=_table(nothing, "called"),
        planted=_table(planted, "covered", True),
        origin=origin([nothing, planted], f"python -m calibrate outcome -- --n {n}"),
    )  # fmt: skip


def _table(rows: pd.DataFrame, what: str, mean: bool = False) -> str:
    header = ["cell", *(f"{p}: {'covers (mean estimate)' if mean else 'p ≤ .05'}" for p in NAMES)]
    lines = []
    for row in rows.to_dict("records"):
        shares = [f"{row[f'{s}_{what}'] / row[f'{s}_n']:.3f}" if row[f"{s}_n"] else "not fitted" for s in "wlb"]
        means = [f" ({row[f'{s}_mean']:.1f})" if mean and row[f"{s}_n"] else "" for s in "wlb"]
        lines.append((row["cell"], *(a + b for a, b in zip(shares, means))))
    return markdown(header, lines)


TEXT = """# {title}

Asked: how often is a score called related to synchrony that has nothing to do with it, within persons, a session later
and between persons; and does the 95 % interval cover a planted relation? {n} simulated studies a cell of 8, 20 or 60
patients, 6 or 12 sessions, a third of the meetings missing. One share is known to ±{error:.1f} percentage points; all
shares of a test that is exactly right stay within {low:.3f} and {high:.3f} with 95 % probability.

Called related where nothing is: {range}. Outside the interval: {outside}.

## Nothing related

Share of studies with p ≤ .05.

{size}

## A planted relation

Share of studies whose interval covers the planted value, and the mean estimate. Points of the score per unit of
synchrony; the truth is in the cell's name and zero for the parts that it does not name.

{planted}

How read: a relation at the same session is not taken for a later one. The reverse holds less: with few sessions the
deviations from a person's own line add up to zero, so that a purely later relation leaves a weaker one of opposite sign
at the same session; read the two rows together. Between persons the line runs through the means of the meetings that
took place, which hold some of what single meetings add: relations within persons shine through, and a relation of the
lasting levels is understated by the share of the means' variance that does not last.

{origin}
"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m calibrate outcome", description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="studies a cell")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args(argv)
    planted, nothing = (
        finished(
            asked.folder / f"{file}.tsv",
            {c: lambda w=w, n=n, c=c: cell(w, n, asked.seed, c) for c, w in cells(kinds).items()},  # type: ignore[misc]
            f"n={asked.n} seed={asked.seed}",
            asked.fresh,
        )
        for file, kinds, n in (
            ("outcome_planted", PLANTED, max(1, asked.n // 2)),
            ("outcome", NOTHING, asked.n),
        )
    )
    (asked.folder / "outcome.md").write_text(page(nothing, planted, asked.n), encoding="utf-8")


if __name__ == "__main__":
    main()
