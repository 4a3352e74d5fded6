"""What every figure shares: the picture with its words, panels with axes, and a row of direct labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import pandas as pd

from interbrain.report.svg import Canvas, Scale, text_width, tick_text, ticks, wrap

WIDE, TEXT, NARROW = 1000.0, 720.0, 344.0
"""Widths that a figure is drawn at, px: broader than the text, as wide as the text, a phone."""

BAND_SD = 1.645
"""Half width of the grey null band in SDs of the surrogates: a twentieth of them lies above it."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure in words and marks. ``draw(width)`` gives the SVG; ``table`` holds the numbers that it shows."""

    key: str
    title: str
    subtitle: str
    alt: str
    draw: Callable[[float], str]
    note: str = ""
    wide: bool = False
    table: pd.DataFrame | None = None


@dataclass(frozen=True)
class Panel:
    """A box with two scales on a canvas."""

    canvas: Canvas
    x: Scale
    y: Scale

    @classmethod
    def at(
        cls,
        canvas: Canvas,
        left: float,
        top: float,
        width: float,
        height: float,
        x: tuple[float, float],
        y: tuple[float, float],
        log_y: bool = False,
    ) -> Panel:
        return cls(canvas, Scale(*x, left, left + width), Scale(*y, top + height, top, log_y))

    @property
    def left(self) -> float:
        return self.x.start

    @property
    def right(self) -> float:
        return self.x.stop

    @property
    def top(self) -> float:
        return self.y.stop

    @property
    def bottom(self) -> float:
        return self.y.start

    def y_axis(self, at: Sequence[float] | None = None, labels: bool = True, n: int = 4, zero: bool = True) -> None:
        """Light rules across, their numbers to the left, zero drawn darker."""
        at = ticks(self.y.low, self.y.high, n) if at is None else at
        for v in at:
            cls = "zero" if zero and v == 0 else "grid"
            self.canvas.line(self.left, self.y(v), self.right, self.y(v), cls)
            if labels:
                self.canvas.text(self.left - 6, self.y(v) + 4, tick_text(v, at), "tick", "end")

    def x_axis(
        self, at: Sequence[float] | None = None, labels: bool = True, n: int = 5, text: Sequence[str] | None = None
    ) -> None:
        """A baseline with small ticks, their numbers below."""
        at = ticks(self.x.low, self.x.high, n) if at is None else at
        self.canvas.line(self.left, self.bottom, self.right, self.bottom, "axis")
        for i, v in enumerate(at):
            self.canvas.line(self.x(v), self.bottom, self.x(v), self.bottom + 4, "axis")
            if labels:
                self.canvas.text(self.x(v), self.bottom + 16, text[i] if text else tick_text(v, at), "tick", "middle")

    def name_y(self, text: str) -> None:
        """The axis' name above it, read without turning the head."""
        self.canvas.text(self.left - 6, self.top - 8, text, "axisname", "start")

    def name_x(self, text: str) -> None:
        self.canvas.text(self.right, self.bottom + 32, text, "axisname", "end")


@dataclass(frozen=True)
class End:
    """Where a line ends, px, and what it is called there."""

    x: float
    y: float
    text: str
    cls: str = "small"


LABEL, LINE, AIR, OFF = 88.0, 13.0, 4.0, 14.0
"""Room for labels right of a panel, a label's line, between two labels, and how far they stand off, px."""


def label_ends(panel: Panel, ends: Sequence[End]) -> None:
    """Labels right of a panel, each beside its line's end and none over another; a thin leader to one that moved."""
    ends = sorted(ends, key=lambda end: end.y)
    texts = [wrap(end.text, LABEL - OFF, 11) for end in ends]
    middles = apart(
        [end.y for end in ends], [LINE * len(text) + AIR for text in texts], (panel.top - 6, panel.bottom + 6)
    )
    x = panel.right + OFF
    for end, text, middle in zip(ends, texts, middles):
        if abs(middle - end.y) > 3 or end.x < panel.right - 2 * OFF:
            start = end.x + 5 if end.x < panel.right - 2 * OFF else panel.right + 2
            panel.canvas.line(start, end.y, x - 3, middle, "rule")
        for i, line in enumerate(text):
            panel.canvas.text(x, middle + 4 + LINE * (i - (len(text) - 1) / 2), line, end.cls)


def apart(middles: Sequence[float], heights: Sequence[float], within: tuple[float, float]) -> list[float]:
    """Ascending middles of boxes moved as little as may be (least squares) until none lies over another.

    All stay between the two limits where they have room there; else they begin at the first.
    """
    below = [0.0]
    for one, other in pairwise(heights):
        below.append(below[-1] + (one + other) / 2)
    runs: list[list[float]] = []  # neighbours that touch move together: the mean of what each would want
    for middle, offset in zip(middles, below):
        runs.append([middle - offset])
        while len(runs) > 1 and fmean(runs[-2]) > fmean(runs[-1]):
            last = runs.pop()
            runs[-1] += last
    wanted = [mean for run in runs for mean in [fmean(run)] * len(run)]
    if not wanted:
        return []
    low = within[0] + heights[0] / 2
    high = max(low, within[1] - heights[-1] / 2 - below[-1])
    return [min(max(y, low), high) + offset for y, offset in zip(wanted, below)]


def columns(width: float, least: float, n: int) -> int:
    """How many panels of at least so many px stand side by side; rows are filled evenly."""
    most = max(1, int(width // least))
    rows = -(-n // most)
    return max(1, -(-n // rows))


def key_row(canvas: Canvas, x: float, y: float, width: float, items: Sequence[tuple[str, str]]) -> float:
    """Direct labels: a mark (``dot-found``, ``band``, ``line-grey`` …) and its words; returns the height."""
    left, row = x, y
    for mark, text in items:
        need = 26 + text_width(text, 12)
        if left > x and left + need > x + width:
            left, row = x, row + 18
        _mark(canvas, mark, left, row)
        lines = wrap(text, width - 22, 12)
        for i, line in enumerate(lines):
            canvas.text(left + 20, row + 4 + 15 * i, line, "key")
        row += 15 * (len(lines) - 1)
        left += need + 10
    return row + 18 - y


def _mark(canvas: Canvas, mark: str, x: float, y: float) -> None:
    kind, _, name = mark.partition("-")
    if kind == "dot":
        canvas.circle(x + 8, y, 4, f"dot {name}")
    elif kind == "band":
        canvas.rect(x, y - 6, 16, 12, "null")
    elif kind == "line":
        canvas.line(x, y, x + 16, y, f"line {name}")
    elif kind == "square":
        canvas.rect(x + 3, y - 5, 10, 10, f"cell {name}")


def fine(columns: Sequence[str], rows: pd.DataFrame) -> pd.DataFrame:
    """The columns of a figure's table that hold anything."""
    kept = [c for c in columns if c in rows and rows[c].replace("", pd.NA).notna().any()]
    return rows[kept].reset_index(drop=True)
