"""More synchrony that does not help."""

from claims._record import BASE, Claim, Contrast, course

MORE = {"session_excess": 1, "stranger_rise": -1, "severity_left": 1}

CLAIM = Claim(
    order=17,
    name="not_always_better",
    claim="More synchrony is not always better: there are cases where it goes with worse.",
    mechanism="No rule of the model says so. Candidates are run: a shared rhythm of growing strength (`scaffold`), "
    "the same with plain chatting, rigid patients, a novice therapist who holds on to a shared rhythm.",
    status="emergent",
    why="If there is such a regime it follows from the parts: the model has no cost of synchrony, no pitch and no "
    "autonomic system, so the negative findings outside cannot come out of it by themselves.",
    contradicted="In no comparison does more synchrony go with less change: then the model lacks what was found in "
    "people.",
    grade="O",
    evidence="Vocal pitch synchrony went with worse outcome (r = −.20), parasympathetic synchrony with worse "
    "relationships (−.21); going in and out of synchrony may matter more than its level (second-hand).",
    against="Peripheral physiology r = .32; movement and voice with alliance r = .19.",
    dois=("10.1080/10503307.2024.2423662", "10.1016/j.physbeh.2021.113391", "10.1002/capr.12885"),
    contrasts=(
        Contrast("scaffold 4 − none", course(scaffold=4.0), BASE, MORE, "condition"),
        Contrast(
            "chatting with scaffold 4 − therapy", course(therapy="chatting", scaffold=4.0), BASE, MORE, "condition"
        ),
        Contrast(
            "novice with scaffold 4 − usual therapist",
            course(scaffold=4.0, experience=0.0, flexibility=0.0),
            BASE,
            MORE,
            "condition",
        ),
        Contrast(
            "very rigid (2) − flexible patients (0)",
            course(rigidity=2.0),
            course(rigidity=0.0),
            {"session_synchrony": 1, "stranger_rise": -1, "severity_left": 1},
            "condition",
        ),
    ),
    premises=("session_excess", "session_synchrony"),
    judged_by="condition",
)
