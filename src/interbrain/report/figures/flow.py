"""The steps of this run in their order, each with the seconds it took."""

from __future__ import annotations

import pandas as pd

from interbrain.report import words
from interbrain.report.figures.common import Picture
from interbrain.report.results import Results
from interbrain.report.svg import Canvas, shorten


def picture(results: Results) -> Picture | None:
    """None where the run left no timings."""
    steps = [(str(s.get("step", "")), float(s.get("seconds", 0.0))) for s in results.timing.get("steps") or []]
    if not steps:
        return None
    total = float(results.timing.get("total_s") or sum(s for _, s in steps))
    name, longest = max(steps, key=lambda s: s[1])
    share = f"{100 * longest / total:.0f} %" if total > 0 else "most"
    return Picture(
        key="flow",
        title=f"The run took {words.seconds(total)}; {share} of it went to “{name}”",
        subtitle="Steps from top to bottom, in the order in which they ran; the bar is the time each took.",
        alt=f"{len(steps)} steps in {words.seconds(total)}; the longest, {name}, took {words.seconds(longest)}.",
        draw=lambda width: _draw(steps, width),
        table=pd.DataFrame(steps, columns=["step", "seconds"]),
    )


def _draw(steps: list[tuple[str, float]], width: float) -> str:
    label = 168.0 if width < 500 else 330.0
    step, left = 28.0, 18.0
    canvas = Canvas(width, 8 + step * len(steps))
    most = max(s for _, s in steps) or 1.0
    scale = (width - label - left - 84) / most
    canvas.line(7, 4 + step / 2, 7, 4 + step * (len(steps) - 0.5), "rule")
    for i, (name, seconds) in enumerate(steps):
        y = 4 + step * i
        canvas.circle(7, y + step / 2, 4, "dot greyfull")
        canvas.text(left + 4, y + step / 2 + 4, shorten(name, label - 8), "")
        canvas.rect(
            left + label, y + 7, max(1.0, seconds * scale), step - 14, "bar", f"{name}: {words.seconds(seconds)}"
        )
        canvas.text(left + label + max(1.0, seconds * scale) + 7, y + step / 2 + 4, words.seconds(seconds), "tick num")
    return canvas.svg("")
