"""Two people on one clock, in integer samples; segments cut from it.

Samples are joined by their count from the meeting's zero or, in epochs, by the epochs' ids: never by floating-point
time and never by position alone.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
from scipy.signal import resample_poly

from interbrain.data.errors import BadInput
from interbrain.data.signal import Block, Signal
from interbrain.data.study import Segment
from interbrain.signals.gaps import fill_linear

RATE_TOLERANCE = 1e-6
LARGEST_FACTOR = 10_000
HAIR = 1e-6


def common_clock(a: Signal, b: Signal) -> tuple[Signal, Signal, tuple[str, ...]]:
    """Both signals at one rate, over the same samples, with the same epochs in the same order.

    The faster is resampled to the rate of the slower (polyphase, anti-aliased, masks carried: a sample is valid
    where all samples within one new sample's distance were); starts and lengths become their intersection; epochs
    are matched by id.

    Returns
    -------
    a, b, notes
        ``notes`` has one sentence for each thing that was done; none where both already agreed.

    Raises
    ------
    BadInput
        Epochs against continuous data, no common epoch, no overlap, or rates whose ratio is not that of two whole
        numbers up to 10000 to one part in a million.
    """
    notes: list[str] = []
    if a.epoched != b.epoched:
        which = ("epochs", "continuous") if a.epoched else ("continuous", "epochs")
        raise BadInput(f"One person's recording is {which[0]}, the other's {which[1]}; give both in the same form.")
    a, b = _one_rate(a, b, notes)
    a, b = _common_epochs(a, b, notes)
    return (*_common_span(a, b, notes), tuple(notes))


def _one_rate(a: Signal, b: Signal, notes: list[str]) -> tuple[Signal, Signal]:
    if a.rate == b.rate:
        return a, b
    slow, fast = (a, b) if a.rate < b.rate else (b, a)
    ratio = rational_ratio(slow.rate, fast.rate)
    if ratio == 1:
        notes.append(f"rates of {a.rate!r} and {b.rate!r} Hz taken as one")
        matched = replace(fast, rate=slow.rate)
    else:
        matched = resample(fast, ratio, slow.rate)
        notes.append(f"{fast.rate:g} Hz resampled to {slow.rate:g} Hz ({ratio.numerator}:{ratio.denominator})")
    return (a, matched) if slow is a else (matched, b)


def rational_ratio(slow_rate: float, fast_rate: float) -> Fraction:
    """The ratio of the rates in the smallest whole numbers that match it to one part in a million.

    Raises
    ------
    BadInput
        Numbers above 10000 would be needed.
    """
    exact = Fraction(slow_rate) / Fraction(fast_rate)
    for largest in (1, 10, 100, 1000, LARGEST_FACTOR):
        ratio = exact.limit_denominator(largest)
        if ratio > 0 and abs(ratio / exact - 1) <= RATE_TOLERANCE:
            return ratio
    raise BadInput(
        f"Rates of {slow_rate!r} and {fast_rate!r} Hz are not in a ratio of whole numbers up to {LARGEST_FACTOR}; "
        "these clocks would drift apart. Give the true rates, or resample one recording to the other's clock."
    )


def resample(signal: Signal, ratio: Fraction, rate: float) -> Signal:
    """The signal at ``rate`` = ratio × its own.

    Leading samples are left off until the first one falls on a whole sample of the new clock.
    """
    up, down = ratio.numerator, ratio.denominator
    skip = -signal.start % down
    values, valid = signal.values[..., skip:], signal.valid[..., skip:]  # type: ignore[index]
    if values.shape[-1] == 0:
        raise BadInput(f"A recording of {signal.n_times} samples is too short to be resampled to {rate:g} Hz.")
    sampled = resample_poly(fill_linear(values, valid), up, down, axis=-1, padtype="line")
    kept = _resample_mask(valid, up, down, sampled.shape[-1])
    start = (signal.start + skip) * up // down
    return replace(signal, values=np.where(kept, sampled, np.nan), valid=kept, rate=rate, start=start)


def onto(signal: Signal, like: Signal) -> Signal:
    """Another signal on the clock of ``like``: its rate, its samples, its epochs; not valid where the signal has none.

    Raises
    ------
    BadInput
        Epochs against continuous data, or rates that are not in a ratio of whole numbers.
    """
    if signal.epoched != like.epoched:
        which = ("epochs", "continuous") if signal.epoched else ("continuous", "epochs")
        raise BadInput(f"One recording of a person is {which[0]}, another {which[1]}; give both in the same form.")
    ratio = rational_ratio(like.rate, signal.rate)
    if ratio != 1:
        signal = resample(signal, ratio, like.rate)
    values = np.full((len(like.segment_ids), len(signal.channels), like.n_times), np.nan)
    first, last = max(signal.start, like.start), min(signal.start + signal.n_times, like.start + like.n_times)
    place = {segment: row for row, segment in enumerate(signal.segment_ids)}
    for row, segment in enumerate(like.segment_ids):
        if segment in place and last > first:
            part = slice(first - signal.start, last - signal.start)
            held = np.where(signal.valid[place[segment]], signal.values[place[segment]], np.nan)  # type: ignore[index]
            values[row, :, first - like.start : last - like.start] = held[:, part]
    return replace(like, values=values, valid=None, channels=signal.channels)


def _resample_mask(valid: np.ndarray, up: int, down: int, n: int) -> np.ndarray:
    """True where all old samples within one new sample's distance of the new one are valid."""
    reach = max(down // up, 1)
    # New sample j lies at old sample j·down/up; whole-number division keeps that exact.
    first = np.clip(-(-np.arange(n) * down // up) - reach, 0, valid.shape[-1] - 1)
    last = np.clip(np.arange(n) * down // up + reach, 0, valid.shape[-1] - 1)
    bad = np.concatenate([np.zeros((*valid.shape[:-1], 1), dtype=np.int64), np.cumsum(~valid, axis=-1)], axis=-1)
    return (bad[..., last + 1] - bad[..., np.minimum(first, last)]) == 0


def _common_epochs(a: Signal, b: Signal, notes: list[str]) -> tuple[Signal, Signal]:
    if not a.epoched or a.segment_ids == b.segment_ids:
        return a, b
    common = sorted(set(a.segment_ids) & set(b.segment_ids))
    if not common:
        raise BadInput(
            f"No epoch is common: one person has {_ids(a)}, the other {_ids(b)}. Epochs are matched by id; give both "
            "people the ids of the same events."
        )
    most = max(len(a.segment_ids), len(b.segment_ids))
    if len(common) < most:
        notes.append(f"{len(common)} of {most} epochs common")
    return _take_epochs(a, common), _take_epochs(b, common)


def _ids(signal: Signal) -> str:
    shown = ", ".join(str(i) for i in signal.segment_ids[:4])
    return f"{len(signal.segment_ids)} ({shown}{', …' if len(signal.segment_ids) > 4 else ''})"


def _take_epochs(signal: Signal, ids: list[int]) -> Signal:
    place = {segment: row for row, segment in enumerate(signal.segment_ids)}
    rows = [place[i] for i in ids]
    return replace(signal, values=signal.values[rows], valid=signal.valid[rows], segment_ids=tuple(ids))  # type: ignore[index]


def _common_span(a: Signal, b: Signal, notes: list[str]) -> tuple[Signal, Signal]:
    start, stop = max(a.start, b.start), min(a.start + a.n_times, b.start + b.n_times)
    if stop <= start:
        raise BadInput(f"The recordings do not overlap: one spans {_span(a)}, the other {_span(b)} of the meeting.")
    if a.start != b.start:
        notes.append(f"starts differ by {abs(a.start - b.start) / a.rate:.3f} s; the common part is taken")
    if a.start + a.n_times != b.start + b.n_times:
        notes.append(f"{(stop - start) / a.rate:.3f} s are common of {a.duration:.3f} and {b.duration:.3f} s")
    return _take_span(a, start, stop), _take_span(b, start, stop)


def _span(signal: Signal) -> str:
    return f"{signal.start / signal.rate:.3f} to {(signal.start + signal.n_times) / signal.rate:.3f} s"


def _take_span(signal: Signal, start: int, stop: int) -> Signal:
    if start == signal.start and stop == signal.start + signal.n_times:
        return signal
    cut_out = slice(start - signal.start, stop - signal.start)
    return replace(signal, values=signal.values[..., cut_out], valid=signal.valid[..., cut_out], start=start)  # type: ignore[index]


def cut(
    a: Signal, b: Signal, segment: Segment, kind_a: str | None = None, kind_b: str | None = None
) -> tuple[Block, Block]:
    """The two blocks of a segment, from signals that share a clock.

    A sample belongs to the segment when start_s ≤ its time < stop_s, so that segments that follow each other share
    no sample and lose none; times within a millionth of a sample count as on it. A segment from 0 without a stop is
    everything that both have. Epochs have no place on the meeting's clock and are only taken whole. Samples that are
    not valid are filled by straight lines and stay marked.

    Parameters
    ----------
    kind_a, kind_b
        Channel kind of each side (``"hbo"``); None takes all channels.

    Raises
    ------
    BadInput
        Signals that do not share a clock, no channel of that kind, or a segment outside the recordings.
    """
    if (a.rate, a.start, a.n_times, a.segment_ids) != (b.rate, b.start, b.n_times, b.segment_ids):
        raise BadInput("The two signals do not share a clock; put them through common_clock first.")
    whole = segment.start_s <= 0 and segment.stop_s is None
    if a.epoched and not whole:
        raise BadInput(f"Segment {segment.name!r} has times, but epochs are cut already; leave its times out.")
    first, last = (0, a.n_times) if whole else _sample_range(a, segment)
    return _block(a, kind_a, first, last), _block(b, kind_b, first, last)


def _sample_range(signal: Signal, segment: Segment) -> tuple[int, int]:
    first = max(ceil(segment.start_s * signal.rate - HAIR) - signal.start, 0)
    last = signal.n_times
    if segment.stop_s is not None:
        last = min(ceil(segment.stop_s * signal.rate - HAIR) - signal.start, last)
    if last <= first:
        stop = "the end" if segment.stop_s is None else f"{segment.stop_s:g} s"
        raise BadInput(
            f"Segment {segment.name!r} is {segment.start_s:g} s to {stop}; the recordings share {_span(signal)}."
        )
    return first, last


def _block(signal: Signal, kind: str | None, first: int, last: int) -> Block:
    picked = signal if kind is None else signal.pick_kind(kind)
    if not picked.channels:
        kinds = ", ".join(sorted({c.kind for c in signal.channels})) or "none"
        raise BadInput(f"No channel of kind {kind!r}; the kinds there are: {kinds}.")
    valid = np.array(picked.valid[..., first:last])  # type: ignore[index]
    return Block(fill_linear(picked.values[..., first:last], valid), valid, picked.rate, picked.epoched)


def usable_pairs(a: Block, b: Block) -> np.ndarray:
    """The share of samples that are valid on both sides, for every channel pair: ``(A, B)``."""
    x = np.moveaxis(a.valid, 1, 0).reshape(a.shape[1], -1).astype(np.float64)
    y = np.moveaxis(b.valid, 1, 0).reshape(b.shape[1], -1).astype(np.float64)
    return x @ y.T / max(x.shape[1], 1)


def usable_share(a: Block, b: Block) -> float:
    """The share of samples that are valid on both sides, averaged over channel pairs."""
    shares = usable_pairs(a, b)
    return float(shares.mean()) if shares.size else 0.0
