"""Adjusted circular correlation: circular correlation about the directions that make it largest.

A phase that goes round uniformly has no mean direction. Jammalamadaka and SenGupta then take, in place of the two
means, the pair of directions that maximises the numerator, which becomes the difference between the lengths of the
mean vectors of α − β and of α + β; Zimmermann and others divide by the spread about these same directions. Phases of
band-passed signals nearly always go round, so that α + β has hardly any mean vector and the value lies close to the
phase-locking value. It is signed (negative where phases mirror each other); averages over epochs keep the sign, as in
HyPyP, so ``hypyp`` differs from the defaults in nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import EPOCHS_REORDERED, HANN_ALLOWED, HANN_HELP, STRETCHES, STRETCHES_HELP
from interbrain.measures._phase import Kind, Means, modulus

RECORD = MeasureRecord(
    name="accorr",
    title="Adjusted circular correlation",
    formula="r = (R⁻ − R⁺) / 2√(mean sin²(α − m) · mean sin²(β − n)), R^∓ exp(i(m ∓ n)) = mean of exp(i(α ∓ β))",
    reference="Zimmermann M, Schultz-Nielsen K, Dumas G, Konvalinka I (2024). Arbitrary methodological decisions skew "
    "inter-brain synchronization estimates in hyperscanning-EEG studies. Imaging Neuroscience 2, imag_a_00350.",
    doi="10.1162/imag_a_00350",
    value_range=(-1.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("amplitude",),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "time", **STRETCHES},
    settings_allowed=HANN_ALLOWED,
    settings_help={**HANN_HELP, **STRETCHES_HELP},
    named_settings={"hypyp": {"across": "time"}},
    needs_bands=True,
    methods="Phase synchrony was measured by the adjusted circular correlation coefficient (Zimmermann et al., 2024) "
    "of the phases in each band.",
)


def _value(means: Means) -> np.ndarray:
    (second_a,), (second_b,) = means.own_a, means.own_b
    difference, total = modulus(means.minus), modulus(means.plus)
    with np.errstate(invalid="ignore", divide="ignore"):
        # With u⁻ = exp(i(m − n)) and u⁺ = exp(i(m + n)): exp(2im) = u⁺u⁻ and exp(2in) = u⁺ / u⁻.
        minus, plus = means.minus / difference, means.plus / total
        spread_a = 1 - (second_a * (plus * minus).conj()).real
        spread_b = 1 - (second_b * plus.conj() * minus).real
        value = (difference - total) / np.sqrt(spread_a * spread_b)
    return np.where(np.isfinite(value), np.clip(value, -1.0, 1.0), np.nan)


def _own(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return (x**2,)


def _kind(settings: Mapping[str, Any]) -> Kind:
    return Kind(value=_value, own=_own, unit=True, plus=True)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
