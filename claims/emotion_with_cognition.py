"""Emotion together with cognition."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=5,
    name="emotion_with_cognition",
    claim="Emotion and cognition that are active together change more than either apart.",
    mechanism="`together`: plasticity is `apart` + (1 − `apart`)·e·c. Off: both active, never at once. Rival "
    "(`togetherness` = sum): ((e + c)/2)², activity without togetherness. Emotion-focused work has more emotion.",
    status="built in",
    why="The product is a rule; that the rival allows at least as much everywhere is a theorem.",
    contradicted="As much learnt with both apart; a rival that does better says that togetherness is not needed.",
    grade="O",
    evidence="Skin synchrony in imagery, not in segments of cognitive work, went with later wellbeing (60 clients); "
    "with the bond in 31 clients.",
    against="Those segments differ in more than togetherness, and arousal of the client alone had no effect. No "
    "study has set both apart.",
    dois=("10.1080/10503307.2021.1918353",),
    contrasts=(
        Contrast(
            "together − apart",
            BASE,
            course("emotion_with_cognition"),
            {"gate": 1, "learnt": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
        ),
        Contrast(
            "product − sum",
            BASE,
            course(togetherness="sum"),
            {"gate": 1, "learnt": 1, "fell_by_follow_up": 1},
            "rival",
            "theorem",
        ),
    ),
)
