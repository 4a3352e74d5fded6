"""One picture of a simulated course: synchrony, gains, the patient's brain, trust, symptoms, and other people."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd

from interbrain.report.figures.common import LABEL, WIDE, End, Panel, columns, key_row, label_ends
from interbrain.report.style import DARK, FONT, LIGHT, figure_css, standalone, variables
from interbrain.report.svg import Canvas, padded
from interbrain.simulate.brains.regimes import HIGH, LOW
from interbrain.simulate.courses.course import CourseRun
from interbrain.simulate.courses.therapies import therapy

MOST_HAIRS = 40
"""Dyads up to which each has a hair of its own."""
TIMES = ("before", "after", "follow_up")


def draw_course(run: CourseRun, width: float = WIDE) -> str:
    """The course as an SVG that takes the page's colours, light or dark (:func:`course_page`, or ``standalone``).

    Lines are means over the dyads that are still there, bands their 95 % intervals, hairs single dyads. Grey is chance:
    nine of ten of a patient's pseudo-pairs (with other dyads' therapists) lie in the grey band, a mean over patients.
    """
    across = columns(width, 290, 6)
    gap, left, high, step = 14.0, 40.0, 150.0, 232.0
    w = (width - (left + gap) * across + gap) / across - LABEL
    canvas = Canvas(width, 0)
    top = 42 + key_row(canvas, 0, 10, width, _key(run))
    canvas.height = top - 26 + step * -(-6 // across)
    panels = (_synchrony, _gains, _brain, _trust, _symptoms, _others)
    for k, draw in enumerate(panels):
        row, column = divmod(k, across)
        x, y = left + column * (w + LABEL + left + gap), top + row * step
        draw(canvas, run, (x, y, w, high))
    return canvas.svg(finding(run))


def finding(run: CourseRun) -> str:
    """What the course shows, in a sentence with its figures."""
    last = _at(run, int(run.sessions["session"].max()))
    first = _at(run, 1)
    first, stayed = first[first["dyad"].isin(last["dyad"])], len(last)
    name = therapy(run.course.therapy).title
    words = f"{name}, {run.course.dyads} simulated dyads, {stayed} of them to the last session"
    if first["excess"].notna().any():
        rise = last["excess"].mean() - first["excess"].mean()
        words += f": synchrony above pseudo-pairs {_moves(rise)} by {abs(rise):.2f}"
    fall = last["severity"].mean() - first["severity"].mean()
    return f"{words}, severity {_moves(fall)} by {abs(fall):.2f}."


def _moves(change: float) -> str:
    return "rises" if change > 0 else "falls"


def _at(run: CourseRun, session: int) -> pd.DataFrame:
    return run.sessions[run.sessions["session"] == session]


def course_page(run: CourseRun) -> str:
    """A page of its own, light or dark as the reader's screen is, with nothing from the network."""
    css = (
        f":root{{{variables(LIGHT)}}}@media (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}"
        f"body{{margin:2rem auto;max-width:62.5rem;padding:0 1rem;background:var(--paper);color:var(--ink);"
        f"font:16px/1.55 {FONT}}}h1{{font-size:1.5rem;line-height:1.25}}p{{max-width:70ch}}"
        f".muted{{color:var(--muted)}}svg{{max-width:100%;height:auto}}.narrow{{display:none}}"
        f"@media (max-width:36rem){{.wide{{display:none}}.narrow{{display:block}}}}"
        f"pre{{background:var(--raised);padding:.8rem 1rem;overflow-x:auto;font-size:.8rem}}{figure_css()}"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>Simulated course</title><style>{css}</style></head><body><main>"
        f"<h1>{escape(finding(run))}</h1>"
        "<p>Everything here is simulated: what a model does under these settings, not what happened to anybody. How "
        "therapies differ in it is hypothesis. Lines are means over the dyads still there with 95 % intervals; the "
        "grey band holds nine of ten of a patient's pseudo-pairs.</p>"
        f'<div class="wide">{draw_course(run)}</div><div class="narrow">{draw_course(run, 344.0)}</div>'
        f'<details><summary class="muted">Every setting</summary><pre>{escape(run.course.to_toml())}</pre></details>'
        "</main></body></html>\n"
    )


def course_svg(run: CourseRun) -> str:
    """The picture as a file of its own, in light colours."""
    return standalone(draw_course(run))


Box = tuple[float, float, float, float]


def _key(run: CourseRun) -> list[tuple[str, str]]:
    items = [("line-found", "patient and therapist"), ("band", "chance: pseudo-pairs")]
    items += [("line-a", "patient"), ("line-b", "therapist")]
    return items + ([("line-hairgrey", "one dyad")] if run.course.dyads <= MOST_HAIRS else [])


def _panel(canvas: Canvas, run: CourseRun, box: Box, title: str, y: tuple[float, float]) -> Panel:
    last = int(run.sessions["session"].max())
    panel = Panel.at(canvas, *box, (0.5, max(last, 1.5)), y)
    panel.y_axis(n=4)
    every = max(1, round(last * 22 / box[2]))
    panel.x_axis(list(range(1, last + 1, every)))
    panel.name_x("session")
    canvas.text(box[0] - 34, box[1] - 14, title, "strong")
    return panel


