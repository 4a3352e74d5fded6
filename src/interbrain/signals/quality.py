"""Whether a channel carries a signal: flat, saturated, stuck, missing, and what share of it is usable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.data.errors import Problem
from interbrain.data.plan import Plan
from interbrain.data.signal import Channel, Signal
from interbrain.signals.gaps import longest_gap
from interbrain.signals.prepared import DROPPED, KEPT, MASKED, TOLD, row_of

FEW_LEVELS = 16
HOLDS = 10


@dataclass(frozen=True)
class Inspected:
    """The signal without dead channels and with stuck stretches masked; rows and problems as in ``Prepared``."""

    signal: Signal
    quality: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]


def inspect(signal: Signal, plan: Plan, rest: float | None = None, mask_dropouts: bool = True) -> Inspected:
    """Figures per channel; dead channels dropped, saturated stretches masked.

    The figures: ``missing_share`` (samples that the recording itself lacks), ``flat`` (1 where all samples are
    equal), ``saturated_share`` (in runs at the channel's lowest or highest value of more than
    ``plan.quality.saturated_run_s``), ``dropout_share`` (in equally long runs at any other value: a frozen sensor),
    ``longest_gap_s`` and ``usable_share`` (valid after masking).

    Parameters
    ----------
    rest
        The value of a body at rest (0 for motion energy): runs of it are ordinary.
    mask_dropouts
        Whether frozen stretches are masked (devices whose noise never stands still) or only told.
    """
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    valid = np.array(signal.valid)
    kept = []
    for index in range(len(signal.channels)):
        own_rows, problem = _inspect_channel(signal, index, valid, plan, rest, mask_dropouts)
        rows += own_rows
        problems += [problem] if problem else []
        if own_rows[-1]["decision"] != DROPPED:
            kept.append(index)
    return Inspected(signal.with_values(signal.values, valid).pick(kept), tuple(rows), tuple(problems))


def _inspect_channel(
    signal: Signal, index: int, valid: np.ndarray, plan: Plan, rest: float | None, mask_dropouts: bool
) -> tuple[list[dict[str, Any]], Problem | None]:
    """Rows of one channel (the last is ``usable_share``); masks its stuck stretches in ``valid``."""
    channel, own = signal.channels[index], valid[:, index]
    missing = 1.0 - own.mean() if own.size else 1.0
    flat = _is_flat(signal.values[:, index], own)
    saturated, dropout = stuck_samples(
        signal.values[:, index], own, round(plan.quality.saturated_run_s * signal.rate), rest
    )
    valid[:, index] &= ~saturated
    if mask_dropouts:
        valid[:, index] &= ~dropout
    gap_s = longest_gap(own) / signal.rate
    usable = float(own.mean()) if own.size else 0.0
    dead = flat or usable == 0.0
    decision = DROPPED if dead else KEPT
    rows = [
        row_of(channel, "missing_share", missing, TOLD if missing else KEPT),
        row_of(channel, "flat", float(flat), DROPPED if flat else KEPT, 1.0),
        row_of(
            channel,
            "saturated_share",
            saturated.mean() if own.size else 0.0,
            MASKED if saturated.any() else KEPT,
        ),
        row_of(
            channel,
            "dropout_share",
            dropout.mean() if own.size else 0.0,
            (MASKED if mask_dropouts else TOLD) if dropout.any() else KEPT,
        ),
        row_of(channel, "longest_gap_s", gap_s, MASKED if gap_s > plan.quality.max_gap_s else KEPT,
               plan.quality.max_gap_s),
        row_of(channel, "usable_share", usable, decision, plan.quality.min_usable),
    ]  # fmt: skip
    return rows, _problem(channel, missing, flat, float(saturated.mean()) if own.size else 0.0, dead)


def _problem(channel: Channel, missing: float, flat: bool, saturated: float, dead: bool) -> Problem | None:
    if dead:
        what = (
            "Every sample is the same value."
            if flat
            else f"No usable sample: {missing:.0%} missing, {saturated:.0%} saturated."
        )
        return Problem(
            channel.label, what, "There is no signal to relate to another person's.", "The channel is left out."
        )
    if saturated > 0:
        return Problem(
            channel.label,
            f"{saturated:.1%} of the samples stand at the end of the device's range.",
            "A clipped signal has lost its shape there.",
            "These samples are left out.",
        )
    if missing > 0:
        return Problem(
            channel.label,
            f"{missing:.1%} of the samples are missing.",
            "Synchrony can only be taken where both people have samples.",
            "They enter no number, unless a gap is so short that it could be bridged.",
        )
    return None


def _is_flat(values: np.ndarray, valid: np.ndarray) -> bool:
    good = values[valid]
    return bool(good.size) and bool(good.min() == good.max())


def stuck_samples(
    values: np.ndarray, valid: np.ndarray, longest_ordinary: int, rest: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Masks ``(segment, time)`` of one channel's saturated samples and of its frozen ones.

    A run counts when it is longer than ``longest_ordinary`` samples and than ten times the channel's usual run: a
    series that holds its values (heart rate between beats, a slow sensor) is not frozen. A channel with at most 16
    levels is a code, not a measurement, and has no saturation.
    """
    saturated, dropout = np.zeros(valid.shape, dtype=bool), np.zeros(valid.shape, dtype=bool)
    good = values[valid]
    if good.size == 0 or _has_few_levels(good):
        return saturated, dropout
    low, high = good.min(), good.max()
    held = [_constant_runs(np.where(v, x, np.nan)) for x, v in zip(values, valid)]
    level = np.concatenate([x[starts] for x, (starts, _) in zip(values, held)])
    length = np.concatenate([lengths for _, lengths in held])
    ordinary = (level > low) & (level < high) & (level != rest)
    usual = float(np.median(length[ordinary])) if ordinary.any() else 1.0
    needed = max(longest_ordinary, HOLDS * usual if usual > 1 else 0)
    for row, (starts, lengths) in enumerate(held):
        for start, run in zip(starts[lengths > needed], lengths[lengths > needed]):
            value = values[row, start]
            if value == rest or not valid[row, start]:
                continue
            target = saturated if value in (low, high) else dropout
            target[row, start : start + run] = True
    return saturated, dropout


def _has_few_levels(good: np.ndarray) -> bool:
    sparse = good[:: max(1, good.size // 4096)]
    return np.unique(sparse).size <= FEW_LEVELS and np.unique(good).size <= FEW_LEVELS


def _constant_runs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and length of every run of equal samples; a NaN equals nothing."""
    if x.size == 0:
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(x) != 0) + 1))
    return starts, np.diff(np.concatenate((starts, [x.size])))
