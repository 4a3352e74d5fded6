"""NEST's part of T4: the same neurons and wiring with pair-based STDP; evoked weights as depression leaves them."""

from __future__ import annotations

from itertools import count

from bench._task import Built, Step

import nest  # isort: skip

PART, LEFT = 5, 0.5
"""Share of the time that is run; mV, about what 1.5 mV comes to after use and depression."""


def build(neurons: int, seconds: float) -> Built:
    nest.set_verbosity("M_ERROR")
    seeds = count(1)
    return Built(
        (Step(lambda: _run(neurons, seconds / PART, next(seeds)), PART, "STDP only"),),
        None,
        lambda: _run(neurons, 0.01, 1),
    )


def _run(neurons: int, seconds: float, seed: int) -> None:
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": 0.1, "local_num_threads": 1, "rng_seed": seed})
    # with C_m equal to tau_m in number, a current in pA is interbrain's drive in mV
    cell = {
        "C_m": 20.0, "tau_m": 20.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "t_ref": 2.0, "E_L": 0.0, "V_m": 0.0,
        "V_th": 15.0, "V_reset": 0.0, "I_e": 10.0,
    }  # fmt: skip
    cells = nest.Create("iaf_psc_exp", neurons, params=cell)
    excitatory, joined = round(0.8 * neurons), 100 / neurons
    first, second = cells[:excitatory], cells[excitatory:]
    wired = {"rule": "pairwise_bernoulli", "p": joined, "allow_autapses": False}
    learns = {"synapse_model": "stdp_synapse", "tau_plus": 20.0, "lambda": 0.002, "alpha": 0.5, "Wmax": 4 * LEFT}
    nest.Connect(first, first, wired, {**learns, "weight": LEFT, "delay": 1.5})
    nest.Connect(first, second, wired, {"weight": LEFT, "delay": 1.5})
    nest.Connect(second, cells, wired, {"weight": -2.5, "delay": 1.5})
    for rate, size in ((250.0, 3.0), (0.5 * joined * excitatory, 0.3)):
        nest.Connect(nest.Create("poisson_generator", params={"rate": rate}), cells, syn_spec={"weight": size})
    nest.Connect(cells, nest.Create("spike_recorder"))
    nest.Simulate(1000 * seconds)
