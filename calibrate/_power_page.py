"""The page of the table of power, and its figure."""

from __future__ import annotations

import platform
from pathlib import Path

import pandas as pd

from calibrate._power_pairs import AR_MEMORY_S
from interbrain import __version__
from interbrain.data.durations import told
from interbrain.report.power import ENOUGH, curve, lag_text, weakest_found

PAGE = Path(__file__).parents[1] / "docs" / "calibration" / "power.md"
RECORDING = ["kind", "noise", "rate_hz", "length_s"]


def write(table: pd.DataFrame) -> None:
    """The page and, beside it, the figure."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(table), encoding="utf-8")
    draw(table, PAGE.with_suffix(".svg"))


def page(table: pd.DataFrame) -> str:
    pairs, draws = int(table["pairs"].min()), int(table["draws"].min())
    none = table[table["strength"] == 0]
    dates = sorted(set(table["date"]))
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    sections = "\n".join(_section(rows) for _, rows in table.groupby(RECORDING, sort=False))
    return f"""# Power: which measure should I use on my recording?

How often does each default measure, tested against its default surrogate, give p at most .05 for two people who *are*
coupled? All measures see the same simulated pairs, {pairs} in each condition, with {draws} surrogates a pair.
`interbrain measures --for 40min --rate 10 --modality fnirs` answers from this table; in Python it is
`interbrain.rank_measures("40min", rate=10, modality="fnirs")`.

![Power against strength of coupling](power.svg)

## What was simulated

Person A is √c·s(t) + √(1 − c)·u(t), person B is √c·s(t − lag) + √(1 − c)·v(t); s, u and v are independent Gaussian
series of one spectrum and of unit variance. The **strength** c is thus the share of each person's variance that both
have in common: at that lag the two correlate by c, and their coherence (not squared) is c at every frequency. A
positive lag means that A leads. The same s, u and v serve every strength, lag and measure.

| noise | spectrum |
|---|---|
| white | flat |
| ar(1) | forgets itself within {AR_MEMORY_S:g} s (time constant, at any rate); motion energy in therapy: about 1.5 s |
| haemodynamic | white activity seen through the canonical haemodynamic response |
| 1/f | power falls as 1/frequency; flat below 0.005 Hz, for EEG below 0.5 Hz as after a high-pass |

Slow signals are continuous and are read by wavelet coherence (in the band of the default plan for fNIRS) and by
windowed lagged correlation. EEG is cut into epochs of 1 s and read in the alpha band, 7.5 to 11 Hz. A lag of 1 s lies
within the 5 s that windowed lagged correlation searches, one of 7 s beyond; 27 ms are a quarter of a cycle of alpha.

## How to read it

- The share of pairs found is followed by its standard error (of the share with two found and two missed added, so that
  it is not 0 where all were found). At strength 0 it is the size of the test: {none["share"].min():.3f} to
  {none["share"].max():.3f} over {len(none)} cells, .05 being right.
- "80 %" is the strength at which the power reaches {ENOUGH:.0%}, by straight lines between those tried.
- Where a measure found every pair, stronger coupling at that lag was not simulated (–).
- Coupling is at *all* frequencies here, and nothing else is in the signals. Where heart, breath or drift of each person
  overlay the coupled part, a measure of one band keeps its power and one of the whole signal loses some.
- One pair of places, one band, no correction for several: more places need more.
- A band half as fast needs twice the length: what counts is the number of its cycles.

{sections}
Written by `python -m calibrate power` on {when} with interbrain {__version__}, Python {platform.python_version()},
{platform.system()} {platform.machine()}: {len(table)} cells, {int(table["pairs"].sum()):,} tests, in
{table["seconds"].sum() / 60:.0f} min on one core. The table as numbers is `report/power.tsv` in the package.
"""


def _section(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    strengths = sorted(rows["strength"].unique())
    kind = f"EEG, {first['length_s']:g} epochs of 1 s" if first["kind"] == "eeg" else told(first["length_s"])
    lines = [
        f"## {first['noise']} noise, {kind} at {first['rate_hz']:g} Hz\n",
        f"| measure | null | band | lag | {' | '.join(f'{s:g}' for s in strengths)} | 80 % |",
        f"|---|---|---|---|{'---|' * (len(strengths) + 1)}",
    ]
    for (measure, null, band), own in rows.groupby(["measure", "surrogate", "band"], sort=False):
        for lag in sorted(own.loc[own["strength"] > 0, "lag_s"].unique()):
            weakest, below = weakest_found(curve(rows, measure, lag))
            shown = "not found" if weakest != weakest else f"{weakest:.2f}{' or less' if below else ''}"
            cells = " | ".join(_cell(own, s, lag) for s in strengths)
            lines.append(f"| {measure} | {null} | {band} | {lag_text(lag)} | {cells} | {shown} |")
    return "\n".join(lines) + "\n"


def _cell(own: pd.DataFrame, strength: float, lag: float) -> str:
    here = own[(own["strength"] == strength) & ((own["lag_s"] == lag) | (strength == 0))]
    return f"{here['share'].iloc[0]:.2f} ± {here['se'].iloc[0]:.2f}" if len(here) else "–"


_COLOURS = {"wtc": "#0072b2", "wlcc": "#d55e00", "plv": "#0072b2", "accorr": "#009e73", "imcoh": "#d55e00"}
_LINES = ("-", "--", ":")


def draw(table: pd.DataFrame, path: Path) -> None:
    """Power against strength: a panel a noise and length, a colour a measure, a dash a lag."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "power", "svg.fonttype": "none", "font.size": 8})
    from matplotlib import pyplot

    panels = [rows for _, rows in table.groupby(RECORDING, sort=False)]
    columns = 3
    figure, axes = pyplot.subplots(
        -(-len(panels) // columns), columns, figsize=(9, 2.1 * -(-len(panels) // columns)), sharex=True, sharey=True
    )
    for axis, rows in zip(axes.flat, panels, strict=False):
        _panel(axis, rows)
    for axis in list(axes.flat)[len(panels) :]:
        axis.set_visible(False)
    figure.supxlabel("strength: share of variance in common")
    figure.supylabel("share of pairs found")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")


def _panel(axis, rows: pd.DataFrame) -> None:  # type: ignore[no-untyped-def]
    first = rows.iloc[0]
    kind = f"EEG, {first['length_s']:g} × 1 s" if first["kind"] == "eeg" else told(first["length_s"])
    axis.set_title(f"{first['noise']}, {kind}, {first['rate_hz']:g} Hz", fontsize=8)
    axis.axhline(0.05, color="0.7", lw=0.8)
    axis.axhline(ENOUGH, color="0.7", lw=0.8, ls=":")
    for measure in rows["measure"].unique():
        for lag, dash in zip(sorted(rows.loc[rows["strength"] > 0, "lag_s"].unique()), _LINES, strict=False):
            line = curve(rows, measure, lag)
            colour = _COLOURS.get(measure, "#cc79a7")
            axis.plot(line["strength"], line["share"], dash, color=colour, lw=1.2, label=f"{measure}, {lag_text(lag)}")
    axis.set_ylim(0, 1.02)
    axis.legend(fontsize=5, frameon=False, loc="upper left")
