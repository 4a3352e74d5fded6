"""Cross-recurrence quantification: when one person is in the state that the other was in, and how long it lasts.

No linearity is taken for granted, so it serves movement, voice and codes alike. Two states recur where they are closer
than a radius; by default the radius is chosen for each pair so that ``share`` of all pairs of states recur, since with
a fixed one the recurrence rate decides all other figures. The value is the recurrence near the diagonal, the share of
pairs of states up to ``max_lag_s`` apart that recur: above ``share`` where the two visit states at about the same time.
``quantity`` asks for another figure, and all are in ``extra``. The usual share of recurrences that form lines (DET)
mostly says how smooth the two courses are: independent smooth courses reach the same. The diagonal profile
(recurrences at each lag) says who leads: ``lag_s`` is its highest point.

The named setting ``codes`` lets equal codes recur, "both silent" among them. ``crqa`` is the R package's convention for
continuous series; the lines of LAM run along the second person while the first stands still, so LAM and TT change when
the two are exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord, as_set
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _recurrence as recurrence
from interbrain.measures._families import PREPARED_AGAIN

RECORD = MeasureRecord(
    name="crqa",
    title="Cross-recurrence quantification",
    formula="near = recurrent pairs of states at most max_lag_s apart / all such pairs",
    reference="Coco MI, Dale R (2014). Cross-recurrence quantification analysis of categorical and continuous time "
    "series: an R package. Frontiers in Psychology 5, 510.",
    doi="10.3389/fpsyg.2014.00510",
    value_range=(0.0, 1.0),
    with_itself=None,
    stabilise="asin_sqrt",
    directed=False,
    accepts=("continuous",),
    modalities=("motion", "voice", "heart", "eda", "misc"),
    blind_to=("amplitude",),
    surrogates=PREPARED_AGAIN,
    under={
        "quantity=entr": {"value_range": (0.0, None), "stabilise": "identity"},
        "quantity=l": {"value_range": (0.0, None), "stabilise": "identity"},
        "quantity=lmax": {"value_range": (0.0, None), "stabilise": "identity"},
        "quantity=tt": {"value_range": (0.0, None), "stabilise": "identity"},
    },
    default_surrogate="circular_shift",
    settings={
        "quantity": "near",
        "embed": 1,
        "delay_s": 0.0,
        "share": 0.05,
        "radius": 0.0,
        "scale": "sd",
        "min_line": 2,
        "theiler": 0,
        "max_lag_s": 2.0,
        "min_valid": 0.5,
    },
    settings_allowed={
        "quantity": ("near", "rr", "det", "lam", "entr", "l", "lmax", "tt"),
        "embed": "[1, inf)",
        "delay_s": "[0, inf)",
        "share": "(0, 1)",
        "radius": "[0, inf)",
        "scale": ("sd", "mean", "none"),
        "min_line": "[2, inf)",
        "theiler": "[0, inf)",
        "max_lag_s": "[0, inf)",
        "min_valid": "(0, 1]",
    },
    settings_help={
        "quantity": "the value: 'near', 'rr', 'det', 'lam' (shares), 'entr', 'l', 'lmax', 'tt' (of lines' lengths)",
        "embed": "samples that make a state",
        "delay_s": "seconds between these samples (0: one sample)",
        "share": "share of pairs of states that recur, which sets the radius; used where radius is 0",
        "radius": "largest distance of states that recur, after scaling; 0: see share",
        "scale": "'sd': each person about their mean in SDs; 'mean': over their mean; 'none'",
        "min_line": "fewest points of a line",
        "theiler": "pairs of samples nearer in time than this are left out",
        "max_lag_s": "longest lag of the profile, in seconds",
        "min_valid": "share of the pairs of states that both people must have",
    },
    named_settings={
        "codes": {"radius": 0.001, "scale": "none", "embed": 1},
        "crqa": {"quantity": "det", "radius": 0.1, "scale": "mean", "embed": 4, "delay_s": 1.64},
    },
    same_kind={"scale=none": "without scaling, a distance between two kinds of signal has no unit and no meaning"},
    methods="Synchrony was measured by cross-recurrence quantification (Coco & Dale, 2014).",
)

QUANTITIES = ("near", "rr", "det", "lam", "entr", "l", "lmax", "tt")
_FEWEST_STATES = 20


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: scaled samples ``(channel, time)`` and whether they may be used."""

    values: np.ndarray
    valid: np.ndarray
    rate: float
    settings: Mapping[str, Any]

    @property
    def delay(self) -> int:
        return max(1, round(self.settings["delay_s"] * self.rate))


