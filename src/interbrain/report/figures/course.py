"""Synchrony over sessions: small multiples a dyad on shared axes, the group's fit, and grey for chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.report import views, words, worth
from interbrain.report.figures.common import BAND_SD, Panel, Picture, columns, fine, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, shorten

MOST_PANELS = 24


def picture(results: Results) -> Picture | str:
    """The course of the place whose change is clearest, or of the strongest place where no change was fitted."""
    if len(results.sessions) < 2:
        return f"Each {results.unit} met once in these recordings, so there is no course over sessions to draw."
    fit = views.strongest(views.slopes(results), "slope")
    focus = fit if fit is not None else views.strongest(views.within(results))
    if focus is None:
        return "No synchrony value has a null here, so there is no course above chance to draw."
    points = _points(results, focus)
    if points.empty:
        return "No synchrony value has a null here, so there is no course above chance to draw."
    lines = _lines(results, focus) if fit is not None else None
    title, alt = _words(results, focus, fit, lines, points)
    unit = results.stabilised_unit(focus)
    place = views.place_name(results, focus)
    where = ", ".join(
        x
        for x in (
            place,
            words.signals_name(focus["signal_a"], focus["signal_b"]),
            str(focus["band"]),
            words.segment_name(focus["segment"]),
        )
        if x
    )
    worthy = f"{worth.of_place(results, focus, 'within', 'all')} {worth.stability(results, focus, again=True)}"
    slopes = views.slopes(results)
    n, several = len(slopes), "analyses, " * (slopes["analysis"].nunique() > 1)
    among = f"{n} {several}places, signals and segments"
    chosen = f" Of {among} this one has the smallest p." if n > 1 and fit is not None else ""
    return Picture(
        key="course",
        title=title,
        subtitle=f"{results.analysis_title(focus)} above chance{f' ({unit})' if unit else ''} "
        f"over sessions; {where}. "
        f"Zero is the mean of the surrogates.{chosen}",
        alt=alt,
        draw=lambda width: _draw(points, lines, fit, results, results.axis_above_chance(focus), width),
        note=f"A session that was not recorded has no grey block. A {results.unit}'s own line is drawn between "
        "its first and last "
        f"session. {worthy}".rstrip(),
        wide=True,
        table=fine(
            ["analysis", "group", "session", "condition", "excess", "stabilised_null_sd", "z", "p", "n_null"], points
        ),
    )


def _points(results: Results, focus: pd.Series) -> pd.DataFrame:
    rows = views.same_place(results["nulls"], focus)
    rows = views.first_null(rows, str(focus.get("null", "")))
    return rows[rows["excess"].notna()].sort_values(["group", "session"])


def _lines(results: Results, focus: pd.Series) -> pd.DataFrame:
    """Each dyad's line, its level moved from the study's first session to session zero."""
    rows = views.same_place(results["course_groups"], focus)
    rows = rows[rows["null"] == focus["null"]].set_index("group")
    return rows.assign(level_at_zero=rows["level_at_first"] - rows["slope"] * results.sessions[0])


def _words(
    results: Results, focus: pd.Series, fit: pd.Series | None, lines: pd.DataFrame | None, points: pd.DataFrame
) -> tuple[str, str]:
    n = points["group"].nunique()
    above = int((points["excess"] > BAND_SD * points["stabilised_null_sd"]).sum())
    meetings = f"{words.share(above, len(points), 'session')} lie above the band of chance"
    if fit is None or not np.isfinite(fit["slope"]):
        return (
            f"No change over sessions was fitted; {meetings}",
            f"Synchrony over sessions of {words.figures(n, results.unit)}; {meetings}.",
        )
    value, interval = words.estimate(fit["slope"], fit["ci_low"], fit["ci_high"])
    unit = results.stabilised_unit(focus)
    ways = ""
    if lines is not None and len(lines):
        same = int((np.sign(lines["slope_own"]) == np.sign(fit["slope"])).sum())
        kind = "rise" if fit["slope"] > 0 else "fall"
        ways = f"; {words.share(same, len(lines), results.unit)} {kind}"
    if fit["claim"]:
        verb = "rises" if fit["slope"] > 0 else "falls"
        title = f"Synchrony {verb} by {words.with_unit(value.lstrip('−'), unit)} a session{ways}"
    else:
        title = f"No evidence of change over sessions: {words.with_unit(value, unit)} a session ({interval})"
    return title, f"{title}. {results.confidence} interval {interval}; {meetings}."


def _draw(
    points: pd.DataFrame, lines: pd.DataFrame | None, fit: pd.Series | None, results: Results, axis: str, width: float
) -> str:
    groups = sorted(points["group"].unique())
    shown = groups[:MOST_PANELS]
    several = len(groups) > 1
    n = len(shown) + several
    across = columns(width - 36, 150 if width < 500 else 176, n)
    gap, left = 14.0, 40.0
    w = (width - left - gap * (across - 1)) / across
    h, step, top = 118.0, 178.0, 46.0
    rows = -(-n // across)
    canvas = Canvas(width, top + rows * step + 6)
    used = key_row(canvas, 0, 10, width, _key(fit, several, results.unit))
    canvas.height += used - 18
    spread = BAND_SD * points["stabilised_null_sd"]
    y = padded([*points["excess"], *spread, *(-spread)], [0.0], 0.05)
    x = (results.sessions[0] - 0.6, results.sessions[-1] + 0.6)
    for i in range(n):
        row, column = divmod(i, across)
        panel = Panel.at(canvas, left + column * (w + gap), top + used - 18 + row * step + 16, w, h, x, y)
        panel.y_axis(labels=column == 0, n=4)
        panel.x_axis([s for s in results.sessions if _tick(s, results.sessions, w)])
        if several and i == 0:
            _group_panel(panel, points, lines, fit, len(groups), results.unit)
        else:
            _dyad_panel(panel, shown[i - several], points, lines, fit, results.unit)
        if i == 0:
            canvas.text(0, panel.top - 22, axis, "axisname")
        if i == n - 1:
            panel.name_x("session")
    return canvas.svg("")


def _tick(session: int, sessions: list[int], width: float) -> bool:
    every = max(1, round(len(sessions) * 18 / width))
    return (session - sessions[0]) % every == 0


def _key(fit: pd.Series | None, several: bool, unit: str) -> list[tuple[str, str]]:
    items = [
        ("band", "chance: nine of ten surrogates fall here"),
        ("dot-found", "a session above it"),
        ("dot-grey", "a session within it"),
    ]
    if fit is not None:
        claim = "found" if fit["claim"] else "grey"
        items.append((f"line-{claim}", f"the {unit}'s line" + (f", dashed: all {unit}s" if several else "")))
    return items


def _group_panel(
    panel: Panel, points: pd.DataFrame, lines: pd.DataFrame | None, fit: pd.Series | None, n: int, unit: str
) -> None:
    canvas = panel.canvas
    canvas.text(panel.left, panel.top - 4, f"One {unit}" if n == 1 else f"All {n} {unit}s", "strong")
    sd = BAND_SD * float(points["stabilised_null_sd"].mean())
    canvas.rect(panel.left, panel.y(sd), panel.right - panel.left, panel.y(-sd) - panel.y(sd), "null")
    canvas.line(panel.left, panel.y(0), panel.right, panel.y(0), "zero")
    for group, mine in points.groupby("group"):
        canvas.open("dyad", dyad=str(group))
        ends = _line_of(lines, str(group), mine)
        if ends:
            canvas.polyline([(panel.x(s), panel.y.clip(v)) for s, v in ends], "line thin grey", f"{unit} {group}")
        canvas.close()
    if fit is None or lines is None or lines.empty or not np.isfinite(fit["slope"]):
        return
    middle, level = _pivot(points, lines)
    at = np.linspace(points["session"].min(), points["session"].max(), 9)
    ends_ = [fit["ci_low"], fit["ci_high"]]
    low = [min(level + b * (s - middle) for b in ends_) for s in at]
    high = [max(level + b * (s - middle) for b in ends_) for s in at]
    grey = "" if fit["claim"] else " grey"
    px = [panel.x(s) for s in at]
    canvas.band(px, [panel.y.clip(v) for v in low], [panel.y.clip(v) for v in high], f"fitband{grey}")
    canvas.polyline(
        [(panel.x(s), panel.y.clip(level + fit["slope"] * (s - middle))) for s in at],
        f"line {'found' if fit['claim'] else 'grey'}",
        f"all {unit}s: {words.number(fit['slope'])} a session ({words.estimate(fit['slope'], *ends_)[1]})",
    )


def _pivot(points: pd.DataFrame, lines: pd.DataFrame) -> tuple[float, float]:
    """Mean session, and the mean of the dyads' lines there."""
    middle = float(points["session"].mean())
    return middle, float((lines["level_at_zero"] + lines["slope"] * middle).mean())


