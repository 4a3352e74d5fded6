"""Light channels as MNE's Raw and back: the only place that knows MNE's naming and location rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import mne
import numpy as np

from interbrain.data.signal import Channel, Signal

ASSUMED_DISTANCE_M = 0.03
LONGEST_DISTANCE_M = 0.1


@dataclass(frozen=True)
class Pair:
    """One source and detector: its channels' positions in the signal, by rising wavelength."""

    name: str
    index: tuple[int, ...]
    distance_m: float

    @property
    def distance_known(self) -> bool:
        return bool(0 < self.distance_m <= LONGEST_DISTANCE_M)


def light_pairs(channels: tuple[Channel, ...]) -> tuple[list[Pair], list[str]]:
    """Source-detector pairs that have every wavelength of the recording once, and the names of those that have not."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for index, channel in enumerate(channels):
        by_name[channel.name].append(index)
    wavelengths = sorted({c.wavelength for c in channels if c.wavelength})
    pairs, broken = [], []
    for name, members in by_name.items():
        members = sorted(members, key=lambda i: channels[i].wavelength or 0.0)
        if len(wavelengths) < 2 or [channels[i].wavelength for i in members] != wavelengths:
            broken.append(name)
        else:
            pairs.append(Pair(name, tuple(members), _distance(channels[members[0]])))
    return pairs, broken


def _distance(channel: Channel) -> float:
    if channel.source is None or channel.detector is None:
        return float("nan")
    return float(np.linalg.norm(np.subtract(channel.source, channel.detector)))


def raw_of(signal: Signal, pairs: list[Pair], values: np.ndarray, kind: str) -> mne.io.RawArray:
    """A Raw of ``values`` ``(channel, time)``, rows in the order of the pairs and their wavelengths.

    Parameters
    ----------
    kind
        ``"fnirs_cw_amplitude"`` or ``"fnirs_od"``. MNE sorts channels by name, so they get numbers of equal width
        in place of their own names. A pair of unknown distance stands 3 cm apart.
    """
    names, locations = [], []
    for number, pair in enumerate(pairs, start=1):
        for index in pair.index:
            channel = signal.channels[index]
            names.append(f"S{number:05d}_D{number:05d} {round(channel.wavelength or 0)}")
            locations.append(_location(channel, pair.distance_known))
    info = mne.create_info(names, signal.rate, kind, verbose="ERROR")
    for entry, location in zip(info["chs"], locations):
        entry["loc"][:] = location
    return mne.io.RawArray(np.array(values), info, verbose="ERROR")


def _location(channel: Channel, known: bool) -> np.ndarray:
    location = np.full(12, np.nan)
    source = np.array(channel.source if known else (0.0, 0.0, 0.0))
    detector = np.array(channel.detector if known else (ASSUMED_DISTANCE_M, 0.0, 0.0))
    location[:3], location[3:6], location[6:9] = (source + detector) / 2, source, detector
    location[9] = channel.wavelength
    return location
