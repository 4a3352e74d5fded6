"""Partial directed coherence: which share of what one channel sends goes to the other, band by band.

Of an autoregressive model's coefficients at each frequency, A(f), the value is |A_ji|² over the sum of the column,
|A_ki|² over all k: what leaves the cause, itself included. ``generalised`` weighs each by its innovations' size
(Baccalá, Takahashi & Sameshima 2007), which matters where one person is far more predictable than the other. Channels
are put on one scale first, so units do not matter either way.

With two channels a third one that drives both looks like a connection; ``conditional`` takes all channels of both
people into one model and leaves direct connections among them. Large where the cause sends little elsewhere: compare
a pair with its null, not pairs with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _transfer as transfer
from interbrain.measures._families import PAIRED_PAST_HELP, PAST, PAST_ALLOWED, PREPARED_AGAIN
from interbrain.measures._transfer import Model, Prepared, State

RECORD = MeasureRecord(
    name="pdc",
    title="Partial directed coherence",
    formula="PDC²(a → b) = mean over the band of |A_ba(f)|² / sum over k of |A_ka(f)|², "
    "A = autoregressive coefficients",
    reference="Baccalá LA, Sameshima K (2001). Partial directed coherence: a new concept in neural structure "
    "determination. Biological Cybernetics 84, 463-474.",
    doi="10.1007/PL00007990",
    value_range=(0.0, 1.0),
    with_itself=None,
    stabilise="asin_sqrt",
    directed=True,
    accepts=("epochs", "continuous"),
    modalities=("eeg", "motion", "heart", "eda", "voice", "fnirs", "misc"),
    blind_to=("amplitude", "sign of the relation", "what happens within one sample"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="segment_shuffle",
    settings={"generalised": False, **PAST},
    settings_allowed=PAST_ALLOWED,
    settings_help={
        "generalised": "whether coefficients are weighed by the size of the innovations",
        **PAIRED_PAST_HELP,
    },
    needs_bands=True,
    methods="Directed synchrony was measured by partial directed coherence (Baccalá & Sameshima, 2001), squared and "
    "averaged over each band.",
)


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Samples on one scale.

    Raises
    ------
    BadInput, RefusedScience
        See :func:`~._transfer.prepare`.
    """
    return transfer.prepare(RECORD.name, block, settings)


def reduce(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Band means of PDC² ``(A, B, band, 2)``, directions A to B and B to A; with ``windows`` a list of answers."""
    spectrum = generalised if state.a.person.settings["generalised"] else plain
    return transfer.reduce(state, windows, spectrum, RECORD.stabilise)


def plain(model: Model, cycles: np.ndarray) -> np.ndarray:
    """PDC² ``(..., frequency, effect, cause)``."""
    power = np.abs(model.inwards(cycles)) ** 2
    return power / power.sum(axis=-2, keepdims=True)


def generalised(model: Model, cycles: np.ndarray) -> np.ndarray:
    """PDC² with rows in units of their innovations' SD."""
    power = np.abs(model.inwards(cycles) / model.spread[..., None, :, None]) ** 2
    return power / power.sum(axis=-2, keepdims=True)


combine, memory_s = transfer.combine, transfer.memory_s
