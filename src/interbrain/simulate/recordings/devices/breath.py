"""A belt round the chest."""

from __future__ import annotations

import numpy as np

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Loaded
from interbrain.simulate.recordings.devices._sources import loaded, lose_contact, rhythm
from interbrain.simulate.recordings.devices._state import MeetingState

RECORD = DeviceRecord(
    name="breath",
    title="Breathing",
    modality="misc",
    rate=10.0,
    through=("breath",),
    sensitivity=0.5,
    cycle_s=4.0,
    places=("resp",),
    carries=("resp",),
    unit="",
    status="A Gaussian rhythm round a quarter of a Hertz, of which a part is in common; who breathes together does so "
    "at one rate, chosen anew each meeting. Speech does not change it, unlike in people.",
    reference="McFarland DH (2001). Respiratory markers of conversational interaction. Journal of Speech, Language, "
    "and Hearing Research 44, 128-143.",
    doi="10.1044/1092-4388(2001/012)",
)
MEMORY_S = 6.0
CHANNELS, BYTES = 1, 9
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Stretch of the belt at 10 Hz, arbitrary units; positive is breathed in."""
    n = len(state.times(RECORD.rate))
    own = [rhythm(random, n, RECORD.rate, float(np.clip(t.normal(0.25, 0.02), 0.17, 0.33)), MEMORY_S) for t in traits]
    together = random.uniform(0.22, 0.28)
    both = state.join(RECORD, (own[0], own[1]), lambda k: rhythm(random, k, RECORD.rate, together, MEMORY_S))
    found = []
    for person, trait in enumerate(traits):
        size = np.exp(0.3 * trait.standard_normal())
        seen = size * both[person] + 0.3 * np.cumsum(random.standard_normal(n)) / np.sqrt(n)
        seen = seen + 0.02 * random.standard_normal(n)
        seen = lose_contact(random, seen[None], RECORD.rate, artefacts_per_minute / 2)
        found.append(loaded(RECORD, RECORD.places, seen, state.segments()))
    return found[0], found[1]
