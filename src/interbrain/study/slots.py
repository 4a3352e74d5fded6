"""Where a recording stands in a study, whatever its labels say."""

from __future__ import annotations

from interbrain.data.study import Meeting, Recording, Study

Slot = tuple[str, int]
"""Meeting key and the recording's position in it."""


def slots(study: Study) -> dict[Slot, tuple[Meeting, Recording]]:
    return {(m.key, i): (m, r) for m in study.meetings for i, r in enumerate(m.recordings)}


def where(meeting: Meeting, recording: Recording) -> str:
    condition = f", {meeting.condition}" if meeting.condition else ""
    return f"group {meeting.group}, session {meeting.session}{condition}, {recording.role}, {recording.modality}"
