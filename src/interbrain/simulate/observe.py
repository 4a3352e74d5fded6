"""From sources in two brains to the light that two caps record."""

from __future__ import annotations

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.points import Points
from interbrain.data.signal import Signal
from interbrain.data.study import Loaded
from interbrain.simulate import haemodynamics as haemo
from interbrain.simulate.in_common import in_common
from interbrain.simulate.light import Layout, cap, light
from interbrain.simulate.settings import Simulation


def layout(simulation: Simulation) -> Layout:
    """A cap with ``channels_per_region`` source–detector pairs over each region."""
    return cap(simulation.regions, simulation.channels_per_region)


def record_pair(
    simulation: Simulation, coupling: float, key: tuple[str | int, ...], rest_s: float, task_s: float
) -> tuple[Loaded, Loaded]:
    """Raw light of patient and therapist over one meeting: rest, then task.

    Parameters
    ----------
    coupling
        Share of variance of the planted regions' source in common during the task; 0 at rest.
    key
        What the random stream is for; the same key gives the same recording.
    """
    random = stream(simulation.seed, "recording", *key)
    n_times = round((rest_s + task_s) * simulation.rate)
    n_rest = round(rest_s * simulation.rate)
    patient, therapist = _sources(simulation, coupling, random, n_times, n_rest)
    events = Points(np.array([0.0, rest_s]), np.array([rest_s, task_s]), ("rest", "task"))
    return (
        Loaded(_seen(simulation, patient, random), events, {"simulated": True}),
        Loaded(_seen(simulation, therapist, random), events, {"simulated": True}),
    )


def _sources(
    simulation: Simulation, coupling: float, random: np.random.Generator, n_times: int, n_rest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Region sources of both people, ``(region, time)`` each; the shared part reaches the therapist later."""
    n_regions = len(simulation.regions)
    lag = round(simulation.lag_s * simulation.rate)
    patient = haemo.source(random, n_regions, n_times, simulation.rate)
    therapist = haemo.source(random, n_regions, n_times, simulation.rate)
    shared = haemo.source(random, 1, n_times + lag, simulation.rate)[0]
    if simulation.planted:
        weight = np.where(np.arange(n_times) < n_rest, 0.0, coupling)
        a, b = (simulation.regions.index(r) for r in simulation.planted)
        patient[a], therapist[b] = in_common((patient[a], therapist[b]), (shared[lag:], shared[:n_times]), weight)
    return patient, therapist


def _seen(simulation: Simulation, sources: np.ndarray, random: np.random.Generator) -> Signal:
    worn = layout(simulation)
    under = sources[[simulation.regions.index(r) for r in worn.regions]]
    return light(worn, under, simulation.rate, random, simulation.channel_noise, simulation.artefacts_per_minute)
