"""What instruments see of a meeting, and what two people's signals have in common in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.points import Points
from interbrain.data.records import DeviceRecord
from interbrain.simulate.dyads._behaviour import CHANNELS
from interbrain.simulate.dyads._gains import BEAT_S
from interbrain.simulate.recordings.in_common import ahead_by, in_common, margin

LARGEST_SHARE = 0.95
FARTHEST_RAD = np.pi / 2
"""Beyond a quarter of a cycle a phase difference says nothing about who leads."""
REST, SESSION = "rest", "session"
WITH = {"therapist": "with therapist", "stranger": "with stranger"}
"""Segments of measured conversations, by the partner."""


@dataclass(frozen=True, eq=False)
class MeetingState:
    """Rest, during which nobody hears the other, if there is one; then the session or a measured conversation.

    Parameters
    ----------
    rest_s
        s.
    speaker
        ``(beat,)``, 0 or 1, of the session, in beats of 2 s.
    contact
        ``(beat,)``: what being in contact adds to synchrony, 0 to 1.
    lead_rad
        Positive where the first person leads.
    pull
        ``(channel,)``: pull of each channel of behaviour over that of the strongest, 0 to 1.
    arousal
        ``(2,)``: of each person, 0 to 1 (stress felt).
    what
        Further truth of this meeting, for ``truth.json``.
    name
        Of the segment after the rest.
    """

    rest_s: float
    speaker: np.ndarray
    contact: np.ndarray
    lead_rad: float = 0.0
    pull: np.ndarray = field(default_factory=lambda: np.ones(len(CHANNELS)))
    arousal: tuple[float, float] = (0.0, 0.0)
    what: dict[str, object] = field(default_factory=dict)
    name: str = SESSION

    def __post_init__(self) -> None:
        if len(self.speaker) != len(self.contact) or not len(self.contact):
            raise BadInput(
                f"MeetingState: {len(self.speaker)} beats of speech and {len(self.contact)} of contact; "
                "as many of each are needed, one or more."
            )
        if not (np.all(self.contact >= 0) and np.all(self.contact <= 1)):
            raise BadInput("MeetingState: contact must lie between 0 and 1 in every beat.")

    @property
    def session_s(self) -> float:
        return len(self.contact) * BEAT_S

    @property
    def duration(self) -> float:
        """s, rest and session."""
        return self.rest_s + self.session_s

    def times(self, rate: float) -> np.ndarray:
        """``(time,)`` in s, of every sample at a rate."""
        return np.arange(round(self.duration * rate)) / rate

    def passes(self, record: DeviceRecord) -> float:
        """How far contact reaches this signal: the strongest of its channels of behaviour over the strongest of all."""
        if not record.through:
            return 1.0
        return float(max(self.pull[CHANNELS.index(name)] for name in record.through))

    def share(self, record: DeviceRecord, rate: float | None = None) -> np.ndarray:
        """``(time,)``: share of the source's variance that both people have in common; exactly 0 at rest."""
        t = self.times(rate or record.rate) - self.rest_s
        middles = (np.arange(len(self.contact)) + 0.5) * BEAT_S
        most = record.sensitivity * self.passes(record)
        share = np.minimum(most * np.interp(t, middles, self.contact), LARGEST_SHARE)
        return np.where(t >= 0, share, 0.0)

    def lag_s(self, record: DeviceRecord) -> float:
        """s by which the first person's signal is ahead: the lead as a part of the signal's own cycle."""
        lead = float(np.clip(self.lead_rad, -FARTHEST_RAD, FARTHEST_RAD))
        return lead / (2 * np.pi) * record.cycle_s

    def join(
        self,
        record: DeviceRecord,
        own: tuple[np.ndarray, np.ndarray],
        source: Callable[[int], np.ndarray],
        rate: float | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both people's source with the planted part in common; ``source(n)`` draws one series of unit variance."""
        rate = rate or record.rate
        lag = self.lag_s(record) * rate
        shared = ahead_by(source(len(own[0]) + 2 * margin(lag)), lag)
        return in_common(own, shared, self.share(record, rate))

    def planted(self, record: DeviceRecord) -> dict[str, float]:
        """What is planted in this signal: mean share in common over the session, and the first person's lead in s."""
        in_session = self.share(record)[round(self.rest_s * record.rate) :]
        return {
            "coupling": round(float(in_session.mean()), 6),
            "lag_s": round(self.lag_s(record), 6),
        }

    def speech(self) -> tuple[Points, Points]:
        """Each person's turns in the session, as intervals on the meeting's clock."""
        starts = np.flatnonzero(np.diff(self.speaker, prepend=-1))
        stops = np.append(starts[1:], len(self.speaker))
        found = []
        for person in (0, 1):
            mine = self.speaker[starts] == person
            onset = self.rest_s + starts[mine] * BEAT_S
            found.append(Points(onset, (stops - starts)[mine] * BEAT_S, ("speaks",) * int(mine.sum())))
        return found[0], found[1]

    def speaks(self, rate: float) -> np.ndarray:
        """``(2, time)``: whether each person speaks; at rest nobody does."""
        t = self.times(rate) - self.rest_s
        beat = np.clip((t / BEAT_S).astype(int), 0, len(self.speaker) - 1)
        return np.stack([(t >= 0) & (self.speaker[beat] == person) for person in (0, 1)])

    def segments(self) -> Points:
        """The rest, where there is one, and what follows it."""
        rest = (0.0,) if self.rest_s else ()
        onset, length = np.array([*rest, self.rest_s]), np.array([*(self.rest_s for _ in rest), self.session_s])
        return Points(onset, length, (*(REST for _ in rest), self.name))
