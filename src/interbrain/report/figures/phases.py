"""Who is ahead by phase: one dot a session on a dial, coloured only where its synchrony exceeds chance."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from interbrain.report import views, words
from interbrain.report.figures.common import Picture, fine
from interbrain.report.results import Results
from interbrain.report.svg import Canvas

FEWEST = 3


def picture(results: Results) -> Picture | str | None:
    """Phases of the strongest place; None where no measure gives one."""
    sync = results["synchrony"]
    phased = set(sync.loc[sync["phase"].notna(), "analysis"])
    tested = views.within(results)
    focus = views.strongest(tested[tested["analysis"].isin(phased)])
    if focus is None:
        return None
    if not focus["claim"]:
        return "No place exceeds chance, so its phases are not read: the phase of two unrelated signals means nothing."
    rows = views.same_place(results["synchrony"], focus)
    rows = rows[rows["phase"].notna()]
    if rows.empty:
        return None
    keys = ["group", "session", "condition"]
    nulls = views.first_null(views.same_place(results["nulls"], focus))[[*keys, "p", "z"]]
    rows = rows.merge(nulls, on=keys, how="left").reset_index(drop=True)
    rows["above"] = rows["p"] <= results.alpha
    if rows["above"].sum() < FEWEST:
        n = words.count(int(rows["above"].sum()), "session")
        return f"Too few sessions exceed chance at the strongest place ({n}) to say by phase who is ahead."
    a, b = roles = results.sides(focus)
    title = _title(roles, rows)
    apart = results.apart(str(focus["analysis"]))
    which = f" ({apart})" if apart else ""
    place = (
        f" {words.sentence(views.place_name(results, focus))}" if not views.single_place(results["synchrony"]) else ""
    )
    return Picture(
        key="phases",
        title=title,
        subtitle=f"Mean phase of each session's coherence{which}: top, the {a} is ahead by a quarter of a period; "
        f"bottom, the {b}.{place} "
        "Colour: that session exceeds its surrogates.",
        alt=f"{title}. {words.share(int(rows['above'].sum()), len(rows), 'session').capitalize()} exceed chance.",
        draw=lambda width: _draw(results, roles, rows, width),
        note="A lead in phase is read within one period only: a quarter ahead and three quarters behind look the same."
        + ("" if len(views.of_test(results, "leads")) else " Who leads was not tested here."),
        table=fine(["analysis", "group", "session", "condition", "phase", "z", "p"], rows),
    )


def _title(roles: tuple[str, str], rows: pd.DataFrame) -> str:
    chosen = rows[rows["above"]]
    mean = np.exp(1j * chosen["phase"].to_numpy()).mean()
    ahead = int((np.sin(chosen["phase"]) > 0).sum())
    if abs(mean) < 0.5:
        return f"Phases differ from session to session: the {roles[0]} is ahead in {ahead} of {len(chosen)}"
    angle = math.degrees(float(np.angle(mean)))
    if abs(angle) < 15:
        return f"Where they cohere, the two are nearly in phase ({angle:.0f}°)".replace("-", "−")
    if abs(angle) > 165:
        return "Where they cohere, the two are nearly in antiphase"
    return f"Where they cohere, the {roles[0] if angle > 0 else roles[1]} is ahead by {abs(angle):.0f}° on average"


def _draw(results: Results, roles: tuple[str, str], rows: pd.DataFrame, width: float) -> str:
    r, y = 96.0, 142.0
    x = width / 2
    canvas = Canvas(width, 296)
    canvas.circle(x, y, r, "axis")
    for angle in range(0, 360, 90):
        c, s = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
        canvas.line(x + 0.12 * r * c, y + 0.12 * r * s, x + r * c, y + r * s, "grid")
    canvas.text(x, y - r - 26, f"{roles[0]} ahead", "atext", "middle")
    canvas.text(x, y + r + 34, f"{roles[1]} ahead", "btext", "middle")
    canvas.text(x + r + 24, y + 4, "in phase", "key")
    canvas.text(x - r - 24, y + 4, "antiphase", "key", "end")
    ordered = rows.sort_values(["above", "group", "session"], kind="stable")
    for i, row in enumerate(ordered.to_dict("records")):
        ring = r + (6 if row["above"] else -8) + 7 * ((i * 0.618034) % 1.0)
        c, s = math.cos(row["phase"]), -math.sin(row["phase"])
        side = ("a" if math.sin(row["phase"]) > 0 else "b") if row["above"] else "grey"
        canvas.open("dyad", dyad=str(row["group"]))
        said = (
            f"{results.unit} {row['group']}, session {int(row['session'])}: {math.degrees(row['phase']):.0f}°, "
            f"{words.p_text(row['p'])}"
        )
        canvas.circle(x + ring * c, y + ring * s, 4.2, f"dot {side}", said.replace("-", "−"))
        canvas.close()
    chosen = rows[rows["above"]]
    mean = np.exp(1j * chosen["phase"].to_numpy()).mean()
    canvas.line(x, y, x + 0.9 * r * mean.real, y - 0.9 * r * mean.imag, "line found")
    canvas.circle(x + 0.9 * r * mean.real, y - 0.9 * r * mean.imag, 4, "dot found", f"mean, length {abs(mean):.2f}")
    return canvas.svg("")
