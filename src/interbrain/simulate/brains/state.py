"""Where a run ended, and how another goes on from there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.simulate.brains._arguments import PRECISIONS, Set
from interbrain.simulate.brains._blocks import Block, Edges, fixed_of, parameters_of, rows_of, rules_of
from interbrain.simulate.brains.network import Network


@dataclass(eq=False)
class BrainState:
    """Where a run ended, to go on from there; opaque, and used up by the run that goes on."""

    step: int
    dt: float
    blocks: list[Block]
    network: Network

    def values(self) -> np.ndarray:
        """``(set, variable, region)``."""
        return np.concatenate([b.state.reshape(len(b.state), -1, b.sets).transpose(2, 0, 1) for b in self.blocks])

    def weights(self) -> np.ndarray:
        """``(set, plastic edge)``."""
        return np.concatenate([block.weight.T for block in self.blocks])

    def set_weights(self, weights: np.ndarray, network: Network) -> None:
        """Give the plastic edges, ``(set, plastic edge)``, other weights before a run goes on.

        Raises
        ------
        BadInput
            Weights of another shape, weights that are no numbers, or a network with other plastic edges.
        """
        _check_plastic(self, network)
        try:
            weights = np.asarray(weights, dtype=float)
        except (TypeError, ValueError) as error:
            raise BadInput(f"Weights are {weights!r}; numbers of shape {self.weights().shape} are needed.") from error
        if weights.shape != self.weights().shape:
            raise BadInput(f"Weights have shape {weights.shape}; {self.weights().shape} is needed (set, edge).")
        if not np.isfinite(weights).all():
            raise BadInput(f"{np.sum(~np.isfinite(weights))} of {weights.size} weights are not finite numbers.")
        at, to = 0, network.to[network.plastic]
        for block in self.blocks:
            new = np.ascontiguousarray(weights[at : at + block.sets].T)
            received = block.received.reshape(network.regions, block.sets)
            np.add.at(received, to, new - block.weight)
            block.weight[:] = new
            at += block.sets


def resumed(
    start: BrainState, network: Network, edges: Edges, sets: list[Set], dt: float, stride: int, precision: str
) -> BrainState:
    """The state with the parameters, seeds and fixed weights of now (they may have changed between two runs)."""
    if dt != start.dt or start.step % stride:
        raise BadInput("A run goes on with the dt and the spacing of records that it had.")
    if len(sets) != sum(block.sets for block in start.blocks):
        raise BadInput(f"A run of {sum(b.sets for b in start.blocks)} sets cannot go on with {len(sets)}.")
    _check_fits(start, network, edges, precision)
    blocks, at = [], 0
    for block in start.blocks:
        part = sets[at : at + block.sets]
        at += block.sets
        if type(part[0][0]) is not type(block.node):
            raise BadInput("A run goes on with the kind of node that it had.")
        parameters = parameters_of([x for x, _, _ in part], network.regions)
        varies = np.ptp(parameters, axis=1) > 0
        seeds = [seed for _, seed, _ in part]
        # Hashing keys takes long beside a short run: only where there are none yet, or others.
        rows = block.rows if block.rows.size and seeds == block.seeds else rows_of(part, network.regions)
        now = replace(block, parameters=parameters, varies=varies, rule=rules_of(part), rows=rows, seeds=seeds)
        if network is not start.network:
            now.received = block.received + np.repeat(fixed_of(network) - fixed_of(start.network), block.sets)
        blocks.append(now)
    return BrainState(start.step, dt, blocks, network)


def _check_plastic(start: BrainState, network: Network) -> None:
    """The state's weights belong to the network's plastic edges."""
    old = start.network
    if network is old:
        return
    ends = [(each.to[each.plastic], each.source[each.plastic]) for each in (old, network)]
    if old.regions != network.regions or not all(np.array_equal(a, b) for a, b in zip(*ends)):
        raise BadInput(
            f"The state has {old.regions} regions and {len(ends[0][0])} plastic edges; the network has "
            f"{network.regions} and {len(ends[1][0])}, and not the same ones. Give the network that the run had, or "
            "start a new run (start=None)."
        )


def _check_fits(start: BrainState, network: Network, edges: Edges, precision: str) -> None:
    """Every array of the state is as large as the engine will take it for: it does not look itself."""
    _check_plastic(start, network)
    n, learn = network.regions, len(edges.plastic[0])
    for block in start.blocks:
        width, copies = n * block.sets, 2 if block.sets == 1 else 1
        flat = (block.received, block.mean, block.spread, block.envelope)
        has_regions = block.state.shape[1] // block.sets
        has_slots = block.ring.shape[1] // (copies * max(block.state.shape[1], 1))
        if (
            block.state.shape[1] != width
            or block.ring.shape[1] != copies * edges.slots * width
            or block.weight.shape != (learn, block.sets)
            or any(x.shape != (width,) for x in flat)
        ):
            raise BadInput(
                f"The state has {has_regions} regions, {len(block.weight)} plastic edges and a memory of {has_slots} "
                f"steps; the network has {n} and {learn}, and its delays need {edges.slots} steps. Give the network "
                "that the run had, or start a new run (start=None)."
            )
        if block.ring.dtype != PRECISIONS[precision]:
            had = next(name for name, kind in PRECISIONS.items() if kind == block.ring.dtype)
            raise BadInput(
                f"The state is in {had} precision, and precision is {precision!r}: give precision={had!r} to go on, or "
                "start a new run (start=None)."
            )
