"""The complete block: groups and sessions such that every re-pairing finds every cell.

A real dyad always has its own sessions; a re-paired one only those that both groups have. Arrangements with missing
cells would be means over fewer, other cells than the observed one, so only groups × sessions where no pair of groups
lacks a session are used.

The search: every subset of sessions where there are up to 12 (4095 subsets), above that sessions are taken out one at
a time, each time the one whose loss leaves the best block. For a subset, groups without all of its sessions are left
out, then, while any pair lacks a cell, the group in most such pairs. Blocks are ordered by min(groups, 4), since with
fewer than 4 groups no p reaches .05 (3! = 6), then by groups × sessions, then by groups; ties go to the earlier
sessions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

MAX_EXHAUSTIVE = 12
ENOUGH_GROUPS = 4

Score = tuple[int, int, int]
Block = tuple[np.ndarray, np.ndarray]


def complete_block(present: np.ndarray) -> Block:
    """Best groups and sessions, as positions.

    Parameters
    ----------
    present
        ``(G, G, O)``, True where side A of the first group and side B of the second have a value at an occasion
        (session, condition, segment).

    Returns
    -------
    Positions of groups and of occasions; both empty where no two groups share an occasion.
    """
    occasions = np.flatnonzero(present.any(axis=(0, 1)))
    best: tuple[Score, Block] = ((0, 0, 0), (np.empty(0, dtype=int), np.empty(0, dtype=int)))
    if len(occasions) > MAX_EXHAUSTIVE:
        return _greedy(present, occasions, best)[1]
    own = np.einsum("ggo->go", present)
    subsets = [np.array(s) for k in range(len(occasions), 0, -1) for s in combinations(occasions, k)]
    bounds = [_score(int(np.count_nonzero(own[:, s].all(axis=1))), len(s)) for s in subsets]
    for i in sorted(range(len(subsets)), key=lambda i: bounds[i], reverse=True):
        if bounds[i] <= best[0]:
            break
        best = max(best, _with(present, subsets[i]), key=lambda found: found[0])
    return best[1]


def _greedy(present: np.ndarray, occasions: np.ndarray, best: tuple[Score, Block]) -> tuple[Score, Block]:
    while True:
        best = max(best, _with(present, occasions), key=lambda found: found[0])
        if len(occasions) == 1:
            return best
        shorter = [np.delete(occasions, i) for i in reversed(range(len(occasions)))]
        occasions = max(shorter, key=lambda s: _with(present, s)[0])


def _with(present: np.ndarray, occasions: np.ndarray) -> tuple[Score, Block]:
    has_all = np.asarray(present[:, :, occasions].all(axis=2))
    groups = np.flatnonzero(np.diag(has_all))
    while len(groups):
        lacking = ~has_all[np.ix_(groups, groups)]
        count = lacking.sum(axis=0) + lacking.sum(axis=1)
        if not count.any():
            break
        groups = np.delete(groups, len(groups) - 1 - np.argmax(count[::-1]))
    if len(groups) < 2:
        return (0, 0, 0), (np.empty(0, dtype=int), np.empty(0, dtype=int))
    return _score(len(groups), len(occasions)), (groups, occasions)


def _score(n_groups: int, n_occasions: int) -> Score:
    if n_groups < 2:
        return (0, 0, 0)
    return (min(n_groups, ENOUGH_GROUPS), n_groups * n_occasions, n_groups)


def without_excluded(groups: list[str], excluded: frozenset[tuple[str, str]], n_cells: dict[str, int]) -> list[str]:
    """Groups left so that no excluded pair remains: of each such pair one group goes.

    Forbidding single pairs instead would leave arrangements that are no group, and p would be too small. The group in
    most excluded pairs goes first, then the one with fewer cells, then the later name.
    """
    kept = list(groups)
    while True:
        clashes = [(a, b) for a, b in _pairs(excluded) if a in kept and b in kept]
        if not clashes:
            return kept
        involved = sorted({g for pair in clashes for g in pair}, reverse=True)
        worst = max(involved, key=lambda g: (sum(g in pair for pair in clashes), -n_cells.get(g, 0)))
        kept.remove(worst)


def _pairs(excluded: frozenset[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((a, b) for a, b in sorted({(min(p), max(p)) for p in excluded}) if a != b)
