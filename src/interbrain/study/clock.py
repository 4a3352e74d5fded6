"""Two recordings of one meeting on one clock.

The meeting's zero is the first sample of its first recording (side A, where there is one modality) unless the study
states offsets. Where files carry start times, these place them; where one of two carries none, they are taken as
started together, and that is told.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from interbrain.data.errors import BadInput
from interbrain.data.signal import Signal
from interbrain.data.study import Recording


def starts(
    a: Recording, b: Recording, meta_a: dict[str, Any], meta_b: dict[str, Any], zero: str | None = None
) -> tuple[float, float, str]:
    """Seconds from the meeting's zero to each first sample, and a sentence on where they come from.

    ``zero`` is the start time of the meeting's first recording; without it, zero is the first sample of ``a``.
    """
    if a.offset_s is not None or b.offset_s is not None:
        return a.offset_s or 0.0, b.offset_s or 0.0, "starts as the study states them"
    if a.path == b.path and a.options == b.options:
        late = _seconds(zero, meta_a["start_time"]) if zero and meta_a.get("start_time") else 0.0
        return late, late, "both in one file"
    if meta_a.get("start_time") and meta_b.get("start_time"):
        zero = zero or meta_a["start_time"]
        late_a, late_b = _seconds(zero, meta_a["start_time"]), _seconds(zero, meta_b["start_time"])
        return late_a, late_b, "starts from the files' own clocks"
    return 0.0, 0.0, "no start time in the files: taken as started together"


def _seconds(zero: str, start_time: str) -> float:
    return (_instant(start_time) - _instant(zero)).total_seconds()


def _instant(start_time: str) -> datetime:
    """The instant in UTC where the zone is known, else as it stands."""
    try:
        instant = datetime.fromisoformat(str(start_time))
    except ValueError as error:
        raise BadInput(f"start time {start_time!r} is not ISO 8601; state offset_s for this file.") from error
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)


def on_clock(signal: Signal, start_s: float) -> Signal:
    """The signal with its start as a whole number of samples (at most half a sample from the stated time)."""
    if signal.epoched:
        return signal
    return signal.with_values(signal.values, start=round(start_s * signal.rate))
