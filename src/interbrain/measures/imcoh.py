"""Imaginary coherence: the part of coherence that no signal picked up by both people at once can make.

A source that reaches both recordings at the same instant (mains, a shared amplifier, a stimulus flash seen in both)
gives a real cross-spectrum; the imaginary part is what comes with a lag. Lags near half a cycle are as invisible as
lag zero.

The value is absolute by default, taken in each epoch (across epochs: at each frequency) before the mean. The sign of
an EEG channel depends on the orientation of its source and on the reference, so signed values of a region's channel
pairs would cancel although each pair keeps a steady lag; the price is a chance level above zero, which the null
carries. Who leads is in ``phase``, from the cross-spectrum summed over epochs. ``hypyp`` is this form; ``mne`` and
``mne_fourier`` are the signed across-epoch form of MNE-Connectivity (modes "multitaper" and "fourier"), positive when
A leads by less than half a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import EPOCHS_REORDERED, SPECTRUM_ALLOWED, SPECTRUM_HELP, STRETCHES, STRETCHES_HELP
from interbrain.measures._phase import Kind, Means, power

RECORD = MeasureRecord(
    name="imcoh",
    title="Imaginary coherence",
    formula="imcoh = Im(mean of x_a·conj(x_b)) / √(mean |x_a|² · mean |x_b|²)",
    reference="Nolte G, Bai O, Wheaton L, Mari Z, Vorbach S, Hallett M (2004). Identifying true brain interaction from "
    "EEG data using the imaginary part of coherency. Clinical Neurophysiology 115, 2292-2307.",
    doi="10.1016/j.clinph.2004.04.029",
    value_range=(0.0, 1.0),
    with_itself=0.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("zero lag", "half-cycle lag"),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "time", "spectrum": "multitaper", "sign": "absolute", **STRETCHES},
    settings_allowed={**SPECTRUM_ALLOWED, "sign": ("absolute", "signed")},
    settings_help={
        **SPECTRUM_HELP,
        "sign": "'absolute' in each epoch (or at each frequency, across epochs), or 'signed': positive when A leads",
        **STRETCHES_HELP,
    },
    named_settings={
        "hypyp": {"across": "time", "sign": "absolute"},
        "mne": {"across": "epochs", "spectrum": "multitaper", "sign": "signed"},
        "mne_fourier": {"across": "epochs", "spectrum": "fourier", "sign": "signed"},
    },
    needs_bands=True,
    methods="Lagged synchrony was measured by the imaginary part of coherency (Nolte et al., 2004), in absolute value "
    "unless stated, which is zero for anything that reaches both people at the same instant.",
)


def _signed(means: Means) -> np.ndarray:
    power = means.own_a[0].real * means.own_b[0].real
    with np.errstate(invalid="ignore", divide="ignore"):
        value = means.minus.imag / np.sqrt(power)
    return np.where(np.isfinite(value), value, np.nan)


def _absolute(means: Means) -> np.ndarray:
    return np.abs(_signed(means))


def _kind(settings: Mapping[str, Any]) -> Kind:
    value = _absolute if settings["sign"] == "absolute" else _signed
    return Kind(value=value, own=power, unit=False, real=False)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
