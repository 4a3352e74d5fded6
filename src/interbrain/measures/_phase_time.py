"""Phase measures across time: band-pass, Hilbert transform, means over the samples of each epoch.

The filter is MNE-Python's default FIR (Hamming window, zero phase, transition a quarter of the edge and at least
2 Hz, reflected ends), the convention of HyPyP. It is longer than a second for slow bands, so short epochs are
distorted near their ends, in the recording and in its surrogates alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mne
import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.signal import hilbert

from interbrain.measures._phase import Band, Kind, Means
from interbrain.measures._phase_kernel import imaginary_sums

LEAST_SHARE = 1e-4
"""Share of an epoch's power that a band must hold. Below it the band-passed epoch is what the filter lets through of
slower drift at the epoch's ends, not a rhythm; drift runs on from epoch to epoch, so shuffled epochs would find more
agreement than chance in it (6 to 7 % of independent pairs at p ≤ .05). White noise has .05 to .4, EEG over .01."""


@dataclass(frozen=True, eq=False)
class Carrier:
    """One person in one band.

    Parameters
    ----------
    parts
        ``(epoch, 2, channel, time)``: real and imaginary part, 0 where invalid.
    valid
        ``(epoch, channel, time)`` of 0.0 and 1.0; None where nothing is missing.
    own
        Means of :attr:`Kind.own` over each epoch's own samples, ``(epoch, channel)`` each; empty where samples are
        missing, since then they depend on the other person.
    """

    parts: np.ndarray
    valid: np.ndarray | None
    own: tuple[np.ndarray, ...]

    @property
    def complex(self) -> np.ndarray:
        return self.parts[:, 0] + 1j * self.parts[:, 1]


def filter_s(band: Band) -> float:
    """Length of the filter in seconds: 3.3 over its narrower transition (a quarter of the edge, at least 2 Hz)."""
    return 3.3 / min(max(band.low / 4, 2.0), band.low, max(band.high / 4, 2.0))


def carrier(values: np.ndarray, valid: np.ndarray, rate: float, band: Band, kind: Kind) -> Carrier:
    """Analytic signal or unit phasors of ``(epoch, channel, time)`` samples.

    A gap takes half a cycle of the band's low edge on either side with it, where the filter saw mostly the bridge. An
    epoch in which the band holds less than :data:`LEAST_SHARE` of the power is invalid.
    """
    narrow = mne.filter.filter_data(np.array(values), rate, band.low, band.high, verbose="ERROR")
    analytic = hilbert(narrow, axis=-1)
    if kind.unit:
        size = np.abs(analytic)
        analytic = np.divide(analytic, size, out=np.zeros_like(analytic), where=size > 0)
    empty = (narrow**2).sum(axis=-1) < LEAST_SHARE * values.var(axis=-1) * values.shape[-1]
    if valid.all() and not empty.any():
        return from_complex(analytic, None, kind)
    margin = 2 * round(rate / band.low / 2) + 1
    kept = 1.0 - maximum_filter1d((~valid).astype(np.float64), margin, axis=-1, mode="constant", cval=0.0)
    kept = kept * ~empty[..., None]
    return from_complex(analytic * kept, kept, kind)


def from_complex(analytic: np.ndarray, valid: np.ndarray | None, kind: Kind) -> Carrier:
    own = tuple(f.mean(axis=-1) for f in kind.own(analytic)) if valid is None else ()
    return Carrier(np.stack([analytic.real, analytic.imag], axis=1), valid, own)


def window(whole: Carrier, start: int, stop: int, kind: Kind) -> Carrier:
    """The same person in samples ``start`` to ``stop``."""
    valid = None if whole.valid is None else whole.valid[..., start:stop]
    return from_complex(whole.complex[..., start:stop], valid, kind)


def epoch_pairs(
    kind: Kind, a: Carrier, b: Carrier, index: np.ndarray
) -> Iterator[tuple[np.ndarray, Means, np.ndarray]]:
    """Each epoch of A with all epochs of B that some row of ``index (S, E)`` puts beside it.

    Yields
    ------
    place, means, n
        Epoch by epoch of A: ``place (S,)``, which of the U different epochs of B each row has; the means of all U,
        and the number of samples that both have, ``(A, U, B)``.
    """
    for epoch in range(index.shape[1]):
        others, place = np.unique(index[:, epoch], return_inverse=True)
        means, n = _means(kind, a, b, epoch, others)
        yield place.reshape(-1), means, n


def _means(kind: Kind, a: Carrier, b: Carrier, epoch: int, others: np.ndarray) -> tuple[Means, np.ndarray]:
    rows = a.parts[epoch]
    columns = b.parts if len(others) == len(b.parts) else b.parts[others]
    n_a, n_times = rows.shape[1:]
    n_u, _, n_b, _ = columns.shape
    product = (rows.reshape(-1, n_times) @ columns.reshape(-1, n_times).T).reshape(2, n_a, n_u, 2, n_b)
    n, own_a, own_b = _alone(kind, a, b, epoch, others)
    with np.errstate(invalid="ignore", divide="ignore"):
        # cos cos + sin sin and so on: one real product gives both e^{i(α − β)} and e^{i(α + β)}.
        minus = (product[0, :, :, 0] + product[1, :, :, 1]) / n + 1j * (product[1, :, :, 0] - product[0, :, :, 1]) / n
        plus = minus
        if kind.plus:
            plus = (product[0, :, :, 0] - product[1, :, :, 1]) / n
            plus = plus + 1j * (product[1, :, :, 0] + product[0, :, :, 1]) / n
        sign, size, square = imaginary_sums(rows, columns) / n if kind.imaginary else (None, None, None)
    joint = None
    if kind.joint is not None:
        masks = None if a.valid is None else a.valid[epoch], None if b.valid is None else b.valid[others]
        joint = kind.joint(rows, columns, *masks)
    return Means(minus, plus, own_a, own_b, n, sign, size, square, joint), n


def _alone(
    kind: Kind, a: Carrier, b: Carrier, epoch: int, others: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """How many samples both have, and the means of each person's own functions over exactly these."""
    n_times = a.parts.shape[-1]
    if a.valid is None and b.valid is None:
        own_a = tuple(f[epoch][:, None, None] for f in a.own)
        return np.asarray(float(n_times)), own_a, tuple(f[others][None] for f in b.own)
    shape_b = (len(others), *b.parts.shape[2:])
    mask_a = np.ones(a.parts.shape[2:]) if a.valid is None else a.valid[epoch]
    mask_b = np.ones(shape_b) if b.valid is None else b.valid[others]
    shape = (len(mask_a), *shape_b[:2])
    flat_b = mask_b.reshape(-1, n_times)
    n = (mask_a @ flat_b.T).reshape(shape)
    alone_a = a.parts[epoch, 0] + 1j * a.parts[epoch, 1]
    alone_b = b.parts[others, 0] + 1j * b.parts[others, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        own_a = tuple((f @ flat_b.T).reshape(shape) / n for f in kind.own(alone_a))
        own_b = tuple((mask_a @ f.reshape(-1, n_times).T).reshape(shape) / n for f in kind.own(alone_b))
    return n, own_a, own_b
