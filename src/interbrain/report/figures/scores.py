"""Scores over sessions, a line a person; change beyond the instrument's error is marked."""

from __future__ import annotations

import pandas as pd

from interbrain.report import words
from interbrain.report.figures.common import Panel, Picture, columns, fine, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, padded, shorten

MOST_PANELS = 8


def picture(results: Results) -> Picture | None:
    """A panel an instrument and role."""
    rows = results["scores"]
    rows = rows[rows["score"].notna() & rows["session"].notna()]
    if rows.empty:
        return None
    rows = rows.assign(change=[_change(v) for v in rows["reliable"]])
    rows = rows.sort_values(["instrument", "role", "group", "participant", "session", "when"], kind="stable")
    title = _title(results, rows)
    return Picture(
        key="scores",
        title=title,
        subtitle="Each line is a person. A filled dot has changed from that person's first score by more than the "
        "instrument's error of measurement.",
        alt=f"{title}.",
        draw=lambda width: _draw(results, rows, width),
        wide=False,
        table=fine(["group", "participant", "role", "instrument", "session", "when", "score", "change_from_first",
        "reliable",
                    "below_cutoff"], rows),
    )  # fmt: skip


def _change(value: object) -> str:
    """``"better"``, ``"worse"``, ``"no"``, or nothing where it is not known."""
    word = str(value).lower()
    return word if word in ("better", "worse", "no") else ""


def _title(results: Results, rows: pd.DataFrame) -> str:
    last = rows[rows["change"] != ""].groupby(["instrument", "role", "participant"]).tail(1)
    if last.empty:
        return "Scores over sessions; reliable change is not known for these instruments"
    parts = []
    for instrument, mine in last.groupby("instrument", sort=False):
        better, worse = int((mine["change"] == "better").sum()), int((mine["change"] == "worse").sum())
        name = results.instrument_name(str(instrument))
        also = f", {words.cardinal(worse)} worse" if worse else ""
        parts.append(f"{words.share(better, len(mine), 'person', 'people')} reliably better on {name}{also}")
    return f"By their last session {words.listing(parts)}"


def _draw(results: Results, rows: pd.DataFrame, width: float) -> str:
    parts = [(k, p) for k, p in rows.groupby(["instrument", "role"], sort=False)][:MOST_PANELS]
    left, gap, h = 40.0, 50.0, 170.0
    across = columns(width, 300, len(parts))
    w = (width - left - 10 - gap * (across - 1)) / across
    canvas = Canvas(width, 0)
    used = key_row(
        canvas,
        0,
        10,
        width,
        [("dot-a", "reliably better"), ("dot-ink", "reliably worse"), ("dot-grey", "within error, or not known")],
    )
    canvas.height = used + 10 + (h + 78) * -(-len(parts) // across)
    several = rows["role"].nunique() > 1
    x = (float(rows["session"].min()) - 0.4, float(rows["session"].max()) + 0.4)
    for i, ((instrument, role), part) in enumerate(parts):
        row, column = divmod(i, across)
        values = padded(part["score"], share=0.06)
        panel = Panel.at(canvas, left + column * (w + gap), used + 32 + row * (h + 78), w, h, x, values)
        panel.y_axis(n=4, zero=False)
        panel.x_axis([s for s in range(round(x[0] + 0.4), round(x[1]) + 1) if (x[1] - x[0]) < 24 or s % 5 == 0])
        panel.name_x("session")
        name = results.instrument_name(str(instrument))
        canvas.text(panel.left, panel.top - 10, shorten(f"{name}{f', {role}' if several else ''}", w), "strong")
        _cut_off(results, panel, str(instrument))
        marks = {"better": "b" if results.side(str(role)) == "b" else "a", "worse": "ink"}
        for (group, person), mine in part.groupby(["group", "participant"], sort=False):
            canvas.open("dyad", dyad=str(group))
            canvas.polyline(
                [(panel.x(s), panel.y(v)) for s, v in zip(mine["session"], mine["score"])], "line thin grey"
            )
            for r in mine.to_dict("records"):
                said = f"{person}, session {int(r['session'])}: {words.number(r['score'], decimals=0)}"
                change = r["change_from_first"]
                said += f" ({change:+.0f} from the first)".replace("-", "−") if change == change else ""
                canvas.circle(
                    panel.x(r["session"]),
                    panel.y(r["score"]),
                    3.6,
                    f"dot {marks.get(r['change'], 'grey')}",
                    said,
                )
            canvas.close()
    return canvas.svg("")


def _cut_off(results: Results, panel: Panel, instrument: str) -> None:
    record = results.instrument(instrument)
    if record is None or record.cutoff is None or not panel.y.low < record.cutoff < panel.y.high:
        return
    y = panel.y(record.cutoff)
    panel.canvas.line(panel.left, y, panel.right, y, "line ink thin dash")
    panel.canvas.text(panel.right, y - 5, f"cut-off {record.cutoff:g}", "small halo", "end")
