"""Dopamine as reward-prediction error: what a third factor must be so that weights learn and do not drift.

w' = η·M·pre·post,   E[w'] = η·(cov(M, pre·post) + E[M]·E[pre·post]):   the second term vanishes where E[M] = 0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, finite
from interbrain.simulate.plasticity.modulators._gate import Gate

GATE = Gate(
    "dopamine",
    "third factor of Hebbian plasticity: reward less what a critic expects",
    "D",
    "Learning with M = R − E[R] needs a critic per task and stimulus (theory, simulation).",
    "No direct human study of dopamine release by psychotherapy was found.",
    ("10.1523/JNEUROSCI.6249-09.2010", "10.3389/fncir.2015.00085", "10.3389/fncir.2018.00053"),
)


Third = Literal["constant", "reward", "mean", "critic"]
THIRD: tuple[Third, ...] = ("constant", "reward", "mean", "critic")


@dataclass(frozen=True)
class Dopamine:
    """The third factor M of ``w' = η·M·pre·post``.

    Parameters
    ----------
    third
        ``"constant"``: M = 1; ``"reward"``: M = R; ``"mean"``: R less its mean over all situations; ``"critic"``: R
        less what is expected of this situation.
    eta, alpha
        Learning of weights (per trial, [0, 1]) and of expectations (share of the error taken, [0, 1]).
    """

    third: Third = "critic"
    eta: float = 0.02
    alpha: float = 0.05

    def __post_init__(self) -> None:
        all_within(self, eta=(0, 1), alpha=(0, 1))
        if self.third not in THIRD:
            raise BadInput(f"Dopamine: third is {self.third!r}; it must be one of {', '.join(THIRD)}")


@dataclass(frozen=True)
class Rewards:
    """Situations with rewards of their own: mean ``base`` (one each), plus ``gain`` where the neuron spikes as wanted.

    ``wanted`` (1 spike, -1 silence, one each) says what pays; with ``gain`` 0 nothing that the neuron does matters.
    ``noise`` is the SD of a reward.
    """

    base: tuple[float, ...] = (1.0, 0.0, -1.0)
    wanted: tuple[int, ...] = (1, -1, 1)
    gain: float = 0.0
    noise: float = 0.3

    def __post_init__(self) -> None:
        if len(self.base) != len(self.wanted) or not self.base or any(abs(x) != 1 for x in self.wanted):
            raise BadInput(f"Rewards: base is {self.base} and wanted {self.wanted}; one of each a situation, 1 or -1")
        all_within(self, gain=(-100, 100), noise=(0, 100))


@dataclass(frozen=True, eq=False)
class Learned:
    """Weights and expectations (trials, situations), and the probability of a spike (trials, situations)."""

    weight: np.ndarray
    expected: np.ndarray
    spiking: np.ndarray


def learn(dopamine: Dopamine, rewards: Rewards, trials: int, seed: int) -> Learned:
    """A neuron meets situations in random order; it spikes with probability 1/(1 + e^{−w}) of the situation's weight.

    The eligibility of a trial is pre·post: 1 for the situation's synapse where the neuron spiked.
    Source: Frémaux, Sprekeler & Gerstner 2010 doi:10.1523/JNEUROSCI.6249-09.2010.
    """
    if trials < 1:
        raise BadInput(f"trials is {trials}; at least one is needed")
    random, n = stream(seed, "dopamine"), len(rewards.base)
    weight, expected = _learn(
        THIRD.index(dopamine.third), dopamine.eta, dopamine.alpha, np.array(rewards.base, dtype=float),
        np.array(rewards.wanted, dtype=float), rewards.gain, random.integers(0, n, trials), random.random(trials),
        rewards.noise * random.standard_normal(trials),
    )  # fmt: skip
    finite("Dopamine", weight, "eta is too large")
    return Learned(weight, expected, 1 / (1 + np.exp(-weight)))


@njit(cache=True, nogil=True)
def _learn(
    third: int, eta: float, alpha: float, base: np.ndarray, wanted: np.ndarray, gain: float, situation: np.ndarray,
    chance: np.ndarray, noise: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    trials, n = len(situation), len(base)
    out_w, out_v = np.empty((trials, n)), np.empty((trials, n))
    w, v, mean = np.zeros(n), np.zeros(n), 0.0
    for t in range(trials):
        s = situation[t]
        spike = 1.0 if chance[t] < 1.0 / (1.0 + np.exp(-w[s])) else 0.0
        reward = base[s] + gain * wanted[s] * (2.0 * spike - 1.0) + noise[t]
        m = 1.0 if third == 0 else reward if third == 1 else reward - mean if third == 2 else reward - v[s]
        w[s] += eta * m * spike
        v[s] += alpha * (reward - v[s])
        mean += alpha * (reward - mean)
        out_w[t], out_v[t] = w, v
    return out_w, out_v
