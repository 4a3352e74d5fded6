"""Real dyads among the same people re-paired: every grey dot is a pair that never met."""

from __future__ import annotations

import pandas as pd

from interbrain.report import views, words, worth
from interbrain.report.figures.common import Panel, Picture, fine, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, text_width


def picture(results: Results) -> Picture | None:
    """Pair values of the place that the re-pairing test finds strongest, a row a session."""
    rows = results["pairings"]
    rows = rows[rows["stabilised"].notna()]
    tests = views.of_test(results, "repair")
    test = views.strongest(tests)
    if rows.empty:
        return None
    focus = test if test is not None else rows.iloc[0]
    rows = views.same_place(rows, focus)
    if rows.empty:
        return None
    real = rows["real"].astype(str).isin(["True", "true", "1", "1.0"])
    rows = rows.assign(real=real)
    unit = results.measure_scale(focus)
    title, alt = _words(rows, test, results.unit)
    place = "" if views.single_place(rows) else f"{views.place_name(results, focus)}; "
    about = ", ".join(
        t for t in (words.signals_name(focus["signal_a"], focus["signal_b"]), words.segment_name(focus["segment"])) if t
    )
    return Picture(
        key="pairings",
        title=title,
        subtitle=f"{results.analysis_scale(focus)}; {place}{about}. One dot a pair of people in one session; re-paired "
        "keep role and session." + (_bar_text(results.unit) if test is not None else ""),
        alt=alt,
        draw=lambda width: _draw(rows, test, unit, results.unit, width),
        note="" if test is None else f"{views.bound_text(test)} {worth.of_place(results, focus, 'all')}".strip(),
        table=fine(["analysis", "session", "condition", "group_a", "group_b", "real", "value", "stabilised"], rows),
    )


def _bar_text(unit: str) -> str:
    return f" Bottom row: the mean of the real {unit}s against the means of whole re-arrangements."


def _words(rows: pd.DataFrame, test: pd.Series | None, unit: str) -> tuple[str, str]:
    if test is None:
        real, other = rows.loc[rows["real"], "stabilised"].mean(), rows.loc[~rows["real"], "stabilised"].mean()
        title = f"Real {unit}s {words.number(real, 3)}, the same people re-paired {words.number(other, 3)}; not tested"
        return title, title
    value = words.like(test["estimate"], test["null_sd"])
    chance = words.like(test["null_mean"], test["null_sd"])
    p = words.p_text(test["p_read"])
    if test["claim"] and test["estimate"] > test["null_mean"]:
        title = f"Real {unit}s synchronise more than the same people re-paired: {value} against {chance}"
    else:
        title = f"No evidence that real {unit}s differ from the same people re-paired: {value} against {chance}"
    return title, f"{title} ({p})."


def _draw(rows: pd.DataFrame, test: pd.Series | None, axis: str, unit: str, width: float) -> str:
    sessions = sorted(rows["session"].unique())
    step, left = (34.0 if len(sessions) > 1 else 70.0), 78.0
    extra = 44.0 if test is not None else 0.0
    canvas = Canvas(width, 0)
    claim = test is not None and bool(test["claim"])
    used = key_row(
        canvas, 0, 10, width,
        [("dot-greyfull", "people who never met"), ("dot-found" if claim else "dot-grey", f"real {unit}s"), ("band",
         "chance")],
    )  # fmt: skip
    span = (
        [test["null_mean"] - 3 * test["null_sd"], test["null_mean"] + 3 * test["null_sd"], test["estimate"]]
        if test is not None
        else []
    )
    x = padded([*rows["stabilised"], *span], share=0.03)
    panel = Panel.at(canvas, left, used + 6, width - left - 12, step * len(sessions) + extra, x, (0, 1))
    canvas.height = panel.bottom + 40
    for i, session in enumerate(sessions):
        y = panel.top + step * (i + 0.5)
        mine = rows[rows["session"] == session]
        if i:
            canvas.line(panel.left, y - step / 2, panel.right, y - step / 2, "grid")
        canvas.text(0, y + 4, f"session {int(session)}", "key")
        _dots(panel, mine, y, step, claim, unit)
    if test is not None:
        _mean_row(panel, test, panel.bottom - extra / 2)
    panel.x_axis(n=4 if width < 500 else 7)
    panel.name_x(axis)
    return canvas.svg("")


def _dots(panel: Panel, mine: pd.DataFrame, y: float, step: float, claim: bool, unit: str) -> None:
    canvas, half = panel.canvas, step / 2 - 6
    others = mine[~mine["real"]]
    for j, r in enumerate(others.to_dict("records")):
        shift = half * (((j * 0.618034) % 1.0) * 2 - 1)
        canvas.circle(
            panel.x(r["stabilised"]),
            y + shift,
            2.2,
            "dot greyfull",
            f"{r['group_a']} with {r['group_b']}: {words.number(r['stabilised'], 3)}",
        )
    for r in mine[mine["real"]].to_dict("records"):
        canvas.open("dyad", dyad=str(r["group_a"]))
        canvas.circle(
            panel.x(r["stabilised"]),
            y,
            4.6,
            f"dot {'found' if claim else 'grey'}",
            f"{unit} {r['group_a']}: {words.number(r['stabilised'], 3)}",
        )
        canvas.close()


def _mean_row(panel: Panel, test: pd.Series, y: float) -> None:
    canvas = panel.canvas
    canvas.line(0, y - 22, panel.right, y - 22, "rule")
    canvas.text(0, y + 4, "mean", "strong")
    low, high = (panel.x(test["null_mean"] + s * 1.645 * test["null_sd"]) for s in (-1, 1))
    canvas.rect(
        low, y - 10, high - low, 20, "null", f"re-paired: {words.with_spread(test['null_mean'], test['null_sd'])}"
    )
    canvas.line(panel.x(test["null_mean"]), y - 10, panel.x(test["null_mean"]), y + 10, "zero")
    cls = "found" if test["claim"] else "grey"
    at = panel.x(test["estimate"])
    canvas.line(at, y - 14, at, y + 14, f"line {cls}")
    said = f"{words.like(test['estimate'], test['null_sd'])}, {words.p_text(test['p_read'])}"
    fits = at + 10 + text_width(said, 12.5) < canvas.width
    anchor, side = (at + 8, "start") if fits else (at - 8, "end")
    canvas.text(anchor, y + 4, said, "foundtext halo num" if test["claim"] else "num halo", side)
