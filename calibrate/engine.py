"""Does p come out at .05 in one of twenty pairs of people who have nothing to do with each other?

Every pair has its own draws, computed by the measure's own functions. A decision at .05 stops as soon as it is certain:
with 199 surrogates, ten of them above the observed value are enough for p > .05, whatever the rest would be (Besag &
Clifford 1991, 10.1093/biomet/78.2.301, whose rule this is), so the decisions are those of all surrogates at a fifth of
the work. The 199 are the first of the 999.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from scipy.stats import binom, kstest

from calibrate import recordings, worlds
from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.plan import DEFAULTS
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference import surrogates
from interbrain.inference.null import surrogate_settings
from interbrain.inference.ranks import upper_p

LEVEL = 0.05
STAGES = (20, 60, 199, 450, 999)


@dataclass(frozen=True)
class Design:
    """One measure with one surrogate, and the recordings to try it on.

    ``sensor`` is the SD of white sensor noise in SDs of the signal: a band in which a signal has no power at all
    cannot be measured.
    """

    measure: str
    surrogate: str
    rate: float
    samples: int
    epochs: int = 0
    bands: dict[str, tuple[float, float]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    sensor: float = 0.0

    @property
    def minutes(self) -> float:
        return max(self.epochs, 1) * self.samples / self.rate / 60

    @property
    def recording(self) -> str:
        """``10 min at 2 Hz`` or ``30 epochs of 4 s at 64 Hz``."""
        if self.epochs:
            return f"{self.epochs} epochs of {self.samples / self.rate:g} s at {self.rate:g} Hz"
        return f"{self.minutes:.3g} min at {self.rate:g} Hz"

    @property
    def setting(self) -> str:
        given = [f"{k} = {v}" for k, v in self.settings.items()]
        return ", ".join(
            given + [f"{k} {low:g} to {high:g} Hz" for k, (low, high) in self.bands.items() if k == "band"]
        )


@dataclass(frozen=True)
class World:
    """What the two people are: a noise, a pool of real recordings, or a broken world with its strength."""

    name: str
    strength: float = 0.0
    gaps: bool = False


@dataclass(frozen=True, eq=False)
class Cell:
    """What came out: ``p (pair, level)`` for each number of surrogates in ``levels``; inf where p > .05 was certain.

    ``who`` names the two recordings of each pair; ``refused`` counts pairs of which the measure said nothing.
    """

    design: Design
    world: World
    levels: tuple[int, ...]
    p: np.ndarray
    who: tuple[tuple[str, str], ...]
    refused: int

    def found(self, level: int) -> np.ndarray:
        """Which pairs came out at p ≤ .05 with so many surrogates."""
        return self.p[:, self.levels.index(level)] <= LEVEL + 1e-9

    @property
    def hits(self) -> int:
        return int(self.found(self.levels[0]).sum())

    @property
    def share(self) -> float:
        return self.hits / len(self.p)

    def uniform_p(self, random: np.random.Generator) -> float:
        """Kolmogorov–Smirnov p of p being uniform, its steps of 1/(n + 1) smeared out; only where none was stopped."""
        smeared = self.p[:, 0] - random.random(len(self.p)) / (1 + self.levels[0])
        return float(kstest(smeared, "uniform").pvalue)


def default_pairs() -> set[tuple[str, str]]:
    """Measure and surrogate of every analysis that plans contain by default."""
    return {(a["measure"], s) for analyses in DEFAULTS.values() for a in analyses for s in a["surrogates"]}


def simultaneous_interval(n: float, cells: int, level: float = LEVEL, coverage: float = 0.95) -> tuple[int, int]:
    """Lowest and highest number of hits in ``n`` that all ``cells`` stay within with ``coverage`` (Šidák)."""
    low, high = binom.interval(coverage ** (1 / cells), round(n), level)
    return int(low), int(high)


def run_cell(
    design: Design, world: World, pairs: int, seed: int, levels: tuple[int, ...] = (199,), stop: bool = True
) -> Cell:
    """``pairs`` pairs that gave a number; a cell of which nine of ten pairs are refused ends early."""
    p: list[tuple[float, ...]] = []
    who: list[tuple[str, str]] = []
    refused = 0
    while len(p) < pairs and refused < 50 + 9 * len(p):
        key = (design.measure, design.setting, design.surrogate, design.recording, world.name, str(world))
        random = stream(seed, "size", *key, len(p) + refused)
        a, b, names = pair_of(design, world, random)
        found = p_values(design, a, b, random, levels, stop)
        if found is None:
            refused += 1
            continue
        p.append(found)
        who.append(names)
    return Cell(design, world, levels, np.array(p).reshape(-1, len(levels)), tuple(who), refused)


def pair_of(design: Design, world: World, random: np.random.Generator) -> tuple[Block, Block, tuple[str, str]]:
    """Two people of a world; with gaps, each has its own."""
    n, epochs = design.samples, max(design.epochs, 1)
    names = ("", "")
    if world.name in recordings.POOLS:
        both, names = recordings.strangers(world.name, random, design.rate, n, design.epochs)
    elif world.name in worlds.BROKEN:
        both = list(worlds.BROKEN[world.name](random, n * epochs, design.rate, world.strength))
    else:
        both = list(worlds.independent(world.name, random, n * epochs, design.rate))
    a, b = (_block(design, world, x, random) for x in both)
    return a, b, names


def _block(design: Design, world: World, series: np.ndarray, random: np.random.Generator) -> Block:
    if design.sensor and world.name not in recordings.POOLS:
        series = series + design.sensor * series.std() * random.standard_normal(series.shape)
    values = series.reshape(max(design.epochs, 1), 1, design.samples)
    valid = np.ones(values.shape, dtype=bool)
    if world.gaps and design.epochs:
        valid &= worlds.lost_epochs(random, design.epochs)[:, None, None]
    elif world.gaps:
        valid &= worlds.gaps(random, design.samples, design.rate)
    return Block(values, valid, design.rate, design.epochs > 0)


def p_values(
    design: Design, a: Block, b: Block, random: np.random.Generator, levels: tuple[int, ...], stop: bool
) -> tuple[float, ...] | None:
    """p with the first of the draws, for each number of them; inf where it is certainly above .05; None: no number."""
    record, module = measures.records()[design.measure], measures.module(design.measure)
    settings = {**resolve_settings(record, design.settings), "bands": design.bands}
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    observed = module.reduce(module.combine(*prepared)).value[0, 0, 0, 0]
    if not np.isfinite(observed):
        return None
    drawn = np.empty(0)
    result = dict.fromkeys(levels, np.inf)
    for values, last in _draws(design, module, settings, prepared, b, random, levels[-1]):
        drawn = np.append(drawn, values)
        for level in levels:
            if len(drawn) >= level:
                result[level] = float(upper_p(observed, drawn[:level]))
        if last or (stop and _certain(observed, drawn, levels)):
            break
    return tuple(p if p <= LEVEL + 1e-9 or not stop else np.inf for p in result.values())


def _certain(observed: float, drawn: np.ndarray, levels: tuple[int, ...]) -> bool:
    """Whether every decision that is still open must be p > .05."""
    above = round(float(upper_p(np.asarray(observed), drawn)) * (1 + len(drawn))) - 1
    return all(len(drawn) >= level or above > LEVEL * (1 + level) - 1 + 1e-9 for level in levels)


def _draws(
    design: Design,
    module: ModuleType,
    settings: dict[str, Any],
    prepared: tuple[Any, Any],
    b: Block,
    random: np.random.Generator,
    n: int,
) -> Iterator[tuple[np.ndarray, bool]]:
    """Values under the surrogates of B in stages; together they are those of ``null.surrogate_draws``.

    Epochs that only change their order are drawn by the measure itself. Everything else is stacked: each surrogate of
    the one channel of B becomes a channel, which every measure of pairs treats as if it stood alone.
    """
    how = surrogates.module(design.surrogate)
    index = how.draw_index(b, n, random, surrogate_settings(settings, module))
    shuffled = design.surrogate == "segment_shuffle" and hasattr(module, "draws")
    if shuffled and module.draws(*prepared, design.surrogate, index[:1]) is not None:
        for start, stop in _stages(n, (199,) if design.epochs else STAGES):
            draws = module.draws(*prepared, design.surrogate, index[start:stop])
            yield draws.value[:, 0, 0, 0, 0], stop == n
        return
    for start, stop in _stages(n, STAGES):
        yield stacked(module, settings, prepared[0], [how.apply(b, row) for row in index[start:stop]]), stop == n


def _stages(n: int, stages: tuple[int, ...]) -> list[tuple[int, int]]:
    edges = [0, *[s for s in stages if s < n], n]
    return list(pairwise(edges))


def stacked(module: ModuleType, settings: dict[str, Any], prepared_a: Any, copies: list[Block]) -> np.ndarray:
    """The measure of A with each of B's surrogates ``(S,)``."""
    values, valid = (np.concatenate([getattr(c, part) for c in copies], axis=1) for part in ("values", "valid"))
    block = Block(values, valid, copies[0].rate, copies[0].epoched)
    return module.reduce(module.combine(prepared_a, module.prepare(block, settings))).value[0, :, 0, 0]


def effective_pairs(found: np.ndarray, who: tuple[tuple[str, str], ...], level: float = LEVEL) -> float:
    """How many independent pairs the share is worth where pairs have recordings in common.

    The variance of the share sums the products of the deviations of all pairs that share a recording (Aronow, Samii &
    Assenova 2015, 10.1093/pan/mpv018); never more than the number of pairs.
    """
    if not any(who[0]):
        return float(len(found))
    deviation = found - level
    sums: dict[str, float] = {}
    for names, d in zip(who, deviation):
        for name in names:
            sums[name] = sums.get(name, 0.0) + float(d)
    variance = (sum(s**2 for s in sums.values()) - float((deviation**2).sum())) / len(found) ** 2
    independent = level * (1 - level) / len(found)
    return len(found) * min(1.0, independent / max(variance, independent))
