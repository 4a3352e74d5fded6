"""T1–T3: two brains with delays and noise, one dyad or many, beside the programs that simulate one brain.

A tool's file has ``build(problem)``, which gives its side; the problem and what is compared are here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from bench._task import Built, Case, Step

TITLE = "Two brains: 30 % density, delays of 1 to 20 ms, 50 edges between them, noise; 10 s simulated"
DURATION, BRIDGES, SETS = 10.0, 50, 128
COUPLING = {"kuramoto": 5.0, "jansen_rit": 10.0, "wilson_cowan": 0.5}
NOISE, RATE, TARGET, WEIGHT = 0.5, 0.02, 0.2, 0.1
"""Of nodes; of learning, 1/s; weight that perfect likeness builds; weight of a bridge at the start."""
SEEDS, SETTLES, LASTS, EVERY = 6, 0.5, 1.5, 0.01
"""Runs with noise that are compared: how many, s that they settle, s that count, s between rows."""
FILES = {
    "interbrain": "ours",
    "tvb-library": "tvb",
    "tvb-kernels": "kernels",
    "tvboptim": "tvboptim",
    "jax": "jax",
    "vbjax": "vbjax",
    "neurolib": "neurolib",
}
_EXACT = "Error: states after 1 s without noise, from the same start."
_TVB = f"The Virtual Brain: 1 s, scaled. {_EXACT}"
_JAX = "jax: a plain loop (lax.scan, vmap) over sines and cosines of edges, single precision; tvboptim likewise single."
_VBJAX = "vbjax: 0.5 s, scaled; its history holds the whole run, and a step costs more the longer that is."
_KERNELS = (
    "tvb-kernels: 96 dyads, 0.2 s, scaled; its compiled coupling called through ctypes and columns in NumPy, since the "
    "published package has no node models and its Python classes name functions that it does not bring."
)
_WHO_LEARNS = "The Virtual Brain, tvboptim, vbjax and neurolib have no weights that learn."


def _case(
    kind: str, regions: int, targets: dict[str, float], peers: tuple[str, ...], note: str, error: float = 2e-5
) -> Case:
    limits = {"error": error}
    if regions < 200 and not kind.startswith("T3"):
        limits["apart"] = 4.0
    rounds = 2 if kind.startswith("T3") else 3
    return Case(f"{kind}, {regions} regions a brain", peers, None, limits, rounds, note, targets=targets)


def _cases() -> dict[str, Case]:
    found = {}
    t1a, ten = "T1a: Kuramoto, steps of 1 ms", {"tvb-library": 10.0, "tvboptim": 3.0}
    for n in (68, 90, 200):
        more, note = (("vbjax",), f"{_TVB} {_JAX} {_VBJAX}") if n == 68 else ((), f"{_TVB} {_JAX}")
        found[f"t1a-{n}"] = _case(t1a, n, ten, ("tvb-library", "tvboptim", "jax", *more), note, 2e-3)
    t1b = "T1b: Jansen–Rit, steps of 0.5 ms"
    for n in (68, 200):
        found[f"t1b-{n}"] = _case(t1b, n, {}, ("tvb-library", "tvboptim"), f"{_TVB} tvboptim: single precision.", 2e-3)
    wc = "neurolib: Euler steps, coloured noise and no resting rate taken off, so that only its speed is compared."
    found["t1b-wc-68"] = _case(
        "T1b: Wilson–Cowan, steps of 0.5 ms", 68, {}, ("tvb-library", "neurolib"), f"{_TVB} {wc}"
    )
    learns = "T2: T1a, the 50 edges between the brains learn"
    for n in (68, 200):
        found[f"t2-{n}"] = _case(learns, n, {}, ("jax",), f"{_WHO_LEARNS} {_JAX}", 2e-3)
    many = f"for {SETS} dyads with couplings of their own, in single precision"
    note = f"{_TVB} tvboptim and jax: 16 dyads side by side, scaled."
    t3 = {"tvb-library": 100.0, "tvboptim": 10.0, "jax": 10.0}
    found["t3-68"] = _case(f"T3: T1a {many}", 68, t3, tuple(t3), note, 2e-3)
    note = f"jax: 16 dyads side by side, scaled. {_WHO_LEARNS}"
    found["t3-t2-68"] = _case(f"T3: T2 {many}", 68, {"jax": 10.0}, ("jax",), note, 2e-3)
    note = f"{_TVB} {_KERNELS}"
    columns = {"tvb-kernels": 3.0}
    found["t3-jansen-rit-68"] = _case(f"T3: T1b {many}", 68, columns, ("tvb-library", "tvb-kernels"), note, 2e-3)
    return found


CASES = _cases()


@dataclass(frozen=True)
class Problem:
    """What is simulated: ``kind`` of node, regions a brain, sets of parameters, whether bridges learn, s."""

    kind: str
    regions: int
    sets: int
    learns: bool
    duration: float

    @property
    def n(self) -> int:
        return 2 * self.regions

    @property
    def dt(self) -> float:
        """s."""
        return 1e-3 if self.kind == "kuramoto" else 5e-4

    @property
    def coupling(self) -> np.ndarray:
        """``(set,)``."""
        return COUPLING[self.kind] * (1 + 0.01 * np.arange(self.sets))

    def tables(self) -> tuple[np.ndarray, np.ndarray]:
        """``(to, from)`` weights and lengths (mm; 10 mm are 1 ms, whole steps) of both brains and what joins them."""
        random = np.random.default_rng(1)
        n, regions = self.n, self.regions
        weights, lengths = np.zeros((n, n)), np.zeros((n, n))
        for brain in (slice(0, regions), slice(regions, n)):
            there = np.triu(random.random((regions, regions)) < 0.3, 1)
            w = np.where(there, random.lognormal(0, 1, there.shape), 0.0)
            weights[brain, brain] = (w + w.T) / (0.3 * regions * np.exp(0.5))
            lengths[brain, brain] = 10.0 * np.triu(random.integers(1, 21, there.shape), 1)
        a, b = (random.choice(regions, BRIDGES // 2, replace=False) for _ in range(2))
        weights[a, regions + b] = weights[regions + b, a] = WEIGHT
        lengths[a, regions + b] = 100.0
        return weights, np.maximum(lengths, lengths.T)

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """To, from, weight, lag in steps and whether it is a bridge, by who receives."""
        weights, lengths = self.tables()
        to, source = np.nonzero(weights)
        lag = np.rint(lengths[to, source] / 10 / 1000 / self.dt).astype(np.int32)
        return to, source, weights[to, source], lag, (to < self.regions) != (source < self.regions)

    def start(self) -> np.ndarray:
        """``(variable, region)``."""
        random = np.random.default_rng(2)
        if self.kind == "kuramoto":
            return random.uniform(0, 2 * np.pi, (1, self.n))
        if self.kind == "wilson_cowan":
            return random.uniform(0, 0.5, (2, self.n))
        begin = np.zeros((6, self.n))
        scatter = random.normal(0, 0.5, (3, self.n)) * [[0.01], [1], [1]]
        begin[:3] = np.array([[0.1], [20.0], [12.0]]) + scatter
        return begin

    def frequencies(self) -> np.ndarray:
        """Hz."""
        return np.random.default_rng(3).normal(10, 0.5, self.n)

    def end(self, seen: np.ndarray) -> np.ndarray:
        """What is compared of a run without noise: its last row, phases on the circle."""
        return np.concatenate([np.cos(seen[-1]), np.sin(seen[-1])]) if self.kind == "kuramoto" else seen[-1]

    def described(self, seen: np.ndarray) -> dict[str, float]:
        """What is compared of a run with noise, ``(time, region)``."""
        if self.kind == "kuramoto":
            brains = seen.reshape(len(seen), 2, -1)
            return {"order parameter": float(np.abs(np.exp(1j * brains).mean(axis=2)).mean())}
        name = {"jansen_rit": "y1 − y2, mV", "wilson_cowan": "E"}[self.kind]
        return {f"mean of {name}": float(seen.mean()), f"SD over time of {name}": float(seen.std(axis=0).mean())}


Simulate = Callable[[float, bool, int], np.ndarray]
"""From s, with noise or without, and a seed to ``(time, region)``: phases, y1 − y2 or E, after every step or after each
10 ms, up to the end."""


def compare(
    problem: Problem,
    simulate: Simulate,
    part: float,
    step: Step | None = None,
    same: bool = True,
    warm: Callable[[], object] | None = None,
    learnt: Callable[[], np.ndarray] | None = None,
) -> Built:
    """A tool's side.

    Parameters
    ----------
    part
        s that are timed of the whole duration.
    step
        What is timed instead, for tools that do many sets at once. Runs with noise are compared with one set and fewer
        than 200 regions only, for time's sake.
    same
        Whether steps are the same as interbrain's, so that states can be compared.
    warm
        What is run before, where a short run would not do (JAX compiles for a length).
    learnt
        Weights of the bridges after 1 s without noise; compared by their change over the largest that could be.
    """

    def values() -> np.ndarray:
        end = problem.end(simulate(1.0, False, 0))
        weights = (learnt() - WEIGHT) / (RATE * (TARGET + WEIGHT)) if learnt else np.empty(0)
        return np.concatenate([end, weights])

    def figures() -> dict[str, tuple[float, float]]:
        rows = round((SETTLES + LASTS) / EVERY)
        runs = [simulate(SETTLES + LASTS, True, seed) for seed in range(SEEDS)]
        found = [problem.described(x[len(x) // rows - 1 :: len(x) // rows][round(SETTLES / EVERY) :]) for x in runs]
        return {k: (float(np.mean(x)), _error(x)) for k in found[0] for x in [[f[k] for f in found]]}

    timed = step or Step(lambda: simulate(part, True, 0), problem.sets * problem.duration / part)
    random = problem.sets == 1 and problem.regions < 200
    before = warm or (lambda: simulate(0.05, True, 1))
    return Built((timed,), values if same else None, before, figures if random else None)


def _error(x: list[float]) -> float:
    return float(np.std(x, ddof=1) / np.sqrt(len(x)))


def build(case: str, tool: str, quick: bool) -> Built:
    kind = "jansen_rit" if "jansen" in case or case.startswith("t1b") else "kuramoto"
    kind = "wilson_cowan" if "-wc-" in case else kind
    sets = (8 if quick else SETS) if case.startswith("t3") else 1
    problem = Problem(kind, int(case.rsplit("-", 1)[1]), sets, "t2-" in case, 1.0 if quick else DURATION)
    built: Built = import_module(f"bench.simulation_{FILES[tool]}").build(problem)
    return built