def _mean(panel: Panel, run: CourseRun, column: str, cls: str, label: str, hairs: bool = False) -> list[End]:
    """Mean over dyads with its interval; a hair a dyad where they are few. Where the line ends, if anywhere."""
    table = run.sessions
    if hairs and run.course.dyads <= MOST_HAIRS:
        for number, rows in table.groupby("dyad"):
            points = [(panel.x(s), panel.y.clip(v)) for s, v in zip(rows["session"], rows[column])]
            panel.canvas.polyline(points, "hairgrey faint", f"dyad {number}")
    found = table.groupby("session")[column].agg(["mean", "std", "count"])
    half = 1.96 * found["std"] / np.sqrt(found["count"])
    x = [panel.x(s) for s in found.index]
    low, high = ([panel.y.clip(v) if np.isfinite(v) else np.nan for v in found["mean"] + s * half] for s in (-1, 1))
    if cls.split()[0] == "found":
        panel.canvas.band(x, low, high, "fitband")
    panel.canvas.polyline([(a, panel.y.clip(v)) for a, v in zip(x, found["mean"])], f"line {cls}", column)
    drawn = found["mean"].dropna()
    hue = {"found": "small foundtext", "a": "small atext", "b": "small btext"}.get(cls.split()[0], "small")
    return [End(panel.x(s), panel.y.clip(v), label, hue) for s, v in drawn.tail(1).items()]


def _range(run: CourseRun, names: Sequence[str], include: Sequence[float] = ()) -> tuple[float, float]:
    values = run.sessions[list(names)].to_numpy(dtype=float)
    few = run.course.dyads <= MOST_HAIRS
    shown = values.ravel() if few else np.concatenate([np.nanquantile(values, q, axis=0) for q in (0.02, 0.98)])
    return padded(shown.tolist(), include)


def _synchrony(canvas: Canvas, run: CourseRun, box: Box) -> None:
    panel = _panel(canvas, run, box, "Synchrony in the session", (0.0, 1.0))
    chance = run.sessions.groupby("session")[["pseudo_05", "pseudo_95"]].mean()
    low, high = ([panel.y.clip(v) for v in chance[name]] for name in chance)
    panel.canvas.band([panel.x(s) for s in chance.index], low, high, "null")
    ends = _mean(panel, run, "pseudo", "grey", "pseudo-pairs")
    label_ends(panel, ends + _mean(panel, run, "synchrony", "found", "patient and therapist", hairs=True))


def _gains(canvas: Canvas, run: CourseRun, box: Box) -> None:
    names = ("gain_person", "gain_pair", "therapist_gain")
    panel = _panel(canvas, run, box, "Gains: ability to be moved (rad/s)", _range(run, names, [0.0]))
    ends = _mean(panel, run, "therapist_gain", "b", "therapist")
    ends += _mean(panel, run, "gain_person", "a", "brought to everybody", hairs=True)
    label_ends(panel, ends + _mean(panel, run, "gain_pair", "a dash", "with this therapist"))


def _brain(canvas: Canvas, run: CourseRun, box: Box) -> None:
    panel = _panel(canvas, run, box, "Patient's brain: order", (0.0, 1.0))
    ends = []
    for level, word in ((HIGH, "rigid above"), (LOW, "chaotic below")):
        canvas.line(panel.left, panel.y(level), panel.right, panel.y(level), "rule")
        ends.append(End(panel.right, panel.y(level), word))
    ends += _mean(panel, run, "order", "a", "order", hairs=True)
    label_ends(panel, ends + _mean(panel, run, "metastability", "a dash", "metastability"))


def _trust(canvas: Canvas, run: CourseRun, box: Box) -> None:
    panel = _panel(canvas, run, box, "Trust, felt stress, ruptures (share)", (0.0, 1.0))
    ends = _mean(panel, run, "trust", "a", "trust", hairs=True)
    label_ends(panel, ends + _mean(panel, run, "stress", "grey", "felt stress"))
    for session, share in run.sessions.groupby("session")["ruptured"].mean().items():
        canvas.line(panel.x(session), panel.y(0), panel.x(session), panel.y(float(share)), "line ink")


def _symptoms(canvas: Canvas, run: CourseRun, box: Box) -> None:
    panel = _panel(canvas, run, box, "Severity, and what maintains it", _range(run, ["severity", "maintained"]))
    ends = _mean(panel, run, "maintained", "grey dash", "what maintains it")
    label_ends(panel, ends + _mean(panel, run, "severity", "a", "severity", hairs=True))


def _others(canvas: Canvas, run: CourseRun, box: Box) -> None:
    """Measured conversations above pseudo-pairs, before, after and at follow-up."""
    table = run.probes.dropna(subset=["excess"])
    canvas.text(box[0] - 34, box[1] - 14, "Synchrony above chance in conversation", "strong")
    if table.empty:
        canvas.text(box[0], box[1] + 20, "Not measured, or one dyad alone.", "small")
        return
    found = table.groupby(["when", "partner"])["excess"].agg(["mean", "std", "count"])
    half = 1.96 * found["std"].fillna(0) / np.sqrt(found["count"])
    y = padded([*(found["mean"] - half), *(found["mean"] + half)], [0.0])
    panel = Panel.at(canvas, *box, (-0.4, 2.12), y)
    panel.y_axis(n=4)
    panel.x_axis([0, 1, 2], text=["before", "after", "follow-up"])
    ends = []
    for partner, shift, cls in (("therapist", -0.08, "found"), ("stranger", 0.08, "ink")):
        line = []
        for k, when in enumerate(TIMES):
            if (when, partner) not in found.index:
                continue
            x, value, width = panel.x(k + shift), found["mean"][when, partner], half[when, partner]
            canvas.line(x, panel.y(value - width), x, panel.y(value + width), f"line {cls}")
            canvas.circle(x, panel.y(value), 4, f"dot {cls}", f"{partner}, {when}: {value:.3f} ± {width:.3f}")
            line.append((x, panel.y(value)))
        canvas.polyline(line, f"line thin {cls}")
        words, hue = ("with the therapist", "small foundtext") if cls == "found" else ("with a stranger", "small")
        ends += [End(*point, words, hue) for point in line[-1:]]
    label_ends(panel, ends)