@dataclass(frozen=True, eq=False)
class State:
    """Two people and all figures ``(A, B)`` by name, with the profile ``(A, B, lag)``."""

    a: Prepared
    b: Prepared
    figures: Mapping[str, np.ndarray]
    profile: np.ndarray
    lags: np.ndarray


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Scaled samples.

    Raises
    ------
    RefusedScience
        Epochs; a recording shorter than the states.
    """
    if block.epoched or block.shape[0] != 1:
        raise RefusedScience(
            f"crqa needs one continuous stretch; got {block.shape[0]} epochs, between which time does not run on."
        )
    valid = np.array(block.valid[0])
    values = np.where(valid, block.values[0], 0.0)
    for c, mask in enumerate(valid):
        own = values[c, mask]
        if settings["scale"] == "none" or not mask.any():
            continue
        centre, size = (own.mean(), own.std()) if settings["scale"] == "sd" else (0.0, own.mean())
        if not abs(size) > 1e-12 * np.abs(own).max(initial=0.0):
            valid[c] = False  # constant: it has one state only
            continue
        values[c, mask] = (own - centre) / size
    prepared = Prepared(values, valid, block.rate, dict(settings))
    states = block.shape[2] - (settings["embed"] - 1) * prepared.delay
    if states < _FEWEST_STATES:
        raise RefusedScience(
            f"crqa: {block.shape[2]} samples hold {max(states, 0)} states of {settings['embed']} samples "
            f"{prepared.delay} apart; at least {_FEWEST_STATES} are needed. Use a smaller embed or delay_s."
        )
    return prepared


def combine(a: Prepared, b: Prepared) -> State:
    """Count the recurrences of all channel pairs.

    Raises
    ------
    BadInput
        The two people differ in length or rate.
    """
    if a.values.shape[1] != b.values.shape[1] or a.rate != b.rate:
        raise BadInput(
            f"crqa: A has {a.values.shape[1]} samples at {a.rate:g} Hz, B {b.values.shape[1]} at {b.rate:g} Hz; both "
            "must be on one clock (signals.align)."
        )
    states = a.values.shape[1] - (a.settings["embed"] - 1) * a.delay
    longest = min(round(a.settings["max_lag_s"] * a.rate), states - 1)
    lags = np.arange(-longest, longest + 1)
    shape = (len(a.values), len(b.values))
    profile = np.full((*shape, len(lags)), np.nan)
    figures: dict[str, np.ndarray] = {q: np.full(shape, np.nan) for q in (*QUANTITIES, "radius", "coverage", "nrline")}
    for i, j in np.ndindex(shape):
        found, along = _pair(a, i, b, j, lags)
        profile[i, j] = along
        for name, value in found.items():
            figures[name][i, j] = value
    return State(a, b, figures, profile, lags)


def _pair(a: Prepared, i: int, b: Prepared, j: int, lags: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
    asked = a.settings
    about = (a.values[i], b.values[j], a.valid[i], b.valid[j], asked["embed"], a.delay)
    unknown = np.full(len(lags), np.nan)
    radius = float(asked["radius"])
    if radius == 0:
        distances = recurrence.some_distances(*about)
        if not len(distances):
            return {"coverage": 0.0}, unknown
        radius = float(np.quantile(distances, asked["share"]))
    lines, near, possible = recurrence.diagonals(*about, radius, asked["theiler"])
    states = len(lines) - 1
    coverage = possible.sum() / states**2
    found: dict[str, float] = {"coverage": float(coverage), "radius": radius}
    if coverage < asked["min_valid"]:
        return found, unknown
    place = states - 1 + lags
    with np.errstate(invalid="ignore", divide="ignore"):
        profile = near[place] / possible[place]
        found["near"] = float(near[place].sum() / possible[place].sum())
    found["rr"] = float(near.sum() / possible.sum())
    if not near.sum():
        return found, profile
    found |= _lines(lines, asked["min_line"], int(near.sum()), ("det", "l", "lmax", "entr", "nrline"))
    if asked["quantity"] in ("lam", "tt"):
        upright = recurrence.verticals(*about, radius, asked["theiler"])
        found |= _lines(upright, asked["min_line"], int(near.sum()), ("lam", "tt", "", "", ""))
    return found, profile


def _lines(lines: np.ndarray, shortest: int, points: int, names: tuple[str, ...]) -> dict[str, float]:
    """Share of the points on lines, mean and longest length, entropy of the lengths (nats) and number of lines."""
    length = np.arange(shortest, len(lines))
    count = lines[shortest:]
    total = int(count.sum())
    on_lines = int((length * count).sum())
    share = count[count > 0] / max(total, 1)
    figures = (
        on_lines / points,
        on_lines / total if total else 0.0,
        float(length[count > 0].max(initial=0)),
        float(-(share * np.log(share)).sum()),
        float(total),
    )
    return {name: value for name, value in zip(names, figures, strict=True) if name}


def reduce(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """The figure asked for ``(A, B, 1, 1)``, its lag profile and, in ``extra``, all figures; with ``windows`` a list.

    Lengths of lines are in samples, as is usual.
    """
    if windows is None:
        return _estimate(state)
    return [_estimate(combine(*(_cut(p, int(s), int(e)) for p in (state.a, state.b)))) for s, e in windows]


def _cut(person: Prepared, start: int, stop: int) -> Prepared:
    return Prepared(person.values[:, start:stop], person.valid[:, start:stop], person.rate, person.settings)


def _estimate(state: State) -> Estimate:
    lift = (..., None, None)
    quantity = state.a.settings["quantity"]
    value = state.figures[quantity][lift]
    known = np.isfinite(state.profile).any(axis=-1)
    best = np.where(np.isfinite(state.profile), state.profile, -np.inf).argmax(axis=-1)
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[as_set(RECORD, state.a.settings).stabilise](value),
        lag_s=np.where(known, state.lags[best] / state.a.rate, np.nan)[lift],
        phase=np.full_like(value, np.nan),
        coverage=np.nan_to_num(state.figures["coverage"])[lift],
        n_effective=np.nan_to_num(state.figures["nrline"])[lift],
        profile=state.profile,
        profile_lags_s=state.lags / state.a.rate,
        extra={name: figure[lift] for name, figure in state.figures.items() if np.isfinite(figure).any()},
    )


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing: none are, since all pairs of times are compared;
    the span of a state is what a surrogate may not cut."""
    return float(settings["embed"] - 1) * float(settings["delay_s"])
