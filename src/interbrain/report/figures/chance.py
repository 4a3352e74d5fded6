"""Every tested family against its surrogates on one scale: where the null lies is the same grey band for all."""

from __future__ import annotations

import pandas as pd

from interbrain.report import views, words, worth
from interbrain.report.figures.common import Panel, Picture, fine, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, shorten

MOST_ROWS = 24


def picture(results: Results) -> Picture | str:
    """The strongest place of each family, in SDs of its surrogates."""
    rows = views.within(results)
    rows = rows[rows["z"].notna() & rows["p_read"].notna()]
    if rows.empty:
        return "No value could be compared with surrogates, so nothing can be drawn against chance."
    keys = ["analysis", "signal_a", "signal_b", "band", "segment", "null", "who"]
    best = pd.DataFrame([views.strongest(mine) for _, mine in rows.groupby(keys, sort=False)])
    sizes = rows.groupby(keys, sort=False).size().to_numpy()
    best = best.assign(size=sizes).reset_index(drop=True)
    n, k = len(best), int(best["claim"].sum())
    if n > MOST_ROWS:
        best = best.sort_values("p_read", kind="stable").head(MOST_ROWS).reset_index(drop=True)
    single = views.single_place(rows)
    top = best.sort_values(["p_read", "z"], ascending=[True, False], kind="stable").iloc[0]
    if k:
        title = (
            f"Synchrony lies {words.number(top['z'], 2)} SDs above its surrogates"
            if n == 1
            else f"Synchrony exceeds chance in {words.share(k, n, 'comparison')}"
        )
    else:
        title = (
            "Observed synchrony lies where surrogates lie"
            if n == 1
            else (f"Nothing exceeds what surrogates give, in {words.share(n, n, 'comparison')}")
        )
    about = "the value" if single else "the strongest of all places"
    over = "" if single else " The strongest of many lies outside it by chance alone; p is corrected for that."
    said = f" The {MOST_ROWS} with the smallest p of {n}." if n > MOST_ROWS else ""
    return Picture(
        key="chance",
        title=title,
        subtitle=f"Within the {results.unit}: {about}, in SDs of its own surrogates. The band is where nine of ten "
        "surrogates of "
        f"one place lie.{over}{said}",
        alt=f"{title}. The strongest is {words.number(top['z'])} SDs from its surrogates, "
f"{words.p_text(top['p_read'])}.",
        draw=lambda width: _draw(results, rows, best, single, width),
        note=worth.over_places(results, best, "all", "within")
        if n > 1 and len(results["reliability"])
        else worth.of_place(results, top, "all", "within"),
        table=fine(
            ["who", "analysis", "signal_a", "segment", "band", "place_a", "place_b", "null", "estimate", "null_mean",
             "null_sd", "z", "p", "p_family", "p_fdr", "n_null", "bound"],
            best.drop(columns=["who"]) if best["who"].nunique() == 1 else best,
        ),
    )  # fmt: skip


def _draw(results: Results, rows: pd.DataFrame, best: pd.DataFrame, single: bool, width: float) -> str:
    small = width < 500
    label, right, step = (0.0, 74.0, 44.0) if small else (232.0, 176.0, 26.0)
    canvas = Canvas(width, 100 + step * len(best))
    used = key_row(canvas, 0, 10, width, [("band", "surrogates"), ("dot-found", "beyond chance"), ("dot-grey", "not")])
    top = used + 18
    low, high = min(-3.0, best["z"].min() * 1.08), max(3.2, best["z"].max() * 1.08)
    panel = Panel.at(canvas, label + 8, top, width - label - right - 8, step * len(best), (low, high), (0, 1))
    canvas.height = panel.bottom + 40
    canvas.rect(panel.x(-1.645), panel.top, panel.x(1.645) - panel.x(-1.645), panel.bottom - panel.top, "null")
    canvas.line(panel.x(0), panel.top, panel.x(0), panel.bottom, "zero")
    canvas.text(width, top - 6, "p" if small else "observed, chance, p", "axisname", "end")
    for i, r in enumerate(best.to_dict("records")):
        y = panel.top + step * (float(i) + 0.5) + (7 if small else 0)
        cls = "found" if r["claim"] else "grey"
        name = _name(results, rows, r, single)
        if small:
            canvas.text(0, y - 13, shorten(name, width - 8), "key halo")
        else:
            canvas.text(label, y + 4, shorten(name, label), "num", "end")
        canvas.line(panel.x(0), y, panel.x.clip(r["z"]), y, f"line thin {cls}")
        numbers = f"{words.like(r['estimate'], r['null_sd'])}, {words.with_spread(r['null_mean'], r['null_sd'])}"
        p = words.p_text(r["p_read"], sign=False)
        canvas.circle(
            panel.x.clip(r["z"]), y, 4.5, f"dot {cls}",
            f"{name}: {numbers.replace(', ', ' where surrogates give ')}; z = {words.number(r['z'])}, "
f"{words.p_text(r['p_read'])}",
        )  # fmt: skip
        canvas.text(
            width, y + 4, p if small else f"{numbers}, {p}", "foundtext num" if r["claim"] else "tick num", "end"
        )
    panel.x_axis(n=4 if small else 8)
    panel.name_x("SDs of the surrogates")
    return canvas.svg("")


def _name(results: Results, rows: pd.DataFrame, r: pd.Series, single: bool) -> str:
    parts = [] if single else [views.place_name(results, r, short=True)]
    parts.append(views.context(results, rows, r))
    if rows["null"].nunique() > 1:
        parts.append(str(r["null"]).replace("_", " "))
    if rows["who"].nunique() > 1:
        parts.append(str(r["who"]))
    return ", ".join(p for p in parts if p) or results.measure_title(str(r["measure"]))
