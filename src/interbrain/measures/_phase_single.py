"""Surrogates in single precision: what it may be used for, and when its numbers are not good enough.

A value is a mean over an epoch's samples, or over epochs, of numbers near 1, so single precision gives it to some 1e-7:
a thousandth of what surrogates differ by, or less, at half the time and memory. Two things keep rounding from deciding
which surrogates are above the recording. The recorded order is drawn with the others, and all are moved by what its
value is off, so that an order that puts the same epochs together ties with it. And where single precision is off by
more than usual, where surrogates hardly differ (epochs that are copies of each other), or where many are as good as
ties (few epochs hold all that there is), all are drawn again in double precision.
"""

from __future__ import annotations

import numpy as np

from interbrain.arrays.aligned import aligned
from interbrain.measures._phase import Kind

FEWEST = 20
"""Epochs from which on it is worth the while."""

LONGEST = 4096
"""Numbers in one sum, up to which its rounding stays below 1e-6 of their size."""

SPREAD = 1e-4
"""SD over surrogates from which on rounding does not matter."""

CLOSE = 2e-6
"""How far the recorded order's value may be off, and how near to it a surrogate is as good as a tie."""

TIES = 0.01
"""Share of the surrogates that may be as good as ties (and three, where they are few)."""


def allowed(kind: Kind, n_epochs: int, n_times: int, across_time: bool) -> bool:
    """Whether values of this kind may be drawn in single precision."""
    plain = not kind.plus and kind.joint is None and kind.imaginary != "all"
    if across_time and kind.single:  # the recording itself is
        return False
    return plain and n_epochs >= FEWEST and (n_times if across_time else n_epochs) <= LONGEST


def parts(kind: Kind, values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Real and imaginary parts in single precision, each channel (what is not in ``axes``) brought near size 1.

    The factors are powers of two, and no phase measure sees them; unit phasors need none.
    """
    if kind.unit:
        return values.astype(np.float32)
    largest = np.maximum(values.max(axis=axes, keepdims=True), -values.min(axis=axes, keepdims=True))
    out = aligned(values.shape, np.float32)
    np.ldexp(values, -np.frexp(largest)[1], out=out, casting="same_kind")
    return out


def good_enough(drawn: np.ndarray, recorded: np.ndarray, exact: np.ndarray) -> bool:
    """Whether rounding decides nothing among surrogates ``(S, ...)``.

    ``recorded (...)`` is the recorded order's value drawn in the same way, ``exact`` the same in double precision.
    """
    if not np.array_equal(np.isnan(recorded), np.isnan(exact)) or len(drawn) < 2:
        return False
    with np.errstate(invalid="ignore"):
        ties = (np.abs(drawn - recorded) <= CLOSE).sum(axis=0)
        near = not (np.abs(recorded - exact) > CLOSE).any()
        return near and not (drawn.std(axis=0) < SPREAD).any() and bool((ties <= max(3, TIES * len(drawn))).all())