def _line_of(lines: pd.DataFrame | None, group: str, mine: pd.DataFrame) -> list[tuple[float, float]]:
    if lines is None or group not in lines.index or not np.isfinite(lines.loc[group, "slope"]):
        return []
    level, slope = float(lines.loc[group, "level_at_zero"]), float(lines.loc[group, "slope"])
    return [(s, level + slope * s) for s in (float(mine["session"].min()), float(mine["session"].max()))]


def _dyad_panel(
    panel: Panel, group: str, points: pd.DataFrame, lines: pd.DataFrame | None, fit: pd.Series | None, unit: str
) -> None:
    canvas, mine = panel.canvas, points[points["group"] == group]
    canvas.open("dyad", dyad=group)
    canvas.text(panel.left, panel.top - 4, shorten(f"{unit.capitalize()} {group}", panel.right - panel.left), "strong")
    block = 0.84 * (panel.x(1) - panel.x(0))
    for r in mine.to_dict("records"):
        sd = BAND_SD * r["stabilised_null_sd"]
        canvas.rect(panel.x(r["session"]) - block / 2, panel.y(sd), block, panel.y(-sd) - panel.y(sd), "null")
    canvas.line(panel.left, panel.y(0), panel.right, panel.y(0), "zero")
    if fit is not None and lines is not None and len(lines) > 1 and np.isfinite(fit["slope"]):
        middle, level = _pivot(points, lines)
        ends = [float(points["session"].min()), float(points["session"].max())]
        canvas.polyline(
            [(panel.x(s), panel.y.clip(level + fit["slope"] * (s - middle))) for s in ends], "line thin grey dash"
        )
    own = _line_of(lines, group, mine)
    if own:
        cls = "found" if fit is not None and fit["claim"] else "grey"
        canvas.polyline([(panel.x(s), panel.y.clip(v)) for s, v in own], f"line {cls}")
    for r in mine.to_dict("records"):
        sd = BAND_SD * r["stabilised_null_sd"]
        cls = "found" if r["excess"] > sd else "grey"
        title = (
            f"{unit} {group}, session {int(r['session'])}: {words.like(r['excess'], sd)} above chance "
            f"(band ±{words.number(sd)}), {words.p_text(r['p'])}"
        )
        canvas.circle(panel.x(r["session"]), panel.y(r["excess"]), 3.8, f"dot {cls}", title)
    canvas.close()
