"""Phase measures across epochs: one Fourier coefficient per epoch and frequency, means over epochs.

The tapers are those of MNE-Connectivity: ``"fourier"`` a Hann window; ``"multitaper"`` the seven Slepian tapers of
half-bandwidth 4/T that keep more than 90 % of their energy in it. For 1 s epochs that is ±4 Hz: neighbouring bands
then share much of what they see, which the Hann window (±2/T) does not do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import rfft
from scipy.signal.windows import dpss

from interbrain.data.errors import RefusedScience
from interbrain.measures import _phase_single
from interbrain.measures._phase import Band, Kind, Means, modulus
from interbrain.measures._phase_kernel import ROUNDING, in_order
from interbrain.measures._phase_time import Carrier, carrier_of, complex_of, means_of, products

_HALF_BANDWIDTH = 4.0
_MIN_CONCENTRATION = 0.9
_DRAWS_AT_ONCE = 64
"""Orders of the epochs that are held at once, so that memory does not grow with their number."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """One person in one band: ``values (bin, epoch, taper, channel)``, 0 where the epoch is left out of the channel,
    and ``valid (epoch, channel)`` of 0.0 and 1.0."""

    values: np.ndarray
    valid: np.ndarray


def tapers(n_times: int, spectrum: str) -> np.ndarray:
    """Windows ``(taper, time)``, each scaled by the root of its weight."""
    if spectrum == "fourier":
        return np.hanning(n_times)[None]
    windows, kept = dpss(n_times, _HALF_BANDWIDTH, Kmax=int(2 * _HALF_BANDWIDTH), sym=False, norm=2, return_ratios=True)
    good = kept > _MIN_CONCENTRATION
    return windows[good] * np.sqrt(kept[good])[:, None]


def spectra(
    values: np.ndarray, valid: np.ndarray, rate: float, bands: tuple[Band, ...], spectrum: str, kind: Kind
) -> tuple[Spectrum, ...]:
    """Coefficients of ``(epoch, channel, time)`` samples in each band; ``valid (epoch, channel)``.

    Raises
    ------
    RefusedScience
        A band that falls between two frequencies of the transform.
    """
    n_times = values.shape[-1]
    windows = tapers(n_times, spectrum)
    frequency = np.fft.rfftfreq(n_times, 1 / rate)
    centred = values - values.mean(axis=-1, keepdims=True)
    inside = [np.nonzero((frequency >= b.low) & (frequency <= b.high))[0] for b in bands]
    for band, bins in zip(bands, inside, strict=True):
        if not len(bins):
            raise RefusedScience(
                f"Band {band.name!r} ({band.low:g} to {band.high:g} Hz) lies between two of the frequencies that "
                f"epochs of {n_times / rate:.3g} s resolve, {rate / n_times:.3g} Hz apart. Use a wider band or longer "
                "epochs."
            )
    wanted = np.unique(np.concatenate(inside))
    found = np.stack([rfft(centred * w, axis=-1)[..., wanted] for w in windows], axis=1)
    found = np.moveaxis(found, -1, 0) * valid[:, None, :]
    if kind.unit and len(windows) == 1:
        size = modulus(found)
        found = np.divide(found, size, out=np.zeros_like(found), where=size > 0)
    return tuple(Spectrum(found[np.searchsorted(wanted, bins)], valid) for bins in inside)


def values_over_epochs(
    kind: Kind, a: Spectrum, b: Spectrum, index: np.ndarray, single: bool = False
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Values for the rows of ``index (S, E)``, the epochs of B beside A's, some rows at a time.

    Yields
    ------
    value : ndarray, (rows, A, B)
        Mean over the band's bins.
    cross : ndarray of complex, (rows, A, B)
        Mean of the cross-spectrum (or cross-phasor) over epochs and bins; its real part may be NaN for a kind that
        needs none.
    n : ndarray, (rows, A, B)
        Epochs that both have.
    """
    for first in range(0, len(index), _DRAWS_AT_ONCE):
        some = index[first : first + _DRAWS_AT_ONCE]
        yield _one_taper(kind, a, b, some, single) if a.values.shape[2] == 1 else _many_tapers(kind, a, b, some)


