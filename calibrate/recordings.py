"""Real recordings as noise: two people of different meetings, who never met, at times cut at random.

The folder is ``INTERBRAIN_DATA``, else ``../shared/data`` beside the repository; where it is absent these cells are not
computed. What is there: motion energy of both people of 10 therapy and 21 negotiation videos (62 person recordings; one
video lies there twice and is taken once), near-infrared light of 4 people in 3 meetings, EEG of 3 people in 2.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from scipy.signal import resample_poly

from interbrain import formats
from interbrain.data.plan import default_plan
from interbrain.signals.fnirs import prepare

TWICE = "MEA_video112"
"""Repeats MEA_video111."""


@dataclass(frozen=True, eq=False)
class Person:
    """One person at one meeting: ``values (channel, time)``, or ``(epoch, channel, time)``."""

    name: str
    meeting: str
    values: np.ndarray


def folder() -> Path | None:
    """Where the recordings are; None where they are not."""
    path = Path(os.environ.get("INTERBRAIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
    return path if path.is_dir() else None


def _root() -> Path:
    root = folder()
    assert root is not None
    return root


@cache
def motion(rate: float) -> tuple[Person, ...]:
    """Motion energy, 25 Hz brought to ``rate``."""
    ratio = Fraction(rate / 25).limit_denominator(1000)
    people = []
    for path in sorted(_root().glob("motion-therapy/*/*.txt")):
        people += _both(path, pd.read_csv(path, sep=r"\s+").to_numpy(dtype=float)[:, :2], ratio)
    for path in sorted(_root().glob("motion-negotiation/MEA_*.txt")):
        if path.stem != TWICE:
            people += _both(path, pd.read_csv(path, sep=r"\s+", header=None).to_numpy(dtype=float)[:, :2], ratio)
    return tuple(people)


def _both(path: Path, values: np.ndarray, ratio: Fraction) -> list[Person]:
    slow = resample_poly(values, ratio.numerator, ratio.denominator, axis=0, padtype="line")
    return [Person(f"{path.stem} {i}", path.stem, slow[None, :, i]) for i in range(2)]


@cache
def light(rate: float) -> tuple[Person, ...]:
    """Oxygenated haemoglobin, prepared as by default and brought to ``rate`` by straight lines."""
    plan = default_plan(("fnirs",))
    files = {
        "parent": ("pair", "fnirs-parent-child/parent"),
        "child": ("pair", "fnirs-parent-child/child"),
        "sample 1": ("sample 1", "formats/sample_1.snirf"),
        "sample 2": ("sample 2", "formats/sample_2.snirf"),
    }
    people = []
    for name, (meeting, file) in files.items():
        read = formats.module("snirf" if file.endswith("snirf") else "nirx").read
        signal = prepare(read(_root() / file).signal, plan).signal.pick_kind("hbo")
        then = np.arange(0, signal.duration - 1 / signal.rate, 1 / rate) * signal.rate
        values = [np.interp(then, np.arange(signal.n_times), x) for x in signal.values[0] if np.isfinite(x).all()]
        people.append(Person(name, meeting, np.stack(values)))
    return tuple(people)


@cache
def eeg(rate: float) -> tuple[Person, ...]:
    """EEG in epochs of 1 s: the two people of one recording, and a third who sat with closed eyes on another day."""
    people = []
    for k in (1, 2):
        epochs = mne.read_epochs(_root() / f"eeg-pair/person-{k}-epo.fif", verbose="ERROR")
        values = resample_poly(epochs.get_data(copy=True), int(rate), 500, axis=-1, padtype="line")
        people.append(Person(f"person {k}", "pair", values[..., : int(rate)]))
    raw = mne.io.read_raw_edf(_root() / "formats/eyes-closed-1.edf", verbose="ERROR")
    values = resample_poly(raw.get_data(), int(rate), 1000, axis=-1, padtype="line")
    count = values.shape[1] // int(rate)
    cut = values[:, : count * int(rate)].reshape(len(values), count, int(rate)).transpose(1, 0, 2)
    people.append(Person("eyes closed", "alone", cut))
    return tuple(people)


POOLS: dict[str, Callable[[float], tuple[Person, ...]]] = {
    "real motion": motion,
    "real haemoglobin": light,
    "real EEG": eeg,
}


Strangers = tuple[list[np.ndarray], tuple[str, str]]


def strangers(pool: str, random: np.random.Generator, rate: float, n: int, epochs: int) -> Strangers:
    """Two people who never met: a channel of each, cut at a random time; ``(n,)`` or ``(epochs, n)`` each.

    Constant cuts (nobody moved) are drawn again.
    """
    people = [p for p in POOLS[pool](rate) if (len(p.values) if epochs else p.values.shape[-1]) >= (epochs or n)]
    first = people[random.integers(len(people))]
    others = [p for p in people if p.meeting != first.meeting]
    second = others[random.integers(len(others))]
    cuts = [_cut(person, random, n, epochs) for person in (first, second)]
    return cuts, (first.name, second.name)


def _cut(person: Person, random: np.random.Generator, n: int, epochs: int) -> np.ndarray:
    while True:
        if epochs:
            which = np.sort(random.choice(len(person.values), epochs, replace=False))
            return person.values[which, random.integers(person.values.shape[1])]
        start = int(random.integers(person.values.shape[-1] - n + 1))
        cut = person.values[random.integers(len(person.values)), start : start + n]
        if np.ptp(cut) > 0:
            return cut
