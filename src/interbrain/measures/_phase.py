"""What the phase measures share: settings, the two people prepared, and the way from means over samples to a value.

A measure is a :class:`Kind`: a function of a few means over samples that both people have. It is told here what it may
need of them; *which* samples are averaged is the setting ``across``:

- ``"time"``: over the samples of one epoch (``_phase_time``), then the mean of the values over epochs;
- ``"epochs"``: over epochs at one frequency (``_phase_epochs``), then the mean of the values over the band's bins.

The two are different quantities and hardly correlate. *Across time* asks whether two rhythms keep step for the length
of an epoch, whatever their phase difference was in the epoch before; it exists for continuous data and asks for no
event that both people's phases are reset by, so it is the default. Its chance level depends on the band and the epoch
(theta in 1 s epochs: PLV .33). *Across epochs* asks whether the same phase difference comes back at the same place of
every epoch; its chance level depends on the number of epochs alone (PLV near sqrt(pi / 4n): .177 for 25). Either way a
value says nothing without its null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.signal import Block

MIN_CYCLES = 3.0
"""Cycles of a band's low edge that an epoch or a window must hold for a phase to mean something."""


@dataclass(frozen=True, eq=False)
class Means:
    """Means over the samples that both people have; all arrays broadcast to ``(pair of epochs, A, B)``.

    With x_a and x_b the two carriers (analytic signals, or unit phasors e^{iα}, e^{iβ}): ``minus`` is the mean of
    x_a·conj(x_b), ``plus`` of x_a·x_b, ``own_a`` and ``own_b`` of what :attr:`Kind.own` makes of each alone; ``n`` is
    how many there are. Where a kind asks for ``imaginary``, ``size`` is the mean of |im|, ``sign`` and ``square``
    those of sign(im) and im², with im = Im(x_a·conj(x_b)); ``joint`` is what :attr:`Kind.joint` gives. Where it is
    ``centred``, ``sines`` is the mean of sin(α − ᾱ)·sin(β − β̄), each from its own mean direction, and ``minus`` NaN.
    """

    minus: np.ndarray
    plus: np.ndarray
    own_a: tuple[np.ndarray, ...]
    own_b: tuple[np.ndarray, ...]
    n: np.ndarray
    sign: np.ndarray | None = None
    size: np.ndarray | None = None
    square: np.ndarray | None = None
    joint: np.ndarray | None = None
    sines: np.ndarray | None = None


@dataclass(frozen=True)
class Kind:
    """A phase measure as a function of :class:`Means`.

    Parameters
    ----------
    value
        From means to values, NaN where undefined.
    own
        Per-sample functions of one carrier whose means ``value`` needs.
    unit
        Whether the carriers are unit phasors (amplitude thrown away).
    plus
        Whether ``value`` needs ``plus``.
    imaginary
        What it needs of the imaginary part: nothing, ``"size"`` alone, or ``"all"`` of sign, size and square.
    joint
        A function of both people's samples that is no function of means, across time only: real and imaginary parts
        ``(2, A, time)`` and ``(U, 2, B, time)`` and their masks (None where nothing is missing) to ``(A, U, B)``.
    phased
        Whether the phase of the mean cross-spectrum belongs to the answer.
    real
        Whether ``value`` needs the real part of ``minus``; if not, it is computed when the phase is asked for.
    centred
        Whether it needs ``sines`` and nothing of ``minus``, across time, where no sample is missing; ``own`` then
        begins with the carrier itself.
    single
        Whether one person's samples are kept in single precision, across time: half the memory and time, and values to
        some 1e-7, since what it cannot tell is computed in double precision.
    unbroken
        The same measure in a form that takes less, for two people of whom no sample is missing.
    """

    value: Callable[[Means], np.ndarray]
    own: Callable[[np.ndarray], tuple[np.ndarray, ...]]
    unit: bool
    plus: bool = False
    imaginary: Literal["", "size", "all"] = ""
    joint: Callable[[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None], np.ndarray] | None = None
    phased: bool = True
    real: bool = True
    centred: bool = False
    single: bool = False
    unbroken: Kind | None = None


