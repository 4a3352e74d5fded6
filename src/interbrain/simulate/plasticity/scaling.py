"""Homeostatic scaling: a neuron multiplies its synapses until it is as active as it was.

    w' = w·(w/w̄)^exponent·(1 − a)/τ,   a = what is sensed over its target

and inhibitory synapses the other way. Facts, grades and rivals: ``docs/model/plasticity.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, finite


@dataclass(frozen=True)
class Scaling:
    """Neurons with excitatory and inhibitory synapses; rate = what excites less what inhibits, not below 0.

    Parameters
    ----------
    neurons, excitatory, inhibitory
        How many, and synapses of each; at least one neuron and one excitatory synapse.
    target
        Rate that each neuron holds, Hz, 0.01 to 1,000.
    tau
        Hours in which a silent neuron's synapses grow e-fold, 0.1 to 10,000.
    exponent
        0 multiplies all alike; -1 adds the same to all; above 0 the large grow more (divergent), [-1, 2].
    sensed
        ``"rate"``, the neuron's spikes, or ``"transmission"``, what its receptors receive: rival findings.
    inhibition
        How far inhibitory synapses follow in the opposite direction, [0, 2].
    spread
        SD of the logarithm of weights and of presynaptic rates, [0, 1.5].
    inhibited
        Share of excitation that inhibition takes at the start, [0, 0.9].
    """

    neurons: int = 20
    excitatory: int = 100
    inhibitory: int = 25
    target: float = 5.0
    tau: float = 36.0
    exponent: float = 0.0
    sensed: Literal["rate", "transmission"] = "rate"
    inhibition: float = 0.5
    spread: float = 0.6
    inhibited: float = 0.3

    def __post_init__(self) -> None:
        all_within(self, neurons=(1, 1e6), excitatory=(1, 1e6), inhibitory=(0, 1e6), target=(0.01, 1e3))
        all_within(self, tau=(0.1, 1e4), exponent=(-1, 2), inhibition=(0, 2), spread=(0, 1.5), inhibited=(0, 0.9))
        if self.sensed not in ("rate", "transmission"):
            raise BadInput(f"Scaling: sensed is {self.sensed!r}; it must be 'rate' or 'transmission'")


@dataclass(frozen=True)
class Treatment:
    """From ``start`` to ``stop`` hours, ``spikes`` and ``transmission`` are the shares left of each, [0, 5].

    Spikes 0 is tetrodotoxin (nobody fires, so nothing is transmitted), transmission 0 a receptor's blocker.
    """

    start: float
    stop: float
    spikes: float = 1.0
    transmission: float = 1.0

    def __post_init__(self) -> None:
        all_within(self, spikes=(0, 5), transmission=(0, 5))
        if not self.start <= self.stop:
            raise BadInput(f"Treatment: start is {self.start} h and stop {self.stop} h; the earlier comes first")


@dataclass(frozen=True, eq=False)
class Scaled:
    """Hours (t,), rates (t, neurons) in Hz, and weights (t, neurons, synapses) of both kinds, in Hz per Hz."""

    hours: np.ndarray
    rate: np.ndarray
    excitatory: np.ndarray
    inhibitory: np.ndarray


def scale(scaling: Scaling, hours: float, seed: int, treatment: Treatment | None = None, dt: float = 0.1) -> Scaled:
    """Follow weights for some hours, kept each hour; without a treatment rates start at their target.

    Source: Turrigiano et al. 1998 doi:10.1038/36103; van Rossum et al. 2000 doi:10.1523/JNEUROSCI.20-23-08812.2000.
    """
    if not (0 < dt <= scaling.tau / 10 and hours >= 0):
        raise BadInput(f"dt is {dt} h and hours {hours}; dt must lie in (0, tau/10], hours be 0 or more")
    w, v, x, y = _start(scaling, seed)
    keep = round(1 / dt) if dt <= 1 else 1
    at = dt * np.arange(round(hours / dt) + 1)
    treatment = treatment or Treatment(0.0, 0.0)
    treated = (at >= treatment.start - 1e-9) & (at < treatment.stop - 1e-9)
    spikes, transmission = (np.where(treated, x, 1.0) for x in (treatment.spikes, treatment.transmission))
    rate, out_w, out_v = _scale(
        w, v, x, y, spikes, transmission, scaling.target, dt / scaling.tau, scaling.exponent, scaling.inhibition,
        scaling.sensed == "rate", keep,
    )  # fmt: skip
    finite("Scaling", out_w, "exponent lets weights run away before tau can stop them; take a smaller exponent")
    return Scaled(at[::keep], rate, out_w, out_v)


def _start(s: Scaling, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weights that give each neuron its target, and presynaptic rates in Hz."""
    random = stream(seed, "scaling")
    w, v = (np.exp(s.spread * random.standard_normal((s.neurons, m))) for m in (s.excitatory, s.inhibitory))
    x, y = (5 * np.exp(s.spread * random.standard_normal(m)) for m in (s.excitatory, s.inhibitory))
    taken = s.inhibited if s.inhibitory else 0.0
    w *= (s.target / (1 - taken) / (w @ x))[:, None]
    if s.inhibitory:
        v *= (s.target * taken / (1 - taken) / (v @ y))[:, None]
    return w, v, x, y


@njit(cache=True, nogil=True)
def _scale(
    w: np.ndarray, v: np.ndarray, x: np.ndarray, y: np.ndarray, spikes: np.ndarray, transmission: np.ndarray,
    target: float, pace: float, exponent: float, inhibition: float, senses_rate: bool, keep: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    n, steps = len(w), len(spikes)
    kept = 1 + (steps - 1) // keep
    rate, out_w = np.empty((kept, n)), np.empty((kept, *w.shape))
    out_v = np.empty((kept, *v.shape))
    usual = np.array([np.dot(w[i], x) for i in range(n)])
    for t in range(steps):
        sent = spikes[t] * transmission[t]
        for i in range(n):
            excited = sent * np.dot(w[i], x)
            r = spikes[t] * max(0.0, excited - sent * np.dot(v[i], y))
            if t % keep == 0:
                rate[t // keep, i], out_w[t // keep, i], out_v[t // keep, i] = r, w[i], v[i]
            change = pace * (1.0 - (r / target if senses_rate else excited / usual[i]))
            mean = w[i].mean()
            for j in range(w.shape[1]):
                w[i, j] += change * w[i, j] * (1.0 if exponent == 0.0 else (w[i, j] / mean) ** exponent)
                w[i, j] = max(w[i, j], 0.0)
            for j in range(v.shape[1]):
                v[i, j] = max(v[i, j] * (1.0 - inhibition * change), 0.0)
    return rate, out_w, out_v
