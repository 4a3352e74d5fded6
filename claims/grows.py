"""Synchrony grows."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=10,
    name="grows",
    claim="Synchrony with the therapist grows over sessions.",
    mechanism="`learning` of gains from experienced synchrony. Off: gains stay. Without synchrony above chance at "
    "the start there is nothing to learn from.",
    status="emergent",
    why="Rules raise gains where partners are alike; that this raises synchrony above pseudo-pairs, session by "
    "session, is not written down, and growth of gains that starts from too little does not take off.",
    contradicted="No rise, or the same rise without learning (from loosening or from the therapist's own rhythm).",
    grade="O",
    evidence="8 patients, 18 recorded sessions of 48: synchrony rose gradually (d = 1.34, second-hand).",
    against="No control group there, one therapist. In teaching, coupling told accuracy in the first session, not in"
    " the second.",
    dois=("10.1080/10503307.2025.2451798", "10.3389/fnhum.2022.955238", "10.1093/scan/nsaf045"),
    contrasts=(
        Contrast("learning − none", BASE, course("learning"), {"excess_rise": 1, "therapist_rise": 1}),
        Contrast("loosening − none", BASE, course(loosening=0.0), {"excess_rise": 1, "therapist_rise": 1}, "mechanism"),
    ),
)
