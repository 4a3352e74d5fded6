"""W2: W1 against 200 circular shifts of one person."""

from __future__ import annotations

from bench import w1
from bench._task import OURS, Built, Case, Step

DRAWS = 200
TITLE = "W1 against 200 circular shifts"
CASES = {
    "shifts": Case(
        TITLE,
        ("hypyp",),
        1500,
        {},
        1,
        "HyPyP as in W1, one side transformed again for each shift. interbrain: all 200. Stretch: 3,000.",
        "none (as W1)",
    )
}


def build(case: str, tool: str, quick: bool) -> Built:
    seconds = 600 if quick else w1.SECONDS
    if tool != OURS:
        return w1.dyads(tool, seconds, 1, DRAWS * 400, DRAWS * 20)
    import numpy as np

    from interbrain.measures import wtc

    asked = w1.settings()
    a, b = (w1.block(w1.series(w1.CHANNELS, seconds, seed)) for seed in (1, 2))
    shifts = np.random.default_rng(3).choice(a.shape[2] - 1, DRAWS, replace=False) + 1

    def run(index: np.ndarray) -> None:
        wtc.draws(wtc.prepare(a, asked), wtc.prepare(b, asked), "circular_shift", index)

    return Built((Step(lambda: run(shifts)),), None, lambda: run(shifts[:1]))
