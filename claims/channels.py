"""Channels of behaviour."""

from claims._record import BASE, Claim, Contrast, course

RISE = {"session_excess": 1, "therapist_rise": 1, "stranger_rise": 1, "learnt": 1, "fell_by_follow_up": 1}

CLAIM = Claim(
    order=15,
    name="channels",
    claim="Synchrony travels through voice, rhythm of movement, gaze and co-regulation of breath.",
    mechanism="`shut`: a channel is closed in sessions and in measurements. All shut: no contact.",
    status="built in",
    why="No other edge joins the brains, so that nothing is left with all shut is a theorem. How much each carries "
    "is emergent.",
    contradicted="A channel that can be shut without any difference; synchrony above chance with all shut.",
    grade="O",
    evidence="Synchrony of movement and voice with alliance r = .19 over 11 studies; peripheral physiology r = .32 "
    "with outcomes over studies; behaviour Granger-causes neural synchrony (second-hand).",
    against="Synchrony of vocal pitch went with worse outcome (r = −.20), of the parasympathetic system with worse "
    "relationships (−.21). Channels were never shut one by one in psychotherapy.",
    dois=(
        "10.1002/capr.12885",
        "10.1080/10503307.2024.2423662",
        "10.1016/j.physbeh.2021.113391",
        "10.3389/fpsyg.2016.00862",
    ),
    contrasts=(
        Contrast("all open − all shut", BASE, course("voice", "gaze", "movement", "breath"), RISE, status="theorem"),
        *(
            Contrast(f"all open − {name} shut", BASE, course(name), RISE, status="emergent")
            for name in ("voice", "movement", "gaze", "breath")
        ),
    ),
)
