"""vbjax's side of T1a: its loop and its delays between all pairs of regions; times in ms."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import _jax_thread  # noqa: F401
from bench._task import Built
from bench.simulation import NOISE, Problem, compare

import jax  # isort: skip
import jax.numpy as jnp  # isort: skip
import vbjax  # isort: skip

PART = 0.5


def build(problem: Problem) -> Built:
    weights, lengths = (jnp.asarray(x) for x in problem.tables())
    dt, gain = 1000 * problem.dt, float(problem.coupling[0]) / 1000
    delays = vbjax.make_delay_helper(weights, lengths, dt)
    longest = int(delays.max_lag)
    turn = jnp.asarray(2 * np.pi * problem.frequencies() / 1000)

    def slope(past: Any, now: Any, t: Any, _: Any) -> Any:
        heard = past[t - delays.lags, 0, delays.ix_lag_from]
        return (turn + gain * (weights * jnp.sin(heard - now[0][:, None])).sum(axis=1))[None]

    loops = {
        noisy: jax.jit(vbjax.make_sdde(dt, longest, slope, NOISE / np.sqrt(1000) * noisy)[1]) for noisy in (False, True)
    }

    def simulate(seconds: float, noisy: bool, seed: int) -> np.ndarray:
        kicks = jax.random.normal(jax.random.key(seed), (round(seconds / problem.dt), 1, problem.n))
        past = jnp.broadcast_to(jnp.asarray(problem.start(), dtype=kicks.dtype), (longest + 1, 1, problem.n))
        return np.asarray(loops[noisy](jnp.concatenate([past, kicks]), None)[1])[:, 0]

    part = min(PART, problem.duration)
    return compare(problem, simulate, part, same=False, warm=lambda: simulate(part, True, 1))
