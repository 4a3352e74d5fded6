"""Cognitive-behavioural therapy."""

from __future__ import annotations

from interbrain.data.records import TherapyRecord

RECORD = TherapyRecord(
    name="cbt",
    title="Cognitive-behavioural therapy",
    emotion=(0.3, 0.6, 0.3),
    cognition=(0.6, 0.9, 0.8),
    stress=(0.1, 0.45, 0.1),
    scaffold=(0.0, 0.0, 0.0),
    safety=0.6,
    channels=(1.0, 1.0, 1.0, 1.0),
    narrative=0.6,
    practice=0.7,
    shares=(0.2, 0.5, 0.3),
    reasons={
        "emotion": "Exposure and behavioural experiments raise feeling in the middle of a session; physiological "
        "synchrony was found in segments of imagery and not in those of cognitive work (Prinz et al. 2022), so less "
        "than in emotion-focused work.",
        "cognition": "Thoughts are examined throughout: the highest of all therapies here.",
        "stress": "Exposure asks for mild to moderate stress in the middle; opening (agenda) and closing are calm.",
        "scaffold": "No shared rhythm is part of it.",
        "safety": "Collaboration is asked for, but safety is not the means of change.",
        "channels": "Two people in one room: all open.",
        "narrative": "A formulation is written together and returned to.",
        "practice": "Homework between sessions is part of the method.",
        "shares": "Agenda, work, summary with homework: a short opening.",
    },
    against="Which part of it carries its effect is disputed; it differs little from other bona fide therapies.",
    grade="D",
    reference="Prinz J, Rafaeli E, Reuter JK, Bar-Kalifa E, Lutz W (2022). Physiological activation and co-activation "
    "in an imagery-based treatment for test anxiety. Psychotherapy Research 32, 238–248.",
    doi="10.1080/10503307.2021.1918353",
)
