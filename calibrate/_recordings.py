"""Recordings of which it is known whether they are one: worlds of strangers, and what people do to a copy."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import butter, lfilter, resample_poly, sosfiltfilt

from interbrain.arrays.streams import stream
from interbrain.data.signal import Channel, Signal
from interbrain.simulate.recordings import haemodynamics as haemo
from interbrain.simulate.recordings import light as optics
from interbrain.simulate.recordings.in_common import in_common

Make = Callable[[np.random.Generator, float], Signal]

REGIONS, RATE, SEED = ("lIFG", "rIFG", "lTPJ", "rTPJ"), 5.0, 20260101
"""Of simulated caps: two channels a region, Hz; the last region carries what is in common."""


def signal_of(values: np.ndarray, rate: float) -> Signal:
    return Signal(values[None], rate, tuple(Channel(f"C{c}") for c in range(len(values))))


def cut(signal: Signal, first: int, last: int) -> Signal:
    return signal_of(signal.values[0, :, first:last], signal.rate)


def white(random: np.random.Generator, seconds: float) -> Signal:
    return signal_of(random.standard_normal((2, round(10 * seconds))), 10.0)


def red(random: np.random.Generator, seconds: float) -> Signal:
    """AR(1) of 0.95 at 25 Hz, two channels."""
    return signal_of(lfilter([1], [1, -0.95], random.standard_normal((2, round(25 * seconds)))), 25.0)


def walk(random: np.random.Generator, seconds: float) -> Signal:
    """A random walk at 8 Hz: skin conductance at its worst."""
    return signal_of(np.cumsum(random.standard_normal((1, round(8 * seconds))), axis=1), 8.0)


def light(random: np.random.Generator, seconds: float) -> Signal:
    """Raw light of one simulated cap: haemodynamics, heart, breath, movement; 16 channels at 5 Hz."""
    return pair_of_caps(random, seconds, 0.0)[0]


def pair_of_caps(random: np.random.Generator, seconds: float, coupling: float) -> tuple[Signal, Signal]:
    """Two such caps; the source under one region has the share ``coupling`` in common, at no lag."""
    own = stream(SEED, "recording", "calibrate", int(random.integers(2**62)))
    n = round(seconds * RATE)
    first, second = (haemo.source(own, len(REGIONS), n, RATE) for _ in (0, 1))
    shared = haemo.source(own, 1, n, RATE)[0]
    first[-1], second[-1] = in_common((first[-1], second[-1]), (shared, shared), np.full(n, coupling))
    worn = optics.cap(REGIONS, 2)
    under = np.repeat(np.arange(len(REGIONS)), 2)
    a, b = (optics.light(worn, brain[under], RATE, own, 0.25, 0.3) for brain in (first, second))
    return a, b


def brain(random: np.random.Generator, seconds: float) -> Signal:
    """1/f, bursts of alpha and the mains at 50 Hz, in six mixed channels at 200 Hz; a quarter of the length."""
    n = round(200 * seconds / 4)
    f = np.fft.rfftfreq(n, 1 / 200)
    shape = np.fft.rfft(random.standard_normal((4, n))) / np.maximum(f, 0.5) ** 0.5
    own = np.fft.irfft(shape, n)
    own /= own.std(axis=1, keepdims=True)
    sos = butter(2, (8.5, 11.5), "band", fs=200, output="sos")
    own[0] += 2 * sosfiltfilt(sos, random.standard_normal(n))
    mixed = random.standard_normal((6, 4)) @ own + 0.3 * random.standard_normal((6, n))
    mains = np.sin(2 * np.pi * 50 * np.arange(n) / 200 + random.uniform(0, 2 * np.pi))
    return signal_of(mixed + random.uniform(0.2, 2) * mains, 200.0)


WORLDS: dict[str, Make] = {"white": white, "red": red, "walk": walk, "light": light, "brain": brain}


def data_folder() -> Path:
    return Path(os.environ.get("INTERBRAIN_DATA", Path(__file__).parents[2] / "shared" / "data"))


@cache
def real_motion(folder: Path) -> dict[str, Signal]:
    """Motion energy of 31 different dyads (25 Hz, two people each); the recording that is there twice once only."""
    found = {}
    for file in sorted((folder / "motion-negotiation").glob("*.txt")):
        if file.stem != "MEA_video112":
            found[file.stem] = signal_of(np.loadtxt(file, usecols=(1, 0)).T, 25.0)
    for file in sorted((folder / "motion-therapy").glob("*/*.txt")):
        found[file.stem] = signal_of(np.loadtxt(file, skiprows=1).T, 25.0)
    return found


def tapping(folder: Path) -> dict[str, tuple[Signal, Signal]]:
    """Two people tapping together as movement at 25 Hz: a bump of 120 ms at every tap, and each one's own noise.

    Trials stand one after another; each tap has a height of its own.
    """
    random, found = np.random.default_rng(3), {}
    for file in sorted((folder / "tapping").glob("*.csv")):
        table = pd.read_csv(file)
        length = table.groupby(["condition", "block", "trial"], sort=False)["ttap"].max()
        start = (length + 2).cumsum().shift(fill_value=0.0).rename("start")
        table = table.join(start, on=["condition", "block", "trial"])
        n = int(25 * (length + 2).sum())
        sides = []
        for _, mine in table.groupby("subject"):
            moved = 0.05 * random.standard_normal(n) ** 2
            for at in (mine["ttap"] + mine["start"]).dropna():
                near = np.arange(max(0, int(25 * at) - 6), min(n, int(25 * at) + 7))
                moved[near] += random.lognormal(0, 0.3) * np.exp(-(((near / 25 - at) / 0.06) ** 2))
            sides.append(signal_of(moved[None], 25.0))
        found[file.stem] = (sides[0], sides[1])
    return found


def noisy(x: np.ndarray, decibel: float, random: np.random.Generator) -> np.ndarray:
    """With white noise of its own; the signal-to-noise ratio is that of variances."""
    return x + x.std(axis=1, keepdims=True) * 10 ** (-decibel / 20) * random.standard_normal(x.shape)


def _resampled(up: int, down: int) -> Callable[[Signal, np.random.Generator], Signal]:
    return lambda s, _: signal_of(resample_poly(s.values[0], up, down, axis=1, padtype="line"), s.rate * up / down)


def _filtered(kind: str, part: float) -> Callable[[Signal, np.random.Generator], Signal]:
    def change(s: Signal, _: np.random.Generator) -> Signal:
        edge = part * s.rate if kind == "low" else part
        return signal_of(sosfiltfilt(butter(3, edge, kind, fs=s.rate, output="sos"), s.values[0], axis=1), s.rate)

    return change


def _with_noise(decibel: float) -> Callable[[Signal, np.random.Generator], Signal]:
    return lambda s, random: signal_of(noisy(s.values[0], decibel, random), s.rate)


CHANGES: dict[str, Callable[[Signal, np.random.Generator], Signal]] = {
    "rescaled": lambda s, _: signal_of(7 - 3.1 * s.values[0], s.rate),
    "rounded to SD/10": lambda s, _: signal_of(np.round(s.values[0] / s.values[0].std(), 1), s.rate),
    "resampled 4/5": _resampled(4, 5),
    "resampled 1/2": _resampled(1, 2),
    "resampled 6/5": _resampled(6, 5),
    "low-pass at rate/8": _filtered("low", 1 / 8),
    "high-pass 0.1 Hz": _filtered("high", 0.1),
    "noise, 20 dB": _with_noise(20),
    "noise, 10 dB": _with_noise(10),
    "noise, 0 dB": _with_noise(0),
    "noise, -6 dB": _with_noise(-6),
}
"""The signal-to-noise ratio is over the whole spectrum."""
