"""Stability and change at once."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from claims._record import BASE, Claim, Contrast, Side, course
from interbrain.simulate.plasticity.synapse import Rearing, Synapse, develop

DAYS = (21, 35)
"""Days of a mouse's life after both modes have parted."""


def apart(seeds: Sequence[int]) -> pd.DataFrame:
    """Growth of evoked over that of spontaneous transmission, shares a day."""
    return _synapses(seeds, lambda evoked, spontaneous: evoked - spontaneous)


def still(seeds: Sequence[int]) -> pd.DataFrame:
    """How far spontaneous transmission moves, shares a day."""
    return _synapses(seeds, lambda evoked, spontaneous: abs(spontaneous))


def evoked(seeds: Sequence[int]) -> pd.DataFrame:
    return _synapses(seeds, lambda grown, _: grown)


def _synapses(seeds: Sequence[int], of) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    runs = [[develop(Synapse(one_site=one), Rearing(), seed).growth(*DAYS) for one in (False, True)] for seed in seeds]
    return pd.DataFrame(
        {"seed": list(seeds), "first": [of(*two) for two, _ in runs], "second": [of(*one) for _, one in runs]}
    )


CLAIM = Claim(
    order=1,
    name="two_sites",
    claim="Two transmission modes with sites of their own hold stability and change at once.",
    mechanism="`two_sites`: growth acts on evoked gains, homeostasis on spontaneous transmission. Without it both "
    "act on one number. Rivals: no homeostasis; scaling that reaches evoked gains as well (`reach` = 1).",
    status="theorem",
    why="With one site activity is at its target only where nothing is learnt (a = 1 at G = 1 alone), so after a "
    "long interval one of both is lost. How much is left at an interval of a course follows from its rates.",
    contradicted="One site that keeps what was learnt and holds activity as well as two do.",
    grade="C for the two sites in visual cortex, D for a therapy",
    evidence="After eye opening evoked transmission goes on rising and spontaneous plateaus; waking silent receptors"
    " raises spontaneous only (mouse V1, press text). Blocking spontaneous release alone scales quanta.",
    against="The data are from a sensory cortex in development; what they mean for a therapy is analogy. Scaling can"
    " be divergent and need not follow spikes. Evoked and spontaneous release also share areas of fusion in part.",
    dois=("10.1126/sciadv.ads5750", "10.1038/36103"),
    contrasts=(
        Contrast(
            "two sites − one site",
            BASE,
            course("two_sites"),
            {"gain_left": 1, "therapist_kept": 1, "off_target": -1, "fell_by_follow_up": 1},
        ),
        Contrast(
            "homeostasis − none",
            BASE,
            course("homeostasis"),
            {"off_target": -1, "gain_left": 0, "spontaneous": -1},
            status="built in",
        ),
        Contrast(
            "one site without homeostasis − with: what was learnt is kept, as noise",
            course("two_sites", "homeostasis"),
            course("two_sites"),
            {"gain_left": 1, "off_target": 1, "spontaneous": 1},
            "rival",
        ),
        Contrast(
            "scaling spares evoked gains − reaches them",
            BASE,
            course(reach=1.0),
            {"gain_left": 1, "off_target": -1},
            "rival",
            "emergent",
        ),
    ),
    sides=(
        Side("synapse, two sites − one site", "evoked growth a day, days 21 to 35", evoked, 1, 0.005, "built in"),
        Side("synapse, two sites − one site", "spontaneous change a day, absolute", still, -1, 0.005, "emergent"),
        Side("synapse, two sites − one site", "how far both part a day", apart, 1, 0.005, "theorem"),
    ),
)
