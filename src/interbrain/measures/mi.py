"""Mutual information: how many bits one person's course tells about the other's, at whatever delay.

``kind = "ranks"`` (default) is the Gaussian copula (Ince et al. 2017): each course is replaced by the normal scores of
its ranks, and the information is that of two normal courses with their correlation r, −½ log2(1 − r²). It is a lower
bound, indifferent to any rising transformation of either course and to outliers. ``"gaussian"`` takes the courses as
they are. ``"codes"`` counts states, for coded behaviour (speaking, looking …). None of them sees whether two people go
together or against each other.

The information is taken at every lag up to ``max_lag_s``; the value is its maximum (``pick = "peak"``) or that at lag
zero. Estimates from few or slow samples are well above zero without any relation, a maximum more so: only the distance
to the null speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _moments as moments
from interbrain.measures import _pairwise as pairwise
from interbrain.measures._autoregression import on_one_scale
from interbrain.measures._codes import numbered
from interbrain.measures._families import PREPARED_AGAIN

RECORD = MeasureRecord(
    name="mi",
    title="Mutual information",
    formula="MI = max over lags l of −½ log2(1 − r(l)²), r = correlation of the ranks' normal scores, in bits",
    reference="Ince RAA, Giordano BL, Kayser C, Rousselet GA, Gross J, Schyns PG (2017). A statistical framework for "
    "neuroimaging data analysis based on mutual information estimated via a Gaussian copula. Human Brain Mapping 38, "
    "1541-1573.",
    doi="10.1002/hbm.23471",
    value_range=(0.0, None),
    with_itself=None,
    stabilise="sqrt",
    directed=False,
    accepts=("continuous", "epochs"),
    modalities=("motion", "voice", "heart", "eda", "fnirs", "misc"),
    blind_to=("amplitude", "sign of the relation"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings={"kind": "ranks", "pick": "peak", "max_lag_s": 5.0, "min_valid": 0.5},
    settings_allowed={
        "kind": ("ranks", "gaussian", "codes"),
        "pick": ("peak", "zero"),
        "max_lag_s": "[0, inf)",
        "min_valid": "(0, 1]",
    },
    settings_help={
        "kind": "'ranks': Gaussian copula; 'gaussian': from the correlation; 'codes': by counting states",
        "pick": "'peak': the maximum over lags; 'zero': at lag zero",
        "max_lag_s": "longest lag either way, in seconds",
        "min_valid": "share of the samples that both people must have",
    },
    named_settings={"pyinform": {"kind": "codes", "pick": "zero"}, "gcmi": {"kind": "ranks", "pick": "zero"}},
    methods="Synchrony was measured by mutual information over lags (Gaussian copula unless stated; Ince et al., "
    "2017).",
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: ``values (epoch, channel, time)``, scores or numbers of states, 0 where invalid; ``memory (channel,
    lag)`` autocorrelations."""

    values: np.ndarray
    valid: np.ndarray
    memory: np.ndarray
    block: Block
    settings: Mapping[str, Any]


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Normal scores, samples on one scale, or numbered states.

    Raises
    ------
    BadInput
        Codes with more than 20 values.
    RefusedScience
        A recording (or epochs) no longer than the longest lag.
    """
    if round(settings["max_lag_s"] * block.rate) > block.shape[2] - 3:
        raise RefusedScience(
            f"mi: {'an epoch' if block.epoched else 'the recording'} lasts {block.shape[2] / block.rate:.3g} s, and "
            f"lags up to {settings['max_lag_s']:g} s were asked for; use a shorter max_lag_s."
        )
    if settings["kind"] == "codes":
        states = numbered(RECORD.name, block)
        known = states >= 0
        values = np.where(known, states, 0).astype(np.float64)
    else:
        values = _normal_scores(block) if settings["kind"] == "ranks" else block.values
        values, varies = on_one_scale(values, block.valid)
        known = block.valid & varies
    memory = moments.autocorrelation(values, known)
    return Prepared(values, known.astype(np.float64), memory, block, dict(settings))


def _normal_scores(block: Block) -> np.ndarray:
    """Normal quantiles of each channel's ranks over its own valid samples; ties share the mean of their ranks."""
    out = np.zeros(block.shape)
    for channel in range(block.shape[1]):
        known = block.valid[:, channel]
        out[:, channel][known] = ndtri(rankdata(block.values[:, channel][known]) / (known.sum() + 1))
    return out


def _estimate(a: Prepared, b: Prepared) -> Estimate:
    """Bits ``(A, B, 1, 1)`` with their lag profile; with ``windows`` a list, each as a recording of its own.

    ``lag_s`` is the profile's highest point, positive where A leads.
    """
    rate, asked = a.block.rate, a.settings
    longest = round(asked["max_lag_s"] * rate)
    lags = np.arange(-longest, longest + 1)
    bits, counts = (np.stack(x, axis=-1) for x in zip(*(_at(a, b, int(lag)) for lag in lags), strict=True))
    possible = a.values.shape[0] * (a.values.shape[2] - np.abs(lags))
    profile = np.where(counts >= np.maximum(asked["min_valid"] * possible, 3), bits, np.nan)
    known = np.isfinite(profile).any(axis=-1)
    best = np.where(np.isfinite(profile), profile, -np.inf).argmax(axis=-1)
    peak = np.take_along_axis(profile, best[..., None], axis=-1)[..., 0]
    n = counts[..., longest]
    lift = (..., None, None)
    value = (peak if asked["pick"] == "peak" else profile[..., longest])[lift]
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[RECORD.stabilise](value),
        lag_s=np.where(known, lags[best] / rate, np.nan)[lift],
        phase=np.full_like(value, np.nan),
        coverage=(n / possible[longest])[lift],
        n_effective=moments.independent(n, a.memory, b.memory)[lift],
        profile=profile,
        profile_lags_s=lags / rate,
    )


def _at(a: Prepared, b: Prepared, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Bits and joint samples ``(A, B)`` of A's samples and B's ``lag`` later."""
    n_times = a.values.shape[2]
    here, there = slice(max(-lag, 0), n_times - max(lag, 0)), slice(max(lag, 0), n_times - max(-lag, 0))
    x, u = a.values[..., here], a.valid[..., here]
    y, v = b.values[..., there], b.valid[..., there]
    if a.settings["kind"] == "codes":
        return _counted(x, u, y, v)
    r, n = moments.correlation(x, u, y, v)
    return -0.5 * np.log2(np.maximum(1 - r**2, np.finfo(float).tiny)), n


def _counted(x: np.ndarray, u: np.ndarray, y: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bits that counted pairs of states tell, with the number of pairs, ``(A, B)``."""
    indicators = [
        np.stack([((s == k) * known) for k in range(int(s.max()) + 1)]).astype(np.float64)
        for s, known in ((x, u), (y, v))
    ]
    joint = np.stack([[moments.over_time(one, other) for other in indicators[1]] for one in indicators[0]])
    n = joint.sum(axis=(0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = joint / n
        apart = share.sum(axis=1)[:, None] * share.sum(axis=0)[None]
        bits = np.where(share > 0, share * np.log2(share / apart), 0.0).sum(axis=(0, 1))
    several = (joint.sum(axis=1) > 0).sum(axis=0), (joint.sum(axis=0) > 0).sum(axis=0)
    return np.where((n > 0) & (several[0] > 1) & (several[1] > 1), np.maximum(bits, 0.0), np.nan), n


combine, reduce = pairwise.functions(RECORD.name, prepare, _estimate)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart not to meet at any lag."""
    return float(settings["max_lag_s"]) if settings["pick"] == "peak" else 0.0
