"""Neuromodulators as gates on plasticity and on coupling: dopamine, serotonin, oxytocin, stress.

Each gate is a record with what is known and how well; ``GATES`` lists them. A gate that is switched off is neutral:
it multiplies by exactly 1. Equations: ``docs/model/plasticity.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, finite, within

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Grade = Literal["A", "B", "C", "D"]
GRADES: dict[Grade, str] = {
    "A": "shown in people, by experiment, and repeated",
    "B": "shown in people, by experiment, once or with reservations",
    "C": "shown in animals or slices; its place in a therapy is inferred",
    "D": "theory or analogy; no direct evidence was found",
}


@dataclass(frozen=True)
class Gate:
    """A modulator: what it acts on in the model, what rests on evidence, how good that is, and what speaks against."""

    name: str
    acts_on: str
    grade: Grade
    evidence: str
    against: str
    sources: tuple[str, ...]


GATES: tuple[Gate, ...] = (
    Gate(
        "dopamine",
        "third factor of Hebbian plasticity: reward less what a critic expects",
        "D",
        "Learning with M = R − E[R] needs a critic per task and stimulus (theory, simulation).",
        "No direct human study of dopamine release by psychotherapy was found.",
        ("10.1523/JNEUROSCI.6249-09.2010", "10.3389/fncir.2015.00085", "10.3389/fncir.2018.00053"),
    ),
    Gate(
        "serotonin",
        "how strongly stress is felt (5-HT1A), or how much plasticity is allowed (rival)",
        "D",
        "Brief psychotherapy raised 5-HT1A binding in depression (one randomised PET letter); what binding does to "
        "plasticity is a hypothesis about two receptors.",
        "Binding is not the level of serotonin; no size is known to us.",
        ("10.1177/0269881117725915",),
    ),
    Gate(
        "oxytocin",
        "gain on a partner's behaviour where the partner is a person who does not respond",
        "B",
        "Given to both tappers, it improved synchrony with an unresponsive partner.",
        "No effect with a metronome or in mutual adaptation; the authors saw less variability rather than more "
        "correction; in another study an effect on brains in coordination only, in men.",
        ("10.1038/srep38416",),
    ),
    Gate(
        "stress",
        "all plasticity: an inverted U whose peak moves down with duration",
        "C",
        "Low levels help and high levels suppress hippocampal potentiation; brief stress enhances, prolonged inhibits.",
        "Not universal: type, phase, region and history set the direction; the same level of corticosterone without "
        "stress had no effect in one study.",
        ("10.1155/2007/60803",),
    ),
)


# --- dopamine ---------------------------------------------------------------------------------------------------------

Third = Literal["constant", "reward", "mean", "critic"]
_THIRD: tuple[Third, ...] = ("constant", "reward", "mean", "critic")


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
        if self.third not in _THIRD:
            raise BadInput(f"Dopamine: third is {self.third!r}; it must be one of {', '.join(_THIRD)}")


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
        _THIRD.index(dopamine.third), dopamine.eta, dopamine.alpha, np.array(rewards.base, dtype=float),
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


# --- stress and serotonin ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stress:
    """Gain on plasticity under stress ``s`` of some duration: A = x·e^{1−x}, x = (s + tonic)/(s* + tonic).

    Parameters
    ----------
    best
        s* for brief stress, 0.01 to 10 (levels are relative: 1 is severe).
    tonic
        Arousal without stress, 0 to 10; with 0 there is no plasticity at all without stress.
    tau
        Hours in which lasting stress halves s*: s*(d) = best/(1 + d/tau); 0.01 to 10,000.
    shape
        ``"inverted_u"``; ``"falling"`` (rival): A = e^{−s/s*}, stress only harms.
    """

    best: float = 0.4
    tonic: float = 0.15
    tau: float = 24.0
    shape: Literal["inverted_u", "falling"] = "inverted_u"

    def __post_init__(self) -> None:
        all_within(self, best=(0.01, 10), tonic=(0, 10), tau=(0.01, 1e4))
        if self.shape not in ("inverted_u", "falling"):
            raise BadInput(f"Stress: shape is {self.shape!r}; it must be 'inverted_u' or 'falling'")

    def gain(self, level: float, hours: float = 0.0) -> float:
        """1 at the peak; ``level`` ≥ 0, ``hours`` that it has lasted ≥ 0."""
        within("Stress", "level", level, 0, 1e6)
        within("Stress", "hours", hours, 0, 1e9)
        best = self.best / (1 + hours / self.tau)
        if self.shape == "falling":
            return math.exp(-level / best)
        x = (level + self.tonic) / (best + self.tonic)
        return x * math.exp(1 - x)


@dataclass(frozen=True)
class Serotonin:
    """5-HT1A ``binding`` relative to before therapy (0 to 10), and the two rivals about what it does.

    ``buffering`` (0 to 10): felt stress = stress/(1 + buffering·(binding − 1)); ``permissive`` (0 to 10): plasticity
    times 1 + permissive·(binding − 1). ``growth`` is the share by which a session of therapy raises binding (-1 to 1).
    """

    binding: float = 1.0
    buffering: float = 1.0
    permissive: float = 0.0
    growth: float = 0.0

    def __post_init__(self) -> None:
        all_within(self, binding=(0, 10), buffering=(0, 10), permissive=(0, 10), growth=(-1, 1))

    def after(self, sessions: int) -> Serotonin:
        """The same system after some sessions of therapy."""
        grown = min(self.binding * (1 + self.growth) ** sessions, 10.0)
        return Serotonin(grown, self.buffering, self.permissive, self.growth)

    def felt(self, stress: float) -> float:
        return stress / max(1 + self.buffering * (self.binding - 1), 0.1)

    def gain(self) -> float:
        return max(1 + self.permissive * (self.binding - 1), 0.0)


# --- oxytocin ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Oxytocin:
    """Context-dependent social gain.

    Parameters
    ----------
    level
        0 none (placebo) to 1 (a dose), at most 10.
    strength
        What a full dose adds, relative, where context lets it: 0 to 10.
    acts_on
        ``"correction"``: one's correction is multiplied; ``"variability"``: one's timing noise is divided.
    context
        ``"social"``: only towards a person, and the less the more that person responds; ``"plain"`` (rival): always.
    """

    level: float = 0.0
    strength: float = 1.0
    acts_on: Literal["correction", "variability"] = "correction"
    context: Literal["social", "plain"] = "social"

    def __post_init__(self) -> None:
        all_within(self, level=(0, 10), strength=(0, 10))
        for name, allowed in (("acts_on", ("correction", "variability")), ("context", ("social", "plain"))):
            if getattr(self, name) not in allowed:
                raise BadInput(
                    f"Oxytocin: {name} is {getattr(self, name)!r}; it must be {' or '.join(map(repr, allowed))}"
                )

    def gain(self, responsiveness: float, person: bool = True) -> float:
        """Factor for one's partner: ``responsiveness`` in [0, 1] is how far the partner adapts; 1 without oxytocin."""
        within("Oxytocin", "responsiveness", responsiveness, 0, 1)
        open_to = 1.0 if self.context == "plain" else (1.0 - responsiveness) * person
        return 1.0 + self.strength * self.level * open_to


