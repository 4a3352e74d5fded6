"""Cleaned EEG, continuous or in epochs: flat and missing channels, and an average reference where asked for.

Filtering is left to the measures, each of which takes its own bands. Gaps stay gaps, however short: a straight line
has no phase.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, Problem
from interbrain.data.plan import Plan
from interbrain.data.signal import Signal
from interbrain.signals.prepared import DROPPED, KEPT, MASKED, Prepared, row_of
from interbrain.signals.quality import inspect

MICROVOLT = {"V": 1e6, "": 1e6, "mV": 1e3, "uV": 1.0, "µV": 1.0}


def prepare(signal: Signal, plan: Plan) -> Prepared:
    """Quality, flat stretches left out, the average reference where the plan asks for it.

    Only channels of kind ``"eeg"`` are kept. Units are kept.

    Raises
    ------
    BadInput
        No channel of kind ``"eeg"``, or an unknown unit.
    """
    brain = signal.pick_kind("eeg")
    if not brain.channels:
        kinds = ", ".join(sorted({c.kind for c in signal.channels})) or "none"
        raise BadInput(f"EEG: no channel of kind 'eeg'; the kinds there are: {kinds}. Name the EEG channels.")
    aside = len(signal.channels) - len(brain.channels)
    steps: tuple[str, ...] = (f"channels that are not EEG set aside ({aside})",) if aside else ()
    found = inspect(brain, plan)
    current, rows, problems = drop_flat(found.signal, plan.eeg.flat_uv)
    all_problems = [*found.problems, *problems]
    if plan.eeg.average_reference:
        if len(current.channels) < 2:
            all_problems.append(
                Problem("", f"{len(current.channels)} EEG channel is left.", "An average reference needs two or more.",
                        "The reference is left as it is.", False)
            )  # fmt: skip
        else:
            current = average_reference(current)
            steps += (f"average reference over {len(current.channels)} channels",)
    return Prepared(current, (*found.quality, *rows), tuple(all_problems), steps)


def drop_flat(signal: Signal, flat_uv: float) -> tuple[Signal, list[dict[str, Any]], list[Problem]]:
    """Mask each segment in which a channel's SD is at most ``flat_uv`` (µV); drop a channel that is so in all."""
    valid = np.array(signal.valid)
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    kept = []
    for index, channel in enumerate(signal.channels):
        if channel.unit not in MICROVOLT:
            raise BadInput(f"EEG {channel.label}: unit {channel.unit!r}; allowed are V, mV, uV.")
        sd = _sd(signal.values[:, index], valid[:, index]) * MICROVOLT[channel.unit]
        flat = ~(sd > flat_uv)
        valid[flat, index] = False
        share = float(flat.mean())
        decision = DROPPED if flat.all() else MASKED if flat.any() else KEPT
        rows.append(row_of(channel, "flat_segment_share", share, decision))
        rows.append(row_of(channel, "median_sd_uv", float(np.nanmedian(sd)) if np.isfinite(sd).any() else np.nan,
                           decision, flat_uv))  # fmt: skip
        if flat.any():
            done = "The channel is left out." if flat.all() else "These segments of the channel are left out."
            problems.append(
                Problem(channel.label, f"SD of at most {flat_uv:g} µV in {share:.0%} of the segments.",
                        "A flat electrode carries no brain signal.", done)
            )  # fmt: skip
        if not flat.all():
            kept.append(index)
    return signal.with_values(signal.values, valid).pick(kept), rows, problems


def _sd(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """SD over the valid samples of each row of ``(segment, time)``; NaN where there are none."""
    return np.array([x[v].std() if v.any() else np.nan for x, v in zip(values, valid)])


def average_reference(signal: Signal) -> Signal:
    """Subtract at each sample the mean over the channels that are valid there."""
    valid: np.ndarray = signal.valid  # type: ignore[assignment]
    count = valid.sum(axis=1, keepdims=True)
    mean = np.where(valid, signal.values, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
    return signal.with_values(signal.values - mean, valid & (count > 1))
