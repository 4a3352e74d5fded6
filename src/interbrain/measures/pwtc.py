"""Partial wavelet coherence: what coherence is left once a confound is taken out at each moment and scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.records import MeasureRecord, resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import wtc
from interbrain.measures._families import SMOOTHED, SMOOTHED_ALLOWED, SMOOTHED_HELP, WAVELET_NEED, WAVELET_NULLS
from interbrain.measures._wavelet_bands import Band
from interbrain.measures._wavelet_full import row_sums

RECORD = MeasureRecord(
    name="pwtc",
    title="Partial wavelet coherence",
    formula="R²_ab.c = |γ_ab - γ_ac γ_cb|² / ((1 - |γ_ac|²) (1 - |γ_cb|²)), γ the smoothed complex coherence",
    reference="Mihanović H, Orlić M, Pasarić Z (2009). Diurnal thermocline oscillations driven by tidal flow around an "
    "island in the Middle Adriatic. Journal of Marine Systems 78, S157-S168; Ng EKW, Chan JCL (2012). Geophysical "
    "applications of partial wavelet coherence and multiple wavelet coherence. Journal of Atmospheric and Oceanic "
    "Technology 29, 1845-1853.",
    doi="10.1016/j.jmarsys.2009.02.018",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh_sqrt",
    directed=False,
    accepts=("continuous",),
    modalities=("fnirs", "eda", "heart", "motion", "voice", "misc"),
    blind_to=("confounds that were not recorded", "amplitude of the whole signal"),
    surrogates=WAVELET_NULLS,
    default_surrogate="circular_shift",
    settings=SMOOTHED,
    settings_allowed=SMOOTHED_ALLOWED,
    settings_need=WAVELET_NEED,
    settings_help=SMOOTHED_HELP,
    named_settings={"interbrain": {}},
    needs_bands=True,
    methods="Synchrony was the squared partial wavelet coherence (Mihanović et al., 2009; Ng and Chan, 2012): the "
    "squared coherence of what is left of both series once the named confounds are taken out at each moment and scale, "
    "with phases (Morlet wavelet, omega0 = 6), averaged inside the cone of influence. Where a confound explains a "
    "series all but a thousandth, nothing is said.",
    takes_confounds=True,
    without_confounds="wtc",
)

MOST = 2
"""Confounds a person: a smoothed moment and scale holds only about four independent numbers."""

LEAST = 1e-3
"""Share of a series' power that must be left at a moment and scale; below, rounding speaks."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person's channels and confounds; for each band and part how confounds enter the channels.

    ``gains[band][part]`` ``(channel, confound, scale, time)`` are the regressions of channels on confounds, ``left``
    ``(channel, scale, time)`` one over the root of what power is left, ``keep`` where enough is.
    """

    channels: wtc.Prepared
    confounds: wtc.Prepared | None
    gains: tuple[tuple[np.ndarray, ...], ...]
    left: tuple[tuple[np.ndarray, ...], ...]
    keep: tuple[tuple[np.ndarray, ...], ...]


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Transform one person's channels and confounds once, and regress the one on the other at each moment and scale.

    Without confounds this is wavelet coherence.

    Raises
    ------
    BadInput
        More than two confounds; otherwise as for ``wtc``.
    RefusedScience
        Epochs.
    """
    given = {k: v for k, v in settings.items() if k != "bands"}
    settings = {**resolve_settings(RECORD, given), "bands": settings.get("bands")}
    channels = wtc.prepare(replace(block, confounds=None), settings)
    if block.confounds is None or not block.confounds.shape[1]:
        return Prepared(channels, None, (), (), ())
    if block.confounds.shape[1] > MOST:
        raise BadInput(
            f"pwtc: {block.confounds.shape[1]} confounds are to be taken out; at most {MOST} can be, since a moment "
            "and scale holds only about four independent numbers. Name fewer, with partial_lag_s = 0 (phases hold the "
            "lag)."
        )
    shared = block.valid.all(axis=1, keepdims=True)
    mask = np.broadcast_to(shared if shared.any() else np.ones_like(shared), block.confounds.shape)
    beside = wtc.prepare(Block(block.confounds, mask, block.rate), settings)
    made = [
        [_regressed(channels.rules.module, *of) for of in zip(band.parts, sides, others)]
        for band, sides, others in zip(channels.bands, channels.sides, beside.sides)
    ]
    gains, left, keep = (tuple(tuple(part[k] for part in parts) for parts in made) for k in range(3))
    return Prepared(channels, beside, gains, left, keep)