@dataclass(frozen=True)
class Tapping:
    """Two tappers (or one and a metronome) who correct a share of their last asynchrony (Vorberg & Wing).

    A' = (1 − a − b)·A + own noise − partner's noise; ``correction`` a (follower) and ``partner`` b (0: the partner
    leads and does not respond) in [0, 2); timing noise of each in ms; ``person`` False is a metronome: no noise of its
    own and no response.
    """

    correction: float = 0.35
    partner: float = 0.0
    noise: float = 20.0
    person: bool = True

    def __post_init__(self) -> None:
        all_within(self, correction=(0, 1.999), partner=(0, 1.999), noise=(0, 1e4))
        if not self.person and self.partner:
            raise BadInput(f"Tapping: partner is {self.partner} and person False; a metronome does not respond")

    def under(self, oxytocin: Oxytocin) -> tuple[float, float, float, float]:
        """Corrections (own, partner's) and noises (own, partner's) of a pair that both received oxytocin.

        Each is sensitive to how far the other responds (full response is a correction as large as 1); a partner who
        leads does not attend and so is not changed.
        """
        gain = oxytocin.gain(min(self.partner, 1.0), self.person)
        partners = oxytocin.gain(min(self.correction, 1.0), self.person) if self.partner else 1.0
        own, other = self.noise, self.noise if self.person else 0.0
        if oxytocin.acts_on == "variability":
            return self.correction, self.partner, own / gain, other / partners
        return self.correction * gain, self.partner * partners, own, other

    def asynchrony_sd(self, oxytocin: Oxytocin | None = None) -> float:
        """SD of the asynchrony in the long run, ms, exact."""
        a, b, own, other = self.under(oxytocin or Oxytocin())
        keep = 1 - a - b
        if abs(keep) >= 1:
            raise BadInput(f"Tapping: corrections of {a:g} and {b:g} do not settle; their sum must lie between 0 and 2")
        return math.sqrt((own**2 + other**2) / (1 - keep**2))


