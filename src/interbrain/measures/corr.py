"""Correlation at lag zero, by default of what an autoregressive model cannot foretell.

Slow signals agree by chance: two independent series that remember themselves for many samples have few independent
samples, and motion or a shared drift decides their correlation. Prewhitening (Barker et al. 2013; Santosa et al. 2017)
replaces each channel by its innovations, the part that its own past does not predict, so that samples are independent
and a burst of movement counts once. The price: what two people share slowly is mostly foretold by each one's own past
and is taken out with it, and a lag of more than a sample is not seen at all.

The model's order is chosen for each channel by the Bayesian information criterion up to ``order_s`` seconds; its
coefficients come from the autocovariance of the valid samples (Yule–Walker, so the model is stable).

``robust`` takes the biweight midcorrelation (Langfelder & Horvath 2012): samples lose weight with their distance from
the median and have none beyond nine median absolute deviations. ``pearson`` is the plain correlation, ``spearman``
that of the ranks, both without prewhitening.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _moments as moments
from interbrain.measures._families import PREPARED_AGAIN
from interbrain.measures._innovations import innovations
from interbrain.measures._pairwise import State

RECORD = MeasureRecord(
    name="corr",
    title="Correlation, prewhitened",
    formula="r = cov(e_a, e_b) / (sd(e_a) sd(e_b)), e = innovations of an autoregressive model",
    reference="Santosa H, Aarabi A, Perlman SB, Huppert TJ (2017). Characterization and correction of the "
    "false-discovery rates in resting state connectivity using functional near-infrared spectroscopy. Journal of "
    "Biomedical Optics 22, 055002.",
    doi="10.1117/1.JBO.22.5.055002",
    value_range=(-1.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("continuous", "epochs"),
    modalities=("fnirs", "motion", "heart", "eda", "voice", "misc"),
    blind_to=("lag", "amplitude", "slow agreement that each one's own past foretells (unless prewhiten = false)"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings={"prewhiten": True, "kind": "robust", "order_s": 4.0, "absolute": False, "min_valid": 0.5},
    settings_allowed={"kind": ("robust", "pearson", "spearman"), "order_s": "(0, inf)", "min_valid": "(0, 1]"},
    settings_help={
        "prewhiten": "whether each channel is replaced by the innovations of its autoregressive model",
        "kind": "'robust': biweight midcorrelation; 'pearson'; 'spearman': of the ranks",
        "order_s": "longest memory of the autoregressive model in seconds (its order is chosen by BIC up to there)",
        "absolute": "whether |r| is taken, so that going together and going against each other count alike",
        "min_valid": "share of the samples that both people must have",
    },
    named_settings={
        "pearson": {"prewhiten": False, "kind": "pearson"},
        "spearman": {"prewhiten": False, "kind": "spearman"},
        "prewhitened": {"prewhiten": True, "kind": "pearson"},
        "prewhitened_robust": {"prewhiten": True, "kind": "robust"},
    },
    methods="Synchrony was measured by the correlation of the two courses at lag zero (after autoregressive "
    "prewhitening unless stated; Santosa et al., 2017).",
)

_MADS = 9.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: ``values (epoch, channel, time)``, 0 where invalid; ``memory (channel, lag)`` autocorrelations."""

    values: np.ndarray
    valid: np.ndarray
    memory: np.ndarray
    settings: Mapping[str, Any]


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Innovations, or the samples themselves."""
    values, valid = block.values, block.valid
    if settings["prewhiten"]:
        values, valid = innovations(values, valid, max(1, round(settings["order_s"] * block.rate)))
    values = _centred(values, valid, settings["kind"])
    memory = moments.autocorrelation(values, valid)
    return Prepared(values, valid, memory, dict(settings))


def _centred(values: np.ndarray, valid: np.ndarray, kind: str) -> np.ndarray:
    """About the mean (ranks: of the ranks; robust: about the median, weighted), 0 where invalid."""
    out = np.zeros(values.shape)
    for channel in range(values.shape[1]):
        mask = valid[:, channel]
        own = values[:, channel][mask]
        if len(own) == 0 or np.ptp(own) <= 1e-12 * np.abs(own).max(initial=0.0):
            continue
        if kind == "spearman":
            own = rankdata(own)
        out[:, channel][mask] = _weighted(own) if kind == "robust" else own - own.mean()
    return out


def _weighted(own: np.ndarray) -> np.ndarray:
    """Deviations from the median times their biweights."""
    deviation = own - np.median(own)
    mad = np.median(np.abs(deviation))
    if mad == 0:  # more than half of the samples are equal: no scale to judge outliers by
        return own - own.mean()
    return deviation * np.clip(1 - (deviation / (_MADS * mad)) ** 2, 0, None) ** 2


def combine(a: Prepared, b: Prepared) -> State[Prepared]:
    """Both people.

    Raises
    ------
    BadInput
        They differ in epochs or length.
    """
    if a.values.shape[::2] != b.values.shape[::2]:
        raise BadInput(
            f"corr: A has (epochs, samples) {a.values.shape[::2]}, B {b.values.shape[::2]}; both must be on one clock "
            "(signals.align)."
        )
    return State(a, b)


def reduce(state: State[Prepared], windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Correlation ``(A, B, 1, 1)``; with ``windows (W, 2)``, first and last-plus-one samples, a list of W answers."""
    if windows is None:
        return _estimate(state, 0, state.a.values.shape[2])
    return [_estimate(state, int(start), int(stop)) for start, stop in windows]


def _estimate(state: State[Prepared], start: int, stop: int) -> Estimate:
    r, n = _correlation(state, start, stop)
    if state.a.settings["absolute"]:
        r = np.abs(r)
    value, unknown = r[..., None, None], np.full((*r.shape, 1, 1), np.nan)
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[RECORD.stabilise](value),
        lag_s=unknown,
        phase=unknown,
        coverage=(n / (state.a.values.shape[0] * (stop - start)))[..., None, None],
        n_effective=moments.independent(n, state.a.memory, state.b.memory)[..., None, None],
    )


def _correlation(state: State[Prepared], start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """``(A, B)`` correlations over jointly valid samples, and how many there are."""
    x, u = state.a.values[..., start:stop], state.a.valid[..., start:stop].astype(np.float64)
    y, v = state.b.values[..., start:stop], state.b.valid[..., start:stop].astype(np.float64)
    about_mean = state.a.settings["kind"] != "robust"  # the biweight is taken about the median
    r, n = moments.correlation(x, u, y, v, about_mean)
    enough = n >= max(3.0, state.a.settings["min_valid"] * x.shape[0] * x.shape[2])
    return np.where(enough, r, np.nan), n


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing."""
    return float(settings["order_s"]) if settings["prewhiten"] else 0.0
