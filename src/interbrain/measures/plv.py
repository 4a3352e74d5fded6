"""Phase-locking value: how constant the difference of two phases is, whatever their amplitudes.

Defaults: across time (see ``_phase`` for what that asks, and what "across epochs" asks instead). ``hypyp`` gives
HyPyP's PLV, ``mne`` and ``mne_fourier`` the across-epoch PLV of MNE-Connectivity in its modes "multitaper" (its
default) and "fourier".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import (
    EPOCHS_REORDERED,
    RHYTHM_CONVENTIONS,
    SPECTRUM_ALLOWED,
    SPECTRUM_HELP,
    STRETCHES,
    STRETCHES_HELP,
)
from interbrain.measures._phase import Kind, Means, modulus, nothing

RECORD = MeasureRecord(
    name="plv",
    title="Phase-locking value",
    formula="PLV = |mean of exp(i(α − β))|",
    reference="Lachaux JP, Rodriguez E, Martinerie J, Varela FJ (1999). Measuring phase synchrony in brain signals. "
    "Human Brain Mapping 8, 194-208.",
    doi="10.1002/(SICI)1097-0193(1999)8:4<194::AID-HBM4>3.0.CO;2-C",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("amplitude",),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "time", "spectrum": "multitaper", **STRETCHES},
    settings_allowed=SPECTRUM_ALLOWED,
    settings_help={
        **SPECTRUM_HELP,
        "across": "'time': constant within each epoch, then the mean over epochs; 'epochs': the same in every epoch",
        **STRETCHES_HELP,
    },
    named_settings=RHYTHM_CONVENTIONS,
    needs_bands=True,
    methods="Phase synchrony was measured by the phase-locking value (Lachaux et al., 1999): the length of the mean "
    "vector of phase differences in each band.",
)


def _value(means: Means) -> np.ndarray:
    return modulus(means.minus)


def _kind(settings: Mapping[str, Any]) -> Kind:
    return Kind(value=_value, own=nothing, unit=True)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
