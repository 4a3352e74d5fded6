"""The contract of a measure (``prepare``, ``combine``, ``reduce``, ``draws``) for any :class:`~._phase.Kind`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.signal import Block, Draws, Estimate
from interbrain.measures import _phase_epochs, _phase_single, _phase_time
from interbrain.measures._phase import Band, Kind, bands_of, bridged, check_band, check_settings
from interbrain.measures._phase_kernel import add_looked_up

_MIN_EPOCHS = 2
_PAIRS_AT_ONCE = 2**15
"""Channel pairs × epochs whose means are held at once: some megabytes, whatever the recording."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: a carrier (across time) or a spectrum (across epochs) for each band; ``asked`` are the settings."""

    kind: Kind
    asked: dict[str, Any]
    bands: tuple[Band, ...]
    carriers: tuple[_phase_time.Carrier, ...]
    spectra: tuple[_phase_epochs.Spectrum, ...]
    shape: tuple[int, int]
    rate: float
    min_valid: float
    epoched: bool


@dataclass(frozen=True, eq=False)
class State:
    """Two people: ``value``, ``cross()`` (whose angle is the phase), ``coverage`` and ``n_effective``, each ``(A, B,
    band)``; and the two prepared, for values in windows."""

    value: np.ndarray
    cross: Callable[[], np.ndarray]
    coverage: np.ndarray
    n_effective: np.ndarray
    a: Prepared
    b: Prepared


