"""A waiting list: time passes, nobody meets."""

from __future__ import annotations

from interbrain.data.records import TherapyRecord

RECORD = TherapyRecord(
    name="wait_list",
    title="Wait-list (control)",
    emotion=(0.0, 0.0, 0.0),
    cognition=(0.0, 0.0, 0.0),
    stress=(0.0, 0.0, 0.0),
    scaffold=(0.0, 0.0, 0.0),
    safety=0.0,
    channels=(0.0, 0.0, 0.0, 0.0),
    narrative=0.0,
    practice=0.0,
    shares=(0.34, 0.33, 0.33),
    meets=False,
    reasons={
        "meets": "Sessions are dates on which questionnaires are filled in and nothing else happens; what changes is "
        "decay, relapse and the way back from the crisis in which help was sought.",
    },
    against="Waiting for a therapy is not nothing: some get worse, knowing that they must wait.",
    grade="D",
    reference="A control of the model; no source.",
    doi="",
)
