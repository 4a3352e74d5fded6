"""Wavelet transform coherence: how steady two series' amplitude and phase relation is, by band."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from interbrain.arrays import wavelet
from interbrain.arrays.stabilise import atanh_sqrt
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord, resolve_settings
from interbrain.data.signal import Block, Draws, Estimate
from interbrain.measures._families import SMOOTHED, SMOOTHED_ALLOWED, SMOOTHED_HELP, WAVELET_NEED, WAVELET_NULLS
from interbrain.measures._wavelet_bands import Band, Rules, bands_for, rules_from, scales_of
from interbrain.measures._wavelet_kernel import SUMS
from interbrain.measures._wavelet_map import WaveletMap, coherence_map, fill_gaps

__all__ = ["RECORD", "WaveletMap", "coherence_map", "combine", "display_map", "draws", "memory_s", "prepare", "reduce"]

RECORD = MeasureRecord(
    name="wtc",
    title="Wavelet transform coherence",
    formula="R² = |S(s⁻¹ W_A W_B*)|² / (S(s⁻¹|W_A|²) · S(s⁻¹|W_B|²)), mean over time × scale inside the cone",
    reference="Torrence C, Compo GP (1998). A practical guide to wavelet analysis. Bulletin of the American "
    "Meteorological Society 79, 61–78; Grinsted A, Moore JC, Jevrejeva S (2004). Application of the cross wavelet "
    "transform and wavelet coherence to geophysical time series. Nonlinear Processes in Geophysics 11, 561–566.",
    doi="10.5194/npg-11-561-2004",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh_sqrt",
    directed=False,
    accepts=("continuous",),
    modalities=("fnirs", "eda", "heart", "motion", "voice", "misc"),
    blind_to=("which of two signals a common source drives", "amplitude of the whole signal"),
    surrogates={**WAVELET_NULLS, "circular_shift": "reindex"},
    default_surrogate="circular_shift",
    settings=SMOOTHED,
    settings_allowed=SMOOTHED_ALLOWED,
    settings_need=WAVELET_NEED,
    settings_help=SMOOTHED_HELP,
    named_settings={
        "interbrain": {},
        "biwavelet": {
            "path": "full",
            "scale_kernel": "biwavelet",
            "padding": "biwavelet",
            "cone_from": "sample",
            "grid": "2dt",
        },
        "pycwt": {
            "path": "full",
            "scale_kernel": "pycwt",
            "padding": "pycwt",
            "analytic": False,
            "grid": "2dt",
        },
    },
    needs_bands=True,
    methods="Synchrony was the squared wavelet coherence (Morlet wavelet, omega0 = 6; products smoothed by a Gaussian "
    "of one scale in time and 0.6 octaves over scales), averaged over all times and scales of a band inside the cone "
    "of influence and at least √2 scales away from missing samples.",
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person's coefficients: ``sides[band][part]`` on the grids of ``bands``; ``block`` is what they came from."""

    block: Block
    rules: Rules
    bands: tuple[Band, ...]
    usable: np.ndarray
    clear: tuple[tuple[np.ndarray, ...], ...]
    sides: tuple[tuple[Any, ...], ...]


Sums: TypeAlias = tuple[tuple[np.ndarray, ...], ...]


class OnDemand:
    """Sums over scales for all channel pairs, ``[band][part]`` each ``(SUMS, A, B, out time)``.

    Windows need them ``by_time``; the whole needs less: stretches of times that add up to all.
    """

    def __init__(self, take: Callable[[bool], Sums]) -> None:
        self._take = take
        self._by_time: Sums | None = None

    def __call__(self, by_time: bool) -> Sums:
        if self._by_time is not None:
            return self._by_time
        found = self._take(by_time)
        if by_time:
            self._by_time = found
        return found


