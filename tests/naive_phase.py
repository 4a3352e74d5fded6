"""Slow, obvious twins of the phase measures: a channel pair, an epoch, a frequency at a time, from the formulas."""

from __future__ import annotations

from collections.abc import Callable

import mne
import numpy as np
from scipy.signal import hilbert
from scipy.signal.windows import dpss
from scipy.stats import circmean


def plv(x: np.ndarray, y: np.ndarray) -> float:
    """Length of the mean vector of phase differences of two complex series."""
    return abs(np.mean(np.exp(1j * (np.angle(x) - np.angle(y)))))


def ccorr(x: np.ndarray, y: np.ndarray) -> float:
    """Jammalamadaka and SenGupta's circular correlation."""
    alpha, beta = np.angle(x), np.angle(y)
    p, q = np.sin(alpha - circmean(alpha)), np.sin(beta - circmean(beta))
    return float(np.sum(p * q) / np.sqrt(np.sum(p**2) * np.sum(q**2)))


def accorr(x: np.ndarray, y: np.ndarray) -> float:
    """The same about the directions that make the numerator largest."""
    alpha, beta = np.angle(x), np.angle(y)
    difference, total = np.mean(np.exp(1j * (alpha - beta))), np.mean(np.exp(1j * (alpha + beta)))
    m = (np.angle(difference) + np.angle(total)) / 2
    n = (np.angle(total) - np.angle(difference)) / 2
    below = 2 * np.sqrt(np.mean(np.sin(alpha - m) ** 2) * np.mean(np.sin(beta - n) ** 2))
    return (abs(difference) - abs(total)) / below


def imcoh(x: np.ndarray, y: np.ndarray) -> float:
    """Imaginary part of coherency, signed."""
    return float(np.mean(x * np.conj(y)).imag / np.sqrt(np.mean(abs(x) ** 2) * np.mean(abs(y) ** 2)))


def coh(x: np.ndarray, y: np.ndarray) -> float:
    """Magnitude of coherency."""
    return float(abs(np.mean(x * np.conj(y))) / np.sqrt(np.mean(abs(x) ** 2) * np.mean(abs(y) ** 2)))


def pli(x: np.ndarray, y: np.ndarray) -> float:
    """How much more often one phase is ahead than behind."""
    ahead = np.sin(np.angle(x) - np.angle(y))
    return float(abs(np.mean(ahead > 1e-12) - np.mean(ahead < -1e-12)))


def wpli(x: np.ndarray, y: np.ndarray) -> float:
    """The same weighed by the imaginary part."""
    weight = abs(x) * abs(y) * np.sin(np.angle(x) - np.angle(y))
    return float(abs(np.sum(weight)) / np.sum(abs(weight)))


def wpli_debiased(cross: np.ndarray) -> float:
    """Ratio of the sums over all pairs of different epochs."""
    im = cross.imag
    above = sum(im[j] * im[k] for j in range(len(im)) for k in range(len(im)) if j != k)
    below = sum(abs(im[j] * im[k]) for j in range(len(im)) for k in range(len(im)) if j != k)
    return float(above / below)


def ppc(x: np.ndarray, y: np.ndarray) -> float:
    """Mean cosine between the phase differences of all pairs."""
    phase = np.angle(x) - np.angle(y)
    pairs = [np.cos(phase[j] - phase[k]) for j in range(len(phase)) for k in range(j)]
    return float(np.mean(pairs))


def envcorr(x: np.ndarray, y: np.ndarray) -> float:
    """Correlation of the amplitudes."""
    return float(np.corrcoef(abs(x), abs(y))[0, 1])


PAIR: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "plv": plv,
    "ccorr": lambda x, y: abs(ccorr(x, y)),
    "accorr": accorr,
    "imcoh": lambda x, y: abs(imcoh(x, y)),
    "coh": coh,
    "envcorr": envcorr,
    "pli": pli,
    "wpli": wpli,
    "ppc": ppc,
}
WITH_AMPLITUDE = ("imcoh", "coh", "pli", "wpli")
"""Measures whose phase is that of the cross-spectrum, not of the phasors."""
"""The default value of each measure for two complex series."""


