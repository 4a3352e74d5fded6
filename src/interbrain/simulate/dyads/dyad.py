"""Two brains that touch only through behaviour.

Each person is a brain of phase oscillators (slow rhythms, about 1 Hz, that behaviour can carry: phrases, movement,
breath), with regions that produce a channel of behaviour and regions that receive the other's. Between the brains runs
no edge but these: ``voice`` (open from the one who speaks to the one who listens), ``gaze``, ``movement``, ``breath``,
each with a delay. The pull on a receiving region is

    K_c e_c openness_c(t) mean_j sin(theta_j(t - lag_c) - theta_i),    j over the other's producing regions

``K_c`` is the receiver's gain on the channel and all that is plastic between the brains:

    K_c' = rate gate M (target L_c - K_c),    L_c = mean cos(what is heard - own) while the channel is open
    M = max(0, 1 + surprise (R - E)),    E <- E + critic (R - E) each beat,    R = mean of L over open channels

``M`` is dopamine as a prediction error of synchrony with this person (``surprise`` 0: M is exactly 1).

The gain has a part that a person brings to everybody and one that belongs to this pair: ``generalises`` is the share of
a change that goes to the person's part. 0 is the finding of Sened et al. 2025 (synchrony did not carry over to a new
person), 1 the model of Sened et al. 2022 (doi:10.3389/fnhum.2022.955238).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within
from interbrain.simulate.brains.brain import simulate_brain
from interbrain.simulate.brains.connectome import Connectome, built_in
from interbrain.simulate.brains.learning import Plasticity
from interbrain.simulate.brains.network import Network
from interbrain.simulate.brains.nodes import Kuramoto
from interbrain.simulate.brains.state import BrainState
from interbrain.simulate.dyads._behaviour import CHANNELS, PORTS, Wiring, alike, likeness, wire
from interbrain.simulate.dyads._gains import BEAT_S, Gains

DT, EVERY, FIELD_S = 5e-3, 0.01, 0.2
"""Steps, samples, and samples of the fields that are kept, s."""


@dataclass(frozen=True, eq=False)
class Person:
    """One brain and its manners.

    Parameters
    ----------
    frequency, spread
        Mean and SD of its regions' own rhythms, Hz, 0.05 to 5 and 0 to 1.
    coupling
        Within the brain, rad/s per weight (of the connectome scaled to mean rows), 0 to 1000.
    noise
        rad/sqrt(s), 0 to 10.
    expresses
        How strongly each channel is shown, 0 to 10.
    gain
        What this person brings to everybody: gain on each channel of the other, rad/s, 0 to 100.
    rhythms
        Seed of the regions' own deviations from the mean, so that they last; None: another draw each meeting.
    """

    frequency: float = 1.0
    spread: float = 0.05
    coupling: float = 4.0
    noise: float = 0.3
    expresses: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    gain: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    rhythms: int | None = None

    def __post_init__(self) -> None:
        within("Person", "frequency", self.frequency, 0.05, 5, "Hz")
        within("Person", "spread", self.spread, 0, 1, "Hz")
        within("Person", "coupling", self.coupling, 0, 1000, "rad/s")
        within("Person", "noise", self.noise, 0, 10, "rad/sqrt(s)")
        for name, high in (("expresses", 10), ("gain", 100)):
            if len(getattr(self, name)) != len(CHANNELS):
                raise BadInput(f"Person: {name} needs {len(CHANNELS)} numbers: {', '.join(CHANNELS)}.")
            for each in getattr(self, name):
                within("Person", name, each, 0, high)


@dataclass(frozen=True, eq=False)
class Bond:
    """What two people have with each other: ``gain`` ``(receiver, channel)`` that is added to each one's own, and the
    synchrony that each has come to expect here, ``expected`` ``(receiver,)``."""

    gain: np.ndarray = field(default_factory=lambda: np.zeros((2, len(CHANNELS))))
    expected: np.ndarray = field(default_factory=lambda: np.zeros(2))


@dataclass(frozen=True)
class Learning:
    """How gains change.

    Parameters
    ----------
    rate
        1/s, 0 to 1.
    target
        Gain that perfect synchrony builds, rad/s, 0 to 100.
    gate
        Neuromodulators' factor on the rate, 0 to 100.
    generalises
        Share of a change that goes to the person and not to the pair, 0 to 1.
    second
        The second person's rate over the first's, 0 to 1.
    surprise, critic
        How strongly a beat with more synchrony than expected is learnt from, 0 to 10, and the share of the error that
        the expectation takes a beat, 0 to 1.
    """

    rate: float = 0.0
    target: float = 10.0
    gate: float = 1.0
    generalises: float = 0.5
    second: float = 1.0
    surprise: float = 0.0
    critic: float = 0.05

    def __post_init__(self) -> None:
        within("Learning", "rate", self.rate, 0, 1, "1/s")
        within("Learning", "target", self.target, 0, 100, "rad/s")
        within("Learning", "gate", self.gate, 0, 100)
        for name in ("generalises", "second", "critic"):
            within("Learning", name, getattr(self, name), 0, 1)
        within("Learning", "surprise", self.surprise, 0, 10)
        fastest = self.rate * self.gate * (1 + 2 * self.surprise)
        within("Learning", "rate times gate (times 1 + 2 surprise)", fastest, 0, 0.5 / BEAT_S, "1/s")


@dataclass(frozen=True)
class Encounter:
    """The situation.

    Parameters
    ----------
    duration
        s, a whole number of beats of 2 s.
    delays
        Of each channel from behaviour to perception, s, 0 to 1.
    open
        How well each channel passes, 0 (telephone: no gaze, no movement) to 1.
    anticipates
        Share of a delay that foreseeing the other's rhythm makes up for, 0 to 1. Without it a fifth of a second is so
        much of a slow cycle that who is followed hears the follower in antiphase, and learns not to listen.
    turn
        Mean length of a speaker's turn, s, 2 to 600.
    scaffold
        Gain that is added on every channel from outside, rad/s: a shared rhythm, a guided exercise.
    """

    duration: float = 120.0
    delays: tuple[float, ...] = (0.15, 0.2, 0.2, 0.3)
    open: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    anticipates: float = 0.8
    turn: float = 8.0
    scaffold: float = 0.0

    def __post_init__(self) -> None:
        within("Encounter", "duration", self.duration, BEAT_S, 1e5, "s")
        beats = self.duration / BEAT_S
        if abs(beats - round(beats)) > 1e-9:
            raise BadInput(
                f"Encounter: duration is {self.duration:g} s; a whole number of beats of {BEAT_S:g} s is needed"
            )
        for name in ("delays", "open"):
            if len(getattr(self, name)) != len(CHANNELS):
                raise BadInput(f"Encounter: {name} needs {len(CHANNELS)} numbers: {', '.join(CHANNELS)}.")
        for delay in self.delays:
            within("Encounter", "delays", delay, 0, 1, "s")
        for share in self.open:
            within("Encounter", "open", share, 0, 1)
        within("Encounter", "anticipates", self.anticipates, 0, 1)
        within("Encounter", "turn", self.turn, BEAT_S, 600, "s")
        within("Encounter", "scaffold", self.scaffold, 0, 100, "rad/s")

    @property
    def lags(self) -> np.ndarray:
        """``(channel,)``, s: what is left of the delays."""
        return np.array(self.delays) * (1 - self.anticipates)


@dataclass(frozen=True, eq=False)
class DyadRun:
    """What happened between two people.

    Parameters
    ----------
    time
        ``(beat,)``, s: where each begins.
    speaker
        ``(beat,)``: 0 or 1.
    gain
        ``(beat, receiver, channel)``, rad/s: what each person had on the other's channels, without scaffold.
    likeness
        ``(beat, receiver, channel)``: mean cosine of what is heard minus own phase; NaN where the channel was shut.
    cross
        ``(beat,)``, complex: mean of ``z_a conj(z_b)`` over their root mean squares, ``z`` the brains' fields. Its
        angle is positive where the first leads; its modulus is near 1 in a beat as short as a cycle or two.
    order
        ``(beat, person)``: mean order parameter inside each brain.
    field
        ``(sample, person)``, complex, each 0.2 s: the brains' fields.
    alike
        ``(own edge,)``: mean cosine over the first brain's own edges; empty where ``own`` was not given.
    people, bond
        As they are afterwards.
    """

    time: np.ndarray
    speaker: np.ndarray
    gain: np.ndarray
    likeness: np.ndarray
    cross: np.ndarray
    order: np.ndarray
    field: np.ndarray
    alike: np.ndarray
    people: tuple[Person, Person]
    bond: Bond

    def synchrony(self, beats: int | None = None) -> np.ndarray:
        """Modulus of the mean of ``cross`` over stretches of so many beats (None: the whole meeting): ``(stretch,)``.

        Two people with the same rhythm and no contact reach 1 as well: what this says, only pseudo-dyads tell.
        """
        beats = beats or len(self.cross)
        whole = len(self.cross) // beats * beats
        return np.abs(self.cross[:whole].reshape(-1, beats).mean(axis=1))


def speakers(encounter: Encounter, seed: int) -> np.ndarray:
    """``(beat,)``: who speaks, 0 or 1; turns last a geometric number of beats, the first speaker is drawn."""
    draws = stream(seed, "dyad", "turns")
    changes = draws.random(round(encounter.duration / BEAT_S)) < BEAT_S / encounter.turn
    changes[0] = False
    return (int(draws.integers(2)) + np.cumsum(changes)) % 2


def simulate_dyad(
    people: tuple[Person, Person],
    encounter: Encounter | None = None,
    learning: Learning | None = None,
    bond: Bond | None = None,
    brains: tuple[Connectome, Connectome] | None = None,
    seed: int = 0,
) -> DyadRun:
    """Let two people meet once. See :func:`simulate_dyads`."""
    return simulate_dyads([people], encounter, learning, [bond or Bond()], brains, [seed])[0]


def simulate_dyads(
    people: Sequence[tuple[Person, Person]],
    encounter: Encounter | None = None,
    learning: Learning | Sequence[Learning] | None = None,
    bonds: Sequence[Bond] | None = None,
    brains: tuple[Connectome, Connectome] | None = None,
    seeds: Sequence[int] | None = None,
    threads: int | None = None,
    own: np.ndarray | None = None,
) -> list[DyadRun]:
    """Let many pairs meet once, each for itself, in the same situation.

    Parameters
    ----------
    learning
        One, or one a pair.
    brains
        Connectomes of the first and the second of every pair (default: two built in of 68 regions).
    seeds
        One a pair, for rhythms, noise and turns.
    own
        ``(pair, edge)``: weights of the first brain's edges for each pair, in place of the connectome's; the order is
        that of ``network_of(brains[0].scaled("mean_row"))``.

    Raises
    ------
    BadInput
    """
    encounter = encounter or Encounter()
    rules = [learning or Learning()] * len(people) if not isinstance(learning, Sequence) else list(learning)
    bonds = list(bonds) if bonds is not None else [Bond()] * len(people)
    seeds = list(seeds) if seeds is not None else list(range(len(people)))
    if not len(people) == len(bonds) == len(seeds) == len(rules) or not people:
        raise BadInput(
            f"{len(people)} pairs, {len(bonds)} bonds, {len(seeds)} seeds and {len(rules)} ways of learning; "
            "as many of each are needed."
        )
    wiring = wire(brains or (built_in(seed=1), built_in(seed=2)), encounter.lags, own is not None)
    meeting = _Meeting(wiring, [_node(pair, wiring.network, seed) for pair, seed in zip(people, seeds)], seeds)
    speaker = np.stack([speakers(encounter, seed) for seed in seeds])
    gains = Gains(
        np.array([[p.gain for p in pair] for pair in people]),
        np.array([bond.gain for bond in bonds]),
        np.array([bond.expected for bond in bonds], dtype=float),
        rules,
    )
    shows = np.array([[pair[1].expresses, pair[0].expresses] for pair in people])
    parts: dict[str, list[np.ndarray]] = {k: [] for k in ("gain", "likeness", "cross", "order", "field", "alike")}
    for beat in range(speaker.shape[1]):
        openness = _openness(encounter, speaker[:, beat])
        pull = (gains.total + encounter.scaffold) * shows * openness
        heard = meeting.beat(pull[:, wiring.receiver, wiring.channel] / PORTS, own, encounter, threads)
        parts["gain"].append(gains.total)
        parts["likeness"].append(np.where(openness > 0, heard["likeness"], np.nan))
        for name in ("cross", "order", "field", "alike"):
            parts[name].append(heard[name])
        gains.learn(heard["likeness"], openness > 0)
    kept = {name: np.stack(value, axis=1) for name, value in parts.items()}
    time = np.arange(speaker.shape[1]) * BEAT_S
    return [_dyad_run(k, people[k], time, speaker, kept, gains) for k in range(len(people))]


def _node(pair: tuple[Person, Person], network: Network, seed: int) -> Kuramoto:
    """Rhythms of both brains; each person's own mean is kept exactly."""
    counts = np.bincount(network.group)
    rhythms, couplings, noises = [], [], []
    for k, (person, n) in enumerate(zip(pair, counts)):
        own = person.rhythms
        draws = stream(seed, "dyad", "rhythms", k) if own is None else stream(own, "dyad", "own rhythms")
        drawn = draws.standard_normal(n)
        rhythms.append(person.frequency + person.spread * (drawn - drawn.mean()))
        couplings.append(np.full(n, person.coupling))
        noises.append(np.full(n, person.noise))
    return Kuramoto(np.concatenate(rhythms), np.concatenate(couplings), np.concatenate(noises))


