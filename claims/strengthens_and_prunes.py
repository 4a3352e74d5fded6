"""Strengthening and pruning."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=2,
    name="strengthens_and_prunes",
    claim="Therapy strengthens some connections and prunes others.",
    mechanism="`learning`: gains between the two. `structural`: edges inside the patient's brain whose ends agree "
    "more than the region's others grow, the rest shrink, those below `prune` of the mean edge are lost.",
    status="built in",
    why="Both are rules. Which edges, how many, and whether it matters to synchrony or symptoms is emergent.",
    contradicted="No edge lost, or spread of weights not rising; or the same with the mechanism off.",
    grade="D",
    evidence="Growth and pruning by activity (Butz & van Ooyen) in networks; neural coupling was higher after than "
    "before synchronised movement (one study, people).",
    against="Nobody has counted synapses in psychotherapy. No edge grows anew here; other changes of the patient's "
    "brain (loosening) go with the same switch.",
    dois=("10.1371/journal.pcbi.1003259",),
    contrasts=(
        Contrast("structural plasticity − none", BASE, course("structural"), {"edges_lost": 1, "edge_cv_rise": 1}),
        Contrast(
            "edges change − only loosening",
            BASE,
            course(edge_rate=0.0),
            {"edges_lost": 1, "edge_cv_rise": 1, "metastability_change": 1, "stranger_rise": 1, "fell": 1},
        ),
        Contrast("gains learn − do not", BASE, course("learning"), {"learnt": 1, "therapist_rise": 1, "edges_lost": 1}),
        Contrast(
            "therapy − chatting",
            BASE,
            course(therapy="chatting"),
            {"edges_lost": 1, "edge_cv_rise": 1, "learnt": 1},
            "condition",
            "emergent",
        ),
    ),
)
