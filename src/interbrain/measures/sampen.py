"""Cross-sample entropy: once two courses have been alike for a few samples, how surely they stay alike.

Patterns of ``length`` samples, one of each person, agree where every sample of one is within ``tolerance`` SDs of the
other's. With B such agreements, A of which still hold one sample on, the entropy is −ln(A/B) and the value is its
negative: 0 where what was alike stays alike, lower the less it does.

Richman's and Moorman's entropy compares every moment of one person with every moment of the other: it says whether two
people have the same repertoire, at whatever time, and no shift in time changes it. Synchrony is about time, so by
default (``pairs = "near"``) only patterns at most ``max_lag_s`` apart are compared, and, as they are fewer, within half
an SD. Where none agree, or none that do go on, nothing can be said. ``richman_moorman`` names the original, for which a
circular shift is no null (use phase_randomisation, aaft or re-paired partners). Smooth courses stay alike by
themselves: only the distance to the null speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _pairwise as pairwise
from interbrain.measures._autoregression import on_one_scale
from interbrain.measures._families import PREPARED_AGAIN
from interbrain.measures._patterns import matches

RECORD = MeasureRecord(
    name="sampen",
    title="Cross-sample entropy",
    formula="sampen = ln(A/B), B = pairs of patterns of m samples that agree, A = those that agree one sample on",
    reference="Richman JS, Moorman JR (2000). Physiological time-series analysis using approximate entropy and sample "
    "entropy. American Journal of Physiology: Heart and Circulatory Physiology 278, H2039-H2049.",
    doi="10.1152/ajpheart.2000.278.6.H2039",
    value_range=(None, 0.0),
    with_itself=None,
    stabilise="identity",
    directed=False,
    accepts=("continuous", "epochs"),
    modalities=("motion", "heart", "eda", "voice", "fnirs", "misc"),
    blind_to=("amplitude", "who leads", "when (under richman_moorman)"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings={
        "length": 2,
        "tolerance": 0.5,
        "step_s": 0.0,
        "pairs": "near",
        "max_lag_s": 1.0,
        "min_valid": 0.5,
    },
    settings_allowed={
        "length": "[1, inf)",
        "tolerance": "(0, inf)",
        "step_s": "[0, inf)",
        "pairs": ("near", "all"),
        "max_lag_s": "[0, inf)",
        "min_valid": "(0, 1]",
    },
    settings_help={
        "length": "samples of a pattern (m)",
        "tolerance": "largest difference of samples that agree, in SDs (r)",
        "step_s": "seconds between the samples of a pattern (0: one sample)",
        "pairs": "'near': patterns at most max_lag_s apart; 'all': every moment with every other",
        "max_lag_s": "how far apart two patterns may begin, in seconds",
        "min_valid": "share of the pairs of patterns that must be known",
    },
    named_settings={"richman_moorman": {"length": 2, "tolerance": 0.2, "step_s": 0.0, "pairs": "all"}},
    methods="Synchrony was measured by cross-sample entropy (Richman & Moorman, 2000), its sign turned round, of "
    "patterns near in time unless stated.",
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: ``values (epoch, channel, time)`` in SDs, 0 where invalid."""

    values: np.ndarray
    valid: np.ndarray
    block: Block
    settings: Mapping[str, Any]

    @property
    def step(self) -> int:
        return max(1, round(self.settings["step_s"] * self.block.rate))

    @property
    def patterns(self) -> int:
        """How many of them an epoch holds, with the sample that follows."""
        return self.values.shape[2] - self.settings["length"] * self.step

    @property
    def reach(self) -> int:
        """Most samples between two patterns."""
        last = self.patterns - 1
        return (
            last if self.settings["pairs"] == "all" else min(round(self.settings["max_lag_s"] * self.block.rate), last)
        )


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Samples on one scale.

    Raises
    ------
    RefusedScience
        Epochs (or a recording) too short for a pattern.
    """
    values, varies = on_one_scale(block.values, block.valid)
    found = Prepared(values, block.valid & varies, block, dict(settings))
    if found.patterns < 2:
        raise RefusedScience(
            f"sampen: {block.shape[2]} samples hold no pattern of {settings['length']} samples {found.step} apart and "
            "one more; use a smaller length or step_s, or longer stretches."
        )
    return found


def _estimate(a: Prepared, b: Prepared) -> Estimate:
    """ln(A/B) ``(A, B, 1, 1)``; with ``windows`` a list. ``extra``: ``agree`` (B), ``go_on`` (A), ``ratio``."""
    n_epochs = a.values.shape[0]
    shape = (a.values.shape[1], b.values.shape[1])
    counts = np.zeros((3, *shape))
    about = (a.settings["length"], a.step, float(a.settings["tolerance"]), a.reach)
    for e, i, j in np.ndindex(n_epochs, *shape):
        counts[:, i, j] += matches(a.values[e, i], b.values[e, j], a.valid[e, i], b.valid[e, j], *about)
    agree, go_on, possible = counts
    lags = np.abs(np.arange(-a.reach, a.reach + 1))
    coverage = possible / (n_epochs * (a.patterns - lags).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(coverage >= a.settings["min_valid"], go_on / agree, np.nan)
        value = np.where(ratio > 0, np.log(ratio), np.nan)  # nothing agreed, or nothing that did went on
    lift = (..., None, None)
    unknown = np.full((*shape, 1, 1), np.nan)
    return Estimate(
        value=value[lift],
        stabilised=FUNCTIONS[RECORD.stabilise](value[lift]),
        lag_s=unknown,
        phase=unknown,
        coverage=coverage[lift],
        n_effective=(agree / len(lags))[lift],
        extra={"agree": agree[lift], "go_on": go_on[lift], "ratio": ratio[lift]},
    )


combine, reduce = pairwise.functions(RECORD.name, prepare, _estimate)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart not to be compared; with all pairs nothing is."""
    return float(settings["max_lag_s"]) if settings["pairs"] == "near" else 0.0
