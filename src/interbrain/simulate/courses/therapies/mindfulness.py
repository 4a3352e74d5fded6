"""Mindfulness-based therapy."""

from __future__ import annotations

from interbrain.data.records import TherapyRecord

RECORD = TherapyRecord(
    name="mindfulness",
    title="Mindfulness-based therapy",
    emotion=(0.3, 0.5, 0.4),
    cognition=(0.3, 0.5, 0.6),
    stress=(0.05, 0.15, 0.05),
    scaffold=(0.3, 0.6, 0.1),
    safety=0.6,
    channels=(0.8, 0.3, 0.3, 1.0),
    narrative=0.3,
    practice=0.8,
    shares=(0.25, 0.5, 0.25),
    reasons={
        "emotion": "Feelings are noticed and let be, not sought.",
        "cognition": "Attention is trained and thoughts are noticed; they are not argued with.",
        "stress": "Little challenge.",
        "scaffold": "Breathing together under guidance is a rhythm from outside that both share.",
        "safety": "Acceptance is practised; the relation to the teacher is not the focus.",
        "channels": "Eyes are closed and bodies still for much of the time; breath and a guiding voice remain.",
        "narrative": "Inquiry after practice tells of the moment rather than of a life.",
        "practice": "Daily practice is part of the method.",
        "shares": "Arriving, practice, inquiry.",
    },
    against="Usually taught in groups; synchrony of a dyad in it was not found measured. A shared pacer makes two "
    "people look synchronous who do not attend to each other.",
    grade="D",
    reference="Segal ZV, Williams JMG, Teasdale JD (2013). Mindfulness-based cognitive therapy for depression, second "
    "edition. New York: Guilford Press.",
    doi="",
)
