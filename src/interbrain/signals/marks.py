"""What a clock, a lamp or an amplifier leaves in two people's recordings at once: steps, drop-outs, saturation, lines.

People move together to within tens of milliseconds at best, and no two movements are the same length; a machine's
marks stand at the same sample in both recordings. A coincidence is therefore judged against those a few samples
earlier and later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import rfft
from scipy.ndimage import maximum_filter1d, median_filter
from scipy.stats import poisson

from interbrain.data.signal import Signal
from interbrain.signals.gaps import fill_linear, runs

STEEP = 8.0
"""A step is steeper than this many robust SD of the steps around it …"""
SPARSE_S = 2.0
"""… and than all others within this time."""
SHORTEST_RUN = 3
FEWEST = 4
RARE = 1e-6
"""Chance of that many coincidences by the rate of those nearby, below which they are told."""
SHARP = 2.5
"""Coincidences at the very sample over those one to three samples away, for a machine's mark."""
FLANK = (2, 25)
LINE = 40.0
"""A line's power over the median of its neighbourhood; noise reaches it once in 10¹² bins."""
ASIDE = 0.15
"""Of a line's power, the most that may lie two to five bins away: a body's rhythm is broader."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Samples of steps, first samples of drop-outs and of saturation, frequencies (Hz) of lines; ``n`` samples."""

    steps: np.ndarray
    dropouts: np.ndarray
    saturated: np.ndarray
    lines: np.ndarray
    n: int
    rate: float


@dataclass(frozen=True)
class Shared:
    """One kind of mark that two recordings have in common: ``count`` of them, the first ``at`` (s; Hz for lines), and
    how many there would be by chance."""

    kind: str
    count: int
    at: tuple[float, ...]
    expected: float


def marks(signal: Signal, rest: float | None = None) -> Marks:
    """One pass over a continuous recording; ``rest`` is a value that may stand still (0 for motion energy)."""
    none = np.empty(0, np.int64)
    if signal.epoched or not signal.channels or signal.n_times < 64:
        return Marks(none, none, none, np.empty(0), signal.n_times, signal.rate)
    values, valid = signal.values[0], signal.valid[0]  # type: ignore[index]
    filled = fill_linear(values, valid)
    return Marks(
        _steps(filled, valid, signal.rate),
        _dropouts(filled, valid, rest),
        _saturated(filled, valid, rest),
        _lines(filled, signal.rate),
        signal.n_times,
        signal.rate,
    )


def _steps(x: np.ndarray, valid: np.ndarray, rate: float) -> np.ndarray:
    """Samples at which half of the channels or more step at once."""
    size = np.abs(np.diff(x))
    scale = 1.4826 * np.median(size, axis=1, keepdims=True)
    usual = np.where(scale > 0, scale, size.std(axis=1, keepdims=True))
    relative = np.divide(size, usual, out=np.zeros_like(size), where=usual > 0)
    relative[~(valid[:, 1:] & valid[:, :-1])] = 0
    middle = np.quantile(relative, 0.5, axis=0, method="higher") if len(x) > 1 else relative[0]
    width = 2 * max(2, round(SPARSE_S * rate)) + 1
    return np.flatnonzero((middle > STEEP) & (middle == maximum_filter1d(middle, width))) + 1


def _dropouts(x: np.ndarray, valid: np.ndarray, rest: float | None) -> np.ndarray:
    """First samples of stretches where half of the channels are missing or stand still; not at either end."""
    still = np.zeros(x.shape, dtype=bool)
    for row, (values, good) in enumerate(zip(x, valid)):
        starts, lengths = runs(np.diff(values) == 0)
        for start, length in zip(starts, lengths):
            if length + 1 >= SHORTEST_RUN and values[start] != rest:
                still[row, start : start + length + 1] = True
        still[row] |= ~good
    starts, lengths = runs(still.mean(axis=0) >= 0.5)
    keep = (lengths >= SHORTEST_RUN) & (starts > 0) & (starts + lengths < x.shape[1])
    return starts[keep]


