"""Why numbers blew up: the parameter without which they do not."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.simulate.brains._arguments import Set
from interbrain.simulate.brains._blocks import Block, Edges, block_of, edges_of, run_block
from interbrain.simulate.brains.learning import Plasticity
from interbrain.simulate.brains.network import Network


def blown(network: Network, sets: list[Set], when: float, dt: float, start: Any, precision: str) -> BadInput:
    """Run again without each suspect, and name the first without which the numbers stay."""
    node = type(sets[0][0]).__name__
    known = f"{node}: numbers blew up at {when:g} s"
    length = max(when, 10 * dt)
    for _, (each, seed, plasticity) in enumerate(sets):
        # Without coupling what is learnt cannot act either, so that plasticity comes first.
        tries = {
            f"plasticity {plasticity.row[0]:g} 1/s towards {plasticity.target:g}": (each, Plasticity(0.0), dt),
            f"coupling {_largest(each.coupling):g}": (replace(each, coupling=0.0), plasticity, dt),
            f"noise {_largest(each.noise):g}": (replace(each, noise=0.0), plasticity, dt),
            f"dt {dt:g} s": (each, plasticity, dt / 8),
        }
        whole = _try(network, each, seed, plasticity, length, dt, start, precision)
        if whole:
            continue
        for name, (other, rule, step) in tries.items():
            if _try(network, other, seed, rule, length, step, start, precision):
                return BadInput(f"{known}; without {name} they do not. Choose another value.")
    return BadInput(f"{known}, whatever the coupling, the noise and dt: the start or the node's parameters cause it.")


def blown_later(
    network: Network, edges: Edges, before: list[Block], after: list[Block], ends: list[int], first: int, dt: float
) -> BadInput:
    """The same for a run that went on, from the blocks as they were when it did and as they were in the end.

    All sets of a block are tried at once, and dt is not: what was sent before is held at this one.
    """
    block, blew, end = next(each for each in zip(before, after, ends) if each[2] >= 0)
    sizes = np.nan_to_num(np.abs(blew.state), nan=np.inf, posinf=np.inf)
    which = int(sizes.reshape(-1, block.sets).max(axis=0).argmax())  # of the sets side by side
    known = f"{type(block.node).__name__}: numbers blew up at {end * dt:g} s, in a run that went on"
    names = [each.name for each in fields(block.node)]
    rate, target = block.rule[:2, which]
    none = np.repeat(np.array(Plasticity(0.0).row)[:, None], block.sets, axis=1)
    tries = {f"plasticity {rate:g} 1/s towards {target:g}": replace(block, rule=none)}
    for name in ("coupling", "noise"):
        parameters, row = block.parameters.copy(), names.index(name)
        parameters[row] = 0.0
        largest = _largest(block.parameters[row].reshape(-1, block.sets)[:, which])
        tries[f"{name} {largest:g}"] = replace(block, parameters=parameters, varies=np.ptp(parameters, axis=1) > 0)
    steps = max(end - first, 10)
    for name, other in tries.items():
        if run_block(network, edges, other.copy(), first, steps, dt, steps, ())[0] < 0:
            return BadInput(f"{known}; without {name} they do not. Choose another value.")
    return BadInput(
        f"{known}, whatever the coupling, the noise and plasticity: the state, its weights, dt or the node's "
        f"parameters cause it. Start a new run (start=None), with a dt below {dt:g} s."
    )


def _largest(values: Any) -> float:
    """The number furthest from 0, with its sign."""
    flat = np.ravel(values)
    return float(flat[np.argmax(np.abs(flat))])


def _try(
    network: Network, node: Any, seed: int, rule: Plasticity, length: float, dt: float, start: Any, precision: str
) -> bool:
    """Whether a run stays within the numbers."""
    steps = int(np.ceil(length / dt))
    block = block_of(network, [(node, seed, rule)], dt, start, precision)
    return run_block(network, edges_of(network, dt, precision), block, 0, steps, dt, steps, ())[0] < 0
