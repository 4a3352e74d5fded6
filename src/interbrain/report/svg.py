"""A small SVG writer: marks with classes, so that one stylesheet serves light, dark, print and the saved file.

Coordinates are CSS pixels. Nothing carries a colour of its own; what a class looks like is said in ``style.py``.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

import numpy as np

_NARROW, _WIDE = set("ijl.,:;'|!()[]frt I-·/"), set("mwMW@%—→")


def text_width(text: str, size: float = 12.0) -> float:
    """Roughly the width of a line in a Helvetica-like face, px."""
    em = sum(0.31 if c in _NARROW else 0.87 if c in _WIDE else 0.67 if c.isupper() else 0.55 for c in text)
    return em * size


def wrap(text: str, width: float, size: float = 12.0) -> list[str]:
    """Break at spaces so that no line is wider than ``width`` px (a single long word stays whole)."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def shorten(text: str, width: float, size: float = 12.0) -> str:
    """The text, or its beginning with an ellipsis."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _n(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Round numbers (1, 2, 5 × 10ᵏ) inside the range, about ``n`` of them."""
    if not high > low:
        return [low]
    rough = (high - low) / max(n, 1)
    base = 10.0 ** math.floor(math.log10(rough))
    step = min((m * base for m in (1, 2, 5, 10)), key=lambda s: abs(math.log(s / rough)))
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_text(value: float, all_ticks: Sequence[float]) -> str:
    """A tick's number with the decimals that its neighbours need."""
    if len(all_ticks) > 1:
        step = abs(all_ticks[1] - all_ticks[0])
        places = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 2
    else:
        places = 2
    return f"{value:.{places}f}".replace("-", "−")


@dataclass(frozen=True)
class Scale:
    """Numbers to pixels, linear or logarithmic (base 2)."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = (math.log2(self.low), math.log2(self.high)) if self.log else (self.low, self.high)
        v = math.log2(value) if self.log else value
        share = (v - low) / (high - low) if high != low else 0.5
        return self.start + share * (self.stop - self.start)

    def clip(self, value: float) -> float:
        return self(min(max(value, min(self.low, self.high)), max(self.low, self.high)))


def padded(values: Iterable[float], include: Iterable[float] = (), share: float = 0.06) -> tuple[float, float]:
    """Range of finite values with some air, always holding ``include``."""
    array = np.array([v for v in values if v is not None and np.isfinite(v)] + list(include), dtype=float)
    if array.size == 0:
        return -1.0, 1.0
    low, high = float(array.min()), float(array.max())
    air = (high - low) * share or abs(high) * 0.1 or 1.0
    return low - air, high + air


@dataclass
class Canvas:
    """Marks in order; :meth:`svg` closes them into one element."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, cls: str) -> None:
        self.parts.append(f'<line class="{cls}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>')

    def rect(
        self, x: float, y: float, width: float, height: float, cls: str, title: str = "", style: str = "", rx: float = 0
    ) -> None:
        extra = (f' style="{style}"' if style else "") + (f' rx="{_n(rx)}"' if rx else "")
        self._mark(
            f'rect class="{cls}" x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0))}" height="{_n(max(height, 0))}"'
            f"{extra}",
            title,
        )

    def circle(self, x: float, y: float, r: float, cls: str, title: str = "") -> None:
        self._mark(f'circle class="{cls}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"', title)

    def path(self, d: str, cls: str, title: str = "", style: str = "") -> None:
        self._mark(f'path class="{cls}" d="{d}"' + (f' style="{style}"' if style else ""), title)

    def polyline(self, points: Iterable[tuple[float, float]], cls: str, title: str = "") -> None:
        """A line through points; a NaN lifts the pen."""
        d, pen = [], False
        for x, y in points:
            if not (math.isfinite(x) and math.isfinite(y)):
                pen = False
                continue
            d.append(f"{'L' if pen else 'M'}{_n(x)} {_n(y)}")
            pen = True
        if d:
            self.path("".join(d), cls, title)

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float], cls: str, title: str = "") -> None:
        """The area between two lines, in pixels; points that are not finite split it."""
        run: list[int] = []
        for i in [*range(len(x)), -1]:
            if i >= 0 and math.isfinite(low[i]) and math.isfinite(high[i]):
                run.append(i)
                continue
            if len(run) > 1:
                there = [f"{_n(x[k])} {_n(high[k])}" for k in run]
                back = [f"{_n(x[k])} {_n(low[k])}" for k in reversed(run)]
                self.path("M" + "L".join(there + back) + "Z", cls, title)
            run = []

    def text(
        self, x: float, y: float, text: str, cls: str = "tick", anchor: str = "start", rotate: float | None = None
    ) -> None:
        turn = f' transform="rotate({_n(rotate)} {_n(x)} {_n(y)})"' if rotate is not None else ""
        where = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(f'<text class="{cls}" x="{_n(x)}" y="{_n(y)}"{where}{turn}>{escape(text)}</text>')

    def image(self, x: float, y: float, width: float, height: float, png: bytes, cls: str = "map") -> None:
        data = base64.b64encode(png).decode("ascii")
        self.parts.append(
            f'<image class="{cls}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'preserveAspectRatio="none" '
            f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
        )

    def open(self, cls: str = "", **data: str) -> None:
        extra = "".join(f" data-{k}={quoteattr(v)}" for k, v in data.items())
        self.parts.append(f'<g class="{cls}"{extra}>' if cls else f"<g{extra}>")

    def close(self) -> None:
        self.parts.append("</g>")

    def raw(self, markup: str) -> None:
        self.parts.append(markup)

    def _mark(self, body: str, title: str) -> None:
        if title:
            self.parts.append(f"<{body}><title>{escape(title)}</title></{body.split(' ', 1)[0]}>")
        else:
            self.parts.append(f"<{body}/>")

    def svg(self, alt: str, cls: str = "") -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="fig {cls}" viewBox="0 0 {_n(self.width)} '
            f'{_n(self.height)}" width="{_n(self.width)}" height="{_n(self.height)}" role="img" '
            f"aria-label={quoteattr(alt)}>" + "".join(self.parts) + "</svg>"
        )


def png(index: np.ndarray, palette: np.ndarray) -> bytes:
    """An indexed PNG: ``index`` (row, column) of bytes into ``palette`` (n ≤ 256, 3) of bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns = index.shape
    head = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    body = np.concatenate([np.zeros((rows, 1), np.uint8), index.astype(np.uint8)], axis=1).tobytes()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"PLTE", palette.astype(np.uint8).tobytes())
        + chunk(b"IDAT", zlib.compress(body, 9))
        + chunk(b"IEND", b"")
    )
