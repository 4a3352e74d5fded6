"""tvboptim's side of T1 and T3: its network with sparse delayed coupling and Heun's method; times in ms."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import _jax_thread  # noqa: F401
from bench._task import Built, Step
from bench.simulation import NOISE, Problem, compare

import jax  # isort: skip
import jax.numpy as jnp  # isort: skip
from tvboptim.experimental.network_dynamics import Network, prepare  # isort: skip
from tvboptim.experimental.network_dynamics import coupling, dynamics, graph, noise, result, solvers  # isort: skip

TOGETHER = 16


def build(problem: Problem) -> Built:
    known: dict[tuple[float, bool], Any] = {}

    def model(seconds: float, noisy: bool) -> Any:
        if (seconds, noisy) not in known:
            found, settings = prepare(_network(problem, noisy), solvers.Heun(), 0.0, 1000 * seconds, 1000 * problem.dt)
            known[seconds, noisy] = jax.jit(found), settings
        return known[seconds, noisy]

    def simulate(seconds: float, noisy: bool, seed: int) -> np.ndarray:
        run, settings = model(seconds, noisy)
        if noisy:
            settings.noise.key = jax.random.key(seed)
        seen = np.asarray(run(settings).ys)
        return seen[:, 1] - seen[:, 2] if problem.kind == "jansen_rit" else seen[:, 0]

    if problem.sets == 1:
        return compare(problem, simulate, problem.duration, warm=lambda: simulate(problem.duration, True, 1))
    together = min(TOGETHER, problem.sets)
    run, settings = prepare(
        _network(problem, True), solvers.Heun(), 0.0, 1000 * problem.duration, 1000 * problem.dt
    )  # fmt: skip

    def one(gain: Any, key: Any) -> Any:
        own = jax.tree.map(lambda x: x, settings)  # a copy
        own.noise.key, own.coupling.delayed.G = key, gain
        seen = run(own).ys[9::10, 0]
        return jnp.abs(jnp.exp(1j * seen.reshape(len(seen), 2, -1)).mean(axis=2))

    batch = jax.jit(jax.vmap(one))
    gains, keys = jnp.asarray(problem.coupling[:together] / 1000), jax.random.split(jax.random.key(0), together)

    def many() -> None:
        jax.block_until_ready(batch(gains, keys))

    return compare(problem, simulate, problem.duration, Step(many, problem.sets / together), warm=many)


def _network(problem: Problem, noisy: bool) -> Any:
    weights, lengths = problem.tables()
    joined = graph.SparseDelayGraph(jnp.asarray(weights), jnp.asarray(lengths / 10))
    gain, begin = float(problem.coupling[0]), problem.start()
    if problem.kind == "kuramoto":
        node: Any = dynamics.tvb.Kuramoto(omega=jnp.asarray(2 * np.pi * problem.frequencies() / 1000))
        pull: Any = coupling.DelayedKuramotoCoupling(
            incoming_states="theta", local_states="theta", G=gain / 1000, buffer_strategy="circular"
        )
        size, place = NOISE / np.sqrt(1000), "theta"
    else:
        node = dynamics.tvb.JansenRit(mu=0.15, v0=6.0)
        pull = coupling.DelayedSigmoidalJansenRit(incoming_states=("y1", "y2"), G=gain, buffer_strategy="circular")
        size, place = 3.25 * 100 * NOISE / 1000 / np.sqrt(1000), "y4"
    dt = 1000 * problem.dt
    rows = round(lengths.max() / 10 / dt) + 2
    past = result.NativeSolution(
        jnp.arange(1 - rows, 1) * dt, jnp.broadcast_to(jnp.asarray(begin), (rows, *begin.shape)), dt,
        node.STATE_NAMES,
    )  # fmt: skip
    kicks = noise.AdditiveNoise(apply_to=place, sigma=size) if noisy else None
    return Network(node, {"delayed": pull}, joined, noise=kicks, history=past)
