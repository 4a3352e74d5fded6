"""A plain loop in JAX: T1a, T2 and T3 as somebody would write them who knows JAX but wants no package."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import _jax_thread  # noqa: F401
from bench._task import Built, Step
from bench.simulation import NOISE, RATE, TARGET, Problem, compare

import jax  # isort: skip
import jax.numpy as jnp  # isort: skip

TOGETHER = 16


def build(problem: Problem) -> Built:
    def simulate(seconds: float, noisy: bool, seed: int) -> np.ndarray:
        return np.asarray(runner(problem, seconds)(jax.random.key(seed), problem.coupling[0], NOISE * noisy)[1])

    def learnt() -> np.ndarray:
        weights = runner(problem, 1.0)(jax.random.key(0), problem.coupling[0], 0.0)[0]
        return np.asarray(weights)[problem.edges()[4]]

    also = learnt if problem.learns else None

    if problem.sets == 1:
        return compare(
            problem, simulate, problem.duration, warm=lambda: simulate(problem.duration, True, 1), learnt=also
        )
    together = min(TOGETHER, problem.sets)
    batch = jax.jit(jax.vmap(_runner(problem, problem.duration, False), in_axes=(0, 0, None)))
    keys, gains = jax.random.split(jax.random.key(0), together), jnp.asarray(problem.coupling[:together])

    def many() -> None:
        jax.block_until_ready(batch(keys, gains, NOISE))

    step = Step(many, problem.sets / together)
    return compare(problem, simulate, problem.duration, step, warm=many, learnt=also)


_KNOWN: dict[float, Any] = {}


def runner(problem: Problem, seconds: float) -> Any:
    """Compiled once a length."""
    if seconds not in _KNOWN:
        _KNOWN[seconds] = jax.jit(_runner(problem, seconds, True))
    return _KNOWN[seconds]


def _runner(problem: Problem, seconds: float, phases: bool) -> Any:
    """From key, coupling and noise to the last weights and, each 10 ms, all phases or both brains' fields."""
    to, source, weight, lag, bridge = problem.edges()
    n, dt, slots = problem.n, problem.dt, int(lag.max()) + 1
    learns = np.nonzero(bridge)[0] if problem.learns else np.empty(0, int)
    turn = jnp.asarray(2 * np.pi * problem.frequencies())
    per = round(0.01 / dt)
    ends, sends, lags = jnp.asarray(to), jnp.asarray(source), jnp.asarray(lag)

    def step(carry: Any, key: Any, gain: Any, noise: Any) -> Any:
        theta, ring, w, t = carry
        ring = ring.at[t % slots].set(jnp.stack([jnp.sin(theta), jnp.cos(theta)], axis=1))
        heard = ring[(t - lags) % slots, sends]
        sums = jax.ops.segment_sum(w[:, None] * heard, ends, n, indices_are_sorted=True)
        own = ring[t % slots]
        pull = gain * (own[:, 1] * sums[:, 0] - own[:, 0] * sums[:, 1])
        if problem.learns:
            here = own[to[learns]]
            likeness = (heard[learns] * here).sum(axis=1)
            w = w.at[learns].add(dt * RATE * (TARGET * likeness - w[learns]))
        kick = noise * np.sqrt(dt) * jax.random.normal(jax.random.fold_in(key, t), (n,))
        theta = theta + dt * (turn + pull) + kick
        theta = theta - 2 * np.pi * jnp.floor(theta / (2 * np.pi) + 0.5)
        return theta, ring, w, t + 1

    def run(key: Any, gain: Any, noise: Any) -> Any:
        theta = jnp.asarray(problem.start()[0])
        both = jnp.stack([jnp.sin(theta), jnp.cos(theta)], axis=1)
        first = (theta, jnp.broadcast_to(both, (slots, n, 2)), jnp.asarray(weight), 0)

        def stretch(carry: Any, _: Any) -> Any:
            carry = jax.lax.fori_loop(0, per, lambda _, c: step(c, key, gain, noise), carry)
            theta = carry[0]
            return carry, theta if phases else jnp.exp(1j * theta).reshape(2, -1).mean(axis=1)

        last, seen = jax.lax.scan(stretch, first, None, round(seconds / dt) // per)
        return last[2], seen

    return run
