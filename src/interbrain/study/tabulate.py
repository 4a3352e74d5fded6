"""From arrays to rows of the result tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from interbrain.course.reliability import SPLITS
from interbrain.data.plan import Analysis
from interbrain.data.signal import Estimate
from interbrain.data.study import Meeting
from interbrain.data.tables import MEETING, PHASE_SHARES
from interbrain.inference.halves import Halves
from interbrain.inference.null import Null
from interbrain.inference.ranks import moments
from interbrain.study.sides import Places, Side

Row = dict[str, Any]


def meeting_key(meeting: Meeting, segment: str) -> Row:
    return {
        "group": meeting.group,
        "session": meeting.session,
        "therapist": meeting.therapist,
        "arm": meeting.arm,
        "condition": meeting.condition,
        "segment": segment,
    }


def pair_key(analysis: Analysis, signal_a: str, signal_b: str, a: Side, b: Side, level: str) -> Row:
    return {
        "analysis": analysis.name,
        "measure": analysis.measure,
        "modality": analysis.modality_name,
        "signal_a": signal_a,
        "signal_b": signal_b,
        "person_a": a.member.person,
        "person_b": b.member.person,
        "role_a": a.member.role,
        "role_b": b.member.role,
        "level": level,
    }


def signals(context: Row) -> str:
    """The signals of a row in one word: one name where both people give the same kind."""
    return "-".join(dict.fromkeys((context["signal_a"], context["signal_b"])))


def family_name(context: Row, analysis: Analysis, surrogate: str) -> str:
    """A family is what one maximum is taken over: all places and bands of one signal, meeting, segment and null."""
    parts = (context["group"], context["session"], context["segment"], analysis.name, signals(context), surrogate)
    return "/".join(str(p) for p in parts)


def labels(estimate: Estimate, places: Places) -> Iterator[tuple[str, str, str, str]]:
    """(place_a, place_b, band, direction) in the order of flattened arrays."""
    for a, b in places.pairs:
        for band in estimate.bands:
            for direction in estimate.directions:
                yield places.names_a[a], places.names_b[b], band, direction


def _labelled(estimate: Estimate, places: Places, analysis: Analysis, context: Row) -> Iterator[tuple[int, Row]]:
    for i, (place_a, place_b, band, direction) in enumerate(labels(estimate, places)):
        low, high = analysis.bands.get(band, (np.nan, np.nan))
        row = {**context, "place_a": place_a, "place_b": place_b, "band": band, "direction": direction}
        yield i, {**row, "low_hz": low, "high_hz": high}


def _key(row: Row) -> Row:
    return {k: v for k, v in row.items() if k not in ("duration_s", "usable")}


def synchrony_rows(estimate: Estimate, places: Places, analysis: Analysis, context: Row) -> list[Row]:
    columns = ("value", "stabilised", "lag_s", "phase", "coverage", "n_effective")
    flat = {c: np.asarray(getattr(estimate, c)).reshape(-1) for c in columns}
    flat["n_pairs"] = estimate.extra["n_pairs"].reshape(-1)
    return [
        {**row, **{c: _number(v[i]) for c, v in flat.items()}}
        for i, row in _labelled(estimate, places, analysis, context)
    ]


def phase_rows(estimate: Estimate, places: Places, analysis: Analysis, context: Row) -> list[Row]:
    """Shares of each value's time and scales by phase; none of a measure that gives none."""
    if not set(PHASE_SHARES) <= set(estimate.extra):
        return []
    flat = {c: estimate.extra[c].reshape(-1) for c in PHASE_SHARES}
    return [
        {**_key(row), **{c: _number(v[i]) for c, v in flat.items()}}
        for i, row in _labelled(estimate, places, analysis, context)
    ]


def null_rows(
    null: Null, places: Places, analysis: Analysis, context: Row, surrogate: str, family: str, estimate: Estimate
) -> list[Row]:
    columns = (
        "null_mean",
        "null_sd",
        "stabilised_null_mean",
        "stabilised_null_sd",
        "excess",
        "z",
        "p",
        "p_family",
    )
    flat = {c: np.asarray(getattr(null, c)).reshape(-1) for c in columns}
    fixed = {"null": surrogate, "n_null": null.n_null, "family": family}
    return [
        {**_key(row), **fixed, **{c: _number(v[i]) for c, v in flat.items()}}
        for i, row in _labelled(estimate, places, analysis, context)
    ]


