"""The plan of small studies of simulated movement."""

from interbrain.data.plan import plan_from

PLAN = plan_from(
    {
        "contrast": ["session", "rest"],
        "n_arrangements": 19,
        "analysis": [{"name": "motion-wlcc", "modality": "motion", "measure": "wlcc",
                      "surrogates": ["circular_shift"], "n_surrogates": 19}],
    }
)  # fmt: skip
