"""What may be trusted: every channel of every recording, what was left out, and why."""

from __future__ import annotations

import math

import pandas as pd

from interbrain.report import words
from interbrain.report.figures.common import Panel, Picture, fine, key_row
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, shorten

MOST_ROWS = 60
KEPT = frozenset({"", "kept", "keep", "ok", "used", "usable", "good", "told", "noted"})
_RANK = {"kept": 0, "repaired": 1, "dropped": 2}


def state(decision: str) -> str:
    """``"kept"``, ``"dropped"`` or ``"repaired"`` from the word in the table."""
    word = decision.lower().strip()
    if word in KEPT:
        return "kept"
    gone = ("drop", "left out", "excl", "reject", "bad", "removed", "not used", "unusable")
    return "dropped" if word.startswith(gone) else "repaired"


def picture(results: Results) -> Picture | None:
    """Person × session × channel; None where nothing was looked at."""
    rows = results["quality"]
    if rows.empty:
        return None
    rows = rows.assign(state=[state(d) for d in rows["decision"]])
    rows = rows.assign(rank=rows["state"].map(_RANK))
    # Two wavelengths of one source and detector are one channel: "S1_D1 760" and "S1_D1 850" are S1_D1.
    optical = rows["kind"].isin(["intensity", "od"])
    place = rows["channel"].where(~optical, rows["channel"].str.replace(r" \d+(\.\d+)?$", "", regex=True))
    cells = (
        rows.assign(channel=place)
        .sort_values("rank", kind="stable")
        .drop_duplicates(["group", "session", "person", "role", "modality", "channel"], keep="last")
    )
    total, lost = len(cells), int((cells["state"] == "dropped").sum())
    repaired = int((cells["state"] == "repaired").sum())
    title = f"{100 * (1 - lost / total):.0f} % of channels could be used" if lost else "Every channel could be used"
    people = cells[["group", "role", "person"]].drop_duplicates().sort_values(["group", "role"])
    said = f" The first {MOST_ROWS} of {len(people)} people." if len(people) > MOST_ROWS else ""
    unknown = "; the rest was repaired or marked" if repaired else ""
    return Picture(
        key="quality",
        title=title,
        subtitle=f"A row a person, a column a session, a small square a channel. Marked: left out ({lost} of "
        f"{words.number(total, decimals=0)}){unknown}. Empty: not recorded.{said}",
        alt=f"{title}: {lost} of {total} were left out, {repaired} repaired or marked.",
        draw=lambda width: _draw(results, cells, people.head(MOST_ROWS), bool(repaired), width),
        table=fine(["group", "session", "person", "role", "modality", "segment", "channel", "kind", "figure",
        "value", "threshold",
                    "decision"], rows.sort_values("rank", ascending=False, kind="stable")),
    )  # fmt: skip


