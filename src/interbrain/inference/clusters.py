"""Clusters of neighbouring places against chance: weak effects that stand together, where none would be seen alone.

Places whose standardised value exceeds a threshold are joined with their neighbours (bands next to each other,
channels that the plan names as neighbours) into clusters; the mass of a cluster is the sum of its standardised values;
p compares it with the largest mass under each draw (Maris & Oostenveld 2007, 10.1016/j.jneumeth.2007.03.024). The same
draws serve as for the maximum, standardised in the same way, so p is exact where nothing is coupled anywhere. A cluster
says that something in it exceeds chance, never which of its places.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from interbrain.data.errors import BadInput
from interbrain.inference.ranks import standardise, upper_p

Label = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Which places are neighbours, ``adjacent (P, P)``, and the threshold of their standardised values (in SDs)."""

    adjacent: np.ndarray
    threshold: float

    def __post_init__(self) -> None:
        adjacent = np.asarray(self.adjacent, dtype=bool)
        if adjacent.ndim != 2 or adjacent.shape[0] != adjacent.shape[1] or not self.threshold > 0:
            raise BadInput(
                f"clusters: got neighbours of shape {adjacent.shape} and the threshold {self.threshold:g}; needed are "
                "a square table and a threshold above 0."
            )
        object.__setattr__(self, "adjacent", adjacent | adjacent.T)

    def of(self, places: np.ndarray) -> Neighbours:
        """The same for some of the places."""
        return Neighbours(self.adjacent[np.ix_(places, places)], self.threshold)


@dataclass(frozen=True, eq=False)
class Clusters:
    """Arrays ``(P,)``: ``number`` of the place's cluster (1 is the heaviest; 0 is none), its ``mass`` and its ``p``."""

    number: np.ndarray
    mass: np.ndarray
    p: np.ndarray

    @classmethod
    def none(cls, count: int) -> Clusters:
        """So many places without a cluster."""
        return cls(np.zeros(count, dtype=np.int64), np.full(count, np.nan), np.full(count, np.nan))

    def add(self, places: np.ndarray, part: Clusters) -> None:
        """Enter the clusters of some of the places, numbered after those that are there."""
        self.number[places] = np.where(part.number > 0, part.number + self.number.max(initial=0), 0)
        self.mass[places] = part.mass
        self.p[places] = part.p


def cluster_test(observed: np.ndarray, draws: np.ndarray, neighbours: Neighbours) -> Clusters:
    """Upper-tail clusters of observed values ``(P,)`` against those of their draws ``(S, P)``.

    A place without a number or without spread is in no cluster. Mass and p are NaN outside clusters.

    Raises
    ------
    BadInput
        Shapes that do not fit.
    """
    if np.shape(observed) != (len(neighbours.adjacent),):
        raise BadInput(
            f"clusters: {np.size(observed)} places but neighbours of {len(neighbours.adjacent)}; there must be as many."
        )
    z, z_draws = standardise(observed, draws)
    cluster, mass = _clusters(np.concatenate([z[None], z_draws]), neighbours)
    heaviest = mass.max(axis=1, initial=0.0)
    own, members = cluster[0], cluster[0] >= 0
    order = np.unique(own[members])
    order = order[np.argsort(-mass[0, order], kind="stable")]
    number = np.zeros(len(own), dtype=np.int64)
    for k, which in enumerate(order, start=1):
        number[own == which] = k
    weight = np.where(members, mass[0, own], np.nan)
    return Clusters(number, weight, upper_p(weight, np.broadcast_to(heaviest[1:, None], (len(z_draws), len(own)))))


def _clusters(z: np.ndarray, neighbours: Neighbours) -> tuple[np.ndarray, np.ndarray]:
    """Each place's cluster (its smallest member, −1 for none) and mass by that member, ``(R, P)`` as the values.

    All rows are one graph without edges between them, so that a library labels them at once.
    """
    rows, places = z.shape
    above = np.where(np.isfinite(z), z, -np.inf) > neighbours.threshold
    first, second = np.nonzero(np.triu(neighbours.adjacent, 1))
    row, edge = np.nonzero(above[:, first] & above[:, second])
    start, stop = row * places + first[edge], row * places + second[edge]
    graph = coo_array((np.ones(len(start), dtype=bool), (start, stop)), shape=(z.size, z.size))
    _, label = connected_components(graph, directed=False)
    _, smallest = np.unique(label, return_index=True)
    cluster = np.where(above.ravel(), smallest[label], -1)
    mass = np.bincount(cluster[cluster >= 0], weights=z.ravel()[cluster >= 0], minlength=z.size)
    local = np.where(cluster >= 0, cluster % places, -1)
    return local.reshape(rows, places), mass.reshape(rows, places)


def neighbours_of(
    labels: Sequence[Label],
    bands: Mapping[str, tuple[float, float]],
    places: Collection[tuple[str, str]],
    threshold: float,
) -> Neighbours:
    """Neighbours among places labelled ``(place_a, place_b, band, direction)``.

    Two are neighbours where they differ in one thing: in bands that follow each other in frequency, or in one person's
    channel (region) by a pair of ``places``.
    """
    order = sorted(bands, key=lambda name: bands[name])
    rank = {name: i for i, name in enumerate(order)}
    beside = {frozenset(pair) for pair in places}
    count = len(labels)
    adjacent = np.zeros((count, count), dtype=bool)
    for i, one in enumerate(labels):
        for j, other in enumerate(labels[:i]):
            unlike = [k for k in range(4) if one[k] != other[k]]
            if unlike == [2]:
                adjacent[i, j] = one[2] in rank and other[2] in rank and abs(rank[one[2]] - rank[other[2]]) == 1
            elif unlike in ([0], [1]):
                adjacent[i, j] = frozenset((one[unlike[0]], other[unlike[0]])) in beside
    return Neighbours(adjacent, threshold)
