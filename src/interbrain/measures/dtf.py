"""Directed transfer function: which share of what reaches one channel comes from the other, band by band.

Of an autoregressive model's transfer function at each frequency, H(f) = A(f)⁻¹, the value is |H_ji|² over the sum of
the row, |H_jk|² over all k: all that arrives at the effect, its own innovations included. It follows every path from
cause to effect, also those through a third channel. Of a model of two channels it equals squared partial directed
coherence.

``kind = "ff"`` divides by the mean over all frequencies instead, so that bands in which much arrives count more;
``"direct"`` (dDTF) multiplies that by the squared partial coherence, which is small where the path is not direct: with
``conditional``, which takes all channels of both people into one model, it tells direct connections from relayed ones.
Channels are put on one scale first, so units do not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord, as_set
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _transfer as transfer
from interbrain.measures._families import PAIRED_PAST_HELP, PAST, PAST_ALLOWED, PREPARED_AGAIN
from interbrain.measures._transfer import Model, Prepared, State

RECORD = MeasureRecord(
    name="dtf",
    title="Directed transfer function",
    formula="DTF²(a → b) = mean over the band of |H_ba(f)|² / sum over k of |H_bk(f)|², H = inverse of the "
    "autoregressive coefficients",
    reference="Kamiński MJ, Blinowska KJ (1991). A new method of the description of the information flow in the brain "
    "structures. Biological Cybernetics 65, 203-210. The direct one: Korzeniewska A, Mańczak M, Kamiński M, Blinowska "
    "KJ, Kasicki S (2003). Journal of Neuroscience Methods 125, 195-207, doi:10.1016/S0165-0270(03)00052-9.",
    doi="10.1007/BF00198091",
    value_range=(0.0, 1.0),
    with_itself=None,
    stabilise="asin_sqrt",
    directed=True,
    accepts=("epochs", "continuous"),
    modalities=("eeg", "motion", "heart", "eda", "voice", "fnirs", "misc"),
    blind_to=("amplitude", "sign of the relation", "what happens within one sample"),
    surrogates=PREPARED_AGAIN,
    under={
        "kind=ff": {"value_range": (0.0, None), "stabilise": "sqrt"},
        "kind=direct": {"value_range": (0.0, None), "stabilise": "sqrt"},
    },
    default_surrogate="segment_shuffle",
    settings={"kind": "plain", **PAST},
    settings_allowed={"kind": ("plain", "ff", "direct"), **PAST_ALLOWED},
    settings_help={
        "kind": "'plain'; 'ff': over what arrives at all frequencies; 'direct': that times partial coherence (dDTF)",
        **PAIRED_PAST_HELP,
    },
    named_settings={"ddtf": {"kind": "direct", "conditional": True}},
    needs_bands=True,
    methods="Directed synchrony was measured by the directed transfer function (Kamiński & Blinowska, 1991), squared "
    "and averaged over each band.",
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
    """Band means of DTF² ``(A, B, band, 2)``, directions A to B and B to A; with ``windows`` a list of answers."""
    settings = state.a.person.settings
    return transfer.reduce(state, windows, SPECTRA[settings["kind"]], as_set(RECORD, settings).stabilise)


def plain(model: Model, cycles: np.ndarray) -> np.ndarray:
    """DTF² ``(..., frequency, effect, cause)``."""
    power = np.abs(model.outwards(cycles)) ** 2
    return power / power.sum(axis=-1, keepdims=True)


def full_frequency(model: Model, cycles: np.ndarray) -> np.ndarray:
    """|H_ij(f)|² over the mean, over all frequencies, of all that arrives at i; unlike a share it can exceed 1."""
    everywhere = np.abs(model.outwards(transfer.all_frequencies())) ** 2
    return np.abs(model.outwards(cycles)) ** 2 / everywhere.sum(axis=-1).mean(axis=-2)[..., None, :, None]


def partial_coherence(model: Model, cycles: np.ndarray) -> np.ndarray:
    """Squared, ``(..., frequency, channel, channel)``: what two channels share beyond all others."""
    inwards = model.inwards(cycles)
    inverse = inwards.conj().swapaxes(-1, -2) @ np.linalg.inv(model.noise)[..., None, :, :] @ inwards
    own = np.diagonal(inverse, axis1=-2, axis2=-1).real
    return np.abs(inverse) ** 2 / (own[..., :, None] * own[..., None, :])


def direct(model: Model, cycles: np.ndarray) -> np.ndarray:
    """dDTF²: full-frequency DTF² times squared partial coherence."""
    return full_frequency(model, cycles) * partial_coherence(model, cycles)


SPECTRA: dict[str, transfer.Spectrum] = {"plain": plain, "ff": full_frequency, "direct": direct}
combine, memory_s = transfer.combine, transfer.memory_s
