"""The Morlet wavelet: scales and periods, the transform at full rate, and the Gaussian that smooths its products.

Source: C. Torrence and G. P. Compo (1998), doi:10.1175/1520-0477(1998)079<0061:APGTWA>2.0.CO;2.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

CONE = np.sqrt(2.0)
"""e-folding time of the Morlet wavelet's power at an edge, in scales."""

DECORRELATION_OCTAVES = 0.6
"""Width of the boxcar over scales: the decorrelation length of the Morlet wavelet with omega0 = 6."""

NO_WRAP = 6.0
"""Scales of zero padding after which the end of a series no longer touches its beginning (amplitude 2e-8)."""


def fourier_factor(omega0: float = 6.0) -> float:
    """Period of the sine that a scale answers most, over the scale: 1.033 for omega0 = 6."""
    return float(4 * np.pi / (omega0 + np.sqrt(2 + omega0**2)))


def padded_length(n: int, slowest: float, power_of_two: int | None = None) -> int:
    """Length of a zero-padded series of ``n`` samples, for a slowest scale of ``slowest`` samples.

    ``power_of_two`` 0 gives the next power of two, 1 the one that rounding log2(n) up to the next and one more gives
    (Torrence and Compo's code); None pads so far that nothing wraps round.
    """
    if power_of_two is None:
        return int(fft.next_fast_len(n + int(np.ceil(NO_WRAP * slowest)), real=True))
    if power_of_two:
        return 2 ** (int(np.log2(n) + 0.4999) + 1)
    return 2 ** int(np.ceil(np.log2(n)))


def morlet_filter(scale_omega: np.ndarray, omega0: float = 6.0, analytic: bool = True) -> np.ndarray:
    """The wavelet's spectrum at scale × angular frequency, without its amplitude.

    ``analytic`` sets it to zero where the frequency is not positive; otherwise the Gaussian's tail (2e-8 of the peak
    for omega0 = 6) stays there.
    """
    gauss = np.exp(-0.5 * (scale_omega - omega0) ** 2)
    return np.where(scale_omega > 0, gauss, 0.0) if analytic else gauss


def morlet_transform(
    values: np.ndarray, scales: np.ndarray, omega0: float = 6.0, length: int | None = None, analytic: bool = True
) -> np.ndarray:
    """Continuous wavelet transform of real series.

    Parameters
    ----------
    values
        ``(…, time)``, with their mean removed by the caller.
    scales
        In samples.
    length
        Of the zero-padded series; None pads so far that nothing wraps round.
    analytic
        Whether only positive frequencies enter, half the rate among them; otherwise negative ones enter with the
        Gaussian's tail, and half the rate counts as negative.

    Returns
    -------
    ndarray
        ``(…, scale, time)``, complex128; up to one factor for all scales it is the transform with unit energy.
    """
    n = values.shape[-1]
    length = length or padded_length(n, float(np.max(scales)))
    omega = 2 * np.pi * fft.fftfreq(length)
    if analytic and length % 2 == 0:
        omega[length // 2] = np.pi
    bank = np.sqrt(scales)[:, None] * morlet_filter(scales[:, None] * omega, omega0, analytic)
    spectrum = fft.fft(values, length)[..., None, :]
    return fft.ifft(spectrum * bank, axis=-1, overwrite_x=True)[..., :n]


def smooth_time(values: np.ndarray, scales: np.ndarray, length: int | None = None) -> np.ndarray:
    """Each row ``(scale, time)`` weighted by a Gaussian in time whose SD is its scale (in samples).

    Outside the recording there is nothing (zeros), so near an end fewer samples are summed; in a coherence that
    cancels. ``length`` as in :func:`morlet_transform`.
    """
    n = values.shape[-1]
    length = length or padded_length(n, float(np.max(scales)))
    omega = 2 * np.pi * fft.fftfreq(length)
    gauss = np.exp(-0.5 * (scales[:, None] * omega) ** 2)
    out = fft.ifft(gauss * fft.fft(values, length, axis=-1), axis=-1, overwrite_x=True)[..., :n]
    return out if np.iscomplexobj(values) else out.real


def smooth_scale(values: np.ndarray, taps: np.ndarray, first: int) -> np.ndarray:
    """Weighted sum over neighbouring scales: row j is the sum of ``taps[k] * values[j + first + k]``, zero beyond."""
    out = np.zeros_like(values)
    n = values.shape[0]
    for k, tap in enumerate(taps):
        shift = first + k
        low, high = max(0, -shift), min(n, n - shift)
        if low < high:
            out[low:high] += tap * values[low + shift : high + shift]
    return out


def interval_weights(low: float, high: float, first: int, n: int, order: int) -> np.ndarray:
    """Weights on the whole numbers ``first … first + n - 1`` whose weighted sum is the integral from low to high.

    Between two points the function is the polynomial through the ``order`` (even) points around them; inside, the
    weights are 1. The integral may end between points, so points on both sides of an end are used.
    """
    reach = order // 2
    nodes = np.arange(1 - reach, reach + 1)
    inverse = np.linalg.inv(np.vander(nodes, order, increasing=True).astype(np.float64))
    weights = np.zeros(n + 2 * order)
    origin = first - order
    cells = np.arange(origin + reach, origin + len(weights) - reach)
    start, stop = np.clip(low - cells, 0, 1), np.clip(high - cells, 0, 1)
    power = np.arange(1, order + 1)
    moments = (stop[:, None] ** power - start[:, None] ** power) / power
    shares = moments @ inverse
    for k, node in enumerate(nodes):
        np.add.at(weights, cells + node - origin, shares[:, k])
    return weights[order : order + n]
