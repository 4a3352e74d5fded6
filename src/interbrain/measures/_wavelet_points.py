"""Wavelet coefficients of one person at points of time, and sums of their products over time: no smoothing.

What needs only time averages of a product of two people's numbers (cross-wavelet power, phase coherence) is one matrix
product a scale over all channel pairs. The points are every sample, or a third of a scale apart or less, each weighted
by the samples that it stands for inside the cone of influence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import fft

from interbrain.arrays import wavelet
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord, resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures._wavelet_bands import Band, Rules, bands_for, independent_points, rules_from
from interbrain.measures._wavelet_grid import interval
from interbrain.measures._wavelet_map import away_from_gaps, fill_gaps, first_inside, padded_lengths

STEP = 0.25
"""Points of the reduced path, in units of the scale."""

Content = Callable[[np.ndarray, float], tuple[np.ndarray, ...]]
"""From coefficients ``(channel, point)``, and the scale in samples: arrays of that shape."""


@dataclass(frozen=True, eq=False)
class Row:
    """One scale: its points' times (samples), the distance between them, and the samples each stands for."""

    scale: float
    times: np.ndarray
    step: float
    cells: np.ndarray


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: ``content[band][scale]`` are arrays ``(channel, point)``, 0 near gaps; ``clear`` says where."""

    n: int
    rate: float
    rules: Rules
    bands: tuple[Band, ...]
    usable: np.ndarray
    rows: tuple[tuple[Row, ...], ...]
    content: tuple[tuple[tuple[np.ndarray, ...], ...], ...]
    clear: tuple[tuple[np.ndarray, ...], ...]


@dataclass(frozen=True, eq=False)
class State:
    """Two people who share samples and settings."""

    a: Prepared
    b: Prepared


def prepare(block: Block, settings: Mapping[str, Any], record: MeasureRecord, content: Content) -> Prepared:
    """Transform every channel of one person once and keep what ``content`` makes of the coefficients.

    Raises
    ------
    BadInput
        Settings that are none, a band too fast for the rate.
    RefusedScience
        Epochs.
    """
    if block.epoched or block.shape[0] != 1:
        raise RefusedScience(
            f"{record.name} needs one continuous stretch; got {block.shape[0]} epochs, between which time does not run "
            "on. Use a phase measure (plv, accorr, imcoh) for epochs."
        )
    given = {k: v for k, v in settings.items() if k != "bands"}
    resolved = {**resolve_settings(record, given), "scale_kernel": "exact"}  # for the rules: nothing is smoothed here
    rules = rules_from({**resolved, "bands": settings.get("bands")}, record.name)
    n, rate, valid = block.shape[2], float(block.rate), block.valid[0]
    bands = bands_for(n, rate, rules)
    usable = np.array([v.any() and np.ptp(x[v]) > 0 for x, v in zip(block.values[0], valid)], dtype=bool)
    series = np.zeros(block.shape[1:])
    for c in np.flatnonzero(usable):
        filled = fill_gaps(block.values[0, c], valid[c])
        series[c] = (filled - filled.mean()) / filled.std()
    rows = tuple(rows_of(n, band, rules) for band in bands)
    made = [_made(series, valid, row, rules, content) for row in rows]
    return Prepared(n, rate, rules, bands, usable, rows, tuple(m[0] for m in made), tuple(m[1] for m in made))


def rows_of(n: int, band: Band, rules: Rules) -> tuple[Row, ...]:
    """The points of each scale of a band in recordings of ``n`` samples; none where the band is too slow."""
    return _rows(n, tuple(band.scales) if band.parts else (), rules)


@lru_cache(maxsize=32)
def _rows(n: int, scales: tuple[float, ...], rules: Rules) -> tuple[Row, ...]:
    found = []
    for scale in scales:
        first = first_inside(scale, rules.convention.cone_from)
        last = n - 1 - first
        if rules.path == "full":
            times = np.arange(n, dtype=np.float64)
            found.append(Row(scale, times, 1.0, ((times >= first) & (times <= last)).astype(np.float64)))
            continue
        length = wavelet.padded_length(n, scale)
        points = min(length, int(fft.next_fast_len(int(np.ceil(length / (STEP * scale))))))
        step = length / points
        low, high = int(np.floor(first / step)) - 1, int(np.ceil(last / step)) + 1
        cells = interval(first, last, step, low, max(1, high - low + 1), 2)
        found.append(Row(scale, np.arange(low, low + len(cells)) * step, step, cells))
    return tuple(found)


def _made(
    series: np.ndarray, valid: np.ndarray, rows: tuple[Row, ...], rules: Rules, content: Content
) -> tuple[tuple[tuple[np.ndarray, ...], ...], tuple[np.ndarray, ...]]:
    if not rows:
        return (), ()
    spectra: dict[int, np.ndarray] = {}
    contents, clears = [], []
    for row in rows:
        found = _coefficients(series, row, rows[-1].scale, rules, spectra)
        clear = np.ones((len(series), len(row.times)))
        for c in np.flatnonzero(~valid.all(axis=1)):
            away = away_from_gaps(valid[c], np.array([row.scale]))[0]
            clear[c] = away[np.clip(np.round(row.times), 0, series.shape[1] - 1).astype(int)]
        contents.append(tuple(part * clear for part in content(found, row.scale)))
        clears.append(clear)
    return tuple(contents), tuple(clears)


def _coefficients(
    series: np.ndarray, row: Row, slowest: float, rules: Rules, spectra: dict[int, np.ndarray]
) -> np.ndarray:
    """Coefficients ``(channel, point)`` of unit energy (Torrence and Compo): white noise of variance 1 has power 1."""
    n, rule = series.shape[1], rules.convention
    full = rules.path == "full"
    length = padded_lengths(rule.padding, n, slowest)[0] if full else wavelet.padded_length(n, row.scale)
    if length not in spectra:
        spectra[length] = fft.rfft(series, length)
    gain = np.sqrt(2 * np.pi * row.scale) * np.pi**-0.25
    if full:
        found = wavelet.morlet_transform(series, np.array([row.scale]), rules.omega0, length, rule.analytic)[:, 0]
        return np.asarray(found * (gain / np.sqrt(row.scale)))
    points = round(length / row.step)
    bins = np.arange(length // 2 + 1)
    bank = gain * wavelet.morlet_filter(2 * np.pi * bins / length * row.scale, rules.omega0)
    used = np.flatnonzero(bank > 1e-9 * gain)
    padded = np.zeros((len(series), -(-(used[-1] + 1) // points) * points), dtype=np.complex128)
    padded[:, used] = spectra[length][:, used] * bank[used]
    folded = padded.reshape(len(series), -1, points).sum(axis=1)
    short = fft.ifft(folded, axis=-1, overwrite_x=True) * (points / length)
    return np.asarray(short[:, np.round(row.times / row.step).astype(int) % points])


def combine(a: Prepared, b: Prepared, name: str) -> State:
    """Check that two people fit each other.

    Raises
    ------
    RefusedScience
        Different rates or lengths: the two are then not on one clock.
    BadInput
        Prepared with different settings.
    """
    if (a.rate, a.n) != (b.rate, b.n):
        raise RefusedScience(
            f"{name}: one person has {a.n} samples at {a.rate:g} Hz, the other {b.n} at {b.rate:g} Hz; both must be on "
            "one clock. Align them first."
        )
    if a.rules != b.rules:
        raise BadInput(f"{name}: the two people were prepared with different settings; use the same ones for both.")
    return State(a, b)


def sums(state: State, band: int, start: int, stop: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Sums over the points of a window: weights ``(scale, A, B)``, and for each content ``Σ w a conj(b)`` likewise."""
    a, b = state.a, state.b
    weight, totals = [], []
    for k, row in enumerate(a.rows[band]):
        w = row.cells * _share(row, start, stop, a.n)
        weight.append((a.clear[band][k] * w) @ b.clear[band][k].T)
        totals.append([(x * w) @ y.conj().T for x, y in zip(a.content[band][k], b.content[band][k])])
    return np.array(weight), [np.array(t) for t in zip(*totals)]


