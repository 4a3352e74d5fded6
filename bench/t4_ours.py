"""interbrain's side of T4."""

from __future__ import annotations

from itertools import count

from bench._task import Built, Step
from bench.t4 import SEEDS, described, over
from interbrain.simulate.plasticity.spiking import Spikes, SpikingNetwork, simulate


def build(neurons: int, seconds: float) -> Built:
    excitatory = round(0.8 * neurons)
    network = SpikingNetwork(excitatory, neurons - excitatory, joined=100 / neurons)
    seeds = count(100)

    def one(run: Spikes) -> dict[str, float]:
        rates = run.rates()
        weight = float(run.mean_weight[-1])
        return described(float(rates[:excitatory].mean()), float(rates[excitatory:].mean()), weight)

    return Built(
        (Step(lambda: simulate(network, seconds, next(seeds))),),
        None,
        lambda: simulate(network, 0.05, 1),
        lambda: over([one(simulate(network, seconds, seed)) for seed in range(SEEDS)]),
    )
