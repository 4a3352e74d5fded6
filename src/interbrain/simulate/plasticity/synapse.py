"""A synapse that keeps evoked and spontaneous transmission apart, as the visual cortex matures.

Evoked release reaches receptors of its own, which grow by a three-factor Hebbian rule; spontaneous release reaches
others, which one homeostatic factor of the neuron scales. ``one_site`` gives the control in which both modes share
their receptors. Equations, facts and their grades: ``docs/model/synapse.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, finite
from interbrain.simulate.plasticity import _synapse

Vision = Literal["patterned", "diffuse", "none"]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Synapse:
    """The synapses of one neuron; quantal sizes and strengths are in units of a mature evoked quantum.

    Parameters
    ----------
    n
        Synapses, 1 to 100,000.
    sites, p, p_max
        Evoked release sites a synapse (> 0), probability of release at the start and at most, each in (0, 1].
    release
        Spontaneous release of one synapse, 1/s, > 0.
    silent
        Share σ of spontaneous sites whose receptors are silent, [0, 1).
    q_evoked, q_spontaneous, q_max, q_ceiling
        Quantal sizes at the start (medians); what Hebbian growth tends to; what scaling never passes.
    spread
        SD of the logarithm of quantal sizes and of presynaptic affinities over synapses, [0, 1.5].
    eta
        Hebbian growth, 1/day, at full drive, at the activity's target, with modulator 1; ≥ 0.
    presynaptic
        Share of Hebbian growth that release probability takes in place of receptors, [0, 1] (locus of expression is
        disputed).
    tau_scaling
        Days in which scaling changes quantal size e-fold when activity is absent, 0.1 to 100.
    reach
        How far scaling changes evoked receptors too: 0 their own sites only, 1 all alike (rival findings).
    evoked_share
        Share of evoked transmission in what the homeostat senses, [0, 1]; the rest is spontaneous transmission.
    balance
        Share of evoked growth that inhibition follows, [0, 1]: with 1, stronger synapses do not raise mean activity.
    evoked_ref, spontaneous_ref
        Mean strengths that meet the activity's target under full drive. ``spontaneous_ref`` in quanta a second.
    waves, vision, diffuse, dark
        Presynaptic drive before the eyes open, with patterned vision, with closed lids, in the dark, each in [0, 5].
    recovery_s
        Time constant of recovery from depletion (Tsodyks–Markram), s.
    one_site
        The control: evoked and spontaneous release reach the same receptors.
    """

    n: int = 200
    sites: float = 5.0
    p: float = 0.3
    p_max: float = 0.9
    release: float = 0.02
    silent: float = 0.5
    q_evoked: float = 0.13
    q_spontaneous: float = 0.25
    q_max: float = 1.0
    q_ceiling: float = 5.0
    spread: float = 0.4
    eta: float = 0.06
    presynaptic: float = 0.0
    tau_scaling: float = 4.0
    reach: float = 0.0
    evoked_share: float = 0.6
    balance: float = 1.0
    evoked_ref: float = 0.4
    spontaneous_ref: float = 0.005
    waves: float = 0.4
    vision: float = 1.0
    diffuse: float = 1.0
    dark: float = 0.05
    recovery_s: float = 0.5
    one_site: bool = False

    def __post_init__(self) -> None:
        all_within(self, n=(1, 100_000), spread=(0, 1.5), eta=(0, 100), tau_scaling=(0.1, 100), silent=(0, 0.999))
        shares = ("presynaptic", "reach", "evoked_share", "balance")
        all_within(self, **dict.fromkeys(shares, (0, 1)))
        all_within(self, **dict.fromkeys(("waves", "vision", "diffuse", "dark"), (0, 5)))
        sizes = ("q_evoked", "q_spontaneous", "q_max", "q_ceiling", "evoked_ref", "spontaneous_ref")
        all_within(self, **dict.fromkeys((*sizes, "release", "sites", "recovery_s"), (1e-9, 1e9)))
        all_within(self, p=(1e-9, 1), p_max=(self.p, 1))


@dataclass(frozen=True)
class Rearing:
    """What happens to the animal; ages and intervals in days after birth.

    Parameters
    ----------
    start, eyes_open, end
        The simulated ages and the age at which the eyes open.
    vision
        After the eyes open: ``"patterned"``, ``"diffuse"`` (lids sutured) or ``"none"`` (dark rearing, enucleation).
    dark
        A stay in the dark, from and to.
    unsilenced
        A drug that wakes silent receptors, from and to.
    blocked, left
        Spontaneous release alone is reduced, from and to, to the share ``left`` in [0, 1].
    modulator
        Third factor of evoked growth, ≥ 0: 0 means that nothing is learned.
    """

    start: float = 6.0
    eyes_open: float = 14.0
    end: float = 35.0
    vision: Vision = "patterned"
    dark: Interval | None = None
    unsilenced: Interval | None = None
    blocked: Interval | None = None
    left: float = 0.3
    modulator: float = 1.0

    def __post_init__(self) -> None:
        if not self.start <= self.eyes_open <= self.end or not self.start < self.end:
            raise BadInput(
                f"start, eyes_open and end are {self.start}, {self.eyes_open} and {self.end} days; "
                "they must follow one another"
            )
        if self.vision not in ("patterned", "diffuse", "none"):
            raise BadInput(f"vision is {self.vision!r}; it must be 'patterned', 'diffuse' or 'none'")
        for name in ("dark", "unsilenced", "blocked"):
            interval = getattr(self, name)
            if interval is not None and not interval[0] <= interval[1]:
                raise BadInput(f"{name} is {interval}; it must be (from, to) in days, the earlier first")
        all_within(self, left=(0, 1), modulator=(0, 100))


@dataclass(frozen=True, eq=False)
class Development:
    """What came out, at ``age`` (t,) in days.

    ``evoked`` (t, n) is the mean response to one spike, ``spontaneous`` (t, n) quanta a second times their size;
    ``q_evoked``, ``q_spontaneous`` and ``p`` (t, n) make them up; ``activity`` (t,) is relative to its target.
    """

    age: np.ndarray
    evoked: np.ndarray
    spontaneous: np.ndarray
    q_evoked: np.ndarray
    q_spontaneous: np.ndarray
    p: np.ndarray
    activity: np.ndarray
    synapse: Synapse
    rearing: Rearing

    def at(self, age: float) -> int:
        """The row nearest to an age in days."""
        return int(np.argmin(np.abs(self.age - age)))

    def paired_pulse(self, interval_s: float = 0.05) -> np.ndarray:
        """Second response over the first, (t, n): 1 − p·exp(−interval/recovery) (depletion alone)."""
        return np.asarray(1.0 - self.p * np.exp(-interval_s / self.synapse.recovery_s))

    def growth(self, start: float, stop: float) -> tuple[float, float]:
        """Slopes of mean evoked and mean spontaneous strength between two ages, shares of their value at eye opening
        a day."""
        use = (self.age >= start) & (self.age <= stop)
        if use.sum() < 2:
            raise BadInput(f"growth was asked from {start} to {stop} days; at least two kept ages must lie there")
        opening = self.at(self.rearing.eyes_open)
        slope = [
            float(np.polyfit(self.age[use], x[use].mean(1) / x[opening].mean(), 1)[0])
            for x in (self.evoked, self.spontaneous)
        ]
        return slope[0], slope[1]


def develop(synapse: Synapse, rearing: Rearing, seed: int, dt: float = 0.005, every: int = 20) -> Development:
    """Follow the synapses of one neuron through an animal's rearing.

    ``dt`` is the step in days, ``every`` the steps between kept states. The seed draws quantal sizes and affinities.

    Sources: Yang et al. 2025 doi:10.1126/sciadv.ads5750 (two sites); Gerstner et al. 2018
    doi:10.3389/fncir.2018.00053 (three factors); Turrigiano et al. 1998 doi:10.1038/36103 (scaling).
    """
    if not (0 < dt <= 0.1 * synapse.tau_scaling and every >= 1):
        raise BadInput(f"dt is {dt} days and every {every}; dt must lie in (0, tau_scaling/10] and every be 1 or more")
    s = synapse
    age = rearing.start + dt * np.arange(round((rearing.end - rearing.start) / dt) + 1)
    random = stream(seed, "synapse")
    sizes = np.exp(s.spread * random.standard_normal((3, s.n)))
    affinity = sizes[2] / sizes[2].mean()
    start = (s.q_evoked * sizes[0], s.q_spontaneous * sizes[1], np.full(s.n, s.p))
    silent = np.where(_within(age, rearing.unsilenced), 0.0, s.silent)
    release = s.release * np.where(_within(age, rearing.blocked), rearing.left, 1.0)
    modulator = np.full(len(age), float(rearing.modulator))
    q_e, q_s, p, r = _synapse.develop(
        *start, affinity, _drive(s, rearing, age), modulator, silent, release, _constants(s), s.one_site, dt, every
    )
    silent, release, kept = silent[::every, None], release[::every, None], age[::every]
    evoked, spontaneous = s.sites * p * q_e, release * (1.0 - silent) * q_s
    if s.one_site:
        evoked = evoked * (1.0 - silent)
    finite("Synapse", np.where(q_e < 0, np.nan, evoked), "eta is too large for the step dt")
    finite("Synapse", np.where(q_s < 0, np.nan, spontaneous), "tau_scaling is too short for the step dt")
    return Development(kept, evoked, spontaneous, q_e, q_s, p, r, synapse, rearing)


def _within(age: np.ndarray, interval: Interval | None) -> np.ndarray:
    if interval is None:
        return np.zeros(len(age), dtype=bool)
    return (age >= interval[0] - 1e-9) & (age < interval[1] - 1e-9)


def _drive(s: Synapse, rearing: Rearing, age: np.ndarray) -> np.ndarray:
    seen = {"patterned": s.vision, "diffuse": s.diffuse, "none": s.dark}[rearing.vision]
    drive = np.where(age < rearing.eyes_open - 1e-9, s.waves, seen)
    return np.where(_within(age, rearing.dark), s.dark, drive)


def _constants(s: Synapse) -> np.ndarray:
    return np.array(
        [
            s.sites,
            s.evoked_ref,
            s.spontaneous_ref,
            s.balance,
            s.evoked_share,
            s.eta,
            s.q_max,
            s.p_max,
            s.presynaptic,
            s.tau_scaling,
            s.reach,
            s.q_ceiling,
        ]
    )
