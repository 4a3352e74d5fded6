"""Oxytocin."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=7,
    name="oxytocin",
    claim="Oxytocin gates: it raises what one hears of the other, most where the other does not respond.",
    mechanism="`oxytocin`: level × trust; factor on what is heard, less the more the partner responds (social gain)."
    " Rival: `oxytocin_context` = plain.",
    status="built in",
    why="The factor is a rule. That little is left of it with a flexible therapist, and whether symptoms notice, is "
    "emergent.",
    contradicted="No difference without it, or a larger one with a flexible therapist than with an inflexible one.",
    grade="B",
    evidence="Given to people it helped to follow an unresponsive leader in tapping; behavioural synchrony of men "
    "rose, their alpha synchrony in coordination only.",
    against="No effect in mutual adaptation or with a metronome; a context-dependent salience rather than a gain. "
    "Never tried on synchrony in psychotherapy.",
    dois=("10.1038/srep38416",),
    contrasts=(
        Contrast(
            "oxytocin − none",
            BASE,
            course("oxytocin"),
            {"session_excess": 1, "learnt": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
        ),
        Contrast(
            "oxytocin − none, inflexible therapist",
            course(flexibility=0.0),
            course("oxytocin", flexibility=0.0),
            {"session_excess": 1, "learnt": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
            status="emergent",
        ),
        Contrast(
            "social − plain gain", BASE, course(oxytocin_context="plain"), {"session_excess": -1, "learnt": -1}, "rival"
        ),
    ),
)
