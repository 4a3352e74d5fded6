"""Trust."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=3,
    name="trust",
    claim="Safety and trust matter: without trust that grows, less is learnt and less changes.",
    mechanism="`builds_trust`: experienced synchrony raises trust, trust is a factor on learning, it shortens "
    "stress, brings oxytocin and keeps ruptures away. Off: trust stays as it was. Rival: learning does not depend "
    "on trust.",
    status="built in",
    why="Trust multiplies the rate of learning. How far that reaches symptoms, which no equation ties to trust, is "
    "emergent.",
    contradicted="As much learnt, or symptoms falling as far, with trust held at its start.",
    grade="O",
    evidence="Alliance goes with outcome, r about .28 over 295 studies (secondary). State-like alliance went with "
    "movement synchrony, 86 patients in 16 sessions.",
    against="The one study of many sessions with fNIRS found synchrony not related to alliance; synchrony with "
    "alliance over studies r = .06 (n.s.). Nobody has set trust by experiment in a therapy.",
    dois=("10.1080/10503307.2025.2451798", "10.1177/2167702620985294", "10.1080/10503307.2024.2423662"),
    contrasts=(
        Contrast(
            "trust grows − stays",
            BASE,
            course("trust"),
            {"trust": 1, "learnt": 1, "therapist_rise": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
        ),
        Contrast(
            "trust gates learning − learning is free of it",
            BASE,
            course(gated_by=("stress", "emotion_with_cognition")),
            {"learnt": 1, "fell_by_follow_up": 1},
            "rival",
        ),
    ),
    premises=("trust",),
)
