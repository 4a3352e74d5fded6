"""Weighted phase lag index: the phase lag index with each sample weighed by how far from lag zero it is.

``debiased`` takes from the square what independent samples add by chance (the estimator wpli²-debiased; it can be
below 0). It counts samples as independent, so it is for ``across = "epochs"``: samples of one epoch remember each
other. Without it, samples of ``across = "time"`` are kept in single precision: half the memory and half the time, for
values to some 1e-7; epochs in which two people are nearly in the same phase are computed in double precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import EPOCHS_REORDERED, SPECTRUM_ALLOWED, SPECTRUM_HELP, STRETCHES, STRETCHES_HELP
from interbrain.measures._phase import Kind, Means, nothing

RECORD = MeasureRecord(
    name="wpli",
    title="Weighted phase lag index",
    formula="wpli = |mean of im| / mean of |im|, im = Im(x_a·conj(x_b))",
    reference="Vinck M, Oostenveld R, van Wingerden M, Battaglia F, Pennartz CMA (2011). An improved index of "
    "phase-synchronization for electrophysiological data in the presence of volume-conduction, noise and sample-size "
    "bias. NeuroImage 55, 1548-1565.",
    doi="10.1016/j.neuroimage.2011.01.055",
    value_range=(0.0, 1.0),
    with_itself=None,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("zero lag", "half-cycle lag"),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "time", "spectrum": "multitaper", "debiased": False, **STRETCHES},
    settings_allowed=SPECTRUM_ALLOWED,
    settings_help={
        **SPECTRUM_HELP,
        "debiased": "whether the debiased estimator of its square is taken",
        **STRETCHES_HELP,
    },
    named_settings={
        "hypyp": {"across": "time", "debiased": False},
        "mne": {"across": "epochs", "spectrum": "multitaper", "debiased": False},
        "mne_fourier": {"across": "epochs", "spectrum": "fourier", "debiased": False},
        "mne_debiased": {"across": "epochs", "spectrum": "multitaper", "debiased": True},
        "mne_fourier_debiased": {"across": "epochs", "spectrum": "fourier", "debiased": True},
    },
    needs_bands=True,
    methods="Lagged phase synchrony was measured by the weighted phase lag index (Vinck et al., 2011).",
)


def _value(means: Means) -> np.ndarray:
    assert means.size is not None
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.abs(means.minus.imag) / means.size
    return np.where(np.isfinite(value), np.minimum(value, 1.0), np.nan)


def _debiased(means: Means) -> np.ndarray:
    assert means.size is not None and means.square is not None
    with np.errstate(invalid="ignore", divide="ignore"):
        alone = means.square / means.n
        value = (means.minus.imag**2 - alone) / (means.size**2 - alone)
    return np.where(np.isfinite(value), value, np.nan)


def _kind(settings: Mapping[str, Any]) -> Kind:
    if settings["debiased"]:
        return Kind(value=_debiased, own=nothing, unit=False, imaginary="all")
    return Kind(value=_value, own=nothing, unit=False, imaginary="size", real=False, single=True)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
