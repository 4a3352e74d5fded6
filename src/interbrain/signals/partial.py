"""Series taken out of other series by linear regression over the samples that both have."""

from __future__ import annotations

import numpy as np

from interbrain.data.errors import BadInput

FEWEST_SAMPLES = 10
"""Samples for each series that is taken out, at least: with fewer, regression would take out what is not in them."""

SAME = 1e-12
"""A channel of which less than this share is left is one of the series itself."""


def lagged(values: np.ndarray, valid: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Every series ``(epoch, K, time)`` at each lag of −n … n samples: ``(epoch, K · (2 n + 1), time)``.

    Samples from beyond an end are 0 and not valid.
    """
    epochs, series, times = values.shape
    out = np.zeros((epochs, series, 2 * n + 1, times))
    there = np.zeros(out.shape, dtype=bool)
    for i, lag in enumerate(range(-n, n + 1)):
        if abs(lag) < times:
            to, since = slice(max(lag, 0), times + min(lag, 0)), slice(max(-lag, 0), times - max(lag, 0))
            out[:, :, i, to], there[:, :, i, to] = values[..., since], valid[..., since]
    return out.reshape(epochs, -1, times), there.reshape(epochs, -1, times)


def residuals(
    values: np.ndarray, valid: np.ndarray, series: np.ndarray, present: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What linear regression on the series leaves of each channel; the channel keeps its mean.

    Parameters
    ----------
    values, valid
        ``(epoch, channel, time)``; one regression a channel over all epochs.
    series, present
        ``(epoch, K, time)``; a sample enters where all series have it.

    Returns
    -------
    residual, valid, removed
        ``valid`` marks the samples that the channel and all series have; ``removed (channel,)`` is the share of the
        channel's variance that the series explain.

    Raises
    ------
    BadInput
        Fewer than :data:`FEWEST_SAMPLES` samples a series, or a channel that is nothing but the series.
    """
    joint = valid & present.all(axis=1, keepdims=True)
    out, removed = np.array(values, dtype=np.float64), np.full(values.shape[1], np.nan)
    design = np.moveaxis(series, 1, 2)
    fitted: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
    for channel in range(values.shape[1]):
        mask = joint[:, channel]
        y = values[:, channel][mask]
        if y.size == 0:
            continue
        key = np.packbits(mask).tobytes()
        if key not in fitted:
            fitted[key] = _solver(design[mask])
        x, solve = fitted[key]
        about = y - y.mean()
        left = about - x @ (solve @ about)
        whole = float(about @ about)
        removed[channel] = 1.0 - float(left @ left) / whole if whole > 0 else np.nan
        if whole > 0 and removed[channel] > 1.0 - SAME:
            raise BadInput("A channel is nothing but the confounds that are to be taken out of it.")
        out[:, channel][mask] = y.mean() + left
    return out, joint, removed


def _solver(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardised series ``(n, K)`` and the matrix ``(K, n)`` that gives their weights; constant ones are left out."""
    n, k = x.shape
    if n < FEWEST_SAMPLES * k:
        raise BadInput(
            f"{k} confound series (lags counted) for {n} samples that all of them have; at least {FEWEST_SAMPLES} "
            "samples a series are needed. Name fewer confounds, or a shorter partial_lag_s."
        )
    x = x - x.mean(axis=0)
    size = np.sqrt((x**2).sum(axis=0))
    kept = size > 1e-12 * max(1.0, float(size.max(initial=0.0)))
    x = x[:, kept] / size[kept]
    return x, np.linalg.pinv(x.T @ x, rcond=1e-10, hermitian=True) @ x.T
