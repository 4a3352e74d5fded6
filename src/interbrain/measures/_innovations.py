"""What an autoregressive model of a channel cannot foretell from its past."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import maximum_filter1d
from scipy.signal import lfilter
from statsmodels.tsa.stattools import levinson_durbin


def autocovariance(values: np.ndarray, valid: np.ndarray, lags: int) -> np.ndarray:
    """``(channel, 1 + lags)`` of ``(epoch, channel, time)`` samples about each channel's mean over all epochs.

    Products over a gap or the end count as 0 and all lags are divided by the number of valid samples, so that the
    result belongs to a stationary process (its spectrum is nowhere negative).
    """
    count = np.maximum(valid.sum(axis=(0, 2)), 1)[:, None]
    mean = np.where(valid, values, 0.0).sum(axis=(0, 2))[:, None] / count
    centred = np.where(valid, values - mean, 0.0)
    spectrum = np.abs(rfft(centred, next_fast_len(values.shape[2] + lags, real=True), axis=2)) ** 2
    return np.asarray(irfft(spectrum.sum(axis=0), axis=1)[:, : lags + 1] / count)


def innovations(values: np.ndarray, valid: np.ndarray, max_order: int) -> tuple[np.ndarray, np.ndarray]:
    """One-step prediction errors of ``(epoch, channel, time)`` samples, and which of them are known.

    Each channel has one autoregressive model for all its epochs, of the order with the lowest Bayesian information
    criterion up to ``max_order`` (at most a tenth of its valid samples). An error is known where the sample and all
    that the model looks back on are.
    """
    most = int(max(1, min(max_order, values.shape[2] - 2)))
    covariance = autocovariance(values, valid, most)
    out, known = np.zeros(values.shape), np.zeros(valid.shape, dtype=bool)
    for c in range(values.shape[1]):
        n = int(valid[:, c].sum())
        if n < 10 or not covariance[c, 0] > 0:
            continue
        own = np.where(valid[:, c], values[:, c], 0.0)
        mean = own.sum() / n
        weights = coefficients(covariance[c, : 1 + min(most, n // 10)], n)
        centred = np.where(valid[:, c], own - mean, 0.0)
        out[:, c] = lfilter(np.r_[1.0, -weights], [1.0], centred, axis=-1)
        missing = np.pad(~valid[:, c], ((0, 0), (len(weights), 0)), constant_values=True).astype(np.uint8)
        back = maximum_filter1d(missing, len(weights) + 1, axis=-1, origin=len(weights) - (len(weights) + 1) // 2)
        known[:, c] = back[:, len(weights) :] == 0
    return np.where(known, out, 0.0), known


def coefficients(covariance: np.ndarray, n: int) -> np.ndarray:
    """Yule–Walker coefficients of the order with the lowest BIC for autocovariances ``(1 + order,)`` of n samples."""
    if len(covariance) < 2:
        return np.zeros(0)
    _, _, _, variance, phi = levinson_durbin(covariance, nlags=len(covariance) - 1, isacov=True)
    variance = np.r_[covariance[0], variance[1:]]
    criterion = n * np.log(np.maximum(variance, np.finfo(float).tiny)) + np.log(n) * np.arange(len(variance))
    order = int(np.argmin(criterion))
    return np.asarray(phi[1 : order + 1, order])
