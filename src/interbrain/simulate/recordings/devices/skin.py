"""Skin conductance at the palm: a slow level and responses on it."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Loaded
from interbrain.simulate.recordings.devices._sources import loaded, lose_contact, slow
from interbrain.simulate.recordings.devices._state import MeetingState

RECORD = DeviceRecord(
    name="skin",
    title="Skin conductance",
    modality="eda",
    rate=4.0,
    through=(),
    sensitivity=0.5,
    cycle_s=12.0,
    places=("eda",),
    carries=("eda",),
    unit="uS",
    status="The sudomotor drive is the exponential of a Gaussian source, seen through a response with a rise of 0.75 s "
    "and a decay of 2 s; after the exponential less is in common than in the source. Sizes are chosen.",
    reference="Benedek M, Kaernbach C (2010). A continuous measure of phasic electrodermal activity. Journal of "
    "Neuroscience Methods 190, 80-91.",
    doi="10.1016/j.jneumeth.2010.04.028",
)
DRIVE_S = 1.0
RISE_S, DECAY_S = 0.75, 2.0
RESPONSE_US = 0.12
STRESS = 0.5
"""Share by which full stress raises the level."""
CHANNELS, BYTES = 1, 9
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Microsiemens at 4 Hz; an electrode comes off now and then."""
    n = len(state.times(RECORD.rate))
    kernel = response(RECORD.rate)
    whole = n + len(kernel) - 1

    def source(k: int) -> np.ndarray:
        return slow(random, k, RECORD.rate, DRIVE_S)

    both = state.join(RECORD, (source(n), source(n)), source)
    found = []
    for person, trait in enumerate(traits):
        level = 4.0 * np.exp(0.4 * trait.standard_normal()) * (1 + STRESS * state.arousal[person])
        before = source(whole - n)
        drive = np.exp(np.concatenate([before, both[person]]))
        phasic = RESPONSE_US * fftconvolve(drive, kernel, mode="valid")
        drift = 0.1 * level * np.cumsum(random.standard_normal(n)) / np.sqrt(n)
        seen = np.maximum(level + drift + phasic + 0.002 * random.standard_normal(n), 0.01)
        seen = lose_contact(random, seen[None], RECORD.rate, artefacts_per_minute / 2)
        found.append(loaded(RECORD, RECORD.places, seen, state.segments()))
    return found[0], found[1]


def response(rate: float) -> np.ndarray:
    """A skin conductance response (difference of exponentials), unit peak."""
    t = np.arange(0.0, 15.0, 1 / rate)
    shape = np.exp(-t / DECAY_S) - np.exp(-t / RISE_S)
    return np.asarray(shape / shape.max())
