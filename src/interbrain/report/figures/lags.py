"""Who leads: synchrony at each lag against the same grey null, all dyads and each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.report import views, words
from interbrain.report.figures.common import BAND_SD, Panel, Picture, columns, fine
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, shorten

MOST_PANELS = 24
_KEY = ["signal_a", "signal_b", "segment", "place_a", "place_b"]


def picture(results: Results) -> Picture | None:
    """Lag profiles of the place that the test of leading (or else of synchrony) finds strongest."""
    rows = results["lags"]
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return None
    tested = views.leads(results)
    test = views.strongest(tested[~tested["in_seconds"]])
    within = views.within(results)
    focus = test if test is not None else views.strongest(within[within["analysis"].isin(set(rows["analysis"]))])
    focus = rows.iloc[0] if focus is None else focus
    mine = views.same_place(rows, focus, _KEY)
    rows = mine if len(mine) else views.same_place(rows, rows.iloc[0], _KEY)
    rows = _mean_over(rows, ["group", "lag_s"])
    title = _title(results, test)
    a, b = roles = results.sides(focus)
    place = "" if views.single_place(results["lags"]) else f" {views.place_name(results, focus)}."
    return Picture(
        key="lags",
        title=title,
        subtitle=f"{results.synchrony_of(focus)} at each lag (s); right of zero the {a} is ahead, left the "
        f"{b}. Grey: where nine of ten "
        f"surrogates lie.{place}",
        alt=f"{title}. Lag profiles from {words.number(rows['lag_s'].min(), decimals=1)} to "
        f"{words.number(rows['lag_s'].max(), decimals=1)} s of {words.count(rows['group'].nunique(), results.unit)}.",
        draw=lambda width: _draw(results, roles, rows, width),
        note="Colour marks lags at which a profile lies above its band; single lags are not tested one by one.",
        wide=rows["group"].nunique() > 3,
        table=fine(["group", "lag_s", "value", "null_mean", "null_sd"], rows),
    )


def _title(results: Results, test: pd.Series | None) -> str:
    if test is None:
        return "Synchrony at each lag; who leads was not tested"
    size = (
        f"{words.like(test['estimate'], test['null_sd'])} (chance "
        f"{words.with_spread(test['null_mean'], test['null_sd'])})"
    )
    if not test["claim"]:
        return f"No evidence that either leads: the two sides of the profile differ by {size}"
    ahead = results.sides(test)[0 if test["estimate"] > test["null_mean"] else 1]
    return f"The {ahead} leads: the two sides of the profile differ by {size}"


def _mean_over(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Means of values and nulls; the SD of a mean of n independent nulls."""
    rows = rows.assign(var=rows["null_sd"] ** 2)
    out = rows.groupby(keys).agg(
        value=("value", "mean"), null_mean=("null_mean", "mean"), var=("var", "sum"), n=("var", "size")
    )
    out["null_sd"] = np.sqrt(out["var"]) / out["n"]
    return out.reset_index()


def _draw(results: Results, roles: tuple[str, str], rows: pd.DataFrame, width: float) -> str:
    groups = sorted(rows["group"].unique())
    several = len(groups) > 1
    shown = groups[:MOST_PANELS] if several else []
    all_ = _mean_over(rows, ["lag_s"])
    left, big = 46.0, 190.0
    spread = BAND_SD * rows["null_sd"].fillna(0)
    x = (float(rows["lag_s"].min()), float(rows["lag_s"].max()))
    y = padded([*rows["value"], *(rows["null_mean"] + spread), *(rows["null_mean"] - spread)], share=0.04)
    across = columns(width - left, 150 if width < 500 else 184, len(shown)) if shown else 1
    lines = -(-len(shown) // across) if shown else 0
    canvas = Canvas(width, 30 + big + 44 + lines * 142)
    mean_spread = BAND_SD * all_["null_sd"].fillna(0)
    own_y = padded([*all_["value"], *(all_["null_mean"] + mean_spread), *(all_["null_mean"] - mean_spread)], share=0.08)
    panel = Panel.at(canvas, left, 30, width - left - 8, big, x, own_y)
    panel.y_axis(n=4)
    canvas.text(
        left, 18, f"Mean of {words.count(len(groups), results.unit)}" if several else results.named(groups[0]), "strong"
    )
    panel.x_axis(n=4 if width < 500 else 8)
    canvas.text(panel.left, panel.bottom + 32, f"← {roles[1]} ahead", "btext")
    canvas.text(panel.right, panel.bottom + 32, f"{roles[0]} ahead, s →", "atext", "end")
    _profile(panel, all_, 2)
    gap = 26.0
    w = (width - left - 8 - gap * (across - 1)) / across
    for i, group in enumerate(shown):
        row, column = divmod(i, across)
        small = Panel.at(canvas, left + column * (w + gap), 30 + big + 68 + row * 142, w, 92, x, y)
        small.y_axis(labels=column == 0, n=3)
        small.x_axis(n=3)
        canvas.open("dyad", dyad=group)
        canvas.text(small.left, small.top - 5, shorten(results.named(group), w), "strong")
        _profile(small, rows[rows["group"] == group], 1.6)
        canvas.close()
    return canvas.svg("")


def _profile(panel: Panel, rows: pd.DataFrame, weight: float) -> None:
    rows = rows.sort_values("lag_s")
    canvas = panel.canvas
    px = [panel.x(v) for v in rows["lag_s"]]
    half = BAND_SD * rows["null_sd"]
    low, high = rows["null_mean"] - half, rows["null_mean"] + half
    canvas.band(px, [panel.y.clip(v) for v in low], [panel.y.clip(v) for v in high], "null", "chance")
    canvas.line(panel.x.clip(0), panel.top, panel.x.clip(0), panel.bottom, "zero")
    canvas.polyline(zip(px, [panel.y(v) for v in rows["value"]]), "line grey thin")
    for side, chosen in (("a", rows["lag_s"] >= 0), ("b", rows["lag_s"] <= 0)):
        above = chosen & (rows["value"] > high)
        near = above | (above.shift(1, fill_value=False) & chosen) | (above.shift(-1, fill_value=False) & chosen)
        ys = [
            panel.y(v) if show else float("nan") for v, show in zip(rows["value"], above if above.sum() > 1 else near)
        ]
        canvas.polyline(zip(px, ys), f"line {side}")
    best = rows.loc[rows["value"].idxmax()]
    cls = "ink" if best["lag_s"] == 0 else ("a" if best["lag_s"] > 0 else "b")
    above_band = best["value"] > best["null_mean"] + BAND_SD * best["null_sd"]
    canvas.circle(
        panel.x(best["lag_s"]), panel.y(best["value"]), 3 + weight / 2, f"dot {cls if above_band else 'grey'}",
        f"highest at {words.number(best['lag_s'], decimals=2)} s: {words.number(best['value'], 3)} "
        f"(chance {words.with_spread(best['null_mean'], best['null_sd'])})",
    )  # fmt: skip
