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
from interbrain.measures._families import (
    EPOCHS_REORDERED,
    RHYTHM_CONVENTIONS,
    SPECTRUM_ALLOWED,
    SPECTRUM_HELP,
    STRETCHES,
    STRETCHES_HELP,
)
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
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "time", "spectrum": "multitaper", **STRETCHES},
    settings_allowed=SPECTRUM_ALLOWED,
    settings_help={**SPECTRUM_HELP, **STRETCHES_HELP},
    named_settings=RHYTHM_CONVENTIONS,
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
