"""Recordings that join: the end of one goes on in the beginning of another, as when a long recording was cut.

For every end and every beginning the samples are judged by two Gaussian models with the recordings' own
autocovariance: the beginning goes on from the end, or it starts anew at any level that recordings of the study start
at. The sum over channels of the log likelihood ratio, scaled to the number of independent channels, exceeds log t in
at most one of t pairs of strangers (Markov's inequality) as far as the models hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import toeplitz

from interbrain.data.signal import Signal
from interbrain.signals.gaps import fill_linear

BEFORE, AFTER = 12, 4
"""Samples of the end and of the beginning that are judged."""
MOST_CHANNELS = 32
MOST_BY_CHANNEL = 8.0
"""What one channel may say at most: a pair must not hang on a channel whose model does not hold."""
SURE = float(np.log(1e3))
"""Added to the logarithm of the number of pairs: one false seam in a thousand studies, as far as the models hold."""
FAR = 1e10
"""Variance between levels over that within a recording; beyond it (volts, nanovolts) only rounding is left."""
FAINT = float(np.finfo(float).tiny / np.finfo(float).eps)
"""A variance below is rounding."""


@dataclass(frozen=True, eq=False)
class Ends:
    """``first`` and ``last`` samples ``(channel, sample)``, ``autocovariance (channel, lag)`` without the mean;
    ``rate`` in Hz, ``duration`` in s."""

    first: np.ndarray
    last: np.ndarray
    autocovariance: np.ndarray
    rate: float
    duration: float


@dataclass(frozen=True)
class Seam:
    """B goes on where A ends; ``score`` is the log likelihood ratio above what this many pairs need, plus that."""

    id_a: str
    id_b: str
    score: float
    needed: float


def ends(signal: Signal) -> Ends | None:
    """What is needed of a recording; None for epochs, for short recordings and where an end is a gap."""
    if signal.epoched or signal.n_times < 20 * (BEFORE + AFTER):
        return None
    chosen = np.unique(np.linspace(0, len(signal.channels) - 1, min(len(signal.channels), MOST_CHANNELS)).astype(int))
    valid = signal.valid[0, chosen]  # type: ignore[index]
    whole = valid[:, :AFTER].all() and valid[:, -BEFORE:].all() and valid.mean() > 0.5
    if not len(chosen) or not whole:
        return None
    x = fill_linear(signal.values[0, chosen], valid)
    lags = BEFORE + AFTER
    level = x - x.mean(axis=1, keepdims=True)
    n = x.shape[1]
    covariance = np.stack([(level[:, : n - k] * level[:, k:]).sum(axis=1) / n for k in range(lags)], axis=1)
    return Ends(x[:, :AFTER], x[:, -BEFORE:], covariance, signal.rate, signal.duration)


def _independent(jumps: np.ndarray) -> float:
    """How many of the channels tell something of their own, from jumps ``(pair, channel)`` between strangers' ends."""
    alive = jumps[:, jumps.std(axis=0) > 0]
    if alive.shape[1] < 2:
        return float(alive.shape[1])
    n = alive.shape[1]
    return float(n**2 / (np.corrcoef(alive.T) ** 2).sum())


def find_seams(recordings: Mapping[str, Ends], sure: float = SURE, left_out: list[str] | None = None) -> list[Seam]:
    """Ordered pairs of recordings that join, surest first; recordings with other channels or rates are not compared.

    Names of recordings whose numbers cannot be reckoned with, so that nothing is known of them, go to ``left_out``.
    """
    kinds: dict[tuple[int, float], list[str]] = {}
    unfit = [name for name, about in recordings.items() if not _finite(about)]
    for name, about in recordings.items():
        if name in unfit:
            continue
        kinds.setdefault((len(about.first), round(about.rate, 6)), []).append(name)
    found = []
    for names in kinds.values():
        if len(names) < 2:
            continue
        scores = _scores([recordings[name] for name in names])
        unfit += [name for name, row in zip(names, scores) if np.isnan(row).any()]
        needed = float(np.log(len(names) * (len(names) - 1)) + sure)
        found += [Seam(names[i], names[j], float(scores[i, j]), needed) for i, j in np.argwhere(scores >= needed)]
    if left_out is not None:
        left_out += unfit
    return sorted(found, key=lambda s: (-s.score, s.id_a, s.id_b))


def _finite(one: Ends) -> bool:
    return all(bool(np.isfinite(x).all()) for x in (one.first, one.last, one.autocovariance))


def _scores(all_ends: list[Ends]) -> np.ndarray:
    """Log likelihood ratio ``(end of, beginning of)``; −inf on the diagonal, NaN after an end that has no model."""
    first = np.stack([e.first for e in all_ends])
    start = first[:, :, 0]
    between = start.var(axis=0, ddof=1)
    jumps = start[None] - np.stack([e.last[:, -1] for e in all_ends])[:, None]
    apart = ~np.eye(len(all_ends), dtype=bool)
    independent = min(_independent(jumps[apart]), len(all_ends) - 1.0) / first.shape[1]
    scores = np.empty((len(all_ends), len(all_ends)))
    for i, one in enumerate(all_ends):
        total = np.zeros(len(all_ends))
        for c in range(first.shape[1]):
            try:
                said = _channel_scores(one.last[c], first[:, c], one.autocovariance[c], between[c], start[:, c].mean())
            except np.linalg.LinAlgError:
                said = np.full(len(all_ends), np.nan)
            total += np.clip(said, -MOST_BY_CHANNEL, MOST_BY_CHANNEL)
        scores[i] = total * independent
    np.fill_diagonal(scores, -np.inf)
    return scores


def _channel_scores(
    last: np.ndarray, first: np.ndarray, autocovariance: np.ndarray, between: float, level: float
) -> np.ndarray:
    """One channel's log likelihood ratio for every beginning ``(recording, sample)``."""
    if not autocovariance[0] > FAINT or between > FAR * autocovariance[0]:
        return np.zeros(len(first))
    whole = toeplitz(autocovariance) + 1e-7 * autocovariance[0] * np.eye(len(autocovariance))
    own_level = between + autocovariance[0]
    whole = whole + own_level  # the level is unknown: it is learned from the end, and free at a beginning
    past, cross, ahead = whole[:BEFORE, :BEFORE], whole[BEFORE:, :BEFORE], whole[BEFORE:, BEFORE:]
    weights = np.linalg.solve(past, cross.T).T
    expected = level + weights @ (last - level)
    return _log_normal(first - expected, ahead - weights @ cross.T) - _log_normal(first - level, ahead)


def _log_normal(x: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log density of rows ``x`` without its constant; a direction without variance is given what rounding leaves."""
    size, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    size = np.maximum(size, 1e-9 * max(float(size[-1]), np.finfo(float).tiny))
    return -0.5 * ((x @ axes) ** 2 / size).sum(axis=1) - 0.5 * np.log(size).sum()
