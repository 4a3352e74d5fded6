"""What an autoregressive model of two people says at each frequency: who passes on to whom.

Two channels at a time by default (their joint model), or all channels of both people in one (``conditional``). With
A(f) = I − Σ β_k e^(−2πifk), the filter that turns courses into innovations, and its inverse H(f), which turns
innovations into courses, rows are effects and columns causes. A band's value is the mean over frequencies evenly
spread through it: a model has a value at every one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _autoregression as autoregression
from interbrain.measures._autoregression import Person
from interbrain.measures._phase import Band, bands_of, check_band

_IN_A_BAND = 32
_IN_ALL = 512
"""Frequencies of a band's mean, and of sums over all frequencies."""


@dataclass(frozen=True, eq=False)
class Model:
    """Coefficients ``beta (..., order, effect, cause)`` and covariance of the innovations ``noise (..., C, C)``."""

    beta: np.ndarray
    noise: np.ndarray

    def inwards(self, cycles: np.ndarray) -> np.ndarray:
        """A(f), ``(..., frequency, effect, cause)``, at frequencies in cycles a sample."""
        k = np.arange(1, self.beta.shape[-3] + 1)
        turn = np.exp(-2j * np.pi * cycles[:, None] * k)
        return np.eye(self.beta.shape[-1]) - np.einsum("fk,...kij->...fij", turn, self.beta, optimize=True)

    def outwards(self, cycles: np.ndarray) -> np.ndarray:
        """H(f), the inverse of A(f)."""
        return np.linalg.inv(self.inwards(cycles))

    @property
    def spread(self) -> np.ndarray:
        """SD of each channel's innovations ``(..., C)``."""
        return np.sqrt(np.diagonal(self.noise, axis1=-2, axis2=-1))


Spectrum = Callable[[Model, np.ndarray], np.ndarray]
"""From a model and frequencies (cycles a sample) to ``(..., frequency, effect, cause)``."""


def all_frequencies() -> np.ndarray:
    """From 0 to half a cycle a sample, evenly."""
    return (np.arange(_IN_ALL) + 0.5) / (2 * _IN_ALL)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person and the bands."""

    person: Person
    bands: tuple[Band, ...]

    def cut(self, start: int, stop: int) -> Prepared:
        """Samples ``start`` to ``stop`` of every epoch, checked and put on one scale anew."""
        for band in self.bands:
            check_band(band, self.person.rate, stop - start, "a window")
        part = self.person.cut(start, stop)
        values, varies = autoregression.on_one_scale(part.values, part.valid)
        return Prepared(replace(part, values=values, valid=part.valid & varies), self.bands)


@dataclass(frozen=True, eq=False)
class State:
    """Two people on one clock."""

    a: Prepared
    b: Prepared


def prepare(name: str, block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Samples on one scale, so that units do not matter.

    Raises
    ------
    BadInput, RefusedScience
        See :func:`~._autoregression.person`; no band, or one that the recording cannot carry.
    """
    bands = bands_of(settings)
    for band in bands:
        check_band(band, block.rate, block.shape[2], "an epoch" if block.epoched else "a recording")
    return Prepared(autoregression.person(name, block, settings), bands)


def combine(a: Prepared, b: Prepared) -> State:
    """Both people; their models are made in :func:`reduce`.

    Raises
    ------
    BadInput
        They differ in epochs, length, rate or order.
    """
    autoregression.check_pair(a.person, b.person)
    return State(a, b)


def reduce(state: State, windows: np.ndarray | None, spectrum: Spectrum, stabilise: str) -> Estimate | list[Estimate]:
    """Band means ``(A, B, band, 2)``, directions A to B and B to A; with ``windows`` a list of answers.

    ``extra`` holds the model's ``order``.
    """
    if windows is None:
        return _estimate(state.a, state.b, spectrum, stabilise)
    cuts = [(state.a.cut(int(i), int(j)), state.b.cut(int(i), int(j))) for i, j in windows]
    return [_estimate(a, b, spectrum, stabilise) for a, b in cuts]


def _estimate(a: Prepared, b: Prepared, spectrum: Spectrum, stabilise: str) -> Estimate:
    of = _all_at_once if a.person.settings["conditional"] else _two_at_a_time
    value, n, order = of(a.person, b.person, tuple(_inside(band, a.person.rate) for band in a.bands), spectrum)
    unknown = np.full_like(value, np.nan)
    lift = (..., None, None)
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[stabilise](value),
        lag_s=unknown,
        phase=unknown,
        coverage=np.array(np.broadcast_to(autoregression.coverage(a.person, b.person)[lift], value.shape)),
        n_effective=np.array(np.broadcast_to(n[lift], value.shape)),
        bands=tuple(band.name for band in a.bands),
        directions=autoregression.DIRECTIONS,
        extra={"order": np.array(np.broadcast_to(order[lift], value.shape))},
    )


def _inside(band: Band, rate: float) -> np.ndarray:
    return (band.low + (np.arange(_IN_A_BAND) + 0.5) / _IN_A_BAND * (band.high - band.low)) / rate


Found = tuple[np.ndarray, np.ndarray, np.ndarray]


def _two_at_a_time(a: Person, b: Person, bands: tuple[np.ndarray, ...], spectrum: Spectrum) -> Found:
    """Values ``(A, B, band, 2)``, rows left after the fit and order ``(A, B)``, from a model of each channel pair."""
    found = autoregression.sums(a, b)
    chosen = np.full(found.n.shape, a.fixed) if a.fixed else autoregression.best_order(found, a.settings["criterion"])
    value = np.full((*found.n.shape, len(bands), 2), np.nan)
    for order in np.unique(chosen):
        past = found.columns(0, order) + found.columns(1, order)
        beta, left = found.regress([found.now(0), found.now(1)], past)
        here = (chosen == order) & np.isfinite(beta).all(axis=(-2, -1))
        if not here.any():
            continue
        lags = beta[here].reshape(-1, 2, 2, order).transpose(0, 3, 1, 2)  # (pair, effect, cause, lag) before
        model = Model(lags, left[here] / found.n[here][:, None, None])
        for k, cycles in enumerate(bands):
            mean = spectrum(model, cycles).mean(axis=-3)
            value[here, k] = np.stack([mean[:, 1, 0], mean[:, 0, 1]], axis=-1)
    return value, np.maximum(found.n - 2 * chosen - 1, 0), chosen.astype(np.float64)


def _all_at_once(a: Person, b: Person, bands: tuple[np.ndarray, ...], spectrum: Spectrum) -> Found:
    """The same from one model of all channels."""
    fit = autoregression.system(a, b)
    channels, order = fit.beta.shape[:2]
    n_a = a.values.shape[1]
    model = Model(fit.beta.transpose(1, 2, 0), fit.left / fit.n)
    means = [spectrum(model, cycles).mean(axis=-3) for cycles in bands]
    value = np.stack([np.stack([m[n_a:, :n_a].T, m[:n_a, n_a:]], axis=-1) for m in means], axis=2)
    shape = (n_a, channels - n_a)
    return value, np.full(shape, float(fit.n - channels * order - 1)), np.full(shape, float(order))


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing."""
    return float(settings["max_order_s"]) if settings["order"] == 0 else 0.0
