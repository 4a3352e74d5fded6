"""One bar for a whole run, with the time left; silent where nobody watches."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from interbrain.study.forecast import Forecast
from interbrain.study.pool import Watch


class Progress(Watch):
    """The bar; it watches one kind of tasks at a time."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self._bar = _Bar(
            total=1000,
            disable=not shown,
            ncols=max(shutil.get_terminal_size().columns, 40) - 1,  # some terminals say 0
            bar_format="{desc:<22} {bar} {percentage:3.0f} %  {elapsed} < {left}",
        )
        self._forecast: Forecast | None = None
        self._names: list[str] = []

    def expect(self, forecast: Forecast) -> None:
        self._forecast = self._bar.forecast = forecast

    def tasks(self, *names: str) -> Progress:
        """The kind of each task that is watched from now on: all that there are of each."""
        self._names = list(names)
        if self._forecast is not None:
            self._forecast.counted(self._names)
        return self

    def begun(self, index: int) -> None:
        if self._forecast is not None:
            self._forecast.begun(self._names[index], index)
            self.named(self._forecast.kinds[self._names[index]].title)
        self.waiting()

    def ended(self, index: int) -> None:
        if self._forecast is not None:
            self._forecast.ended(self._names[index], index)
        self.waiting()

    def waiting(self) -> None:
        left = None if self._forecast is None else self._forecast.left_s()
        if left is not None and not self._bar.disable:
            elapsed = self._bar.format_dict["elapsed"]
            self._bar.n = round(1000 * elapsed / max(elapsed + left, 1e-9))
            self._bar.refresh()

    def named(self, title: str) -> None:
        """What is being done, where that is one kind of task only."""
        self._bar.set_description(title, refresh=False)

    def tried(self, name: str, seconds: float) -> None:
        """What one task of a kind took that was tried ahead."""
        if self._forecast is not None:
            self._forecast.tried(name, seconds)

    def staffed(self, number: int) -> None:
        if self._forecast is not None:
            self._forecast.workers = max(1, number)

    def tell(self, text: str) -> None:
        """A line on stderr above the bar, shown also where there is none: something went wrong and was mended."""
        tqdm.write(f"interbrain: {text}", file=sys.stderr)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """A step of the run that is one task, done by one process."""
        self.tasks(name).begun(0)
        yield
        self.ended(0)

    def close(self) -> None:
        self._bar.close()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None and not self._bar.disable:
            self._bar.n, self._bar.ended = 1000, True
            self._bar.set_description("done")
        self.close()


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar whose time left is told by a forecast."""

    forecast: Forecast | None = None
    ended = False

    @property
    def format_dict(self) -> dict[str, Any]:
        left = 0.0 if self.ended else None if self.forecast is None else self.forecast.left_s()
        return {**super().format_dict, "left": "?" if left is None else self.format_interval(left)}
