"""Recordings that are one recording, whole or in part, after resampling, filtering or with noise added.

Words that have sixteen or more chosen signs in common are found by sorting, so cost grows with the number of words and
not with the number of pairs of recordings. Of those, the ones alike in their other signs too are hits. A distance in
time at which several words recur is then judged over all words of both recordings: the best stretch by a likelihood
ratio, "half of the words are alike" against "one in twenty is, by chance". Bands are independent, so their logarithms
add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from interbrain.signals.sketch import BITS, RUNGS, WINDOW, Sketch

TABLES = 12
SHORTEST_KEY = 16
STAR = 16
"""Of words that share a key in more places than this, each is compared with its next neighbours only."""
TOLERANCE = 2.0
"""Samples at the rung's rate by which a peak may stand elsewhere."""
FEWEST_HITS = 3
ALIKE = 16
"""Words that differ in no more signs than this of 64 are alike (a correlation of 0.7 or more)."""
MOST_HITS = 2_000_000
"""Hits that are held at once (16 MB, and ten times as much to sort them)."""
MOST_DISTANCES = 5
"""Distances judged for one pair of recordings and band, those with the most hits."""
GAIN, LOSS = float(np.log(0.5 / 0.05)), float(np.log(0.5 / 0.95))
SURE = 12.0
"""Log likelihood ratio from which two recordings are called one; docs/calibration/false_dyads.md has its errors."""

ALONE = 9.0
"""Log likelihood ratio from which one band speaks on its own."""
AT_ONCE_S = 0.1
WHOLE = 0.5
NEARLY_ALL = 0.7
NEARLY_ONE = 0.95
"""Two people recorded at once are one signal when most of their time agrees without a lag, in the finest band that both
recordings have, in nearly all words, with nearly this correlation: less can be one input to two people."""


@dataclass(frozen=True)
class Copy:
    """Two recordings that agree over a stretch.

    ``seconds`` is the stretch, ``share`` its part of the shorter recording, ``start_s`` where it starts in A,
    ``offset_s`` how much later it stands in B; ``score`` the log likelihood ratio; ``agreement`` the part of its words
    that are alike and ``correlation`` what the signs say of those, both in the band where they are most. ``finest_hz``
    is the upper edge of the highest band that speaks for one recording on its own, ``top_hz`` of the highest band that
    both recordings have: synchrony of two people ends well below it, a copy does not.
    """

    id_a: str
    id_b: str
    seconds: float
    share: float
    start_s: float
    offset_s: float
    score: float
    agreement: float
    correlation: float
    finest_hz: float
    top_hz: float

    @property
    def one_signal(self) -> bool:
        """Whether even two people recorded at the same time would not agree so much."""
        at_once = abs(self.offset_s) <= AT_ONCE_S and self.finest_hz == self.top_hz
        return at_once and self.share >= WHOLE and self.agreement >= NEARLY_ALL and self.correlation >= NEARLY_ONE


