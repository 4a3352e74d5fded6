"""Dopamine."""

from collections.abc import Sequence

import pandas as pd

from claims._record import BASE, Claim, Contrast, Side, course
from interbrain.simulate.plasticity.modulators import Dopamine, Rewards, learn

TRIALS = 10_000


def drift(seeds: Sequence[int]) -> pd.DataFrame:
    """How far spiking moves where nothing can be learnt: with a critic, and with a constant modulator."""

    def moved(third: str, seed: int) -> float:
        found = learn(Dopamine(third), Rewards(gain=0.0), trials=TRIALS, seed=seed).spiking  # type: ignore[arg-type]
        return float(abs(found[-1] - found[0]).mean())

    return pd.DataFrame(
        {
            "seed": list(seeds),
            "first": [moved("critic", seed) for seed in seeds],
            "second": [moved("constant", seed) for seed in seeds],
        }
    )


CLAIM = Claim(
    order=9,
    name="dopamine",
    claim="Dopamine gates: surprise by synchrony, not synchrony itself, is learnt from.",
    mechanism="`dopamine`: M = max(0, 1 + `dopamine`·(R − E)), R the beat's likeness, E what this partner made one "
    "expect. Off: every beat counts alike.",
    status="theorem",
    why="Once E is the mean of R, learning exceeds that with M = 1 by `dopamine` · target · cov(R, L) on average. "
    "How much that is in a course, and whether symptoms notice, is emergent.",
    contradicted="As much learnt with every beat counting alike.",
    grade="D",
    evidence="Reward-prediction errors of dopamine neurons in animals; learning theory needs reward less what is "
    "expected.",
    against="No source shows dopamine released by psychotherapy or by synchrony in it.",
    dois=("10.1523/JNEUROSCI.6249-09.2010",),
    contrasts=(
        Contrast(
            "prediction error − none",
            BASE,
            course("dopamine"),
            {"learnt": 1, "learnt_person": 1, "stranger_rise": 1, "fell_by_follow_up": 1},
        ),
    ),
    sides=(
        Side(
            "network, critic − constant modulator",
            "drift of spiking where nothing can be learnt",
            drift,
            -1,
            0.01,
            "theorem",
        ),
    ),
)
