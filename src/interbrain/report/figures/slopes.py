"""Every fitted change over sessions with its interval: what was looked at, not only what was found."""

from __future__ import annotations

import pandas as pd

from interbrain.report import views, words, worth
from interbrain.report.figures.common import Panel, Picture, fine, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, text_width

MOST_NAMED = 3


def picture(results: Results) -> Picture | None:
    """A caterpillar of all slopes; None where fewer than two were fitted."""
    rows = views.slopes(results)
    rows = rows[rows["slope"].notna()].sort_values("slope", kind="stable").reset_index(drop=True)
    if len(rows) < 2:
        return None
    k, n = int(rows["claim"].sum()), len(rows)
    unit = results.stabilised_unit(rows.iloc[0])
    said = words.share(k, n, "change").capitalize()
    title = f"{said} over sessions {'stand' if k > 1 else 'stands'} out from chance"
    made = views.tests_text(rows)
    return Picture(
        key="slopes",
        title=title,
        subtitle=f"Change a session{f' ({unit})' if unit else ''} with its {results.confidence} interval, in "
"order of size"
        f"{f'; {made}' if made else ''}. Colour: p, corrected over the family, is at most {results.alpha:g} for "
"the model and for "
        f"sign flips of whole {results.unit}s.",
        alt=f"{title}. Slopes run from {words.number(rows['slope'].min())} to "
f"{words.with_unit(words.number(rows['slope'].max()), unit)} "
        "a session.",
        draw=lambda width: _draw(results, rows, unit, width),
        note=worth.over_places(results, rows, "growth"),
        table=fine(
            ["analysis", "signal_a", "place_a", "place_b", "band", "segment", "slope", "ci_low", "ci_high", "df", "p",
             "p_family", "p_signflip", "n_groups", "n_meetings", "note"],
            rows,
        ),
    )  # fmt: skip


def _draw(results: Results, rows: pd.DataFrame, unit: str, width: float) -> str:
    canvas = Canvas(width, 262)
    used = key_row(canvas, 0, 10, width, [("dot-found", "beyond chance"), ("dot-grey", "not told from no change")])
    canvas.height += used - 18
    panel = Panel.at(
        canvas, 46, used + 26, width - 52, 190, (-0.8, len(rows) - 0.2),
        padded([*rows["ci_low"], *rows["ci_high"]], [0.0], 0.03),
    )  # fmt: skip
    panel.y_axis(n=5)
    canvas.text(0, panel.top - 10, f"{unit or 'change'} a session", "axisname")
    radius = max(1.6, min(3.6, 0.5 * (panel.x(1) - panel.x(0))))
    said = views.contexts(results, rows)
    for i, r in enumerate(rows.to_dict("records")):
        x, cls = panel.x(float(i)), "found" if r["claim"] else "grey"
        value, interval = words.estimate(r["slope"], r["ci_low"], r["ci_high"])
        where = ", ".join(t for t in (views.place_name(results, r), said(r)) if t)
        canvas.line(x, panel.y(r["ci_low"]), x, panel.y(r["ci_high"]), f"line thin {cls}")
        canvas.circle(
            x,
            panel.y(r["slope"]),
            radius,
            f"dot {cls}",
            f"{where}: {value} ({interval}), corrected {words.p_text(r['p_read'])}",
        )
    for i in [i for i, claim in enumerate(rows["claim"]) if claim][::-1][:MOST_NAMED]:
        text = " ".join(t for t in (views.place_name(results, rows.iloc[i], short=True), said(rows.iloc[i])) if t)
        _name(panel, rows, i, text)
    return canvas.svg("")


def _name(panel: Panel, rows: pd.DataFrame, i: int, text: str) -> None:
    """A name to the left of its dot, where no other interval is in the way."""
    y, right = panel.y(rows["slope"].iloc[i]), panel.x(float(i)) - 9
    left = right - text_width(text, 12.5)
    if left < panel.left:
        return
    below = [panel.y(high) for j, high in enumerate(rows["ci_high"]) if left - 4 <= panel.x(float(j)) < right]
    if not below or min(below) > y + 8:
        panel.canvas.text(right, y + 4, text, "foundtext halo", "end")
