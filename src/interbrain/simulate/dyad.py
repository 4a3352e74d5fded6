"""Two brains that touch only through behaviour.

Each person is a brain of phase oscillators (slow rhythms, about 1 Hz, that behaviour can carry: phrases, movement,
breath), with regions that produce a channel of behaviour and regions that receive the other's. Between the brains runs
no edge but these: ``voice`` (open from the one who speaks to the one who listens), ``gaze``, ``movement``, ``breath``,
each with a delay. The pull on a receiving region is

    K_c e_c openness_c(t) mean_j sin(theta_j(t - lag_c) - theta_i),    j over the other's producing regions

``K_c`` is the receiver's gain on the channel and all that is plastic between the brains:

    K_c' = rate gate (target L_c - K_c),    L_c = mean cos(what is heard - own) while the channel is open

The gain has a part that a person brings to everybody and one that belongs to this pair: ``generalises`` is the share of
a change that goes to the person's part. 0 is the finding of Sened et al. 2025 (synchrony did not carry over to a new
person), 1 the model of Sened et al. 2022 (doi:10.3389/fnhum.2022.955238).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within
from interbrain.simulate.brain import BrainState, Plasticity, simulate_brain
from interbrain.simulate.connectome import Connectome, built_in
from interbrain.simulate.network import Network, network_of
from interbrain.simulate.nodes import Kuramoto

CHANNELS = ("voice", "gaze", "movement", "breath")
BEAT_S, DT, EVERY = 2.0, 5e-3, 0.01
"""Gains and who speaks are held for a beat; steps and samples, s."""


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
    """

    frequency: float = 1.0
    spread: float = 0.05
    coupling: float = 4.0
    noise: float = 0.3
    expresses: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    gain: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)

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
    """What two people have with each other: ``gain`` ``(receiver, channel)`` that is added to each one's own."""

    gain: np.ndarray = field(default_factory=lambda: np.zeros((2, len(CHANNELS))))


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
    """

    rate: float = 0.0
    target: float = 10.0
    gate: float = 1.0
    generalises: float = 0.5

    def __post_init__(self) -> None:
        within("Learning", "rate", self.rate, 0, 1, "1/s")
        within("Learning", "target", self.target, 0, 100, "rad/s")
        within("Learning", "gate", self.gate, 0, 100)
        within("Learning", "generalises", self.generalises, 0, 1)
        within("Learning", "rate times gate", self.rate * self.gate, 0, 0.5 / BEAT_S, "1/s")


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
    people, bond
        As they are afterwards.
    """

    time: np.ndarray
    speaker: np.ndarray
    gain: np.ndarray
    likeness: np.ndarray
    cross: np.ndarray
    order: np.ndarray
    people: tuple[Person, Person]
    bond: Bond

    def synchrony(self, beats: int | None = None) -> np.ndarray:
        """Modulus of the mean of ``cross`` over stretches of so many beats (None: the whole meeting): ``(stretch,)``.

        Two people with the same rhythm and no contact reach 1 as well: what this says, only pseudo-dyads tell.
        """
        beats = beats or len(self.cross)
        whole = len(self.cross) // beats * beats
        return np.abs(self.cross[:whole].reshape(-1, beats).mean(axis=1))


@dataclass(frozen=True, eq=False)
class _Wiring:
    """Both brains and the edges of behaviour, with the receiver and channel of each plastic edge."""

    network: Network
    receiver: np.ndarray
    channel: np.ndarray
    share: np.ndarray


