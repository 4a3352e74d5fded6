"""Leaky integrate-and-fire neurons joined by synapses with two release modes.

Excitatory synapses release evoked quanta (Tsodyks–Markram depletion and facilitation; weights grow by a three-factor
rule with an eligibility trace) and spontaneous quanta (Poisson, on sites of their own, some silent, scaled by the
receiving neuron's homeostasis). Equations, facts and their grades: ``docs/model/synapse.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, finite
from interbrain.simulate.plasticity import _spiking

Events = tuple[np.ndarray, np.ndarray]
_MOST_HZ = 500.0


@dataclass(frozen=True)
class Neuron:
    """Leaky integrate-and-fire: τ_m v' = lift − v + g_e − g_i, g' = −g/τ; voltages in mV above rest, times in ms.

    ``lift`` is a constant drive in mV, ``kick`` (mV) what one outside spike adds to g_e, ``outside`` the rate of
    outside spikes a neuron in Hz; the step of a spike counts as refractory. Ranges: tau_m, tau_e, tau_i 0.1 to 1,000
    (tau_e and tau_i not equal to tau_m); theta -100 to 200, above reset; refractory 0 to 1,000; outside 0 to 100,000.
    """

    tau_m: float = 20.0
    tau_e: float = 5.0
    tau_i: float = 10.0
    theta: float = 15.0
    reset: float = 0.0
    refractory: float = 2.0
    lift: float = 10.0
    kick: float = 3.0
    outside: float = 250.0

    def __post_init__(self) -> None:
        all_within(self, **dict.fromkeys(("tau_m", "tau_e", "tau_i"), (0.1, 1000)), refractory=(0, 1000))
        all_within(self, theta=(-100, 200), lift=(-1e3, 1e3), kick=(0, 1e3), outside=(0, 1e5), reset=(-200, 200))
        if self.theta <= self.reset:
            raise BadInput(f"Neuron: theta is {self.theta} mV and reset {self.reset}; theta must lie above")
        if self.tau_m in (self.tau_e, self.tau_i):
            raise BadInput(f"Neuron: tau_m is {self.tau_m} ms like a synapse's; choose it a little different")


@dataclass(frozen=True)
class Evoked:
    """Evoked release and its three-factor rule.

    Parameters
    ----------
    weight, w_max
        mV that g_e rises by when all resources are released: at the start, and what growth tends to; ≥ 0.
    use, recovery, facilitation
        Tsodyks–Markram U in (0, 1], τ of recovery and of facilitation in ms (0: no facilitation).
    eta
        Rate of learning, 1/s: w' = eta·M·e·(w_max − w), kept at 0 or above.
    a_plus, a_minus, tau_plus, tau_minus
        Pairs: a spike before the neuron's adds up to ``a_plus`` to e, one after takes up to ``a_minus``; times in ms.
    tau_eligibility
        Seconds that e lasts, 0.01 to 100.
    """

    weight: float = 1.5
    w_max: float = 6.0
    use: float = 0.45
    recovery: float = 200.0
    facilitation: float = 0.0
    eta: float = 0.002
    a_plus: float = 1.0
    a_minus: float = 0.5
    tau_plus: float = 20.0
    tau_minus: float = 25.0
    tau_eligibility: float = 1.0

    def __post_init__(self) -> None:
        all_within(self, weight=(0, 1e3), w_max=(1e-9, 1e3), use=(1e-6, 1), recovery=(0.1, 1e5), facilitation=(0, 1e5))
        all_within(self, eta=(0, 1e3), a_plus=(0, 1e3), a_minus=(0, 1e3), tau_plus=(0.1, 1e4), tau_minus=(0.1, 1e4))
        all_within(self, tau_eligibility=(0.01, 100))


@dataclass(frozen=True)
class Spontaneous:
    """Spontaneous release: ``rate`` quanta a second and synapse of ``size`` mV, a share ``silent`` of sites mute.

    Scaling: s' = (s/tau_scaling)·(target − r)/target multiplies all sizes of a neuron, r its spikes; ``tau_scaling`` in
    s, 0 for none, ``target`` in Hz.
    """

    rate: float = 1.0
    size: float = 0.3
    silent: float = 0.5
    tau_scaling: float = 0.0
    target: float = 5.0

    def __post_init__(self) -> None:
        all_within(self, rate=(0, 1e4), size=(0, 1e3), silent=(0, 1), tau_scaling=(0, 1e9), target=(1e-3, 1e3))


@dataclass(frozen=True)
class SpikingNetwork:
    """``excitatory`` and ``inhibitory`` neurons joined at random with probability ``joined``.

    ``inhibition`` is an inhibitory synapse's step in g_i (mV), ``delay`` that of all synapses, ``dt`` the step (ms).
    """

    excitatory: int = 800
    inhibitory: int = 200
    joined: float = 0.1
    inhibition: float = 2.5
    delay: float = 1.5
    dt: float = 0.1
    neuron: Neuron = field(default_factory=Neuron)
    evoked: Evoked = field(default_factory=Evoked)
    spontaneous: Spontaneous = field(default_factory=Spontaneous)

    def __post_init__(self) -> None:
        all_within(self, excitatory=(0, 1e6), inhibitory=(0, 1e6), joined=(0, 1), inhibition=(0, 1e3), dt=(0.001, 1))
        all_within(self, delay=(self.dt, 1000))

    @property
    def neurons(self) -> int:
        return self.excitatory + self.inhibitory


@dataclass(frozen=True, eq=False)
class Wiring:
    """Synapses sorted by their sending neuron; ``weight`` and ``size`` (spontaneous) in mV, one a synapse."""

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    size: np.ndarray


@dataclass(frozen=True, eq=False)
class Spikes:
    """A run, or a stretch of one: hand it back to ``simulate`` to go on.

    ``times`` (s) and ``who`` are all spikes of the stretch; ``weight`` the evoked weights at its end, ``mean_weight``
    (seconds,) the plastic ones' mean at the end of each second; ``scale`` (neurons,) the factor on spontaneous quanta.
    """

    times: np.ndarray
    who: np.ndarray
    weight: np.ndarray
    mean_weight: np.ndarray
    scale: np.ndarray
    network: SpikingNetwork
    wiring: Wiring
    seconds: float
    state: tuple
    step: int

    def rates(self) -> np.ndarray:
        """Spikes a second of each neuron."""
        return np.asarray(np.bincount(self.who, minlength=self.network.neurons) / self.seconds)

    def irregularity(self) -> float:
        """Mean coefficient of variation of intervals over neurons with at least five spikes; NaN if there are none."""
        order = np.lexsort((self.times, self.who))
        who, gaps = self.who[order], np.diff(self.times[order])
        same = who[1:] == who[:-1]
        cvs = [g.std() / g.mean() for i in np.unique(who) if len(g := gaps[same & (who[1:] == i)]) >= 4]
        return float(np.mean(cvs)) if cvs else float("nan")


def wire(network: SpikingNetwork, seed: int) -> Wiring:
    """Draw who is joined (no neuron with itself) and which spontaneous sites are silent."""
    random, n = stream(seed, "spiking", "wiring"), network.neurons
    rows = []
    for _ in range(n):
        many = random.binomial(max(n - 1, 0), network.joined)
        rows.append(np.sort(random.choice(n - 1, many, replace=False)) if n > 1 else np.empty(0, dtype=np.int64))
    pre = np.repeat(np.arange(n), [len(r) for r in rows])
    post = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
    post = post + (post >= pre)
    excites = pre < network.excitatory
    weight = np.where(excites, network.evoked.weight, network.inhibition).astype(float)
    awake = random.random(len(pre)) >= network.spontaneous.silent
    return Wiring(pre, post, weight, np.where(excites & awake, network.spontaneous.size, 0.0))


def simulate(
    network: SpikingNetwork,
    seconds: float,
    seed: int,
    modulator: float | np.ndarray = 1.0,
    wiring: Wiring | None = None,
    after: Spikes | None = None,
    outside: Events | None = None,
    quanta: Events | None = None,
) -> Spikes:
    """Run the network; a run of two seconds equals, to the byte, one second and another ``after`` it.

    Parameters
    ----------
    modulator
        The third factor M: one number, or one a step.
    wiring
        Who is joined; drawn from the seed unless given.
    after
        A former stretch to go on from.
    outside, quanta
        Given events in place of drawn ones: (steps from the start of this stretch, sorted; neuron or synapse).

    Sources: Tsodyks & Markram 1997 doi:10.1073/pnas.94.2.719; Frémaux & Gerstner 2016 doi:10.3389/fncir.2015.00085;
    Martens et al. 2015 doi:10.1371/journal.pcbi.1004386 (spontaneous and evoked release in one model).
    """
    steps = round(seconds * 1000 / network.dt)
    if steps < 1:
        raise BadInput(f"seconds is {seconds}; at least one step of {network.dt} ms is needed")
    level = np.broadcast_to(np.asarray(modulator, dtype=float), (steps,))
    finite("modulator", level, "the third factor must be numbers")
    joined = after.wiring if after else wiring or wire(network, seed)
    wires, order = _csr(network, joined)
    state = tuple(x.copy() for x in after.state) if after else _state(network, joined, order)
    first, chunk = after.step if after else 0, round(1000 / network.dt)
    found: list[Events] = []
    means, done = [], 0
    pending = _tail(after, network)
    while done < steps:
        many = min(chunk, steps - done)
        events = _events(network, wires, seed, first + done, many, outside, quanta, done)
        stretch = _stretch(network, wires, state, first + done, level[done : done + many], events, pending)
        found.append((stretch[0] + first + done, stretch[1]))
        late = stretch[0] + round(network.delay / network.dt) >= many
        pending = (stretch[0][late] - many, stretch[1][late])
        done += many
        means.append(_mean_plastic(wires, state[4][:, 0]))
    at, who = (np.concatenate(x) for x in zip(*found, strict=True))
    weight = np.empty(len(joined.pre))
    weight[order] = state[4][:, 0]
    scale = _scale(network, state, first + steps)
    return Spikes(
        at * network.dt / 1000, who, weight, np.array(means), scale, network, joined, seconds, state, first + steps
    )


def _csr(network: SpikingNetwork, wiring: Wiring) -> tuple[tuple, np.ndarray]:
    """The kernel's tables: a sender's plastic synapses (excitatory to excitatory) first; and the order of synapses."""
    n, n_e = network.neurons, network.excitatory
    excites = wiring.pre < n_e
    plastic = excites & (wiring.post < n_e) & (network.evoked.eta > 0)
    order = np.lexsort((wiring.post, ~plastic, wiring.pre))
    pre, post, plastic = wiring.pre[order], wiring.post[order].astype(np.int32), plastic[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(pre, minlength=n))])
    end = first[:-1] + np.bincount(pre, plastic, minlength=n).astype(np.int64)
    end[n_e:] = -1
    learned = np.nonzero(plastic)[0]
    synapse_in = learned[np.argsort(post[learned], kind="stable")].astype(np.int32)
    first_in = np.concatenate([[0], np.cumsum(np.bincount(post[learned], minlength=n))])
    return (first, end, post, first_in, synapse_in, pre.astype(np.int32), wiring.size[order].astype(float)), order


def _state(network: SpikingNetwork, wiring: Wiring, order: np.ndarray) -> tuple:
    n, m = network.neurons, len(wiring.pre)
    whole = [np.zeros(n, dtype=np.int64) for _ in range(5)]
    v, g_e, g_i, pre, post, u = (np.zeros(n) for _ in range(6))
    free, pre_seen, post_seen, tm_seen, count = whole
    synapse = np.zeros((m, 3))
    synapse[:, 0] = wiring.weight[order]
    return (v, g_e, g_i, free, synapse, pre, post, pre_seen, post_seen, np.ones(n), u, tm_seen, count)


def _tail(after: Spikes | None, network: SpikingNetwork) -> Events:
    """Spikes of the former stretch that are still on their way, in steps before this one (negative)."""
    if after is None:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    step = np.round(after.times * 1000 / network.dt).astype(np.int64) - after.step
    late = step + round(network.delay / network.dt) >= 0
    return step[late], after.who[late]


def _events(
    network: SpikingNetwork, wires: tuple, seed: int, start: int, steps: int, outside: Events | None,
    quanta: Events | None, done: int,
) -> tuple[Events, Events]:  # fmt: skip
    """Outside spikes and spontaneous quanta of one stretch: given, or drawn for the step that it starts at."""
    seconds, drawn = network.dt / 1000, []
    excitatory = int(wires[0][network.excitatory]) if network.excitatory else 0
    for name, given, many, rate in (
        ("outside", outside, network.neurons, network.neuron.outside),
        ("quanta", quanta, excitatory, network.spontaneous.rate),
    ):
        if given is not None:
            low, high = np.searchsorted(given[0], (done, done + steps))
            drawn.append((given[0][low:high] - done, given[1][low:high].astype(np.int32)))
            continue
        random = stream(seed, "spiking", name, start)
        counts = random.poisson(rate * many * seconds, steps)
        who = random.integers(0, max(many, 1), counts.sum(), dtype=np.int32)
        drawn.append((np.repeat(np.arange(steps), counts), who))
    return drawn[0], drawn[1]


def _stretch(
    network: SpikingNetwork,
    wires: tuple,
    state: tuple,
    start: int,
    modulator: np.ndarray,
    events: tuple,
    pending: Events,
) -> Events:
    """One call of the kernel; a network that fires without bounds is named."""
    cell, evoked, mini = network.neuron, network.evoked, network.spontaneous
    steps, dt = len(modulator), network.dt
    room = len(pending[0]) + int(_MOST_HZ * network.neurons * steps * dt / 1000) + network.neurons
    at, who = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int32)
    at[: len(pending[0])], who[: len(pending[1])] = pending
    tau = evoked.tau_eligibility
    ahead = _spiking.look_ahead(modulator, dt / 1000, tau)
    decay = np.exp(-np.arange(steps + 1) * dt / 1000 / tau)
    spikes, made = _spiking.run(
        start, steps, wires, state, np.full(network.neurons, cell.lift), _neuron(cell, dt),
        np.array([evoked.use, dt / evoked.recovery, dt / evoked.facilitation if evoked.facilitation else 0.0]),
        np.array([evoked.eta, evoked.w_max, evoked.a_plus, evoked.a_minus, *_pace(mini, dt)]),
        (_fade(evoked.tau_plus, dt), _fade(evoked.tau_minus, dt)), decay, ahead,
        round(network.delay / dt), round(cell.refractory / dt), events[0], events[1], at, who, len(pending[0]),
    )  # fmt: skip
    if made < steps:
        raise BadInput(
            f"SpikingNetwork: neurons fired above {_MOST_HZ:g} Hz on average up to {(start + made) * dt / 1000:g} s; "
            f"take less drive (lift is {cell.lift:g} mV, outside {cell.outside:g} Hz) or smaller weights "
            f"(w_max is {evoked.w_max:g} mV)"
        )
    finite("SpikingNetwork", state[0], "dt is too long for the time constants")
    return at[len(pending[0]) : spikes], who[len(pending[0]) : spikes].astype(np.int64)


def _fade(tau: float, dt: float) -> np.ndarray:
    """What is left of a trace after 0, 1, … steps, until nothing is (40 time constants)."""
    return np.asarray(np.exp(-np.arange(int(40 * tau / dt) + 1) * dt / tau))


def _pace(mini: Spontaneous, dt: float) -> tuple[float, float]:
    """What the logarithm of the scale gains in a step and loses at a spike."""
    if not mini.tau_scaling:
        return 0.0, 0.0
    return dt / 1000 / mini.tau_scaling, 1 / (mini.target * mini.tau_scaling)


def _scale(network: SpikingNetwork, state: tuple, step: int) -> np.ndarray:
    grow, shrink = _pace(network.spontaneous, network.dt)
    return np.asarray(np.exp(grow * step - shrink * state[12]))


def _neuron(cell: Neuron, dt: float) -> np.ndarray:
    """Exact propagators of a step: v to v, g_e to v, g_i to v, g_e, g_i; then threshold, reset and kick."""
    keep = [np.exp(-dt / tau) for tau in (cell.tau_m, cell.tau_e, cell.tau_i)]
    through = [
        tau / (tau - cell.tau_m) * (k - keep[0]) for tau, k in zip((cell.tau_e, cell.tau_i), keep[1:], strict=True)
    ]
    return np.array([keep[0], *through, *keep[1:], cell.theta, cell.reset, cell.kick])


def _mean_plastic(wires: tuple, weight: np.ndarray) -> float:
    return float(weight[wires[4]].mean()) if len(wires[4]) else float("nan")
