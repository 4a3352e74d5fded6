"""Phase measures across time: band-pass, Hilbert transform, means over the samples of each epoch.

The filter is MNE-Python's default FIR (Hamming window, zero phase, transition a quarter of the edge and at least
2 Hz, reflected ends), the convention of HyPyP. It is longer than a second for slow bands, so short epochs are
distorted near their ends, in the recording and in its surrogates alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import mne
import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.signal import hilbert

from interbrain.arrays.aligned import aligned
from interbrain.measures import _phase_single
from interbrain.measures._phase import Band, Kind, Means
from interbrain.measures._phase_kernel import imaginary_sums, lagged_sums

LEAST_SHARE = 1e-4
"""Share of an epoch's power that a band must hold. Below it the band-passed epoch is what the filter lets through of
slower drift at the epoch's ends, not a rhythm; drift runs on from epoch to epoch, so shuffled epochs would find more
agreement than chance in it (6 to 7 % of independent pairs at p ≤ .05). White noise has .05 to .4, EEG over .01."""

_LONGEST_MATRIX = 4096
"""Samples of an epoch up to which filtering is done as a matrix product."""

_NOTHING = np.array(complex(np.nan, np.nan))

_TOGETHER = 8
"""Epochs of A in one matrix product with all epochs of B: enough for its full speed."""


@dataclass(frozen=True, eq=False)
class Carrier:
    """One person in one band.

    Parameters
    ----------
    parts
        ``(epoch, 2, channel, time)``: real and imaginary part, 0 where invalid; where :attr:`Kind.single`, each
        channel by a power of two near size 1.
    valid
        ``(epoch, channel, time)`` of 0.0 and 1.0; None where nothing is missing.
    own
        Means of :attr:`Kind.own` over each epoch's own samples, ``(epoch, channel)`` each; empty where samples are
        missing, since then they depend on the other person.
    again
        Makes the same in double precision, where this one is in single precision.
    """

    parts: np.ndarray
    valid: np.ndarray | None
    own: tuple[np.ndarray, ...]
    again: Callable[[], Carrier] | None = None

    @cached_property
    def double(self) -> Carrier:
        """This one in double precision; made when it is needed, which is for people almost in the same phase."""
        return self if self.again is None else self.again()

    @property
    def complex(self) -> np.ndarray:
        return self.parts[:, 0] + 1j * self.parts[:, 1]

    def complex_at(self, place: np.ndarray) -> np.ndarray:
        """Epochs ``place``, ``(epoch, channel, time)``; one where they are all the same."""
        parts = _pick(self.parts, place)
        return parts[:, 0] + 1j * parts[:, 1]


def filter_s(band: Band) -> float:
    """Length of the filter in seconds: 3.3 over its narrower transition (a quarter of the edge, at least 2 Hz)."""
    return 3.3 / min(max(band.low / 4, 2.0), band.low, max(band.high / 4, 2.0))


def carrier(values: np.ndarray, valid: np.ndarray, rate: float, band: Band, kind: Kind) -> Carrier:
    """Analytic signal or unit phasors of ``(epoch, channel, time)`` samples.

    A gap takes half a cycle of the band's low edge on either side with it, where the filter saw mostly the bridge. An
    epoch in which the band holds less than :data:`LEAST_SHARE` of the power is invalid.
    """
    parts = _analytic(values, rate, band)
    power = np.einsum("ect,ect->ec", parts[:, 0], parts[:, 0])
    empty = power < LEAST_SHARE * np.stack([epoch.var(axis=-1) for epoch in values]) * values.shape[-1]
    if kind.unit:
        _to_unit(parts)
    kept = None
    if not valid.all() or empty.any():
        kept = _kept(valid, empty, rate, band)
        parts *= kept[:, None]
    whole = carrier_of(parts, kept, kind)
    if not kind.single:
        return whole
    again = partial(carrier, values, valid, rate, band, replace(kind, single=False))
    return replace(whole, parts=_phase_single.parts(kind, parts, (0, 1, 3)), again=again)


def _kept(valid: np.ndarray, empty: np.ndarray, rate: float, band: Band) -> np.ndarray:
    """``(epoch, channel, time)`` of 0.0 and 1.0: what is far enough from gaps, in epochs that hold the band."""
    margin = 2 * round(rate / band.low / 2) + 1
    kept = 1.0 - maximum_filter1d((~valid).astype(np.float64), margin, axis=-1, mode="constant", cval=0.0)
    far: np.ndarray = kept * ~empty[..., None]
    return far


def _analytic(values: np.ndarray, rate: float, band: Band) -> np.ndarray:
    """Band-passed samples and their Hilbert transform, ``(epoch, 2, channel, time)`` from ``(epoch, channel, time)``.

    Both are linear, so for many short epochs one matrix of what they make of each single sample, multiplied with all
    epochs, costs a fraction of filtering them one by one.
    """
    n_epochs, n_channels, n_times = values.shape
    if n_epochs * n_channels < n_times or n_times > _LONGEST_MATRIX:
        return _split(hilbert(_filtered(np.array(values), rate, band), axis=-1))
    response = _split(hilbert(_filtered(np.eye(n_times)[None], rate, band), axis=-1))[0]
    parts = aligned((n_epochs, 2, n_channels, n_times))
    for k in range(2):
        np.matmul(values, response[k], out=parts[:, k])
    return parts


def _filtered(values: np.ndarray, rate: float, band: Band) -> np.ndarray:
    narrow: np.ndarray = mne.filter.filter_data(values, rate, band.low, band.high, verbose="ERROR")
    return narrow


def _split(analytic: np.ndarray) -> np.ndarray:
    parts = aligned((*analytic.shape[:-2], 2, *analytic.shape[-2:]), analytic.real.dtype)
    parts[..., 0, :, :], parts[..., 1, :, :] = analytic.real, analytic.imag
    return parts


def _to_unit(parts: np.ndarray) -> None:
    """Amplitudes to 1, in place and epoch by epoch, so that no second copy is needed; 0 stays 0."""
    for epoch in parts:
        size = np.sqrt(epoch[0] ** 2 + epoch[1] ** 2)
        np.divide(epoch, size, out=epoch, where=size > 0)


def carrier_of(parts: np.ndarray, valid: np.ndarray | None, kind: Kind) -> Carrier:
    """A carrier of ``parts (epoch, 2, channel, time)``, C-contiguous, 0 where invalid."""
    own: tuple[np.ndarray, ...] = ()
    if valid is None and kind.own(np.zeros(1, dtype=np.complex128)):
        each = [tuple(f.mean(axis=-1) for f in kind.own(e[0] + 1j * e[1])) for e in parts]
        own = tuple(np.stack(f) for f in zip(*each, strict=True))
    return Carrier(parts, valid, own)


def from_complex(analytic: np.ndarray, valid: np.ndarray | None, kind: Kind) -> Carrier:
    """A carrier of given complex samples ``(epoch, channel, time)``."""
    return carrier_of(_split(analytic), valid, kind)


def in_single(whole: Carrier, kind: Kind) -> Carrier:
    """The same person in single precision, see :mod:`~._phase_single`."""
    return carrier_of(_phase_single.parts(kind, whole.parts, (0, 1, 3)), whole.valid, kind)


def window(whole: Carrier, start: int, stop: int, kind: Kind) -> Carrier:
    """The same person in samples ``start`` to ``stop``."""
    valid = None if whole.valid is None else whole.valid[..., start:stop]
    part = from_complex(whole.complex[..., start:stop], valid, kind)
    return part if whole.again is None else replace(part, again=lambda: window(whole.double, start, stop, kind))


def epoch_pairs(
    kind: Kind, a: Carrier, b: Carrier, index: np.ndarray
) -> Iterator[tuple[np.ndarray, Means, np.ndarray]]:
    """Each epoch of A with all epochs of B that some row of ``index (S, E)`` puts beside it.

    Yields
    ------
    place, means, n
        Epoch by epoch of A: ``place (S,)``, which of the U different epochs of B each row has; the means of all U,
        and the number of samples that both have, ``(U, A, B)``.
    """
    n_epochs = index.shape[1]
    table = _crossed(kind, a, b) if len(index) >= n_epochs and not (kind.plus or kind.imaginary) else None
    for epoch in range(n_epochs):
        if table is None:
            others, place = np.unique(index[:, epoch], return_inverse=True)
            means, n = means_of(kind, a, b, np.full(len(others), epoch), others)
        else:
            place, others = index[:, epoch], np.arange(n_epochs)
            means, n = means_of(kind, a, b, np.full(n_epochs, epoch), others, next(table))
        yield place.reshape(-1), means, n


def kind_for(kind: Kind, a: Carrier, b: Carrier) -> Kind:
    """The form of the measure that is taken for these two."""
    return kind.unbroken if kind.unbroken and a.valid is None and b.valid is None else kind


def _crossed(kind: Kind, a: Carrier, b: Carrier) -> Iterator[np.ndarray]:
    """Sums of x_a·conj(x_b) (or of what the kind takes instead) of each epoch of A with all of B, ``(U, A, B)``.

    Several epochs of A go into one product, which is faster than one by one.
    """
    n_epochs, _, n_a, n_times = a.parts.shape
    n_b = b.parts.shape[2]
    if kind.centred:
        columns = _sines(b, np.arange(n_epochs)).reshape(-1, n_times).T
        for first in range(0, n_epochs, _TOGETHER):
            rows = _sines(a, np.arange(first, min(first + _TOGETHER, n_epochs))).reshape(-1, n_times)
            for one in (rows @ columns).reshape(-1, n_a, n_epochs, n_b):
                yield one.transpose(1, 0, 2)
        return
    r_b, s_b = (np.ascontiguousarray(b.parts[:, k]).reshape(-1, n_times).T for k in (0, 1))
    less = r_b - s_b
    for first in range(0, n_epochs, _TOGETHER):
        r_a, s_a = (a.parts[first : first + _TOGETHER, k].reshape(-1, n_times) for k in (0, 1))
        parts = products(r_a, s_a, r_b, s_b, less, kind.real)
        for re, im in zip(*(x.reshape(-1, n_a, n_epochs, n_b) for x in parts), strict=True):
            yield complex_of(re, im).transpose(1, 0, 2)


def products(
    r_a: np.ndarray, s_a: np.ndarray, r_b: np.ndarray, s_b: np.ndarray, less: np.ndarray, real: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Real and imaginary part of (r_a + i s_a)(r_b − i s_b), with matrix products; ``less`` is r_b − s_b.

    Three real products do for four: rr' + ss' and (r + s)(r' − s') − rr' + ss'. Where the ``real`` part is not wanted
    (NaN) two do.
    """
    if not real:
        imaginary = s_a @ r_b
        imaginary -= r_a @ s_b
        return np.full(imaginary.shape, np.nan), imaginary
    total, other, imaginary = r_a @ r_b, s_a @ s_b, (r_a + s_a) @ less
    imaginary -= total
    imaginary += other
    total += other
    return total, imaginary


