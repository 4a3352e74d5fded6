"""Who leads by a lag in seconds: each dyad's lag and their mean, against what flipped signs give."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.data.tables import MEETING, PAIR
from interbrain.report import views, words
from interbrain.report.figures.common import BAND_SD, Panel, Picture, fine, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, shorten

MOST_ROWS = 12
_SHOWN = ["analysis", "signal_a", "segment", "band", "place_a", "place_b", "null"]


def picture(results: Results) -> Picture | str | None:
    """A row a place that exceeds chance; None where no measure gives a lag in seconds that was tested."""
    tested = views.of_test(results, "leads")
    if not any(not views.has_profile(results, a) for a in tested["analysis"]):
        return None
    rows = views.leads(results)
    rows = rows[rows["in_seconds"] & rows["p_read"].notna()]
    if rows.empty:
        return "No place exceeds chance, so lags are not read: that of two unrelated signals means nothing."
    rows = rows.sort_values(["p_read", "p"], kind="stable").drop_duplicates([c for c in _SHOWN if c != "null"])
    n = len(rows)
    rows = rows.head(MOST_ROWS).reset_index(drop=True)
    rows["name"] = [_name(results, rows, r) for r in rows.to_dict("records")]
    own = pd.concat([_own(results, r) for _, r in rows.iterrows()], ignore_index=True)
    title = _title(results, rows)
    a, b = results.sides_of(rows)
    said = f" The {MOST_ROWS} with the smallest p of {n}." if n > MOST_ROWS else ""
    return Picture(
        key="leads",
        title=title,
        subtitle=f"Mean lag (s) where synchrony exceeds chance; right of zero the {a} is ahead, left the {b}. Rings: "
        f"each {results.unit}; dot: their mean. Grey: where nine of ten means lie when the signs of "
        f"{results.unit}s are flipped.{said}",
        alt=f"{title}.",
        draw=lambda width: _draw(results, rows, own, width),
        note="A lag read from a phase lies within half a period: a longer one comes out shortened or turned.",
        table=fine(["name", "group", "lag_s"], own),
    )


def _title(results: Results, rows: pd.DataFrame) -> str:
    best = views.strongest(rows[rows["claim"]] if rows["claim"].any() else rows)
    assert best is not None
    ahead = results.sides(best)[0 if best["estimate"] > 0 else 1]
    size = f"{words.lag(best['estimate'], best['null_sd'])} ({words.p_text(best['p_read'])})"
    at = f" at {best['name']}" if len(rows) > 1 else ""
    if not best["claim"]:
        return f"No evidence that either leads: the clearest lag is {size}{at}"
    return f"The {ahead} is ahead by {size}{at}"


def _own(results: Results, row: pd.Series) -> pd.DataFrame:
    """Lag of each dyad at a place as the test takes it: the mean over sessions, each weighed by its excess."""
    sync = views.same_place(results["synchrony"], row)
    nulls = views.first_null(views.same_place(results["nulls"], row), str(row["null"]))
    keys = [*MEETING, *PAIR]
    joined = sync[sync["lag_s"].notna()].merge(nulls[[*keys, "excess"]], on=keys)
    joined["weight"] = joined["excess"].clip(lower=0.0)
    joined["lag_s"] *= joined["weight"]
    sums = joined.groupby("group", sort=True)[["lag_s", "weight"]].sum()
    sums = sums[sums["weight"] > 0]
    return pd.DataFrame({"group": sums.index, "lag_s": sums["lag_s"] / sums["weight"], "name": row["name"]})


def _name(results: Results, rows: pd.DataFrame, r: dict[str, object]) -> str:
    parts = [views.place_name(results, pd.Series(r), short=True)]
    return ", ".join(p for p in [*parts, views.context(results, rows, r)] if p) or str(r["analysis"])


def _draw(results: Results, rows: pd.DataFrame, own: pd.DataFrame, width: float) -> str:
    small = width < 500
    label, right, step = (0.0, 60.0, 46.0) if small else (190.0, 78.0, 30.0)
    canvas = Canvas(width, 0)
    a, b = results.sides_of(rows)
    items = [("band", "chance"), ("dot-grey", f"a {results.unit}, or no evidence"), ("dot-a", f"{a} ahead")]
    top = key_row(canvas, 0, 10, width, [*items, ("dot-b", f"{b} ahead")]) + 18
    x = padded([*own["lag_s"], *rows["estimate"], *(BAND_SD * rows["null_sd"]), *(-BAND_SD * rows["null_sd"])], [0.0])
    panel = Panel.at(canvas, label + 8, top, width - label - right - 8, step * len(rows), x, (0, 1))
    canvas.height = panel.bottom + 40
    canvas.text(width, top - 6, "p", "axisname", "end")
    for i, r in enumerate(rows.to_dict("records")):
        y = panel.top + step * (i + 0.5) + (8 if small else 0)
        half = BAND_SD * r["null_sd"] if np.isfinite(r["null_sd"]) else 0.0
        canvas.rect(panel.x(-half), y - 9, panel.x(half) - panel.x(-half), 18, "null")
        if small:
            canvas.text(0, y - 14, shorten(r["name"], width), "key halo")
        else:
            canvas.text(label, y + 4, shorten(r["name"], label), "", "end")
        for d in own[own["name"] == r["name"]].to_dict("records"):
            canvas.open("dyad", dyad=str(d["group"]))
            canvas.circle(
                panel.x(d["lag_s"]), y, 3, "dot grey", f"{results.unit} {d['group']}: {words.number(d['lag_s'])} s"
            )
            canvas.close()
        side = ("a" if r["estimate"] > 0 else "b") if r["claim"] else "grey"
        said = f"{r['name']}: mean {words.number(r['estimate'])} s, {words.p_text(r['p_read'])}"
        canvas.circle(panel.x(r["estimate"]), y, 5.5, f"dot {side}", said)
        text = {"a": "atext", "b": "btext"}.get(side, "tick")
        canvas.text(width, y + 4, words.p_text(r["p_read"], sign=False), f"{text} num", "end")
    canvas.line(panel.x(0), panel.top, panel.x(0), panel.bottom, "zero")
    panel.x_axis(n=4 if small else 8)
    panel.name_x("s")
    return canvas.svg("")
