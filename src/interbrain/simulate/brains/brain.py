"""Regions on a network: delays, noise, edges that learn, slow envelopes; one set of parameters or many in one call.

Every node is integrated with Heun's method; what arrives from other regions is held over a step (so does The Virtual
Brain). The noise of a step and region follows from the seed alone, so that the same seed gives the same bytes for any
number of threads and for one long run or many short ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.allowed import close_to, told
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within
from interbrain.simulate.brains import _engine, _noise
from interbrain.simulate.brains._lanes import LINE
from interbrain.simulate.brains.network import Network
from interbrain.simulate.brains.nodes import NODES, Node
from interbrain.simulate.brains.nodes._functions import TILE

Record = Literal["signal", "envelope", "field", "weights"]
RECORDS = ("signal", "envelope", "field", "weights")
PRECISIONS = {"double": np.dtype(np.float64), "single": np.dtype(np.float32)}
ENVELOPE_S, FOLLOW_S = 0.5, 1.0


@dataclass(frozen=True)
class Plasticity:
    """How the network's plastic edges learn: ``w' = rate gate (target L - w)``, held between ``floor`` and ``ceiling``.

    ``L`` is how alike the two ends are: the cosine of their phase difference (Kuramoto, Hopf), or the product of their
    standardised activities, running mean and variance over 1 s (Wilson-Cowan, Jansen-Rit).

    Parameters
    ----------
    rate
        1/s, 0 to 1000.
    target
        Weight that perfect likeness builds.
    gate
        A neuromodulator's factor on the rate, 0 to 100.
    """

    rate: float = 0.02
    target: float = 1.0
    gate: float = 1.0
    floor: float = -np.inf
    ceiling: float = np.inf

    def __post_init__(self) -> None:
        within("Plasticity", "rate", self.rate, 0, 1000, "1/s")
        within("Plasticity", "gate", self.gate, 0, 100)
        within("Plasticity", "target", self.target, -1e6, 1e6)
        if not self.floor <= self.ceiling:
            raise BadInput(f"Plasticity: floor {self.floor:g} is above ceiling {self.ceiling:g}.")

    @property
    def row(self) -> tuple[float, float, float, float]:
        return self.rate * self.gate, self.target, self.floor, self.ceiling


@dataclass(eq=False)
class _Block:
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

    def copy(self) -> _Block:
        """With arrays of its own for what the engine advances."""
        advanced = ("state", "ring", "received", "weight", "mean", "spread", "envelope")
        return replace(self, **{name: getattr(self, name).copy() for name in advanced})


@dataclass(eq=False)
class BrainState:
    """Where a run ended, to go on from there; opaque, and used up by the run that goes on."""

    step: int
    dt: float
    blocks: list[_Block]
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
        if weights.shape != self.weights().shape or not np.isfinite(weights).all():
            raise BadInput(f"Weights have shape {weights.shape}; {self.weights().shape} numbers are needed.")
        at, to = 0, network.to[network.plastic]
        for block in self.blocks:
            new = np.ascontiguousarray(weights[at : at + block.sets].T)
            received = block.received.reshape(network.regions, block.sets)
            np.add.at(received, to, new - block.weight)
            block.weight[:] = new
            at += block.sets


@dataclass(frozen=True, eq=False)
class BrainRun:
    """What was recorded; arrays that were not asked for are None. The first axis is the set of parameters.

    Parameters
    ----------
    time
        ``(time,)`` in s.
    signal
        ``(set, time, region)``: phase, x, E, or y1 - y2.
    envelope
        ``(set, time, region)``: what haemodynamics sees, low-passed at 0.5 s: coherence of what reaches a Kuramoto
        oscillator, a Hopf oscillator's amplitude, excitatory activity, firing rate.
    field
        ``(set, time, brain)``, complex: mean of ``exp(i phase)``; its modulus is the order parameter. Oscillators only.
    weights
        ``(set, time, plastic edge)``.
    state
        To go on from.
    """

    time: np.ndarray
    signal: np.ndarray | None
    envelope: np.ndarray | None
    field: np.ndarray | None
    weights: np.ndarray | None
    state: BrainState


def simulate_brain(
    network: Network,
    nodes: Node | Sequence[Node],
    duration: float,
    dt: float = 1e-3,
    seed: int | Sequence[int] = 0,
    plasticity: Plasticity | Sequence[Plasticity] | None = None,
    record: Record | Sequence[Record] = ("signal",),
    every: float | None = None,
    start: BrainState | np.ndarray | None = None,
    precision: Literal["double", "single"] = "double",
    threads: int | None = None,
) -> BrainRun:
    """Run a network of regions.

    Parameters
    ----------
    nodes, seed, plasticity
        One, or one a set of parameters: several run side by side, and a single one goes for all of them.
    duration, dt
        In s. Delays are rounded to steps.
    record, every
        What is kept (one name or several), and how far apart, s (default 10 ms).
    start
        A run's ``state`` to go on from, or ``(variable, region)`` to start with; else drawn from the seed. A run goes
        on with the regions, the plastic edges and what they have learnt, ``dt``, ``every`` and ``precision`` that it
        had; parameters, seeds, rules and the weights of fixed edges may be others.
    precision
        ``"single"`` sums edges in single precision: twice as fast, 1e-5 of error a second or so.
    threads
        None: as many as there are processors. The result does not depend on it.

    Raises
    ------
    BadInput
        An argument of the wrong kind or out of its range, a step that is too long, a state of another network, dt or
        precision, or numbers that blew up: the sentence names the parameter without which they do not, where there is
        one.
    """
    sets = _sets(nodes, seed, plasticity)
    record = _records(record)
    if precision not in tuple(PRECISIONS):
        hint = close_to(str(precision), PRECISIONS)
        raise BadInput(f"simulate_brain: precision is {precision!r}{hint}; allowed are {told(tuple(PRECISIONS))}.")
    if threads is not None and not (isinstance(threads, Integral) and threads >= 1):
        raise BadInput(f"simulate_brain: threads is {threads!r}; allowed are None and whole numbers from 1.")
    every = _check_seconds(dt, duration, every)
    stride, steps = round(every / dt), round(duration / dt)
    _check_time(network, sets[0][0], dt, duration, stride, steps)
    edges = _edges(network, dt, precision)
    before: list[_Block] = []
    if isinstance(start, BrainState):
        state = _resumed(start, network, edges, sets, dt, stride, precision)
        before = [block.copy() for block in state.blocks]  # to find out why, if numbers blow up
    else:
        side_by_side = LINE // (8 if precision == "double" else 4)
        parts = [sets[k : k + side_by_side] for k in range(0, len(sets), side_by_side)]
        state = BrainState(0, dt, [_block(network, part, dt, start, precision) for part in parts], network)
    threads = min(threads or os.cpu_count() or 1, len(state.blocks))
    work = [(edges, block, state.step, steps, dt, stride, record) for block in state.blocks]
    if threads == 1:
        found = [_run_block(network, *each) for each in work]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda each: _run_block(network, *each), work))
    time = (state.step + np.arange(steps // stride) * stride) * dt
    if (bad := next((end for end, _ in found if end >= 0), None)) is not None:
        if before:
            ends = [end for end, _ in found]
            raise _blown_later(network, edges, before, ends, state.step, dt)
        raise _blown(network, sets, bad * dt, dt, start, precision)
    kept = {k: np.concatenate([records[k] for _, records in found]) for k in found[0][1]}
    after = BrainState(state.step + steps, dt, state.blocks, network)
    return BrainRun(time, kept.get("signal"), kept.get("envelope"), kept.get("field"), kept.get("weights"), after)


Set = tuple[Any, int, Plasticity]


def _sets(nodes: Any, seed: Any, plasticity: Any) -> list[Set]:
    """One (node, seed, plasticity) a set."""
    given = [list(x) if isinstance(x, (list, tuple, range, np.ndarray)) else [x] for x in (nodes, seed, plasticity)]
    n = max(map(len, given))
    if any(len(x) not in (1, n) for x in given) or not all(given):
        raise BadInput(f"nodes, seed and plasticity have {[len(x) for x in given]} entries; one, or as many as sets.")
    _check_kinds(*given)
    a, b, c = (x * n if len(x) == 1 else x for x in given)
    if len({type(node) for node in a}) > 1:
        raise BadInput("All sets of one call need the same kind of node.")
    return [(x, int(y), z if z is not None else Plasticity(rate=0.0)) for x, y, z in zip(a, b, c)]


def _check_kinds(nodes: list[Any], seeds: list[Any], plasticity: list[Any]) -> None:
    """What the lists hold are nodes, whole numbers from 0, and rules or None."""
    kinds = tuple(NODES.values())
    for node in nodes:
        if not isinstance(node, kinds):
            known = ", ".join(kind.__name__ for kind in kinds)
            raise BadInput(f"simulate_brain: nodes holds {node!r}; allowed are nodes, such as Kuramoto(): {known}.")
    for seed in seeds:
        if not (isinstance(seed, Integral) and int(seed) >= 0):
            raise BadInput(f"simulate_brain: seed is {seed!r}; allowed are whole numbers from 0.")
    for rule in plasticity:
        if not (rule is None or isinstance(rule, Plasticity)):
            raise BadInput(f"simulate_brain: plasticity is {rule!r}; allowed are None and Plasticity(...).")


def _records(record: Any) -> tuple[Record, ...]:
    """The names of what is kept."""
    several = isinstance(record, Iterable) and not isinstance(record, str)
    names = tuple(record) if several else (record,)
    if unknown := sorted({str(name) for name in names if name not in RECORDS}):
        raise BadInput(f"record names {unknown}{close_to(unknown[0], RECORDS)}; known are {', '.join(RECORDS)}.")
    return names


def _check_seconds(dt: float, duration: float, every: float | None) -> float:
    """The three are lengths of time; how far apart records are."""
    for name, value in (("dt", dt), ("duration", duration), ("every", every)):
        if name == "every" and value is None:
            continue
        if not isinstance(value, Real) or (name != "dt" and not 0 < value < np.inf):  # dt has a narrower range
            raise BadInput(f"simulate_brain: {name} is {value!r}; allowed are finite numbers above 0, in s.")
    within("simulate_brain", "dt", dt, 1e-6, 1, "s")
    return every if every is not None else max(0.01, dt)


def _check_time(network: Network, node: Node, dt: float, duration: float, stride: int, steps: int) -> None:
    if stride < 1 or steps < stride or steps % stride:
        raise BadInput(f"duration {duration:g} s must be a whole number of records of {stride * dt:g} s, at least one.")
    if node.fastest() * dt > 1:
        raise BadInput(
            f"{type(node).__name__}: dt is {dt:g} s; its fastest rate is {node.fastest():g} 1/s and needs "
            f"{1 / node.fastest():.2g} s or less."
        )
    if len(network.delay) and network.delay.max() / dt > 1e5:
        raise BadInput(f"The longest delay is {network.delay.max():g} s, more than 100,000 steps of {dt:g} s.")


@dataclass(frozen=True, eq=False)
class _Edges:
    """Edges as the engine reads them: addresses are slot * regions + region."""

    slots: int
    starts: np.ndarray
    address: np.ndarray
    weight: np.ndarray
    plastic: tuple[np.ndarray, np.ndarray, np.ndarray]


def _edges(network: Network, dt: float, precision: str) -> _Edges:
    lag = np.rint(network.delay / dt).astype(np.int64)
    slots = 1 << int(lag.max(initial=0)).bit_length()
    address = (slots - lag) * network.regions + network.source
    fixed, learns = ~network.plastic, network.plastic
    starts = np.searchsorted(network.to[fixed], np.arange(network.regions + 1)).astype(np.int64)
    weight = np.append(network.weight[fixed], 0.0).astype(np.float64 if precision == "double" else np.float32)
    plastic = (network.to[learns].astype(np.int64), network.source[learns].astype(np.int64), address[learns])
    short = np.int32 if slots * network.regions < 2**31 else np.int64  # half the memory that a step reads
    return _Edges(slots, starts, address[fixed].astype(short), weight, plastic)


def _parameters(nodes: Sequence[Node], regions: int) -> np.ndarray:
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


def _rules(sets: list[Set]) -> np.ndarray:
    return np.ascontiguousarray(np.array([p.row for _, _, p in sets]).T)


def _block(network: Network, sets: list[Set], dt: float, start: np.ndarray | None, precision: str) -> _Block:
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
    parameters = _parameters([x for x, _, _ in sets], n)
    slots = _edges(network, dt, precision).slots
    copies = 2 if count == 1 else 1
    ring = np.zeros((node.channels, copies * slots * n * count), np.float64 if precision == "double" else np.float32)
    for slot in range(slots):
        _engine.emit(
            node.kind, np.ones(20 * TILE, dtype=ring.dtype), state, parameters, ring, slot, slots, n * count, count == 1
        )
    return _Block(
        node,
        state,
        parameters,
        np.ptp(parameters, axis=1) > 0,
        ring,
        np.repeat(np.bincount(network.to, network.weight, n), count),
        np.repeat(network.weight[network.plastic][:, None], count, axis=1),
        _rules(sets),
        np.array(ring[0, : n * count], dtype=float),
        np.full(n * count, 1e-12),
        _rows(sets, n),
        np.zeros(n * count),
        count,
        [seed for _, seed, _ in sets],
    )


def _rows(sets: list[Set], regions: int) -> np.ndarray:
    """Rows of the noise; none where no set has noise."""
    if not any(np.any(np.asarray(node.noise) > 0) for node, _, _ in sets):
        return np.zeros((3, 0), dtype=np.uint32)
    return _noise.rows_of(sets[0][0].kicks * regions, _noise.keys([seed for _, seed, _ in sets]))


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


def _check_fits(start: BrainState, network: Network, edges: _Edges, precision: str) -> None:
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


def _resumed(
    start: BrainState, network: Network, edges: _Edges, sets: list[Set], dt: float, stride: int, precision: str
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
        parameters = _parameters([x for x, _, _ in part], network.regions)
        varies = np.ptp(parameters, axis=1) > 0
        seeds = [seed for _, seed, _ in part]
        # Hashing keys takes long beside a short run: only where there are none yet, or others.
        rows = block.rows if block.rows.size and seeds == block.seeds else _rows(part, network.regions)
        now = replace(block, parameters=parameters, varies=varies, rule=_rules(part), rows=rows, seeds=seeds)
        if network is not start.network:
            now.received = block.received + np.repeat(_fixed(network) - _fixed(start.network), block.sets)
        blocks.append(now)
    return BrainState(start.step, dt, blocks, network)


def _fixed(network: Network) -> np.ndarray:
    """``(region,)``: what each receives over edges that do not learn."""
    return np.bincount(network.to, np.where(network.plastic, 0.0, network.weight), network.regions)


def _run_block(
    network: Network, edges: _Edges, block: _Block, first: int, steps: int, dt: float, stride: int, record: tuple
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


def _blown(network: Network, sets: list[Set], when: float, dt: float, start: Any, precision: str) -> BadInput:
    """Run again without each suspect, and name the first without which the numbers stay."""
    node = type(sets[0][0]).__name__
    known = f"{node}: numbers blew up at {when:g} s"
    length = max(when, 10 * dt)
    for _, (each, seed, plasticity) in enumerate(sets):
        tries = {
            f"coupling {np.max(np.abs(each.coupling)):g}": (replace(each, coupling=0.0), plasticity, dt),
            f"noise {np.max(each.noise):g}": (replace(each, noise=0.0), plasticity, dt),
            f"plasticity {plasticity.row[0]:g} 1/s towards {plasticity.target:g}": (each, Plasticity(0.0), dt),
            f"dt {dt:g} s": (each, plasticity, dt / 8),
        }
        whole = _try(network, each, seed, plasticity, length, dt, start, precision)
        if whole:
            continue
        for name, (other, rule, step) in tries.items():
            if _try(network, other, seed, rule, length, step, start, precision):
                return BadInput(f"{known}; without {name} they do not. Choose another value.")
    return BadInput(f"{known}, whatever the coupling, the noise and dt: the start or the node's parameters cause it.")


def _blown_later(
    network: Network, edges: _Edges, before: list[_Block], ends: list[int], first: int, dt: float
) -> BadInput:
    """The same for a run that went on, from the blocks as they were when it did.

    All sets of a block are tried at once, and dt is not: what was sent before is held at this one.
    """
    block, end = next((block, end) for block, end in zip(before, ends) if end >= 0)
    known = f"{type(block.node).__name__}: numbers blew up at {end * dt:g} s, in a run that went on"
    names = [each.name for each in fields(block.node)]
    tries: dict[str, _Block] = {}
    for name in ("coupling", "noise"):
        parameters = block.parameters.copy()
        parameters[names.index(name)] = 0.0
        highest = np.max(np.abs(block.parameters[names.index(name)]))
        tries[f"{name} {highest:g}"] = replace(block, parameters=parameters, varies=np.ptp(parameters, axis=1) > 0)
    rate, target = block.rule[:2, np.argmax(block.rule[0])]
    none = np.repeat(np.array(Plasticity(0.0).row)[:, None], block.sets, axis=1)
    tries[f"plasticity {rate:g} 1/s towards {target:g}"] = replace(block, rule=none)
    steps = max(end - first, 10)
    for name, other in tries.items():
        if _run_block(network, edges, other.copy(), first, steps, dt, steps, ())[0] < 0:
            return BadInput(f"{known}; without {name} they do not. Choose another value.")
    return BadInput(
        f"{known}, whatever the coupling, the noise and plasticity: the state, its weights, dt or the node's "
        f"parameters cause it. Start a new run (start=None), with a dt below {dt:g} s."
    )


def _try(
    network: Network, node: Any, seed: int, rule: Plasticity, length: float, dt: float, start: Any, precision: str
) -> bool:
    """Whether a run stays within the numbers."""
    steps = int(np.ceil(length / dt))
    block = _block(network, [(node, seed, rule)], dt, start, precision)
    return _run_block(network, _edges(network, dt, precision), block, 0, steps, dt, steps, ())[0] < 0
