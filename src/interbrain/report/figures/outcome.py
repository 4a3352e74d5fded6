"""Scores and synchrony, within persons and between them: two panels, never one line through both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.report import views, words, worth
from interbrain.report.figures.common import Panel, Picture, fine
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, shorten

PARTS = (("within", "Within persons"), ("between", "Between persons"))
MOST_ROWS = 20


def picture(results: Results) -> Picture | None:
    """Every fitted association with its interval, each part in its own panel."""
    rows = views.associations(results)
    rows = rows[rows["part"].isin([p for p, _ in PARTS])]
    if rows.empty:
        return None
    n = len(rows)
    rows = rows.assign(name=[_name(results, rows, r) for r in rows.to_dict("records")])
    k = int(rows["claim"].sum())
    best = (rows[rows["claim"]] if k else rows).sort_values("p", kind="stable").iloc[0]
    short = results.instrument_name(best["instrument"])
    value, interval = words.estimate(best["estimate"], best["ci_low"], best["ci_high"])
    if k:
        title = f"{short} is {results.direction_of_score(best)} where synchrony is higher, {best['part']} persons"
    else:
        title = f"No evidence that scores go with synchrony: {words.share(0, n, 'association')} stands out"
    lagged = (rows["lag_sessions"] > 0).any()
    later = " Scores of a later session are adjusted for synchrony in that session." if lagged else ""
    order = rows.sort_values("p", kind="stable")["name"].drop_duplicates().head(MOST_ROWS)
    said = (
        f" The {MOST_ROWS} with the smallest p of {rows['name'].nunique()}."
        if rows["name"].nunique() > MOST_ROWS
        else ""
    )
    about = ("within", "of such deviations"), ("between", "of their means")
    sd = {part: f" (the SD is that {of})" if rows["per_sd"].any() else "" for part, of in about}
    return Picture(
        key="outcome",
        title=title,
        subtitle=f"Points of the score {_per(results, rows)}, with {results.confidence} "
        f"intervals.{_better(results, rows)} Within: a session against the person's own line "
        f"over sessions{sd['within']}. "
        f"Between: people against each other, freed from the trend that they share{sd['between']}.{later}{said}",
        alt=f"{title}. The clearest: {short} {best['part']} persons, {value} ({interval}), {words.p_text(best['p'])}.",
        draw=lambda width: _draw(rows[rows["name"].isin(order)], width),
        note=_note(results, rows),
        table=fine(["analysis", "signal_a", "place_a", "place_b", "segment", "instrument", "participant_role", "when",
                    "lag_sessions", "part", "estimate", "ci_low", "ci_high", "df", "p", "p_fdr", "adjusted_for",
                    "n_groups",
                    "n_scores", "sd_synchrony", "note"], rows),
    )  # fmt: skip


def _per(results: Results, rows: pd.DataFrame) -> str:
    """What a point is per: one SD of synchrony, where the table tells it."""
    if rows["per_sd"].any():
        return "for one SD of synchrony above chance"
    return f"per 1 {results.stabilised_unit(rows.iloc[0]) or 'unit'} of synchrony above chance"


def _better(results: Results, rows: pd.DataFrame) -> str:
    """Which way is better, for the instruments that are known: ``" Lower is better on PHQ-9, higher on WAI-SR."``."""
    known = {str(n): r for n in dict.fromkeys(rows["instrument"]) if (r := results.instrument(str(n))) is not None}
    said: list[str] = []
    for way, when in (("lower", "worse"), ("higher", "better")):
        names = words.listing(results.instrument_name(n) for n, r in known.items() if r.higher_is == when)
        said += [f"{way} {'' if said else 'is better '}on {names}"] if names else []
    return f" {words.sentence(', '.join(said))}" if said else ""


def _note(results: Results, rows: pd.DataFrame) -> str:
    size = int(rows["n_read"].max())
    over = f" over the {size} associations of an analysis" if size > 1 else ""
    said = f"Colour: p{over} is at most {results.alpha:g}; {words.were(len(rows), 'association')} tested in all."
    best = rows.sort_values("p", kind="stable").iloc[0]
    part = str(best["part"]) if best["part"] in ("within", "between") else "within"
    known = worth.of_place(results, best, part)
    weaker = " What is chance there makes any association look weaker than it is." if "real (" in known else ""
    return f"{said} {known}{weaker}".rstrip()


def _name(results: Results, rows: pd.DataFrame, r: pd.Series) -> str:
    parts = [results.instrument_name(str(r["instrument"]))]
    lag = int(r["lag_sessions"]) if np.isfinite(r["lag_sessions"]) else 0
    if rows["participant_role"].nunique() > 1:
        parts.append(str(r["participant_role"]))
    if lag:
        parts.append("next session" if lag == 1 else f"{lag} sessions later")
    if rows["when"].nunique() > 1 and r["when"]:
        parts.append(f"{r['when']} the session")
    if views.n_distinct(rows, "place_a", "place_b") > 1:
        parts.append(views.place_name(results, r, short=True))
    if context := views.context(results, rows, r):
        parts.append(context)
    return ", ".join(p for p in parts if p)


def _draw(rows: pd.DataFrame, width: float) -> str:
    names = list(dict.fromkeys(rows["name"]))
    small = width < 500
    label, gap, step = (0.0, 0.0, 44.0) if small else (190.0, 26.0, 30.0)
    w = width - 24 if small else (width - label - gap - 20) / 2
    height = step * len(names)
    canvas = Canvas(width, 0)
    top = 30.0
    for i, (part, title) in enumerate(PARTS):
        mine = rows[rows["part"] == part]
        left = 12.0 if small else label + i * (w + gap) + 10
        y0 = top + (i * (height + 84) if small else 0)
        x = padded([*mine["ci_low"], *mine["ci_high"], *mine["estimate"]], [0.0], 0.04)
        panel = Panel.at(canvas, left, y0, w, height, x, (0, 1))
        canvas.text(left, y0 - 12, title, "strong")
        canvas.line(panel.x(0), panel.top, panel.x(0), panel.bottom, "zero")
        panel.x_axis(n=4)
        for j, name in enumerate(names):
            y = y0 + step * (j + 0.5) + (8 if small else 0)
            if small:
                canvas.text(left, y - 14, shorten(name, w), "key halo")
            elif i == 0:
                canvas.text(label - 6, y + 4, shorten(name, label - 6), "", "end")
            _interval(panel, mine[mine["name"] == name], y)
        if mine.empty:
            canvas.text(left + 6, y0 + 20, "not fitted: too few people", "key")
        canvas.height = max(canvas.height, panel.bottom + 42)
        panel.name_x("points")
    return canvas.svg("")


def _interval(panel: Panel, rows: pd.DataFrame, y: float) -> None:
    for r in rows.to_dict("records"):
        cls = "found" if r["claim"] else "grey"
        value, interval = words.estimate(r["estimate"], r["ci_low"], r["ci_high"])
        panel.canvas.line(panel.x(r["ci_low"]), y, panel.x(r["ci_high"]), y, f"line {cls}")
        panel.canvas.circle(
            panel.x(r["estimate"]),
            y,
            5,
            f"dot {cls}",
            f"{r['name']}, {r['part']}: {value} ({interval}), {words.p_text(r['p'])}",
        )