def analytic(values: np.ndarray, rate: float, low: float, high: float) -> np.ndarray:
    """Band-pass and Hilbert transform, row by row; ``(epoch, channel, time)``."""
    out = np.empty(values.shape, dtype=complex)
    for place in np.ndindex(values.shape[:2]):
        out[place] = hilbert(mne.filter.filter_data(np.array(values[place]), rate, low, high, verbose="ERROR"))
    return out


def without_gaps(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Straight lines over gaps."""
    out = np.array(values)
    for place in np.ndindex(values.shape[:2]):
        good = valid[place]
        if good.any():
            out[place] = np.interp(np.arange(len(good)), np.nonzero(good)[0], values[place][good])
        else:
            out[place] = 0.0
    return out


def kept(valid: np.ndarray, rate: float, low: float) -> np.ndarray:
    """Samples at least half a cycle of the low edge away from any missing one."""
    half = round(rate / low / 2)
    out = np.array(valid)
    for place in np.ndindex(valid.shape[:2]):
        for t in np.nonzero(~valid[place])[0]:
            out[place][max(0, t - half) : t + half + 1] = False
    return out


def across_time(
    name: str,
    a: tuple[np.ndarray, np.ndarray],
    b: tuple[np.ndarray, np.ndarray],
    rate: float,
    band: tuple[float, float],
    min_valid: float = 0.5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value, phase and coverage ``(A, B)`` of two people given as (values, valid)."""
    z_a, z_b = (analytic(without_gaps(*side), rate, *band) for side in (a, b))
    ok_a, ok_b = (kept(side[1], rate, band[0]) for side in (a, b))
    epochs, n_times = len(z_a), z_a.shape[2]
    value, phase, coverage = (np.full((z_a.shape[1], z_b.shape[1]), np.nan) for _ in range(3))
    for i, j in np.ndindex(value.shape):
        each, cross, used = [], 0j, 0
        for e in range(epochs):
            both = ok_a[e, i] & ok_b[e, j]
            if both.sum() < min_valid * n_times:
                continue
            x, y = z_a[e, i, both], z_b[e, j, both]
            each.append(PAIR[name](x, y))
            if name not in WITH_AMPLITUDE:
                x, y = x / abs(x), y / abs(y)
            cross += np.sum(x * np.conj(y))
            used += both.sum()
        coverage[i, j] = used / (epochs * n_times)
        if each:
            value[i, j], phase[i, j] = np.mean(each), np.angle(cross)
    return value, phase, coverage


def coefficients(series: np.ndarray, rate: float, frequency: float, tapers: np.ndarray) -> np.ndarray:
    """Fourier sum of one epoch of one channel at one frequency, under each taper."""
    t = np.arange(len(series)) / rate
    return np.array([np.sum(w * (series - series.mean()) * np.exp(-2j * np.pi * frequency * t)) for w in tapers])


def across_epochs(
    name: str, a: np.ndarray, b: np.ndarray, rate: float, band: tuple[float, float], spectrum: str = "fourier"
) -> np.ndarray:
    """Values ``(A, B)`` over epochs at each Fourier frequency, then their mean over the band; imcoh is signed."""
    n_times = a.shape[2]
    tapers = np.hanning(n_times)[None]
    if spectrum == "multitaper":
        tapers, weight = dpss(n_times, 4, Kmax=8, sym=False, norm=2, return_ratios=True)
        tapers = tapers[weight > 0.9] * np.sqrt(weight[weight > 0.9])[:, None]
    frequencies = [k * rate / n_times for k in range(n_times // 2 + 1) if band[0] <= k * rate / n_times <= band[1]]
    value = np.zeros((a.shape[1], b.shape[1]))
    for i, j in np.ndindex(value.shape):
        for f in frequencies:
            x = np.array([coefficients(epoch[i], rate, f, tapers) for epoch in a])
            y = np.array([coefficients(epoch[j], rate, f, tapers) for epoch in b])
            if name == "imcoh":
                value[i, j] += imcoh(x.ravel(), y.ravel())
            elif name == "plv":
                cross = np.sum(x * np.conj(y), axis=1)
                value[i, j] += abs(np.mean(cross / abs(cross)))
            else:
                value[i, j] += PAIR[name](x[:, 0], y[:, 0])
    return value / len(frequencies)
