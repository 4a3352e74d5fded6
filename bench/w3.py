"""W3: 30 dyads × 6 sessions with all role-preserving pseudo-dyads."""

from __future__ import annotations

import numpy as np

from bench import w1
from bench._task import OURS, Built, Case, Step

TITLE = "W1 for 30 dyads × 6 sessions with all role-preserving pseudo-dyads: 2.16 million coherences"
DYADS, SESSIONS = 30, 6
CASES = {
    "study": Case(
        TITLE,
        ("hypyp",),
        None,
        {"cpu_s": 180, "peak_mb": 500},
        1,
        "HyPyP as in W1, scaled. interbrain: 8 people prepared, 16 pairs of them measured, scaled to 360 and 5,400; "
        "the cost a pair at 1, 4 and 16 pairs is given above.",
        "none (as W1)",
    )
}


def build(case: str, tool: str, quick: bool) -> Built:
    seconds, pairs = 600 if quick else w1.SECONDS, DYADS**2 * SESSIONS
    if tool != OURS:
        return w1.dyads(tool, seconds, 1, pairs * 400, 2 * DYADS * SESSIONS * 20)
    from interbrain.measures import wtc

    asked = w1.settings()
    blocks = [w1.block(w1.series(w1.CHANNELS, seconds, seed)) for seed in range(8)]
    people = []

    def prepare() -> None:
        people[:] = [wtc.prepare(b, asked) for b in blocks]

    def meet(n: int) -> np.ndarray:
        return np.array([wtc.reduce(wtc.combine(a, b)).value for a in people[:n] for b in people[4 : 4 + n]])

    steps = (
        Step(prepare, 2 * DYADS * SESSIONS / 8, "a person prepared", 8),
        Step(lambda: meet(1), 0, "a pair, 1", 1),
        Step(lambda: meet(2), 0, "a pair, 4", 4),
        Step(lambda: meet(4), pairs / 16, "a pair, 16", 16),
    )

    def warm() -> None:
        prepare()
        meet(1)

    return Built(steps, None, warm)