def _saturated(x: np.ndarray, valid: np.ndarray, rest: float | None) -> np.ndarray:
    """First samples of stretches in which any channel stands at its own highest or lowest value."""
    held = np.zeros(x.shape[1], dtype=bool)
    for values, good in zip(x, valid):
        for limit in (values.max(), values.min()):
            if limit == rest or not good.any() or np.ptp(values) == 0:
                continue
            starts, lengths = runs((values == limit) & good)
            for start, length in zip(starts, lengths):
                if length >= SHORTEST_RUN:
                    held[start : start + length] = True
    return runs(held)[0]


def _lines(x: np.ndarray, rate: float) -> np.ndarray:
    """Frequencies in Hz of lines that are as narrow as the recording's length allows."""
    n = x.shape[1]
    spread = x.std(axis=1, keepdims=True)
    scaled = np.divide(x - x.mean(axis=1, keepdims=True), spread, out=np.zeros_like(x), where=spread > 0)
    power = (np.abs(rfft(scaled * np.hanning(n), axis=1)) ** 2).mean(axis=0)
    if len(power) < 128:
        return np.empty(0)
    thin = max(1, len(power) // 4096)
    coarse = np.median(power[: len(power) // thin * thin].reshape(-1, thin), axis=1)
    near = np.repeat(median_filter(coarse, 51, mode="nearest"), thin)
    near = np.concatenate((near, np.full(len(power) - len(near), near[-1])))
    peak = np.flatnonzero((power > LINE * near) & (power == maximum_filter1d(power, 11)) & (near > 0))
    peak = peak[(peak > 8) & (peak < len(power) - 6)]
    core = sum(power[peak + k] for k in (-1, 0, 1))
    aside = sum(power[peak + k] for k in (-5, -4, -3, 3, 4, 5))
    peak = peak[aside < ASIDE * core]
    up, down, top = (np.log(power[peak + k]) for k in (1, -1, 0))
    bend = 2 * top - up - down
    shift = np.divide(0.5 * (up - down), bend, out=np.zeros(len(peak)), where=bend > 0)
    return (peak + shift) * rate / n


def shared(a: Marks, b: Marks, later: int = 0) -> list[Shared]:
    """Marks that two recordings of one rate have in common; ``later`` is the sample of A at which B starts."""
    found = []
    if a.rate == b.rate:
        low, high = max(0, later), min(a.n, b.n + later)
        for kind in ("steps", "dropouts", "saturated"):
            one, other = getattr(a, kind), getattr(b, kind) + later
            one, other = (x[(x >= low) & (x < high)] for x in (one, other))
            told = _coincident(kind, one, other, a.rate)
            if told is not None:
                found.append(told)
    lines = _same_lines(a, b)
    if len(lines):
        found.append(Shared("lines", len(lines), tuple(float(f) for f in lines[:8]), 0.0))
    return found


def _coincident(kind: str, one: np.ndarray, other: np.ndarray, rate: float) -> Shared | None:
    """Marks at the very same sample, when they are more than those nearby foretell and stand out from them."""
    if min(len(one), len(other)) < FEWEST:
        return None
    same = np.intersect1d(one, other)
    lags = [k for k in range(-FLANK[1], FLANK[1] + 1) if abs(k) >= FLANK[0]]
    beside = np.array([len(np.intersect1d(one + k, other)) for k in lags])
    close = np.array([len(np.intersect1d(one + k, other)) for k in (-3, -2, 2, 3)]).mean()
    expected = float(max(beside.mean(), close, 1.0 / len(lags)))
    if len(same) < FEWEST or poisson.sf(len(same) - 1, expected) > RARE or len(same) < SHARP * close:
        return None
    return Shared(kind, len(same), tuple(float(s / rate) for s in same[:8]), expected)


def _same_lines(a: Marks, b: Marks) -> np.ndarray:
    """Lines of A that B has too, to within half of what the shorter recording can resolve."""
    if not len(a.lines) or not len(b.lines):
        return np.empty(0)
    width = 0.5 / min(a.n / a.rate, b.n / b.rate)
    return a.lines[np.abs(a.lines[:, None] - b.lines[None]).min(axis=1) <= width]
