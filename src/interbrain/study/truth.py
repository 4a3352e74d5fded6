"""What a run would make of two prepared signals: its measure beside its null, alone of all that a run does."""

from __future__ import annotations

import numpy as np

from interbrain.data.plan import Analysis
from interbrain.data.signal import Estimate, Signal
from interbrain.data.study import Segment
from interbrain.inference.null import Null, compare, surrogate_draws
from interbrain.signals.align import cut
from interbrain.study.sides import places_of
from interbrain.study.within import asked, pool_draws, pool_estimate

DRAWS = 39


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