def _share(row: Row, start: int, stop: int, n: int) -> np.ndarray | float:
    """Share of the samples around each point that lies in start … stop - 1."""
    if start <= 0 and stop >= n:
        return 1.0
    left, right = row.times - row.step / 2, row.times + row.step / 2
    within = np.minimum(right, stop - 0.5) - np.maximum(left, start - 0.5)
    return np.clip(within / row.step, 0, 1)


def estimate(
    state: State,
    start: int,
    stop: int,
    answer: Callable[[np.ndarray, list[np.ndarray]], tuple[np.ndarray, np.ndarray, np.ndarray]],
    stabilise: Callable[[np.ndarray], np.ndarray],
) -> Estimate:
    """The answer of a window.

    ``answer`` gives value, sum of complex products ``(A, B)`` and that by scale ``(scale, A, B)`` from :func:`sums`;
    the lag is the phase over 2 pi times the mean frequency of what stands in the products.
    """
    a = state.a
    shape = (len(a.usable), len(state.b.usable), len(a.bands))
    value, phase, lag, coverage, cells = (np.full(shape, np.nan) for _ in range(5))
    for i, band in enumerate(a.bands):
        coverage[..., i] = 0.0
        if not band.parts:
            continue
        weight, totals = sums(state, i, start, stop)
        cells[..., i] = weight.sum(axis=0)
        coverage[..., i] = np.clip(cells[..., i] / (len(band.scales) * max(stop - start, 1)), 0, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            value[..., i], together, by_scale = answer(weight, totals)
            phase[..., i] = np.angle(together)
            size = np.abs(by_scale)
            frequency = np.einsum("s,sab->ab", a.rate / (band.scales * wavelet.fourier_factor(a.rules.omega0)), size)
            lag[..., i] = phase[..., i] / (2 * np.pi * frequency / size.sum(axis=0))
    usable = (a.usable[:, None] & state.b.usable[None, :])[..., None]
    coverage = np.where(usable, coverage, 0.0)
    ok = usable & (coverage >= a.rules.min_inside)
    value, phase, lag = (np.where(ok, x, np.nan)[..., None] for x in (value, phase, lag))
    return Estimate(
        value=value,
        stabilised=stabilise(value),
        lag_s=lag,
        phase=phase,
        coverage=coverage[..., None],
        n_effective=np.where(ok, np.maximum(1.0, cells * _independent_share(a)), np.nan)[..., None],
        bands=tuple(band.name for band in a.bands),
        extra={"reason": np.array([band.reason for band in a.bands])},
    )


def _independent_share(a: Prepared) -> np.ndarray:
    """``(band,)``: independent values a sample × scale inside the cone."""
    share = np.zeros(len(a.bands))
    for i, (band, rows) in enumerate(zip(a.bands, a.rows)):
        if rows:
            inside = np.array([row.cells.sum() for row in rows])
            share[i] = independent_points(band.scales, inside, a.rules.omega0) / inside.sum()
    return share


def memory_s(settings: Mapping[str, Any], omega0: float) -> float:
    """Seconds that two stretches must be apart to be told apart: 2√2 of the slowest scale, as for ``wtc``."""
    lowest = min(low for low, _ in settings["bands"].values())
    return float(2 * wavelet.CONE / lowest / wavelet.fourier_factor(omega0))
