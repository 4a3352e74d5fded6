"""Phase slope index: who leads, from the slope of the phase difference over frequency.

A constant delay turns the phase by more at higher frequencies, so the cross-spectrum's phase rises through the band
where A leads and falls where B does; a source that both pick up at once has no slope, nor has independent noise,
however unlike the two signals are. The index is the sum over the band of Im(conj(C(f))·C(f + δf)), C being the
coherency over epochs (for a continuous recording: over segments of ``segment_s`` seconds). It says who leads, not how
strongly they are coupled, and is near 0 where they lead in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Draws, Estimate
from interbrain.measures import _pairwise as pairwise
from interbrain.measures._families import EPOCHS_REORDERED
from interbrain.measures._phase import Band, Kind, Means, bands_of, bridged, check_band, power
from interbrain.measures._phase_epochs import spectra

RECORD = MeasureRecord(
    name="psi",
    title="Phase slope index",
    formula="psi(a → b) = Im of the sum over f in the band of conj(C(f))·C(f + δf), C = coherency over epochs",
    reference="Nolte G, Ziehe A, Nikulin VV, Schlögl A, Krämer N, Brismar T, Müller KR (2008). Robustly estimating the "
    "flow direction of information in complex physical systems. Physical Review Letters 100, 234101.",
    doi="10.1103/PhysRevLett.100.234101",
    value_range=(None, None),
    with_itself=0.0,
    stabilise="identity",
    directed=True,
    accepts=("epochs", "continuous"),
    modalities=("eeg", "motion", "heart", "eda", "voice", "misc"),
    blind_to=("zero lag", "leading in turn"),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"spectrum": "fourier", "segment_s": 2.0, "min_valid": 0.5},
    settings_allowed={"spectrum": ("fourier", "multitaper"), "segment_s": "(0, inf)", "min_valid": "(0, 1]"},
    settings_help={
        "spectrum": "'fourier' (one Hann window) or 'multitaper' (seven Slepian tapers)",
        "segment_s": "continuous recordings: seconds of the segments that coherency is taken over",
        "min_valid": "share of an epoch's samples that must be valid for it to count",
    },
    named_settings={"mne": {"spectrum": "multitaper"}, "mne_fourier": {"spectrum": "fourier"}},
    needs_bands=True,
    methods="Who leads was measured by the phase slope index (Nolte et al., 2008).",
)

_FEWEST_EPOCHS = 5


def _no_value(means: Means) -> np.ndarray:
    return np.full(means.minus.shape, np.nan)


_KIND = Kind(value=_no_value, own=power, unit=False)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person: in each band ``values (bin, epoch, taper, channel)`` and ``valid (epoch, channel)``."""

    bands: tuple[Band, ...]
    values: tuple[np.ndarray, ...]
    valid: np.ndarray
    block: Block
    settings: Mapping[str, Any]

    @property
    def epoched(self) -> bool:
        return self.block.epoched


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Fourier coefficients of every epoch or segment.

    Raises
    ------
    BadInput, RefusedScience
        No bands, a band that an epoch cannot carry or that holds fewer than two frequencies, fewer than five epochs.
    """
    bands = bands_of(settings)
    cut = block if block.epoched else _segments(block, settings["segment_s"])
    n_epochs, _, n_times = cut.shape
    if n_epochs < _FEWEST_EPOCHS:
        raise RefusedScience(
            f"psi: coherency over {n_epochs} epochs says nothing; at least {_FEWEST_EPOCHS} are needed. Use a longer "
            "recording or a shorter segment_s."
        )
    for band in bands:
        check_band(band, cut.rate, n_times, "an epoch" if block.epoched else "a segment")
    values, valid = bridged(cut)
    usable = (valid.mean(axis=2) >= settings["min_valid"]).astype(np.float64)
    found = spectra(values, usable, cut.rate, bands, settings["spectrum"], _KIND)
    for band, spectrum in zip(bands, found, strict=True):
        if len(spectrum.values) < 2:
            raise RefusedScience(
                f"psi: band {band.name!r} ({band.low:g} to {band.high:g} Hz) holds one frequency of epochs of "
                f"{n_times / cut.rate:.3g} s, and a slope needs two; use a wider band or longer epochs."
            )
    return Prepared(bands, tuple(s.values for s in found), usable, block, dict(settings))


def _segments(block: Block, seconds: float) -> Block:
    n = round(seconds * block.rate)
    if n < 4:
        raise BadInput(
            f"psi: segment_s is {seconds:g} s, which holds {n} samples at {block.rate:g} Hz; use a longer one."
        )
    count = block.shape[2] // n
    values, valid = (x[0, :, : count * n].reshape(-1, count, n).transpose(1, 0, 2) for x in (block.values, block.valid))
    return Block(values, valid, block.rate, True)


def _slope(a: Prepared, b: Prepared, order: np.ndarray) -> np.ndarray:
    """``(A, B, band)`` with B's epochs in another order."""
    valid_b = b.valid[order]
    enough = a.valid.T @ valid_b >= _FEWEST_EPOCHS
    out = np.full((*enough.shape, len(a.bands)), np.nan)
    for k, (x, y) in enumerate(zip(a.values, b.values, strict=True)):
        y = y[:, order]
        cross = np.einsum("feta,fetb->fab", x, y.conj(), optimize=True)
        own_a = np.einsum("fea,eb->fab", (np.abs(x) ** 2).sum(axis=2), valid_b, optimize=True)
        own_b = np.einsum("ea,feb->fab", a.valid, (np.abs(y) ** 2).sum(axis=2), optimize=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            coherency = cross / np.sqrt(own_a * own_b)
        value = (coherency[:-1].conj() * coherency[1:]).imag.sum(axis=0)
        out[..., k] = np.where(enough & np.isfinite(value), value, np.nan)
    return out


def reduce(state: pairwise.State[Prepared], windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """Index ``(A, B, band, 2)``, directions A to B and B to A (each the other's negative); with ``windows`` a list.

    Raises
    ------
    RefusedScience
        Windows within epochs, over which there is one value.
    """
    if windows is None:
        return _estimate(state.a, state.b)
    if state.a.epoched:
        raise RefusedScience("psi is taken over epochs; windows within an epoch have none.")
    return _reduce(state, windows)


def _estimate(a: Prepared, b: Prepared) -> Estimate:
    value = _slope(a, b, np.arange(len(a.valid)))
    value = np.stack([value, -value], axis=-1)
    n = np.broadcast_to((a.valid.T @ b.valid)[..., None, None], value.shape)
    unknown = np.full_like(value, np.nan)
    return Estimate(
        value=value,
        stabilised=FUNCTIONS[RECORD.stabilise](value),
        lag_s=unknown,
        phase=unknown,
        coverage=n / len(a.valid),
        n_effective=np.array(n),
        bands=tuple(band.name for band in a.bands),
        directions=("a_to_b", "b_to_a"),
    )


combine, _reduce = pairwise.functions(RECORD.name, prepare, _estimate)


def draws(a: Prepared, b: Prepared, surrogate: str, index: np.ndarray) -> Draws | None:
    """Values with B's epochs in the orders ``index (S, E)``; None for a continuous recording, to be prepared again.

    Raises
    ------
    BadInput
        Another surrogate.
    """
    if surrogate != "segment_shuffle":
        raise BadInput(f"psi: only segment_shuffle can be drawn without preparing again; got {surrogate!r}.")
    if not a.epoched:
        return None
    value = np.stack([_slope(a, b, order) for order in np.asarray(index)])
    return Draws(np.stack([value, -value], axis=-1))


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing."""
    return float(settings["segment_s"])
