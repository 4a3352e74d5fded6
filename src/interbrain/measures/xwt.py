"""Cross-wavelet transform: how much power two people's rhythms have at the same time, and how one lags the other.

The value is the mean magnitude; ``phase`` and ``lag_s`` are those of the summed cross-wavelet, in which strong moments
count more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _wavelet_contract as contract
from interbrain.measures._families import WAVELET, WAVELET_ALLOWED, WAVELET_HELP, WAVELET_NEED, WAVELET_NULLS
from interbrain.measures._wavelet_points import Content

RECORD = MeasureRecord(
    name="xwt",
    title="Cross-wavelet power",
    formula="mean of |W_A W_B*| / (s √π) over time × scale inside the cone; each series in its own SDs",
    reference="Veleda D, Montagne R, Araujo M (2012). Cross-wavelet bias corrected by normalizing scales. Journal of "
    "Atmospheric and Oceanic Technology 29, 1401-1408; Torrence C, Compo GP (1998), doi:10.1175/1520-0477(1998)079"
    "<0061:APGTWA>2.0.CO;2.",
    doi="10.1175/JTECH-D-11-00140.1",
    value_range=(0.0, None),
    with_itself=None,
    stabilise="sqrt",
    directed=False,
    accepts=("continuous",),
    modalities=("fnirs", "eda", "heart", "motion", "voice", "misc"),
    blind_to=("whether phases hold together", "amplitude of the whole signal"),
    surrogates=WAVELET_NULLS,
    default_surrogate="circular_shift",
    settings={**WAVELET, "rectify": True},
    settings_allowed=WAVELET_ALLOWED,
    settings_need=WAVELET_NEED,
    settings_help={
        **WAVELET_HELP,
        "rectify": "whether power is divided by its scale; otherwise slow rhythms of the same size have more of it",
    },
    named_settings={
        "interbrain": {},
        "pycwt": {"path": "full", "padding": "pycwt", "analytic": False, "grid": "2dt", "rectify": False},
    },
    needs_bands=True,
    methods="Joint power was measured by the magnitude of the cross-wavelet spectrum (Morlet wavelet, omega0 = 6) of "
    "the standardised series, divided by the scale (Veleda et al., 2012) and averaged over all times and scales of a "
    "band inside the cone of influence. It is high where both have power, whether or not their phases hold together.",
)


def _content(coefficients: np.ndarray, scale: float, rectify: bool) -> tuple[np.ndarray, ...]:
    sized = coefficients / np.sqrt(scale * np.sqrt(np.pi)) if rectify else coefficients
    return np.abs(sized), sized


def _content_of(settings: Mapping[str, Any]) -> Content:
    """Rectified, a sine of variance v (of the series' variance 1) has the power v at its period, whatever the period
    and the rate. Otherwise white noise has the power 1 at every scale (Torrence and Compo).
    """
    return partial(_content, rectify=settings["rectify"])


def _answer(weight: np.ndarray, totals: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    magnitude, cross = totals
    return magnitude.sum(axis=0) / weight.sum(axis=0), cross.sum(axis=0), cross


prepare, combine, reduce, memory_s = contract.functions(RECORD, _content_of, _answer)
