"""T4: leaky integrate-and-fire neurons, synapses that learn and release in two modes, beside Brian2 and NEST."""

from __future__ import annotations

import shutil
from importlib import import_module

import numpy as np

from bench._task import OURS, Built, Case

TITLE = (
    "Leaky integrate-and-fire neurons, 100 synapses each: evoked release (Tsodyks–Markram, three-factor rule) and "
    "spontaneous release (Poisson); steps of 0.1 ms, 10 s simulated"
)
DURATION, SEEDS = 10.0, 4
FILES = {"brian2": "t4_brian2", "nest-simulator": "t4_nest"}
_NOTE = (
    "Wiring and 10 s of activity, another seed each time. Brian2: C++ standalone where there is g++ (the memory is "
    "Python's beside the program), else what it chooses itself; weights of the rule are advanced at spikes, as "
    "interbrain does, outside spikes and quanta are events of the neurons. NEST: STDP only, neither depression nor a "
    "third factor, so that only its speed stands here; 2 s, scaled."
)
CASES = {
    str(n): Case(f"{n:,} neurons", ("brian2", "nest-simulator"), 2.0, {"apart": 4.0}, 3, _NOTE) for n in (1000, 4000)
}


def described(rate_e: float, rate_i: float, weight: float) -> dict[str, float]:
    """What is compared of one run."""
    return {"excitatory rate, Hz": rate_e, "inhibitory rate, Hz": rate_i, "mean plastic weight at the end, mV": weight}


def over(runs: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Means and their standard errors."""
    columns = {k: np.array([run[k] for run in runs]) for k in runs[0]}
    return {k: (float(x.mean()), float(x.std(ddof=1) / np.sqrt(len(x)))) for k, x in columns.items()}


def compiler() -> bool:
    return shutil.which("g++") is not None


def build(case: str, tool: str, quick: bool) -> Built:
    seconds = 1.0 if quick else DURATION
    file = "t4_ours" if tool == OURS else FILES[tool]
    built: Built = import_module(f"bench.{file}").build(int(case), seconds)
    return built
