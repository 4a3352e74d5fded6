"""One body in two recordings: heart or breath that keep step from beat to beat.

Two hearts have their own rates and wander on their own, so the phase between them runs through all angles; in two
recordings of one body it stands still. Breath can be shared by two people who are in the same room, and by strangers
who breathe to the same pacer; hearts are not. A rhythm that does not wander at all is no body's: it is a machine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.fft import next_fast_len, rfft, rfftfreq

from interbrain.data.signal import Signal
from interbrain.signals.gaps import fill_linear

BANDS = {"heart": (0.7, 2.2), "breath": (0.13, 0.5)}
GRID = 2.0
"""Hz of the kept phase; a phase faster than this is kept as its alias, the same in every recording."""
FEWEST_S = {"heart": 60.0, "breath": 120.0}
WIDTH = {"heart": 0.2, "breath": 0.06}
"""Half width in Hz of the rhythm round its highest peak."""
CLEAR = 0.35
"""Part of the band's power that must lie in the rhythm; noise of an even spectrum has 0.27 and 0.32 at most."""
LOCKED = 0.8
"""Phase locking value over all common samples from which two recordings hold one body."""
MACHINE = 0.9
"""Phase locking with a sine of one frequency from which a rhythm is a machine's."""


@dataclass(frozen=True, eq=False)
class Rhythm:
    """Unit phasors at 2 Hz from the first sample on, ``hz`` of the highest peak, and how steady it is (0 to 1)."""

    phasors: np.ndarray
    hz: float
    steady: float


@dataclass(frozen=True)
class OneBody:
    """Two recordings in which a rhythm keeps step: ``locking`` over ``seconds``."""

    id_a: str
    id_b: str
    rhythm: str
    locking: float
    seconds: float
    hz: float


def rhythms(signal: Signal) -> dict[str, Rhythm]:
    """Heart and breath of a recording, where they are clear."""
    found: dict[str, Rhythm] = {}
    if signal.epoched or not signal.channels:
        return found
    values, valid = signal.values[0], signal.valid[0]  # type: ignore[index]
    spread = np.array([v[good].std() if good.any() else 0.0 for v, good in zip(values, valid)])
    alive = np.flatnonzero(spread > 0)
    enough = valid.any(axis=0).mean() > 0.8
    for name, (low, high) in BANDS.items():
        high = min(high, 0.42 * signal.rate)
        if not len(alive) or not enough or high < 2.4 * low or signal.duration < FEWEST_S[name]:
            continue
        rhythm = _rhythm(fill_linear(values[alive], valid[alive]), signal.rate, low, high, WIDTH[name])
        if rhythm is not None:
            found[name] = rhythm
    return found


def _rhythm(x: np.ndarray, rate: float, low: float, high: float, width: float) -> Rhythm | None:
    padded = next_fast_len(x.shape[1], real=True)
    frequency = rfftfreq(padded, 1 / rate)
    inside = (frequency >= low) & (frequency <= high)
    spectra = rfft(x - x.mean(axis=1, keepdims=True), padded, axis=1)[:, inside]
    spectra /= np.sqrt((np.abs(spectra) ** 2).sum(axis=1, keepdims=True)) + 1e-300
    weights = np.linalg.eigh((spectra @ spectra.conj().T).real)[1][:, -1]  # what the channels have in common
    spectrum = weights @ spectra
    f, power = frequency[inside], np.abs(spectrum) ** 2
    window = max(1, round(2 * width * padded / rate))
    smooth = np.convolve(power, np.ones(window), mode="same")
    peak = float(f[np.argmax(smooth)])
    near = np.abs(f - peak) <= width
    if power[near].sum() < CLEAR * power.sum():
        return None
    n_grid = int(x.shape[1] / rate * GRID)
    analytic = np.zeros(padded, dtype=complex)
    analytic[np.flatnonzero(inside)[near]] = spectrum[near]
    analytic = np.fft.ifft(analytic)[: x.shape[1]]
    time = np.arange(x.shape[1]) / rate
    slow = analytic * np.exp(-2j * np.pi * peak * time)
    grid = np.arange(n_grid) / GRID
    slow = np.interp(grid, time, slow.real) + 1j * np.interp(grid, time, slow.imag)
    unit = slow / np.maximum(np.abs(slow), 1e-300)
    steady = float(np.abs(np.fft.fft(unit, 4 * len(unit))).max() / len(unit))
    return Rhythm((unit * np.exp(2j * np.pi * peak * grid)).astype(np.complex64), peak, steady)


def find_bodies(recordings: Mapping[str, Mapping[str, Rhythm]], locked: float = LOCKED) -> list[OneBody]:
    """Pairs of recordings in which heart or breath keep step from their first samples on, strongest first.

    All pairs are compared at 2 Hz, in one matrix product a block of time.
    """
    found = []
    for name in BANDS:
        ids = [i for i, r in recordings.items() if name in r and r[name].steady < MACHINE]
        if len(ids) < 2:
            continue
        locking, common = _locking([recordings[i][name].phasors for i in ids])
        enough = common / GRID >= FEWEST_S[name]
        for a, b in np.argwhere(np.triu((locking >= locked) & enough, 1)):
            about = recordings[ids[a]][name]
            found.append(OneBody(ids[a], ids[b], name, float(locking[a, b]), float(common[a, b] / GRID), about.hz))
    return sorted(found, key=lambda f: (-f.locking, f.id_a, f.id_b))


def _locking(phasors: list[np.ndarray], block: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """Phase locking value of all pairs over the samples both have, and how many those are."""
    n = len(phasors)
    lengths = np.array([len(p) for p in phasors])
    total = np.zeros((n, n), dtype=complex)
    for start in range(0, int(lengths.max()), block):
        part = np.zeros((n, block), dtype=np.complex64)
        for row, p in enumerate(phasors):
            piece = p[start : start + block]
            part[row, : len(piece)] = piece
        total += part @ part.conj().T
    common = np.minimum.outer(lengths, lengths)
    return np.abs(total) / np.maximum(common, 1), common
