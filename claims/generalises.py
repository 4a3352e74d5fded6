"""Generalisation."""

from claims._record import BASE, Claim, Contrast, course

NONE, ALL = course("generalisation"), course(generalises=1.0)

CLAIM = Claim(
    order=13,
    name="generalises",
    claim="What is learnt with the therapist generalises to others, or it does not: both are run.",
    mechanism="`generalises`: share of a change of gain that goes to the person; 0, 0.5 (default) and 1. Rival for "
    "symptoms: `capacity_of` = total, where what belongs to the pair counts as well.",
    status="built in",
    why="The share is a parameter, since evidence disagrees. That loosening alone raises synchrony with a stranger, "
    "if it does, is emergent.",
    contradicted="Synchrony with a stranger that rises as much where nothing generalises.",
    grade="O, both ways",
    evidence="The model of 2022 (a review, without data) says it generalises.",
    against="The one study reports that synchrony did not generalise to a new person (second-hand), yet symptoms fell.",
    dois=("10.3389/fnhum.2022.955238", "10.1080/10503307.2025.2451798"),
    contrasts=(
        Contrast(
            "half − nothing generalises", BASE, NONE, {"stranger_rise": 1, "learnt_person": 1, "fell_by_follow_up": 1}
        ),
        Contrast("all − nothing", ALL, NONE, {"stranger_rise": 1, "therapist_rise": 0, "fell_by_follow_up": 1}),
        Contrast(
            "nothing generalises − nothing is learnt: is any rise left with a stranger?",
            NONE,
            course("learning"),
            {"stranger_rise": 0, "fell_by_follow_up": 0},
            "condition",
            "emergent",
        ),
        Contrast(
            "all − nothing, the pair's part counts (rival)",
            course(generalises=1.0, capacity_of="total"),
            course("generalisation", capacity_of="total"),
            {"stranger_rise": 1, "fell_by_follow_up": 0},
            "rival",
        ),
    ),
)