def _regressed(module: Any, part: Any, side: Any, beside: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gains, one over the root of the power left, and where enough is left."""
    own = module.crosses(part, beside, beside).astype(np.complex128)
    across = module.crosses(part, side, beside).astype(np.complex128)
    gains = _solved(own, across)
    power = np.divide(1.0, side.root.astype(np.float64) ** 2, out=np.zeros(side.root.shape), where=side.root > 0)
    left = power - np.einsum("ckst,ckst->cst", gains, across.conj()).real
    keep = left > LEAST * power
    return gains, np.divide(1.0, np.sqrt(np.abs(left)), out=np.zeros_like(left), where=keep), keep


def _solved(own: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Regressions ``(channel, confound, scale, time)``: across / own, for one or two confounds."""
    size = np.einsum("kkst->kst", own).real
    if len(own) == 1:
        return np.divide(across, size, out=np.zeros_like(across), where=size > 0)
    determinant = size[0] * size[1] - np.abs(own[0, 1]) ** 2
    apart = determinant > LEAST * size[0] * size[1]  # else the second is the first once more
    with np.errstate(divide="ignore", invalid="ignore"):
        one = across[:, 0] * size[1] - across[:, 1] * own[1, 0]
        other = across[:, 1] * size[0] - across[:, 0] * own[0, 1]
        both = np.stack([one, other], axis=1)
        first = np.stack([across[:, 0] / size[0], np.zeros_like(other)], axis=1)
        return np.nan_to_num(np.where(apart, both / determinant, first))


def combine(a: Prepared, b: Prepared) -> wtc.State:
    """All channel pairs of two people: each one's confounds are taken out of that one.

    Where both have the same confound this is the formula of the record. A confound taken out of one person only lowers
    coherence even where it has nothing to do with either: by chance alone it explains about a third of a series at a
    moment and scale, and that third is then missing on one side. The null has lost it too.
    """
    state = wtc.combine(a.channels, b.channels)
    if a.confounds is None and b.confounds is None:
        return state
    return replace(state, sums=wtc.OnDemand(partial(_sums, state.bands, state.rules.module, a, b)))


def _sums(bands: tuple[Band, ...], module: Any, a: Prepared, b: Prepared, by_time: bool) -> wtc.Sums:
    return tuple(
        tuple(_part(module, part, a, b, i, k) for k, part in enumerate(band.parts)) for i, band in enumerate(bands)
    )


def _part(module: Any, part: Any, a: Prepared, b: Prepared, band: int, k: int) -> np.ndarray:
    """``(SUMS, A, B, out time)`` of one part."""
    cross = module.crosses(part, a.channels.sides[band][k], b.channels.sides[band][k]).astype(np.complex128)
    if a.confounds is not None:
        others = module.crosses(part, a.confounds.sides[band][k], b.channels.sides[band][k])
        cross -= np.einsum("akst,kbst->abst", a.gains[band][k], others)
    if b.confounds is not None:
        others = module.crosses(part, a.channels.sides[band][k], b.confounds.sides[band][k]).astype(np.complex128)
        if a.confounds is not None:
            both = module.crosses(part, a.confounds.sides[band][k], b.confounds.sides[band][k])
            others -= np.einsum("akst,kmst->amst", a.gains[band][k], both)
        cross -= np.einsum("amst,bmst->abst", others, b.gains[band][k].conj())
    roots, clear = [], []
    for person in (a, b):
        side = person.channels.sides[band][k]
        roots.append(side.root if person.confounds is None else person.left[band][k])
        clear.append(side.clear if person.confounds is None else side.clear * person.keep[band][k])
    coherency = cross * roots[0][:, None] * roots[1][None]
    return row_sums(coherency, part.cells * clear[0][:, None] * clear[1][None])


def reduce(state: wtc.State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """As for ``wtc``; cells of which the confounds leave nothing do not count, in ``coverage`` neither."""
    return wtc.reduce(state, windows)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds that two stretches must be apart to be told apart."""
    return wtc.memory_s(settings)
