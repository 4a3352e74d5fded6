"""Phase lag index: how often one person's phase is ahead of the other's, whatever by how much.

A common source makes differences around 0 or half a cycle, as often ahead as behind, and adds nothing. The price: a
small true lag in noise flips its sign often and is missed; the weighted index (wpli) suffers less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._phase import Kind, Means, nothing

RECORD = MeasureRecord(
    name="pli",
    title="Phase lag index",
    formula="pli = |mean of sign Im(x_a·conj(x_b))|",
    reference="Stam CJ, Nolte G, Daffertshofer A (2007). Phase lag index: assessment of functional connectivity from "
    "multi channel EEG and MEG with diminished bias from common sources. Human Brain Mapping 28, 1178-1193.",
    doi="10.1002/hbm.20346",
    value_range=(0.0, 1.0),
    with_itself=0.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("zero lag", "half-cycle lag", "amplitude"),
    surrogates={
        "segment_shuffle": "reindex",
        "circular_shift": "prepare",
        "phase_randomisation": "prepare",
        "aaft": "prepare",
    },
    default_surrogate="segment_shuffle",
    settings={"across": "time", "spectrum": "multitaper", "min_valid": 0.5, "segment_s": 10.0},
    settings_help={
        "across": "'time': within each epoch, then the mean over epochs; 'epochs': over epochs, then over the band",
        "spectrum": "across epochs: 'multitaper' (seven Slepian tapers) or 'fourier' (one Hann window)",
        "min_valid": "share of an epoch's samples that must be valid for it to count",
        "segment_s": "continuous recordings: seconds of the stretches that segment_shuffle puts in another order",
    },
    named_settings={
        "hypyp": {"across": "time"},
        "mne": {"across": "epochs", "spectrum": "multitaper"},
        "mne_fourier": {"across": "epochs", "spectrum": "fourier"},
    },
    needs_bands=True,
    methods="Lagged phase synchrony was measured by the phase lag index (Stam et al., 2007): how consistently one "
    "person's phase is ahead.",
)


def _value(means: Means) -> np.ndarray:
    assert means.sign is not None
    return np.abs(means.sign)


def _kind(settings: Mapping[str, Any]) -> Kind:
    return Kind(value=_value, own=nothing, unit=False, imaginary="all")


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
