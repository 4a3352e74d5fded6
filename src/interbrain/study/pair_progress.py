"""Progress of one comparison of two files: a bar with the time left, once it takes longer than a moment."""

from __future__ import annotations

import time
from collections.abc import Callable

from interbrain.study.forecast import Forecast, Kind
from interbrain.study.progress import Progress

MOMENT_S = 2.0
"""Comparisons that are done sooner show nothing."""
_DRAWS = "draws"


class PairProgress:
    """Watches the surrogates of one comparison, which take nearly all of its time.

    Parameters
    ----------
    shown
        Whether a bar is wanted at all.
    expected
        Surrogates in all, over the kinds of signal that are compared.
    """

    def __init__(self, shown: bool, expected: int, now: Callable[[], float] = time.monotonic) -> None:
        self.kind = Kind("comparing with chance", expected, 1.0, alone=True)
        self.forecast = Forecast({_DRAWS: self.kind}, 1, now)
        self.shown, self.now, self.begin = shown, now, now()
        self.bar: Progress | None = None

    def __call__(self, number: int, of: int) -> None:
        """A surrogate begins, and with that the one before it has ended."""
        done = len(self.kind.seconds) + len(self.kind.begun)
        self._end()
        if number == 0:
            self.kind.count = max(self.kind.count, done + of)
        self.forecast.begun(_DRAWS, done)
        if self.bar is None and self.shown and done and self.now() - self.begin > MOMENT_S:
            self.bar = Progress(True)
            self.bar.expect(self.forecast)
            self.bar.named(self.kind.title)
        if self.bar is not None:
            self.bar.waiting()

    def _end(self) -> None:
        for index in list(self.kind.begun):
            self.forecast.ended(_DRAWS, index)

    def __enter__(self) -> PairProgress:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._end()
        if self.bar is not None:
            self.bar.__exit__(kind, *rest)
