"""Three or more arms against each other: one test over all, and every pair of arms with one maximum over pairs.

Whole groups are relabelled over all arms at once. Both statistics are studentised by each arm's own spread, under which
relabelling stays right (in large samples) where arms differ in spread but not in mean, and where two arms are alike and
a third is not (Chung & Romano 2016, 10.1016/j.jeconom.2016.01.003).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial, prod

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.inference.contrast import Contrast, arm_moments, bound_of, present, table_of
from interbrain.inference.ranks import moments, upper_p

FEWEST = 2
"""Groups an arm needs: one has no spread."""


@dataclass(frozen=True, eq=False)
class Arms:
    """``omnibus`` over all arms; ``pairs`` of arms by their names, the first minus the second.

    The estimate of ``omnibus`` is the SD of the arms' means. ``p_family`` of it is against the maximum over pairs of
    places; that of ``pairs`` against the one maximum over pairs of arms and of places.
    """

    omnibus: Contrast
    pairs: dict[tuple[str, str], Contrast]


def several_arms(values: np.ndarray, arms: np.ndarray, stream: np.random.Generator, n_arrangements: int) -> Arms:
    """Do three or more arms differ, and which? By relabelling whole groups.

    The omnibus statistic is the sum over arms of (mean − weighted mean)² over the squared standard error of the mean
    (Welch's, without his correction, which orders arrangements all the same for arms of one size; Pauly, Brunner &
    Konietschke 2015, 10.1111/rssb.12073); that of a pair of arms is Welch's t.

    Parameters
    ----------
    values
        ``(G, P)``, one row a group; NaN where missing.
    arms
        ``(G,)``, the name of each group's arm.

    Raises
    ------
    RefusedScience
        Fewer than three arms, or fewer than two groups in one.
    """
    values, arms = table_of(values), np.asarray(arms)
    if arms.shape != (len(values),):
        raise BadInput(f"arms: {len(values)} groups but {arms.size} labels; there must be one a group.")
    kept = present(values)
    values, arms = values[kept], arms[kept]
    names, label = np.unique(arms, return_inverse=True)
    sizes = np.bincount(label)
    if len(names) < 3 or sizes.min() < FEWEST:
        told = ", ".join(f"{n} in {name}" for name, n in zip(names, sizes, strict=True))
        raise RefusedScience(f"arms: {told}; needed are three arms or more of at least {FEWEST} groups each.")
    labels, exhaustive = _relabelled(label, n_arrangements, stream)
    about = _About(values, labels, exhaustive, sizes, _omnibus_ties(sizes))
    observed, draws = _omnibus(values, label[None]), _omnibus(values, labels)
    omnibus = _contrast(about, observed, draws, _highest(*_sizes(observed[1], draws[1])))
    return Arms(omnibus, _pairs(about, label, [str(n) for n in names]))


@dataclass(frozen=True, eq=False)
class _About:
    """What all statistics of one call share; ``ties``: arrangements that look like the one that was."""

    values: np.ndarray
    labels: np.ndarray
    exhaustive: bool
    sizes: np.ndarray
    ties: int
    p: str = "p"

    @property
    def total(self) -> int:
        return _multinomial(self.sizes)


Statistic = tuple[np.ndarray, np.ndarray]
"""Estimates and studentised statistics ``(L, P)``."""


def _omnibus(values: np.ndarray, labels: np.ndarray) -> Statistic:
    found = [arm_moments(values, labels == k) for k in range(int(labels.max()) + 1)]
    means, errors = (np.stack(x) for x in zip(*found, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = 1 / errors
        centre = (weight * means).sum(axis=0) / weight.sum(axis=0)
        statistic = (weight * (means - centre) ** 2).sum(axis=0)
    return means.std(axis=0, ddof=1), statistic


def _pair(values: np.ndarray, labels: np.ndarray, first: int, second: int) -> Statistic:
    (mean_a, error_a), (mean_b, error_b) = (arm_moments(values, labels == k) for k in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        return mean_a - mean_b, (mean_a - mean_b) / np.sqrt(error_a + error_b)


def _pairs(about: _About, label: np.ndarray, names: list[str]) -> dict[tuple[str, str], Contrast]:
    """Pair by pair, since the draws of all of them would be many; the maximum needs a first pass."""
    places = list(combinations(range(len(names)), 2))
    highest = np.full((len(about.labels), 1), -np.inf)
    for i, j in places:
        now, others = (_pair(about.values, x, i, j)[1] for x in (label[None], about.labels))
        highest = np.maximum(highest, _highest(*_sizes(now, others)))
    out = {}
    for i, j in places:
        observed, draws = (_pair(about.values, x, i, j) for x in (label[None], about.labels))
        ties = _multinomial(np.delete(about.sizes, [i, j])) * (2 if about.sizes[i] == about.sizes[j] else 1)
        out[names[i], names[j]] = _contrast(replace(about, ties=ties, p="two-sided p"), observed, draws, highest)
    return out


def _sizes(statistic: np.ndarray, draws: np.ndarray) -> Statistic:
    """Sizes of a statistic and of its draws; one that could not be had stands above everything."""
    sizes = np.abs(draws)
    return np.abs(statistic[0]), np.where(np.isnan(sizes), np.inf, sizes)


def _highest(size: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """``(L, 1)``: the maximum over the places that have a number."""
    return sizes.max(axis=1, keepdims=True, initial=-np.inf, where=np.isfinite(size))


def _contrast(about: _About, observed: Statistic, draws: Statistic, highest: np.ndarray) -> Contrast:
    estimate, statistic = observed[0][0], observed[1]
    size, sizes = _sizes(statistic, draws[1])
    null_mean, null_sd = moments(draws[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(null_sd > 0, (estimate - null_mean) / null_sd, np.nan)
    n_groups = np.isfinite(about.values).sum(axis=0)
    n = len(about.labels)
    return Contrast(
        estimate=np.where(np.isfinite(size), estimate, np.nan),
        null_mean=null_mean,
        null_sd=null_sd,
        z=np.where(np.isfinite(size), z, np.nan),
        p=upper_p(size, sizes),
        p_family=upper_p(size, np.broadcast_to(highest, sizes.shape)),
        n_groups=n_groups,
        n_null=n,
        smallest_p=about.ties / about.total if about.exhaustive else 1 / (1 + n),
        bound=bound_of(
            len(about.values), about.total, "ways to fill the arms", about.ties, n, about.exhaustive, about.p
        ),
    )  # fmt: skip


def _relabelled(label: np.ndarray, n_arrangements: int, stream: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Other labels ``(L, G)``: all of them where there are no more than asked for, else drawn."""
    if _multinomial(np.bincount(label)) - 1 <= n_arrangements:
        every = np.array(list(_fillings(len(label), list(np.bincount(label)))))
        return every[(every != label).any(axis=1)], True
    return np.stack([stream.permutation(label) for _ in range(n_arrangements)]), False


def _fillings(n: int, sizes: list[int]) -> Iterator[np.ndarray]:
    """Every way to give ``n`` groups labels 0, 1, … of these sizes."""

    def fill(places: list[int], k: int, out: np.ndarray) -> Iterator[np.ndarray]:
        if k == len(sizes):
            yield out.copy()
            return
        for chosen in combinations(places, int(sizes[k])):
            out[list(chosen)] = k
            yield from fill([p for p in places if p not in chosen], k + 1, out)

    yield from fill(list(range(n)), 0, np.zeros(n, dtype=np.intp))


def _multinomial(sizes: np.ndarray) -> int:
    return factorial(int(sizes.sum())) // prod(factorial(int(s)) for s in sizes)


def _omnibus_ties(sizes: np.ndarray) -> int:
    """Arms of one size may change names: nothing else changes."""
    return prod(factorial(count) for count in Counter(int(s) for s in sizes).values())
