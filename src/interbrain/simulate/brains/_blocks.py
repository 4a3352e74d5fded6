"""Sets of parameters side by side, as the arrays that the engine reads and writes, and a run of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate.brains import _engine, _noise
from interbrain.simulate.brains._arguments import PRECISIONS, Set
from interbrain.simulate.brains.network import Network
from interbrain.simulate.brains.nodes import Node
from interbrain.simulate.brains.nodes._functions import TILE

ENVELOPE_S, FOLLOW_S = 0.5, 1.0


@dataclass(eq=False)
class Block:
    """Sets of parameters that run side by side; its arrays are the engine's."""

    node: Node
    state: np.ndarray
    parameters: np.ndarray
    varies: np.ndarray
    ring: np.ndarray
    received: np.ndarray
    weight: np.ndarray
    rule: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    rows: np.ndarray
    envelope: np.ndarray
    sets: int
    seeds: list[int]

    def copy(self) -> Block:
        """With arrays of its own for what the engine advances."""
        advanced = ("state", "ring", "received", "weight", "mean", "spread", "envelope")
        return replace(self, **{name: getattr(self, name).copy() for name in advanced})


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges as the engine reads them: addresses are slot * regions + region."""

    slots: int
    starts: np.ndarray
    address: np.ndarray
    weight: np.ndarray
    plastic: tuple[np.ndarray, np.ndarray, np.ndarray]


def edges_of(network: Network, dt: float, precision: str) -> Edges:
    lag = np.rint(network.delay / dt).astype(np.int64)
    slots = 1 << int(lag.max(initial=0)).bit_length()
    address = (slots - lag) * network.regions + network.source
    fixed, learns = ~network.plastic, network.plastic
    starts = np.searchsorted(network.to[fixed], np.arange(network.regions + 1)).astype(np.int64)
    weight = np.append(network.weight[fixed], 0.0).astype(PRECISIONS[precision])
    plastic = (network.to[learns].astype(np.int64), network.source[learns].astype(np.int64), address[learns])
    short = np.int32 if slots * network.regions < 2**31 else np.int64  # half the memory that a step reads
    return Edges(slots, starts, address[fixed].astype(short), weight, plastic)


def parameters_of(nodes: Sequence[Node], regions: int) -> np.ndarray:
    """``(parameter, region * set)``."""
    rows = []
    for each in fields(nodes[0]):
        values = [np.asarray(getattr(node, each.name), dtype=float) for node in nodes]
        if wrong := [v.shape for v in values if v.shape not in ((), (regions,))]:
            raise BadInput(
                f"{each.name} has shape {wrong[0]}; a number or one for each of {regions} regions is needed."
            )
        rows.append(np.stack([np.broadcast_to(v, regions) for v in values], axis=-1).ravel())
    return np.ascontiguousarray(rows)


def rules_of(sets: list[Set]) -> np.ndarray:
    return np.ascontiguousarray(np.array([p.row for _, _, p in sets]).T)


def block_of(network: Network, sets: list[Set], dt: float, start: np.ndarray | None, precision: str) -> Block:
    """Arrays for these sets, at the start."""
    n, count = network.regions, len(sets)
    node = sets[0][0]
    if start is None:
        begin = np.stack([x.start(n, stream(seed, "brain", "start")) for x, seed, _ in sets], axis=-1)
    else:
        first = np.asarray(start, dtype=float)
        if first.shape != (len(node.variables), n):
            raise BadInput(f"start has shape {first.shape}; {(len(node.variables), n)} is needed: (variable, region).")
        begin = np.repeat(first[..., None], count, axis=-1)
    state = np.ascontiguousarray(begin.reshape(len(node.variables), n * count))
    parameters = parameters_of([x for x, _, _ in sets], n)
    slots = edges_of(network, dt, precision).slots
    copies = 2 if count == 1 else 1
    ring = np.zeros((node.channels, copies * slots * n * count), PRECISIONS[precision])
    for slot in range(slots):
        _engine.emit(
            node.kind, np.ones(20 * TILE, dtype=ring.dtype), state, parameters, ring, slot, slots, n * count, count == 1
        )
    return Block(
        node,
        state,
        parameters,
        np.ptp(parameters, axis=1) > 0,
        ring,
        np.repeat(_received(network, network.weight), count),
        np.repeat(network.weight[network.plastic][:, None], count, axis=1),
        rules_of(sets),
        np.array(ring[0, : n * count], dtype=float),
        np.full(n * count, 1e-12),
        rows_of(sets, n),
        np.zeros(n * count),
        count,
        [seed for _, seed, _ in sets],
    )


def _received(network: Network, weight: np.ndarray) -> np.ndarray:
    """``(region,)``: the sum of ``weight (edge,)`` that each receives."""
    return np.bincount(network.to, weight, network.regions).astype(float)  # of no edges it would be whole numbers


def fixed_of(network: Network) -> np.ndarray:
    """``(region,)``: what each receives over edges that do not learn."""
    return _received(network, np.where(network.plastic, 0.0, network.weight))


def rows_of(sets: list[Set], regions: int) -> np.ndarray:
    """Rows of the noise; none where no set has noise."""
    if not any(np.any(np.asarray(node.noise) > 0) for node, _, _ in sets):
        return np.zeros((3, 0), dtype=np.uint32)
    return _noise.rows_of(sets[0][0].kicks * regions, _noise.keys([seed for _, seed, _ in sets]))


def run_block(
    network: Network, edges: Edges, block: Block, first: int, steps: int, dt: float, stride: int, record: tuple
) -> tuple[int, dict[str, np.ndarray]]:
    n, sets, kept = network.regions, block.sets, steps // stride
    groups = int(network.group.max()) + 1
    if "field" in record and block.node.channels < 2:
        raise BadInput(f"A field of phases is recorded from oscillators; {type(block.node).__name__} has none.")

    def room(name: str, *shape: int, kind: type = np.float64) -> np.ndarray:
        return np.zeros((kept if name in record else 0, *shape), dtype=kind)

    out = {
        "field": room("field", groups, sets, kind=np.complex128),
        "signal": room("signal", n * sets),
        "envelope": room("envelope", n * sets),
        "weights": room("weights", len(edges.plastic[0]), sets),
    }
    to, source, address = edges.plastic
    end = _engine.run(
        block.node.kind, sets, first, steps, dt, block.state, block.parameters, block.varies,
        block.ring, edges.slots, edges.starts,
        edges.address, edges.weight, block.received, to, source,
        address, block.weight, block.rule, block.mean, block.spread, dt / FOLLOW_S,
        block.rows, block.envelope, dt / ENVELOPE_S, network.group.astype(np.int64),
        np.bincount(network.group).astype(float), stride, out["field"], out["signal"], out["envelope"], out["weights"],
    )  # fmt: skip
    shaped = {k: v.reshape(kept, -1, sets).transpose(2, 0, 1) for k, v in out.items() if k in record}
    return end, shaped
