"""From two signals on one clock to what a measure sees: channels of one kind, one segment, confounds taken out.

Confounds are taken out before anything else, and surrogates move what is left. Were the recording moved first, its
confounds would no longer be in step with it: regression would find nothing to take out, the surrogate would keep what
the recording has lost, and the two would differ in more than who was in step with whom. For the same reason partners
are re-paired as they were left by their own meeting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, InterbrainError
from interbrain.data.plan import Analysis
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Channel, Signal
from interbrain.data.study import Segment
from interbrain.signals.align import cut
from interbrain.signals.gaps import fill_linear
from interbrain.signals.partial import lagged, residuals
from interbrain.study.confounds import GLOBAL, Clocked
from interbrain.study.sides import channels_of


@dataclass(frozen=True, eq=False)
class Parts:
    """Both people's part of one segment.

    ``blocks`` are measured. ``before`` holds the same samples with the confounds still in them, None where none are
    taken out; ``removed`` is the share of each person's variance that the confounds explained (NaN where the measure
    takes them out itself).
    """

    signals: tuple[Signal, Signal]
    blocks: tuple[Block, Block]
    before: tuple[Block, Block] | None = None
    removed: tuple[float, float] = (np.nan, np.nan)


def parts_of(
    people: Clocked, analysis: Analysis, record: MeasureRecord, a: Signal, b: Signal, kinds: tuple[str, str],
    segment: Segment,
) -> Parts:  # fmt: skip
    """Cut a segment, and take the confounds out that the analysis names.

    Raises
    ------
    InterbrainError
        A person lacks a confound, or too few samples have all of them.
    """
    signals = channels_of(analysis, a, kinds[0]), channels_of(analysis, b, kinds[1])
    blocks = cut(*signals, segment)
    if not analysis.partial:
        return Parts(signals, blocks)
    series = [
        _cut_series(_regressors(people, analysis, side, (a, b), signals), signals[side], segment) for side in (0, 1)
    ]
    if record.takes_confounds:
        joint = [b.valid & s.valid.all(axis=1, keepdims=True) for b, s in zip(blocks, series)]
        before = [_filled(b, b.values, v) for b, v in zip(blocks, joint)]
        after = [replace(b, confounds=s.values) for b, s in zip(before, series)]
        return Parts(signals, (after[0], after[1]), (before[0], before[1]))
    (after_a, before_a, removed_a), (after_b, before_b, removed_b) = map(_taken_out, blocks, series)
    return Parts(signals, (after_a, after_b), (before_a, before_b), (removed_a, removed_b))


def taken_out_of_group(
    people: Clocked, analysis: Analysis, own: Sequence[Signal], measured: Sequence[Signal], blocks: Sequence[Block],
    segment: Segment,
) -> tuple[list[Block], tuple[list[Block], float]]:  # fmt: skip
    """Every member's block less their own confounds; and the same samples with them, with the mean share explained.

    Raises
    ------
    InterbrainError
        A member lacks a confound, or too few samples have all of them.
    """
    found = [
        _taken_out(block, _cut_series(_regressors(people, analysis, k, own, measured), measured[k], segment))
        for k, block in enumerate(blocks)
    ]
    after, before, removed = zip(*found, strict=True)
    return list(after), (list(before), float(np.mean(removed)))


def _taken_out(block: Block, series: Block) -> tuple[Block, Block, float]:
    """A block less the series, the same samples with them in it, and the share of variance that they explained."""
    left, joint_valid, share = residuals(block.values, block.valid, series.values, series.valid)
    return _filled(block, left, joint_valid), _filled(block, block.values, joint_valid), _mean(share)


def _filled(block: Block, values: np.ndarray, valid: np.ndarray) -> Block:
    return replace(block, values=fill_linear(values, valid), valid=valid)


def _mean(shares: np.ndarray) -> float:
    return float(np.nanmean(shares)) if np.isfinite(shares).any() else float("nan")


def _regressors(
    people: Clocked, analysis: Analysis, side: int, own: Sequence[Signal], measured: Sequence[Signal]
) -> Signal:
    """All series that are taken out of one person, each at each lag, on the common clock.

    The other person's mean over channels is never among them: it holds what is looked for.
    """
    found: list[Signal] = []
    for name in analysis.partial:
        both = analysis.partial_from == "both" and name != GLOBAL
        here = [people.series(name, s, own[s], measured[s]) for s in ((0, 1) if both else (side,))]
        there = [s for s in here if s is not None]
        if not there:
            who = "neither person" if both else people.recordings[side].role
            raise InterbrainError(f"{who} has no {name!r}, which is to be taken out (partial).")
        found += there
    n_lags = round(analysis.partial_lag_s * own[side].rate)
    values, valid = (np.concatenate([np.asarray(getattr(s, x)) for s in found], axis=1) for x in ("values", "valid"))
    values, valid = lagged(np.where(valid, values, 0.0), valid, n_lags)
    return own[side].with_values(values, valid, channels=tuple(Channel(str(i)) for i in range(values.shape[1])))


def _cut_series(series: Signal, like: Signal, segment: Segment) -> Block:
    return cut(series, like, segment)[0]


def carried(
    people: Clocked, analysis: Analysis, a: Signal, b: Signal, kinds: tuple[str, str], segment: Segment
) -> list[dict[str, Any]]:
    """The mean of each confound that the course is to know, one row a person that has it."""
    rows = []
    measured = channels_of(analysis, a, kinds[0]), channels_of(analysis, b, kinds[1])
    for name in analysis.carry:
        for side, own in enumerate((a, b)):
            series = people.series(name, side, own, measured[side])
            if series is None:
                continue
            block = _cut_series(series, measured[side], segment)
            good = block.values[block.valid]
            known = {"mean": float(good.mean()), "sd": float(good.std())} if good.size else {}
            who = {"person": people.recordings[side].person, "role": people.recordings[side].role}
            rows.append({"confound": name, **who, "mean": np.nan, "sd": np.nan, **known,
                         "coverage": float(block.valid.mean())})  # fmt: skip
    return rows


def check_share(share: float, least: float) -> None:
    """Refuse a segment of which too little is usable in both people."""
    if share < least:
        raise BadInput(
            f"{share:.0%} of the samples are usable in both people; at least {least:.0%} are needed "
            "(quality.min_usable)."
        )
