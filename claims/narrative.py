"""A narrative made together."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=6,
    name="narrative",
    claim="A narrative that both make makes more of a session last.",
    mechanism="`narrative` × experienced synchrony in the integration: share of the session's change that lasts. "
    "Rival: `narrative_binds` = false.",
    status="built in",
    why="The share is a rule. That it shows in symptoms, months later, is emergent.",
    contradicted="As much left at follow-up without a narrative.",
    grade="D",
    evidence="Offered by the theory; no study of synchrony with a measured narrative was found.",
    against="None either way: untested.",
    contrasts=(
        Contrast(
            "narrative − none",
            BASE,
            course("narrative"),
            {"bound": 1, "learnt": 1, "gain_kept": 1, "stranger_kept": 1, "fell_by_follow_up": 1},
        ),
    ),
    premises=("bound",),
)
