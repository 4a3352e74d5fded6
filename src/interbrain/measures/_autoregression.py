"""Autoregressive models of two people by least squares: who improves whose prediction.

All sums that any order up to the longest needs are taken once, over the same rows for every order, so that orders can
be compared and a model is a small solve.

How far a model may look back is bounded in seconds (``max_order_s``, 2) and in samples (``max_order``, 20), by the
lesser: an order says how finely a spectrum is drawn, and its cost and the number of its coefficients grow with samples,
not with seconds. Twenty is the most that the MVGC toolbox tries in its makers' demonstration, at 200 Hz (Barnett & Seth
2014, doi:10.1016/j.jneumeth.2013.10.018); models of evoked potentials at 200 Hz held five (Ding, Bressler, Yang & Liang
2000, doi:10.1007/s004229900137). At the 4 to 10 Hz of skin, heart and fNIRS it is all of 2 s. At 500 Hz it is 40 ms: to
look further back, resample the recordings first (slow rhythms lose nothing by it), or name a higher ``max_order``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.signal import Block

DIRECTIONS = ("a_to_b", "b_to_a")
_COLLINEAR = 1e-10
_ROWS_A_COEFFICIENT = 5
"""Fewer rows than this for each coefficient fit noise."""


@dataclass(frozen=True, eq=False)
class Person:
    """One person: samples ``(epoch, channel, time)`` of mean 0 and SD 1, 0 where invalid, and the longest order."""

    values: np.ndarray
    valid: np.ndarray
    rate: float
    longest: int
    settings: Mapping[str, Any]

    @property
    def fixed(self) -> int:
        """The order that was asked for; 0 where the criterion chooses."""
        return int(self.settings["order"])

    def cut(self, start: int, stop: int) -> Person:
        """Samples ``start`` to ``stop`` of every epoch."""
        return replace(self, values=self.values[..., start:stop], valid=self.valid[..., start:stop])

    def lagged(self) -> tuple[np.ndarray, np.ndarray]:
        """``(channel, row, 1 + longest)``, a sample and its past, and ``(channel, row)``, whether all are valid."""
        p, n = self.longest, self.values.shape[2]
        rows = [self.values[..., p - k : n - k] for k in range(p + 1)]
        known = [self.valid[..., p - k : n - k] for k in range(p + 1)]
        stacked = np.stack(rows, axis=-1).transpose(1, 0, 2, 3).reshape(self.values.shape[1], -1, p + 1)
        ok = np.logical_and.reduce(known).transpose(1, 0, 2).reshape(self.values.shape[1], -1)
        return np.where(ok[..., None], stacked, 0.0), ok


def person(name: str, block: Block, settings: Mapping[str, Any]) -> Person:
    """Put every channel on one scale, and say how far a model may look back.

    Raises
    ------
    RefusedScience
        A recording (or epochs) too short for the order.
    """
    order = int(settings["order"])
    longest = order or max(1, min(round(settings["max_order_s"] * block.rate), settings["max_order"]))
    rows = block.shape[0] * max(block.shape[2] - longest, 0)
    if rows < _ROWS_A_COEFFICIENT * (2 * longest + 1):
        raise RefusedScience(
            f"{name}: {block.shape[0]} × {block.shape[2]} samples are too few for a model that looks back "
            f"{longest} samples ({longest / block.rate:.3g} s); use a smaller max_order_s, max_order or order, or more "
            "data."
        )
    values, varies = on_one_scale(block.values, block.valid)
    return Person(values, block.valid & varies, block.rate, longest, dict(settings))


def on_one_scale(samples: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean 0 and SD 1 over the valid samples of each channel, 0 elsewhere; and which channels vary ``(1, C, 1)``."""
    count = np.maximum(valid.sum(axis=(0, 2), keepdims=True), 1)
    values = np.where(valid, samples, 0.0)
    values = np.where(valid, values - values.sum(axis=(0, 2), keepdims=True) / count, 0.0)
    scale = np.sqrt((values**2).sum(axis=(0, 2), keepdims=True) / count)
    varies = scale > 1e-12 * np.abs(samples).max(axis=(0, 2), keepdims=True, initial=0.0, where=valid)
    varies &= scale > 0
    return np.divide(values, scale, out=np.zeros_like(values), where=varies), varies


