"""From slow sources in a brain to the light that a cap records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interbrain.data.signal import Channel, Signal
from interbrain.simulate.recordings import haemodynamics as haemo

WAVELENGTHS = (760.0, 850.0)

# Molar extinction of HbO and HbR (cm⁻¹ per mol/l, base 10) at the two wavelengths: Prahl's compilation (omlc.org).
EXTINCTION = np.array([[586.0, 1548.52], [1058.0, 691.32]])
DISTANCE_CM = 3.0
SHORT_CM = 0.8
PATHLENGTH_FACTOR = 6.0
MICROMOLAR_SD = 0.4
"""SD in µmol/l of HbO for a source of unit variance."""


@dataclass(frozen=True)
class Layout:
    """Where the optodes of one cap sit: one source and detector pair a channel, grouped by region.

    ``short`` ``(channel,)``: pairs too close to each other to see the brain.
    """

    names: tuple[str, ...]
    regions: tuple[str, ...]
    sources: np.ndarray
    detectors: np.ndarray
    short: np.ndarray

    @property
    def distance_cm(self) -> np.ndarray:
        return np.where(self.short, SHORT_CM, DISTANCE_CM)


def cap(regions: Sequence[str], per_region: int, short: int = 0) -> Layout:
    """``per_region`` source–detector pairs over each region, 3 cm apart, and ``short`` of 0.8 cm, on a 9-cm sphere."""
    places = (*(r for r in regions for _ in range(per_region)), *("short",) * short)
    angles = np.linspace(-1.9, 1.9, len(places))
    is_short = np.arange(len(places)) >= len(places) - short
    half = np.where(is_short, SHORT_CM, DISTANCE_CM) / 200.0

    def on_head(azimuth: np.ndarray, height: np.ndarray) -> np.ndarray:
        radius = np.sqrt(0.09**2 - height**2)
        return np.stack([radius * np.sin(azimuth), radius * np.cos(azimuth), height], axis=1)

    names = tuple(f"S{i + 1}_D{i + 1}" for i in range(len(places)))
    return Layout(names, places, on_head(angles, 0.02 - half), on_head(angles, 0.02 + half), is_short)


def light(
    cap: Layout,
    slow: np.ndarray,
    rate: float,
    random: np.random.Generator,
    channel_noise: float,
    artefacts_per_minute: float,
) -> Signal:
    """Haemoglobin in each channel, then light by the modified Beer–Lambert law: intensity at two wavelengths.

    Heart, breath and Mayer waves, drift, movements and the detector's noise are added; short channels see all of them
    and nothing of the brain.

    Parameters
    ----------
    slow
        ``(channel, time)``: what lies under each channel, unit variance; of no account for short channels.
    rate
        Hz.
    channel_noise
        SD of a channel's own slow noise.
    """
    n, n_times = slow.shape
    slow = slow + channel_noise * haemo.source(random, n, n_times, rate)
    slow[cap.short] = 0.0
    later = np.concatenate([np.repeat(slow[:, :1], round(rate), axis=1), slow[:, : n_times - round(rate)]], axis=1)
    heart = haemo.rhythm(random, n_times, rate, random.uniform(0.95, 1.3))
    breath = haemo.rhythm(random, n_times, rate, random.uniform(0.2, 0.3))
    mayer = haemo.rhythm(random, n_times, rate, random.uniform(0.085, 0.105), jitter=0.15)
    body = 0.6 * heart + 0.25 * breath + 0.25 * mayer
    wobble = 0.3 * haemo.drift(random, n, n_times)
    hbo = MICROMOLAR_SD * (slow + body + wobble)
    hbr = MICROMOLAR_SD * (-0.4 * later + 0.1 * body + 0.3 * wobble)
    own = 0.1 * MICROMOLAR_SD * haemo.source(random, n, n_times, rate)
    own[cap.short] = 0.0
    hbr += own
    moved = 0.02 * haemo.artefacts(random, n_times, rate, artefacts_per_minute)
    concentration = np.stack([hbo, hbr]) * 1e-6
    optical_density = np.einsum("wc,cnt->nwt", EXTINCTION, concentration)
    optical_density *= (np.log(10.0) * cap.distance_cm * PATHLENGTH_FACTOR)[:, None, None]
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
