"""Rigid networks loosen."""

from claims._record import BASE, Claim, Contrast, course

CLAIM = Claim(
    order=16,
    name="loosens",
    claim="Rigid networks loosen over a therapy, chaotic ones find order.",
    mechanism="`loosening`: the logarithm of the coupling inside the patient's brain goes towards that of a flexible"
    " one, by the gates of the middle. Off: `loosening` = 0, or no structural change at all.",
    status="built in",
    why="That coupling falls is a rule. What it does to order, metastability and synchrony with others is emergent.",
    contradicted="Order that does not fall, metastability that does not rise, or that do so without loosening.",
    grade="O",
    evidence="Complexity of daily ratings peaks around the steepest change of symptoms (23 and 18 patients); its "
    "highest peak went with outcome (328 patients).",
    against="Among improvers only; early warnings are weak (sensitivity 33 %, second-hand). Ratings are not networks"
    " of a brain.",
    contrasts=(
        Contrast(
            "loosening − none",
            BASE,
            course(loosening=0.0),
            {"loosened": 1, "order_change": -1, "metastability_change": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
        ),
        Contrast(
            "no change of the brain at all",
            BASE,
            course("structural"),
            {"loosened": 1, "order_change": -1, "metastability_change": 1, "fell_by_follow_up": 1},
        ),
        Contrast(
            "chaotic patients (rigidity −1): change − none",
            course(rigidity=-1.0),
            course("structural", rigidity=-1.0),
            {"loosened": -1, "order_change": 1, "metastability_change": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
        ),
        Contrast("moderate stress − none", BASE, course("stress"), {"loosened": 1, "metastability_change": 1}),
    ),
)