def _openness(encounter: Encounter, speaker: np.ndarray) -> np.ndarray:
    """``(pair, receiver, channel)``: voice reaches only the one who listens."""
    found = np.broadcast_to(np.array(encounter.open), (len(speaker), 2, len(CHANNELS))).copy()
    found[np.arange(len(speaker)), speaker, 0] = 0.0
    return found


class _Meeting:
    """The brains of all pairs, from beat to beat."""

    def __init__(self, wiring: Wiring, nodes: list[Kuramoto], seeds: list[int]) -> None:
        self.wiring, self.nodes, self.seeds = wiring, nodes, seeds
        self.gain = np.stack([np.broadcast_to(node.coupling, wiring.network.regions) for node in nodes])
        self.state: BrainState | None = None

    def beat(
        self, weights: np.ndarray, own: np.ndarray | None, encounter: Encounter, threads: int | None
    ) -> dict[str, np.ndarray]:
        """Two seconds with these weights of behaviour (which multiply a coupling: they are divided by it)."""
        network, across = self.wiring.network, self.wiring.across
        ends = network.to[network.plastic]
        relative = np.empty((len(self.nodes), len(ends)))
        relative[:, across] = weights / np.maximum(self.gain[:, ends[across]], 1e-9)
        if own is not None:
            relative[:, ~across] = own
        rule = Plasticity(0.0)
        if self.state is None:
            joins = network.group[network.to] != network.group[network.source]
            still = replace(network, weight=np.where(joins, 0.0, network.weight))
            first = simulate_brain(still, self.nodes, EVERY, DT, self.seeds, rule, (), EVERY, threads=threads)
            self.state = first.state
        self.state.set_weights(relative, network)
        kept: tuple[Literal["signal", "field"], ...] = ("signal", "field")
        run = simulate_brain(
            network, self.nodes, BEAT_S, DT, self.seeds, rule, kept, EVERY, self.state, threads=threads
        )
        self.state = run.state
        assert run.signal is not None and run.field is not None
        a, b = run.field[:, :, 0], run.field[:, :, 1]
        power = np.sqrt((np.abs(a) ** 2).mean(axis=1) * (np.abs(b) ** 2).mean(axis=1))
        every = round(FIELD_S / EVERY)
        none = np.empty((len(a), 0))
        return {
            "likeness": likeness(self.wiring, run.signal, np.rint(encounter.lags / EVERY)),
            "cross": (a * b.conj()).mean(axis=1) / power,
            "order": np.abs(run.field).mean(axis=1),
            "field": run.field[:, ::every],
            "alike": none if own is None else alike(self.wiring, run.signal, every),
        }


def _dyad_run(
    k: int,
    pair: tuple[Person, Person],
    time: np.ndarray,
    speaker: np.ndarray,
    kept: dict[str, np.ndarray],
    gains: Gains,
) -> DyadRun:
    first, second = (replace(person, gain=tuple(float(x) for x in gains.own[k, p])) for p, person in enumerate(pair))
    return DyadRun(
        time,
        speaker[k],
        kept["gain"][k],
        kept["likeness"][k],
        kept["cross"][k],
        kept["order"][k],
        kept["field"][k].reshape(-1, 2),
        kept["alike"][k].mean(axis=0),
        (first, second),
        Bond(gains.between[k], gains.expected[k]),
    )
