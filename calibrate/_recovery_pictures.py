"""Pictures of single meetings: strength and lag, planted against found."""

from __future__ import annotations

import pandas as pd

from calibrate._recovered import PICTURES, Box, Mark, draw

WIDE_OF_CHANCE = 1.645
"""SDs: a twentieth of meetings without contact lies above."""
TOLD = 0.5
"""Share of single meetings found from which on a cell is coloured."""


def draw_all(table: pd.DataFrame) -> None:
    """``strength.svg`` and ``lag.svg``, a panel a device."""
    names = list(dict.fromkeys(table["device"]))
    key = [("dot-found", "found in at least half of the meetings"), ("dot-grey", "found in fewer")]
    strong = [_strength(table[table["device"] == name], name) for name in names]
    alt = "Excess rises with the planted share in every device; weak sharing lies in the grey of chance."
    draw(PICTURES / "strength.svg", strong, alt, [*key, ("band", "meetings without contact, nine of ten")])
    coupled = table[table["contact"] > 0]
    lags = [_lags(coupled[coupled["device"] == name], name) for name in names]
    alt = "Lags found gather round the planted ones as the share grows; with weak sharing they are noise."
    draw(PICTURES / "lag.svg", lags, alt, [*key, ("line-ink", "planted lag")])


def _strength(cells: pd.DataFrame, name: str) -> Box:
    none = cells[cells["contact"] == 0]
    middle, half = float(none["excess"].mean()), WIDE_OF_CHANCE * float((none["excess_sd"] ** 2).mean() ** 0.5)
    marks = [
        Mark(r.coupling, r.excess, r.excess - r.excess_sd, r.excess + r.excess_sd, r.found >= TOLD, r.cell)
        for r in cells.itertuples()
    ]
    return Box(name, marks, "planted share", band=(middle - half, middle + half), note="excess, mean ± SD of meetings")


def _lags(cells: pd.DataFrame, name: str) -> Box:
    marks = [Mark(r.coupling, r.lag_found, r.lag_low, r.lag_high, r.found >= TOLD, r.cell) for r in cells.itertuples()]
    levels = sorted(set(cells["lag_s"].round(4)))
    return Box(name, marks, "planted share", levels=levels, note="lag found, s: median and middle half")
