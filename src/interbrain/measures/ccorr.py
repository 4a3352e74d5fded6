"""Circular correlation: whether two phases depart from their mean directions together.

Within an epoch the phase of a rhythm goes round and round, so its mean direction rests on chance, and with it the
value: two people who keep step with a steady phase difference get about the cosine of a random angle, times their
phase-locking value, with either sign; only coupling without any lag is seen well, since the two mean directions are
then alike. Signed values of such people therefore average to nothing over epochs. Hence the default, HyPyP's
(``hypyp``), takes the absolute value in each epoch: it rises with coupling at any lag, at the price of a chance level
(.21 for theta in 1 s epochs) that the null carries. A single continuous recording has one such random angle. For new
studies prefer the adjusted form (``accorr``), which chooses the directions that fit the data.

``sign = "signed"`` is +1 where both phases run ahead of and behind their means together, −1 where one runs ahead as
the other falls behind. It is for phases that have a mean direction, such as those across epochs locked to an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _phase_contract as contract
from interbrain.measures._families import EPOCHS_REORDERED, HANN_ALLOWED, HANN_HELP, STRETCHES, STRETCHES_HELP
from interbrain.measures._phase import Kind, Means

RECORD = MeasureRecord(
    name="ccorr",
    title="Circular correlation",
    formula="r = Σ sin(α − μ) sin(β − ν) / √(Σ sin²(α − μ) Σ sin²(β − ν)), μ and ν the mean directions",
    reference="Burgess AP (2013). On the interpretation of synchronization in EEG hyperscanning studies: a cautionary "
    "note. Frontiers in Human Neuroscience 7, 881. After Jammalamadaka SR, SenGupta A (2001). Topics in Circular "
    "Statistics, World Scientific.",
    doi="10.3389/fnhum.2013.00881",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg",),
    blind_to=("amplitude",),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"across": "time", "sign": "absolute", **STRETCHES},
    settings_allowed={**HANN_ALLOWED, "sign": ("absolute", "signed")},
    settings_help={
        **HANN_HELP,
        "sign": "'absolute' in each epoch (or at each frequency, across epochs), or 'signed': from -1 to 1",
        **STRETCHES_HELP,
    },
    named_settings={"hypyp": {"across": "time", "sign": "absolute"}},
    needs_bands=True,
    methods="Phase synchrony was measured by the circular correlation coefficient (Burgess, 2013) of the phases in "
    "each band, in absolute value unless stated.",
)


def _signed(means: Means) -> np.ndarray:
    first_a, second_a = means.own_a
    first_b, second_b = means.own_b
    mean_a = first_a / np.abs(first_a)
    mean_b = first_b / np.abs(first_b)
    # 2 sin x sin y = cos(x − y) − cos(x + y) and 2 sin² x = 1 − cos 2x, under the mean over samples.
    joint = (means.minus * mean_a.conj() * mean_b).real - (means.plus * (mean_a * mean_b).conj()).real
    spread_a = 1 - (second_a * mean_a.conj() ** 2).real
    spread_b = 1 - (second_b * mean_b.conj() ** 2).real
    return joint / np.sqrt(spread_a * spread_b)


def _unbroken(means: Means) -> np.ndarray:
    assert means.sines is not None
    spreads = []
    for first, second in (means.own_a, means.own_b):
        mean = first / np.abs(first)
        spreads.append(1 - (second * mean.conj() ** 2).real)
    return 2 * means.sines / np.sqrt(spreads[0] * spreads[1])


def _value(means: Means) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = _signed(means) if means.sines is None else _unbroken(means)
    return np.where(np.isfinite(value), np.clip(value, -1.0, 1.0), np.nan)


def _absolute(means: Means) -> np.ndarray:
    return np.abs(_value(means))


def _own(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return x, x**2


def _kind(settings: Mapping[str, Any]) -> Kind:
    value = _absolute if settings["sign"] == "absolute" else _value
    unbroken = Kind(value=value, own=_own, unit=True, centred=True, real=False)
    return Kind(value=value, own=_own, unit=True, plus=True, unbroken=unbroken)


prepare, combine, reduce, draws, memory_s = contract.functions(_kind, RECORD.stabilise)