def prepare(kind: Kind, block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Carriers or spectra of one person, once.

    Raises
    ------
    BadInput, RefusedScience
        See :func:`~._phase.check_settings` and :func:`~._phase.check_band`.
    """
    bands = bands_of(settings)
    check_settings(settings, block)
    n_epochs, _, n_times = block.shape
    for band in bands:
        check_band(band, block.rate, n_times, "an epoch" if block.epoched else "a recording")
    values, valid = bridged(block)
    carriers: tuple[_phase_time.Carrier, ...] = ()
    spectra: tuple[_phase_epochs.Spectrum, ...] = ()
    if settings["across"] == "time":
        carriers = tuple(_phase_time.carrier(values, valid, block.rate, band, kind) for band in bands)
    else:
        usable = (valid.mean(axis=2) >= settings["min_valid"]).astype(np.float64)
        spectrum = settings.get("spectrum", "fourier")
        spectra = _phase_epochs.spectra(values, usable, block.rate, bands, spectrum, kind)
    min_valid = float(settings["min_valid"])
    return Prepared(
        kind, dict(settings), bands, carriers, spectra, (n_epochs, n_times), block.rate, min_valid, block.epoched
    )


def combine(a: Prepared, b: Prepared) -> State:
    """Values and phases of all channel pairs, epoch by epoch as they were recorded.

    Raises
    ------
    BadInput
        The two people differ in epochs, samples, rate or settings.
    """
    _check_pair(a, b)
    found = [_across_time(a, b, i) for i in range(len(a.carriers))]
    found += [_across_epochs(a, b, i) for i in range(len(a.spectra))]
    value, cross, coverage, n_effective = zip(*found, strict=True)

    def stacked() -> np.ndarray:
        return np.stack([each() for each in cross], axis=-1)

    return State(np.stack(value, axis=-1), stacked, np.stack(coverage, axis=-1), np.stack(n_effective, axis=-1), a, b)


def _check_pair(a: Prepared, b: Prepared) -> None:
    if a.shape != b.shape or a.rate != b.rate:
        raise BadInput(
            f"Two people must share epochs and clock: A has {a.shape[0]} epochs of {a.shape[1]} samples at {a.rate:g} "
            f"Hz, B {b.shape[0]} of {b.shape[1]} at {b.rate:g} Hz. Align them first."
        )
    if a.asked != b.asked:
        raise BadInput(f"Two people must be prepared with the same settings: A with {a.asked}, B with {b.asked}.")


_Band = tuple[np.ndarray, Callable[[], np.ndarray], np.ndarray, np.ndarray]
"""Of one band: values, cross-spectra once they are asked for, coverage, effective number of samples."""


def _across_time(a: Prepared, b: Prepared, i: int) -> _Band:
    carrier_a, carrier_b, band = a.carriers[i], b.carriers[i], a.bands[i]
    kind = _phase_time.kind_for(a.kind, carrier_a, carrier_b)
    n_epochs, n_times = len(carrier_a.parts), carrier_a.parts.shape[-1]
    shape = (carrier_a.parts.shape[2], carrier_b.parts.shape[2])
    total, count, samples = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    cross, uses = np.zeros(shape, dtype=np.complex128), []
    together = max(1, _PAIRS_AT_ONCE // (shape[0] * shape[1]))
    for first in range(0, n_epochs, together):
        place = np.arange(first, min(first + together, n_epochs))
        means, n = _phase_time.means_of(kind, carrier_a, carrier_b, place, place)
        value = kind.value(means)
        used = np.isfinite(value) & (n >= a.min_valid * n_times)
        total += value.sum(axis=0, where=used)
        count += used.sum(axis=0)
        samples += np.where(used, n, 0.0).sum(axis=0)
        if kind.real:
            cross.real += (means.minus.real * n).sum(axis=0, where=used)
            cross.imag += (means.minus.imag * n).sum(axis=0, where=used)
        uses.append(used)
    all_used = None if all(used.all() for used in uses) else np.concatenate(uses)

    def crossed() -> np.ndarray:
        return cross if kind.real else _phase_time.cross_sum(carrier_a, carrier_b, all_used)

    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(count > 0, total / count, np.nan)
    n_effective = samples / a.rate * (band.high - band.low)
    return value, crossed, samples / (n_epochs * n_times), n_effective


def _across_epochs(a: Prepared, b: Prepared, i: int) -> _Band:
    n_epochs = a.shape[0]
    index = np.arange(n_epochs)[None]
    kind = replace(a.kind, real=True)  # one order of the epochs: the phase costs next to nothing
    value, cross, n = next(_phase_epochs.values_over_epochs(kind, a.spectra[i], b.spectra[i], index))
    value = np.where(n >= _MIN_EPOCHS, value, np.nan)
    return value[0], lambda: np.nan_to_num(cross[0]), n[0] / n_epochs, n[0]


def reduce(state: State, windows: np.ndarray | None, stabilise: str) -> Estimate | list[Estimate]:
    """The answer; with ``windows (W, 2)``, first and last-plus-one samples within an epoch, a list of W answers.

    Raises
    ------
    RefusedScience
        Windows across epochs, or windows of too few cycles.
    """
    if windows is None:
        return _estimate(state, stabilise)
    return [_estimate(_in_window(state, int(start), int(stop)), stabilise) for start, stop in windows]


def _estimate(state: State, stabilise: str) -> Estimate:
    value = state.value[..., None]
    phase = cache(partial(_phase, state))
    centres = np.array([b.centre for b in state.a.bands])
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[stabilise](value),
        lag_s=lambda: phase() / (2 * np.pi * centres[:, None]),
        phase=phase,
        coverage=state.coverage[..., None],
        n_effective=state.n_effective[..., None],
        bands=tuple(b.name for b in state.a.bands),
    )


def _phase(state: State) -> np.ndarray:
    """``(A, B, band, 1)``: angle of the cross-spectrum, NaN where there is none."""
    cross = state.cross()
    known = np.isfinite(state.value) & (np.abs(cross) > 0) & state.a.kind.phased
    return np.where(known, np.angle(cross), np.nan)[..., None]


def _in_window(state: State, start: int, stop: int) -> State:
    a, b = state.a, state.b
    if a.spectra:
        raise RefusedScience(
            "Windows within an epoch cannot be compared across epochs: use across = 'time', or epochs of that length."
        )
    for band in a.bands:
        check_band(band, a.rate, stop - start, "a window")
    cut = [_cut(side, start, stop) for side in (a, b)]
    return combine(cut[0], cut[1])


def _cut(side: Prepared, start: int, stop: int) -> Prepared:
    carriers = tuple(_phase_time.window(c, start, stop, side.kind) for c in side.carriers)
    shape = (side.shape[0], stop - start)
    return Prepared(side.kind, side.asked, side.bands, carriers, (), shape, side.rate, side.min_valid, side.epoched)


def draws(a: Prepared, b: Prepared, surrogate: str, index: np.ndarray) -> Draws | None:
    """Values with B's epochs in the order of each row of ``index (S, E)``; None for a continuous recording.

    The same numbers as preparing and combining again for each row, to 1e-6 where single precision will do: an epoch is
    filtered or transformed by itself, so its order among the others changes nothing in it. Every pair of epochs that
    occurs is computed once. Stretches of a continuous recording are filtered across their new joints and must be
    prepared again.

    Raises
    ------
    BadInput
        Another surrogate, an index that does not fit.
    """
    _check_pair(a, b)
    if surrogate != "segment_shuffle":
        raise BadInput(f"Only segment_shuffle can be drawn without preparing again; got {surrogate!r}.")
    if not (a.epoched and b.epoched):
        return None
    index = np.asarray(index)
    if index.ndim != 2 or index.shape[1] != b.shape[0]:
        raise BadInput(f"Orders of {b.shape[0]} epochs have shape (draw, {b.shape[0]}); got {index.shape}.")
    single = _phase_single.allowed(a.kind, *a.shape, across_time=bool(a.carriers)) and (
        all(side.values.shape[2] == 1 for side in a.spectra)  # of several tapers there is no form in single precision
    )
    bands = [_drawn(_draws_time, a, b, i, index, single) for i in range(len(a.carriers))]
    bands += [_drawn(_draws_epochs, a, b, i, index, single) for i in range(len(a.spectra))]
    return Draws(np.stack(bands, axis=-1)[..., None])


_Draw = Callable[[Prepared, Prepared, int, np.ndarray, bool], np.ndarray | None]


def _drawn(draw: _Draw, a: Prepared, b: Prepared, i: int, index: np.ndarray, single: bool) -> np.ndarray:
    """Values in band ``i``; in ``single`` precision where that is good enough, see :mod:`~._phase_single`."""
    if single:
        recorded = np.arange(index.shape[1])[None]
        found = draw(a, b, i, np.concatenate([recorded, index]), True)
        exact = draw(a, b, i, recorded, False)
        if found is not None and exact is not None and _phase_single.good_enough(found[1:], found[0], exact[0]):
            return found[1:] + (exact[0] - found[0])
    found = draw(a, b, i, index, False)
    assert found is not None
    return found


def _draws_epochs(a: Prepared, b: Prepared, i: int, index: np.ndarray, single: bool) -> np.ndarray | None:
    found = []
    for value, _, n in _phase_epochs.values_over_epochs(a.kind, a.spectra[i], b.spectra[i], index, single):
        enough = n >= _MIN_EPOCHS
        if single and not np.isfinite(value[enough]).all():
            return None
        found.append(np.where(enough, value, np.nan))
    return np.concatenate(found)


def _draws_time(a: Prepared, b: Prepared, i: int, index: np.ndarray, single: bool) -> np.ndarray | None:
    carrier_a, carrier_b = a.carriers[i], b.carriers[i]
    if single:
        carrier_a, carrier_b = (_phase_time.in_single(c, a.kind) for c in (carrier_a, carrier_b))
    kind = _phase_time.kind_for(a.kind, carrier_a, carrier_b)
    n_times = carrier_a.parts.shape[-1]
    shape = (len(index), carrier_a.parts.shape[2], carrier_b.parts.shape[2])
    total, count, every = np.zeros(shape), np.zeros(shape), 0
    for place, means, n in _phase_time.epoch_pairs(kind, carrier_a, carrier_b, index):
        value = kind.value(means)
        enough = n >= a.min_valid * n_times
        used = np.isfinite(value) & enough
        if used.all():
            every += 1
        elif single and not (used | ~enough).all():
            return None
        else:
            value = np.where(used, value, 0.0)
            add_looked_up(count, np.ascontiguousarray(used.transpose(1, 0, 2), dtype=np.float64), place)
        add_looked_up(total, np.ascontiguousarray(value.transpose(1, 0, 2)), place)
    count += every
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing: the length of the longest band's filter."""
    bands = bands_of(settings)
    return max(_phase_time.filter_s(band) for band in bands)


class Functions(NamedTuple):
    """What the module of a phase measure offers."""

    prepare: Callable[[Block, Mapping[str, Any]], Prepared]
    combine: Callable[[Prepared, Prepared], State]
    reduce: Callable[..., Estimate | list[Estimate]]
    draws: Callable[[Prepared, Prepared, str, np.ndarray], Draws | None]
    memory_s: Callable[[Mapping[str, Any]], float]


def functions(kind_of: Callable[[Mapping[str, Any]], Kind], stabilise: str) -> Functions:
    """The four functions of a measure and its memory, from its kind (which may depend on the settings) alone."""

    def prepare_one(block: Block, settings: Mapping[str, Any]) -> Prepared:
        return prepare(kind_of(settings), block, {"across": "time", **settings})

    def reduce_one(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
        return reduce(state, windows, stabilise)

    prepare_one.__doc__, reduce_one.__doc__ = prepare.__doc__, reduce.__doc__
    return Functions(prepare_one, combine, reduce_one, draws, memory_s)
