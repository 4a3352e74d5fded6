"""Two recordings of one meeting on one clock.

The meeting's zero is the first sample of side A unless the study states offsets. Where both files carry a start time,
their difference places side B; where one of them carries none, they are taken as started together, and that is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from interbrain.data.errors import BadInput
from interbrain.data.signal import Signal
from interbrain.data.study import Recording


def starts(a: Recording, b: Recording, meta_a: dict[str, Any], meta_b: dict[str, Any]) -> tuple[float, float, str]:
    """Seconds from the meeting's zero to each first sample, and a sentence on where they come from."""
    if a.offset_s is not None or b.offset_s is not None:
        return a.offset_s or 0.0, b.offset_s or 0.0, "starts as the study states them"
    if a.path == b.path and a.options == b.options:
        return 0.0, 0.0, "both in one file"
    if meta_a.get("start_time") and meta_b.get("start_time"):
        delay = (_instant(meta_b) - _instant(meta_a)).total_seconds()
        return 0.0, delay, "starts from the files' own clocks"
    return 0.0, 0.0, "no start time in the files: taken as started together"


def _instant(meta: dict[str, Any]) -> datetime:
    try:
        instant = datetime.fromisoformat(str(meta["start_time"]))
    except ValueError as error:
        raise BadInput(f"start time {meta['start_time']!r} is not ISO 8601; state offset_s for this file.") from error
    return instant.replace(tzinfo=None)


def on_clock(signal: Signal, start_s: float) -> Signal:
    """The signal with its start as a whole number of samples (at most half a sample from the stated time)."""
    if signal.epoched:
        return signal
    return signal.with_values(signal.values, start=round(start_s * signal.rate))
