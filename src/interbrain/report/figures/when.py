"""One session minute by minute: both signals, and where in time and period they cohere beyond chance."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from interbrain.data.errors import BadInput
from interbrain.report import views, words
from interbrain.report.figures.common import Panel, Picture
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, png, shorten

COLUMNS, ROWS = 720, 128
"""Pixels of the map's image."""
LARGEST_MAP = 1 << 29
"""Bytes; an eight-hour session has less than a tenth of it."""


@dataclass(frozen=True, eq=False)
class Map:
    """A coherence map ``(period, time)`` with its signals; times in minutes, periods in seconds."""

    rsq: np.ndarray
    phase: np.ndarray
    period: np.ndarray
    coi: np.ndarray
    t: np.ndarray
    floor: np.ndarray
    t_signal: np.ndarray
    signal_a: np.ndarray
    signal_b: np.ndarray
    labels: tuple[str, ...]
    segments: tuple[tuple[str, float, float], ...]
    name: str
    share_p: float = math.nan

    @property
    def inside(self) -> np.ndarray:
        """True outside the cone of influence, where the ends of the recording do not reach."""
        return self.period[:, None] <= self.coi[None, :]

    @property
    def above(self) -> np.ndarray:
        return (self.rsq > self.floor) & self.inside


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a map's file, never its objects: those could run code."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if sum(info.file_size for info in file.zip.infolist()) > LARGEST_MAP:
                raise BadInput(f"{path}: unpacks to more than {LARGEST_MAP >> 20} MB; run the analysis again.")
            have = {k: file[k] for k in file.files}
    except BadInput:
        raise
    except (OSError, ValueError, LookupError, AttributeError, TypeError, EOFError, MemoryError, zlib.error) as error:
        raise BadInput(f"{path}: is no map ({type(error).__name__}); run the analysis again.") from error
    except (zipfile.BadZipFile, RuntimeError, SyntaxError, struct.error) as error:
        raise BadInput(f"{path}: is damaged ({type(error).__name__}); run the analysis again.") from error
    for key in ("rsq", "phase", "period", "coi", "t", "null95", "signal_a", "signal_b", "t_signal"):
        if key not in have or have[key].dtype.kind not in "fiub" or (not have[key].ndim and key != "null95"):
            raise BadInput(f"{path}: lacks the array of numbers {key!r}; run the analysis again.")
    return have


def read_map(path: Path) -> Map:
    """``maps/*.npz``: rsq, phase, period, coi, t, null95 (a period or a cell), signal_a, signal_b, t_signal, labels.

    Raises
    ------
    BadInput
        An array is missing or has another shape.
    """
    have = _arrays(path)
    rsq, null95 = np.asarray(have["rsq"], float), np.asarray(have["null95"], float)
    times, periods = len(have["t"]), len(have["period"])
    shapes = {"rsq": (periods, times), "phase": (periods, times), "period": (periods,), "coi": (times,), "t": (times,)}
    shapes |= dict.fromkeys(("signal_a", "signal_b", "t_signal"), (len(have["t_signal"]),))
    odd = next((k for k, shape in shapes.items() if have[k].shape != shape or 0 in shape), None)
    if odd is not None or null95.shape not in ((), (1,), (periods,), rsq.shape):
        odd = odd or "null95"
        raise BadInput(
            f"{path}: {odd} has the shape {have[odd].shape}; {shapes.get(odd, rsq.shape)} is needed; run the analysis "
            "again."
        )
    floor = np.broadcast_to(null95[:, None] if null95.ndim == 1 and null95.size > 1 else null95, rsq.shape)
    segments: tuple[tuple[str, float, float], ...] = ()
    if {"segment_names", "segment_start", "segment_stop"} <= have.keys():
        segments = tuple(
            (str(n), float(s) / 60, float(e) / 60)
            for n, s, e in zip(have["segment_names"], have["segment_start"], have["segment_stop"])
        )
    labels = tuple(str(x) for x in np.atleast_1d(have["labels"])) if "labels" in have else (path.stem,)
    order = np.argsort(have["period"])
    return Map(
        rsq[order], np.asarray(have["phase"], float)[order], np.asarray(have["period"], float)[order],
        np.asarray(have["coi"], float), np.asarray(have["t"], float) / 60, np.asarray(floor)[order],
        np.asarray(have["t_signal"], float) / 60, np.asarray(have["signal_a"], float), np.asarray(have["signal_b"],
        float),
        labels, segments, "".join(c if c.isalnum() else "-" for c in path.stem), _share_p(have),
    )  # fmt: skip


