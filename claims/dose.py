"""Exposure to high synchrony."""

from claims._record import BASE, Claim, Contrast, course

LOW = {"therapist_gain": (0.1, 0.1)}
"""A therapist who hardly follows."""
HIGH = {"scaffold": (1.5, 1.5, 1.5)}
"""A rhythm shared from outside."""
SHORT, LONG = 45.0, 180.0

FIGURES = {"likeness": 1, "high_minutes": 1, "learnt_a_minute": 1, "learnt": 1, "fell_by_follow_up": 1}

CLAIM = Claim(
    order=11,
    name="dose",
    claim="Exposure to high synchrony counts, not time together.",
    mechanism="Sessions of 45 s at high synchrony (a `scaffold` of 1.5 rad/s) against 180 s at low synchrony (a "
    "therapist who hardly follows), with the prediction error of `dopamine` and without it.",
    status="emergent",
    why="Gains tend to target × likeness, and time says how near they come, so both must count; which counts more at"
    " these doses is not written down. No threshold of high synchrony is in the rule: its gain is linear in "
    "likeness.",
    contradicted="More learnt in long sessions of low synchrony; or longer sessions at the same synchrony teaching "
    "nothing more would be the claim at its strongest.",
    grade="D",
    evidence="The model of 2022 says so. Movement synchrony was higher in therapies with better outcome.",
    against="No study has varied exposure and time apart. Over studies synchrony and symptoms r = −.06 (n.s.).",
    dois=("10.3389/fnhum.2022.955238", "10.1080/10503307.2024.2423662"),
    contrasts=(
        Contrast(
            "45 s high − 180 s low", course(seconds=SHORT, **HIGH), course(seconds=LONG, **LOW), FIGURES, "condition"
        ),
        Contrast(
            "the same without prediction error",
            course("dopamine", seconds=SHORT, **HIGH),
            course("dopamine", seconds=LONG, **LOW),
            FIGURES,
            "condition",
        ),
        Contrast(
            "time alone, low synchrony: 180 s − 45 s",
            course(seconds=LONG, **LOW),
            course(seconds=SHORT, **LOW),
            {"likeness": 0, "learnt": 0, "fell_by_follow_up": 0},
            "condition",
        ),
        Contrast(
            "time alone, usual synchrony: 90 s − 45 s",
            BASE,
            course(seconds=SHORT),
            {"learnt": 0, "fell_by_follow_up": 0},
            "condition",
        ),
        Contrast(
            "synchrony alone, 45 s: high − low",
            course(seconds=SHORT, **HIGH),
            course(seconds=SHORT, **LOW),
            FIGURES,
            "condition",
        ),
        Contrast(
            "45 s high: prediction error − none",
            course(seconds=SHORT, **HIGH),
            course("dopamine", seconds=SHORT, **HIGH),
            {"learnt": 1, "fell_by_follow_up": 1},
        ),
    ),
    premises=("likeness", "high_minutes"),
    judged_by="condition",
)
