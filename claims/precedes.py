"""Ability before symptoms."""

from claims._record import BASE, Claim, Contrast, course

QUIET = course(life_sd=0.0)

CLAIM = Claim(
    order=14,
    name="precedes",
    claim="The rise of ability precedes the fall of symptoms.",
    mechanism="`symptoms_days`: symptoms follow what maintains them in 28 days. Off: within half a day. Rivals: the "
    "pair's part counts too (`capacity_of`); symptoms do not depend on ability at all (`from_capacity` = 0).",
    status="theorem",
    why="Symptoms are a low-pass of ability: they cannot come first. That the order shows in correlations over the "
    "sessions of a usual study, in which life moves symptoms as well, does not follow.",
    contradicted="Correlations of changes that are as large with symptoms first; or the same order where symptoms do"
    " not depend on ability.",
    grade="D",
    evidence="Stages 6 and 7 of the model of 2022; physiological synchrony in imagery told wellbeing at the next "
    "session.",
    against="No study has followed both over a therapy with the power to tell the order.",
    dois=("10.3389/fnhum.2022.955238", "10.1080/10503307.2021.1918353"),
    contrasts=(
        Contrast(
            "symptoms lag − follow at once, with what life brings",
            BASE,
            course(symptoms_days=0.5),
            {"precedes": 1, "at_once": -1},
        ),
        Contrast(
            "symptoms lag − follow at once, a quiet life",
            QUIET,
            course(life_sd=0.0, symptoms_days=0.5),
            {"precedes": 1, "at_once": -1},
        ),
        Contrast(
            "ability counts − does not, a quiet life",
            QUIET,
            course(life_sd=0.0, from_capacity=0.0),
            {"precedes": 1, "at_once": 1},
        ),
        Contrast(
            "person's gain − total gain counts, a quiet life",
            QUIET,
            course(life_sd=0.0, capacity_of="total"),
            {"precedes": 1, "at_once": 1},
            "rival",
        ),
    ),
)
