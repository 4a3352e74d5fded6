"""Granger causality: how much better one person's next sample is foretold when the other's past is known too.

The value is Geweke's (1982): the logarithm of the residual variance without the other person's past over that with it,
0 where it helps nothing, for each direction. ``extra`` holds the F of the same comparison; its textbook p takes
residuals for white and series for stationary, so the surrogates decide here.

"Causes" means "comes before and foretells": a third thing that reaches A before B does the same. ``conditional``
gives what one channel adds to the past of all other channels of both people. What happens within one sample is not
seen, and a filter that spreads a signal over time (a haemodynamic response that differs between people) can turn the
direction round: slow signals say less here than fast ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import f as f_distribution

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _autoregression as autoregression
from interbrain.measures._autoregression import Causality, Person
from interbrain.measures._families import PAST, PAST_ALLOWED, PAST_HELP, PREPARED_AGAIN

RECORD = MeasureRecord(
    name="granger",
    title="Granger causality",
    formula="G(a → b) = ln(var(b | past of b) / var(b | past of a and b))",
    reference="Geweke J (1982). Measurement of linear dependence and feedback between multiple time series. Journal of "
    "the American Statistical Association 77, 304-313.",
    doi="10.1080/01621459.1982.10477803",
    value_range=(0.0, None),
    with_itself=None,
    stabilise="sqrt",
    directed=True,
    accepts=("continuous", "epochs"),
    modalities=("motion", "heart", "eda", "voice", "fnirs", "eeg", "misc"),
    blind_to=("amplitude", "sign of the relation", "what happens within one sample"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings=PAST,
    settings_allowed=PAST_ALLOWED,
    settings_help=PAST_HELP,
    methods="Directed synchrony was measured by Granger causality (Geweke, 1982): by how much the past of one person "
    "improves the prediction of the other.",
)


@dataclass(frozen=True, eq=False)
class State:
    """Two people on one clock, and what their models say."""

    a: Person
    b: Person
    found: Causality


def prepare(block: Block, settings: Mapping[str, Any]) -> Person:
    """Samples on one scale.

    Raises
    ------
    BadInput, RefusedScience
        See :func:`~._autoregression.person`.
    """
    return autoregression.person(RECORD.name, block, settings)


def combine(a: Person, b: Person) -> State:
    """Models of all channel pairs, or of all channels at once.

    Raises
    ------
    BadInput, RefusedScience
        People on different clocks; too few rows for a model of all channels.
    """
    return State(a, b, _models(a, b))


def _models(a: Person, b: Person) -> Causality:
    found = autoregression.sums(a, b)
    if a.settings["conditional"]:
        return autoregression.conditional(a, b)
    return autoregression.causality(found, a.fixed, a.settings["criterion"])


def reduce(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Geweke's value ``(A, B, 1, 2)``, directions A to B and B to A; with ``windows`` a list of answers.

    ``extra``: ``f``, ``df_between``, ``df_within``, ``p`` (of the F distribution), ``order``, ``(A, B, 1, 2)`` each.
    """
    if windows is None:
        return estimate(state.found, state.a, state.b, RECORD.stabilise)
    cuts = [(state.a.cut(int(i), int(j)), state.b.cut(int(i), int(j))) for i, j in windows]
    return [estimate(_models(a, b), a, b, RECORD.stabilise) for a, b in cuts]


def estimate(found: Causality, a: Person, b: Person, stabilise: str) -> Estimate:
    """An answer from two people's models."""
    value = found.value[:, :, None]
    unknown = np.full_like(value, np.nan)
    order = np.broadcast_to(found.order[..., None, None], value.shape).astype(np.float64)
    df_within = found.df_within[:, :, None]
    n = np.where(np.isfinite(df_within), df_within, 0.0)
    f = found.f[:, :, None]
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[stabilise](value),
        lag_s=unknown,
        phase=unknown,
        coverage=np.broadcast_to(autoregression.coverage(a, b)[..., None, None], value.shape),
        n_effective=n,
        directions=autoregression.DIRECTIONS,
        extra={
            "f": f,
            "df_between": order,
            "df_within": df_within,
            "p": f_distribution.sf(f, order, df_within),
            "order": order,
        },
    )


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing."""
    return float(settings["max_order_s"]) if settings["order"] == 0 else 0.0
