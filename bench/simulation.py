"""T1–T3: two brains with delays and noise, one dyad or many, beside The Virtual Brain."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench._task import OURS, Built, Case, Step

TITLE = "Two brains: 30 % density, delays of 1 to 20 ms, 50 edges between them, noise; 10 s simulated"
DURATION, BRIDGES, SETS = 10.0, 50, 128
NOTE = "The Virtual Brain: 1 s, scaled. Error: states after 1 s without noise, from the same start."


def _case(kind: str, regions: int, target: float | None, peers: tuple[str, ...] = ("tvb-library",)) -> Case:
    limit = {"error": 2e-4 if "single" in kind else 2e-5} if peers else {}
    return Case(f"{kind}, {regions} regions a brain", peers, target, limit, 3, NOTE if peers else "")


CASES = {
    "t1a-68": _case("T1a: Kuramoto, steps of 1 ms", 68, 10),
    "t1a-200": _case("T1a: Kuramoto, steps of 1 ms", 200, 10),
    "t1b-68": _case("T1b: Jansen–Rit, steps of 0.5 ms", 68, None),
    "t2-68": _case(
        "T2: T1a, the 50 edges between the brains learn (The Virtual Brain: weights are fixed)", 68, None, ()
    ),
    "t3-68": _case(f"T3: T1a for {SETS} dyads with couplings of their own, in single precision", 68, 100),
    "t3-jansen-rit-68": _case(f"T3: T1b for {SETS} dyads with couplings of their own, in single precision", 68, None),
}


def tables(regions: int) -> tuple[np.ndarray, np.ndarray]:
    """``(to, from)`` weights and lengths (mm; 10 mm are 1 ms, a whole step) of both brains and what joins them."""
    random = np.random.default_rng(1)
    n = 2 * regions
    weights, lengths = np.zeros((n, n)), np.zeros((n, n))
    for brain in (slice(0, regions), slice(regions, n)):
        there = np.triu(random.random((regions, regions)) < 0.3, 1)
        w = np.where(there, random.lognormal(0, 1, there.shape), 0.0)
        weights[brain, brain] = (w + w.T) / (0.3 * regions * np.exp(0.5))
        lengths[brain, brain] = 10.0 * np.triu(random.integers(1, 21, there.shape), 1)
    a, b = random.choice(regions, BRIDGES // 2, replace=False), random.choice(regions, BRIDGES // 2, replace=False)
    weights[a, regions + b] = weights[regions + b, a] = 0.1
    lengths[a, regions + b] = 100.0
    return weights, np.maximum(lengths, lengths.T)


def start(kind: str, n: int) -> np.ndarray:
    """``(variable, region)``."""
    random = np.random.default_rng(2)
    if kind == "kuramoto":
        return random.uniform(0, 2 * np.pi, (1, n))
    begin = np.zeros((6, n))
    begin[:3] = np.array([[0.1], [20.0], [12.0]]) + random.normal(0, 0.5, (3, n)) * [[0.01], [1], [1]]
    return begin


def frequencies(n: int) -> np.ndarray:
    return np.random.default_rng(3).normal(10, 0.5, n)


def build(case: str, tool: str, quick: bool) -> Built:
    kind = "jansen_rit" if case.startswith("t1b") or "jansen" in case else "kuramoto"
    regions = int(case.rsplit("-", 1)[1])
    many = (8 if quick else SETS) if case.startswith("t3") else 1
    duration = 1.0 if quick else DURATION
    if tool == OURS:
        return _ours(kind, regions, many, case.startswith("t2"), duration)
    return _tvb(kind, regions, many, duration)


def _ours(kind: str, regions: int, many: int, learns: bool, duration: float) -> Built:
    from interbrain.simulate.brain import Plasticity, simulate_brain
    from interbrain.simulate.connectome import from_tables
    from interbrain.simulate.network import network_of
    from interbrain.simulate.nodes import JansenRit, Kuramoto

    weights, lengths = tables(regions)
    network = network_of(from_tables(weights, lengths, "to_from"), speed=10.0)
    if learns:
        network = network.with_plastic((network.to < regions) != (network.source < regions))
    n, dt = 2 * regions, 1e-3 if kind == "kuramoto" else 5e-4

    def node(k: int, noise: float) -> Any:
        if kind == "kuramoto":
            return Kuramoto(frequencies(n), 5.0 + 0.05 * k, noise)
        return JansenRit(p=150.0, coupling=10.0 + 0.05 * k, noise=noise)

    nodes = [node(k, 0.5) for k in range(many)]
    rule = Plasticity(0.02, 0.2) if learns else None
    precision: Any = "single" if many > 1 else "double"

    def run(seconds: float) -> object:
        return simulate_brain(network, nodes, seconds, dt, list(range(many)), rule, precision=precision, threads=1)

    def values() -> np.ndarray:
        found = simulate_brain(network, node(0, 0.0), 1.0, dt, start=start(kind, n), precision=precision)
        return _compared(kind, found.state.values()[0])

    return Built((Step(lambda: run(duration)),), None if learns else values, lambda: run(0.05))


def _compared(kind: str, state: np.ndarray) -> np.ndarray:
    return np.concatenate([np.cos(state[0]), np.sin(state[0])]) if kind == "kuramoto" else state[1] - state[2]


def _tvb(kind: str, regions: int, many: int, duration: float) -> Built:
    import logging

    logging.disable(logging.CRITICAL)
    from tvb.datatypes.connectivity import Connectivity
    from tvb.simulator.lab import coupling, integrators, models, monitors, noise, simulator

    weights, lengths = tables(regions)
    n, dt = 2 * regions, 1.0 if kind == "kuramoto" else 0.5
    one = np.array
    begin = start(kind, n)

    def simulate(seconds: float, noisy: bool) -> np.ndarray:
        joined = Connectivity(
            weights=weights, tract_lengths=lengths, speed=one([10.0]), centres=np.zeros((n, 3)),
            region_labels=one([f"r{i}" for i in range(n)]),
        )  # fmt: skip
        joined.configure()
        if kind == "kuramoto":
            model = models.Kuramoto(omega=2 * np.pi * frequencies(n) / 1000)
            pull: Any = coupling.Kuramoto(a=one([0.005]))
        else:
            model = models.JansenRit(
                A=one([3.25]), B=one([22.0]), mu=one([0.15]), nu_max=one([0.0025]), v0=one([6.0]), r=one([0.56]),
                variables_of_interest=("y1", "y2"),
            )  # fmt: skip
            pull = coupling.SigmoidalJansenRit(
                cmin=one([0.0]), cmax=one([0.005]), midpoint=one([6.0]), r=one([0.56]), a=one([10.0])
            )
        size = np.zeros(len(begin))
        size[0 if kind == "kuramoto" else 4] = 1e-4
        step = (
            integrators.HeunStochastic(dt=dt, noise=noise.Additive(nsig=size[:, None, None]))
            if noisy
            else integrators.HeunDeterministic(dt=dt)
        )
        horizon = round(lengths.max() / 10 / dt) + 2
        past = np.repeat(begin[None, :, :, None], horizon, axis=0)
        run = simulator.Simulator(
            model=model, connectivity=joined, coupling=pull, integrator=step, conduction_speed=10.0,
            monitors=(monitors.Raw(),), initial_conditions=past,
        )  # fmt: skip
        run.configure()
        ((_, states),) = run.run(simulation_length=1000 * seconds)
        return states[-1, :, :, 0]

    def values() -> np.ndarray:
        last = simulate(1.0, False)
        return np.concatenate([np.cos(last[0]), np.sin(last[0])]) if kind == "kuramoto" else last[0] - last[1]

    return Built((Step(lambda: simulate(1.0, True), many * duration),), values, lambda: simulate(0.02, True))
