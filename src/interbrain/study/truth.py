"""What a simulated study plants, in the unit that the course reports.

The truth of a simulation is the expected excess (stabilised value minus its null's mean) in each session, got by
sending many simulated dyads of the same generator through the same preparation, measure and surrogates as the study.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.plan import Analysis, Plan
from interbrain.data.signal import Estimate, Signal
from interbrain.data.study import Segment
from interbrain.inference.null import Null, compare, surrogate_draws
from interbrain.signals.align import cut
from interbrain.signals.prepare import prepare
from interbrain.simulate.observe import record_pair
from interbrain.simulate.settings import Simulation
from interbrain.simulate.therapy import dyad_coupling
from interbrain.study.sides import places_of
from interbrain.study.within import asked, pool_draws, pool_estimate

REPLICATES = 48
DRAWS = 39


@dataclass(frozen=True)
class _Level:
    """One session of all replicate dyads."""

    simulation: Simulation
    plan: Plan
    analysis: Analysis
    session: int
    coupling: tuple[float, ...]


def planted_course(simulation: Simulation, plan: Plan, analysis: Analysis) -> list[_Level]:
    """The tasks (one a session) whose results :func:`planted_slopes` takes."""
    assert simulation.planted is not None
    only = simulation.model_copy(update={"regions": tuple(dict.fromkeys(simulation.planted))})
    coupling = dyad_coupling(simulation, REPLICATES, stream(simulation.seed, "truth"))
    return [_Level(only, plan, analysis, s, tuple(coupling[:, s])) for s in range(simulation.sessions)]


def expected_excess(level: _Level) -> dict[str, list[float]]:
    """Each replicate dyad's excess in the planted regions, by signal.

    The replicates' channels are prepared side by side as if one cap had them all: preparation treats each channel by
    itself, so this changes nothing but the time it takes.
    """
    simulation = level.simulation
    task_s = float(np.mean(simulation.task_s))
    pairs = [
        record_pair(simulation, coupling, ("truth", level.session, i), simulation.rest_s, task_s)
        for i, coupling in enumerate(level.coupling)
    ]
    sides = [prepare(_side_by_side([p[side].signal for p in pairs]), "fnirs", level.plan).signal for side in (0, 1)]
    segment = Segment("task", simulation.rest_s, simulation.rest_s + task_s)
    return {kind: _excesses(level, sides, kind, segment) for kind in level.analysis.signals}


def _side_by_side(signals: list[Signal]) -> Signal:
    channels = tuple(replace(c, name=f"R{i}.{c.name}") for i, s in enumerate(signals) for c in s.channels)
    values = np.concatenate([s.values for s in signals], axis=1)
    return Signal(values=values, rate=signals[0].rate, channels=channels)


def _excesses(level: _Level, sides: list[Signal], kind: str, segment: Segment) -> list[float]:
    place_a, place_b = level.simulation.planted or ("", "")
    results = []
    for i in range(len(level.coupling)):
        a, b = (_mine(side, kind, i, place) for side, place in zip(sides, (place_a, place_b), strict=True))
        if not (a.channels and b.channels):
            continue
        random = stream(level.simulation.seed, "truth surrogates", level.session, i, kind)
        _, null = against_chance(level.analysis, a, b, segment, random)
        results.append(float(np.nanmean(null.excess)))
    return results


def against_chance(
    analysis: Analysis, a: Signal, b: Signal, segment: Segment, random: np.random.Generator
) -> tuple[Estimate, Null]:
    """Synchrony of two prepared signals in a segment, pooled over places as the analysis asks, beside its null."""
    ask = asked(analysis)
    places = places_of(analysis, a, b)
    block_a, block_b = cut(a, b, segment)
    prepared = ask.module.prepare(block_a, ask.settings), ask.module.prepare(block_b, ask.settings)
    estimate: Estimate = pool_estimate(ask.module.reduce(ask.module.combine(*prepared)), places)
    surrogate = analysis.surrogates[0]
    draws = surrogate_draws(ask.module, ask.record, *prepared, block_b, ask.settings, surrogate, DRAWS, random)
    null = compare(estimate.value, estimate.stabilised, *pool_draws(draws, places, ask.record), draws.near)
    return estimate, null


def _mine(side: Signal, kind: str, replicate: int, region: str) -> Signal:
    index = [
        i
        for i, c in enumerate(side.channels)
        if c.kind == kind and c.region == region and c.name.startswith(f"R{replicate}.")
    ]
    return side.pick(index)


def planted_slopes(simulation: Simulation, levels: list[dict[str, list[float]]]) -> list[dict[str, Any]]:
    """Slope of the expected excess over sessions, and its Monte-Carlo error, by signal."""
    assert simulation.planted is not None
    time = np.arange(len(levels)) - (len(levels) - 1) / 2
    planted = []
    for kind in levels[0]:
        means = np.array([np.mean(level[kind]) for level in levels])
        errors = np.array([np.std(level[kind], ddof=1) / np.sqrt(len(level[kind])) for level in levels])
        weight = time / (time**2).sum()
        planted.append(
            {
                "place_a": simulation.planted[0],
                "place_b": simulation.planted[1],
                "signal": kind,
                "segment": "task",
                "slope_per_session": float(weight @ means),
                "slope_se": float(np.sqrt((weight**2) @ (errors**2))),
                "expected_excess": [round(float(m), 6) for m in means],
            }
        )
    return planted
