"""The therapist's flexibility and experience."""

from claims._record import BASE, Claim, Contrast, course

OUT = {"session_excess": 1, "trust": 1, "learnt": 1, "stranger_rise": 1, "fell_by_follow_up": 1}

CLAIM = Claim(
    order=20,
    name="flexibility",
    claim="Therapists who are flexible, and experienced, bring more synchrony and more change.",
    mechanism="`flexibility`: fewer ruptures, more repairs, and less left for oxytocin to do. `experience`: the gain"
    " with which the therapist follows, and repairs.",
    status="emergent",
    why="Flexibility acts through ruptures (up) and oxytocin (down); which wins is not written down. That the "
    "experienced follow more is built in.",
    contradicted="No difference, or inflexible therapists doing better.",
    grade="O",
    evidence="Experienced counsellors had more neural synchrony and alliance (30 dyads, one session).",
    against="An optimum in the middle of flexibility is reported (second-hand), which this model does not have as a "
    "rule.",
    dois=("10.1523/ENEURO.0236-20.2020",),
    contrasts=(
        Contrast(
            "flexible (1) − inflexible (0)",
            course(flexibility=1.0),
            course(flexibility=0.0),
            {"ruptures": -1} | OUT,
            "condition",
        ),
        Contrast(
            "the same without ruptures",
            course("ruptures", flexibility=1.0),
            course("ruptures", flexibility=0.0),
            OUT,
            "condition",
        ),
        Contrast("middle (0.6) − fully flexible (1)", BASE, course(flexibility=1.0), OUT, "condition"),
        Contrast(
            "expert (1) − novice (0)", course(experience=1.0), course(experience=0.0), OUT, "condition", "built in"
        ),
    ),
    premises=("ruptures",),
    judged_by="condition",
)
