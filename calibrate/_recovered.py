"""Pictures of what was planted against what was found: grey where it is not told from chance, colour where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from interbrain.report.figures.common import WIDE, Panel, columns, key_row
from interbrain.report.style import standalone
from interbrain.report.svg import Canvas, padded

PICTURES = Path(__file__).parents[1] / "docs" / "pictures" / "recovery"


@dataclass(frozen=True)
class Mark:
    """A dot with its interval; ``told``: whether it exceeds chance."""

    x: float
    y: float
    low: float
    high: float
    told: bool
    title: str = ""


@dataclass(frozen=True)
class Box:
    """One panel. ``band``: what chance gives, as (low, high). ``levels``: heights of what was planted, drawn across.

    ``diagonal``: whether x and y are one scale, so that what is found as planted lies on the line.
    """

    title: str
    marks: Sequence[Mark]
    x_name: str
    diagonal: bool = False
    band: tuple[float, float] | None = None
    levels: Sequence[float] = field(default_factory=tuple)
    note: str = ""


def draw(path: Path, boxes: Sequence[Box], alt: str, key: Sequence[tuple[str, str]], width: float = WIDE) -> None:
    """Panels side by side, each with scales of its own; the same figures give the same bytes."""
    across = columns(width, 220, len(boxes))
    gap, left, top, high, step = 24.0, 46.0, 74.0, 170.0, 262.0
    wide = (width - 12 - (left + gap) * across + gap) / across
    canvas = Canvas(width, top - 14 + step * -(-len(boxes) // across))
    key_row(canvas, 0, 10, width, key)
    for k, box in enumerate(boxes):
        row, column = divmod(k, across)
        _panel(canvas, box, (left + column * (wide + left + gap), top + row * step, wide, high))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(standalone(canvas.svg(alt)) + "\n", encoding="utf-8")


def _panel(canvas: Canvas, box: Box, where: tuple[float, float, float, float]) -> None:
    x = padded([m.x for m in box.marks], [0.0])
    ends = [v for m in box.marks for v in (m.low, m.high, m.y)]
    y = padded(ends, [0.0, *(box.band or ()), *box.levels])
    if box.diagonal:
        y = (min(y[0], x[0]), max(y[1], x[1]))
    panel = Panel.at(canvas, *where, x, y)
    if box.band:
        low, high = (panel.y(v) for v in box.band)
        canvas.rect(panel.left, high, panel.right - panel.left, low - high, "null")
    panel.y_axis(n=4)
    panel.x_axis(n=2)
    panel.name_x(box.x_name)
    canvas.text(where[0] - 40, where[1] - 26, box.title, "strong")
    canvas.text(where[0] - 40, where[1] - 11, box.note, "small")
    if box.diagonal:
        ends = [max(x[0], y[0]), min(x[1], y[1])]
        canvas.line(panel.x(ends[0]), panel.y(ends[0]), panel.x(ends[1]), panel.y(ends[1]), "line ink thin dash")
    for level in box.levels:
        canvas.line(panel.left, panel.y(level), panel.right, panel.y(level), "line ink thin dash")
    for mark in sorted(box.marks, key=lambda m: m.told):
        _mark(panel, mark)


def _mark(panel: Panel, mark: Mark) -> None:
    at, cls = panel.x(mark.x), "found" if mark.told else "grey"
    if np.isfinite([mark.low, mark.high]).all():
        panel.canvas.line(at, panel.y(mark.low), at, panel.y(mark.high), f"line thin {cls}")
    panel.canvas.circle(at, panel.y(mark.y), 3.5, f"dot {cls}", mark.title)