def _one_taper(
    kind: Kind, a: Spectrum, b: Spectrum, index: np.ndarray, single: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The samples of :func:`~._phase_time.means_of` are here the epochs of one frequency."""
    whole = bool(a.valid.all() and b.valid.all())
    linear = whole and not (kind.plus or kind.imaginary or kind.joint)
    valid_a, valid_b = (None, None) if whole else (a.valid.T[None], _in_order(b.valid.T, index))
    draw = np.arange(len(index))
    shape = (len(index), a.values.shape[3], b.values.shape[3])
    value, cross = np.zeros(shape), np.zeros(shape, dtype=np.complex128)
    for x_a, x_b in zip(a.values[:, :, 0], b.values[:, :, 0], strict=True):
        parts_a, parts_b = (np.stack([x.T.real, x.T.imag]) for x in (x_a, x_b))
        if single:
            parts_a, parts_b = (_phase_single.parts(kind, x, (0, 2)) for x in (parts_a, parts_b))
        side_a, as_recorded = (carrier_of(np.ascontiguousarray(x[None]), valid_a, kind) for x in (parts_a, parts_b))
        # A person's own means over all epochs are the same in any order.
        own = tuple(np.broadcast_to(f, (len(index), *f.shape[1:])) for f in as_recorded.own)
        side_b = as_recorded if linear else Carrier(_in_order(parts_b, index), valid_b, own)
        side_b = replace(side_b, own=own)
        crossed = _crossed(parts_a, parts_b, index, kind.real) if linear else None
        means, n = means_of(kind, side_a, side_b, np.zeros_like(draw), draw, crossed)
        value += kind.value(means)
        cross += means.minus
    return value / len(a.values), cross / len(a.values), np.broadcast_to(n, shape)


def _crossed(parts_a: np.ndarray, parts_b: np.ndarray, index: np.ndarray, real: bool) -> np.ndarray:
    """Sums over epochs of x_a·conj(x_b), ``(S, A, B)``, from ``parts (2, channel, epoch)``; B's as in ``index (S, E)``.

    Whole rows are moved into order and all orders go into two or three real products, see
    :func:`~._phase_time.products`; not ``real``: imaginary parts.
    """
    n_a, n_epochs = parts_a.shape[1:]
    r, s = (np.take(np.ascontiguousarray(part.T), index.T, axis=0).reshape(n_epochs, -1) for part in parts_b)
    shape = (n_a, len(index), -1)
    both = products(parts_a[0], parts_a[1], r, s, r - s if real else r, real)
    return complex_of(*(x.reshape(shape).transpose(1, 0, 2) for x in both))


def _in_order(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """``(S, ..., E)``: the epochs of ``values (..., E)`` in the order of each row of ``index``."""
    rows = np.ascontiguousarray(values).reshape(-1, values.shape[-1])
    return in_order(rows, index.astype(np.uint32)).reshape(len(index), *values.shape)


def _many_tapers(kind: Kind, a: Spectrum, b: Spectrum, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = np.einsum("ea,seb->sab", a.valid, b.valid[index], optimize=True)
    value = np.zeros(n.shape)
    cross = np.zeros(n.shape, dtype=np.complex128)
    for x_a, x_b in zip(a.values, b.values, strict=True):
        means = _means(kind, x_a, x_b, a.valid, b.valid, index, n)
        value += kind.value(means)
        cross += means.minus
    return value / len(a.values), cross / len(a.values), n


def _means(
    kind: Kind,
    x_a: np.ndarray,
    x_b: np.ndarray,
    valid_a: np.ndarray,
    valid_b: np.ndarray,
    index: np.ndarray,
    n: np.ndarray,
) -> Means:
    """Means over epochs at one frequency; ``x (epoch, taper, channel)``."""
    minus = np.zeros(n.shape, dtype=np.complex128)
    plus = np.zeros(n.shape, dtype=np.complex128) if kind.plus else minus
    parts = np.zeros((3, *n.shape)) if kind.imaginary else np.zeros((0, *n.shape))
    for epoch, order in enumerate(index.T):
        others, place = np.unique(order, return_inverse=True)
        cross = _cross(kind, x_a[epoch], x_b[others].conj())
        minus += cross[place.reshape(-1)]
        if kind.imaginary:
            im = np.where(np.abs(cross.imag) > ROUNDING * np.abs(cross.real), cross.imag, 0.0)
            parts += np.stack([np.sign(im), np.abs(im), im**2])[:, place.reshape(-1)]
        if kind.plus:
            plus += _cross(kind, x_a[epoch], x_b[others])[place.reshape(-1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        alone_a = [f.sum(axis=1) for f in kind.own(x_a)]
        alone_b = [f.sum(axis=1) for f in kind.own(x_b)]
        own_a = tuple(np.einsum("ea,seb->sab", f, valid_b[index], optimize=True) / n for f in alone_a)
        own_b = tuple(np.einsum("ea,seb->sab", valid_a, f[index], optimize=True) / n for f in alone_b)
        return Means(minus / n, plus / n if kind.plus else minus / n, own_a, own_b, n, *(parts / n))


def _cross(kind: Kind, x_a: np.ndarray, x_b: np.ndarray) -> np.ndarray:
    """Sum over tapers of products, ``(U, A, B)``; of size one for measures of phase alone."""
    cross = x_a.T @ x_b
    if kind.unit and x_a.shape[0] > 1:
        size = np.abs(cross)
        cross = np.divide(cross, size, out=np.zeros_like(cross), where=size > 0)
    return cross
