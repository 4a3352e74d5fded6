"""Colours and marks. Grey is chance; one hue is the first role, one the second, one what the two of them share.

The hues are from colour-blind-safe sets and differ in lightness; text in them keeps a contrast of 4.5 to 1 on the
page, in light and in dark.
"""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",
    "raised": "#f6f6f4",
    "ink": "#1c1e21",
    "muted": "#5d6369",
    "rule": "#d5d7d9",
    "grid": "#ececec",
    "null": "#dcdee0",
    "null-deep": "#b4b8bc",
    "null-ink": "#777d83",
    "found": "#00705a",
    "found-soft": "#9fd3c4",
    "side-a": "#0a66a8",
    "side-b": "#b3480f",
    "alert": "#a01f45",
}
DARK = {
    "paper": "#15171a",
    "raised": "#1f2226",
    "ink": "#e9eaec",
    "muted": "#a5abb2",
    "rule": "#3d4248",
    "grid": "#2a2e32",
    "null": "#3a3f45",
    "null-deep": "#636a72",
    "null-ink": "#8f969e",
    "found": "#45cba6",
    "found-soft": "#1f5c4d",
    "side-a": "#6cb8f2",
    "side-b": "#f29a62",
    "alert": "#f283a3",
}
FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

FIGURE_CSS = """
.fig text{font-family:FONT;font-size:12px;fill:var(--ink)}
.fig .tick,.fig .axisname,.fig .key{fill:var(--muted)}
.fig .tick{font-size:11.5px;font-variant-numeric:tabular-nums}
.fig .strong{font-weight:600}
.fig .small{font-size:11px;fill:var(--muted)}
.fig .foundtext{fill:var(--found);font-weight:600}
.fig .atext{fill:var(--side-a);font-weight:600}
.fig .btext{fill:var(--side-b);font-weight:600}
.fig .num{font-variant-numeric:tabular-nums}
.fig .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.fig .axis{stroke:var(--muted);stroke-width:1;fill:none}
.fig .grid{stroke:var(--grid);stroke-width:1}
.fig .zero{stroke:var(--null-ink);stroke-width:1}
.fig .rule{stroke:var(--rule);stroke-width:1;fill:none}
.fig .null{fill:var(--null)}
.fig .null2{fill:var(--null);opacity:.55}
.fig .nulldeep{fill:var(--null-deep)}
.fig .nullline{stroke:var(--null-ink);stroke-width:1.5;fill:none}
.fig .hairgrey{stroke:var(--null-deep);stroke-width:.8;fill:none}
.fig .faint{opacity:.4}
.fig .dot{stroke:var(--paper);stroke-width:1}
.fig .dot.found{fill:var(--found)}
.fig .dot.grey{fill:var(--paper);stroke:var(--null-ink);stroke-width:1.5}
.fig .dot.greyfull{fill:var(--null-deep);stroke:none}
.fig .dot.a{fill:var(--side-a)}
.fig .dot.b{fill:var(--side-b)}
.fig .dot.ink{fill:var(--ink)}
.fig .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round;stroke:var(--muted)}
.fig .line.found{stroke:var(--found)}
.fig .line.a{stroke:var(--side-a)}
.fig .line.b{stroke:var(--side-b)}
.fig .line.grey{stroke:var(--null-ink)}
.fig .line.thin{stroke-width:1}
.fig .line.ink{stroke:var(--ink)}
.fig .line.dash{stroke-dasharray:4 3}
.fig .fitband{fill:var(--found);opacity:.16}
.fig .fitband.grey{fill:var(--null-ink)}
.fig .afill{fill:var(--side-a);opacity:.85}
.fig .bfill{fill:var(--side-b);opacity:.85}
.fig .head{fill:var(--raised);stroke-width:2}
.fig .head.a{stroke:var(--side-a)}
.fig .head.b{stroke:var(--side-b)}
.fig .link{fill:none;stroke:var(--found);stroke-linecap:round;opacity:.9}
.fig .cell.found{fill:var(--found)}
.fig .cell.kept{fill:var(--null)}
.fig .cell.dropped{fill:var(--ink)}
.fig .cell.repaired{fill:var(--null-ink)}
.fig .cell.absent{fill:none;stroke:var(--rule);stroke-width:1}
.fig .cellring{fill:none;stroke:var(--ink);stroke-width:1.5}
.fig .ontop{fill:var(--paper);font-weight:600}
.fig .conemark{stroke:#ffffff;stroke-opacity:.75;stroke-width:1.6;fill:none}
.fig .arrow{stroke:#ffffff;stroke-width:3;fill:none;stroke-linecap:round;stroke-opacity:.75}
.fig .arrowtop{stroke:#111;stroke-width:1.3;fill:none;stroke-linecap:round}
.fig .seg{fill:var(--raised);stroke:var(--rule)}
.fig .bar{fill:var(--null-deep)}
.fig.choosing .dyad{opacity:.13}
.fig.choosing .dyad.lit{opacity:1}
"""


def variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def figure_css() -> str:
    return FIGURE_CSS.replace("FONT", FONT)


def standalone(svg: str) -> str:
    """A figure as a file of its own: the light colours and the stylesheet travel with it, on white."""
    start = svg.index(">") + 1
    css = f"<style>.fig{{{variables(LIGHT)}background:#fff}}{figure_css()}</style>"
    return svg[:start] + css + svg[start:]
