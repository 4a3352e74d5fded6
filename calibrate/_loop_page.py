"""The page of studies found again, and its pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from calibrate._kept import LEVEL, markdown, origin
from calibrate._loop_studies import (
    DYADS,
    LONGEST_S,
    MINUTES,
    RELATIONS,
    SEGMENTS,
    SESSIONS,
    SYMPTOMS,
    WORLDS,
    World,
    planted_part,
)
from calibrate._recovered import PICTURES, Box, Mark, draw

Curves = Mapping[str, tuple[float, float]]
PARTS = {"within": "within persons", "between": "between persons"}
FROM_BEFORE_TO_AFTER = SESSIONS + 1
"""Sessions apart, as the study numbers its meetings."""
T95, POWER = 2.2, 2.8
"""Quantile of t that intervals of 12 dyads are made with; SEs at which a normal test at .05 has a power of .8."""
MOST_DYADS = 1000


def page(studies: pd.DataFrame, curves: Curves, asked: int) -> str:
    """``asked``: how many studies the whole table has."""
    known = _known(studies)
    return TEXT.format(
        dyads=DYADS, sessions=SESSIONS, minutes=MINUTES, eeg=LONGEST_S["eeg"], worlds=_worlds(),
        curves=_curves(studies, curves), summary=_summary(studies, curves),
        growth=_changes(studies, curves, "session", 1),
        therapist=_changes(studies, curves, "therapist", FROM_BEFORE_TO_AFTER),
        stranger=_changes(studies, curves, "stranger", FROM_BEFORE_TO_AFTER),
        relation=_relations(known), picture=PICTURE if len(known) else "", needed=_needed(studies, curves),
        done=f"So far {len(studies)} of {asked} studies are computed." if len(studies) < asked else "",
        origin=origin([studies], "python -m calibrate loop"),
    )  # fmt: skip


def _worlds() -> str:
    rows = [[label, f"{w.learning:g}", f"{w.generalises:g}"] for label, w in WORLDS.items()]
    return markdown(["world", "learning over its default", "`generalises`"], rows)


def _curves(studies: pd.DataFrame, curves: Curves) -> str:
    lines = []
    for name, (b, c) in curves.items():
        mine = studies[studies["device"] == name]
        part, n = planted_part(mine, (b, c)), int(mine["n"].sum())
        lines.append([name, f"{b:.3f}·s + {c:.3f}·s²", f"{n:,}", f"{_sd(mine):.3f}", f"{part:.2f}"])
    return markdown(["device", "expected excess", "meetings", "SD of excess", "part of its variance planted"], lines)


def _sd(studies: pd.DataFrame) -> float:
    return float(np.sqrt(np.mean(studies["excess_sd"] ** 2)))


def _of(table: pd.DataFrame, name: str, world: World) -> pd.DataFrame:
    here = (table["learning"] == world.learning) & (table["generalises"] == world.generalises)
    return table[(table["device"] == name) & here]


def _true(studies: pd.DataFrame, label: str, curve: tuple[float, float]) -> pd.Series:
    """Planted slope of each study's own dyads."""
    return curve[0] * studies[f"{label}_share"] + curve[1] * studies[f"{label}_square"]


def _covered(studies: pd.DataFrame, label: str, curve: tuple[float, float]) -> int:
    true = _true(studies, label, curve)
    return int(((studies[f"{label}_low"] <= true) & (true <= studies[f"{label}_high"])).sum())


def _changes(studies: pd.DataFrame, curves: Curves, label: str, times: float) -> str:
    lines = []
    for name, curve in curves.items():
        for words, world in WORLDS.items():
            mine = _of(studies, name, world)
            if mine.empty:
                continue
            n = len(mine)
            found = ", ".join(
                f"{times * r[f'{label}_slope']:.4f} [{times * r[f'{label}_low']:.4f}, {times * r[f'{label}_high']:.4f}]"
                for r in mine.to_dict("records")
            )
            true = ", ".join(f"{times * x:.4f}" for x in _true(mine, label, curve))
            told = int((mine[f"{label}_p"] <= LEVEL).sum())
            lines.append([name, words, true, found, f"{_covered(mine, label, curve)} of {n}", f"{told} of {n}"])
    return markdown(["device", "world", "planted, a study each", "found [95 %]", "covers", "p ≤ .05"], lines)


