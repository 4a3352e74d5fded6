"""Plain chatting, a control that shares time, place and attention with therapy."""

from __future__ import annotations

from interbrain.data.records import TherapyRecord

RECORD = TherapyRecord(
    name="chatting",
    title="Plain chatting (control)",
    emotion=(0.3, 0.3, 0.3),
    cognition=(0.3, 0.3, 0.3),
    stress=(0.0, 0.0, 0.0),
    scaffold=(0.0, 0.0, 0.0),
    safety=0.3,
    channels=(1.0, 1.0, 1.0, 1.0),
    narrative=0.1,
    practice=0.0,
    shares=(0.34, 0.33, 0.33),
    reasons={
        "emotion": "Everyday feeling.",
        "cognition": "Everyday thought.",
        "stress": "None.",
        "scaffold": "None.",
        "safety": "Friendly, and nobody's task.",
        "channels": "Two people in one room: all open.",
        "narrative": "Stories are told, not made together.",
        "practice": "None.",
        "shares": "No phases: three equal thirds.",
    },
    against="One study found less synchrony and alliance in chatting than in counselling (Zhang et al. 2018: 34 "
    "clients, one session each); sizes are unknown to us.",
    grade="D",
    reference="Zhang Y, Meng T, Hou Y, Pan Y, Hu Y (2018). Interpersonal brain synchronization associated with working "
    "alliance during psychological counseling. Psychiatry Research: Neuroimaging 282, 103–109.",
    doi="",
)
