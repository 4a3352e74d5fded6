"""Coherence: how constant phase difference and amplitude ratio are together.

The value is the magnitude of coherency by default (``form = "magnitude"``); ``"squared"`` is what MATLAB's mscohere and
SciPy give. The two are often mixed up: HyPyP's "coherence" is the magnitude, whatever its documentation says. What
reaches both people at the same instant makes coherence without any exchange; imaginary coherence does not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import EPOCHS_REORDERED, SPECTRUM_ALLOWED, SPECTRUM_HELP, STRETCHES, STRETCHES_HELP
from interbrain.measures._phase import Kind, Means, modulus, power

RECORD = MeasureRecord(
    name="coh",
    title="Coherence",
    formula="coh = |mean of x_a·conj(x_b)| / √(mean |x_a|² · mean |x_b|²)",
    reference="Bendat JS, Piersol AG (2010). Random data: analysis and measurement procedures (4th ed.). Wiley.",
    doi="10.1002/9781118032428",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("which of two signals a common source drives",),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "time", "spectrum": "multitaper", "form": "magnitude", **STRETCHES},
    settings_allowed={**SPECTRUM_ALLOWED, "form": ("magnitude", "squared")},
    settings_help={
        **SPECTRUM_HELP,
        "form": "'magnitude' of coherency or its square ('squared'), taken in each epoch or at each frequency",
        **STRETCHES_HELP,
    },
    named_settings={
        "hypyp": {"across": "time", "form": "magnitude"},
        "mne": {"across": "epochs", "spectrum": "multitaper", "form": "magnitude"},
        "mne_fourier": {"across": "epochs", "spectrum": "fourier", "form": "magnitude"},
    },
    needs_bands=True,
    methods="Synchrony was measured by coherence (magnitude of coherency unless stated) in each band.",
)


def _magnitude(means: Means) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = modulus(means.minus) / np.sqrt(means.own_a[0].real * means.own_b[0].real)
    return np.where(np.isfinite(value), np.minimum(value, 1.0), np.nan)


def _squared(means: Means) -> np.ndarray:
    return _magnitude(means) ** 2


def _kind(settings: Mapping[str, Any]) -> Kind:
    return Kind(value=_magnitude if settings["form"] == "magnitude" else _squared, own=power, unit=False)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
