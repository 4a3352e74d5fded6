"""What ``interbrain measures --for`` prints: the ranking of the measures for one recording."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import click

from interbrain.data.durations import told
from interbrain.data.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

    from interbrain.report.power import Ranking

_WIDTH = 100


def show_advice(
    wanted: str | None, length: str, rate: float | None, modality: str | None, noise: str | None, strength: float
) -> None:
    """Rank and print.

    Raises
    ------
    BadInput
        A measure's name beside ``--for``; no rate or modality.
    """
    from interbrain.report.power import rank_measures

    if wanted is not None:
        raise BadInput(f"--for compares all measures; leave out {wanted!r}, or leave out --for to read about it.")
    if rate is None or modality is None:
        raise BadInput(
            "--for needs the recording's rate and modality: interbrain measures --for 40min --rate 10 --modality fnirs"
        )
    show_ranking(rank_measures(length, rate=rate, modality=modality, noise=noise, strength=strength))


def show_ranking(ranking: Ranking) -> None:
    from interbrain.report.power import ENOUGH

    where = ranking.condition
    form = "in epochs of 1 s" if where.kind == "eeg" else "continuous"
    _say(f"Your recording: {ranking.asked}.")
    _say(
        f"The figures are from simulated pairs: {where.noise} noise, {told(where.length_s)} at {where.rate_hz:g} Hz, "
        f"{form}. Strength is the share of each person's variance that both have in common."
    )
    click.echo()
    at = f"{ranking.strength:g}"
    heads = ("", "measure", "lag", f"found with {ENOUGH:.0%}", f"power at {at}", f"shortest for {at}")
    _row(heads)
    for _, lines in ranking.table.groupby("measure", sort=False):
        for i, line in enumerate(lines.itertuples(index=False)):
            _row(_cells(line, i == 0))
    click.echo()
    bands = ", ".join(dict.fromkeys(f"{t.measure} {t.band}" for t in ranking.table.itertuples()))
    nulls = ", ".join(dict.fromkeys(f"{t.measure} {t.surrogate}" for t in ranking.table.itertuples()))
    for measure, blind in ranking.blind.items():
        _say(f"{measure} cannot see: {'; '.join(blind) or 'nothing that is known'}.")
    _say(f"Bands: {bands}. Nulls: {nulls}.")
    for note in ranking.notes:
        _say(note)
    _say("How it was simulated: docs/calibration/power.md.")


def _cells(line: pd.Series, first: bool) -> tuple[str, ...]:
    from interbrain.report.power import lag_text

    if math.isnan(line.strength_80):
        weakest = "not found"
    else:
        weakest = f"strength {line.strength_80:.2f}{' or less' if line.below else ''}"
    shortest = "none tried" if math.isnan(line.shortest_s) else told(line.shortest_s)
    return (
        f"{line.rank}." if first else "",
        line.measure if first else "",
        lag_text(line.lag_s),
        weakest,
        f"{line.power:.2f} ± {line.power_se:.2f}",
        shortest,
    )


def _row(cells: tuple[str, ...]) -> None:
    widths = (3, 8, 7, 24, 14, 16)
    click.echo(" ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())


def _say(text: str) -> None:
    click.echo(textwrap.fill(text, _WIDTH, subsequent_indent="    "))
