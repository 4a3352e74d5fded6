"""One or several connectomes as a list of edges with delays: what the engine runs on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within
from interbrain.simulate.brains.connectome import Connectome


@dataclass(frozen=True, eq=False)
class Network:
    """Edges, sorted by the region that receives.

    Parameters
    ----------
    to, source
        ``(edge,)``: who receives and who sends.
    weight
        ``(edge,)``.
    delay
        ``(edge,)`` in s.
    plastic
        ``(edge,)``: whether it may learn.
    group
        ``(region,)``: which brain it belongs to, from 0.
    labels
        One a region.
    """

    to: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    delay: np.ndarray
    plastic: np.ndarray
    group: np.ndarray
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        n, edges = len(self.labels), len(self.to)
        for name in ("source", "weight", "delay", "plastic"):
            if len(getattr(self, name)) != edges:
                raise BadInput(f"Network: {name} has {len(getattr(self, name))} entries; there are {edges} edges.")
        if n == 0:
            raise BadInput("Network: there are no regions; give at least one label.")
        group = np.asarray(self.group)
        if group.shape != (n,) or group.dtype.kind not in "iu" or group.min() < 0:
            raise BadInput(f"Network: group needs a brain's number, from 0, for each of {n} regions; got {self.group}.")
        object.__setattr__(self, "group", group)
        if edges and (min(self.to.min(), self.source.min()) < 0 or max(self.to.max(), self.source.max()) >= n):
            raise BadInput(f"Network: an edge names a region outside 0 to {n - 1}.")
        if np.any(np.diff(self.to) < 0):
            raise BadInput("Network: edges must be sorted by the region that receives.")
        if not (np.isfinite(self.weight).all() and np.isfinite(self.delay).all() and np.all(self.delay >= 0)):
            raise BadInput("Network: weights must be numbers, delays 0 s or more.")

    @property
    def regions(self) -> int:
        return len(self.labels)

    @property
    def matrix(self) -> np.ndarray:
        """``(to, from)`` weights, summed where two edges join the same regions."""
        table = np.zeros((self.regions, self.regions))
        np.add.at(table, (self.to, self.source), self.weight)
        return table

    def with_edges(
        self, to: np.ndarray, source: np.ndarray, weight: np.ndarray, delay: np.ndarray, plastic: bool = False
    ) -> Network:
        """This network and more edges."""

        def joined(old: np.ndarray, new: np.ndarray) -> np.ndarray:
            return np.concatenate([old, np.asarray(new)])[order]

        order = np.argsort(np.concatenate([self.to, np.asarray(to)]), kind="stable")
        return replace(
            self,
            to=joined(self.to, to),
            source=joined(self.source, source),
            weight=joined(self.weight, weight),
            delay=joined(self.delay, delay),
            plastic=joined(self.plastic, np.full(len(to), plastic)),
        )

    def with_plastic(self, chosen: np.ndarray) -> Network:
        """These edges, ``(edge,)`` of booleans, may learn; no others."""
        return replace(self, plastic=np.asarray(chosen, dtype=bool))


def network_of(*brains: Connectome, speed: float = 10.0) -> Network:
    """The brains beside each other, without an edge between them.

    Parameters
    ----------
    speed
        Of conduction, m/s (= mm/ms), 0.1 to 1000; infinity for no delays.
    """
    if speed != np.inf:
        within("network_of", "speed", speed, 0.1, 1000, "m/s")
    parts: list[tuple[np.ndarray, ...]] = []
    labels: list[str] = []
    for number, brain in enumerate(brains):
        to, source = np.nonzero(brain.weights)
        first = len(labels)
        parts.append((to + first, source + first, brain.weights[to, source], brain.lengths[to, source] / 1000 / speed))
        labels += [f"{number + 1}.{x}" if len(brains) > 1 else x for x in brain.labels]
    to, source, weight, delay = (np.concatenate([part[k] for part in parts]) for k in range(4))
    group = np.repeat(np.arange(len(brains)), [len(brain.labels) for brain in brains])
    return Network(to, source, weight, delay, np.zeros(len(to), dtype=bool), group, tuple(labels))


def all_to_all(regions: int) -> Network:
    """Every region receives the mean of the others, at once: for comparison with theory."""
    to, source = np.nonzero(~np.eye(regions, dtype=bool))
    weight = np.full(len(to), 1 / regions)
    labels = tuple(f"region{i + 1}" for i in range(regions))
    return Network(to, source, weight, np.zeros(len(to)), np.zeros(len(to), bool), np.zeros(regions, int), labels)
