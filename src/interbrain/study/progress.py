"""One bar for a whole run, with the time left; silent where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tqdm import tqdm

WEIGHTS = {"persons": 1, "meetings": 4, "sessions": 2}
NAMES = {"persons": "reading recordings", "meetings": "measuring meetings", "sessions": "re-pairing partners"}


class Progress:
    """Counts weighted tasks, so that the time left is honest although steps differ in cost."""

    def __init__(self, shown: bool) -> None:
        self._bar = tqdm(
            total=1,
            disable=not shown,
            unit="",
            bar_format="{desc:<22} {bar} {percentage:3.0f} %  {elapsed} < {remaining}",
        )

    def expect(self, **counts: int) -> None:
        self._bar.total = sum(WEIGHTS[kind] * count for kind, count in counts.items())
        self._bar.refresh()

    def one(self, kind: str) -> Callable[[int], None]:
        self._bar.set_description(NAMES[kind], refresh=False)

        def done(index: int) -> None:
            self._bar.update(min(WEIGHTS[kind], self._bar.total - self._bar.n))

        return done

    def tell(self, text: str) -> None:
        """A line on stderr above the bar, shown also where there is none: something went wrong and was mended."""
        tqdm.write(f"interbrain: {text}", file=sys.stderr)

    def close(self) -> None:
        self._bar.update(self._bar.total - self._bar.n)
        self._bar.close()
