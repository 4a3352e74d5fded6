"""Wavelet phase coherence: how steady the phase difference of two people's rhythms is, whatever their amplitudes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _wavelet_points as points

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
    },
    named_settings={"interbrain": {}},
    needs_bands=True,
    methods="Synchrony was the wavelet phase coherence (Morlet wavelet, omega0 = 6; Bandrivskyy et al., 2004): the "
    "length of the time-averaged unit phasor of the phase difference at each scale, inside the cone of influence and "
    "at least √2 scales away from missing samples, averaged over the band's scales by their samples.",
)


def prepare(block: Block, settings: Mapping[str, Any]) -> points.Prepared:
    """Phases of every channel of one person, once; see ``_wavelet_points.prepare`` for shapes and errors."""
    return points.prepare(block, settings, RECORD, _content)


def _content(coefficients: np.ndarray, scale: float) -> tuple[np.ndarray, ...]:
    size = np.abs(coefficients)
    return (coefficients / np.where(size > 0, size, 1.0),)


def combine(a: points.Prepared, b: points.Prepared) -> points.State:
    """All channel pairs of two people; ``a`` leads where phases are positive."""
    return points.combine(a, b, RECORD.name)


def reduce(state: points.State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Phase coherence; independent series give about √(π/4N) of N independent moments, so compare with surrogates."""
    if windows is None:
        return _estimate(state, 0, state.a.n)
    return [_estimate(state, int(start), int(stop)) for start, stop in windows]


def _estimate(state: points.State, start: int, stop: int) -> Estimate:
    return points.estimate(state, start, stop, _answer, FUNCTIONS[RECORD.stabilise])


def _answer(weight: np.ndarray, totals: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    phasors = totals[0]
    value = np.abs(phasors).sum(axis=0) / weight.sum(axis=0)
    return np.clip(value, 0.0, 1.0), phasors.sum(axis=0), phasors


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds that two stretches must be apart to be told apart."""
    return points.memory_s(settings, float(settings.get("omega0", RECORD.settings["omega0"])))