def _share_p(have: dict[str, np.ndarray]) -> float:
    """Whether so much of a surrogate's map lies above the others; NaN in maps that do not say."""
    known = have.get("share_p")
    return float(known) if known is not None and known.dtype.kind == "f" and known.shape == () else math.nan


MOST_MAPS = 3


def pictures(results: Results) -> list[Picture]:
    """The maps that the run kept, one an analysis."""
    return [_picture(results, path) for path in results.maps[:MOST_MAPS]]


def _named(results: Results, labels: tuple[str, ...]) -> str:
    """The map's place in words; a run writes analysis, group, session, segment, signal, two places, two roles."""
    if len(labels) < 9:
        return " · ".join(labels)
    analysis, group, session, segment, signal, place_a, place_b, role_a, role_b = labels[:9]
    where = f"{role_a} {place_a} and {role_b} {place_b}"
    apart = results.apart(analysis)
    which = f"; {apart}" if apart else ""
    meeting = f"{results.named(group)}, session {session}, {words.segment_name(segment)}"
    return f"{meeting}; {where}, {words.signal_name(signal)}{which}"


def _picture(results: Results, path: Path) -> Picture:
    m = read_map(path)
    usable = m.inside & np.isfinite(m.rsq)
    share = float(m.above.sum() / usable.sum()) if usable.any() else 0.0
    a, b = m.labels[7:9] if len(m.labels) >= 9 else results.roles
    named = _named(results, m.labels)
    percent = f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"
    expected = "one in twenty is expected by chance"
    title = f"{percent} of this map lies above the surrogates' 95 %; {expected}"
    if not _claimed(results, m.labels):
        title += ", and the tests do not claim this place" if len(m.labels) >= 9 else ""
    elif share > 0.05:
        title = f"The two cohere beyond chance in {percent} of the map{_where(m)}; {expected}"
    return Picture(
        key=f"when-{m.name}",
        title=title,
        subtitle=f"{named}. Above: both signals (each in its own SDs). Below: coherence over time and period (s, "
        "logarithmic). Grey: below the 95th percentile of surrogates at that moment and period. Hatched: too near the "
        f"ends to be read.{_whole(m)}",
        alt=f"{title}. Coherence map of {named}, periods {words.number(m.period.min())} to "
        f"{words.number(m.period.max())} s.",
        draw=lambda width: _draw(m, a, b, width),
        note=f"Arrows, only where coherence exceeds chance: → in phase, ↑ {a} ahead, ← in antiphase, ↓ {b} "
        "ahead. This session was picked because it stands high above its surrogates; of many sessions and "
        "places some do "
        "by chance, and single points of a map are not corrected for their number. What is claimed stands in "
        "the verdict.",
        wide=True,
    )


def _whole(m: Map) -> str:
    if not math.isfinite(m.share_p):
        return ""
    return f" Surrogates' own maps hold as much above the others with {words.p_text(m.share_p)}."


def _claimed(results: Results, labels: tuple[str, ...]) -> bool:
    """Whether the tests claim the place of this map: one session alone, picked for its height, claims nothing."""
    if len(labels) < 9:
        return False
    analysis, group, session, segment, signal, place_a, place_b = labels[:7]
    rows = views.within(results)
    about = {"analysis": analysis, "segment": segment, "signal_a": signal, "place_a": place_a, "place_b": place_b}
    rows = rows[(rows[list(about)] == pd.Series(about)).all(axis=1)]
    if "group" in rows:
        rows = rows[(rows["group"] == group) & (rows["session"].astype(str) == session)]
    return bool(rows["claim"].any())


def _where(m: Map) -> str:
    rows = m.above.sum(axis=1) / np.maximum(m.inside.sum(axis=1), 1)
    if not rows.any():
        return ""
    strong = m.period[rows >= rows.max() / 2]
    return f", most at periods of {words.number(strong.min(), 2)} to {words.number(strong.max(), 2)} s"


