"""What a run was asked for, checked: its sets of parameters, what it records, its lengths of time."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

from interbrain.data.allowed import close_to, told
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within
from interbrain.simulate.brains.learning import Plasticity
from interbrain.simulate.brains.network import Network
from interbrain.simulate.brains.nodes import NODES, Node

Record = Literal["signal", "envelope", "field", "weights"]
RECORDS = ("signal", "envelope", "field", "weights")
PRECISIONS: dict[str, np.dtype[Any]] = {"double": np.dtype(np.float64), "single": np.dtype(np.float32)}
Set = tuple[Any, int, Plasticity]


def sets_of(nodes: Any, seed: Any, plasticity: Any) -> list[Set]:
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


def records_of(record: Any) -> tuple[Record, ...]:
    """The names of what is kept."""
    several = isinstance(record, Iterable) and not isinstance(record, str)
    names = tuple(record) if several else (record,)
    if unknown := sorted({str(name) for name in names if name not in RECORDS}):
        raise BadInput(f"record names {unknown}{close_to(unknown[0], RECORDS)}; known are {', '.join(RECORDS)}.")
    return names


def spacing(dt: float, duration: float, every: float | None) -> float:
    """The three are lengths of time; how far apart records are."""
    for name, value in (("dt", dt), ("duration", duration), ("every", every)):
        if name == "every" and value is None:
            continue
        if not isinstance(value, Real) or (name != "dt" and not 0 < value < np.inf):  # dt has a narrower range
            raise BadInput(f"simulate_brain: {name} is {value!r}; allowed are finite numbers above 0, in s.")
    within("simulate_brain", "dt", dt, 1e-6, 1, "s")
    return every if every is not None else max(0.01, dt)


def check_time(network: Network, node: Node, dt: float, duration: float, stride: int, steps: int) -> None:
    """Steps fill the records, and are short enough for the node and the delays."""
    if stride < 1:
        raise BadInput(f"simulate_brain: every is shorter than half a step; dt is {dt:g} s, give every={dt:g} or more.")
    if steps < stride or steps % stride:
        raise BadInput(f"duration {duration:g} s must be a whole number of records of {stride * dt:g} s, at least one.")
    if node.fastest() * dt > 1:
        raise BadInput(
            f"{type(node).__name__}: dt is {dt:g} s; its fastest rate is {node.fastest():g} 1/s and needs "
            f"{1 / node.fastest():.2g} s or less."
        )
    if len(network.delay) and network.delay.max() / dt > 1e5:
        raise BadInput(f"The longest delay is {network.delay.max():g} s, more than 100,000 steps of {dt:g} s.")


def check_machine(precision: Any, threads: Any) -> None:
    """How the sums are taken, and by how many threads."""
    if precision not in tuple(PRECISIONS):
        hint = close_to(str(precision), PRECISIONS)
        raise BadInput(f"simulate_brain: precision is {precision!r}{hint}; allowed are {told(tuple(PRECISIONS))}.")
    if threads is not None and not (isinstance(threads, Integral) and int(threads) >= 1):
        raise BadInput(f"simulate_brain: threads is {threads!r}; allowed are None and whole numbers from 1.")
