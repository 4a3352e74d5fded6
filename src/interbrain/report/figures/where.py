"""Two heads facing each other, seen from above: links between places whose synchrony exceeds chance."""

from __future__ import annotations

import math

import pandas as pd

from interbrain.data.tables import EVERYBODY
from interbrain.report import views, words
from interbrain.report.figures.common import Picture, key_row
from interbrain.report.montage import layout
from interbrain.report.results import Results
from interbrain.report.svg import Canvas

MOST_GREY = 400
MOST_PLACES = 40


def statement(results: Results) -> str:
    """For recordings of one channel a person."""
    best = views.strongest(views.within(results))
    said = "Each person gave one channel, so there is no place to compare."
    if best is None:
        return said
    numbers = (
        f"{words.like(best['estimate'], best['null_sd'])} against "
        f"{words.with_spread(best['null_mean'], best['null_sd'])}"
    )
    return f"{said} {results.analysis_scale(best)} is {numbers} in surrogates ({words.p_text(best['p_read'])})."


def picture(results: Results) -> Picture | None:
    """Links of all places, each its strongest signal, band and segment; None where heads would say nothing."""
    rows = views.within(results)
    rows = rows[rows["z"].notna() & (rows["place_b"] != EVERYBODY)]
    a = list(dict.fromkeys(rows["place_a"]))
    b = list(dict.fromkeys(rows["place_b"]))
    if rows.empty or max(len(a), len(b)) > MOST_PLACES:
        return None
    links = rows.sort_values(["claim", "z"], ascending=False, kind="stable").drop_duplicates(["place_a", "place_b"])
    k, n = int(links["claim"].sum()), len(links)
    known = layout(a)[1] and layout(b)[1]
    if not k and (n > MOST_GREY or not known):
        return None
    noun = views.pair_noun(rows)
    title = f"{words.share(k, n, noun).capitalize()} {'exceed' if k > 1 else 'exceeds'} chance"
    if k:
        title += f"; {'it' if k == 1 else 'the strongest'} links {views.place_name(results, links.iloc[0])}"
    spread = (
        " Positions follow the places' names and are schematic."
        if known
        else " The study names no positions: places are spread evenly and say nothing of anatomy."
    )
    several = "analysis, " if rows["analysis"].nunique() > 1 else ""
    found = "; ".join(
        f"{views.place_name(results, r)} (z = {words.number(r['z'])})"
        for r in links[links["claim"]].head(6).to_dict("records")
    )
    return Picture(
        key="where",
        title=title,
        subtitle=f"Both heads from above, noses towards each other. A link's width is the excess over surrogates "
        f"(SDs); a pair is drawn for its strongest {several}signal, band and segment.{spread}",
        alt=f"{title}. {found}".strip(),
        draw=lambda width: _draw(results, rows, links, a, b, width),
        note="" if n - k <= MOST_GREY else f"The {n - k} pairs within chance are not drawn.",
    )


def _draw(results: Results, rows: pd.DataFrame, links: pd.DataFrame, a: list[str], b: list[str], width: float) -> str:
    small = width < 500
    radius = 62.0 if small else 128.0
    canvas = Canvas(width, 0)
    used = key_row(canvas, 0, 10, width, [("line-found", "exceeds chance"), ("line-grey thin", "within chance")])
    middle = used + radius + 34
    canvas.height = middle + radius + 30
    edge = radius + (8 if small else 46)
    centre = (edge, width - edge)
    spots = {}
    for side, names, sign in (("a", a, 1), ("b", b, -1)):
        where, _ = layout(names)
        cx = centre[0] if side == "a" else centre[1]
        for name, (front, left) in where.items():
            spots[side, name] = (cx + sign * front * radius * 0.92, middle - sign * left * radius * 0.92)
        _head(canvas, cx, middle, radius, side, sign)
    for x, role, cls in zip(centre, results.sides_of(links), ("atext", "btext")):
        canvas.text(x, middle - radius - 12, role, cls, "middle")
    grey = links[~links["claim"]]
    if len(grey) <= MOST_GREY:
        for r in grey.to_dict("records"):
            _link(canvas, spots, r, "hairgrey" if len(grey) < 80 else "hairgrey faint", 0.0, "")
    claimed = links[links["claim"]]
    most = float(claimed["z"].max()) if len(claimed) else 1.0
    for r in claimed.iloc[::-1].to_dict("records"):
        context = views.context(results, rows, r)
        title = (
            f"{views.place_name(results, r)}{f' ({context})' if context else ''}: z = "
            f"{words.number(r['z'])}, {words.p_text(r['p_read'])}"
        )
        _link(canvas, spots, r, "link", 1.5 + 5 * r["z"] / most, title)
    _spots(canvas, spots, claimed, small, max(len(a), len(b)))
    return canvas.svg("")


def _head(canvas: Canvas, x: float, y: float, r: float, side: str, sign: int) -> None:
    """A head from above with its nose to the right (sign 1) or left (-1), drawn as an outline in its person's hue."""
    tip = x + sign * (r + 15)
    dy = r * math.sin(0.17)
    dx = x + sign * r * math.cos(0.17)
    ear = (
        f"M{x - sign * 13:.1f} {y - r + 1:.1f}q{sign * 12:.1f} -13 {sign * 25:.1f} 0M{x - sign * 13:.1f} "
        f"{y + r - 1:.1f}q{sign * 12:.1f} 13 {sign * 25:.1f} 0"
    )
    canvas.path(f"M{dx:.1f} {y - dy:.1f}L{tip:.1f} {y:.1f}L{dx:.1f} {y + dy:.1f}", f"head {side}")
    canvas.path(ear, f"head {side}")
    canvas.circle(x, y, r, f"head {side}")


def _link(
    canvas: Canvas, spots: dict[tuple[str, str], tuple[float, float]], r: pd.Series, cls: str, weight: float, title: str
) -> None:
    (x1, y1), (x2, y2) = spots["a", r["place_a"]], spots["b", r["place_b"]]
    bend = 0.42 * (x2 - x1)
    style = f"stroke-width:{weight:.1f}px" if weight else ""
    canvas.path(
        f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", cls, title, style
    )


def _spots(
    canvas: Canvas, spots: dict[tuple[str, str], tuple[float, float]], claimed: pd.DataFrame, small: bool, n: int
) -> None:
    linked = {("a", p) for p in claimed["place_a"]} | {("b", p) for p in claimed["place_b"]}
    for (side, name), (x, y) in spots.items():
        on = (side, name) in linked
        canvas.circle(x, y, 5 if on else 3.5, f"dot {side if on else 'greyfull'}", name)
        if n <= 12 or (on and n <= 24) or (n <= 20 and not small):
            cls = f"{side}text halo" if on else "tick halo"
            canvas.text(x, y - 9, name, cls, "middle")
