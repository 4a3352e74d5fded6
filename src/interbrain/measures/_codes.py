"""Coded behaviour as numbered states."""

from __future__ import annotations

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.signal import Block

_MOST_CODES = 20


def numbered(name: str, block: Block) -> np.ndarray:
    """States ``(epoch, channel, time)`` as numbers from 0 on, −1 where unknown.

    Raises
    ------
    BadInput
        A channel with more than 20 different values.
    """
    states = np.full(block.shape, -1)
    for c in range(block.shape[1]):
        known = block.valid[:, c]
        values, number = np.unique(block.values[:, c][known], return_inverse=True)
        if len(values) > _MOST_CODES:
            raise BadInput(
                f"{name}: kind = 'codes' counts states, and a channel has {len(values)} different values (at most "
                f"{_MOST_CODES}); use kind = 'gaussian' for measured courses."
            )
        states[:, c][known] = number
    return states
