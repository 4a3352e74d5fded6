"""Studies for the question who leads: signals of two people with a common part, measured as a run does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from interbrain import measures
from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference.leads import asymmetry
from interbrain.inference.null import compare, surrogate_draws
from interbrain.study.cache import Step

N_NULL = 19


@dataclass(frozen=True)
class LeadWorld:
    """Autocorrelated signals of two people with a common part of weight ``shared``.

    ``own_s``: SD over dyads of how far one of the two is ahead, none in common. ``slower``: how much more B's side
    smooths what reaches it (coefficient of an AR(1) filter). ``errs``: shown as a failure.
    """

    measure: str
    shared: float = 0.0
    own_s: float = 0.0
    slower: float = 0.0
    groups: int = 7
    meetings: int = 2
    errs: bool = False


LEADS = {
    "who leads (wlcc), 7 groups, no coupling": LeadWorld("wlcc"),
    "who leads (wlcc), 7 groups, coupled without a lag": LeadWorld("wlcc", 0.7),
    "who leads (wlcc), 7 groups, each dyad a lead of its own": LeadWorld("wlcc", 0.7, own_s=1.0),
    "who leads (wtc), 7 groups, no coupling": LeadWorld("wtc"),
    "who leads (wtc), 7 groups, coupled without a lag": LeadWorld("wtc", 0.7),
    "who leads (wtc), 7 groups, each dyad a lead of its own": LeadWorld("wtc", 0.7, own_s=1.0),
    "who leads (wlcc), 7 groups, coupled without a lag, B's response is slower": LeadWorld(
        "wlcc", 0.7, slower=0.8, errs=True
    ),
    "who leads (wtc), 7 groups, coupled without a lag, B's response is slower": LeadWorld(
        "wtc", 0.7, slower=0.8, errs=True
    ),
}
RATE = {"wlcc": 5.0, "wtc": 1.0}
SAMPLES = {"wlcc": 600, "wtc": 480}
SETTINGS: dict[str, dict[str, Any]] = {"wlcc": {"window_s": 30.0, "step_s": 15.0, "max_lag_s": 3.0}, "wtc": {}}
BANDS: dict[str, dict[str, tuple[float, float]]] = {"wlcc": {}, "wtc": {"slow": (1 / 30, 1 / 8)}}


def lead_study(
    world: LeadWorld, random: np.random.Generator, about: Mapping[str, Any]
) -> tuple[dict[str, pd.DataFrame], list[Step], np.ndarray]:
    """Tables and kept draws of a study as a run has them, and one number a meeting for the naive test."""
    synchrony, nulls, steps, single = [], [], [], []
    for g in range(world.groups):
        ahead = random.normal(0, world.own_s)
        for s in range(1 + g % world.meetings):
            at = {**about, "group": f"{g:02d}", "session": s + 1, "condition": "", "arm": "", "segment": "whole"}
            found, excess, profiles = _measured(world, ahead, random)
            nulls.append({**at, "excess": excess})
            if profiles is None:
                synchrony.append({**at, "lag_s": found})
                single.append(max(excess, 0.0) * found)
            else:
                facts = {"draws": [{"name": "lead0", "labels": [["x", "y"]], **at}]}
                steps.append(Step(facts, {"lead0_observed": profiles[:1], "lead0_null": profiles[1:, None]}))
                single.append(profiles[0] - profiles[1:].mean())
    tables = {
        "nulls": pd.DataFrame(nulls).assign(segment="whole"),
        "synchrony": pd.DataFrame(synchrony) if synchrony else pd.DataFrame(),
        "lags": pd.DataFrame(columns=["group", "analysis"]),
    }
    return tables, steps, np.array(single)


def _measured(world: LeadWorld, ahead: float, random: np.random.Generator) -> tuple[float, float, np.ndarray | None]:
    """Lag in s, excess, and the asymmetries of the profile and its surrogates ``(1 + S,)`` where there is one."""
    module, record = measures.module(world.measure), measures.records()[world.measure]
    settings = {**resolve_settings(record, SETTINGS[world.measure]), "bands": BANDS[world.measure]}
    a, b = _pair(world, ahead, random)
    first, second = module.prepare(a, settings), module.prepare(b, settings)
    found = module.reduce(module.combine(first, second))
    draws = surrogate_draws(module, record, first, second, b, settings, "circular_shift", N_NULL, random)
    null = compare(found.value, found.stabilised, draws.value, FUNCTIONS[record.stabilise](draws.value), draws.near)
    profiles = None
    if found.profile is not None and found.profile_lags_s is not None and draws.profile is not None:
        observed = asymmetry(found.profile, found.profile_lags_s)
        everything = np.concatenate([observed[None], asymmetry(draws.profile, found.profile_lags_s)])
        profiles = everything.reshape(1 + N_NULL)
    return float(found.lag_s.reshape(-1)[0]), float(null.excess.reshape(-1)[0]), profiles


def _pair(world: LeadWorld, ahead: float, random: np.random.Generator) -> tuple[Block, Block]:
    """A and B; the common part reaches A ``ahead`` seconds before B (to the sample)."""
    rate, n, spare = RATE[world.measure], SAMPLES[world.measure], 60
    shift = int(np.clip(round(ahead * rate), -spare, spare))
    common = _smooth(random.standard_normal(n + 2 * spare + 100), 0.7)[100:]
    blocks = []
    for start, slower in ((spare + shift, 0.0), (spare, world.slower)):
        part = _smooth(common[: start + n], slower)[start:]
        own = _smooth(random.standard_normal(n + 100), 0.7)[100:]
        values = np.sqrt(world.shared) * part / part.std() + np.sqrt(1 - world.shared) * own / own.std()
        blocks.append(Block(values[None, None], np.ones((1, 1, n), dtype=bool), rate))
    return blocks[0], blocks[1]


def _smooth(values: np.ndarray, coefficient: float) -> np.ndarray:
    return np.asarray(lfilter([1.0], [1.0, -coefficient], values))
