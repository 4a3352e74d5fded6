"""Heart rate, as a chest belt or an optical sensor reports it."""

from __future__ import annotations

import numpy as np

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Loaded
from interbrain.simulate.recordings.devices._sources import loaded, lose_contact, rhythm, slow
from interbrain.simulate.recordings.devices._state import MeetingState

RECORD = DeviceRecord(
    name="heart",
    title="Heart rate",
    modality="heart",
    rate=4.0,
    through=(),
    sensitivity=0.4,
    cycle_s=20.0,
    places=("heart_rate",),
    carries=("heart_rate",),
    unit="1/min",
    status="A slow Gaussian source beside respiratory and 0.1-Hz variability of each person's own; level rises with "
    "stress felt. Sizes are chosen within what resting adults show.",
    reference="Task Force of the ESC and NASPE (1996). Heart rate variability: standards of measurement, "
    "physiological interpretation, and clinical use. Circulation 93, 1043-1065.",
    doi="10.1161/01.CIR.93.5.1043",
)
SLOW_S = 3.0
SD, RESPIRATORY_SD, LOW_SD, NOISE_SD = 3.0, 1.5, 1.0, 0.3
"""1/min: of the slow source, of respiratory and 0.1-Hz variability, of the sensor."""
STRESS = 10.0
"""1/min that full stress adds."""
CHANNELS, BYTES = 1, 9
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Beats a minute at 4 Hz; the sensor is lost now and then."""
    n = len(state.times(RECORD.rate))

    def source(k: int) -> np.ndarray:
        return slow(random, k, RECORD.rate, SLOW_S)

    both = state.join(RECORD, (source(n), source(n)), source)
    found = []
    for person, trait in enumerate(traits):
        level = np.clip(trait.normal(70.0, 7.0), 50.0, 95.0) + STRESS * state.arousal[person]
        rate = level + SD * both[person] + NOISE_SD * random.standard_normal(n)
        rate += RESPIRATORY_SD * rhythm(random, n, RECORD.rate, random.uniform(0.2, 0.3), 8.0)
        rate += LOW_SD * rhythm(random, n, RECORD.rate, 0.1, 15.0)
        seen = lose_contact(random, np.clip(rate, 40.0, 180.0)[None], RECORD.rate, artefacts_per_minute)
        found.append(loaded(RECORD, RECORD.places, seen, state.segments()))
    return found[0], found[1]
