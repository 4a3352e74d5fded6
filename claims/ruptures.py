"""Ruptures and repairs."""

from claims._record import BASE, Claim, Contrast, course

STIFF = {"flexibility": 0.0}
OUT = {"trust": -1, "learnt": -1, "therapist_rise": -1, "fell_by_follow_up": -1}

CLAIM = Claim(
    order=19,
    name="ruptures",
    claim="Ruptures cost, and repairs win back what they cost and more.",
    mechanism="`ruptures`: hazard without trust or flexibility; both withdraw, stress rises, trust falls. `repairs`:"
    " chance of a flexible expert; trust comes back and beyond. Usual and inflexible therapists.",
    status="built in",
    why="Loss and gain of trust are rules. Whether repaired ruptures leave people better off than none is emergent.",
    contradicted="As much change with ruptures that stay unrepaired as with repaired ones.",
    grade="O",
    evidence="Repairs with outcome r = .29, ruptures r = −.21 (second-hand); coordination marks both (17 studies).",
    against="Correlations over patients; training in repair had no sure effect (d = .22, p = .28, second-hand).",
    dois=("10.3389/fpsyg.2023.1291155",),
    contrasts=(
        Contrast("ruptures and repairs − none at all", BASE, course("ruptures"), {"ruptures": 1} | OUT),
        Contrast("repairs − ruptures stay", BASE, course("repairs"), {"trust": 1, "learnt": 1, "fell_by_follow_up": 1}),
        Contrast(
            "inflexible therapist: ruptures − none", course(**STIFF), course("ruptures", **STIFF), {"ruptures": 1} | OUT
        ),
        Contrast(
            "inflexible therapist: repairs − ruptures stay",
            course(**STIFF),
            course("repairs", **STIFF),
            {"trust": 1, "learnt": 1, "fell_by_follow_up": 1},
        ),
    ),
    premises=("ruptures",),
)