def means_of(
    kind: Kind,
    a: Carrier,
    b: Carrier,
    place_a: np.ndarray,
    place_b: np.ndarray,
    crossed: np.ndarray | None = None,
) -> tuple[Means, np.ndarray]:
    """Means over the samples of the epochs ``place_a[p]`` of A and ``place_b[p]`` of B, each ``(pair, A, B)``.

    ``crossed`` are the sums of x_a·conj(x_b), or of what the kind takes instead, where they are known already. Beside
    the means the number of samples that both have. The real part of ``minus`` is NaN for a kind that needs none; see
    :func:`cross_sum`.
    """
    n, own_a, own_b = _alone(kind, a, b, place_a, place_b)
    if kind.centred:
        if crossed is None:
            crossed = _sines(a, place_a) @ _sines(b, place_b).transpose(0, 2, 1)
        return Means(_NOTHING, _NOTHING, own_a, own_b, n, sines=crossed / n), n
    sign = size = square = product = None
    if kind.imaginary == "all":
        sign, size, square = imaginary_sums(a.parts, b.parts, place_a, place_b)
    elif kind.imaginary:
        im, size = _lagged(a, b, place_a, place_b)
        crossed = complex_of(_parts(a, b, place_a, place_b, 1) if kind.real else np.nan, im)
    elif crossed is None and not kind.real:
        crossed = complex_of(np.nan, _parts(a, b, place_a, place_b, -1))
    if crossed is None:
        product = _products(_pick(a.parts, place_a), _pick(b.parts, place_b))
        # cos cos + sin sin and so on: one real product gives both e^{i(α − β)} and e^{i(α + β)}.
        crossed = complex_of(product[:, 0, :, 0] + product[:, 1, :, 1], product[:, 1, :, 0] - product[:, 0, :, 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        minus = plus = _over(crossed, n)
        if kind.plus and product is not None:
            both = product[:, 0, :, 0] - product[:, 1, :, 1], product[:, 1, :, 0] + product[:, 0, :, 1]
            plus = _over(complex_of(*both), n)
        sign, size, square = (None if x is None else x / n for x in (sign, size, square))
    return Means(minus, plus, own_a, own_b, n, sign, size, square, _joint(kind, a, b, place_a, place_b)), n


def _lagged(a: Carrier, b: Carrier, place_a: np.ndarray, place_b: np.ndarray) -> np.ndarray:
    """Sums of im and of |im|, ``(2, pair, A, B)``; pairs of epochs that single precision cannot tell are in double."""
    found: np.ndarray = lagged_sums(a.parts, b.parts, place_a, place_b)
    close = np.isnan(found[1]).any(axis=(1, 2))
    if close.any() and a.again is not None and b.again is not None:
        found[:, close] = lagged_sums(a.double.parts, b.double.parts, place_a[close], place_b[close])
    return found


def _sines(side: Carrier, place: np.ndarray) -> np.ndarray:
    """Sines of the phases from each epoch's mean direction, ``(pair or 1, channel, time)``; NaN where there is none."""
    parts, mean = _pick(side.parts, place), _pick(side.own[0], place)
    with np.errstate(invalid="ignore", divide="ignore"):
        turn = mean / np.abs(mean)
    found: np.ndarray = parts[:, 1] * turn.real[..., None]
    found -= parts[:, 0] * turn.imag[..., None]
    return found


def _parts(a: Carrier, b: Carrier, place_a: np.ndarray, place_b: np.ndarray, sign: int) -> np.ndarray:
    """Sums of the real (``sign`` 1) or imaginary part (−1) of x_a·conj(x_b), ``(pair, A, B)``."""
    rows, columns = _pick(a.parts, place_a), _pick(b.parts, place_b).transpose(0, 1, 3, 2)
    if sign > 0:
        return rows[:, 0] @ columns[:, 0] + rows[:, 1] @ columns[:, 1]
    total: np.ndarray = rows[:, 1] @ columns[:, 0]
    total -= rows[:, 0] @ columns[:, 1]
    return total


def complex_of(real: np.ndarray | float, imaginary: np.ndarray) -> np.ndarray:
    out = np.empty(imaginary.shape, dtype=np.result_type(imaginary, np.complex64))
    out.real, out.imag = real, imaginary
    return out


def cross_sum(a: Carrier, b: Carrier, used: np.ndarray | None) -> np.ndarray:
    """Sum of x_a·conj(x_b) over all samples, ``(A, B)``; or over those of the epochs ``used (epoch, A, B)``."""
    total = np.zeros((a.parts.shape[2], b.parts.shape[2]), dtype=np.complex128)
    for epoch, pair in enumerate(zip(a.parts, b.parts, strict=True)):
        rows, columns = (x.astype(np.float64, copy=False) for x in pair)
        some = complex_of(
            rows[0] @ columns[0].T + rows[1] @ columns[1].T, rows[1] @ columns[0].T - rows[0] @ columns[1].T
        )
        total += some if used is None else np.where(used[epoch], some, 0.0)
    return total


def _over(total: np.ndarray, n: np.ndarray) -> np.ndarray:
    """``total / n``, each part by itself: complex division takes several times as long, and spreads NaN."""
    out = np.empty(np.broadcast_shapes(total.shape, n.shape), dtype=total.dtype)
    n = n.astype(out.real.dtype)
    np.divide(total.real, n, out=out.real)
    np.divide(total.imag, n, out=out.imag)
    return out


def _pick(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """``values[place]``; a view where the places follow each other, or are one and the same (of length 1)."""
    first, last = int(place[0]), int(place[-1])
    if (place == first).all():
        return values[first : first + 1]
    if (np.diff(place) == 1).all():
        return values[first : last + 1]
    return values[place]


def _products(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """``(pair, 2, A, 2, B)`` of ``rows (pair or 1, 2, A, time)`` and ``columns (pair, 2, B, time)``."""
    n_a, n_times = rows.shape[2:]
    n, _, n_b, _ = columns.shape
    if len(rows) > 1:
        product = rows.reshape(n, -1, n_times) @ columns.reshape(n, -1, n_times).transpose(0, 2, 1)
    else:
        product = (rows.reshape(-1, n_times) @ columns.reshape(-1, n_times).T).reshape(2 * n_a, n, -1)
        product = product.transpose(1, 0, 2)
    return product.reshape(n, 2, n_a, 2, n_b)


def _joint(kind: Kind, a: Carrier, b: Carrier, place_a: np.ndarray, place_b: np.ndarray) -> np.ndarray | None:
    if kind.joint is None:
        return None
    groups = [place_b] if (place_a == place_a[0]).all() else np.split(place_b, len(place_b))
    found = []
    for epoch, others in zip(place_a, groups, strict=False):
        masks = None if a.valid is None else a.valid[epoch], None if b.valid is None else b.valid[others]
        found.append(kind.joint(a.parts[epoch], b.parts[others], *masks))
    return np.concatenate(found, axis=1).transpose(1, 0, 2)


def _alone(
    kind: Kind, a: Carrier, b: Carrier, place_a: np.ndarray, place_b: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """How many samples both have, and the means of each person's own functions over exactly these."""
    n_times = a.parts.shape[-1]
    if a.valid is None and b.valid is None:
        own_a = tuple(f[place_a][:, :, None] for f in a.own)
        return np.asarray(float(n_times)), own_a, tuple(f[place_b][:, None] for f in b.own)
    mask_a = _mask(a, place_a)
    mask_b = _mask(b, place_b).transpose(0, 2, 1)
    n = mask_a @ mask_b
    alone_a, alone_b = (side.complex_at(place) for side, place in ((a, place_a), (b, place_b)))
    with np.errstate(invalid="ignore", divide="ignore"):
        own_a = tuple((f @ mask_b) / n for f in kind.own(alone_a))
        own_b = tuple((mask_a @ f.transpose(0, 2, 1)) / n for f in kind.own(alone_b))
    return n, own_a, own_b


def _mask(side: Carrier, place: np.ndarray) -> np.ndarray:
    if side.valid is None:
        return np.ones((1, *side.parts.shape[2:]))
    return _pick(side.valid, place)
