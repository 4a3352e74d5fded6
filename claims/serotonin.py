"""Serotonin."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=8,
    name="serotonin",
    claim="Serotonin gates: receptor binding that grows over a therapy helps people to change.",
    mechanism="`serotonin_growth` (0.01 a session, a guess) lowers felt stress (`serotonin_buffering`). Rival: "
    "binding raises plasticity itself (`serotonin_permissive`).",
    status="built in",
    why="The factor is a rule; since it lowers stress, whether that helps depends on which side of the inverted U "
    "one is.",
    contradicted="No difference without it: then this gate, at this size, is idle.",
    grade="D",
    evidence="Brief psychotherapy raised 5-HT1A binding in depression (randomised against fluoxetine, PET, one "
    "letter).",
    against="Binding, not a level of serotonin; the size is not known to us; nothing ties it to synchrony.",
    contrasts=(
        Contrast("binding grows − stays", BASE, course("serotonin"), {"gate": 1, "learnt": 1, "fell_by_follow_up": 1}),
        Contrast(
            "binding grows − stays, high stress",
            course(stress=0.9),
            course("serotonin", stress=0.9),
            {"gate": 1, "learnt": 1},
            status="emergent",
        ),
        Contrast(
            "permissive binding grows − stays",
            course(serotonin_permissive=1.0),
            course("serotonin", serotonin_permissive=1.0),
            {"gate": 1, "learnt": 1, "fell_by_follow_up": 1},
            "rival",
        ),
    ),
)
