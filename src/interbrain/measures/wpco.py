"""Wavelet phase coherence: how steady the phase difference of two people's rhythms is, whatever their amplitudes.

Independent series give about √(π/4N) of N independent moments, so compare with surrogates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _wavelet_contract as contract
from interbrain.measures._families import WAVELET, WAVELET_ALLOWED, WAVELET_HELP, WAVELET_NEED, WAVELET_NULLS
from interbrain.measures._wavelet_points import Content

RECORD = MeasureRecord(
    name="wpco",
    title="Wavelet phase coherence",
    formula="γ(s) = |mean over time of exp(i (φ_A - φ_B))| at each scale inside the cone, mean over the band's scales",
    reference="Bandrivskyy A, Bernjak A, McClintock P, Stefanovska A (2004). Wavelet phase coherence analysis: "
    "application to skin temperature and blood flow. Cardiovascular Engineering 4, 89-93; Sheppard LW, Stefanovska A, "
    "McClintock PVE (2012). Testing for time-localized coherence in bivariate data. Physical Review E 85, 046205, "
    "doi:10.1103/PhysRevE.85.046205.",
    doi="10.1023/B:CARE.0000025126.63253.43",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("continuous",),
    modalities=("fnirs", "eda", "heart", "motion", "voice", "misc"),
    blind_to=("amplitude", "which of two signals a common source drives"),
    surrogates=WAVELET_NULLS,
    default_surrogate="circular_shift",
    settings=WAVELET,
    settings_allowed=WAVELET_ALLOWED,
    settings_need=WAVELET_NEED,
    settings_help=WAVELET_HELP,
    named_settings={"interbrain": {}},
    needs_bands=True,
    methods="Synchrony was the wavelet phase coherence (Morlet wavelet, omega0 = 6; Bandrivskyy et al., 2004): the "
    "length of the time-averaged unit phasor of the phase difference at each scale, inside the cone of influence and "
    "at least √2 scales away from missing samples, averaged over the band's scales by their samples.",
)


def _content(coefficients: np.ndarray, scale: float) -> tuple[np.ndarray, ...]:
    size = np.abs(coefficients)
    return (coefficients / np.where(size > 0, size, 1.0),)


def _content_of(settings: Mapping[str, Any]) -> Content:
    return _content


def _answer(weight: np.ndarray, totals: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    phasors = totals[0]
    value = np.abs(phasors).sum(axis=0) / weight.sum(axis=0)
    return np.clip(value, 0.0, 1.0), phasors.sum(axis=0), phasors


prepare, combine, reduce, memory_s = contract.functions(RECORD, _content_of, _answer)
