"""Transfer entropy: how many bits one person's past tells about the other's next state beyond the other's own past.

``kind = "gaussian"`` (default, for measured courses) is half of Granger causality in bits: all that there is for
jointly normal signals (Barnett, Barrett & Seth 2009). ``"codes"`` counts, for coded behaviour (speaking, looking …):
``history`` states of the one who is foretold and one of the other. Counting from few samples makes bits out of nothing;
only the distance to the null speaks. ``"knn"`` (nearest neighbours; Kraskov, Frenzel & Pompe) takes no form of relation
for granted: ``history`` samples of both pasts, ``step_s`` apart. It is biased and can come out below 0, which says no
more than 0 does. Long pasts cost it: of 0.26 bits between normal signals three past samples find 0.18 in 200 samples
and 0.24 in 4000, one finds all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord, as_set
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _autoregression as autoregression
from interbrain.measures._autoregression import Person
from interbrain.measures._codes import numbered
from interbrain.measures._families import PAST_ALLOWED, PREPARED_AGAIN
from interbrain.measures._neighbours import conditional_information
from interbrain.measures._pairwise import State, check_clock

_FEWEST_POINTS = 20

RECORD = MeasureRecord(
    name="te",
    title="Transfer entropy",
    formula="TE(a → b) = H(b | past of b) − H(b | past of a and b), in bits",
    reference="Schreiber T (2000). Measuring information transfer. Physical Review Letters 85, 461-464.",
    doi="10.1103/PhysRevLett.85.461",
    value_range=(0.0, None),
    with_itself=None,
    stabilise="sqrt",
    directed=True,
    accepts=("continuous", "epochs"),
    modalities=("motion", "voice", "heart", "eda", "misc"),
    blind_to=("amplitude", "sign of the relation", "what happens within one sample"),
    surrogates=PREPARED_AGAIN,
    under={"kind=knn": {"value_range": (None, None), "stabilise": "identity"}},
    default_surrogate="circular_shift",
    settings={
        "kind": "gaussian",
        "order": 0,
        "criterion": "bic",
        "max_order_s": 2.0,
        "max_order": 20,
        "history": 1,
        "step_s": 0.0,
        "neighbours": 4,
    },
    settings_allowed={
        "kind": ("gaussian", "codes", "knn"),
        **PAST_ALLOWED,
        "history": "[1, inf)",
        "step_s": "[0, inf)",
        "neighbours": "[1, inf)",
    },
    settings_help={
        "kind": "'gaussian': from autoregressive models; 'codes': by counting states; 'knn': from nearest neighbours",
        "order": "gaussian: samples that the model looks back; 0: the best up to max_order_s and max_order",
        "criterion": "gaussian: 'bic' or 'aic'",
        "max_order_s": "gaussian: longest memory tried, in seconds, where that is no more than max_order samples",
        "max_order": "gaussian: longest memory tried, in samples: 20 are 2 s at 10 Hz, and 40 ms at 500 Hz",
        "history": "codes: past states of the one who is foretold; knn: past samples of both",
        "step_s": "knn: seconds from one sample to the next, past and present (0: one sample)",
        "neighbours": "knn: which nearest neighbour sets the distance",
    },
    named_settings={"pyinform": {"kind": "codes", "history": 1}},
    methods="Directed synchrony was measured by transfer entropy (Schreiber, 2000).",
)


@dataclass(frozen=True, eq=False)
class Codes:
    """One person's states ``(epoch, channel, time)`` as numbers from 0 on, −1 where unknown."""

    states: np.ndarray
    rate: float
    history: int


@dataclass(frozen=True, eq=False)
class Courses:
    """One person's samples ``(epoch, channel, time)`` on one scale, with their mask."""

    values: np.ndarray
    valid: np.ndarray
    rate: float
    settings: Mapping[str, Any]

    @property
    def step(self) -> int:
        return max(1, round(self.settings["step_s"] * self.rate))


Prepared = Person | Codes | Courses


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Samples on one scale, or numbered states.

    Raises
    ------
    BadInput
        Codes with more than 20 values.
    RefusedScience
        A recording too short for the order.
    """
    if settings["kind"] == "gaussian":
        return autoregression.person(RECORD.name, block, settings)
    if settings["kind"] == "knn":
        return _courses(block, settings)
    states = numbered(RECORD.name, block)
    return Codes(states, block.rate, int(settings["history"]))


def _courses(block: Block, settings: Mapping[str, Any]) -> Courses:
    values, varies = autoregression.on_one_scale(block.values, block.valid)
    found = Courses(values, block.valid & varies, block.rate, dict(settings))
    rows = block.shape[0] * (block.shape[2] - settings["history"] * found.step)
    if rows < _FEWEST_POINTS:
        raise RefusedScience(
            f"te: {block.shape[0]} × {block.shape[2]} samples leave {max(rows, 0)} with a past of "
            f"{settings['history']} samples {found.step} apart; nearest neighbours need at least {_FEWEST_POINTS}."
        )
    return found


def combine(a: Prepared, b: Prepared) -> State[Prepared]:
    """Both people.

    Raises
    ------
    BadInput
        They differ in epochs, length, rate or settings.
    """
    if type(a) is not type(b):
        raise BadInput("te: both people must be prepared with the same kind.")
    shapes = [(p.states if isinstance(p, Codes) else p.values).shape[::2] for p in (a, b)]
    check_clock(RECORD.name, (shapes[0], shapes[1]), (a.rate, b.rate))
    return State(a, b)


def reduce(state: State[Prepared], windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Bits ``(A, B, 1, 2)``, directions A to B and B to A; with ``windows`` a list of answers."""
    if windows is None:
        return _estimate(state.a, state.b)
    cuts = [[_cut(p, int(start), int(stop)) for p in (state.a, state.b)] for start, stop in windows]
    return [_estimate(a, b) for a, b in cuts]


