"""Stretches of invalid samples: filling them for a filter, and closing the short ones."""

from __future__ import annotations

import numpy as np


def runs(flag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First sample and length of every run of True in a one-dimensional mask."""
    edges = np.diff(np.concatenate(([0], np.asarray(flag, dtype=np.int8), [0])))
    starts = np.flatnonzero(edges == 1)
    return starts, np.flatnonzero(edges == -1) - starts


def fill_linear(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Samples ``(…, time)`` that are finite everywhere.

    A gap is bridged by a straight line, a gap at an end by the nearest valid sample; a row without any valid sample
    becomes zero. Valid samples are returned unchanged.
    """
    filled = np.where(valid, values, 0.0)
    time = np.arange(values.shape[-1])
    for row in np.ndindex(values.shape[:-1]):
        good = valid[row]
        if good.any() and not good.all():
            filled[row][~good] = np.interp(time[~good], time[good], values[row][good])
    return filled


def close_short_gaps(valid: np.ndarray, longest: int) -> np.ndarray:
    """The mask ``(…, time)`` in which gaps of at most ``longest`` samples between valid samples are valid.

    Gaps at either end are never closed: there is no line to draw there.
    """
    closed = np.array(valid, dtype=bool)
    for row in np.ndindex(valid.shape[:-1]):
        starts, lengths = runs(~valid[row])
        inside = (starts > 0) & (starts + lengths < valid.shape[-1])
        for start, length in zip(starts[inside & (lengths <= longest)], lengths[inside & (lengths <= longest)]):
            closed[row][start : start + length] = True
    return closed


def longest_gap(valid: np.ndarray) -> int:
    """Samples of the longest run of False in any row of ``(…, time)``."""
    return max((int(runs(~valid[row])[1].max(initial=0)) for row in np.ndindex(valid.shape[:-1])), default=0)
