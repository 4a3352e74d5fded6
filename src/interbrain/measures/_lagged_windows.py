"""Which samples of A and B meet in each window at each lag, and how windows that overlap share their sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience

_FEWEST = 3
"""Samples below which a correlation says nothing."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Windows and lags of one recording, in samples.

    Window ``w`` at lag ``lags[k]`` pairs ``length[k]`` samples of A from ``start_a[k] + w * step`` with as many of B
    from ``start_b[k] + w * step``; ``lags = start_b - start_a``, so that A leads where it is positive. ``centre (W,)``
    is the middle of each window on the recording's own time axis.
    """

    n_times: int
    n_windows: int
    window: int
    step: int
    lags: np.ndarray
    start_a: np.ndarray
    start_b: np.ndarray
    length: np.ndarray
    centre: np.ndarray

    @property
    def zero(self) -> int:
        """Position of lag 0."""
        return len(self.lags) // 2


@dataclass(frozen=True, eq=False)
class Pieces:
    """Stretches whose sums are computed once: window ``w`` is the pieces ``first[w]`` to ``last[w] - 1``.

    ``offset`` and ``size`` count samples from the first window's start.
    """

    offset: np.ndarray
    size: np.ndarray
    first: np.ndarray
    last: np.ndarray


def _samples(settings: Mapping[str, Any], name: str, rate: float, least: int) -> int:
    value = float(settings[name])
    samples = round(value * rate) if np.isfinite(value) else -1
    if samples < least:
        raise BadInput(
            f"wlcc: {name} is {value:g} s, which is {max(samples, 0)} samples at {rate:g} Hz; at least {least} are "
            "needed."
        )
    return samples


def grid(n_times: int, rate: float, settings: Mapping[str, Any]) -> Grid:
    """Windows and lags for ``n_times`` samples at ``rate`` Hz (settings: see ``wlcc.RECORD``).

    - ``"centred"``: at lag l A's samples start ⌊l/2⌋ before the window and B's end ⌈l/2⌉ after it (mirrored for
      negative lags), so that every lag speaks of the same stretch of the meeting;
    - ``"forward"``: the person who leads stays in the window, the other one's samples are taken later;
    - ``"inside"``: both stay in the window, and fewer pairs are left at longer lags.

    Raises
    ------
    BadInput
        A setting that is out of range.
    RefusedScience
        A recording that is shorter than one window with its lags.
    """
    placement = settings["placement"]
    window = _samples(settings, "window_s", rate, _FEWEST)
    step = _samples(settings, "step_s", rate, 1)
    reach = _samples(settings, "max_lag_s", rate, 0)
    outside = 0 if placement == "inside" else reach
    if placement == "inside" and window - reach < _FEWEST:
        raise BadInput(f"wlcc: max_lag_s leaves {window - reach} samples of a window; make window_s longer.")
    if n_times < window + outside:
        raise RefusedScience(
            f"wlcc: the recording lasts {n_times / rate:.4g} s, and one window with its lags needs "
            f"{(window + outside) / rate:.4g} s. Choose a shorter window_s or a longer recording."
        )
    lags = np.arange(-reach, reach + 1)
    ahead, behind = np.maximum(lags, 0), np.maximum(-lags, 0)
    origin, length = 0, np.full(len(lags), window)
    if placement == "centred":
        origin = reach // 2
        ahead, behind = ahead - ahead // 2 - behind // 2, behind - behind // 2 - ahead // 2
    elif placement == "inside":
        length = window - np.abs(lags)
    starts = np.arange(0, n_times - window - outside + 1, step)
    return Grid(
        n_times, len(starts), window, step, lags, origin + behind, origin + ahead, length, starts + origin + window / 2
    )


def pieces(grid: Grid, cuts: np.ndarray | None = None) -> Pieces:
    """Pieces of windows of full length; ``cuts`` are further places, counted like ``offset``, where none may run over.

    Windows that shorten with the lag are each one piece, as their overlaps differ from lag to lag.
    """
    starts = np.arange(grid.n_windows) * grid.step
    if grid.length.min() < grid.window:
        number = np.arange(grid.n_windows)
        return Pieces(starts, np.full(grid.n_windows, grid.window), number, number + 1)
    stops = starts + grid.window
    edges = np.concatenate([starts, stops] if cuts is None else [starts, stops, cuts])
    edges = np.unique(edges[(edges >= 0) & (edges <= stops[-1])])
    return Pieces(edges[:-1], np.diff(edges), np.searchsorted(edges, starts), np.searchsorted(edges, stops))


def used_seconds(used: np.ndarray, grid: Grid, rate: float) -> np.ndarray:
    """Seconds of the recording that lie in at least one used window; ``used (..., W)`` gives ``(...)``."""
    number = np.arange(used.shape[-1])
    last = np.maximum.accumulate(np.where(used, number, -grid.n_times), axis=-1)
    before = np.concatenate([np.full((*used.shape[:-1], 1), -grid.n_times), last[..., :-1]], axis=-1)
    fresh = np.minimum((number - before) * grid.step, grid.window)
    return np.where(used, fresh, 0).sum(axis=-1) / rate
