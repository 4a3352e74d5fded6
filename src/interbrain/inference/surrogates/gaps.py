"""What every surrogate does where samples are missing: the mask stays in its place and keeps its count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.signal import Block


def map_channels(block: Block, change: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Block:
    """Replace the valid samples of each channel of a continuous block, the mask staying where it is.

    ``change(samples, places)`` gets the valid samples of one channel ``(m,)`` and their places in time ``(m,)``, and
    gives as many samples back.
    """
    values = np.array(block.values)
    for channel in range(values.shape[1]):
        places = np.flatnonzero(block.valid[0, channel])
        if len(places):
            values[0, channel, places] = change(values[0, channel, places], places)
    return Block(values, block.valid, block.rate, block.epoched)


def fill(samples: np.ndarray, places: np.ndarray, n_times: int) -> np.ndarray:
    """The whole time axis ``(n_times,)``, straight lines over the gaps and level beyond the first and last sample."""
    if len(places) == n_times:
        return samples
    return np.interp(np.arange(n_times), places, samples)


def need_continuous(block: Block, surrogate: str) -> None:
    """Refuse epochs: time does not run on from one epoch to the next."""
    if block.epoched or block.shape[0] != 1:
        raise RefusedScience(
            f"{surrogate} needs one continuous stretch; got {block.shape[0]} epochs, between which time does not run "
            "on. Use segment_shuffle, which permutes epochs."
        )


def seconds(settings: Mapping[str, Any], name: str) -> float:
    """A duration in seconds from the settings; 0 where it is absent or None."""
    value = settings.get(name)
    value = 0.0 if value is None else float(value)
    if not (np.isfinite(value) and value >= 0):
        raise BadInput(f"surrogate: {name} is {value!r}; it must be a number of seconds, 0 or more.")
    return value
