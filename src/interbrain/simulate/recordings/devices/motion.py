"""Motion energy from a camera: how many pixels change, in the regions of head and body."""

from __future__ import annotations

import numpy as np

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Loaded
from interbrain.simulate.recordings.devices._sources import loaded, lose_contact, slow
from interbrain.simulate.recordings.devices._state import MeetingState

RECORD = DeviceRecord(
    name="motion",
    title="Motion energy",
    modality="motion",
    rate=25.0,
    through=("movement", "gaze"),
    sensitivity=0.5,
    cycle_s=4.0,
    places=("head", "body"),
    carries=("head", "body"),
    unit="",
    status="Movement comes in bouts: a Gaussian source below whose threshold a body is still; sizes and durations are "
    "chosen. Who speaks does not move more than who listens, unlike in people.",
    reference="Ramseyer F, Tschacher W (2011). Nonverbal synchrony in psychotherapy: coordinated body movement "
    "reflects relationship quality and outcome. Journal of Consulting and Clinical Psychology 79, 284-295.",
    doi="10.1037/a0023419",
)
BOUT_S = 0.4
THRESHOLD = -0.25
PIXELS = 400.0
CHANNELS, BYTES = 2, 1.4
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Changed pixels a frame, 0 where a body is still."""
    n = len(state.times(RECORD.rate))

    def source(k: int) -> np.ndarray:
        return slow(random, k, RECORD.rate, BOUT_S)

    pairs = [state.join(RECORD, (source(n), source(n)), source) for _ in RECORD.places]
    return _seen(state, pairs, 0, traits[0], random, artefacts_per_minute), _seen(
        state, pairs, 1, traits[1], random, artefacts_per_minute
    )


def _seen(
    state: MeetingState,
    pairs: list[tuple[np.ndarray, np.ndarray]],
    person: int,
    trait: np.random.Generator,
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> Loaded:
    size = PIXELS * np.exp(0.3 * trait.standard_normal())
    energy = np.stack([np.maximum(pair[person] - THRESHOLD, 0.0) ** 1.5 for pair in pairs]) * size
    energy = np.rint(energy * np.array([[0.6], [1.0]]))
    return loaded(RECORD, RECORD.places, lose_contact(random, energy, RECORD.rate, artefacts_per_minute / 3),
                  state.segments())  # fmt: skip
