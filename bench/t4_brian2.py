"""Brian2's side of T4: as interbrain's network, each weight advanced at its synapse's spikes only."""

from __future__ import annotations

import resource
import tempfile
from typing import Any

import brian2 as b
import numpy as np

from bench._task import Built, Step
from bench.t4 import SEEDS, compiler, described, over

_NEURON = """
dv/dt = (lift - v + g_e - g_i)/tau_m : 1 (unless refractory)
dg_e/dt = -g_e/tau_e : 1
dg_i/dt = -g_i/tau_i : 1
awake : 1
outside_at : second
quantum_at : second
"""
_RELEASE = "dx/dt = (1 - x)/recovery : 1 (event-driven)\n"
_PLASTIC = f"""
{_RELEASE}
dbefore/dt = -before/tau_plus : 1 (event-driven)
dafter/dt = -after/tau_minus : 1 (event-driven)
w : 1
flag : 1
since : second
"""
_SETTLE = """
w = clip(w_max - (w_max - w)*exp(-eta*flag*tau_el*(1 - exp(-(t - since)/tau_el))), 0, inf)
flag = flag*exp(-(t - since)/tau_el)
since = t
"""
_CONSTANTS = {
    "lift": 10.0, "tau_m": 20 * b.ms, "tau_e": 5 * b.ms, "tau_i": 10 * b.ms, "recovery": 200 * b.ms, "use": 0.45,
    "tau_plus": 20 * b.ms, "tau_minus": 25 * b.ms, "tau_el": 1 * b.second, "eta": 0.002 / b.second, "w_max": 6.0,
    "weight": 1.5, "inhibition": 2.5, "kick": 3.0, "size": 0.3, "outside": 250 * b.Hz, "spontaneous": 1 * b.Hz,
}  # fmt: skip


def build(neurons: int, seconds: float) -> Built:
    b.prefs.logging.console_log_level = "ERROR"
    b.defaultclock.dt = 0.1 * b.ms
    return (_standalone if compiler() else _within_python)(neurons, seconds)


def _network(neurons: int) -> tuple[b.Network, Any, Any]:
    """The network, the monitor of spikes and the plastic synapses."""
    excitatory = round(0.8 * neurons)
    cells = b.NeuronGroup(
        neurons, _NEURON, threshold="v > 15", reset="v = 0", refractory=2 * b.ms, method="exact",
        events={"outside_spike": "t >= outside_at", "quantum": "t >= quantum_at"}, namespace=_CONSTANTS,
    )  # fmt: skip
    cells.run_on_event("outside_spike", "g_e += kick; outside_at -= log(1 - rand())/outside")
    cells.run_on_event("quantum", "g_e += size; quantum_at -= log(1 - rand())/(awake*spontaneous)")
    first, second = cells[:excitatory], cells[excitatory:]
    joined, late, put = 100 / neurons, 1.5 * b.ms, "g_e_post += {}*use*x\nx -= use*x"
    plastic = b.Synapses(
        first, first, _PLASTIC, on_pre=_SETTLE + "flag += after\nbefore += 1.0\n" + put.format("w"),
        on_post=_SETTLE + "flag += before\nafter -= 0.5", delay={"pre": late}, namespace=_CONSTANTS,
    )  # fmt: skip
    static = b.Synapses(first, second, _RELEASE, on_pre=put.format("weight"), delay=late, namespace=_CONSTANTS)
    inhibits = b.Synapses(second, cells, on_pre="g_i_post += inhibition", delay=late, namespace=_CONSTANTS)
    plastic.connect(condition="i != j", p=joined)
    static.connect(p=joined)
    inhibits.connect(condition=f"i + {excitatory} != j", p=joined)
    plastic.w, plastic.x, static.x = 1.5, 1, 1
    cells.awake = np.maximum(np.random.default_rng(1).binomial(excitatory, 0.5 * joined, neurons), 1e-9)
    cells.outside_at = "-log(1 - rand())/outside"
    cells.quantum_at = "-log(1 - rand())/(awake*spontaneous)"
    monitor = b.SpikeMonitor(cells, record=False)
    return b.Network(cells, plastic, static, inhibits, monitor), monitor, plastic


def _found(neurons: int, seconds: float, monitor: Any, plastic: Any) -> dict[str, float]:
    rates, excitatory = np.asarray(monitor.count[:]) / seconds, round(0.8 * neurons)
    w, flag, since = (np.asarray(getattr(plastic, name)[:]) for name in ("w", "flag", "since"))
    gone = np.exp(-0.002 * flag * (1 - np.exp(since - seconds)))  # from a synapse's last spike to the end
    weight = np.maximum(6.0 - (6.0 - w) * gone, 0).mean()
    return described(float(rates[:excitatory].mean()), float(rates[excitatory:].mean()), float(weight))


def _standalone(neurons: int, seconds: float) -> Built:
    place = tempfile.TemporaryDirectory(prefix="brian2-")
    b.set_device("cpp_standalone", build_on_run=False)
    b.prefs.devices.cpp_standalone.openmp_threads = 0
    network, monitor, plastic = _network(neurons)
    network.run(seconds * b.second, namespace=_CONSTANTS)
    b.device.build(directory=place.name, run=False)

    def run() -> float:
        _ = place  # goes when the last run is done
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        b.device.run(place.name, with_output=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def once() -> dict[str, float]:
        run()
        return _found(neurons, seconds, monitor, plastic)

    step = Step(run, name="C++ standalone, compiled before")
    return Built((step,), None, None, lambda: over([once() for _ in range(SEEDS)]))


def _within_python(neurons: int, seconds: float) -> Built:
    def run(length: float) -> dict[str, float]:
        network, monitor, plastic = _network(neurons)
        network.run(length * b.second, namespace=_CONSTANTS)
        return _found(neurons, length, monitor, plastic)

    step = Step(lambda: run(seconds), name=f"target {b.prefs.codegen.target}")
    return Built((step,), None, lambda: run(0.01), lambda: over([run(seconds) for _ in range(SEEDS)]))
