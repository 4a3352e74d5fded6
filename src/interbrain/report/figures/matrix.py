"""The same places as matrices: shades of grey within chance, colour only where a pair exceeds it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.data.tables import EVERYBODY
from interbrain.report import views, words, worth
from interbrain.report.figures.common import Picture, columns, fine
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, png, shorten, text_width

MOST_RECTS = 14
"""Places a side up to which each cell is a mark of its own; above, grey cells are one image."""

MOST_PANELS = 12


def picture(results: Results) -> Picture | str:
    """A matrix for each analysis, signal, band, direction and segment."""
    rows = views.within(results)
    rows = rows[rows["z"].notna() & (rows["place_b"] != EVERYBODY)]
    if rows.empty:
        return "No value could be compared with surrogates, so there is no matrix of places."
    keys = [k for k in (*views.FAMILY_KEY, "null", "who") if k in rows]
    parts = [part for _, part in rows.groupby(keys, sort=False)]
    parts = sorted(parts, key=lambda p: (-int(p["claim"].sum()), float(p["p_read"].min())))
    counted = [int(p["claim"].sum()) for p in parts]
    k, n = sum(counted), len(rows)
    title = f"{words.share(k, n, 'cell').capitalize()} {'exceed' if k > 1 else 'exceeds'} chance"
    cut = f" The {MOST_PANELS} matrices with the smallest p of {len(parts)}." if len(parts) > MOST_PANELS else ""
    top = rows.loc[rows["z"].idxmax()]
    a, b = results.sides_of(rows)
    return Picture(
        key="matrix",
        title=title,
        subtitle=f"Rows: {a}; columns: {b}. Excess over surrogates in their SDs: the stronger the grey, the "
        f"larger; colour where p, corrected over the family, is at most {results.alpha:g}.{cut}",
        alt=f"{title}. The largest, z = {words.number(top['z'])}, is between {views.place_name(results, top)}.",
        draw=lambda width: _draw(results, rows, parts[:MOST_PANELS], width),
        note=worth.over_places(results, rows, "all", "within"),
        wide=len(parts) > 3,
        table=fine(
            ["analysis", "signal_a", "segment", "band", "place_a", "place_b", "estimate", "null_mean", "null_sd",
             "z", "p",
             "p_family", "p_fdr"],
            rows.sort_values("p_read", kind="stable"),
        ),
    )  # fmt: skip


def _draw(results: Results, rows: pd.DataFrame, parts: list[pd.DataFrame], width: float) -> str:
    a, b = list(dict.fromkeys(rows["place_a"])), list(dict.fromkeys(rows["place_b"]))
    label = min(70.0, max(text_width(n, 11.5) for n in a) + 8) if len(a) <= 40 else 8.0
    across = columns(width, max(160.0, label + 15.0 * min(len(b), 12)) + 20, len(parts))
    panel = (width - 18 * (across - 1)) / across
    cell = min(44.0, (panel - label - 6) / len(b))
    head = 26 + (min(60.0, max(text_width(n, 11.5) for n in b)) if len(b) > 4 else 16) if len(b) <= 40 else 26
    block = head + cell * len(a) + 22
    canvas = Canvas(width, block * -(-len(parts) // across))
    most = float(max(3.0, rows["z"].max()))
    for i, part in enumerate(parts):
        row, column = divmod(i, across)
        x, y = column * (panel + 18), row * block
        name = ", ".join(
            t
            for t in (
                views.context(results, rows, part.iloc[0]),
                str(part["who"].iloc[0]) if rows["who"].nunique() > 1 else "",
            )
            if t
        )
        canvas.text(
            x + label,
            y + 13,
            shorten(name or results.measure_title(str(part["measure"].iloc[0])), panel - label),
            "strong",
        )
        _names(canvas, a, b, x + label, y + head, cell)
        _cells(canvas, results, part, a, b, (x + label, y + head), cell, most)
    return canvas.svg("")


def _names(canvas: Canvas, a: list[str], b: list[str], x: float, y: float, cell: float) -> None:
    if len(a) <= 40:
        every = max(1, int(np.ceil(11 / cell)))
        for i, name in enumerate(a):
            if i % every == 0:
                canvas.text(x - 5, y + cell * (i + 0.5) + 4, shorten(name, 64, 11.5), "tick", "end")
    if len(b) <= 40:
        upright = all(text_width(n, 11.5) < cell - 2 for n in b)
        every = 1 if upright else max(1, int(np.ceil(11 / cell)))
        for j, name in enumerate(b):
            if j % every == 0:
                if upright:
                    canvas.text(x + cell * (j + 0.5), y - 5, name, "tick", "middle")
                else:
                    canvas.text(x + cell * (j + 0.5) + 4, y - 5, shorten(name, 60, 11.5), "tick", "start", -90)


def _cells(
    canvas: Canvas,
    results: Results,
    part: pd.DataFrame,
    a: list[str],
    b: list[str],
    at: tuple[float, float],
    cell: float,
    most: float,
) -> None:
    x, y = at
    image = max(len(a), len(b)) > MOST_RECTS
    if image:
        grid = np.zeros((len(a), len(b)))
        index = {n: i for i, n in enumerate(a)}, {n: j for j, n in enumerate(b)}
        for pa, pb, z in zip(part["place_a"], part["place_b"], part["z"]):
            grid[index[0][pa], index[1][pb]] = _shade(z, 3.0)
        levels = np.round(255 - 140 * np.linspace(0, 1, 64)).astype(np.uint8)
        canvas.image(
            x, y, cell * len(b), cell * len(a), png(np.round(grid * 63), np.stack([levels] * 3, axis=1)), "greys"
        )
    for r in (part[part["claim"]] if image else part).to_dict("records"):
        cx, cy = x + cell * b.index(r["place_b"]), y + cell * a.index(r["place_a"])
        gap = 1.0 if cell > 8 else 0.0
        if r["claim"]:
            cls, style = "cell found", ""
        else:
            cls, style = "nulldeep", f"opacity:{0.12 + 0.88 * _shade(r['z'], min(most, 3.0)):.2f}"
        title = f"{views.place_name(results, r)}: z = {words.number(r['z'])}, corrected {words.p_text(r['p_read'])}"
        canvas.rect(cx, cy, cell - gap, cell - gap, cls, title, style)
        if cell >= 26:
            canvas.text(
                cx + cell / 2,
                cy + cell / 2 + 4,
                words.number(r["z"], decimals=1),
                "ontop num" if r["claim"] else "num",
                "middle",
            )


def _shade(z: float, most: float) -> float:
    return float(min(max(z, 0.0) / most, 1.0))
