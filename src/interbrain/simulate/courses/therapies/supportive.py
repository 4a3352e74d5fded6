"""Supportive therapy."""

from __future__ import annotations

from interbrain.data.records import TherapyRecord

RECORD = TherapyRecord(
    name="supportive",
    title="Supportive therapy",
    emotion=(0.4, 0.5, 0.4),
    cognition=(0.3, 0.4, 0.4),
    stress=(0.05, 0.15, 0.05),
    scaffold=(0.0, 0.0, 0.0),
    safety=0.9,
    channels=(1.0, 1.0, 1.0, 1.0),
    narrative=0.4,
    practice=0.1,
    shares=(0.3, 0.4, 0.3),
    reasons={
        "emotion": "Feelings are received, not deepened.",
        "cognition": "Some ordering of problems.",
        "stress": "Challenge is avoided.",
        "scaffold": "None.",
        "safety": "Warmth and reliability are the method.",
        "channels": "Two people in one room: all open.",
        "narrative": "Telling and being heard, without a common formulation.",
        "practice": "No homework.",
        "shares": "Phases differ little.",
    },
    against="Compared fairly (same time, same training) it comes close to other therapies; the model makes it weaker "
    "because it lacks challenge, which is the hypothesis and not the finding.",
    grade="D",
    reference="Zhang Y, Meng T, Hou Y, Pan Y, Hu Y (2018). Interpersonal brain synchronization associated with working "
    "alliance during psychological counseling. Psychiatry Research: Neuroimaging 282, 103–109.",
    doi="",
)
