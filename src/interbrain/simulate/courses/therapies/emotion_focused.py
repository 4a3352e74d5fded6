"""Emotion-focused and relational therapy."""

from __future__ import annotations

from interbrain.data.records import TherapyRecord

RECORD = TherapyRecord(
    name="emotion_focused",
    title="Emotion-focused and relational therapy",
    emotion=(0.5, 0.9, 0.5),
    cognition=(0.3, 0.6, 0.7),
    stress=(0.1, 0.45, 0.1),
    scaffold=(0.1, 0.1, 0.1),
    safety=0.9,
    channels=(1.0, 1.0, 1.0, 1.0),
    narrative=0.7,
    practice=0.2,
    shares=(0.25, 0.45, 0.3),
    reasons={
        "emotion": "Emotion is sought and deepened in the middle; skin synchrony in imagery predicted the next "
        "session's wellbeing (Prinz et al. 2022, doi:10.1080/10503307.2021.1918353).",
        "cognition": "New meaning is made of what was felt, mostly towards the end.",
        "stress": "Painful feelings are approached: mild to moderate.",
        "scaffold": "A slow, matched voice: a little.",
        "safety": "Attunement and empathy are the ground of the work; the highest of all therapies here.",
        "channels": "Two people in one room: all open.",
        "narrative": "What was felt is put into a new story together.",
        "practice": "Little homework.",
        "shares": "Attuning takes time.",
    },
    against="Those segments of imagery were part of a treatment of test anxiety, not this therapy.",
    grade="D",
    reference="Koole SL, Tschacher W (2016). Synchrony in psychotherapy: a review and an integrative framework for the "
    "therapeutic alliance. Frontiers in Psychology 7, 862.",
    doi="10.3389/fpsyg.2016.00862",
)
