"""Recordings that are secretly the same, whole or in part, at any offset: they break the re-pairing of partners.

Each recording is reduced to fingerprints of short stretches. Where the stretches lie is decided by the samples
themselves (the steepest sample of its surroundings), so that the same material is cut at the same places wherever it
stands in a file; what is hashed is the stretch's shape, so that a change of gain, offset or polarity does not hide it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from interbrain.data.signal import Signal
from interbrain.signals.gaps import fill_linear

NEIGHBOURHOOD_S = 2.0
STRETCH_S = 4.0
STRETCH_SAMPLES = 32
HASHED_SAMPLES = 32
FEWEST_LEVELS = 8
FEWEST_STRETCHES = 4
DENSE = 0.4
GRAIN = 1000.0
STAR = 16


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """Hashes of a recording's characteristic stretches.

    ``hashes``, ``positions`` (sample of the stretch's centre; in epochs: id × length + sample) and ``channels`` (its
    channel) are of one length; ``rate`` in Hz, ``duration`` in s, ``stretch`` in samples.
    """

    hashes: np.ndarray
    positions: np.ndarray
    channels: np.ndarray
    rate: float
    duration: float
    stretch: int

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True)
class Twin:
    """Two recordings with the same material.

    ``seconds`` is the span of the common material, ``share`` its part of the shorter recording, ``offset_s`` how much
    later it stands in B than in A, ``n_channels`` how many channels of A recur in B.
    """

    id_a: str
    id_b: str
    seconds: float
    share: float
    offset_s: float
    n_channels: int


def fingerprint(signal: Signal) -> Fingerprint:
    """A recording's fingerprint, in one pass over its samples.

    Constant stretches, straight lines, and stretches with fewer than eight levels are left out: they recur by chance.
    """
    half, radius = _geometry(signal)
    rows = [(c, k) for c in range(len(signal.channels)) for k in range(len(signal.segment_ids))]
    found = [_fingerprint_row(signal.values[k, c], signal.valid[k, c], half, radius) for c, k in rows]  # type: ignore[index]
    shift = [signal.segment_ids[k] * signal.n_times if signal.epoched else 0 for _, k in rows]
    which = [c for c, _ in rows]
    none = np.empty(0, dtype=np.int64)
    return Fingerprint(
        np.concatenate([h for h, _ in found] or [none.astype(np.uint64)]),
        np.concatenate([p + s for (_, p), s in zip(found, shift)] or [none]),
        np.concatenate([np.full(len(p), c) for (_, p), c in zip(found, which)] or [none]),
        signal.rate,
        signal.duration * len(signal.segment_ids),
        2 * half,
    )


def _geometry(signal: Signal) -> tuple[int, int]:
    """Half a stretch and the neighbourhood's radius in samples; both shrink to fit short epochs."""
    half = min(max(round(STRETCH_S * signal.rate / 2), STRETCH_SAMPLES), signal.n_times // 4)
    radius = min(max(round(NEIGHBOURHOOD_S * signal.rate), 8), max(half, 1))
    return half, radius


def _fingerprint_row(x: np.ndarray, valid: np.ndarray, half: int, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes and centres of one row's characteristic stretches."""
    nothing = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    if 2 * half < FEWEST_LEVELS or not valid.any():
        return nothing
    x = fill_linear(x, valid)
    step = np.abs(np.diff(x))
    centre = np.flatnonzero((step == maximum_filter1d(step, 2 * radius + 1)) & (step > 0))
    centre = centre[(centre >= half) & (centre + half < len(x))]
    bad = np.concatenate(([0], np.cumsum(~valid)))
    centre = centre[bad[centre + half] == bad[centre - half]]
    if not len(centre):
        return nothing
    offsets = np.arange(-half, half, max(1, 2 * half // HASHED_SAMPLES))
    shape = x[centre[:, None] + offsets]
    sign = np.sign(x[centre + 1] - x[centre])
    shape = (shape - shape.mean(axis=1, keepdims=True)) * sign[:, None]
    spread = shape.std(axis=1)
    telling = _is_telling(shape, spread)
    shape, centre = shape[telling] / spread[telling, None], centre[telling]
    return _hash_rows(np.rint(shape * GRAIN).astype(np.int64)), centre


def _is_telling(shape: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Neither of few levels nor a straight line."""
    if not len(shape):
        return np.zeros(0, dtype=bool)
    tolerance = 1e-9 * np.maximum(spread, np.finfo(float).tiny)
    levels = 1 + (np.diff(np.sort(shape, axis=1), axis=1) > tolerance[:, None]).sum(axis=1)
    line = np.linspace(-1, 1, shape.shape[1])
    slope = shape @ line / (line @ line)
    bend = (shape - slope[:, None] * line).std(axis=1)
    return (levels >= max(FEWEST_LEVELS, shape.shape[1] // 4)) & (bend > 1e-3 * spread) & (spread > 0)


def _hash_rows(rows: np.ndarray) -> np.ndarray:
    """A 64-bit polynomial hash of each row of whole numbers."""
    multipliers = np.random.Generator(np.random.PCG64(0)).integers(
        1, 2**63, rows.shape[1], dtype=np.uint64
    ) | np.uint64(1)
    mixed = (rows.astype(np.uint64) * multipliers).sum(axis=1, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(29)
    return mixed * np.uint64(0xBF58476D1CE4E5B9)


def find_twins(prints: Mapping[str, Fingerprint]) -> list[Twin]:
    """Pairs of recordings that share material, longest first; cost grows with the total length, not with its square.

    Two recordings are twins when at least four stretches of one channel recur in one channel of the other at the same
    distance, and make up most of what lies between the first and the last of them. Where more than sixteen recordings
    share a stretch, each is compared with the first of them only.
    """
    ids = list(prints)
    table = _gather([prints[i] for i in ids])
    if not len(table["hash"]):
        return []
    first, second = _matches(table)
    twins = _chains(table, first, second, ids, [prints[i] for i in ids])
    return sorted(twins, key=lambda t: (-t.seconds, t.id_a, t.id_b))


def _gather(prints: list[Fingerprint]) -> dict[str, np.ndarray]:
    """All stretches in one table, sorted by hash; those that recur within a channel are left out."""
    hashes = np.concatenate([p.hashes for p in prints] or [np.empty(0, dtype=np.uint64)])
    owner = np.repeat(np.arange(len(prints)), [len(p) for p in prints])
    channel = np.concatenate([p.channels for p in prints] or [np.empty(0, dtype=np.int64)])
    position = np.concatenate([p.positions for p in prints] or [np.empty(0, dtype=np.int64)])
    order = np.argsort(hashes, kind="stable")  # rows come by recording and channel, and stay so within a hash
    table = {"hash": hashes[order], "owner": owner[order], "channel": channel[order], "position": position[order]}
    if not len(order):
        return table
    same = np.ones(len(order) - 1, dtype=bool)
    for column in ("hash", "owner", "channel"):
        same &= np.diff(table[column]) == 0
    repeated = np.concatenate((same, [False])) | np.concatenate(([False], same))
    return {name: column[~repeated] for name, column in table.items()}


def _matches(table: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the table that share a hash but not a recording."""
    hashes, owner = table["hash"], table["owner"]
    group_start = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    size = np.diff(np.concatenate((group_start, [len(hashes)])))
    head, place = np.repeat(group_start, size), np.arange(len(hashes)) - np.repeat(group_start, size)
    small = np.repeat(size, size) <= STAR
    row = np.arange(len(hashes))
    left = [head[~small & (place > 0)]]
    right = [row[~small & (place > 0)]]
    for back in range(1, STAR):
        later = row[small & (place >= back)]
        if not len(later):
            break
        left.append(later - back)
        right.append(later)
    first, second = np.concatenate(left), np.concatenate(right)
    apart = owner[first] != owner[second]
    return first[apart], second[apart]


def _chains(
    table: dict[str, np.ndarray], first: np.ndarray, second: np.ndarray, ids: list[str], prints: list[Fingerprint]
) -> list[Twin]:
    """Matches of one pair of channels at one distance, where they are many and dense; the longest for each pair."""
    n_channels = int(table["channel"].max(initial=0)) + 1
    side_a, side_b = (table["owner"][rows] * n_channels + table["channel"][rows] for rows in (first, second))
    sides = side_a * (len(ids) * n_channels) + side_b
    offsets = table["position"][second] - table["position"][first]
    order = np.lexsort((offsets, sides))
    sides, offsets, places = sides[order], offsets[order], table["position"][first][order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(sides) != 0) | (np.diff(offsets) != 0)
    starts = np.flatnonzero(new)
    sizes = np.diff(np.concatenate((starts, [len(order)])))
    best: dict[tuple[int, int], tuple[int, int, int]] = {}
    recurring: dict[tuple[int, int], set[int]] = {}
    for start, size in zip(starts[sizes >= FEWEST_STRETCHES], sizes[sizes >= FEWEST_STRETCHES]):
        (a, channel_a), (b, channel_b) = (
            divmod(s, n_channels) for s in divmod(int(sides[start]), len(ids) * n_channels)
        )
        offset = int(offsets[start])
        low, high = int(places[start : start + size].min()), int(places[start : start + size].max())
        crowd = max(_count(prints[a], channel_a, low, high), _count(prints[b], channel_b, low + offset, high + offset))
        if prints[a].rate != prints[b].rate or size < DENSE * crowd:
            continue
        recurring.setdefault((a, b), set()).add(channel_a)
        span = high - low + prints[a].stretch
        if span > best.get((a, b), (0, 0, 0))[0]:
            best[a, b] = (span, offset, int(size))
    return [_twin(ids, prints, pair, found, len(recurring[pair])) for pair, found in best.items()]


def _count(print_: Fingerprint, channel: int, low: int, high: int) -> int:
    return int(((print_.channels == channel) & (print_.positions >= low) & (print_.positions <= high)).sum())


def _twin(
    ids: list[str], prints: list[Fingerprint], pair: tuple[int, int], found: tuple[int, int, int], n_channels: int
) -> Twin:
    a, b = pair
    shorter = min(prints[a].duration, prints[b].duration)
    seconds = min(found[0] / prints[a].rate, shorter)
    return Twin(ids[a], ids[b], seconds, seconds / shorter, found[1] / prints[a].rate, n_channels)
