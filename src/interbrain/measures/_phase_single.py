"""Surrogates in single precision: what it may be used for, and when its numbers are not good enough.

A value is a mean over an epoch's samples, or over epochs, of numbers near 1, so single precision gives it to some 1e-7:
a thousandth of what surrogates differ by, or less, at half the time and memory. Where surrogates hardly differ (epochs
that are copies of each other, a rhythm that every epoch begins alike) rounding would decide which of them is above the
observed value; they are then drawn again in double precision.
"""

from __future__ import annotations

import numpy as np

from interbrain.measures._phase import Kind

FEWEST = 20
"""Epochs from which on no surrogate is the recorded order by chance, so that ties with the recording do not matter."""

LONGEST = 4096
"""Numbers in one sum, up to which its rounding stays below 1e-6 of their size."""

SPREAD = 1e-4
"""SD over surrogates from which on rounding does not matter."""


def allowed(kind: Kind, n_epochs: int, n_samples: int) -> bool:
    """Whether values of this kind may be drawn in single precision."""
    plain = not kind.plus and kind.joint is None and kind.imaginary != "all"
    return plain and n_epochs >= FEWEST and n_samples <= LONGEST


def parts(kind: Kind, values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Real and imaginary parts in single precision, each channel (what is not in ``axes``) brought near size 1.

    The factors are powers of two, and no phase measure sees them; unit phasors need none.
    """
    if kind.unit:
        return values.astype(np.float32)
    size = np.sqrt(np.mean(np.square(values), axis=axes, keepdims=True))
    exponent = np.round(np.log2(size, out=np.zeros_like(size), where=size > 0))
    return np.multiply(values, 2.0**-exponent, dtype=np.float64).astype(np.float32)


def good_enough(drawn: np.ndarray) -> bool:
    """Whether surrogates ``(S, ...)`` differ by far more than rounding, wherever there are any."""
    with np.errstate(invalid="ignore"):
        spread = drawn.std(axis=0)
    return len(drawn) > 1 and not (spread < SPREAD).any()
