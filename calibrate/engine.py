"""Size of each measure with each surrogate under no effect: the engine of the calibration table.

Every dyad is two independent recordings of one kind of noise and has its own draws. Dyads may be packed as channels
of two blocks, which saves time where a measure handles channels together: dyad c is channel c of A with channel c of
B, and takes its own rows of the draws, so that packed dyads share nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.signal import lfilter
from scipy.stats import binom, kstest

from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.plan import DEFAULTS
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference.null import surrogate_draws
from interbrain.inference.ranks import upper_p

LEVEL = 0.05


def white(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    return random.standard_normal(n)


def ar1(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """x[t] = 0.9 x[t − 1] + e[t]."""
    return lfilter([1.0], [1.0, -0.9], random.standard_normal(n + 200))[200:]


def haemodynamic(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """White noise through the canonical response: gamma densities of shape 6 and 16, the second one sixth as large."""
    t = np.arange(0, 32, 1 / rate)
    response = t**5 * np.exp(-t) / 120 - t**15 * np.exp(-t) / 1307674368000 / 6
    return np.convolve(random.standard_normal(n + len(t) - 1), response, "valid")


def walk(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """A random walk: not stationary, shown for what it is."""
    return np.cumsum(random.standard_normal(n))


def habituation(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """AR(1) noise on a level that falls in everybody alike."""
    noise = ar1(random, n, rate)
    return noise + 4 * noise.std() * np.exp(-5 * np.arange(n) / n)


def blocks(random: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """AR(1) noise on a level that rises and falls with the blocks of a meeting, the same for both people."""
    noise = ar1(random, n, rate)
    return noise + 2 * noise.std() * (np.arange(n) / rate % 90 < 40)


WORLDS: dict[str, Callable[[np.random.Generator, int, float], np.ndarray]] = {
    "white": white,
    "ar(1) 0.9": ar1,
    "haemodynamic": haemodynamic,
}
BROKEN: dict[str, Callable[[np.random.Generator, int, float], np.ndarray]] = {
    "random walk": walk,
    "common habituation": habituation,
    "shared speech blocks": blocks,
}


@dataclass(frozen=True)
class Design:
    """One measure with one surrogate, and the recordings to try it on.

    ``packed`` dyads are computed together. ``sensor`` is the SD of white sensor noise in SDs of the signal: a band
    in which a signal has no power at all cannot be measured.
    """

    measure: str
    surrogate: str
    rate: float
    samples: int
    epochs: int = 0
    bands: dict[str, tuple[float, float]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    n_null: int = 19
    packed: int = 1
    sensor: float = 0.0


@dataclass(frozen=True, eq=False)
class Cell:
    """One p a dyad under one kind of noise."""

    design: Design
    world: str
    p: np.ndarray

    @property
    def hits(self) -> int:
        return int((self.p <= LEVEL + 1e-9).sum())

    @property
    def share(self) -> float:
        return self.hits / len(self.p)

    def uniform_p(self, random: np.random.Generator) -> float:
        """Kolmogorov–Smirnov p of p being uniform, its steps of 1/(n + 1) smeared out."""
        smeared = self.p - random.random(len(self.p)) / (1 + self.design.n_null)
        return float(kstest(smeared, "uniform").pvalue)


def default_pairs() -> set[tuple[str, str]]:
    """Measure and surrogate of every analysis that plans contain by default."""
    return {(a["measure"], s) for analyses in DEFAULTS.values() for a in analyses for s in a["surrogates"]}


def simultaneous_interval(n: int, cells: int, level: float = LEVEL, coverage: float = 0.95) -> tuple[int, int]:
    """Lowest and highest number of hits in ``n`` that all ``cells`` stay within with ``coverage`` (Šidák)."""
    low, high = binom.interval(coverage ** (1 / cells), n, level)
    return int(low), int(high)


def run_cell(design: Design, world: str, dyads: int, seed: int) -> Cell:
    record, module = measures.records()[design.measure], measures.module(design.measure)
    settings = {**resolve_settings(record, design.settings), "bands": design.bands}
    p: list[float] = []
    while len(p) < dyads:
        random = stream(seed, design.measure, design.surrogate, world, len(p))
        a, b = (_block(design, world, random) for _ in range(2))
        prepared = module.prepare(a, settings), module.prepare(b, settings)
        observed = module.reduce(module.combine(*prepared)).value[:, :, 0, 0]
        n = design.n_null * design.packed
        draws = surrogate_draws(module, record, *prepared, b, settings, design.surrogate, n, random).value
        for c in range(design.packed):
            own = slice(c * design.n_null, (c + 1) * design.n_null)
            p.append(float(upper_p(observed[c, c], draws[own, c, c, 0, 0])))
    return Cell(design, world, np.array(p[:dyads]))


def _block(design: Design, world: str, random: np.random.Generator) -> Block:
    shape = (max(design.epochs, 1), design.packed, design.samples)
    series = [(WORLDS | BROKEN)[world](random, shape[0] * shape[2], design.rate) for _ in range(design.packed)]
    if design.sensor:
        series = [s + design.sensor * s.std() * random.standard_normal(len(s)) for s in series]
    values = np.stack([s.reshape(shape[0], shape[2]) for s in series], axis=1)
    return Block(values, np.ones(shape, dtype=bool), design.rate, design.epochs > 0)


def run(designs: Sequence[Design], dyads: int, seed: int = 1, worlds: Iterable[str] = tuple(WORLDS)) -> list[Cell]:
    return [run_cell(design, world, dyads, seed) for design in designs for world in worlds]


def table(cells: Sequence[Cell]) -> str:
    """The calibration table as text: a row a cell, marked where the share leaves the simultaneous interval."""
    lines = ["measure  surrogate            noise          dyads  p<=.05   allowed          p of uniform"]
    random = np.random.default_rng(0)
    for cell in cells:
        low, high = simultaneous_interval(len(cell.p), len(cells))
        mark = " " if low <= cell.hits <= high else "*"
        design = cell.design
        lines.append(
            f"{design.measure:8} {design.surrogate:20} {cell.world:14} {len(cell.p):5}  {cell.share:.3f}{mark}  "
            f"{low / len(cell.p):.3f} to {high / len(cell.p):.3f}   {cell.uniform_p(random):.3f}"
        )
    return "\n".join(lines)
