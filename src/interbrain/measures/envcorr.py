"""Envelope correlation: whether two people's rhythms grow and wane together, whatever their phases.

Plain by default; ``orthogonalise`` takes out of each signal what is in phase with the other before the envelopes are
compared (Hipp et al. 2012), so that nothing that reaches both recordings at the same instant counts. ``scale`` is the
amplitude, the power (power correlation) or the logarithm of the power. In each epoch, then the mean over epochs:
epochs must be long against the waxing and waning (a band's envelope has about as many independent samples as the
epoch's seconds times the band's width in Hz).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _envelope
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import EPOCHS_REORDERED, STRETCHES, STRETCHES_ALLOWED, STRETCHES_HELP
from interbrain.measures._phase import Kind, Means, nothing

RECORD = MeasureRecord(
    name="envcorr",
    title="Envelope correlation",
    formula="r = corr(|x_a|, |x_b|); orthogonalised: |Im(x_b·conj(x_a))| / |x_a| for |x_b|, and the reverse",
    reference="Hipp JF, Hawellek DJ, Corbetta M, Siegel M, Engel AK (2012). Large-scale cortical correlation structure "
    "of spontaneous oscillatory activity. Nature Neuroscience 15, 884-890.",
    doi="10.1038/nn.3101",
    value_range=(-1.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("phase", "lag"),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"scale": "amplitude", "orthogonalise": False, "absolute": False, **STRETCHES},
    settings_allowed={**STRETCHES_ALLOWED, "scale": ("amplitude", "power", "log_power")},
    settings_help={
        "scale": "'amplitude', 'power' or 'log_power'",
        "orthogonalise": "whether what is in phase in both people is taken out first",
        "absolute": "whether |r| of each epoch is averaged",
        **STRETCHES_HELP,
    },
    named_settings={
        "hypyp": {"scale": "amplitude", "orthogonalise": False},
        "power": {"scale": "power", "orthogonalise": False},
        "hipp": {"scale": "log_power", "orthogonalise": True},
    },
    needs_bands=True,
    methods="Amplitude synchrony was measured by the correlation of envelopes in each band (orthogonalised where "
    "stated; Hipp et al., 2012).",
)


def _value(means: Means) -> np.ndarray:
    assert means.joint is not None
    return means.joint


def _absolute(means: Means) -> np.ndarray:
    return np.abs(_value(means))


def _kind(settings: Mapping[str, Any]) -> Kind:
    joint = _envelope.orthogonalised if settings["orthogonalise"] else _envelope.plain
    value = _absolute if settings["absolute"] else _value
    return Kind(value=value, own=nothing, unit=False, joint=partial(joint, scale=settings["scale"]), phased=False)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
