"""Random phases for the Fourier surrogates: one set for all channels of a person."""

from __future__ import annotations

import numpy as np

from interbrain.data.errors import RefusedScience
from interbrain.data.signal import Block
from interbrain.inference.surrogates.gaps import need_continuous

_FEWEST_PHASES = 10


def draw_keys(block: Block, n: int, stream: np.random.Generator, surrogate: str) -> np.ndarray:
    """Distinct keys ``(n,)``, uint64, from each of which :func:`generator` makes all random numbers of one surrogate.

    Raises
    ------
    RefusedScience
        Epochs; fewer than 10 free phases (a recording of fewer than 21 samples).
    """
    need_continuous(block, surrogate)
    phases = (block.shape[2] - 1) // 2
    if phases < _FEWEST_PHASES:
        raise RefusedScience(
            f"{surrogate}: {block.shape[2]} samples have {phases} free phases; at least {_FEWEST_PHASES} are needed "
            f"({2 * _FEWEST_PHASES + 1} samples). Use a longer recording."
        )
    keys: dict[int, None] = {}
    while len(keys) < n:
        keys.setdefault(int(stream.integers(0, 2**64, dtype=np.uint64)))
    return np.array(list(keys), dtype=np.uint64)


def generator(key: np.ndarray | np.uint64) -> np.random.Generator:
    """All randomness of one surrogate, from its key alone."""
    return np.random.Generator(np.random.Philox(key=int(key)))


def random_turns(n_times: int, random: np.random.Generator) -> np.ndarray:
    """Factors e^{iφ} for the bins of ``rfft`` ``(n_times // 2 + 1,)``.

    The mean (bin 0) stays. For an even ``n_times`` the last bin is the Nyquist frequency, whose coefficient is real:
    it keeps its size and gets a random sign.
    """
    turns = np.exp(2j * np.pi * random.random(n_times // 2 + 1))
    turns[0] = 1.0
    if n_times % 2 == 0:
        turns[-1] = 1.0 if turns[-1].real >= 0 else -1.0
    return turns


def turn(samples: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Add the same phases to a series ``(n_times,)``."""
    return np.fft.irfft(np.fft.rfft(samples) * turns, n=len(samples))