def _draw(results: Results, cells: pd.DataFrame, people: pd.DataFrame, repaired: bool, width: float) -> str:
    sessions = results.sessions or sorted(cells["session"].dropna().astype(int).unique())
    label = 104.0 if width < 500 else 128.0
    most = int(cells.groupby(["person", "group", "session"]).size().max())
    w = min(150.0, (width - label) / len(sessions))
    across = max(1, min(most, int((w - 8) // (5 if width < 500 else 8))))
    side = min(11.0, (w - 8) / across)
    lines = math.ceil(most / across)
    step = max(18.0, lines * side + 8)
    canvas = Canvas(width, 0)
    items = [("square-kept", "used"), ("square-dropped", "left out")]
    used = key_row(canvas, 0, 10, width, items + ([("square-repaired", "repaired or marked")] if repaired else []))
    top = used + 26
    canvas.height = top + step * len(people) + 8
    every = max(1, math.ceil(26 / w))
    for j, session in enumerate(sessions):
        if j % every == 0:
            canvas.text(label + j * w + 2, top - 8, f"session {session}" if w > 62 else str(session), "tick")
    recorded = {k: c.sort_values("channel") for k, c in cells.groupby(["group", "person", "session"])}
    asked = _asked(cells)
    for i, p in enumerate(people.to_dict("records")):
        y = top + i * step
        canvas.open("dyad", dyad=str(p["group"]))
        hue = {"a": "atext", "b": "btext"}.get(results.side(p["role"]), "key")
        canvas.text(0, y + step / 2 + 3, shorten(str(p["group"]), 34), "strong")
        canvas.text(38, y + step / 2 + 3, shorten(str(p["role"]), label - 44), hue)
        for j, session in enumerate(sessions):
            mine = recorded.get((p["group"], p["person"], session), cells.iloc[:0])
            if mine.empty and session not in asked.get(p["group"], sessions):
                continue
            _cell(
                canvas,
                p,
                session,
                mine,
                label + j * w + 2,
                y + (step - lines * side) / 2,
                side,
                across,
            )
        canvas.close()
    return canvas.svg("")


def _asked(cells: pd.DataFrame) -> dict[str, set[int]]:
    """Sessions that anybody of a group's roles has, where groups differ in roles; empty where they do not."""
    roles = cells.groupby("group")["role"].agg(frozenset)
    if roles.nunique() < 2:
        return {}
    held = cells.groupby(cells["group"].map(roles))["session"].agg(set)
    return {str(group): held[kind] for group, kind in roles.items()}


def _cell(
    canvas: Canvas, p: pd.Series, session: int, mine: pd.DataFrame, x: float, y: float, side: float, across: int
) -> None:
    who = f"{p['group']}, {p['role']}, session {session}"
    if mine.empty:
        canvas.rect(x, y, max(side * across - 2, 6), max(side - 2, 3), "cell absent", f"{who}: not recorded")
        return
    bad = mine[mine["state"] != "kept"]
    named = ", ".join(f"{r['channel']} ({_why(r)})" for r in bad.head(6).to_dict("records"))
    title = f"{who}: {len(mine) - int((mine['state'] == 'dropped').sum())} of {len(mine)} channels used" + (
        f"; {named}" if named else ""
    )
    kept = "".join(
        (
            f"M{x + side * (k % across):.1f} "
            f"{y + side * (k // across):.1f}h{side - 1.5:.1f}v{side - 1.5:.1f}h{1.5 - side:.1f}z"
        )
        for k, s in enumerate(mine["state"])
        if s == "kept"
    )
    if kept:
        canvas.path(kept, "cell kept", title)
    for k, r in enumerate(mine.to_dict("records")):
        if r["state"] != "kept":
            canvas.rect(
                x + side * (k % across), y + side * (k // across), side - 1.5, side - 1.5, f"cell {r['state']}", title
            )


def _why(r: pd.Series) -> str:
    if r["value"] == r["value"]:
        limit = f", limit {words.number(r['threshold'])}" if r["threshold"] == r["threshold"] else ""
        return f"{r['figure']} {words.number(r['value'])}{limit}"
    return str(r["decision"])


def reasons(results: Results) -> Picture | str | None:
    """How often each figure cost a channel; None where nothing was left out."""
    rows = results["quality"]
    rows = rows[[state(d) == "dropped" for d in rows["decision"]]] if len(rows) else rows
    if rows.empty:
        return None
    named = {f: _FIGURES.get(f, f) for f in rows["figure"].unique()}
    if len(named) == 1:
        return f"All channels that were left out were left out by {next(iter(named.values()))}."
    counts = rows.groupby(["modality", "figure"]).size().sort_values(ascending=False).head(12)
    name, most = str(counts.index[0][1]), int(counts.iloc[0])
    return Picture(
        key="reasons",
        title=f"Most were left out by {_FIGURES.get(name, name)}",
        subtitle="Channels left out, by the figure that decided.",
        alt=f"{most} of {int(counts.sum())} channels were left out by {_FIGURES.get(name, name)}.",
        draw=lambda width: _bars(counts, width),
        table=counts.rename("channels left out").reset_index(),
    )


_FIGURES = {
    "sci": "the scalp-coupling index",
    "flat": "a flat signal",
    "saturated": "saturation",
    "usable": "too few usable samples",
}


def _bars(counts: pd.Series, width: float) -> str:
    label = 150.0 if width < 500 else 230.0
    canvas = Canvas(width, 8 + 26 * len(counts))
    panel = Panel.at(canvas, label, 4, width - label - 44, 26 * len(counts), (0, float(counts.max())), (0, 1))
    for i, ((_, name), n) in enumerate(counts.items()):
        y = 4 + 26 * i
        canvas.text(label - 8, y + 16, shorten(_FIGURES.get(str(name), str(name)), label - 10), "", "end")
        canvas.rect(panel.left, y + 4, panel.x(n) - panel.left, 16, "bar", f"{_FIGURES.get(str(name), name)}: {n}")
        canvas.text(panel.x(n) + 6, y + 16, words.number(int(n), decimals=0), "num")
    return canvas.svg("")
