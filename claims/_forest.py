"""A picture of one claim: every difference in units of what is negligible, claimed directions to the right."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from claims._judge import AS_CLAIMED, OPPOSITE

COLOURS = {AS_CLAIMED: "#1f5fa8", OPPOSITE: "#c4501b"}
OTHER = "#6b6b6b"


def draw(rows: pd.DataFrame, path: Path) -> None:
    """``rows`` of one claim, in the page's order; the same rows give the same bytes."""
    rows = rows[rows["difference"].notna()]
    blocks = list(rows.groupby("title", sort=False))
    lines = len(rows) + len(blocks)
    figure = Figure(figsize=(7.2, 0.55 + 0.21 * lines), layout="constrained")
    axes = figure.add_subplot()
    labels, places, y = [], [], 0
    for title, block in blocks:
        axes.text(0.0, y, f" {title}", transform=axes.get_yaxis_transform(), fontsize=7.5, weight="bold", va="center")
        y += 1
        for _, row in block.iterrows():
            _mark(axes, row, y)
            labels.append(str(row["figure"]))
            places.append(y)
            y += 1
    axes.axvspan(-1, 1, color="0.9", lw=0)
    axes.axvline(0, color="0.4", lw=0.8)
    axes.set_xscale("symlog", linthresh=2)
    ends = rows[["low", "high"]].abs().max(axis=1).fillna(rows["difference"].abs()) / rows["band"]
    reach = max(4.0, 1.3 * float(ends.max()))
    at = [x for x in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if x < reach]
    axes.set_xlim(-reach, reach)
    axes.set_xticks([*(-x for x in at[::-1]), 0, *at], [*(f"−{x}" for x in at[::-1]), "0", *map(str, at)], fontsize=6.5)
    axes.set_xticks([], minor=True)
    axes.set_ylim(y - 0.4, -0.6)
    axes.set_yticks(places, labels, fontsize=7)
    axes.tick_params(length=2)
    axes.set_xlabel(
        "difference over what is negligible (grey); to the right as claimed; hollow: no difference claimed",
        fontsize=7.5,
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "interbrain", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def _mark(axes: Axes, row: pd.Series, y: float) -> None:
    """One difference with its interval; hollow where no difference is claimed."""
    sign = row["expects"] or 1
    colour = COLOURS.get(row["verdict"], OTHER)
    ends = sorted(sign * row[end] / row["band"] for end in ("low", "high"))
    if pd.notna(row["low"]):
        axes.add_line(Line2D(ends, [y, y], color=colour, lw=1.4))
    face = "white" if row["expects"] == 0 else colour
    axes.plot(sign * row["difference"] / row["band"], y, "o", ms=4, mec=colour, mfc=face, zorder=3)
