"""Random streams that depend on what they are for, never on who computes them or in which order."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """A generator for one purpose: ``stream(seed, "03/ses-2", "circular_shift")``.

    Counter-based (Philox), keyed by the SHA-256 of the seed and the key, so that any number of workers in any order
    draw the same numbers.
    """
    text = "\x1f".join([str(int(seed)), *(f"{type(k).__name__}:{k}" for k in key)])
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