def halves_rows(
    halves: Halves, null: Null, estimate: Estimate, places: Places, analysis: Analysis, context: Row, surrogate: str
) -> list[Row]:
    """Both halves of each value, less their own null means, under both splits.

    Epochs share nothing: halves of chance lie 2 null SDs apart, and their null means are those of the whole.
    """
    flat: dict[str, np.ndarray] = {}
    unknown = np.full(estimate.value.size, np.nan)
    flat["null_sd"] = null.stabilised_null_sd.reshape(-1)
    if len(halves.whole):
        flat["null_sd"] = moments(places.pool(halves.whole, axis=1))[1].reshape(-1)
    for split, (first, second, null_sd) in SPLITS.items():
        known = split in halves.values
        pair = places.pool(halves.values[split], axis=1).reshape(2, -1) if known else (unknown, unknown)
        flat |= {first: pair[0], second: pair[1], null_sd: unknown}
        if known and len(halves.draws[split]):
            drawn = places.pool(halves.draws[split], axis=2)
            flat |= {c: v - moments(drawn[:, k])[0].reshape(-1) for k, (c, v) in enumerate(zip((first, second), pair))}
            flat[null_sd] = moments(drawn[:, 0] - drawn[:, 1])[1].reshape(-1)
        elif known:
            flat[null_sd] = 2 * null.stabilised_null_sd.reshape(-1)
    rows = []
    for i, row in _labelled(estimate, places, analysis, context):
        numbers = {c: _number(v[i]) for c, v in flat.items()}
        nothing = np.isnan(numbers["split_a"]) and np.isfinite(estimate.value.reshape(-1)[i])
        why = halves.reason or "the halves are too short for this band" if nothing else ""
        rows.append({**_key(row), "null": surrogate, **numbers, "reason": why})
    return rows


def confound_rows(
    before: tuple[Estimate, Null],
    after: tuple[Estimate, Null],
    removed: tuple[float, float],
    places: Places,
    analysis: Analysis,
    context: Row,
) -> list[Row]:
    """Each value with its confounds in it and taken out, each against its own null."""
    flat = {}
    for when, (estimate, null) in (("before", before), ("after", after)):
        flat[f"value_{when}"] = np.asarray(estimate.value).reshape(-1)
        for column in ("excess", "z", "p"):
            flat[f"{column}_{when}"] = np.asarray(getattr(null, column)).reshape(-1)
    fixed = {
        "confounds": ", ".join(analysis.partial),
        "taken_from": analysis.partial_from,
        "removed_a": removed[0],
        "removed_b": removed[1],
    }
    return [
        {**_key(row), **fixed, **{c: _number(v[i]) for c, v in flat.items()}}
        for i, row in _labelled(after[0], places, analysis, context)
    ]


def carried_rows(means: list[Row], context: Row) -> list[Row]:
    """Means of confounds that the course is to know, beside what they belong to."""
    about = (*MEETING, "analysis", "modality", "signal_a", "signal_b")
    return [{**{k: context[k] for k in about}, **row} for row in means]


def lag_rows(estimate: Estimate, draws: np.ndarray | None, places: Places, context: Row) -> list[Row]:
    assert estimate.profile is not None and estimate.profile_lags_s is not None
    dropped = ("person_a", "person_b", "role_a", "role_b", "duration_s", "usable")
    shared = {k: v for k, v in context.items() if k not in dropped}
    rows = []
    for i, (a, b) in enumerate(places.pairs):
        for j, lag in enumerate(estimate.profile_lags_s):
            null = (np.nan, np.nan) if draws is None else (draws[:, i, j].mean(), draws[:, i, j].std(ddof=1))
            rows.append(
                {
                    **shared,
                    "place_a": places.names_a[a],
                    "place_b": places.names_b[b],
                    "band": estimate.bands[0],
                    "direction": "",
                    "lag_s": _number(lag),
                    "value": _number(estimate.profile[i, j]),
                    "null_mean": _number(null[0]),
                    "null_sd": _number(null[1]),
                    "n_null": 0 if draws is None else len(draws),
                }
            )
    return rows


def window_rows(
    parts: list[Estimate], bounds_s: np.ndarray, places: Places, analysis: Analysis, context: Row
) -> list[Row]:
    rows = []
    for index, (part, (start, stop)) in enumerate(zip(parts, bounds_s, strict=True)):
        value, coverage = part.value.reshape(-1), part.coverage.reshape(-1)
        for i, row in _labelled(part, places, analysis, context):
            at = {"window": index, "start_s": _number(start), "stop_s": _number(stop)}
            rows.append({**_key(row), **at, "value": _number(value[i]), "coverage": _number(coverage[i])})
    return rows


def _number(value: Any) -> float:
    return float(value)