@dataclass(frozen=True, eq=False)
class Sums:
    """``gram (A, B, K, K)`` over rows of [1, a(t), a(t − 1) …, b(t), b(t − 1) …], K = 3 + 2 × longest; ``n (A, B)``."""

    gram: np.ndarray
    n: np.ndarray
    longest: int

    def columns(self, who: int, order: int) -> list[int]:
        """Where the last ``order`` samples of person 0 (A) or 1 (B) stand, without the present one."""
        return [1 + who * (self.longest + 1) + k for k in range(1, order + 1)]

    def now(self, who: int) -> int:
        return 1 + who * (self.longest + 1)

    def regress(self, targets: list[int], predictors: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Least squares with a constant: coefficients ``(A, B, target, predictor)`` and products ``(A, B, target,
        target)`` of what is left; NaN where the predictors depend on each other."""
        s = [0, *predictors]
        inner, outer = self.gram[..., s, :][..., s], self.gram[..., s, :][..., targets]
        ok = self.n > len(s) + 1
        size = np.sqrt(np.maximum(np.diagonal(inner, axis1=-2, axis2=-1), np.finfo(float).tiny))
        inner = inner / (size[..., :, None] * size[..., None, :])
        ok &= np.linalg.eigvalsh(np.where(np.isfinite(inner), inner, 0.0))[..., 0] > _COLLINEAR
        inner = np.where(ok[..., None, None], inner, np.eye(len(s)))
        scaled = outer / size[..., None]
        fitted = np.linalg.solve(inner, scaled)
        left = self.gram[..., targets, :][..., targets] - scaled.swapaxes(-1, -2) @ fitted
        ok &= (np.diagonal(left, axis1=-2, axis2=-1) > 0).all(axis=-1)
        beta = (fitted / size[..., None])[..., 1:, :].swapaxes(-1, -2)
        return np.where(ok[..., None, None], beta, np.nan), np.where(ok[..., None, None], left, np.nan)

    def residual(self, target: int, predictors: list[int]) -> np.ndarray:
        """Sum of squares ``(A, B)`` that the predictors leave; NaN where they depend on each other."""
        return self.regress([target], predictors)[1][..., 0, 0]


def check_pair(a: Person, b: Person) -> None:
    """Refuse two people on different clocks.

    Raises
    ------
    BadInput
        They differ in epochs, length, rate or order.
    """
    if a.values.shape[::2] != b.values.shape[::2] or a.rate != b.rate or a.longest != b.longest:
        raise BadInput(
            f"Two people must share epochs, clock and order: A has {a.values.shape[0]} epochs of {a.values.shape[2]} "
            f"samples at {a.rate:g} Hz (order {a.longest}), B {b.values.shape[0]} of {b.values.shape[2]} at "
            f"{b.rate:g} Hz (order {b.longest}). Align them first."
        )


def coverage(a: Person, b: Person) -> np.ndarray:
    """Share of the samples that both have ``(A, B)``."""
    both = np.einsum("ect,edt->cd", a.valid.astype(np.float64), b.valid.astype(np.float64))
    return both / (a.valid.shape[0] * a.valid.shape[2])


def sums(a: Person, b: Person) -> Sums:
    """Sums of products of all channel pairs.

    Raises
    ------
    BadInput
        The two people differ in epochs, length, rate or order.
    """
    check_pair(a, b)
    (x, ok_x), (y, ok_y) = a.lagged(), b.lagged()
    k = a.longest + 1
    gram = np.empty((len(x), len(y), 1 + 2 * k, 1 + 2 * k))
    n = ok_x.astype(np.float64) @ ok_y.T.astype(np.float64)
    gram[..., 0, 0] = n
    for own, ok, others, place in ((x, ok_x, ok_y, slice(1, 1 + k)), (y, ok_y, ok_x, slice(1 + k, 1 + 2 * k))):
        alone, total = _own(own, ok, others)
        if place.start != 1:  # B's own sums have the axes (B, A)
            alone, total = alone.swapaxes(0, 1), total.swapaxes(0, 1)
        gram[..., place, place] = alone
        gram[..., 0, place] = gram[..., place, 0] = total
    flat = [v.transpose(0, 2, 1).reshape(-1, v.shape[1]) for v in (x, y)]
    cross = (flat[0] @ flat[1].T).reshape(len(x), k, len(y), k).transpose(0, 2, 1, 3)
    gram[..., 1 : 1 + k, 1 + k :] = cross
    gram[..., 1 + k :, 1 : 1 + k] = cross.swapaxes(-1, -2)
    return Sums(gram, n, a.longest)


def _own(own: np.ndarray, ok: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Products and sums of one person's lags ``(own, other, k, k)`` and ``(own, other, k)`` over jointly known rows."""
    if others.all():
        alone = own.transpose(0, 2, 1) @ own
        shape = (len(own), len(others))
        return (
            np.broadcast_to(alone[:, None], (*shape, *alone.shape[1:])),
            np.broadcast_to(own.sum(axis=1)[:, None], (*shape, own.shape[2])),
        )
    alone = np.stack([[(lags * m[:, None]).T @ lags for m in others] for lags in own])
    return alone, np.einsum("arp,br->abp", own, others.astype(np.float64), optimize=True)


def best_order(found: Sums, criterion: str) -> np.ndarray:
    """Order ``(A, B)`` of the two people's joint model with the lowest criterion.

    ln det of the residual covariance plus ln(n) (BIC) or 2 (AIC) for each of its 4p + 2 coefficients, over n.
    """
    scores = []
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.log(found.n) if criterion == "bic" else np.full(found.n.shape, 2.0)
        for order in range(1, found.longest + 1):
            past = found.columns(0, order) + found.columns(1, order)
            # det of the 2 × 2 residual covariance: var(a | past) × var(b | past and a's present)
            both = found.residual(found.now(0), past) * found.residual(found.now(1), [*past, found.now(0)])
            scores.append(np.log(both) - 2 * np.log(found.n) + weight * (4 * order + 2) / found.n)
    table = np.stack(scores)
    return 1 + np.where(np.isfinite(table), table, np.inf).argmin(axis=0)


@dataclass(frozen=True, eq=False)
class Causality:
    """``value``, ``f``, ``df_within (A, B, direction)``, from A to B first, and the order ``(A, B)``."""

    value: np.ndarray
    f: np.ndarray
    df_within: np.ndarray
    order: np.ndarray


def causality(found: Sums, fixed: int, criterion: str) -> Causality:
    """Geweke's ln(residual variance without the other / with the other), and the F of the same comparison."""
    chosen = np.full(found.n.shape, fixed) if fixed else best_order(found, criterion)
    shape = (*found.n.shape, 2)
    value, f, df = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for order in np.unique(chosen):
        here = chosen == order
        for d, (cause, effect) in enumerate(((0, 1), (1, 0))):
            own, other = found.columns(effect, order), found.columns(cause, order)
            without, with_other = (found.residual(found.now(effect), s) for s in (own, own + other))
            left = found.n - 2 * order - 1
            with np.errstate(invalid="ignore", divide="ignore"):
                value[..., d] = np.where(here, np.log(without / with_other), value[..., d])
                statistic = (without - with_other) / order / (with_other / left)
            f[..., d] = np.where(here, statistic, f[..., d])
            df[..., d] = np.where(here, left, df[..., d])
    return Causality(np.maximum(value, 0.0), f, df, chosen)


def conditional(a: Person, b: Person) -> Causality:
    """The same where the past of *all* channels of both people is known: what one channel adds to everything else.

    Dropping a channel's lags from the full model raises the residual sum by β' C⁻¹ β, with β its coefficients and C
    their block of the inverse of the predictors' products.

    Raises
    ------
    RefusedScience
        See :func:`system`.
    """
    fit = system(a, b)
    return _dropped(fit, fit.beta.shape[1], a.values.shape[1], fit.n)


def system(a: Person, b: Person) -> System:
    """One model of all channels, A's first, of the order asked for or of the best one.

    Rows count where every channel is valid.

    Raises
    ------
    RefusedScience
        Too few rows for all coefficients; channels that are sums of others.
    """
    lagged = [p.lagged() for p in (a, b)]
    keep = lagged[0][1].all(axis=0) & lagged[1][1].all(axis=0)
    x = np.concatenate([v[:, keep] for v, _ in lagged])
    n, channels, longest = int(keep.sum()), len(x), a.longest
    if n < _ROWS_A_COEFFICIENT * channels * longest:
        raise RefusedScience(
            f"A model of all {channels} channels that looks back {longest} samples has {channels * longest} "
            f"coefficients a channel, and {n} rows are valid in all of them; use fewer channels (regions), a smaller "
            "order, or conditional = false."
        )
    now = x[..., 0] - x[..., 0].mean(axis=1, keepdims=True)
    orders = [a.fixed] if a.fixed else list(range(1, longest + 1))
    fits = [_all_channels(x, now, order) for order in orders]
    each = [np.linalg.slogdet(f.left / n)[1] for f in fits]
    weight = np.log(n) if a.settings["criterion"] == "bic" else 2.0
    scores = [e + weight * channels * (channels * o + 1) / n for e, o in zip(each, orders, strict=True)]
    return fits[int(np.argmin(scores))]


@dataclass(frozen=True, eq=False)
class System:
    """``beta (channel, order, target)``, ``inverse`` of the predictors' products, ``left`` residual products, of ``n``
    rows."""

    beta: np.ndarray
    inverse: np.ndarray
    left: np.ndarray
    n: int


def _all_channels(x: np.ndarray, now: np.ndarray, order: int) -> System:
    past = x[..., 1 : order + 1].transpose(0, 2, 1).reshape(-1, x.shape[1])
    past = past - past.mean(axis=1, keepdims=True)
    gram = past @ past.T
    if np.linalg.cond(gram) > 1 / _COLLINEAR:
        raise RefusedScience(
            "Some channels are sums of others, so nothing can be said of what each one adds; leave channels out, or "
            "use conditional = false."
        )
    inverse = np.linalg.inv(gram)
    beta = inverse @ (past @ now.T)
    residual = now - beta.T @ past
    return System(beta.reshape(len(x), order, -1), inverse, residual @ residual.T, x.shape[1])


def _dropped(fit: System, order: int, n_a: int, n: int) -> Causality:
    channels = len(fit.beta)
    n_b, left = channels - n_a, n - channels * order - 1
    value, f = np.empty((n_a, n_b, 2)), np.empty((n_a, n_b, 2))
    for cause in range(channels):
        block = slice(cause * order, (cause + 1) * order)
        raised = np.einsum("pt,pt->t", fit.beta[cause], np.linalg.solve(fit.inverse[block, block], fit.beta[cause]))
        with_it = np.diag(fit.left)
        ratio, statistic = np.log1p(raised / with_it), raised / order / (with_it / left)
        if cause < n_a:
            value[cause, :, 0], f[cause, :, 0] = ratio[n_a:], statistic[n_a:]
        else:
            value[:, cause - n_a, 1], f[:, cause - n_a, 1] = ratio[:n_a], statistic[:n_a]
    return Causality(value, f, np.full(value.shape, float(left)), np.full((n_a, n_b), order))
