"""From sources in two brains to the light that two caps record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.points import Points
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded
from interbrain.simulate import haemodynamics as haemo
from interbrain.simulate.settings import Simulation

WAVELENGTHS = (760.0, 850.0)

# Molar extinction of HbO and HbR (cm⁻¹ per mol/l, base 10) at the two wavelengths: Prahl's compilation (omlc.org).
EXTINCTION = np.array([[586.0, 1548.52], [1058.0, 691.32]])
DISTANCE_CM = 3.0
PATHLENGTH_FACTOR = 6.0
MICROMOLAR_SD = 0.4
"""SD in µmol/l of HbO for a source of unit variance."""


@dataclass(frozen=True)
class Layout:
    """Where the optodes of one cap sit: one source and detector pair a channel, grouped by region."""

    names: tuple[str, ...]
    regions: tuple[str, ...]
    sources: np.ndarray
    detectors: np.ndarray


def layout(simulation: Simulation) -> Layout:
    """A cap with ``channels_per_region`` source–detector pairs over each region, 3 cm apart, on a 9-cm sphere."""
    per = simulation.channels_per_region
    regions = tuple(r for r in simulation.regions for _ in range(per))
    angles = np.linspace(-1.9, 1.9, len(regions))
    half = DISTANCE_CM / 200.0

    def on_head(azimuth: np.ndarray, height: float) -> np.ndarray:
        radius = np.sqrt(0.09**2 - height**2)
        return np.stack([radius * np.sin(azimuth), radius * np.cos(azimuth), np.full_like(azimuth, height)], axis=1)

    names = tuple(f"S{i + 1}_D{i + 1}" for i in range(len(regions)))
    return Layout(names, regions, on_head(angles, 0.02 - half), on_head(angles, 0.02 + half))


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
        patient[a] = np.sqrt(1 - weight) * patient[a] + np.sqrt(weight) * shared[lag:]
        therapist[b] = np.sqrt(1 - weight) * therapist[b] + np.sqrt(weight) * shared[:n_times]
    return patient, therapist


def _seen(simulation: Simulation, sources: np.ndarray, random: np.random.Generator) -> Signal:
    """Haemoglobin in each channel, then light by the modified Beer–Lambert law: intensity at two wavelengths."""
    cap, rate, n_times = layout(simulation), simulation.rate, sources.shape[1]
    n = len(cap.names)
    index = [simulation.regions.index(r) for r in cap.regions]
    slow = sources[index] + simulation.channel_noise * haemo.source(random, n, n_times, rate)
    later = np.concatenate([np.repeat(slow[:, :1], round(rate), axis=1), slow[:, : n_times - round(rate)]], axis=1)
    heart = haemo.rhythm(random, n_times, rate, random.uniform(0.95, 1.3))
    breath = haemo.rhythm(random, n_times, rate, random.uniform(0.2, 0.3))
    mayer = haemo.rhythm(random, n_times, rate, random.uniform(0.085, 0.105), jitter=0.15)
    body = 0.6 * heart + 0.25 * breath + 0.25 * mayer
    wobble = 0.3 * haemo.drift(random, n, n_times)
    hbo = MICROMOLAR_SD * (slow + body + wobble)
    hbr = MICROMOLAR_SD * (-0.4 * later + 0.1 * body + 0.3 * wobble)
    hbr += 0.1 * MICROMOLAR_SD * haemo.source(random, n, n_times, rate)
    moved = 0.02 * haemo.artefacts(random, n_times, rate, simulation.artefacts_per_minute)
    concentration = np.stack([hbo, hbr]) * 1e-6
    optical_density = np.einsum("wc,cnt->nwt", EXTINCTION, concentration)
    optical_density *= np.log(10.0) * DISTANCE_CM * PATHLENGTH_FACTOR
    optical_density += moved + 0.0005 * random.standard_normal(optical_density.shape)
    level = random.uniform(0.5, 1.5, size=(n, len(WAVELENGTHS), 1))
    intensity = (level * np.exp(-optical_density)).reshape(1, n * len(WAVELENGTHS), n_times)
    return Signal(values=intensity, rate=rate, channels=_channels(cap))


def _channels(cap: Layout) -> tuple[Channel, ...]:
    return tuple(
        Channel(
            name=name,
            kind="intensity",
            unit="V",
            region=region,
            position=tuple((source + detector) / 2),
            source=tuple(source),
            detector=tuple(detector),
            wavelength=wavelength,
        )
        for name, region, source, detector in zip(cap.names, cap.regions, cap.sources, cap.detectors, strict=True)
        for wavelength in WAVELENGTHS
    )
