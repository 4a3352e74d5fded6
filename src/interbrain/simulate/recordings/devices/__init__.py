"""What devices record of a meeting, one instrument a file: a record and ``record(state, people, random)``.

Law of the room: the state of a meeting and a random stream in, what a device would have given for both people out.
What is in common between the two is decided by :class:`~interbrain.simulate.recordings.devices._state.MeetingState`
alone; an instrument adds what its device and the body add, for each person alone. How the model's meeting becomes the
share of a signal that is in common is an observation model, phenomenological throughout: ``docs/model/recordings.md``.
"""

from __future__ import annotations

from typing import Any

from interbrain.data.records import DeviceRecord, discover, load, record_of


def devices() -> dict[str, DeviceRecord]:
    """Every instrument by name."""
    return discover(__name__)


def device(name: str) -> DeviceRecord:
    """The instrument of that name; the error names all that there are."""
    record: DeviceRecord = record_of(__name__, name)
    return record


def device_module(name: str) -> Any:
    """The module behind a record, imported now."""
    return load(__name__, name)