def _cut(person: Prepared, start: int, stop: int) -> Prepared:
    if isinstance(person, Person):
        return person.cut(start, stop)
    if isinstance(person, Courses):
        block = Block(person.values[..., start:stop], person.valid[..., start:stop], person.rate)
        return _courses(block, person.settings)
    return Codes(person.states[..., start:stop], person.rate, person.history)


def _estimate(a: Prepared, b: Prepared) -> Estimate:
    if isinstance(a, Person) and isinstance(b, Person):
        found = autoregression.causality(autoregression.sums(a, b), a.fixed, a.settings["criterion"])
        bits, n = found.value / (2 * np.log(2)), np.nan_to_num(found.df_within)
        known = a.valid, b.valid
    elif isinstance(a, Codes) and isinstance(b, Codes):
        bits, n = _each(a, b, lambda x, y: bits_of(x[0], y[0], a.history))
        known = a.states >= 0, b.states >= 0
    elif isinstance(a, Courses) and isinstance(b, Courses):
        bits, n = _each(a, b, lambda x, y: _nearest(x, y, a))
        known = a.valid, b.valid
    else:
        raise BadInput("te: both people must be prepared with the same kind.")
    both = np.einsum("ect,edt->cd", known[0].astype(np.float64), known[1].astype(np.float64))
    total = known[0].shape[0] * known[0].shape[2]
    kind = "knn" if isinstance(a, Courses) else "gaussian"
    value = bits[:, :, None]
    unknown = np.full_like(value, np.nan)
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[as_set(RECORD, {"kind": kind}).stabilise](value),
        lag_s=unknown,
        phase=unknown,
        coverage=np.array(np.broadcast_to((both / total)[..., None, None], value.shape)),
        n_effective=n[:, :, None],
        directions=autoregression.DIRECTIONS,
    )


Side = tuple[np.ndarray, np.ndarray]


def _each(a: Codes | Courses, b: Codes | Courses, of: Callable[[Side, Side], tuple[float, int]]) -> Side:
    """Bits and numbers of transitions ``(A, B, 2)`` from ``of(source, target)``, samples and mask of one channel."""
    sides = [(p.states, p.states >= 0) if isinstance(p, Codes) else (p.values, p.valid) for p in (a, b)]
    shape = (sides[0][0].shape[1], sides[1][0].shape[1], 2)
    bits, n = np.full(shape, np.nan), np.zeros(shape)
    for i, j in np.ndindex(shape[:2]):
        x, y = ((values[:, c], known[:, c]) for (values, known), c in zip(sides, (i, j), strict=True))
        bits[i, j, 0], n[i, j, 0] = of(x, y)
        bits[i, j, 1], n[i, j, 1] = of(y, x)
    return bits, n


def _nearest(source: Side, target: Side, about: Courses) -> tuple[float, int]:
    """Transfer entropy from nearest neighbours, and how many points it rests on; NaN from fewer than 20."""
    history, step = about.settings["history"], about.step
    first = history * step

    def past(samples: np.ndarray) -> np.ndarray:
        length = samples.shape[1] - first
        starts = [k * step for k in range(history)]
        return np.stack([samples[:, s : s + length] for s in starts], axis=-1).reshape(-1, history)

    now = target[0][:, first:].ravel()
    known = target[1][:, first:].ravel() & past(target[1]).all(axis=1) & past(source[1]).all(axis=1)
    n = int(known.sum())
    if n < max(_FEWEST_POINTS, about.settings["neighbours"] + 1):
        return np.nan, n
    own, other = past(target[0])[known], past(source[0])[known]
    return conditional_information(other, now[known], own, about.settings["neighbours"]), n


def bits_of(source: np.ndarray, target: np.ndarray, history: int) -> tuple[float, int]:
    """Transfer entropy of numbered states ``(epoch, time)``, −1 where unknown, and the number of transitions counted.

    Raises
    ------
    RefusedScience
        Fewer samples than the history is long.
    """
    length = target.shape[1] - history
    if length < 1:
        raise RefusedScience(f"te: {target.shape[1]} states do not hold a history of {history} and one more.")
    past = np.stack([target[:, k : k + length] for k in range(history)], axis=-1).reshape(-1, history)
    now, other = target[:, history:].ravel(), source[:, history - 1 : -1].ravel()
    known = (past >= 0).all(axis=1) & (now >= 0) & (other >= 0)
    if not known.any():
        return np.nan, 0
    _, past_number = np.unique(past[known], axis=0, return_inverse=True)
    own = past_number.reshape(-1)
    joint = np.column_stack([own, other[known], now[known]])

    def entropy(*columns: int) -> float:
        _, count = np.unique(joint[:, columns], axis=0, return_counts=True)
        share = count / count.sum()
        return float(-(share * np.log2(share)).sum())

    value = entropy(0, 2) - entropy(0) - entropy(0, 1, 2) + entropy(0, 1)
    return max(value, 0.0), int(known.sum())


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing."""
    if settings["kind"] == "knn":
        return float(settings["step_s"]) * settings["history"]
    return float(settings["max_order_s"]) if settings["kind"] == "gaussian" and settings["order"] == 0 else 0.0