def tap(tapping: Tapping, oxytocin: Oxytocin, taps: int, seed: int) -> np.ndarray:
    """Asynchronies (taps,) in ms, the follower's tap less the partner's."""
    if taps < 1:
        raise BadInput(f"taps is {taps}; at least one is needed")
    a, b, own, other = tapping.under(oxytocin)
    tapping.asynchrony_sd(oxytocin)  # refuses corrections that do not settle
    random = stream(seed, "tapping")
    pushed = own * random.standard_normal(taps) - other * random.standard_normal(taps)
    return _taps(1 - a - b, pushed)


@njit(cache=True, nogil=True)
def _taps(keep: float, pushed: np.ndarray) -> np.ndarray:
    out, last = np.empty(len(pushed)), 0.0
    for t in range(len(pushed)):
        last = keep * last + pushed[t]
        out[t] = last
    return out


# --- together ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Modulators:
    """All gates of one person; ``None`` switches a gate off, which leaves exactly 1."""

    stress: Stress | None = None
    serotonin: Serotonin | None = None
    oxytocin: Oxytocin | None = None

    def plasticity(self, stress: float = 0.0, hours: float = 0.0) -> float:
        """Factor on the rate of learning (dopamine enters as M of the rule itself)."""
        felt = self.serotonin.felt(stress) if self.serotonin else stress
        gain = self.stress.gain(felt, hours) if self.stress else 1.0
        return gain * (self.serotonin.gain() if self.serotonin else 1.0)

    def coupling(self, responsiveness: float, person: bool = True) -> float:
        """Factor on one's gain to a partner's behaviour."""
        return self.oxytocin.gain(responsiveness, person) if self.oxytocin else 1.0


def draw_modulators(trials: int = 4000, seed: int = 1) -> Figure:
    """Weights under four third factors, plasticity under stress, and tapping with and without oxytocin."""
    from interbrain.simulate._draw import panels

    figure, axes = panels(1, 3, "Weights of three situations", width=3.8)
    for third, colour in zip(_THIRD, ("C3", "C1", "C4", "C0"), strict=True):
        run = learn(Dopamine(third), Rewards(), trials, seed)
        axes[0][0].plot(run.weight[:, 0], color=colour, label=third)
        axes[0][0].plot(run.weight[:, 1:], color=colour)
    axes[0][0].set(xlabel="Trial", title="Nothing to learn: who drifts", ylim=(-5, 12))
    axes[0][0].legend(frameon=False)
    levels = np.linspace(0, 1.5, 200)
    for hours in (0.0, 24.0, 168.0):
        axes[0][1].plot(levels, [Stress().gain(s, hours) for s in levels], label=f"{hours:g} h")
    axes[0][1].set(xlabel="Stress", title="Gain on plasticity", ylim=(0, None))
    axes[0][1].legend(frameon=False)
    cases = {"leader": Tapping(), "mutual": Tapping(partner=0.35), "metronome": Tapping(person=False)}
    at = np.arange(len(cases))
    for k, (label, oxytocin) in enumerate({"placebo": Oxytocin(), "oxytocin": Oxytocin(1.0)}.items()):
        axes[0][2].bar(at + 0.4 * k - 0.2, [c.asynchrony_sd(oxytocin) for c in cases.values()], 0.36, label=label)
    axes[0][2].set(xticks=at, xticklabels=list(cases), ylabel="SD of asynchrony (ms)", title="Tapping together")
    axes[0][2].legend(frameon=False)
    return figure