def _summary(studies: pd.DataFrame, curves: Curves) -> str:
    """Over all worlds, a line a device: intervals that cover, and how planted and found go together over studies."""
    lines = []
    for name, curve in curves.items():
        mine = studies[studies["device"] == name]
        row = [name]
        for label in SEGMENTS:
            both = mine[f"{label}_slope"].corr(_true(mine, label, curve)) if len(mine) > 2 else np.nan
            row.append(f"{_covered(mine, label, curve)} of {len(mine)}" + (f" ({both:.2f})" if both == both else ""))
        lines.append(row)
    header = ["device", "growth", "change with the therapist", "change with a stranger"]
    return markdown(header, lines)


def _needed(studies: pd.DataFrame, curves: Curves) -> str:
    """What a usual course plants beside what a study of this size tells, and how many dyads would do."""
    lines = []
    for name, curve in curves.items():
        mine, usual = studies[studies["device"] == name], _of(studies, name, WORLDS["usual"])
        for label, words, times in (("session", "growth", 1), ("stranger", "with a stranger", FROM_BEFORE_TO_AFTER)):
            half = float((mine[f"{label}_high"] - mine[f"{label}_low"]).median()) / 2
            if usual.empty:
                continue
            true = float(_true(usual, label, curve).mean())
            dyads = DYADS * (POWER * half / T95 / true) ** 2
            enough = f"{dyads:,.0f}" if true > 0 and dyads < MOST_DYADS else f"over {MOST_DYADS:,}"
            lines.append([name, words, f"{times * true:.4f}", f"± {times * half:.4f}", enough])
    header = ["device", "change", "planted in the usual course", "95 % interval, median", "dyads for a power of .8"]
    return markdown(header, lines) if lines else "No usual course is computed yet."


def _relations(studies: pd.DataFrame) -> str:
    """Points for one SD of synchrony: planted, what measuring with noise leaves of it, and found, over all worlds."""
    lines = []
    if studies.empty:
        return "No study with its planted relation is computed yet."
    for name in dict.fromkeys(studies["device"]):
        for instrument, times in RELATIONS:
            for part, words in PARTS.items():
                both = points(studies, str(name), f"{instrument}_{times:g}_{part}")
                what = f"PHQ-9, from_capacity × {times:g}" if instrument == SYMPTOMS else "WAI-SR"
                told = int(((both["low"] > 0) | (both["high"] < 0)).sum())
                means = [_mean(both["planted"]), f"{both['left'].mean():.2f}", _mean(both["found"])]
                lines.append([str(name), what, words, *means, f"{told} of {len(both)}"])
    header = ["device", "score", "part", "planted ± SE", "left of it", "found ± SE", "p ≤ .05"]
    return markdown(header, lines)


def _known(studies: pd.DataFrame) -> pd.DataFrame:
    """Studies whose planted relation is known."""
    first = f"true_{SYMPTOMS}_1_within"
    return studies[studies[first].notna()] if first in studies else studies.iloc[:0]


def _mean(values: pd.Series) -> str:
    return f"{values.mean():.2f} ± {values.std(ddof=1) / np.sqrt(len(values)):.2f}"


def points(studies: pd.DataFrame, name: str, label: str) -> pd.DataFrame:
    """A row a study: points of a score for one SD of synchrony without noise (planted), of measured synchrony (found,
    low, high), and what the planted ones come to where an SD holds noise as well (left)."""
    mine = studies[studies["device"] == name]
    true_sd, sd = mine[f"true_{label}_sd"], mine[f"{label}_sd"]
    planted = mine[f"true_{label}"] * true_sd
    found = {"found": mine[label] * sd, "low": mine[f"{label}_low"] * sd, "high": mine[f"{label}_high"] * sd}
    return pd.DataFrame({"cell": mine["cell"], "planted": planted, "left": planted * true_sd / sd, **found})


KEY = [("dot-found", "interval without 0"), ("dot-grey", "not told from chance"), ("line-ink", "found as planted")]


def draw_all(studies: pd.DataFrame, curves: Curves) -> None:
    """Growth, change with a stranger, and relations to scores, a panel a device."""
    grown = [_box(studies, name, curves[name], "session", 1) for name in curves]
    draw(PICTURES / "growth.svg", grown, _alt("Growth a session", studies, curves, "session"), KEY)
    others = [_box(studies, name, curves[name], "stranger", FROM_BEFORE_TO_AFTER) for name in curves]
    draw(PICTURES / "generalisation.svg", others, _alt("Change with a stranger", studies, curves, "stranger"), KEY)
    known = _known(studies)
    related = [_related(known, name) for name in curves if name in set(known["device"])]
    alt = "Relation of scores to synchrony, planted against found, a dot a study, score and part of the variance."
    if related:
        draw(PICTURES / "outcome.svg", related, alt, KEY)


