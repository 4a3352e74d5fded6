"""Near-infrared light over temporo-parietal and frontal cortex."""

from __future__ import annotations

import numpy as np

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Loaded
from interbrain.simulate.recordings import haemodynamics as haemo
from interbrain.simulate.recordings.devices._state import MeetingState
from interbrain.simulate.recordings.light import cap, light

RECORD = DeviceRecord(
    name="fnirs",
    title="Functional near-infrared spectroscopy",
    modality="fnirs",
    rate=5.0,
    through=(),
    sensitivity=0.8,
    cycle_s=16.0,
    places=("lIFG", "rIFG", "lTPJ", "rTPJ"),
    carries=("rTPJ",),
    unit="V",
    status="Slow neural envelopes are white noise seen through the haemodynamic response; that the right "
    "temporo-parietal junction carries what is in common, and only it, is chosen; light follows the modified "
    "Beer-Lambert law.",
    reference="Delpy DT, Cope M, van der Zee P, Arridge S, Wray S, Wyatt J (1988). Estimation of optical pathlength "
    "through tissue from direct time of flight measurement. Physics in Medicine and Biology 33, 1433-1442.",
    doi="10.1088/0031-9155/33/12/008",
)
PER_REGION, SHORT = 2, 1
CHANNEL_NOISE = 0.25
"""SD of a channel's own slow noise; the source's is 1."""
CHANNELS, BYTES = 2 * (PER_REGION * len(RECORD.places) + SHORT), 8
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Raw light at two wavelengths, V: two channels a region and a short one."""
    del traits
    n = len(state.times(RECORD.rate))
    first, second = (haemo.source(random, len(RECORD.places), n, RECORD.rate) for _ in (0, 1))
    for name in RECORD.carries:
        row = RECORD.places.index(name)
        first[row], second[row] = state.join(RECORD, (first[row], second[row]), lambda k: _one(random, k))
    worn = cap(RECORD.places, PER_REGION, SHORT)
    under = [*np.repeat(np.arange(len(RECORD.places)), PER_REGION), *(0,) * SHORT]
    a, b = (
        light(worn, brain[under], RECORD.rate, random, CHANNEL_NOISE, artefacts_per_minute) for brain in (first, second)
    )
    return Loaded(a, state.segments(), {"simulated": True}), Loaded(b, state.segments(), {"simulated": True})


def _one(random: np.random.Generator, n: int) -> np.ndarray:
    return haemo.source(random, 1, n, RECORD.rate)[0]


def regions() -> dict[str, str]:
    """Where each channel lies."""
    worn = cap(RECORD.places, PER_REGION, SHORT)
    return {name: place for name, place, short in zip(worn.names, worn.regions, worn.short) if not short}
