"""Size under no effect: how often unrelated recordings come out at p ≤ .05, for what ran."""

from __future__ import annotations

import pandas as pd

from interbrain.report import calibration, words
from interbrain.report.figures.common import Panel, Picture, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, shorten


def picture(results: Results) -> Picture | None:
    """A dot a kind of noise; None where nothing that ran was calibrated."""
    rows = calibration.cells(results)
    if rows.empty:
        return None
    outside = (rows["share"] < rows["low"]) | (rows["share"] > rows["high"])
    rows = rows.assign(outside=outside)
    n, k = len(rows), int(outside.sum())
    low, high = (f"{100 * rows['share'].agg(f):.1f}" for f in ("min", "max"))
    span = f"{low} %" if low == high else f"{low} to {high} %"
    title = f"Of unrelated recordings, {span} come out at p ≤ .05"
    title += (
        ", as they should" if not k else f"; {words.share(k, n, 'kind')} of noise lies outside what a right test gives"
    )
    pairs, date = int(rows["pairs"].iloc[0]), str(rows["date"].iloc[0])
    return Picture(
        key="size",
        title=title,
        subtitle=f"Share (%) of {words.number(pairs, decimals=0)} pairs of independent simulated recordings a row. A "
        "right test gives 5\u00a0%; grey: where it stays in 95 of 100 such tables.",
        alt=f"{title}. {words.share(n - k, n, 'row').capitalize()} lie in the region of a right test.",
        draw=lambda width: _draw(results, rows, width),
        note=f"Of the method, not of these recordings: measured on {date} with make calibrate.",
        table=rows.drop(columns="outside"),
    )


def _draw(results: Results, rows: pd.DataFrame, width: float) -> str:
    small = width < 500
    label, step, title_h = (122.0 if small else 130.0), 22.0, 26.0
    canvas = Canvas(width, 0)
    items = [("band", "a right test"), ("dot-grey", "inside"), ("dot-ink", "outside")]
    top = key_row(canvas, 0, 10, width, items) + 4
    kinds = list(rows.groupby(["measure", "surrogate"], sort=False))
    most = max(10.0, 100 * rows["share"].max() * 1.15)
    height = sum(title_h + step * len(mine) for _, mine in kinds)
    panel = Panel.at(canvas, label + 8, top, width - label - 56, height, (0, most), (0, 1))
    canvas.height = panel.bottom + 40
    y = top
    for (measure, surrogate), mine in kinds:
        canvas.text(0, y + 16, shorten(calibration.pair_name(results, str(measure), str(surrogate)), width), "strong")
        y += title_h
        a, b = 100 * mine["low"].iloc[0], 100 * mine["high"].iloc[0]
        canvas.rect(panel.x(a), y, panel.x(b) - panel.x(a), step * len(mine), "null")
        canvas.line(panel.x(5), y, panel.x(5), y + step * len(mine), "zero")
        for r in mine.to_dict("records"):
            y += step
            said = f"{r['noise']}, {r['recording']}: {100 * r['share']:.1f} %"
            canvas.text(label, y - step / 2 + 4, f"{r['noise']} noise", "", "end")
            canvas.circle(
                panel.x(100 * r["share"]), y - step / 2, 4.5, f"dot {'ink' if r['outside'] else 'grey'}", said
            )
            canvas.text(width, y - step / 2 + 4, f"{100 * r['share']:.1f}", "tick num", "end")
    panel.x_axis(n=4)
    panel.name_x("% of pairs at p ≤ .05")
    return canvas.svg("")