def _wire(brains: tuple[Connectome, Connectome], encounter: Encounter, ports: int = 3) -> _Wiring:
    """For each channel ``ports`` regions produce and as many receive; no region does two things."""
    network = network_of(*(brain.scaled("mean_row") for brain in brains))
    sizes = [len(brain.labels) for brain in brains]
    if min(sizes) < 2 * ports * len(CHANNELS):
        raise BadInput(f"A brain of a dyad needs {2 * ports * len(CHANNELS)} regions or more; got {min(sizes)}.")
    chosen = [np.linspace(0, n - 1, 2 * ports * len(CHANNELS)).astype(int) for n in sizes]
    firsts = (0, sizes[0])
    to, source, delay = [], [], []
    for receiver in (0, 1):
        mine, theirs = chosen[receiver] + firsts[receiver], chosen[1 - receiver] + firsts[1 - receiver]
        for c in range(len(CHANNELS)):
            hears, shows = mine[2 * c :: 2 * len(CHANNELS)], theirs[2 * c + 1 :: 2 * len(CHANNELS)]
            to.append(np.repeat(hears, len(shows)))
            source.append(np.tile(shows, len(hears)))
            delay.append(np.full(len(hears) * len(shows), encounter.lags[c]))
    ends, zeros = [np.concatenate(x) for x in (to, source)], np.zeros(sum(len(x) for x in to))
    whole = network.with_edges(ends[0], ends[1], zeros, np.concatenate(delay), plastic=True)
    number = np.full(whole.regions, -1)
    for k, regions in enumerate(to):
        number[regions] = k
    kind = number[whole.to[whole.plastic]]
    return _Wiring(whole, kind // len(CHANNELS), kind % len(CHANNELS), np.full(len(kind), 1 / ports))


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
    learning: Learning | None = None,
    bonds: Sequence[Bond] | None = None,
    brains: tuple[Connectome, Connectome] | None = None,
    seeds: Sequence[int] | None = None,
    threads: int | None = None,
) -> list[DyadRun]:
    """Let many pairs meet once, each for itself, in the same situation.

    Parameters
    ----------
    brains
        Connectomes of the first and the second of every pair (default: two built in of 68 regions).
    seeds
        One a pair, for rhythms, noise and turns.

    Raises
    ------
    BadInput
    """
    encounter, learning = encounter or Encounter(), learning or Learning()
    bonds = list(bonds) if bonds is not None else [Bond()] * len(people)
    seeds = list(seeds) if seeds is not None else list(range(len(people)))
    if not len(people) == len(bonds) == len(seeds) or not people:
        raise BadInput(f"{len(people)} pairs, {len(bonds)} bonds and {len(seeds)} seeds; as many of each are needed.")
    wiring = _wire(brains or (built_in(seed=1), built_in(seed=2)), encounter)
    nodes = [_node(pair, wiring.network, seed) for pair, seed in zip(people, seeds)]
    speaker = np.stack([speakers(encounter, seed) for seed in seeds])
    own = np.array([[p.gain for p in pair] for pair in people])
    between = np.array([bond.gain for bond in bonds])
    shows = np.array([[pair[1].expresses, pair[0].expresses] for pair in people])
    parts: dict[str, list[np.ndarray]] = {k: [] for k in ("gain", "likeness", "cross", "order")}
    state: BrainState | None = None
    for beat in range(speaker.shape[1]):
        openness = _openness(encounter, speaker[:, beat])
        pull = (own + between + encounter.scaffold) * shows * openness
        weights = pull[:, wiring.receiver, wiring.channel] * wiring.share
        state, heard = _beat(wiring, nodes, seeds, weights, state, encounter, threads)
        likeness = np.where(openness > 0, heard["likeness"], np.nan)
        for name, value in (("gain", own + between), ("likeness", likeness), *list(heard.items())[1:]):
            parts[name].append(value)
        step = learning.rate * learning.gate * BEAT_S * (learning.target * heard["likeness"] - own - between)
        step = np.where(openness > 0, step, 0.0)
        step = np.maximum(step, -(own + between))
        own, between = own + learning.generalises * step, between + (1 - learning.generalises) * step
    kept = {name: np.stack(value, axis=1) for name, value in parts.items()}
    time = np.arange(speaker.shape[1]) * BEAT_S
    return [_dyad_run(k, people[k], time, speaker, kept, own, between) for k in range(len(people))]


