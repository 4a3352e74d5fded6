"""The within-dyad null: a measure under surrogates of person B, and what the observed value is worth against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from interbrain.data.errors import RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Draws, Estimate
from interbrain.inference import surrogates
from interbrain.inference.ranks import family_p, moments, upper_p

Watch = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Null:
    """What chance gives, and the observed values against it; all arrays have the shape of the observed values.

    ``null_mean`` and ``null_sd`` are in the measure's own unit, the ``stabilised_`` ones on its variance-stabilised
    scale. ``excess`` is the stabilised value minus the null's mean and ``z`` that in SDs of the null; ``p`` is the
    upper tail of each value alone, ``p_family`` against the maximum over everything in the call.
    """

    null_mean: np.ndarray
    null_sd: np.ndarray
    stabilised_null_mean: np.ndarray
    stabilised_null_sd: np.ndarray
    excess: np.ndarray
    z: np.ndarray
    p: np.ndarray
    p_family: np.ndarray
    n_null: int


def surrogate_settings(settings: Mapping[str, Any], measure: ModuleType | None = None) -> dict[str, Any]:
    """What a surrogate must know of the measure: how far it looks in time.

    ``guard_s``, its memory: as set, else the measure's own ``memory_s(settings)``, else one period of the slowest
    band plus the largest lag it searches. ``segment_s``: as set, else the measure's window.
    """
    guard, segment = settings.get("guard_s"), settings.get("segment_s")
    memory = getattr(measure, "memory_s", None)
    if guard is None and memory is not None:
        guard = memory(settings)
    if guard is None:
        slowest = min((low or high for low, high in settings.get("bands", {}).values()), default=None)
        guard = (1.0 / slowest if slowest else 0.0) + float(settings.get("max_lag_s") or 0.0)
    return {
        "guard_s": float(guard),
        "segment_s": settings.get("window_s") if segment is None else float(segment),
    }


def surrogate_draws(
    measure: ModuleType,
    record: MeasureRecord,
    prepared_a: Any,
    prepared_b: Any,
    block_b: Block,
    settings: Mapping[str, Any],
    surrogate: str,
    n: int,
    stream: np.random.Generator,
    watch: Watch | None = None,
) -> Draws:
    """The measure's values under ``n`` surrogates of person B, all of B's channels moved together.

    Uses the measure's own ``draws`` where its record says that prepared data can be re-indexed; the loop
    ``apply → prepare → combine → reduce`` gives the same numbers.
    ``watch`` is called before each surrogate of that loop with its number (from 0) and how many there are.

    Raises
    ------
    RefusedScience
        The measure refuses this surrogate, or the recording does not allow enough of them.
    """
    how = record.surrogates.get(surrogate, "refused: this pair has not been calibrated")
    if how.startswith("refused"):
        raise RefusedScience(f"{record.name} with {surrogate}: {how.removeprefix('refused:').strip()}")
    module = surrogates.module(surrogate)
    about = surrogate_settings(settings, measure)
    index = module.draw_index(block_b, n, stream, about)
    near = module.near(block_b, index, about) if hasattr(module, "near") else None
    draws = None
    if how == "reindex" and hasattr(measure, "draws"):
        draws = measure.draws(prepared_a, prepared_b, surrogate, index)
    if draws is None:  # also where the measure says that re-indexing would not be the same
        draws = loop(measure, prepared_a, block_b, settings, module, index, watch)
    return Draws(draws.value, draws.profile, near)


def group_draws(
    measure: ModuleType,
    blocks: Sequence[Block],
    settings: Mapping[str, Any],
    surrogate: str,
    n: int,
    streams: Sequence[np.random.Generator],
) -> Draws:
    """A group measure's values under ``n`` surrogates of every member but the first, each with draws of their own.

    ``streams`` has one a member that is moved. A draw is near where any member is near to where they were; that two
    moved members may come near each other is not looked at: it counts for p as it should, and hardly moves the mean.

    Raises
    ------
    RefusedScience
        The recording does not allow enough surrogates.
    """
    module, about = surrogates.module(surrogate), surrogate_settings(settings, measure)
    first, others = measure.prepare(blocks[0], settings), blocks[1:]
    index = [module.draw_index(b, n, s, about) for b, s in zip(others, streams, strict=True)]
    near = [module.near(b, i, about) for b, i in zip(others, index)] if hasattr(module, "near") else []
    values = []
    for draw in range(n):
        moved = (surrogates.moved(module, b, i[draw]) for b, i in zip(others, index))
        estimate: Estimate = measure.reduce(measure.combine(first, *(measure.prepare(b, settings) for b in moved)))
        values.append(estimate.value)
    return Draws(np.stack(values), None, np.logical_or.reduce(near) if near else None)


def loop(
    measure: ModuleType,
    prepared_a: Any,
    block_b: Block,
    settings: Mapping[str, Any],
    module: ModuleType,
    index: Sequence[Any] | np.ndarray,
    watch: Watch | None = None,
) -> Draws:
    """Surrogate by surrogate through the measure's reference path."""
    values, profiles = [], []
    for number, row in enumerate(index):
        if watch is not None:
            watch(number, len(index))
        prepared = measure.prepare(surrogates.moved(module, block_b, row), settings)
        estimate: Estimate = measure.reduce(measure.combine(prepared_a, prepared))
        values.append(estimate.value)
        if estimate.profile is not None:
            profiles.append(estimate.profile)
    return Draws(np.stack(values), np.stack(profiles) if profiles else None)


def compare(
    value: np.ndarray,
    stabilised: np.ndarray,
    draws: np.ndarray,
    stabilised_draws: np.ndarray,
    near: np.ndarray | None = None,
) -> Null:
    """Observed values against their draws; everything in the call is one family.

    Parameters
    ----------
    value, stabilised
        ``(...)``, in the measure's unit and stabilised.
    draws, stabilised_draws
        ``(S, ...)``.
    near
        ``(S,)``, True for surrogates that keep part of the coupling (``Draws.near``): they count for both p, which
        stay exact, and are left out of the null's means and SDs, which they would bias. Where fewer than 10 others
        are left, all are used.
    """
    far = np.ones(len(draws), dtype=bool) if near is None else ~np.asarray(near, dtype=bool)
    if far.sum() < _FEWEST_FAR:
        far[:] = True
    null_mean, null_sd = moments(draws[far])
    mean, sd = moments(stabilised_draws[far])
    excess = stabilised - mean
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(sd > 0, excess / sd, np.nan)
    return Null(
        null_mean=null_mean,
        null_sd=null_sd,
        stabilised_null_mean=mean,
        stabilised_null_sd=sd,
        excess=excess,
        z=z,
        p=upper_p(stabilised, stabilised_draws),
        p_family=family_p(stabilised, stabilised_draws),
        n_null=len(draws),
    )


_FEWEST_FAR = 10