def _draw(m: Map, a: str, b: str, width: float) -> str:
    small = width < 500
    left, right = (30.0, 6.0) if small else (46.0, 92.0)
    strip = 20.0 if m.segments else 0.0
    canvas = Canvas(width, 0)
    canvas.raw(
        f'<defs><pattern id="hatch-{m.name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)">'
        '<rect width="6" height="6" style="fill:var(--paper);opacity:.62"/>'
        '<line x1="0" y1="0" x2="0" y2="6" style="stroke:var(--ink);stroke-width:1;opacity:.5"/></pattern></defs>'
    )
    x = (float(min(m.t[0], m.t_signal[0])), float(max(m.t[-1], m.t_signal[-1])))
    w = width - left - right
    top = 22.0 if small else 12.0
    for i, (values, side, name) in enumerate(((m.signal_a, "a", a), (m.signal_b, "b", b))):
        panel = Panel.at(canvas, left, top + i * (62 if small else 50), w, 42, x, _range(values))
        _signal(panel, m.t_signal, values, side)
        if small:
            canvas.text(left, panel.top - 4, name, f"{side}text")
        else:
            canvas.text(left + w + 8, panel.top + 26, shorten(name, right - 8), f"{side}text")
    y = top + (124 if small else 104)
    if strip:
        for name, start, stop in m.segments:
            px = Panel.at(canvas, left, y, w, 16, x, (0, 1)).x
            canvas.rect(px.clip(start), y, px.clip(stop) - px.clip(start), 16, "seg")
            canvas.text(
                (px.clip(start) + px.clip(stop)) / 2,
                y + 12,
                shorten(name, px.clip(stop) - px.clip(start) - 4, 11),
                "small",
                "middle",
            )
        y += strip + 4
    height = 190.0 if small else 260.0
    panel = Panel.at(canvas, left, y + 18, w, height, x, (float(m.period[-1]), float(m.period[0])), log_y=True)
    _map(panel, m, 12 if small else 26)
    powers = [2.0**k for k in range(-10, 14) if m.period[0] * 0.999 <= 2.0**k <= m.period[-1] * 1.001]
    for p in powers:
        canvas.line(panel.left - 4, panel.y(p), panel.left, panel.y(p), "axis")
        canvas.text(panel.left - 7, panel.y(p) + 4, f"{p:g}", "tick", "end")
    canvas.text(0, panel.top - 9, "period, s", "axisname")
    panel.x_axis(n=5 if small else 10)
    panel.name_x("minutes")
    canvas.height = panel.bottom + 42
    if small:
        canvas.height += 52
        _scale(canvas, left, panel.bottom + 50, 150, False)
    else:
        _scale(canvas, panel.right + 14, panel.top + 14, 150, True)
    return canvas.svg("")


def _range(values: np.ndarray) -> tuple[float, float]:
    centred = _standard(values)
    return padded(np.nanpercentile(centred, [0.3, 99.7]) if np.isfinite(centred).any() else [0.0])


def _standard(values: np.ndarray) -> np.ndarray:
    sd = float(np.nanstd(values))
    return (values - float(np.nanmean(values))) / (sd if sd > 0 else 1.0)


def _signal(panel: Panel, t: np.ndarray, values: np.ndarray, side: str) -> None:
    """The lowest and highest sample of each pixel column, so that nothing is smoothed away."""
    values = _standard(values)
    step = max(1, int(np.ceil(len(values) / 450)))
    points = []
    for start in range(0, len(values), step):
        part = values[start : start + step]
        if np.isfinite(part).any():
            low, high = int(np.nanargmin(part)), int(np.nanargmax(part))
            points += [(panel.x(t[start + i]), panel.y.clip(part[i])) for i in sorted({low, high})]
        else:
            points.append((float("nan"), float("nan")))
    panel.canvas.polyline(points, f"line thin {side}")