def _node(pair: tuple[Person, Person], network: Network, seed: int) -> Kuramoto:
    """Rhythms of both brains; each person's own mean is kept exactly."""
    counts = np.bincount(network.group)
    rhythms, couplings, noises = [], [], []
    for k, (person, n) in enumerate(zip(pair, counts)):
        drawn = stream(seed, "dyad", "rhythms", k).standard_normal(n)
        rhythms.append(person.frequency + person.spread * (drawn - drawn.mean()))
        couplings.append(np.full(n, person.coupling))
        noises.append(np.full(n, person.noise))
    return Kuramoto(np.concatenate(rhythms), np.concatenate(couplings), np.concatenate(noises))


def _openness(encounter: Encounter, speaker: np.ndarray) -> np.ndarray:
    """``(pair, receiver, channel)``: voice reaches only the one who listens."""
    found = np.broadcast_to(np.array(encounter.open), (len(speaker), 2, len(CHANNELS))).copy()
    found[np.arange(len(speaker)), speaker, 0] = 0.0
    return found


def _beat(
    wiring: _Wiring,
    nodes: list[Kuramoto],
    seeds: list[int],
    weights: np.ndarray,
    state: BrainState | None,
    encounter: Encounter,
    threads: int | None,
) -> tuple[BrainState, dict[str, np.ndarray]]:
    """Two seconds with these weights (which multiply a coupling: they are divided by it)."""
    network = wiring.network
    gain = np.stack([np.broadcast_to(node.coupling, network.regions) for node in nodes])
    relative = weights / np.maximum(gain[:, network.to[network.plastic]], 1e-9)
    if state is None:
        still = replace(network, weight=np.where(network.plastic, 0.0, network.weight))
        state = simulate_brain(still, nodes, EVERY, DT, seeds, Plasticity(0.0), (), EVERY, threads=threads).state
    state.set_weights(relative, network)
    rule = Plasticity(0.0)
    run = simulate_brain(network, nodes, BEAT_S, DT, seeds, rule, ("signal", "field"), EVERY, state, threads=threads)
    assert run.signal is not None and run.field is not None
    a, b = run.field[:, :, 0], run.field[:, :, 1]
    power = np.sqrt((np.abs(a) ** 2).mean(axis=1) * (np.abs(b) ** 2).mean(axis=1))
    return run.state, {
        "likeness": _likeness(wiring, run.signal, encounter),
        "cross": (a * b.conj()).mean(axis=1) / power,
        "order": np.abs(run.field).mean(axis=1),
    }


def _likeness(wiring: _Wiring, phase: np.ndarray, encounter: Encounter) -> np.ndarray:
    """``(pair, receiver, channel)``: mean cosine over the beat, from when what is heard was said in it."""
    to, source = (x[wiring.network.plastic] for x in (wiring.network.to, wiring.network.source))
    found = np.empty((len(phase), 2, len(CHANNELS)))
    for receiver in (0, 1):
        for c in range(len(CHANNELS)):
            mine = (wiring.receiver == receiver) & (wiring.channel == c)
            late = round(encounter.lags[c] / EVERY)
            heard = phase[:, : phase.shape[1] - late, source[mine]]
            found[:, receiver, c] = np.cos(heard - phase[:, late:, to[mine]]).mean(axis=(1, 2))
    return found


def _dyad_run(
    k: int,
    pair: tuple[Person, Person],
    time: np.ndarray,
    speaker: np.ndarray,
    kept: dict[str, np.ndarray],
    own: np.ndarray,
    between: np.ndarray,
) -> DyadRun:
    cross = kept["cross"][k]
    first, second = (replace(person, gain=tuple(float(x) for x in own[k, p])) for p, person in enumerate(pair))
    return DyadRun(
        time,
        speaker[k],
        kept["gain"][k],
        kept["likeness"][k],
        cross,
        kept["order"][k],
        (first, second),
        Bond(between[k]),
    )
