"""Who speaks when: events, and the same as a track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Loaded
from interbrain.simulate.recordings.devices._sources import loaded
from interbrain.simulate.recordings.devices._state import MeetingState

RECORD = DeviceRecord(
    name="turns",
    title="Turn-taking",
    modality="",
    rate=10.0,
    through=("voice",),
    sensitivity=0.0,
    cycle_s=0.0,
    places=("speaks",),
    carries=(),
    unit="",
    status="Turns are the model's own: they last a geometric number of beats of 2 s whatever the coupling, and one "
    "person speaks at a time. Nothing is planted in them.",
    reference="Sacks H, Schegloff EA, Jefferson G (1974). A simplest systematics for the organization of turn-taking "
    "for conversation. Language 50, 696-735.",
    doi="10.1353/lan.1974.0010",
)
CHANNELS, BYTES = 1, 1
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Each person's turns as intervals, and a track of 0 and 1 at 10 Hz."""
    del traits, random, artefacts_per_minute
    speech, tracks = state.speech(), state.speaks(RECORD.rate).astype(float)
    first, second = (
        replace(loaded(RECORD, RECORD.places, track[None], points), meta={"simulated": True})
        for track, points in zip(tracks, speech)
    )
    return first, second
