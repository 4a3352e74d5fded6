"""Events in courses, and which of two people's events go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks


def peaks(values: np.ndarray, valid: np.ndarray, stands_out: float, apart: int) -> np.ndarray:
    """Samples of local maxima from which one has to go down by ``stands_out`` to get to a higher one, at least
    ``apart`` samples from a higher one.

    A maximum beside a gap is none: it may go on rising there.
    """
    edges = np.flatnonzero(np.diff(np.r_[False, valid, False].astype(np.int8)))
    found = [
        start + find_peaks(values[start:stop], prominence=stands_out, distance=max(apart, 1))[0]
        for start, stop in edges.reshape(-1, 2)
    ]
    return np.concatenate([*found, np.empty(0, np.intp)]).astype(np.int64)


def onsets(values: np.ndarray, valid: np.ndarray, level: float) -> np.ndarray:
    """Samples above ``level`` after one that is not; both must be valid."""
    above = values > level
    return 1 + np.flatnonzero(above[1:] & ~above[:-1] & valid[1:] & valid[:-1])


def reach(times: np.ndarray, longest: float) -> np.ndarray:
    """Half the shorter distance to the neighbours of each event, at most ``longest``."""
    gaps = np.concatenate([[np.inf], np.diff(times), [np.inf]])
    return np.minimum(np.minimum(gaps[:-1], gaps[1:]) / 2, longest)


@dataclass(frozen=True)
class Matched:
    """How many events of A came just before one of B, just after, and at once; sum of B's times minus A's; numbers of
    events that could be matched."""

    before: int
    after: int
    at_once: int
    delay: float
    n_a: int
    n_b: int


def matched(a: np.ndarray, b: np.ndarray, longest: float, seen_a: np.ndarray, seen_b: np.ndarray) -> Matched:
    """Events of two people that are nearer than both their reaches.

    Strictly nearer: in sampled time half a distance is common, and an event exactly between two would count twice. So
    no event has two partners, and a partner is always the nearest event. ``seen`` says which events fall where the
    other person is known; the others cannot be matched, but bound the reach of their neighbours.
    """
    reach_a, reach_b = reach(a, longest)[seen_a], reach(b, longest)[seen_b]
    a, b = a[seen_a], b[seen_b]
    if not (len(a) and len(b)):
        return Matched(0, 0, 0, 0.0, len(a), len(b))
    place = np.clip(np.searchsorted(b, a), 1, max(len(b) - 1, 1))
    left, right = place - 1, np.minimum(place, len(b) - 1)
    nearest = np.where(np.abs(b[left] - a) <= np.abs(b[right] - a), left, right)
    delay = b[nearest] - a
    # a longest of 0 lets only events at once go together, so they are always near
    near = (np.abs(delay) < np.minimum(reach_a, reach_b[nearest])) | (delay == 0)
    delay = delay[near]
    before, after = int((delay > 0).sum()), int((delay < 0).sum())
    return Matched(before, after, len(delay) - before - after, float(delay.sum()), len(a), len(b))
