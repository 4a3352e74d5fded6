"""Pairwise phase consistency: the squared phase-locking value without its bias from few epochs.

It is the mean cosine between the phase differences of all pairs of epochs, 0 for independent people whatever the number
of epochs (so it can be below 0), PLV² for many. It counts samples as independent and is therefore taken across epochs
by default: samples of one epoch remember each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import EPOCHS_REORDERED, SPECTRUM_ALLOWED, SPECTRUM_HELP, STRETCHES, STRETCHES_HELP
from interbrain.measures._phase import Kind, Means, modulus, nothing

RECORD = MeasureRecord(
    name="ppc",
    title="Pairwise phase consistency",
    formula="ppc = (n·|mean of exp(i(α − β))|² − 1) / (n − 1)",
    reference="Vinck M, van Wingerden M, Womelsdorf T, Fries P, Pennartz CMA (2010). The pairwise phase consistency: a "
    "bias-free measure of rhythmic neuronal synchronization. NeuroImage 51, 112-122.",
    doi="10.1016/j.neuroimage.2010.01.073",
    value_range=(-1.0, 1.0),
    with_itself=1.0,
    stabilise="identity",
    directed=False,
    accepts=("epochs",),
    modalities=("eeg",),
    blind_to=("amplitude",),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "epochs", "spectrum": "multitaper", **STRETCHES},
    settings_allowed=SPECTRUM_ALLOWED,
    settings_help={**SPECTRUM_HELP, **STRETCHES_HELP},
    named_settings={
        "mne": {"across": "epochs", "spectrum": "multitaper"},
        "mne_fourier": {"across": "epochs", "spectrum": "fourier"},
    },
    needs_bands=True,
    methods="Phase synchrony was measured by the pairwise phase consistency (Vinck et al., 2010) across epochs.",
)


def _value(means: Means) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (means.n * modulus(means.minus) ** 2 - 1) / (means.n - 1)
    return np.where(np.isfinite(value), value, np.nan)


def _kind(settings: Mapping[str, Any]) -> Kind:
    return Kind(value=_value, own=nothing, unit=True)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
