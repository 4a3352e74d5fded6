"""Sixteen electrodes over a few cortical sources."""

from __future__ import annotations

import numpy as np

from interbrain.data.points import Points
from interbrain.data.records import DeviceRecord
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded
from interbrain.simulate.recordings.devices._sources import pink, rhythm
from interbrain.simulate.recordings.devices._state import MeetingState

RECORD = DeviceRecord(
    name="eeg",
    title="Electroencephalogram",
    modality="eeg",
    rate=125.0,
    through=(),
    sensitivity=0.5,
    cycle_s=0.1,
    places=("lTPJ", "rTPJ", "lIFG", "rIFG", "occipital", "motor"),
    carries=("lTPJ", "rTPJ"),
    unit="V",
    status="Alpha of both temporo-parietal junctions carries what is in common, as a rhythm of one rate in both; "
    "mixing is a Gaussian of distance on a sphere, not a head model; background is 1/f. All of it is phenomenological: "
    "the model's rhythms are of about 1 Hz.",
    reference="Dumas G, Nadel J, Soussignan R, Martinerie J, Garnero L (2010). Inter-brain synchronization during "
    "social interaction. PLoS ONE 5, e12166.",
    doi="10.1371/journal.pone.0012166",
)
ALPHA_HZ, ALPHA_MEMORY_S = 10.0, 0.4
ALPHA_V, BACKGROUND_V, BLINK_V, NOISE_V = 8e-6, 6e-6, 1.2e-4, 5e-7
WIDTH = 0.5
"""SD of the mixing on the unit sphere."""
BLINKS_PER_MINUTE, BLINK_S = 15.0, 0.3

ELECTRODES: dict[str, tuple[float, float]] = {
    "Fp1": (-18, 0), "Fp2": (18, 0), "F7": (-54, 0), "F3": (-39, 30), "Fz": (0, 45), "F4": (39, 30), "F8": (54, 0),
    "C3": (-90, 45), "Cz": (0, 90), "C4": (90, 45), "P7": (-126, 0), "P3": (-141, 30), "Pz": (180, 45),
    "P4": (141, 30), "P8": (126, 0), "Oz": (180, 0),
}  # fmt: skip
"""Angle from the nose to the right and height over the ears, degrees: roughly the 10-20 system on a sphere."""
SOURCES: dict[str, tuple[float, float]] = {
    "lTPJ": (-115, 20), "rTPJ": (115, 20), "lIFG": (-55, 10), "rIFG": (55, 10), "occipital": (180, 10),
    "motor": (0, 80), "eyes": (0, -25),
}  # fmt: skip
CHANNELS, BYTES = len(ELECTRODES), 8
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Volts at 125 Hz; electrodes that come loose go flat."""
    n = len(state.times(RECORD.rate))

    def alpha(k: int, hz: float = ALPHA_HZ) -> np.ndarray:
        return rhythm(random, k, RECORD.rate, hz, ALPHA_MEMORY_S)

    own_hz = [float(np.clip(trait.normal(ALPHA_HZ, 0.4), 9.0, 11.0)) for trait in traits]
    first, second = (np.stack([alpha(n, hz) for _ in RECORD.places]) for hz in own_hz)
    for name in RECORD.carries:
        row = RECORD.places.index(name)
        first[row], second[row] = state.join(RECORD, (first[row], second[row]), alpha)
    a, b = (_seen(brain, state.segments(), random, artefacts_per_minute) for brain in (first, second))
    return a, b


def _seen(brain: np.ndarray, points: Points, random: np.random.Generator, artefacts_per_minute: float) -> Loaded:
    n = brain.shape[1]
    cortex = ALPHA_V * brain + BACKGROUND_V * pink(random, len(brain), n)
    mixed = mixing(tuple(RECORD.places)) @ cortex + mixing(("eyes",)) @ (BLINK_V * _blinks(random, n))[None]
    mixed = mixed + BACKGROUND_V * 0.5 * pink(random, len(ELECTRODES), n)
    mixed = mixed + NOISE_V * random.standard_normal(mixed.shape)
    for _ in range(random.poisson(artefacts_per_minute * n / RECORD.rate / 60 / 3)):
        channel, start = int(random.integers(len(mixed))), int(random.integers(n))
        mixed[channel, start : start + round(random.uniform(3.0, 8.0) * RECORD.rate)] = 0.0
    channels = tuple(
        Channel(name, "eeg", "V", region(name), position=tuple((0.09 * place(*ELECTRODES[name])).tolist()))
        for name in ELECTRODES
    )
    return Loaded(Signal(mixed[None], RECORD.rate, channels), points, {"simulated": True})


def place(azimuth: float, height: float) -> np.ndarray:
    """On the unit sphere: right, front, top."""
    a, h = np.deg2rad(azimuth), np.deg2rad(height)
    return np.array([np.cos(h) * np.sin(a), np.cos(h) * np.cos(a), np.sin(h)])


def mixing(sources: tuple[str, ...]) -> np.ndarray:
    """``(electrode, source)``: a Gaussian of the straight distance."""
    at = np.stack([place(*where) for where in ELECTRODES.values()])
    of = np.stack([place(*SOURCES[name]) for name in sources])
    distance = np.linalg.norm(at[:, None] - of[None], axis=2)
    return np.asarray(np.exp(-0.5 * (distance / WIDTH) ** 2))


def region(electrode: str) -> str:
    """Where an electrode's strongest source lies."""
    weights = mixing(RECORD.places)[list(ELECTRODES).index(electrode)]
    return RECORD.places[int(np.argmax(weights))]


def _blinks(random: np.random.Generator, n: int) -> np.ndarray:
    trace, width = np.zeros(n), round(BLINK_S * RECORD.rate)
    shape = np.sin(np.pi * np.arange(width) / width) ** 2
    for start in random.integers(0, max(n - width, 1), random.poisson(BLINKS_PER_MINUTE * n / RECORD.rate / 60)):
        trace[start : start + width] += shape[: n - start]
    return trace


def regions() -> dict[str, str]:
    """The source that each electrode sees most of."""
    return {name: region(name) for name in ELECTRODES}
