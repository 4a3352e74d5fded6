"""Pitch and loudness of each person's voice, one microphone each."""

from __future__ import annotations

import numpy as np

from interbrain.data.records import DeviceRecord
from interbrain.data.study import Loaded
from interbrain.simulate.dyads._gains import BEAT_S
from interbrain.simulate.recordings.devices._sources import loaded, slow
from interbrain.simulate.recordings.devices._state import MeetingState

RECORD = DeviceRecord(
    name="voice",
    title="Voice: pitch and loudness",
    modality="voice",
    rate=10.0,
    through=("voice",),
    sensitivity=0.6,
    cycle_s=20.0,
    places=("pitch", "loudness"),
    carries=("pitch", "loudness"),
    unit="",
    status="One slow source a person raises pitch and loudness together; pitch is bridged by a straight line where a "
    "person is silent, as studies of pitch over a session do; loudness is 0 there. Since people take turns, loudness "
    "of the two excludes each other by itself, and at rest nobody speaks. Pauses and murmurs are chosen.",
    reference="Imel ZE, Barco JS, Brown HJ, Baucom BR, Baer JS, Kircher JC, Atkins DC (2014). The association of "
    "therapist empathy and synchrony in vocally encoded arousal. Journal of Counseling Psychology 61, 146-153.",
    doi="10.1037/a0034943",
)
MOOD_S = 6.0
EDGE_S = 0.3
"""SD of when a person takes and leaves the turn, round the model's."""
PAUSES, MURMURS = -0.6, 2.2
"""Below and above these of a source of 0.3 s a speaker pauses (a quarter of the turn), a listener says mhm (1.4 %)."""
ONE_SOURCE = True
"""Behind pitch and loudness."""
SEMITONES, DECIBEL = 2.0, 4.0
"""That one SD of the source adds."""
LOUDNESS_DB = 60.0
CHANNELS, BYTES = 2, 9
"""Channels, and bytes that one number of them takes on disk, about."""


def record(
    state: MeetingState,
    traits: tuple[np.random.Generator, np.random.Generator],
    random: np.random.Generator,
    artefacts_per_minute: float,
) -> tuple[Loaded, Loaded]:
    """Pitch in semitones over 55 Hz and loudness in dB, at 10 Hz."""
    del artefacts_per_minute
    n = len(state.times(RECORD.rate))

    def source(k: int) -> np.ndarray:
        return slow(random, k, RECORD.rate, MOOD_S)

    both = state.join(RECORD, (source(n), source(n)), source)
    found = []
    for person, trait in enumerate(traits):
        speaks = voiced(state, person, random)
        hertz = float(np.clip(trait.normal(165.0, 40.0), 85.0, 255.0))
        pitch = 12 * np.log2(hertz / 55.0) + SEMITONES * both[person] + 0.5 * slow(random, n, RECORD.rate, 0.3)
        loudness = (
            LOUDNESS_DB + trait.normal(0.0, 3.0) + DECIBEL * both[person] + 3.0 * slow(random, n, RECORD.rate, 0.2)
        )
        at = np.arange(n)
        if speaks.any():
            pitch = np.interp(at, at[speaks], pitch[speaks], left=np.nan, right=np.nan)
        else:
            pitch = np.full(n, np.nan)
        seen = np.stack([pitch, np.where(speaks, np.maximum(loudness, 20.0), 0.0)])
        found.append(loaded(RECORD, RECORD.places, seen, state.segments()))
    return found[0], found[1]


def voiced(state: MeetingState, person: int, random: np.random.Generator) -> np.ndarray:
    """``(time,)``: whether a voice sounds. Edges of turns, pauses and murmurs are each person's own."""
    t = state.times(RECORD.rate) - state.rest_s
    n = len(t)
    beat = np.floor((t + EDGE_S * slow(random, n, RECORD.rate, 4.0)) / BEAT_S).astype(int)
    turn = state.speaker[np.clip(beat, 0, len(state.speaker) - 1)] == person
    breath = slow(random, n, RECORD.rate, 0.3)
    return np.asarray((t >= 0) & np.where(turn, breath > PAUSES, breath > MURMURS))