def modulus(z: np.ndarray) -> np.ndarray:
    """|z|; several times as fast as ``np.abs``, which keeps the squares of very large numbers from overflowing."""
    return np.sqrt(z.real * z.real + z.imag * z.imag)


def power(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Squared amplitude of a carrier, for :attr:`Kind.own`."""
    return (x.real**2 + x.imag**2,)


def nothing(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """For a kind that needs nothing of one person alone."""
    return ()


@dataclass(frozen=True)
class Band:
    """A name with its edges in Hz."""

    name: str
    low: float
    high: float

    @property
    def centre(self) -> float:
        """Geometric mean of the edges, where phases are turned into lags."""
        return sqrt(self.low * self.high)


def bands_of(settings: Mapping[str, Any]) -> tuple[Band, ...]:
    """The bands asked for.

    Raises
    ------
    BadInput
        None, or one whose edges are not 0 < low < high.
    """
    bands = tuple(Band(str(k), float(low), float(high)) for k, (low, high) in (settings.get("bands") or {}).items())
    if not bands:
        raise BadInput("A phase measure needs at least one band, e.g. bands = { alpha = [7.5, 11] } (Hz).")
    for band in bands:
        if not 0 < band.low < band.high:
            raise BadInput(
                f"Band {band.name!r} is {band.low:g} to {band.high:g} Hz; its low edge must be above 0 and below its "
                "high edge."
            )
    return bands


def check_settings(settings: Mapping[str, Any], block: Block) -> None:
    """Refuse ``across = "epochs"`` without epochs.

    Raises
    ------
    RefusedScience
    """
    if settings["across"] == "epochs" and (not block.epoched or block.shape[0] < 2):
        what = f"{block.shape[0]} epoch{'s' * (block.shape[0] != 1)}" if block.epoched else "a continuous recording"
        raise RefusedScience(
            f"across = 'epochs' compares phases over epochs, and this is {what}: a single phase difference is always "
            "perfectly constant. Use across = 'time', or cut the recording into epochs."
        )


def check_band(band: Band, rate: float, n_times: int, what: str = "an epoch") -> None:
    """Refuse a band that these samples cannot carry.

    Raises
    ------
    RefusedScience
        The high edge at or beyond the Nyquist frequency; fewer than :data:`MIN_CYCLES` cycles of the low edge.
    """
    if band.high >= rate / 2:
        raise RefusedScience(
            f"Band {band.name!r} reaches {band.high:g} Hz, but {rate:g} samples a second carry nothing at or above "
            f"{rate / 2:g} Hz. Lower the band's edge or use a faster recording."
        )
    seconds = n_times / rate
    if band.low * seconds < MIN_CYCLES:
        raise RefusedScience(
            f"Band {band.name!r} begins at {band.low:g} Hz, and {what} of {seconds:.3g} s holds "
            f"{band.low * seconds:.2g} cycles of it; a phase needs at least {MIN_CYCLES:g}. Use {what} of at least "
            f"{MIN_CYCLES / band.low:.3g} s or a band from {MIN_CYCLES / seconds:.3g} Hz on."
        )


def bridged(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Samples without holes, so that they can be filtered, and which of them are real.

    Gaps are bridged by straight lines. A channel that does not vary within an epoch has no phase there and counts as
    missing.

    Returns
    -------
    values, valid : ndarray, (epoch, channel, time)
    """
    valid = block.valid
    if valid.all():
        values = block.values
    else:
        values = np.where(valid, block.values, 0.0)
        time = np.arange(block.shape[2])
        for place in zip(*np.nonzero(~valid.all(axis=2) & valid.any(axis=2)), strict=True):
            good = valid[place]
            values[place] = np.interp(time, time[good], values[place][good])
    flat = np.ptp(values, axis=2) == 0
    return values, valid & ~flat[:, :, None]
