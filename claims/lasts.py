"""The gain lasts."""

from collections.abc import Sequence

import pandas as pd

from claims._record import BASE, Claim, Contrast, Side, course
from interbrain.simulate.dyads.pair import Pair, simulate_pair

NOTHING_LASTS = course(bound=0.0, narrative_binds=False, practice_binds=0.0)


def carried(seeds: Sequence[int]) -> pd.DataFrame:
    """Coupling of a pair long after a scaffold was taken away, and of the same pair that never had one."""
    pair = Pair(detuning=0.5, alpha=1.0, epsilon=0.02)
    after = simulate_pair(pair, duration=2000, dt=0.05, scaffold=(1.0, 100.0)).coupling[-1]
    alone = simulate_pair(pair, duration=2000, dt=0.05).coupling[-1]
    return pd.DataFrame({"seed": [""], "first": [after], "second": [alone]})


def carried_fast(seeds: Sequence[int]) -> pd.DataFrame:
    """The same with fast adaptation, which has no barrier."""
    pair = Pair(detuning=0.5, alpha=1.0, epsilon=0.2)
    after = simulate_pair(pair, duration=2000, dt=0.05, scaffold=(1.0, 100.0)).coupling[-1]
    alone = simulate_pair(pair, duration=2000, dt=0.05).coupling[-1]
    return pd.DataFrame({"seed": [""], "first": [after], "second": [alone]})


CLAIM = Claim(
    order=12,
    name="lasts",
    claim="The gain lasts over a gap without sessions.",
    mechanism="`bound`, narrative and practice: a share of every change fades in a year, the rest in three days. "
    "Off: all fades in three days. Measured three months after the last session.",
    status="built in",
    why="Two time constants are put in. That a pair that was carried over its barrier holds itself is a theorem of "
    "the reduced pair; the course does not rest on it.",
    contradicted="Less than half of the gain left at follow-up, or as much left where nothing is bound.",
    grade="D",
    evidence="Coupling was higher after synchronised movement than before it, minutes later (one fNIRS study).",
    against="No study of psychotherapy has measured synchrony after a gap.",
    dois=("10.3389/fnhum.2022.955238",),
    contrasts=(
        Contrast(
            "some is bound − nothing lasts",
            BASE,
            NOTHING_LASTS,
            {"gain_kept": 1, "therapist_kept": 1, "stranger_kept": 1, "fell_by_follow_up": 1},
        ),
    ),
    sides=(
        Side("pair, slow adaptation: carried − alone", "coupling at 2000 s", carried, 1, 0.05, "theorem"),
        Side("pair, fast adaptation: carried − alone", "coupling at 2000 s", carried_fast, 0, 0.05, "theorem", "rival"),
    ),
)
