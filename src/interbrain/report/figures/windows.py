"""Synchrony within each session, window by window, over the grey of that session's null."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.report import views, words, worth
from interbrain.report.figures.common import Panel, Picture, columns, fine
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, shorten

MOST_PANELS = 12


def picture(results: Results) -> Picture | None:
    """Windows of the strongest place; None where none were asked for."""
    rows = results["windows"]
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return None
    focus = views.strongest(views.within(results))
    mine = views.same_place(rows, focus) if focus is not None else rows
    rows = mine if len(mine) else views.same_place(rows, rows.iloc[0])
    nulls = views.first_null(views.same_place(results["nulls"], rows.iloc[0]))
    rows = rows.sort_values(["group", "session", "condition", "start_s"])
    n = views.n_distinct(rows, "group", "session", "condition")
    shown = f" The first {MOST_PANELS} of {n} sessions." if n > MOST_PANELS else ""
    spread = float(rows["value"].std())
    where = "" if views.single_place(results["windows"]) else f" {views.place_name(results, rows.iloc[0])}."
    title = f"Synchrony moves within a session: windows spread by {words.number(spread, 2)} around their mean"
    return Picture(
        key="windows",
        title=title,
        subtitle=f"{results.analysis_title(rows.iloc[0])} in windows over minutes.{where} Grey "
        "line: the mean of "
        f"that session's surrogates over the whole segment; a window is shorter and scatters more.{shown}",
        alt=f"{title}; {words.count(n, 'session')}.",
        draw=lambda width: _draw(results, rows, nulls, width),
        note=worth.stability(results, rows.iloc[0]),
        wide=n > 3,
        table=fine(
            ["analysis", "group", "session", "condition", "segment", "start_s", "stop_s", "value", "coverage"], rows
        ),
    )


def _draw(results: Results, rows: pd.DataFrame, nulls: pd.DataFrame, width: float) -> str:
    parts = [p for _, p in rows.groupby(["group", "session", "condition"], sort=False)][:MOST_PANELS]
    left, gap = 46.0, 14.0
    across = columns(width - left, 150 if width < 500 else 210, len(parts))
    w = (width - left - 8 - gap * (across - 1)) / across
    canvas = Canvas(width, 24 + 150 * -(-len(parts) // across) + 16)
    stop = float(max(p["stop_s"].max() for p in parts)) / 60
    start = float(min(p["start_s"].min() for p in parts)) / 60
    y = padded([*rows["value"], *nulls["null_mean"]], share=0.05)
    for i, part in enumerate(parts):
        row, column = divmod(i, across)
        panel = Panel.at(canvas, left + column * (w + gap), 24 + row * 150, w, 96, (start, stop), y)
        panel.y_axis(labels=column == 0, n=3, zero=False)
        panel.x_axis(n=4)
        group, session = str(part["group"].iloc[0]), int(part["session"].iloc[0])
        canvas.open("dyad", dyad=group)
        canvas.text(panel.left, panel.top - 5, shorten(f"{results.named(group)}, session {session}", w), "strong")
        null = nulls[(nulls["group"] == group) & (nulls["session"] == session)]
        if len(null) and np.isfinite(null["null_mean"].iloc[0]):
            canvas.line(
                panel.left,
                panel.y(null["null_mean"].iloc[0]),
                panel.right,
                panel.y(null["null_mean"].iloc[0]),
                "line grey",
            )
        middle = (part["start_s"] + part["stop_s"]) / 120
        canvas.polyline([(panel.x(t), panel.y(v)) for t, v in zip(middle, part["value"])], "line ink thin")
        for t, r in zip(middle, part.to_dict("records")):
            canvas.circle(
                panel.x(t),
                panel.y(r["value"]),
                2.2,
                "dot ink",
                f"{words.number(t, decimals=1)} min: {words.number(r['value'])}",
            )
        canvas.close()
        if i == len(parts) - 1:
            panel.name_x("minutes")
    return canvas.svg("")
