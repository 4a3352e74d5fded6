"""interbrain's side of T1–T3."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench._task import Built, Step
from bench.simulation import NOISE, RATE, TARGET, Problem, compare
from interbrain.simulate.brains.brain import BrainRun, simulate_brain
from interbrain.simulate.brains.connectome import from_tables
from interbrain.simulate.brains.learning import Plasticity
from interbrain.simulate.brains.network import Network, network_of
from interbrain.simulate.brains.nodes import JansenRit, Kuramoto, WilsonCowan


def build(problem: Problem) -> Built:
    network = _network(problem)
    rule = Plasticity(RATE, TARGET) if problem.learns else None
    precision: Any = "single" if problem.sets > 1 else "double"
    record: Any = ("field",) if problem.sets > 1 and problem.kind == "kuramoto" else ("signal",)

    def one(seconds: float, noisy: bool, seed: int) -> BrainRun:
        node = _node(problem, float(problem.coupling[0]), NOISE * noisy)
        return simulate_brain(
            network, node, seconds, problem.dt, seed, rule, start=problem.start(), precision=precision, threads=1
        )

    def simulate(seconds: float, noisy: bool, seed: int) -> np.ndarray:
        found = one(seconds, noisy, seed)
        assert found.signal is not None
        state = found.state.values()[0]
        last = state[1] - state[2] if problem.kind == "jansen_rit" else state[0]
        return np.concatenate([found.signal[0, 1:], last[None]])

    nodes = [_node(problem, float(x), NOISE) for x in problem.coupling]
    seeds = list(range(problem.sets))

    def whole() -> object:
        return simulate_brain(
            network, nodes, problem.duration, problem.dt, seeds, rule, record, precision=precision, threads=1
        )

    def learnt() -> np.ndarray:
        return one(1.0, False, 0).state.weights()[0]

    step = Step(whole) if problem.sets > 1 else None
    return compare(problem, simulate, problem.duration, step, learnt=learnt if problem.learns else None)


def _network(problem: Problem) -> Network:
    network = network_of(from_tables(*problem.tables(), "to_from"), speed=10.0)
    across = (network.to < problem.regions) != (network.source < problem.regions)
    return network.with_plastic(across) if problem.learns else network


def _node(problem: Problem, coupling: float, noise: float) -> Any:
    if problem.kind == "kuramoto":
        return Kuramoto(problem.frequencies(), coupling, noise)
    if problem.kind == "wilson_cowan":
        return WilsonCowan(coupling=coupling, noise=0.05 * (noise > 0))
    return JansenRit(p=150.0, coupling=coupling, noise=noise)
