"""Structural plasticity: neurons grow and retract boutons and spines until their calcium is where they want it.

    z' = ν·(2·exp(−((Ca − ξ)/ζ)²) − 1),   ξ = (η + ε)/2,   ζ = (ε − η)/(2·√ln 2):   zero exactly at η and at ε
    Ca' = −Ca/τ + β·rate

Vacant boutons and spines meet at random; where more synapses are bound than elements are left, synapses break.
Facts and grades: ``docs/model/plasticity.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, finite
from interbrain.simulate.plasticity import _structural

Rule = Literal["linear", "gaussian", "sigmoid"]
_RULES: tuple[Rule, ...] = ("linear", "gaussian", "sigmoid")


@dataclass(frozen=True)
class Growth:
    """How one kind of element grows with calcium.

    Parameters
    ----------
    nu
        Elements a second at most, 0 to 100.
    eta, epsilon
        Calcium below which elements retract, and the level that is held; 0 ≤ eta < epsilon ≤ 100.
    psi
        Width of the sigmoid rule, above 0 to 100.
    rule
        ``"gaussian"``; ``"linear"`` and ``"sigmoid"`` have no lower threshold (eta is not used).
    """

    nu: float = 0.1
    eta: float = 0.0
    epsilon: float = 0.05
    psi: float = 0.1
    rule: Rule = "gaussian"

    def __post_init__(self) -> None:
        all_within(self, nu=(0, 100), eta=(0, 100), epsilon=(1e-9, 100), psi=(1e-9, 100))
        if self.rule not in _RULES:
            raise BadInput(f"Growth: rule is {self.rule!r}; it must be one of {', '.join(_RULES)}")
        if self.eta >= self.epsilon:
            raise BadInput(f"Growth: eta is {self.eta:g} and epsilon {self.epsilon:g}; eta must be the lower")

    def rate(self, calcium: float) -> float:
        """Elements a second at a calcium level."""
        about = (np.array(x) for x in (calcium, self.nu, self.eta, self.epsilon, self.psi))
        return float(_structural.growth(self.rule, *about))


@dataclass(frozen=True)
class Structure:
    """A network without synapses that will have them.

    Parameters
    ----------
    excitatory, inhibitory
        Neurons; rates in Hz follow drive + strength·Σ(excitatory) − inhibition·Σ(inhibitory), within [0, most].
    drive, drive_spread
        Mean and SD over neurons of the constant drive, Hz; ≥ 0.
    strength, inhibition
        Hz that one synapse adds or takes per Hz of its sender, 0 to 10.
    most
        Highest rate, Hz, above 0 to 1,000.
    tau_rate, tau_calcium, beta
        Time constants in s (0.01 to 1,000; 0.1 to 10,000); calcium that a spike adds.
    on_excitatory, on_inhibitory
        How elements of excitatory and of inhibitory neurons grow; ``spines_for_excitatory`` replaces the latter for
        the spines through which inhibitory neurons are excited.
    fade
        Share of a vacant element that is lost each update, [0, 1].
    every
        Seconds between updates, 0.1 to 100.
    """

    excitatory: int = 80
    inhibitory: int = 20
    drive: float = 1.0
    drive_spread: float = 0.2
    strength: float = 0.1
    inhibition: float = 0.01
    most: float = 100.0
    tau_rate: float = 0.1
    tau_calcium: float = 10.0
    beta: float = 0.001
    on_excitatory: Growth = field(default_factory=Growth)
    on_inhibitory: Growth = field(default_factory=lambda: Growth(epsilon=0.2))
    spines_for_excitatory: Growth = field(default_factory=lambda: Growth(nu=0.4, epsilon=0.2))
    fade: float = 0.1
    every: float = 1.0

    def __post_init__(self) -> None:
        all_within(self, excitatory=(1, 1e4), inhibitory=(0, 1e4), drive=(0, 1e3), drive_spread=(0, 1e3))
        all_within(self, strength=(0, 10), inhibition=(0, 10), most=(1e-6, 1e3), tau_rate=(0.01, 1e3))
        all_within(self, tau_calcium=(0.1, 1e4), beta=(1e-9, 10), fade=(0, 1), every=(0.1, 100))
        rules = {g.rule for g in (self.on_excitatory, self.on_inhibitory, self.spines_for_excitatory)}
        if len(rules) > 1:
            raise BadInput(f"Structure: elements grow by {', '.join(sorted(rules))}; one network has one rule")


@dataclass(frozen=True, eq=False)
class Grown:
    """Seconds (t,), calcium and rate (t, neurons), elements (t, neurons, 3: boutons, spines for excitatory and for
    inhibitory axons), synapses made, broken and in place (t,) each, and who is joined at the end [to, from]."""

    seconds: np.ndarray
    calcium: np.ndarray
    rate: np.ndarray
    elements: np.ndarray
    made: np.ndarray
    broken: np.ndarray
    synapses: np.ndarray
    joined: np.ndarray
    structure: Structure


def grow(structure: Structure, seconds: float, seed: int, level: np.ndarray | float = 1.0) -> Grown:
    """Let a network grow from no synapses; ``level`` (one number, or one an update) multiplies the drive.

    Source: Butz & van Ooyen 2013 doi:10.1371/journal.pcbi.1003259; constants as in NEST's structural plasticity.
    """
    s = structure
    updates = int(seconds / s.every + 1e-9)
    if updates < 1:
        raise BadInput(f"seconds is {seconds:g}; at least one update, {s.every:g} s, is needed")
    drive = np.maximum(
        s.drive + s.drive_spread * stream(seed, "structure", "drive").standard_normal(s.excitatory + s.inhibitory), 0.0
    )
    levels = np.ascontiguousarray(np.broadcast_to(np.asarray(level, dtype=float), (updates,)))
    run = _Run(s, drive, stream(seed, "structure", "meetings"))
    kept = [run.update(levels[k]) for k in range(updates)]
    calcium, rate, z, made, broken, synapses = (np.array(x) for x in zip(*kept, strict=True))
    finite("Structure", calcium, "drive or strength is too large")
    at = s.every * np.arange(1, updates + 1)
    return Grown(at, calcium, rate, z, made, broken, synapses, run.joined.astype(int), s)


class _Run:
    """The state of a growing network."""

    def __init__(self, s: Structure, drive: np.ndarray, random: np.random.Generator) -> None:
        n = len(drive)
        self.s, self.drive, self.random = s, drive, random
        self.excites = np.arange(n) < s.excitatory
        self.rate, self.calcium, self.z = np.zeros(n), np.zeros(n), np.zeros((n, 3))
        self.joined, self.bound = np.zeros((n, n)), np.zeros((n, 3))
        self.sign = np.where(self.excites, s.strength, -s.inhibition)
        self.cell = np.array([s.most, s.tau_rate, s.beta, s.tau_calcium])
        e, i, spine = s.on_excitatory, s.on_inhibitory, s.spines_for_excitatory
        rows = [(e, e, e) if x else (i, spine, i) for x in self.excites]
        self.rules = np.array([[[g.nu, g.eta, g.epsilon, g.psi] for g in row] for row in rows]).transpose(2, 0, 1)

    def update(self, level: float) -> tuple:
        s = self.s
        inner = max(1, round(2 * s.every / s.tau_rate))
        _structural.settle(
            self.rate, self.calcium, self.drive * level, self.joined, self.sign, self.cell, s.every / inner, inner
        )
        grown = s.every * _structural.growth(s.on_excitatory.rule, self.calcium[:, None], *self.rules)
        vacant = np.maximum(np.floor(self.z) - self.bound, 0)
        self.z = np.maximum(self.z + grown - s.fade * vacant, 0.0)
        broken = _structural.prune(self.z, self.joined, self.bound, s.excitatory, self.random)
        made = _structural.meet(self.z, self.joined, self.bound, s.excitatory, self.random)
        return self.calcium.copy(), self.rate.copy(), self.z.copy(), made, broken, int(self.joined.sum())