@dataclass(frozen=True, eq=False)
class _Words:
    """All words of one rung, sorted by recording, channel and time; ``sides`` is recording × ``base`` + channel + 1."""

    words: np.ndarray
    sides: np.ndarray
    times: np.ndarray
    base: int

    def of(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(*np.searchsorted(self.sides, [side, side + 1]))
        return self.times[rows], self.words[rows]


@dataclass(frozen=True)
class _Stretch:
    """What one band says of two recordings at one distance."""

    rung: float
    offset: float
    start: float
    stop: float
    score: float
    agreement: float
    correlation: float


def find_copies(sketches: Mapping[str, Sketch], sure: float = SURE) -> list[Copy]:
    """Pairs of recordings that agree, the surest stretch of each pair; longest first."""
    ids = list(sketches)
    found: dict[tuple[int, int], list[_Stretch]] = {}
    for rung in range(len(RUNGS)):
        table = _gather(list(sketches.values()), rung)
        if len(table.words) > 1:
            for side_a, side_b, offset in _candidates(table, RUNGS[rung]):
                stretch = _judged(table, side_a, side_b, offset, RUNGS[rung])
                if stretch is not None:
                    found.setdefault((side_a // table.base, side_b // table.base), []).append(stretch)
    copies = [
        _copy(ids[a], ids[b], best, sketches)
        for (a, b), stretches in found.items()
        if (best := _together(stretches)) and sum(s.score for s in best) >= sure
    ]
    return sorted(copies, key=lambda c: (-c.seconds, c.id_a, c.id_b))


def _gather(sketches: list[Sketch], rung: int) -> _Words:
    picked = [s.rungs == rung for s in sketches]
    base = 2 + max((int(s.channels.max(initial=0)) for s in sketches), default=0)
    sides = [i * base + s.channels[p].astype(np.int64) + 1 for i, (s, p) in enumerate(zip(sketches, picked))]
    side = np.concatenate(sides or [np.empty(0, np.int64)])
    times = np.concatenate([s.times[p] for s, p in zip(sketches, picked)] or [np.empty(0)])
    words = np.concatenate([s.words[p] for s, p in zip(sketches, picked)] or [np.empty(0, np.uint64)])
    order = np.lexsort((times, side))
    return _Words(words[order], side[order], times[order], base)


def _candidates(table: _Words, rung: float) -> Iterator[tuple[int, int, float]]:
    """Two sides and a distance in s at which several of their words recur.

    Hits are many times as many as words, so they are gathered for some recordings at a time.
    """
    owners = table.sides // table.base
    tolerance = TOLERANCE / rung
    tables = [_crowded(keys) for keys in _keys(table.words, TABLES)]
    for low, high in _portions(TABLES * _neighbours(tables[0], owners)):
        hits = np.empty(0, np.int64)
        for crowded in tables:
            found = [hits]
            for first, second in _collisions(crowded, owners, low, high):
                alike = _signs(table.words[first] ^ table.words[second]) <= ALIKE
                found.append(first[alike] * len(owners) + second[alike])
            hits = _each_once(np.concatenate(found))
        if len(hits):
            yield from _distances(table, *np.divmod(hits, len(owners)), tolerance)


def _portions(hits: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last-plus-one recordings that have no more than :data:`MOST_HITS` together, or one that has more."""
    borders, seen = [0], 0
    for recording, more in enumerate(hits):
        if seen + more > MOST_HITS and seen:
            borders, seen = [*borders, recording], 0
        seen += more
    yield from pairwise([*borders, len(hits)])


def _neighbours(crowded: tuple[np.ndarray, np.ndarray], owners: np.ndarray) -> np.ndarray:
    """``(recording,)``: how many words of other recordings share a key with its words."""
    there = np.zeros(int(owners[-1]) + 1, np.int64)
    for first, _ in _collisions(crowded, owners, 0, len(there)):
        there += np.bincount(owners[first], minlength=len(there))
    return there


def _keys(words: np.ndarray, tables: int) -> Iterator[np.ndarray]:
    """For each table, some of the signs of every word; which ones is always drawn alike."""
    n_bits = min(max(SHORTEST_KEY, int(np.ceil(np.log2(len(words)))) + 1), 32)
    random = np.random.Generator(np.random.PCG64(11))
    one = np.uint64(1)
    for _ in range(tables):
        keys = np.zeros(len(words), np.uint64)
        for to, bit in enumerate(random.permutation(BITS)[:n_bits]):
            keys |= ((words >> np.uint64(bit)) & one) << np.uint64(to)
        yield keys


def _each_once(hits: np.ndarray) -> np.ndarray:
    """Sorted, each once. (``np.unique`` hashes integers, which is ten times slower for millions of them.)"""
    hits.sort()
    return hits[np.append(True, hits[1:] != hits[:-1])] if len(hits) else hits


def _crowded(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows sorted by their key, and the number of the key that each has."""
    order = np.argsort(keys, kind="stable")  # rows are sorted by recording, and stay so within a key
    ordered = keys[order]
    number = np.cumsum(np.append(False, ordered[1:] != ordered[:-1]))
    return order.astype(np.int32), number.astype(np.int32)


def _collisions(
    crowded: tuple[np.ndarray, np.ndarray], owners: np.ndarray, low: int, high: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of rows (lower, higher) with one key in two recordings, the lower's from ``low`` to ``high``.

    In a crowd, neighbours only: first the next ones, then those after them, and so on.
    """
    order, number = crowded
    asked = (owners[order] >= low) & (owners[order] < high)
    for back in range(1, STAR):
        same = (number[back:] == number[:-back]) & asked[:-back]
        if not same.any():
            break
        a, b = order[:-back][same].astype(np.int64), order[back:][same]
        apart = owners[a] != owners[b]
        yield a[apart], b[apart]


def _signs(differ: np.ndarray) -> np.ndarray:
    """How many of the 64 signs are set."""
    parts = differ.view(np.uint16).reshape(-1, 4)
    return _ONES[parts].sum(axis=1, dtype=np.int64)


_ONES = np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1).sum(
    axis=1, dtype=np.uint8
)


def _distances(table: _Words, first: np.ndarray, second: np.ndarray, tolerance: float) -> list[tuple[int, int, float]]:
    """The distances with the most hits, for each pair of recordings."""
    n_sides = int(table.sides[-1]) + 1
    offset = table.times[second] - table.times[first]
    sides = table.sides[first] * n_sides + table.sides[second]
    order = np.lexsort((offset, sides))
    sides, offset = sides[order], offset[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(sides) != 0) | (np.diff(offset) > tolerance)
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(order)))
    best: dict[tuple[int, int], list[tuple[int, int, int, float]]] = {}
    for start, size in zip(starts[sizes >= FEWEST_HITS], sizes[sizes >= FEWEST_HITS]):
        a, b = divmod(int(sides[start]), n_sides)
        middle = float(np.median(offset[start : start + size]))
        best.setdefault((a // table.base, b // table.base), []).append((int(size), a, b, middle))
    return [row[1:] for rows in best.values() for row in sorted(rows, reverse=True)[:MOST_DISTANCES]]


def _judged(table: _Words, side_a: int, side_b: int, offset: float, rung: float) -> _Stretch | None:
    """The stretch that speaks most for one recording: every word of either counts, alike or not."""
    times, words = table.of(side_a)
    there, theirs = table.of(side_b)
    there = there - offset
    differ, partner = _nearest(times, words, there, theirs, TOLERANCE / rung)
    alone = np.ones(len(there), dtype=bool)
    alone[partner[differ <= BITS]] = False
    low, high = max(times[0], there[0]), min(times[-1], there[-1])
    when = np.concatenate((times, there[alone]))
    differ = np.concatenate((differ, np.full(int(alone.sum()), BITS + 1)))
    within = (when >= low - WINDOW / rung) & (when <= high + WINDOW / rung)
    order = np.argsort(when[within], kind="stable")
    when, differ = when[within][order], differ[within][order]
    alike = differ <= ALIKE
    if not alike.any():
        return None
    first, last, score = _best_run(np.where(alike, GAIN, LOSS))
    chosen = differ[first : last + 1][alike[first : last + 1]]
    half = WINDOW / 2 / rung
    return _Stretch(
        rung, offset, float(when[first]) - half, float(when[last]) + half, score,
        len(chosen) / (last + 1 - first), float(np.cos(np.pi * chosen.mean() / BITS)),
    )  # fmt: skip


def _nearest(
    times: np.ndarray, words: np.ndarray, there: np.ndarray, theirs: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Signs in which each word differs from the other's word of its moment (65: there is none), and which it is."""
    right = np.searchsorted(there, times).clip(0, len(there) - 1)
    left = (right - 1).clip(0)
    near = np.where(np.abs(there[left] - times) < np.abs(there[right] - times), left, right)
    differ = _signs(words ^ theirs[near])
    return np.where(np.abs(there[near] - times) <= tolerance, differ, BITS + 1), near


def _best_run(gains: np.ndarray) -> tuple[int, int, float]:
    """First, last and sum of the run with the greatest sum."""
    total = np.concatenate(([0.0], np.cumsum(gains)))
    lowest = np.minimum.accumulate(total)
    last = int(np.argmax(total[1:] - lowest[:-1]))
    first = int(np.argmin(total[: last + 1]))
    return first, last, float(total[last + 1] - total[first])


def _together(stretches: list[_Stretch]) -> list[_Stretch]:
    """The best stretch of each band at the distance where they say most together."""
    best: list[_Stretch] = []
    for anchor in stretches:
        chosen: dict[float, _Stretch] = {}
        for other in stretches:
            near = abs(other.offset - anchor.offset) <= TOLERANCE / min(anchor.rung, other.rung)
            overlap = min(anchor.stop, other.stop) > max(anchor.start, other.start)
            if near and overlap and other.score > chosen.get(other.rung, _NOTHING).score:
                chosen[other.rung] = other
        if sum(s.score for s in chosen.values()) > sum(s.score for s in best):
            best = list(chosen.values())
    return best


_NOTHING = _Stretch(0, 0, 0, 0, 0, 0, 0)


def _copy(id_a: str, id_b: str, stretches: list[_Stretch], sketches: Mapping[str, Sketch]) -> Copy:
    a, b = sketches[id_a], sketches[id_b]
    longest = max(stretches, key=lambda s: s.stop - s.start)
    surest = max(stretches, key=lambda s: s.score)
    finest = max(stretches, key=lambda s: s.rung)
    alone = [s.rung / 4 for s in stretches if s.score >= ALONE]
    shorter = min(a.duration, b.duration)
    seconds = min(longest.stop - longest.start, shorter)
    return Copy(
        id_a, id_b, seconds, seconds / shorter, max(longest.start, 0.0), finest.offset,
        sum(s.score for s in stretches), surest.agreement, surest.correlation,
        max(alone, default=0.0), RUNGS[min(a.rungs.max(), b.rungs.max())] / 4,
    )  # fmt: skip
