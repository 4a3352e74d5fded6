"""Events and intervals with labels on the meeting's clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interbrain.data.errors import BadInput


@dataclass(frozen=True, eq=False)
class Points:
    """Markers, taps, speech turns or codes: ``onset`` and ``duration`` in seconds, one ``label`` each."""

    onset: np.ndarray
    duration: np.ndarray
    label: tuple[str, ...]

    def __post_init__(self) -> None:
        onset = np.asarray(self.onset, dtype=np.float64).reshape(-1)
        duration = np.asarray(self.duration, dtype=np.float64).reshape(-1)
        if not (len(onset) == len(duration) == len(self.label)):
            raise BadInput(
                f"Points: {len(onset)} onsets, {len(duration)} durations and {len(self.label)} labels; "
                "there must be as many of each."
            )
        object.__setattr__(self, "onset", onset)
        object.__setattr__(self, "duration", duration)
        object.__setattr__(self, "label", tuple(str(x) for x in self.label))

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def none(cls) -> Points:
        return cls(np.empty(0), np.empty(0), ())