@dataclass(frozen=True, eq=False)
class State:
    """Two people together; ``sums`` are taken when an answer is asked for."""

    n: int
    rate: float
    rules: Rules
    bands: tuple[Band, ...]
    usable: np.ndarray
    sums: OnDemand


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Transform every channel of one person once.

    Parameters
    ----------
    block
        One continuous stretch ``(1, channel, time)``. Gaps are bridged by straight lines; what they touch is left out.
    settings
        Those of the record (or ``"convention"``), and ``"bands"``: name to (low, high) in Hz.

    Raises
    ------
    BadInput
        Settings that are none, a band too fast for the rate.
    RefusedScience
        Epochs.
    """
    if block.epoched or block.shape[0] != 1:
        raise RefusedScience(
            f"wtc needs one continuous stretch; got {block.shape[0]} epochs, between which time does not run on. "
            "Use a phase measure (plv, accorr, imcoh) for epochs."
        )
    rules = _rules(settings)
    bands = bands_for(block.shape[2], float(block.rate), rules)
    valid = block.valid[0]
    usable = varying(block)
    clear = tuple(tuple(rules.module.clear_of_gaps(part, valid) for part in band.parts) for band in bands)
    return Prepared(block, rules, bands, usable, clear, _sides(block, rules, bands, usable, clear))


def _rules(settings: Mapping[str, Any]) -> Rules:
    given = {k: v for k, v in settings.items() if k != "bands"}
    return rules_from({**resolve_settings(RECORD, given), "bands": settings.get("bands")})


def _sides(
    block: Block,
    rules: Rules,
    bands: tuple[Band, ...],
    usable: np.ndarray,
    clear: tuple[tuple[np.ndarray, ...], ...],
) -> tuple[tuple[Any, ...], ...]:
    def series(channels: slice) -> np.ndarray:
        return standardised(block, usable, channels)

    return tuple(rules.module.sides(band.parts, block.shape[1], series, masks) for band, masks in zip(bands, clear))


def varying(block: Block) -> np.ndarray:
    """``(channel,)``: whether the valid samples differ at all."""
    if block.valid.all():
        return np.asarray(np.ptp(block.values[0], axis=1) > 0)
    return np.array([v.any() and np.ptp(x[v]) > 0 for x, v in zip(block.values[0], block.valid[0])], dtype=bool)


def standardised(block: Block, usable: np.ndarray, channels: slice = slice(None)) -> np.ndarray:
    """``(channel, time)``: gaps bridged, mean 0, SD 1; zeros for channels that are not ``usable``."""
    values, valid, usable = block.values[0, channels], block.valid[0, channels], usable[channels]
    if valid.all():
        series = values - values.mean(axis=1, keepdims=True)
    else:
        series = np.stack([fill_gaps(x, v) for x, v in zip(values, valid)])
        series -= series.mean(axis=1, keepdims=True)
    size = np.sqrt(np.einsum("ct,ct->c", series, series) / series.shape[1])
    series *= np.where(usable, 1 / np.where(usable, size, 1.0), 0.0)[:, None]
    return series


def combine(a: Prepared, b: Prepared) -> State:
    """All channel pairs of two people; ``a`` leads where phases are positive.

    Raises
    ------
    RefusedScience
        Different rates or lengths: the two are then not on one clock.
    BadInput
        Prepared with different settings.
    """
    if a.block.rate != b.block.rate or a.block.shape[2] != b.block.shape[2]:
        raise RefusedScience(
            f"wtc: one person has {a.block.shape[2]} samples at {a.block.rate:g} Hz, the other {b.block.shape[2]} at "
            f"{b.block.rate:g} Hz; both must be on one clock. Align them first."
        )
    if a.rules != b.rules:
        raise BadInput("wtc: the two people were prepared with different settings; use the same ones for both.")
    usable = a.usable[:, None] & b.usable[None, :]
    sums = OnDemand(partial(_sums, a, b.sides, True))
    return State(a.block.shape[2], float(a.block.rate), a.rules, a.bands, usable, sums)


def _sums(a: Prepared, sides: tuple[tuple[Any, ...], ...], whole: bool, by_time: bool) -> Sums:
    return tuple(
        tuple(a.rules.module.profiles(part, x, y, whole, by_time) for part, x, y in zip(band.parts, sides_a, sides_b))
        for band, sides_a, sides_b in zip(a.bands, a.sides, sides)
    )


def reduce(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """The answer; with ``windows (W, 2)``, first and last-plus-one samples, a list of W answers.

    ``value`` is the mean squared coherence over samples × scales inside the cone and away from gaps; ``phase`` the
    argument of the sum of complex coherence over the same cells (each cell counts by its own coherence, none by its
    power); ``lag_s`` is the phase over 2 pi times their mean frequency, so it is known up to whole periods;
    ``coverage`` the share of all samples × scales that entered; ``n_effective`` the independent cells among them
    (``_wavelet_bands.independent_cells``). NaN where less than ``min_inside`` is left; ``extra["reason"]``
    ``(band,)`` says why a band is NaN for all pairs.

    ``extra`` also holds the shares of those samples × scales whose smoothed phase is within 45° of 0 (``in_phase``),
    between 45° and 135° with A or B ahead (``a_leads``, ``b_leads``), or beyond (``anti_phase``); each
    ``(A, B, band, 1)``. Without coupling they are about a quarter each (the shares of the phase toolbox of
    doi:10.3791/65347).
    """
    sums = state.sums(windows is not None)
    if windows is None:
        return _estimate(state, sums, 0, state.n)
    return [_estimate(state, sums, int(start), int(stop)) for start, stop in windows]


def _estimate(state: State, sums: Sums, start: int, stop: int) -> Estimate:
    totals = _band_totals(state, sums, start, stop)
    weight = totals[1]
    coverage = _coverage(state, weight, stop - start)
    ok = coverage >= state.rules.min_inside
    value = _mean(totals[0], weight, ok)
    phase = np.where(ok, np.arctan2(totals[3], totals[2]), np.nan)
    centre = np.array([band.centre for band in state.bands])
    cells = np.array([max(band.samples, 1.0) for band in state.bands])
    independent = np.array([band.independent for band in state.bands])
    n_effective = np.where(ok, np.maximum(1.0, independent * weight / cells), np.nan)
    return Estimate(
        value=value[..., None],
        stabilised=atanh_sqrt(value)[..., None],
        lag_s=(phase / (2 * np.pi * centre))[..., None],
        phase=phase[..., None],
        coverage=coverage[..., None],
        n_effective=n_effective[..., None],
        bands=tuple(band.name for band in state.bands),
        extra={"reason": np.array([band.reason for band in state.bands]), **_shares(totals, ok)},
    )


def _shares(totals: np.ndarray, ok: np.ndarray) -> dict[str, np.ndarray]:
    """Shares of time × scale by the phase of the smoothed cross-spectrum, as named; they add up to 1."""
    weight = np.where(ok, totals[1], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        in_phase, a_leads, b_leads = (np.clip(part / weight, 0.0, 1.0)[..., None] for part in totals[4:])
    anti_phase = np.clip(1 - in_phase - a_leads - b_leads, 0.0, 1.0)
    return {"in_phase": in_phase, "a_leads": a_leads, "b_leads": b_leads, "anti_phase": anti_phase}


def _coverage(state: State, weight: np.ndarray, n: int) -> np.ndarray:
    """``(A, B, band)``: share of all samples × scales of ``n`` samples that ``weight`` of them are."""
    all_cells = np.array([len(band.scales) for band in state.bands]) * max(n, 1)
    return np.where(state.usable[:, :, None], np.clip(weight / all_cells, 0, 1), 0.0)


def _band_totals(state: State, sums: Sums, start: int, stop: int) -> np.ndarray:
    """``(SUMS or 1, A, B, band)``."""
    return np.stack([_totals(state, i, some, start, stop) for i, some in enumerate(sums)], axis=-1)


def _totals(state: State, band: int, sums: tuple[np.ndarray, ...], start: int, stop: int) -> np.ndarray:
    """``(SUMS or 1, A, B)``: the sums of a band over the out times of a window."""
    totals = np.zeros((max((len(s) for s in sums), default=SUMS), *state.usable.shape))
    for part, some in zip(state.bands[band].parts, sums):
        if start <= 0 and stop >= state.n:
            totals += some.sum(axis=-1, dtype=np.float64)
        else:
            totals += some.astype(np.float64) @ _overlap(part, start, stop, state.n)
    return totals


def _overlap(part: Any, start: int, stop: int, n: int) -> np.ndarray:
    """Share of the recorded samples around each out time that lies in start … stop - 1; shares of windows add up."""
    left = np.clip(part.out_times - part.out_step / 2, -0.5, n - 0.5)
    right = np.clip(part.out_times + part.out_step / 2, -0.5, n - 0.5)
    within = np.minimum(right, stop - 0.5) - np.maximum(left, start - 0.5)
    beyond = np.where(left > 0, stop >= n, start <= 0)
    width = right - left
    return np.where(width > 0, np.clip(within, 0, None) / np.where(width > 0, width, 1.0), beyond)


def _mean(squares: np.ndarray, weight: np.ndarray, ok: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ok, np.clip(squares / weight, 0.0, 1.0), np.nan)


def draws(a: Prepared, b: Prepared, surrogate: str, index: np.ndarray) -> Draws:
    """Values under circular shifts of person B: ``value (S, A, B, band, 1)``.

    ``index (S,)`` holds shifts in samples. Masks stay where they are, so only B's coefficients are made again.

    Raises
    ------
    BadInput
        A surrogate that has no fast path here.
    """
    if surrogate != "circular_shift":
        raise BadInput(f"wtc: there is no fast path for {surrogate!r}; there is one for 'circular_shift'.")
    n = b.block.shape[2]
    observed = combine(a, b)
    totals = _band_totals(observed, observed.sums(False), 0, n)
    ok = _coverage(observed, totals[1], n) >= a.rules.min_inside
    value = np.empty((len(index), *ok.shape, 1))
    for k, shift in enumerate(np.asarray(index).reshape(len(index))):
        moved = _sides(_rolled(b.block, int(shift)), b.rules, b.bands, b.usable, b.clear)
        squares = _band_totals(observed, _sums(a, moved, whole=False, by_time=False), 0, n)
        value[k] = _mean(squares[0], totals[1], ok)[..., None]
    return Draws(value)


def _rolled(block: Block, shift: int) -> Block:
    """Each channel's valid samples turned round their own axis; with gaps by the same share of their number."""
    if block.valid.all():
        return Block(np.roll(block.values, shift, axis=2), block.valid, block.rate, block.epoched)
    values = np.array(block.values)
    for c, valid in enumerate(block.valid[0]):
        samples = values[0, c, valid]
        values[0, c, valid] = np.roll(samples, round(shift * len(samples) / block.shape[2]))
    return Block(values, block.valid, block.rate, block.epoched)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds that two stretches must be apart to be told apart: 2√2 of the slowest scale.

    The squared correlation of a wavelet coefficient with one so much later is exp(-4) = 0.02.
    """
    rules = _rules(settings)
    lowest = min(low for _, low, _ in rules.bands)
    return 2 * wavelet.CONE / lowest / wavelet.fourier_factor(rules.omega0)


def display_map(
    block_a: Block,
    block_b: Block,
    channel_a: int,
    channel_b: int,
    settings: Mapping[str, Any],
    columns: int = 400,
) -> WaveletMap:
    """The full-rate map of one channel pair for a figure, thinned to at most ``columns`` times.

    It spans half an octave beyond the bands on either side, as far as the recording carries that.
    """
    rules = _rules(settings)
    n, rate = block_a.shape[2], float(block_a.rate)
    low = max(min(b[1] for b in rules.bands) / np.sqrt(2), 1 / (n / rate))
    high = min(max(b[2] for b in rules.bands) * np.sqrt(2), rate / 2)
    found = coherence_map(
        block_a.values[0, channel_a],
        block_b.values[0, channel_b],
        rate,
        dj=1 / rules.voices,
        scales=scales_of(low, high, rate, rules) / rate,
        omega0=rules.omega0,
        convention=rules.convention,
        valid_x=block_a.valid[0, channel_a],
        valid_y=block_b.valid[0, channel_b],
    )
    return found.columns(columns)
