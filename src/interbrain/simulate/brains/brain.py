"""Regions on a network: delays, noise, edges that learn, slow envelopes; one set of parameters or many in one call.

Every node is integrated with Heun's method; what arrives from other regions is held over a step (so does The Virtual
Brain). The noise of a step and region follows from the seed alone, so that the same seed gives the same bytes for any
number of threads and for one long run or many short ones.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np

from interbrain.simulate.brains._arguments import (
    PRECISIONS,
    Record,
    check_machine,
    check_time,
    records_of,
    sets_of,
    spacing,
)
from interbrain.simulate.brains._blocks import Block, block_of, edges_of, run_block
from interbrain.simulate.brains._blown import blown, blown_later
from interbrain.simulate.brains._lanes import LINE
from interbrain.simulate.brains.learning import Plasticity
from interbrain.simulate.brains.network import Network
from interbrain.simulate.brains.nodes import Node
from interbrain.simulate.brains.state import BrainState, resumed


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
    sets = sets_of(nodes, seed, plasticity)
    record = records_of(record)
    check_machine(precision, threads)
    every = spacing(dt, duration, every)
    stride, steps = round(every / dt), round(duration / dt)
    check_time(network, sets[0][0], dt, duration, stride, steps)
    edges = edges_of(network, dt, precision)
    before: list[Block] = []
    if isinstance(start, BrainState):
        state = resumed(start, network, edges, sets, dt, stride, precision)
        before = [block.copy() for block in state.blocks]  # to find out why, if numbers blow up
    else:
        side_by_side = LINE // PRECISIONS[precision].itemsize
        parts = [sets[k : k + side_by_side] for k in range(0, len(sets), side_by_side)]
        state = BrainState(0, dt, [block_of(network, part, dt, start, precision) for part in parts], network)
    threads = min(threads or os.cpu_count() or 1, len(state.blocks))
    work = [(edges, block, state.step, steps, dt, stride, record) for block in state.blocks]
    if threads == 1:
        found = [run_block(network, *each) for each in work]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda each: run_block(network, *each), work))
    time = (state.step + np.arange(steps // stride) * stride) * dt
    if (bad := next((end for end, _ in found if end >= 0), None)) is not None:
        if before:
            ends = [end for end, _ in found]
            raise blown_later(network, edges, before, state.blocks, ends, state.step, dt)
        raise blown(network, sets, bad * dt, dt, start, precision)
    kept = {k: np.concatenate([records[k] for _, records in found]) for k in found[0][1]}
    after = BrainState(state.step + steps, dt, state.blocks, network)
    return BrainRun(time, kept.get("signal"), kept.get("envelope"), kept.get("field"), kept.get("weights"), after)
