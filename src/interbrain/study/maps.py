"""Coherence maps for the report: the best session of the place that stands highest above chance over all groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interbrain.arrays.streams import stream
from interbrain.data.files import write_file
from interbrain.data.plan import Plan
from interbrain.data.signal import Block
from interbrain.data.tables import WHOSE
from interbrain.inference import surrogates
from interbrain.inference.null import surrogate_settings
from interbrain.inference.pointwise import pointwise
from interbrain.study.parts import parts_of
from interbrain.study.within import Asked, Findings, PairTask, asked, together

DRAWS = 39
"""Surrogates of a map: a point above all but one of them has p = .05."""


def write_maps(out: Path, plan: Plan, tables: dict[str, pd.DataFrame], pairs: Sequence[PairTask]) -> list[Path]:
    """One ``maps/<analysis>.npz`` for each analysis whose measure can draw a map."""
    folder = out / "maps"
    written = []
    for analysis in plan.analysis:
        ask = asked(analysis)
        rows = _candidates(tables, analysis.name)
        if rows.empty or not hasattr(ask.module, "display_map"):
            continue
        drawn = _map(plan, ask, rows.loc[rows["z"].idxmax()], pairs)
        path = folder / f"{analysis.name}.npz"
        written.append(write_file(path, partial(np.savez_compressed, **drawn)))
    return written


def _candidates(tables: dict[str, pd.DataFrame], analysis: str) -> pd.DataFrame:
    """The sessions of the place that stands highest above chance over all groups."""
    nulls, tests = tables["nulls"], tables["tests"]
    rows = nulls[(nulls["analysis"] == analysis) & nulls["z"].notna()]
    over = tests[(tests["analysis"] == analysis) & (tests["test"] == "within") & tests["z"].notna()]
    if rows.empty or over.empty:
        return rows
    best = over.loc[over["z"].idxmax()]
    keys = ["signal_a", "segment", "null", "place_a", "place_b", "band"]
    return rows[(rows[keys] == best[keys]).all(axis=1)]


def _map(plan: Plan, ask: Asked, row: pd.Series, pairs: Sequence[PairTask]) -> dict[str, Any]:
    a, b, where = _blocks(ask, row, pairs)
    i, j = (_channel(side, row) for side, row in ((a[1], row["place_a"]), (b[1], row["place_b"])))
    found = ask.module.display_map(a[0], b[0], i, j, ask.settings)
    random = stream(plan.seed, "map", row["group"], int(row["session"]), row["segment"], row["signal_a"])
    one_a, one_b = _single(a[0], i), _single(b[0], j)
    module = surrogates.module("circular_shift")
    index = module.draw_index(one_b, DRAWS, random, surrogate_settings(ask.settings, ask.module))
    moved = (surrogates.moved(module, one_b, k) for k in index)
    drawn = [_inside(ask.module.display_map(one_a, other, 0, 0, ask.settings)) for other in moved]
    chance = pointwise(_inside(found), np.stack(drawn))
    t = np.arange(a[0].shape[2]) / a[0].rate
    step = max(1, len(t) // 800)
    return {
        "rsq": found.rsq.astype(np.float32),
        "phase": found.phase.astype(np.float32),
        "period": found.period,
        "coi": found.coi,
        "t": found.t,
        "null95": chance.floor.astype(np.float32),
        "share_p": np.array(chance.share_p),
        "signal_a": a[0].values[0, i, ::step].astype(np.float32),
        "signal_b": b[0].values[0, j, ::step].astype(np.float32),
        "t_signal": t[::step],
        "labels": np.array(
            [
                str(row[k])
                for k in (
                    "analysis",
                    "group",
                    "session",
                    "segment",
                    "signal_a",
                    "place_a",
                    "place_b",
                    "role_a",
                    "role_b",
                )
            ]
            + [where]
        ),
    }


def _inside(found: object) -> np.ndarray:
    """Squared coherence inside the cone and away from gaps, NaN elsewhere."""
    return np.where(found.inside, found.rsq, np.nan)  # type: ignore[attr-defined]


def _blocks(
    ask: Asked, row: pd.Series, pairs: Sequence[PairTask]
) -> tuple[tuple[Block, tuple[object, ...]], tuple[Block, tuple[object, ...]], str]:
    """Both people's part of the row's meeting and segment as it was measured, with their channels."""
    task = next(t for t in pairs if t.modalities == ask.analysis.modalities and _is_of(t, row))
    a, b = together(task, Findings())
    segment = next(s for s in task.meeting.segments if s.name == row["segment"])
    parts = parts_of(task.people, ask.analysis, ask.record, a, b, (row["signal_a"], row["signal_b"]), segment)
    (block_a, block_b), (signal_a, signal_b) = parts.blocks, parts.signals
    return (block_a, signal_a.channels), (block_b, signal_b.channels), task.meeting.key


def _is_of(task: PairTask, row: pd.Series) -> bool:
    meeting, sides = task.meeting, (task.side_a.member, task.side_b.member)
    same = (meeting.group, meeting.session, meeting.condition) == (row["group"], row["session"], row["condition"])
    return same and all((m.person, m.role) == (row[f"person_{x}"], row[f"role_{x}"]) for m, x in zip(sides, "ab"))


def _channel(channels: tuple[object, ...], place: str) -> int:
    """The first channel of a place."""
    names = (place, place.partition(WHOSE)[2])
    return next(i for i, c in enumerate(channels) if c.name in names or c.region in names)  # type: ignore[attr-defined]


def _single(block: Block, channel: int) -> Block:
    pick = slice(channel, channel + 1)
    return replace(block, values=block.values[:, pick], valid=block.valid[:, pick])