def _alt(what: str, studies: pd.DataFrame, curves: Curves, label: str) -> str:
    words = []
    for name in curves:
        mine = studies[studies["device"] == name]
        told = int((mine[f"{label}_p"] <= LEVEL).sum())
        words.append(f"{name} told from 0 in {told} of {len(mine)} studies")
    return f"{what}, planted against found: {', '.join(words)}."


def _box(studies: pd.DataFrame, name: str, curve: tuple[float, float], label: str, times: float) -> Box:
    mine = studies[studies["device"] == name]
    marks = [
        Mark(
            times * true, times * row[f"{label}_slope"], times * row[f"{label}_low"], times * row[f"{label}_high"],
            row[f"{label}_p"] <= LEVEL, str(row["cell"]),
        )
        for row, true in zip(mine.to_dict("records"), _true(mine, label, curve))
    ]  # fmt: skip
    told = sum(m.told for m in marks)
    return Box(name, marks, "planted in its dyads", True, note=f"found (excess); told from 0: {told} of {len(marks)}")


def _related(studies: pd.DataFrame, name: str) -> Box:
    """Each study's relations of symptoms and alliance, within persons and between them."""
    labels = [f"{instrument}_{times:g}_{part}" for instrument, times in RELATIONS for part in PARTS]
    marks = [
        Mark(row["planted"], row["found"], row["low"], row["high"], row["low"] > 0 or row["high"] < 0, row["cell"])
        for label in labels
        for row in points(studies, name, label).to_dict("records")
    ]
    told = sum(m.told for m in marks)
    return Box(name, marks, "planted, points a SD", True, note=f"found, points; told from 0: {told} of {len(marks)}")


PICTURE = "![Relation of scores to synchrony, planted and found](../pictures/recovery/outcome.svg)\n\n"
TEXT = """# What is planted in studies, found again

[Recovery](recovery.md) is about single meetings. Here whole studies are simulated: {dyads} dyads, {sessions} sessions
of {minutes:g} minutes, and before the first and after the last a conversation of each patient with the therapist and
with a stranger (`interbrain simulate … --record fnirs --assess`). Every meeting is recorded, prepared and measured by
the default analysis of its modality against 39 surrogates, in the first place that carries something (HbO in right
TPJ; left TPJ in alpha; head; pitch); of EEG the first {eeg:g} s. Growth, change and relation to scores come from the
models of `interbrain run`: they are the same functions. Nobody leaves early; all else of the course is as by default.
{done}

{worlds}

## What is planted

What is planted in a study is what its measure expects, without noise, of what its own dyads share: a device's excess
follows the planted share s as below, read off all meetings of its studies (means of s and s² over the meeting; nothing
where nothing is shared). Intervals speak of dyads in general, and so cover the mean of their own dyads a little more
often than 95 times of 100.

{curves}

## Growth over sessions

Excess a session: what is planted in each study, and what was found.

![Growth a session, planted and found](../pictures/recovery/growth.svg)

{growth}

## Generalisation

Change with a stranger and with the therapist, from before the first session to after the last.

![Change with a stranger, planted and found](../pictures/recovery/generalisation.svg)

With a stranger:

{stranger}

With the therapist:

{therapist}

How many intervals cover what is planted, over all worlds, and in brackets how planted and found correlate over studies:

{summary}

## Relation to outcome

Points of a score for one SD of synchrony, over all worlds. `from_capacity` says how far symptoms follow relational
capacity; it moves nothing but symptoms, so that the same recordings serve all three. Alliance (WAI-SR) follows trust.
*Planted* is the relation with expected excess (by the curve of [recovery](recovery.md)), synchrony without noise;
*left of it* is about what that comes to for an SD of measured synchrony, much of which is noise; *found* is what the
studies say of theirs.

{picture}{relation}

## What cannot be found at this size

Beside what a usual course plants stands how far a study of {dyads} dyads, {sessions} sessions and {minutes:g} minutes
tells it, and how many dyads would find it four times in five, other things equal (from the widths of intervals, which
go with the root of the number of dyads).

{needed}

Most of synchrony with the therapist is there from the first session, so that growth is the smaller part of what is
planted, and dyads differ in it. Where a device tells nothing at this size, planted and found are shown all the same. A
relation within persons is found weaker than planted because most of a single meeting's excess is not synchrony but
chance; means of a person's sessions hold less of it. Between persons alliance is planted strongly here (who comes to
trust is who synchronises); with symptoms little is planted, and so little that a study of this size tells none.

Single intervals are no test of the models, whose size and coverage have pages of their own: [growth](growth.md), scores
(`docs/calibration/outcome.tsv`).

{origin}
"""
