"""Transfer entropy: how many bits one person's past tells about the other's next state beyond the other's own past.

``kind = "gaussian"`` (default, for measured courses) is half of Granger causality in bits: all that there is for
jointly normal signals (Barnett, Barrett & Seth 2009). ``"codes"`` counts, for coded behaviour (speaking, looking …):
``history`` states of the one who is foretold and one of the other. Counting from few samples makes bits out of nothing;
only the distance to the null speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _autoregression as autoregression
from interbrain.measures._autoregression import Person
from interbrain.measures._codes import numbered

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
    surrogates={
        "circular_shift": "prepare",
        "phase_randomisation": "prepare",
        "aaft": "prepare",
        "segment_shuffle": "prepare",
    },
    default_surrogate="circular_shift",
    settings={"kind": "gaussian", "order": 0, "criterion": "bic", "max_order_s": 2.0, "history": 1},
    settings_help={
        "kind": "'gaussian': from autoregressive models; 'codes': by counting states",
        "order": "gaussian: samples that the model looks back; 0: the best up to max_order_s by the criterion",
        "criterion": "gaussian: 'bic' or 'aic'",
        "max_order_s": "gaussian: longest memory tried, in seconds",
        "history": "codes: states of the one who is foretold",
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


Prepared = Person | Codes


@dataclass(frozen=True, eq=False)
class State:
    """Two people on one clock."""

    a: Prepared
    b: Prepared


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Samples on one scale, or numbered states.

    Raises
    ------
    BadInput
        A setting out of range; codes with more than 20 values.
    RefusedScience
        A recording too short for the order.
    """
    if settings["kind"] == "gaussian":
        return autoregression.person(RECORD.name, block, settings)
    if settings["kind"] != "codes":
        raise BadInput(f"te: kind is {settings['kind']!r}; allowed are 'gaussian' and 'codes'.")
    if settings["history"] < 1:
        raise BadInput(f"te: history is {settings['history']}; at least one state is needed.")
    states = numbered(RECORD.name, block)
    return Codes(states, block.rate, int(settings["history"]))


def combine(a: Prepared, b: Prepared) -> State:
    """Both people.

    Raises
    ------
    BadInput
        They differ in epochs, length, rate or settings.
    """
    if isinstance(a, Codes) and isinstance(b, Codes):
        if a.states.shape[::2] != b.states.shape[::2] or a.rate != b.rate:
            raise BadInput(
                f"te: A has (epochs, samples) {a.states.shape[::2]} at {a.rate:g} Hz, B {b.states.shape[::2]} at "
                f"{b.rate:g} Hz; both must be on one clock (signals.align)."
            )
    elif isinstance(a, Codes) or isinstance(b, Codes):
        raise BadInput("te: both people must be prepared with the same kind.")
    return State(a, b)


def reduce(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Bits ``(A, B, 1, 2)``, directions A to B and B to A; with ``windows`` a list of answers."""
    if windows is None:
        return _estimate(state.a, state.b)
    cuts = [[_cut(p, int(start), int(stop)) for p in (state.a, state.b)] for start, stop in windows]
    return [_estimate(a, b) for a, b in cuts]


def _cut(person: Prepared, start: int, stop: int) -> Prepared:
    if isinstance(person, Person):
        return person.cut(start, stop)
    return Codes(person.states[..., start:stop], person.rate, person.history)


def _estimate(a: Prepared, b: Prepared) -> Estimate:
    if isinstance(a, Person) and isinstance(b, Person):
        found = autoregression.causality(autoregression.sums(a, b), a.fixed, a.settings["criterion"])
        bits, n = found.value / (2 * np.log(2)), np.nan_to_num(found.df_within)
        both = np.einsum("ect,edt->cd", a.valid.astype(np.float64), b.valid.astype(np.float64))
        total = a.valid.shape[0] * a.valid.shape[2]
    elif isinstance(a, Codes) and isinstance(b, Codes):
        bits, n = _counted(a, b)
        both = np.einsum("ect,edt->cd", (a.states >= 0).astype(np.float64), (b.states >= 0).astype(np.float64))
        total = a.states.shape[0] * a.states.shape[2]
    else:
        raise BadInput("te: both people must be prepared with the same kind.")
    value = bits[:, :, None]
    unknown = np.full_like(value, np.nan)
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[RECORD.stabilise](value),
        lag_s=unknown,
        phase=unknown,
        coverage=np.array(np.broadcast_to((both / total)[..., None, None], value.shape)),
        n_effective=n[:, :, None],
        directions=autoregression.DIRECTIONS,
    )


def _counted(a: Codes, b: Codes) -> tuple[np.ndarray, np.ndarray]:
    """Bits and numbers of transitions ``(A, B, 2)``."""
    shape = (a.states.shape[1], b.states.shape[1], 2)
    bits, n = np.full(shape, np.nan), np.zeros(shape)
    for i, j in np.ndindex(shape[:2]):
        for d, (source, target) in enumerate(((a.states[:, i], b.states[:, j]), (b.states[:, j], a.states[:, i]))):
            bits[i, j, d], n[i, j, d] = bits_of(source, target, a.history)
    return bits, n


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
    return float(settings["max_order_s"]) if settings["kind"] == "gaussian" and settings["order"] == 0 else 0.0
