"""A recording in a few hundred words a channel: what is left of it when it is resampled, filtered, rescaled or noisy.

The samples are cut into bands of two octaves that do not depend on the sampling rate, each band is flattened (a filter
that somebody applied, or a line of the mains, weighs no more than the rest), and around its highest peaks the shape of
the band is kept as 64 signs. Two recordings of one thing agree in most signs, others in half of them; the share that
agrees gives their correlation in that band (Charikar 2002, doi:10.1145/509907.509965).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import maximum_filter1d, median_filter

from interbrain.data.signal import Signal
from interbrain.signals.gaps import fill_linear

RUNGS = (1.0, 4.0, 16.0, 64.0, 256.0)
"""Sampling rates in Hz of the bands: a rung r holds r/16 to r/4 Hz."""
WINDOW = 64
"""Samples of a shape, at the rung's rate."""
APART = 16
"""Of two peaks closer than this (samples at the rung's rate) the higher is kept."""
APART_S = 2.0
BITS = 64
MOST_CHANNELS = 4
LINE = 3.0
"""A spectral line is cut down to this multiple of its neighbourhood."""
QUIET = 0.05
"""A peak below this part of the band's SD is the filter's ringing."""
MOST_ROWS = 400
"""Epochs beyond this are left out, evenly."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """Words of a recording, all arrays of one length: 64 signs, s from the start, rung (place in ``RUNGS``), channel.

    ``channel`` is the position in the recording; −1 is the mean of all standardised channels. In epochs the time is
    id × length + time.
    """

    words: np.ndarray
    times: np.ndarray
    rungs: np.ndarray
    channels: np.ndarray
    duration: float

    def __len__(self) -> int:
        return len(self.words)


def sketch(signal: Signal) -> Sketch:
    """One pass over the samples; at most four channels, evenly chosen, and the mean of all."""
    found = [
        (*words, k, channel)
        for x, valid, channel, start in _rows(signal)
        for k, words in _row_words(x, valid, signal.rate, start)
    ]
    return Sketch(
        np.concatenate([f[0] for f in found] or [np.empty(0, np.uint64)]),
        np.concatenate([f[1] for f in found] or [np.empty(0)]),
        np.concatenate([np.full(len(f[0]), f[2], np.int8) for f in found] or [np.empty(0, np.int8)]),
        np.concatenate([np.full(len(f[0]), f[3], np.int16) for f in found] or [np.empty(0, np.int16)]),
        signal.duration * len(signal.segment_ids),
    )


def _rows(signal: Signal) -> list[tuple[np.ndarray, np.ndarray, int, float]]:
    """Samples, mask, channel and s of the first sample of every row that is sketched."""
    n = len(signal.channels)
    chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_CHANNELS)).round().astype(int))
    segments = np.unique(
        np.linspace(0, len(signal.segment_ids) - 1, min(len(signal.segment_ids), MOST_ROWS)).astype(int)
    )
    rows = []
    for s in segments:
        start = signal.segment_ids[s] * signal.duration if signal.epoched else 0.0
        values, valid = signal.values[s], signal.valid[s]  # type: ignore[index]
        filled = fill_linear(values, valid)
        rows += [(filled[c], valid[c], int(c), start) for c in chosen]
        if n > 1:
            spread = filled.std(axis=1, keepdims=True)
            mean = np.divide(filled - filled.mean(axis=1, keepdims=True), spread, out=np.zeros_like(filled),
                             where=spread > 0).mean(axis=0)  # fmt: skip
            rows.append((mean, valid.any(axis=0), -1, start))
    return rows


@dataclass(frozen=True, eq=False)
class _Spectrum:
    """Fourier coefficients of one row, padded so that its end does not meet its beginning."""

    coefficients: np.ndarray
    padded: int
    n: int
    rate: float


def _spectrum(x: np.ndarray, rate: float, slowest: float) -> _Spectrum:
    padded = next_fast_len(len(x) + round(2 * WINDOW * rate / slowest), real=True)
    return _Spectrum(rfft(x - x.mean(), padded), padded, len(x), rate)


def _band(whole: _Spectrum, rung: float) -> tuple[np.ndarray, float]:
    """The flattened band of one rung, and s a sample (1 / rung but for what rounding to whole samples needs)."""
    frequency = np.arange(len(whole.coefficients)) * (whole.rate / whole.padded)
    first, last = np.searchsorted(frequency, [rung / 16, rung / 4])
    part = whole.coefficients[first:last]
    size = np.abs(part)
    near = _running_median(size, max(3, round(len(size) / 12)))
    floor = 1e-9 * float(np.abs(whole.coefficients).max(initial=0))
    flat = np.divide(part, near, out=np.zeros_like(part), where=near > floor)
    flat /= np.maximum(np.abs(flat) / LINE, 1.0)
    octave = np.log2(np.maximum(frequency[first:last], 1e-300) / (rung / 16)) / 2  # 0 to 1 over the two octaves
    length = round(whole.padded * rung / whole.rate)
    new = np.zeros(length // 2 + 1, dtype=complex)
    new[first:last] = flat * np.sqrt(np.sin(np.pi * np.clip(octave, 0, 1)))
    return irfft(new, length)[: whole.n * length // whole.padded], whole.padded / whole.rate / length


def _running_median(x: np.ndarray, width: int) -> np.ndarray:
    """Median over a neighbourhood; long spectra are thinned first, since only the smooth course matters."""
    step = max(1, width // 64)
    if step == 1:
        return median_filter(x, width, mode="nearest")
    n = len(x) // step
    coarse = np.median(x[: n * step].reshape(n, step), axis=1)
    smooth = median_filter(coarse, max(3, width // step), mode="nearest")
    return np.interp(np.arange(len(x)), (np.arange(n) + 0.5) * step, smooth)


_PROJECTIONS = np.random.Generator(np.random.PCG64(7)).standard_normal((WINDOW, BITS))


def _row_words(
    x: np.ndarray, valid: np.ndarray, rate: float, start: float
) -> list[tuple[int, tuple[np.ndarray, np.ndarray]]]:
    """Words and their times for every rung that the rate and the length allow."""
    usable = [k for k, r in enumerate(RUNGS) if r / 4 <= 0.4 * rate and len(x) / rate >= (WINDOW + 2) / r]
    if not usable or not valid.any() or np.ptp(x) == 0:
        return []
    whole = _spectrum(x, rate, RUNGS[usable[0]])
    missing = np.concatenate(([0.0], np.cumsum(~valid))) / rate
    found = []
    for k in usable:
        y, step = _band(whole, RUNGS[k])
        peak = _peaks(y, RUNGS[k])
        half = WINDOW // 2
        ends = np.rint((peak[:, None] + [-half, half]) * step * rate).astype(int).clip(0, len(x))
        peak = peak[missing[ends[:, 1]] - missing[ends[:, 0]] <= step * WINDOW / 8]
        if len(peak):
            shape = y[peak[:, None] + np.arange(-half, half)] * np.sign(y[peak])[:, None]
            bits = np.packbits(shape @ _PROJECTIONS > 0, axis=1).view(np.uint64)[:, 0]
            found.append((k, (bits, start + peak * step)))
    return found


def _peaks(y: np.ndarray, rung: float) -> np.ndarray:
    """The highest sample of its surroundings, where a whole shape fits round it."""
    size = np.abs(y)
    spread, half = float(y.std()), WINDOW // 2
    radius = min(max(APART, round(APART_S * rung)), max(APART, len(y) // 4))
    peak = np.flatnonzero((size == maximum_filter1d(size, 2 * radius + 1)) & (size > QUIET * spread) & (spread > 0))
    return peak[(peak >= half) & (peak + half <= len(y))]
