"""Signals: samples with a mask and an integer-sample clock; blocks: the part of a signal that a measure sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput

XYZ = tuple[float, float, float]


@dataclass(frozen=True)
class Channel:
    """One channel of one person.

    Parameters
    ----------
    name
        Label without the kind: ``"S1_D1"``, ``"Fz"``, ``"motion"``.
    kind
        What it is: ``"intensity"``, ``"od"``, ``"hbo"``, ``"hbr"``, ``"eeg"``, ``"motion"``, ``"eda"``, ``"misc"`` …
    unit
        SI unit or ``""``: ``"V"``, ``"uM"`` (µmol/l).
    region
        Name of the brain region, where the study says so.
    position, source, detector
        Coordinates in metres in the head frame, where known. A light channel has a source and a detector.
    wavelength
        nm, for raw light.
    """

    name: str
    kind: str = "misc"
    unit: str = ""
    region: str | None = None
    position: XYZ | None = None
    source: XYZ | None = None
    detector: XYZ | None = None
    wavelength: float | None = None

    @property
    def label(self) -> str:
        """Name with wavelength, unique within one recording's kind."""
        return f"{self.name} {self.wavelength:g}" if self.wavelength else self.name


@dataclass(frozen=True, eq=False)
class Signal:
    """Samples ``(segment, channel, time)`` of one person with a mask and an integer-sample clock.

    Continuous data are one segment; epochs are many, each with its id. The clock is ``start`` (an integer count of
    samples from the meeting's zero to the first sample of every segment) and ``rate`` (Hz): never floating-point time.

    Raises
    ------
    BadInput
        Shapes that do not fit, a rate that is not positive, repeated segment ids.
    """

    values: np.ndarray
    rate: float
    channels: tuple[Channel, ...]
    valid: np.ndarray | None = None
    start: int = 0
    segment_ids: tuple[int, ...] = (0,)
    epoched: bool = False

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        if values.ndim != 3:
            raise BadInput(f"Signal: values have shape {values.shape}; allowed is (segment, channel, time).")
        if values.shape[1] != len(self.channels):
            raise BadInput(f"Signal: {values.shape[1]} rows of samples but {len(self.channels)} channels.")
        if values.shape[0] != len(self.segment_ids) or len(set(self.segment_ids)) != len(self.segment_ids):
            raise BadInput(f"Signal: {values.shape[0]} segments need as many different ids; got {self.segment_ids!r}.")
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise BadInput(f"Signal: the rate is {self.rate!r} Hz; it must be a positive number.")
        finite = np.isfinite(values)
        valid = finite if self.valid is None else np.asarray(self.valid, dtype=bool) & finite
        if valid.shape != values.shape:
            raise BadInput(f"Signal: the mask has shape {valid.shape}, the samples {values.shape}; they must agree.")
        values.flags.writeable = False
        valid.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "valid", valid)
        object.__setattr__(self, "channels", tuple(self.channels))
        object.__setattr__(self, "segment_ids", tuple(int(i) for i in self.segment_ids))

    @property
    def n_times(self) -> int:
        return int(self.values.shape[2])

    @property
    def duration(self) -> float:
        """Seconds of one segment."""
        return self.n_times / self.rate

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.channels)

    def with_values(self, values: np.ndarray, valid: np.ndarray | None = None, **changes: object) -> Signal:
        """The same signal with other samples (and, where given, another mask, channels, rate, start)."""
        return replace(self, values=values, valid=self.valid if valid is None else valid, **changes)  # type: ignore[arg-type]

    def pick(self, index: list[int] | np.ndarray) -> Signal:
        """Channels by position in this signal."""
        index = [int(i) for i in index]
        return replace(
            self,
            values=self.values[:, index],
            valid=self.valid[:, index],  # type: ignore[index]
            channels=tuple(self.channels[i] for i in index),
        )

    def pick_kind(self, *kinds: str) -> Signal:
        return self.pick([i for i, c in enumerate(self.channels) if c.kind in kinds])


@dataclass(frozen=True, eq=False)
class Block:
    """What a measure sees of one person: one kind of signal in one segment of one meeting, on the pair's common clock.

    Parameters
    ----------
    values
        ``(epoch, channel, time)``, finite where valid. Continuous data have one epoch.
    valid
        Same shape; True where a sample may enter a number.
    rate
        Hz.
    confounds
        ``(epoch, confound, time)``, finite: what a measure that takes confounds itself is to take out of this person's
        channels (its record says ``takes_confounds``). Samples that a confound lacks are gaps of ``valid``. They belong
        to the person and move with the channels under a surrogate. None: there are none.
    """

    values: np.ndarray
    valid: np.ndarray
    rate: float
    epoched: bool = False
    confounds: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.values.shape  # type: ignore[return-value]

    def at(self, epochs: slice | list[int] | np.ndarray, times: slice | None = None) -> Block:
        """Some epochs, and some samples of each, with their confounds."""
        times = slice(None) if times is None else times
        confounds = None if self.confounds is None else self.confounds[epochs][..., times]
        return replace(
            self, values=self.values[epochs][..., times], valid=self.valid[epochs][..., times], confounds=confounds
        )


class Deferred:
    """A field that may be given as a function and is then computed when somebody first asks for it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._place = f"_{name}"

    def __get__(self, held: Any, owner: type | None = None) -> np.ndarray:
        if held is None:
            raise AttributeError(self._place)  # a field without a default
        value = held.__dict__[self._place]
        if callable(value):
            value = held.__dict__[self._place] = value()
        return np.asarray(value)

    def __set__(self, held: Any, value: np.ndarray | Callable[[], np.ndarray]) -> None:
        held.__dict__[self._place] = value


@dataclass(frozen=True, eq=False, kw_only=True)
class Estimate:
    """A measure's answer for all channel pairs of two people.

    Every array has shape ``(A, B, band, direction)``; NaN where nothing could be said. ``value`` is in the measure's
    own range, ``stabilised`` its variance-stabilised form; ``lag_s`` (s) and ``phase`` (rad) are positive when A
    leads; ``coverage`` is the share of samples that carried the value; ``n_effective`` the number of independent
    samples that it stands for. ``profile`` ``(A, B, lag)`` and ``profile_lags_s`` hold a lag profile where the
    measure has one. ``lag_s`` and ``phase`` may be given as functions: most pairs of a null are never asked who leads.
    """

    value: np.ndarray
    stabilised: np.ndarray
    lag_s: Deferred = Deferred()
    phase: Deferred = Deferred()
    coverage: np.ndarray
    n_effective: np.ndarray
    bands: tuple[str, ...] = ("broad",)
    directions: tuple[str, ...] = ("",)
    profile: np.ndarray | None = None
    profile_lags_s: np.ndarray | None = None
    extra: dict[str, np.ndarray] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """For pickles: numbers only, functions called."""
        return {**self.__dict__, "_lag_s": self.lag_s, "_phase": self.phase}


@dataclass(frozen=True, eq=False)
class Draws:
    """Values of a measure under surrogates: ``value (draw, A, B, band, direction)``, ``profile (draw, A, B, lag)``.

    ``near (draw,)`` is True for surrogates so like the recording that they keep part of its coupling (a shift within
    the measure's memory, a segment left in its place): they count for p and are left out of the null's mean and SD.
    """

    value: np.ndarray
    profile: np.ndarray | None = None
    near: np.ndarray | None = None
