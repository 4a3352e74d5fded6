"""Simulated pairs of known coupling, and how many of them each default measure finds.

A pair is made of three independent Gaussian series s, u, v of one spectrum and unit variance:
A(t) = √c s(t) + √(1 − c) u(t) and B(t) = √c s(t − lag) + √(1 − c) v(t). The strength c is the share of each person's
variance that both have in common: their correlation at that lag, and their coherence (not squared) at every frequency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import mne
import numpy as np
from scipy.fft import next_fast_len

from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.plan import DEFAULTS
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference import surrogates
from interbrain.inference.null import surrogate_settings
from interbrain.inference.ranks import upper_p
from interbrain.simulate.recordings.haemodynamics import response

LEVEL = 0.05
AR_MEMORY_S = 2.0
"""Time constant of AR(1) noise: its autocorrelation falls to 1/e in so many seconds, at any rate."""


@dataclass(frozen=True)
class Recording:
    """One kind of recording: a continuous slow signal, or EEG in epochs of 1 s; rates in Hz, lengths in s."""

    kind: str
    noise: str
    rate: float
    length_s: float

    @property
    def measures(self) -> tuple[str, ...]:
        return ("plv", "accorr", "imcoh", "ccorr") if self.kind == "eeg" else ("wtc", "wlcc")

    @property
    def bands(self) -> dict[str, tuple[float, float]]:
        """The band of wavelet coherence in the default plan for fNIRS; alpha, the one EEG band that is tried."""
        if self.kind == "eeg":
            return {"alpha": tuple(DEFAULTS["eeg"][0]["bands"]["alpha"])}
        return {name: tuple(band) for name, band in DEFAULTS["fnirs"][0]["bands"].items()}

    @property
    def corner_hz(self) -> float:
        """Below this 1/f noise is flat: that of EEG as after a high-pass."""
        return 0.5 if self.kind == "eeg" else 0.005


def shape(noise: str, frequency: np.ndarray, recording: Recording) -> np.ndarray:
    """Amplitude ``(frequency,)`` of a kind of noise, up to a factor."""
    if noise == "white":
        return np.ones(len(frequency))
    if noise == "ar(1)":
        step = np.exp(-1.0 / (AR_MEMORY_S * recording.rate))
        return 1.0 / np.abs(1.0 - step * np.exp(-2j * np.pi * frequency / recording.rate))
    if noise == "1/f":
        return 1.0 / np.sqrt(np.maximum(frequency, recording.corner_hz))
    assert noise == "haemodynamic", noise
    kernel = response(recording.rate)
    return np.abs(np.exp(-2j * np.pi * np.outer(frequency, np.arange(len(kernel))) / recording.rate) @ kernel)


def parts(recording: Recording, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Spectra ``(3, frequency)`` of s, u, v over a longer time than the recording, so that its ends do not meet."""
    n = round(recording.length_s * recording.rate)
    longer = next_fast_len(n + round(1.0 / recording.corner_hz * recording.rate), real=True)
    frequency = np.fft.rfftfreq(longer, 1.0 / recording.rate)
    spectra = np.fft.rfft(random.standard_normal((3, longer)), axis=1)
    gain = _gain(recording, longer)
    return spectra * gain, frequency


_GAINS: dict[tuple[Recording, int], np.ndarray] = {}


def _gain(recording: Recording, longer: int) -> np.ndarray:
    if (recording, longer) not in _GAINS:
        frequency = np.fft.rfftfreq(longer, 1.0 / recording.rate)
        found = shape(recording.noise, frequency, recording)
        found[0] = 0.0
        _GAINS[recording, longer] = found / np.sqrt(np.mean(found**2))
    return _GAINS[recording, longer]


def pair(recording: Recording, strength: float, lag_s: float, random: np.random.Generator) -> tuple[Block, Block]:
    """A and B; A leads by ``lag_s``. The same stream gives the same s, u, v for every strength and lag."""
    (s, u, v), frequency = parts(recording, random)
    late = s * np.exp(-2j * np.pi * frequency * lag_s)
    common, own = np.sqrt(strength), np.sqrt(1.0 - strength)
    return _block(common * s + own * u, recording), _block(common * late + own * v, recording)


