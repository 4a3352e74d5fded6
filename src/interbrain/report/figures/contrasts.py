"""Segments, conditions and arms against each other, a line or a dot a dyad, beside what relabelling gives."""

from __future__ import annotations

import pandas as pd

from interbrain.report import views, words
from interbrain.report.figures.common import Panel, Picture, fine
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, shorten
from interbrain.report.verdict import sides

COLUMNS = {"contrast:": "segment", "condition:": "condition", "arm:": "arm"}
"""What each kind of test compares, as a column of the tables."""


def pictures(results: Results) -> list[Picture]:
    """One picture a contrast of segments, conditions or arms in ``tests``."""
    out = []
    for prefix in COLUMNS:
        rows = views.of_test(results, prefix)
        for test, mine in rows[rows["p_read"].notna()].groupby("test", sort=False):
            best = views.strongest(mine)
            if best is not None and (made := _one(results, str(test), mine, best)):
                out.append(made)
    return out


def _one(results: Results, test: str, rows: pd.DataFrame, best: pd.Series) -> Picture | None:
    first, second = sides(results, test)
    column = COLUMNS[test.partition(":")[0] + ":"]
    keys = ["signal_a", "signal_b", "band", "direction", "place_a", "place_b"]
    nulls = views.same_place(results["nulls"], best, keys if column == "segment" else None)
    nulls = views.first_null(nulls[nulls[column].isin([first, second])], str(best["null"]))
    if nulls.empty:
        return None
    means = nulls.groupby(["group", column])["excess"].mean().unstack(column).reindex(columns=[second, first])
    unit = results.stabilised_unit(best)
    k, n = int(rows["claim"].sum()), len(rows)
    size = words.like(best["estimate"] - best["null_mean"], best["null_sd"])
    p = words.p_text(best["p_read"])
    if best["claim"]:
        more, less = (first, second) if best["estimate"] > best["null_mean"] else (second, first)
        title = f"Synchrony is higher in {more} than in {less}, by {words.with_unit(size.lstrip('−'), unit)}"
    else:
        title = f"No evidence that {first} differs from {second}: {words.with_unit(size, unit)}"
    counted = (
        f" {words.share(k, n, 'place').capitalize()} {'differ' if k > 1 else 'differs'}; this one has the smallest p."
        if n > 1
        else ""
    )
    place = "" if views.single_place(rows) else f"{views.place_name(results, best)}; "
    signal = words.signals_name(best["signal_a"], best["signal_b"])
    chance = words.with_spread(best["null_mean"], best["null_sd"])
    return Picture(
        key=test.replace(":", "-"),
        title=title,
        subtitle=f"{results.synchrony_of(best)} above chance{f' ({unit})' if unit else ''} of each "
        f"{results.unit}; {place}{signal}. "
f"Relabelling gives {chance}; {p}.{counted}",
        alt=f"{title} ({p}).",
        draw=lambda width: _draw(means, [second, first], results.unit, results.axis_above_chance(best),
        bool(best["claim"]), column != "arm", best, width),
        note=views.bound_text(best),
        table=fine(["analysis", "signal_a", "band", "place_a", "place_b", "estimate", "null_mean", "null_sd", "z",
        "p", "p_family",
                    "n_groups", "n_meetings"], rows),
    )  # fmt: skip


def _draw(
    means: pd.DataFrame,
    names: list[str],
    unit: str,
    axis: str,
    claim: bool,
    paired: bool,
    best: pd.Series,
    width: float,
) -> str:
    canvas = Canvas(width, 286)
    inner = min(width - 150, 420.0)
    panel = Panel.at(canvas, 46, 30, inner, 212, (-0.5, 1.5), padded(means.to_numpy().ravel(), [0.0], 0.08))
    panel.y_axis(n=5)
    canvas.text(0, 14, axis, "axisname")
    cls = "found" if claim else "grey"
    for order, (group, row) in enumerate(means.iterrows()):
        canvas.open("dyad", dyad=str(group))
        if paired:
            canvas.polyline([(panel.x(i), panel.y(row[n])) for i, n in enumerate(names)], "line thin grey")
        for i, name in enumerate(names):
            if row[name] == row[name]:
                canvas.circle(
                    panel.x(i) + (0 if paired else 9 * (((order * 0.618034) % 1.0) * 2 - 1)),
                    panel.y(row[name]),
                    3.4,
                    "dot grey",
                    f"{unit} {group}, {name}: {words.number(row[name])}",
                )
        canvas.close()
    averages = [float(means[n].mean()) for n in names]
    if paired:
        canvas.polyline([(panel.x(i), panel.y(v)) for i, v in enumerate(averages)], f"line {cls}")
    for i, (name, v) in enumerate(zip(names, averages)):
        canvas.circle(panel.x(i), panel.y(v), 5.5, f"dot {cls}", f"mean {name}: {words.number(v)}")
        canvas.text(panel.x(i), panel.bottom + 20, shorten(name, inner / 2), "strong", "middle")
    canvas.text(
        panel.x(1) + 14,
        panel.y(averages[1]) + 4,
        words.number(averages[1]),
        "foundtext num halo" if claim else "num halo",
    )
    canvas.text(
        panel.x(0) - 14,
        panel.y(averages[0]) + 4,
        words.number(averages[0]),
        "foundtext num halo" if claim else "num halo",
        "end",
    )
    _beside(canvas, panel, best, claim)
    return canvas.svg("")


def _beside(canvas: Canvas, panel: Panel, best: pd.Series, claim: bool) -> None:
    """The difference on the same scale beside it, on its grey null."""
    x, half = panel.right + 48, 1.645 * float(best["null_sd"])
    top, bottom = panel.y.clip(best["null_mean"] + half), panel.y.clip(best["null_mean"] - half)
    canvas.rect(
        x - 14, top, 28, bottom - top, "null", f"chance: {words.with_spread(best['null_mean'], best['null_sd'])}"
    )
    canvas.line(x - 22, panel.y.clip(0), x + 22, panel.y.clip(0), "zero")
    canvas.circle(
        x, panel.y.clip(best["estimate"]), 5.5, f"dot {'found' if claim else 'grey'}",
        f"difference {words.like(best['estimate'], best['null_sd'])}, {words.p_text(best['p_read'])}",
    )  # fmt: skip
    canvas.text(x, panel.bottom + 20, "difference", "strong", "middle")
