"""Within-dyad nulls, one file each: ``draw_index`` holds all randomness, ``apply`` none.

Law of the room: one draw moves all of a person's channels together, and the number of valid samples stays.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from interbrain.data.records import SurrogateRecord, discover, load
from interbrain.data.signal import Block


def records() -> dict[str, SurrogateRecord]:
    """Every surrogate by name."""
    return discover(__name__)


def module(name: str) -> ModuleType:
    """The module behind a surrogate's record."""
    return load(__name__, name)


def moved(surrogate: ModuleType, block: Block, index_row: Any) -> Block:
    """A surrogate of one person, with the confounds that belong to them moved alike.

    What a confound does to a person is part of that person's recording. Confounds left in place would no longer be in
    step with the channels that they are to be taken out of, and the surrogate would keep what the recording has lost.
    Where samples are missing, confounds keep in step with channels that all miss the same ones.
    """
    if block.confounds is None:
        return surrogate.apply(block, index_row)  # type: ignore[no-any-return]
    n = block.shape[1]
    both = np.concatenate([block.values, block.confounds], axis=1)
    shared = np.broadcast_to(block.valid.all(axis=1, keepdims=True), block.confounds.shape)
    valid = np.concatenate([block.valid, shared], axis=1)
    found: Block = surrogate.apply(Block(both, valid, block.rate, block.epoched), index_row)
    return replace(block, values=found.values[:, :n], valid=found.valid[:, :n], confounds=found.values[:, n:])
