"""Cross-wavelet transform: how much power two people's rhythms have at the same time, and how one lags the other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _wavelet_points as points

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
    surrogates={
        "circular_shift": "prepare",
        "phase_randomisation": "prepare",
        "aaft": "prepare",
        "segment_shuffle": "refused: cutting a continuous recording into pieces breaks every wavelet that spans a cut, "
        "so the surrogates would differ for that reason alone; use circular_shift.",
    },
    default_surrogate="circular_shift",
    settings={
        "voices": 12,
        "omega0": 6.0,
        "min_inside": 0.25,
        "path": "reduced",
        "padding": "no_wrap",
        "analytic": True,
        "cone_from": "edge",
        "grid": "absolute",
        "rectify": True,
    },
    settings_help={
        "voices": "scales an octave",
        "omega0": "cycles in the Morlet wavelet (times 2 pi): higher is finer in frequency, coarser in time",
        "min_inside": "smallest share of time × scale inside the cone and away from gaps that a value may rest on",
        "path": "'reduced' (points a quarter of a scale apart) or 'full' (every sample, the reference)",
        "padding": "zeros after the series: 'no_wrap', or 'biwavelet' and 'pycwt', where slow scales wrap round",
        "analytic": "positive frequencies only, half the rate among them",
        "cone_from": "the cone of influence starts at the first sample's 'edge' or at the 'sample'",
        "grid": "'absolute': periods 2^(j/voices) s at any rate; '2dt': from two samples on",
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


def prepare(block: Block, settings: Mapping[str, Any]) -> points.Prepared:
    """Transform every channel of one person once; see ``_wavelet_points.prepare`` for shapes and errors.

    Rectified, a sine of variance v (of the series' variance 1) has the power v at its period, whatever the period and
    the rate. Otherwise white noise has the power 1 at every scale (Torrence and Compo).
    """
    rectify = bool({**RECORD.settings, **settings}["rectify"])
    if "convention" in settings:
        rectify = bool({**RECORD.settings, **RECORD.named_settings[settings["convention"]], **settings}["rectify"])
    return points.prepare(block, settings, RECORD, partial(_content, rectify=rectify))


def _content(coefficients: np.ndarray, scale: float, rectify: bool) -> tuple[np.ndarray, ...]:
    sized = coefficients / np.sqrt(scale * np.sqrt(np.pi)) if rectify else coefficients
    return np.abs(sized), sized


def combine(a: points.Prepared, b: points.Prepared) -> points.State:
    """All channel pairs of two people; ``a`` leads where phases are positive."""
    return points.combine(a, b, RECORD.name)


def reduce(state: points.State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Mean magnitude; ``phase`` and ``lag_s`` of the summed cross-wavelet, in which strong moments count more."""
    if windows is None:
        return _estimate(state, 0, state.a.n)
    return [_estimate(state, int(start), int(stop)) for start, stop in windows]


def _estimate(state: points.State, start: int, stop: int) -> Estimate:
    return points.estimate(state, start, stop, _answer, FUNCTIONS[RECORD.stabilise])


def _answer(weight: np.ndarray, totals: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    magnitude, cross = totals
    return magnitude.sum(axis=0) / weight.sum(axis=0), cross.sum(axis=0), cross


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds that two stretches must be apart to be told apart."""
    return points.memory_s(settings, float(settings.get("omega0", RECORD.settings["omega0"])))