def _block(spectrum: np.ndarray, recording: Recording) -> Block:
    n = round(recording.length_s * recording.rate)
    series = np.fft.irfft(spectrum, 2 * (len(spectrum) - 1))[:n]
    epochs = round(recording.length_s) if recording.kind == "eeg" else 1
    values = series.reshape(epochs, 1, -1)
    return Block(values, np.ones(values.shape, dtype=bool), recording.rate, recording.kind == "eeg")


def surrogate_of(measure: str) -> str:
    return measures.records()[measure].default_surrogate


def band_of(measure: str, recording: Recording) -> str:
    """``0.0333-0.125 Hz``; ``broad`` where the measure takes no band."""
    if not measures.records()[measure].needs_bands:
        return "broad"
    ((low, high),) = recording.bands.values()
    return f"{low:.3g}-{high:.3g} Hz"


def is_found(measure: str, a: Block, b: Block, bands: Mapping[str, Any], n_null: int, key: tuple[Any, ...]) -> bool:
    """Whether p is at most .05 with ``n_null`` surrogates, the measure's defaults throughout.

    Surrogates are measured together, as channels of one block or as orders of one call, and the counting stops where
    no further draw could make p small enough: the answer is that of ``inference.null.surrogate_draws`` (tested).
    """
    record, module = measures.records()[measure], measures.module(measure)
    settings = {**resolve_settings(record, {}), "bands": bands if record.needs_bands else {}}
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    null = surrogates.module(record.default_surrogate)
    index = null.draw_index(b, n_null, stream(*key), surrogate_settings(settings, module))
    if b.epoched:  # the recorded order and the others in one go
        order = np.concatenate([np.arange(b.shape[0])[None], index])
        value = module.draws(*prepared, record.default_surrogate, order).value[:, 0, 0, 0, 0]
        return bool(upper_p(value[0], value[1:]) <= LEVEL + 1e-9)
    observed = module.reduce(module.combine(*prepared)).value[0, 0, 0, 0]
    allowed = round(LEVEL * (n_null + 1)) - 1  # draws that may reach the observed value
    reached = 0
    for rows in np.split(index, [n_null // 4]):  # a quarter often settles that nothing is found
        moved = np.concatenate([null.apply(b, row).values for row in rows], axis=1)
        block = Block(moved, np.ones(moved.shape, dtype=bool), b.rate)
        drawn = module.reduce(module.combine(prepared[0], module.prepare(block, settings))).value[0, :, 0, 0]
        reached += round(float(upper_p(observed, drawn)) * (1 + len(drawn))) - 1
        if reached > allowed:
            return False
    return True


def count_found(
    recording: Recording,
    wanted: tuple[str, ...],
    strength: float,
    lag_s: float,
    n_pairs: int,
    n_null: int,
    seed: int,
) -> dict[str, int]:
    """How many of the same ``n_pairs`` pairs each of the ``wanted`` measures finds."""
    found = dict.fromkeys(wanted, 0)
    about = (recording.kind, recording.noise, f"{recording.rate:g}", f"{recording.length_s:g}")
    with filtered_once():
        for i in range(n_pairs):
            a, b = pair(recording, strength, lag_s, stream(seed, "pair", *about, i))
            for measure in wanted:
                found[measure] += is_found(measure, a, b, recording.bands, n_null, (seed, "null", *about, i))
    return found


@contextmanager
def filtered_once() -> Iterator[None]:
    """Four phase measures filter the same epochs: keep what MNE's filter gave for the two people last seen."""
    kept: dict[tuple[Any, ...], np.ndarray] = {}
    original = mne.filter.filter_data

    def remembered(values: np.ndarray, *args: Any, **kwargs: Any) -> np.ndarray:
        key = (values.tobytes(), values.shape, args)
        if key not in kept:
            while len(kept) >= 2:
                kept.pop(next(iter(kept)))
            kept[key] = original(values, *args, **kwargs)
        return kept[key].copy()

    with mock.patch.object(mne.filter, "filter_data", remembered):
        yield
