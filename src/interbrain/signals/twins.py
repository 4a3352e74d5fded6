"""Recordings that are secretly the same, whole or in part, at any offset: they break the re-pairing of partners.

Each recording is reduced to fingerprints of short stretches. Where the stretches lie is decided by the samples
themselves (the steepest sample of its surroundings), so that the same material is cut at the same places wherever it
stands in a file; what is hashed is the stretch's shape, so that a change of gain, offset or polarity does not hide it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
AT_ONCE = 2_000_000
"""Stretches that are sorted at once (some 200 MB with what sorting needs)."""


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
    last = (max(signal.segment_ids, default=0) if signal.epoched else 0) * signal.n_times + signal.n_times
    place = np.int32 if last < 2**31 else np.int64  # a study's prints are held together: every byte counts
    rows = [(c, k) for c in range(len(signal.channels)) for k in range(len(signal.segment_ids))]
    found = [_fingerprint_row(signal.values[k, c], signal.valid[k, c], half, radius) for c, k in rows]  # type: ignore[index]
    shift = [signal.segment_ids[k] * signal.n_times if signal.epoched else 0 for _, k in rows]
    which = [c for c, _ in rows]
    return Fingerprint(
        np.concatenate([h for h, _ in found] or [np.empty(0, np.uint64)]),
        np.concatenate([(p + s).astype(place) for (_, p), s in zip(found, shift)] or [np.empty(0, place)]),
        np.concatenate([np.full(len(p), c, np.int32) for (_, p), c in zip(found, which)] or [np.empty(0, np.int32)]),
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
    ids, all_prints = list(prints), list(prints.values())
    parts = [_matches(table) for table in _tables(all_prints)]
    matches = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
    twins = _chains(matches, ids, all_prints) if matches else []
    return sorted(twins, key=lambda t: (-t.seconds, t.id_a, t.id_b))


def _tables(prints: list[Fingerprint]) -> Iterator[dict[str, np.ndarray]]:
    """All stretches, those with like hashes in one table, a table at a time."""
    bits = max(0, int(np.ceil(np.log2(max(1, sum(map(len, prints))) / AT_ONCE))))
    for which in range(1 << bits):
        rows = [np.flatnonzero(p.hashes >> np.uint64(64 - bits) == which) if bits else slice(None) for p in prints]
        table = _gather(prints, rows)
        if len(table["hash"]):
            yield table


def _gather(prints: list[Fingerprint], rows: list[Any]) -> dict[str, np.ndarray]:
    """These stretches of each recording, sorted by hash; those that recur within a channel are left out."""
    hashes, channel, position = (
        np.concatenate([getattr(p, name)[some] for p, some in zip(prints, rows)] or [np.empty(0, np.uint64)])
        for name in ("hashes", "channels", "positions")
    )
    owner = np.repeat(np.arange(len(prints)), [len(p.hashes[some]) for p, some in zip(prints, rows)])
    order = np.argsort(hashes, kind="stable")  # rows come by recording and channel, and stay so within a hash
    table = {"hash": hashes[order], "owner": owner[order], "channel": channel[order], "position": position[order]}
    if not len(order):
        return table
    same = np.ones(len(order) - 1, dtype=bool)
    for column in ("hash", "owner", "channel"):
        same &= table[column][1:] == table[column][:-1]
    repeated = np.concatenate((same, [False])) | np.concatenate(([False], same))
    return {name: column[~repeated] for name, column in table.items()}


def _matches(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Owner, channel and position of two stretches that share a hash but not a recording."""
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
    both = {"a": first[apart], "b": second[apart]}
    return {f"{name}_{side}": table[name][both[side]] for name in ("owner", "channel", "position") for side in both}


def _chains(matches: dict[str, np.ndarray], ids: list[str], prints: list[Fingerprint]) -> list[Twin]:
    """Matches of one pair of channels at one distance, where they are many and dense; the longest for each pair."""
    n_channels = 1 + max(int(p.channels.max(initial=0)) for p in prints)
    side_a, side_b = (matches[f"owner_{side}"] * n_channels + matches[f"channel_{side}"] for side in ("a", "b"))
    sides = side_a * (len(ids) * n_channels) + side_b
    offsets = matches["position_b"].astype(np.int64) - matches["position_a"]
    order = np.lexsort((offsets, sides))
    sides, offsets, places = sides[order], offsets[order], matches["position_a"][order]
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
