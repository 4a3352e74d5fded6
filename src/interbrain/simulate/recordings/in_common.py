"""A part that two people's series have in common, one of them ahead of the other."""

from __future__ import annotations

import numpy as np

GUARD = 64
"""Samples beyond the lag that keep the ends of a shifted series away from the series."""


def in_common(
    own: tuple[np.ndarray, np.ndarray], shared: tuple[np.ndarray, np.ndarray], share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """sqrt(1 - w) own + sqrt(w) shared, ``(time,)`` each, w the ``share`` ``(time,)``.

    Where own and shared have unit variance, so has the sum, and the two people correlate by w.
    """
    alone, common = np.sqrt(1 - share), np.sqrt(share)
    return alone * own[0] + common * shared[0], alone * own[1] + common * shared[1]


def margin(lag: float) -> int:
    """Samples that :func:`ahead_by` needs on each side."""
    return int(np.ceil(abs(lag))) + GUARD


def ahead_by(series: np.ndarray, lag: float) -> tuple[np.ndarray, np.ndarray]:
    """``(time,)`` each: the series ``lag`` samples ahead, and as it is; both without :func:`margin` on each side.

    A part of a sample is a turn of phase at every frequency. Positive: the first leads.
    """
    edge = margin(lag)
    turn = np.exp(2j * np.pi * np.fft.rfftfreq(len(series)) * lag)
    first = np.fft.irfft(np.fft.rfft(series) * turn, len(series))
    return first[edge:-edge], series[edge:-edge]