def _map(panel: Panel, m: Map, arrows: int) -> None:
    canvas = panel.canvas
    columns = np.clip(np.round(np.linspace(0, len(m.t) - 1, COLUMNS)).astype(int), 0, len(m.t) - 1)
    grid = np.geomspace(m.period[0], m.period[-1], ROWS)
    rows = np.abs(np.log(m.period)[None, :] - np.log(grid)[:, None]).argmin(axis=1)
    rsq, floor = m.rsq[np.ix_(rows, columns)], m.floor[np.ix_(rows, columns)]
    palette, index = _coloured(rsq, floor)
    canvas.image(panel.left, panel.top, panel.right - panel.left, panel.bottom - panel.top, png(index, palette))
    edge = [panel.y.clip(max(c, 1e-9)) for c in m.coi]
    px = [panel.x(v) for v in m.t]
    there = "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(px, edge))
    foot = f"L{px[-1]:.1f} {panel.bottom:.1f}L{px[0]:.1f} {panel.bottom:.1f}Z"
    canvas.path(f"M{there}{foot}", "cone", "cone of influence", f"fill:url(#hatch-{m.name})")
    canvas.polyline(zip(px, edge), "conemark")
    _arrows(panel, m, arrows)


def _coloured(rsq: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Greys below the surrogates' 95th percentile, viridis above it."""
    from matplotlib import colormaps

    greys = np.linspace(246, 150, 100)[:, None].repeat(3, axis=1)
    colours = 255 * colormaps["viridis"](np.linspace(0.25, 1.0, 155))[:, :3]
    palette = np.vstack([greys, colours, [[255, 255, 255]]]).round().astype(np.uint8)
    share = np.clip(np.nan_to_num(rsq), 0, 1)
    index = np.where(rsq > floor, 100 + np.round(154 * share), np.round(99 * share))
    return palette, np.where(np.isfinite(rsq), index, 255).astype(np.uint8)


def _arrows(panel: Panel, m: Map, across: int) -> None:
    down = max(9, round(across * 0.42))
    for i in range(down):
        for j in range(across):
            period = m.period[0] * (m.period[-1] / m.period[0]) ** ((i + 0.5) / down)
            r = int(np.abs(np.log(m.period) - math.log(period)).argmin())
            c = int((j + 0.5) / across * len(m.t))
            if not m.above[r, c]:
                continue
            x, y, angle = panel.x(m.t[c]), panel.y(m.period[r]), float(m.phase[r, c])
            dx, dy = 8 * math.cos(angle), -8 * math.sin(angle)
            tip = (x + dx, y + dy)
            head = "".join(
                f"M{tip[0]:.1f} {tip[1]:.1f}L{tip[0] - 5 * math.cos(angle + s):.1f} "
                f"{tip[1] + 5 * math.sin(angle + s):.1f}"
                for s in (0.5, -0.5)
            )
            d = f"M{x - dx:.1f} {y - dy:.1f}L{tip[0]:.1f} {tip[1]:.1f}{head}"
            panel.canvas.path(d, "arrow")
            panel.canvas.path(d, "arrowtop")


def _scale(canvas: Canvas, x: float, y: float, length: float, upright: bool) -> None:
    """Two ramps: what a coherence looks like below the surrogates' 95 % and above it."""
    ramp = np.linspace(0, 1, 64)
    for i, (floor, name) in enumerate(((1.1, "chance"), (-1.0, "beyond"))):
        palette, index = _coloured(ramp[None], np.full((1, 64), floor))
        if upright:
            canvas.image(x + i * 22, y, 14, length, png(index.T[::-1], palette))
        else:
            canvas.image(x + 50, y - 8 + i * 14, length, 10, png(index, palette))
            canvas.text(x + 44, y + i * 14, name, "tick", "end")
    if upright:
        for v in (0, 0.5, 1):
            canvas.text(x + 42, y + length * (1 - v) + 4, f"{v:g}", "tick")
        canvas.text(x - 2, y - 14, "coherence", "axisname")
        canvas.text(x - 2, y + length + 16, "grey:", "axisname")
        canvas.text(x - 2, y + length + 30, "chance", "axisname")
    else:
        for v in (0, 0.5, 1):
            canvas.text(x + 50 + length * v, y + 30, f"{v:g}", "tick", "middle")
        canvas.text(x + 58 + length, y + 4, "coherence", "axisname")
