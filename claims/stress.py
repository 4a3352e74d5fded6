"""Stress in the middle."""

from claims._record import BASE, Claim, Contrast, course

HIGH = course(stress=0.9)

CLAIM = Claim(
    order=4,
    name="stress",
    claim="Mild to moderate stress in the middle of a session helps; none and much both help less (inverted U).",
    mechanism="`stress`: the middle's stress; A(s) = x·e^{1−x} on learning. None: 0 in every phase; moderate: 0.45 "
    "(the therapy's); high: 0.9. Rival: `stress_shape` = falling.",
    status="built in",
    why="The inverted U is the rule itself, with its peak near the therapy's stress. How large it is in what changes"
    " is emergent, since trust shifts the peak.",
    contradicted="Without stress or with much of it as much is learnt as with moderate stress.",
    grade="C",
    evidence="Low stress or corticosterone helps, much suppresses hippocampal LTP (slices, animals).",
    against="Not universal: type, phase, region and history of stress set the direction; stress itself but not the "
    "same corticosterone suppressed LTP in the subiculum. No dose of stress was tried in psychotherapy.",
    dois=("10.1155/2007/93202",),
    contrasts=(
        Contrast(
            "moderate − none",
            BASE,
            course("stress"),
            {"gate": 1, "learnt": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
        ),
        Contrast(
            "moderate − high",
            BASE,
            HIGH,
            {"gate": 1, "learnt": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
            "condition",
        ),
        Contrast(
            "moderate − none where stress only harms (rival)",
            course(stress_shape="falling"),
            course("stress", stress_shape="falling"),
            {"learnt": 1, "fell_by_follow_up": 1},
            "rival",
        ),
    ),
    premises=("gate",),
)
