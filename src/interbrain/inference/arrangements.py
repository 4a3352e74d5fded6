"""Arrangements of partners within strata: all of them, or a random sample with the real one counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, permutations, product
from math import factorial, prod

import numpy as np


@dataclass(frozen=True, eq=False)
class Arrangements:
    """Other arrangements than the real one, and what they allow.

    ``order`` is ``(n, G)``: the group that gives side B to each group's side A. ``possible`` counts all arrangements,
    the real one among them; ``smallest`` is the smallest p that can come out.
    """

    order: np.ndarray
    possible: int
    smallest: Fraction
    exhaustive: bool

    def sentence(self, what: str = "groups") -> str:
        """Which bound bites."""
        count = self.order.shape[1]
        if self.exhaustive:
            return f"{count} {what} allow {self.possible} arrangements; the smallest p is {_share(self.smallest)}"
        return (
            f"{len(self.order)} of the {_many(self.possible)} arrangements of {count} {what} were drawn; "
            f"the smallest p is {_share(self.smallest)}"
        )


def arrange(strata: Sequence[np.ndarray], n_arrangements: int, stream: np.random.Generator) -> Arrangements:
    """Permutations within each stratum (positions 0 … G − 1, each in one stratum), for whole courses.

    All of them where there are at most ``n_arrangements`` besides the real one; otherwise ``n_arrangements`` drawn
    from all with equal chance (the real one may be drawn again, which makes p larger, never smaller).
    """
    count = sum(len(s) for s in strata)
    possible = prod(factorial(len(s)) for s in strata)
    exhaustive = possible - 1 <= n_arrangements
    if exhaustive:
        every = product(*(permutations(s.tolist()) for s in strata))
        order = np.empty((possible - 1, count), dtype=np.int64)
        for row, parts in enumerate(islice(every, 1, None)):  # the first is the real one
            for stratum, part in zip(strata, parts, strict=True):
                order[row, stratum] = part
    else:
        order = np.empty((n_arrangements, count), dtype=np.int64)
        for row in range(n_arrangements):
            for stratum in strata:
                order[row, stratum] = stream.permutation(stratum)
    return Arrangements(order, possible, Fraction(1, 1 + len(order)), exhaustive)


def _share(smallest: Fraction) -> str:
    return f"1/{smallest.denominator}" if smallest < 1 else "1"


def _many(count: int) -> str:
    return f"{count:,}" if count < 10**12 else f"{float(count):.1e}" if count < 10**300 else "more than 1e300"
