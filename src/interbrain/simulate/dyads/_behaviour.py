"""The edges of behaviour between two brains, and what each hears of the other over a beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from interbrain.data.errors import BadInput
from interbrain.simulate.brains.connectome import Connectome
from interbrain.simulate.brains.network import Network, network_of
from interbrain.simulate.brains.nodes._functions import FAST, sines_cosines

CHANNELS = ("voice", "gaze", "movement", "breath")
PORTS = 3
"""Regions that produce, and as many that receive, each channel."""


@dataclass(frozen=True, eq=False)
class Wiring:
    """Both brains and the edges of behaviour, all of whose weights may be set between beats.

    Parameters
    ----------
    across
        ``(plastic edge,)``: whether it joins the brains; the others are the first brain's own.
    receiver, channel
        ``(edge across,)``.
    hears, shows
        ``(receiver, channel, port)``: regions that receive a channel, and those of the other that produce it.
    own
        ``(2, own edge)``: to and from, of the first brain's own edges that may be set.
    """

    network: Network
    across: np.ndarray
    receiver: np.ndarray
    channel: np.ndarray
    hears: np.ndarray
    shows: np.ndarray
    own: np.ndarray


def wire(brains: tuple[Connectome, Connectome], lags: np.ndarray, own: bool = False) -> Wiring:
    """For each channel some regions produce and as many receive; no region does two things.

    Parameters
    ----------
    lags
        ``(channel,)``, s.
    own
        Whether the edges inside the first brain may be set as well, one by one and for each pair of people.

    Raises
    ------
    BadInput
    """
    network = network_of(*(brain.scaled("mean_row") for brain in brains))
    if own:
        network = network.with_plastic(network.group[network.to] == 0)
    sizes, jobs = [len(brain.labels) for brain in brains], 2 * PORTS * len(CHANNELS)
    if min(sizes) < jobs:
        raise BadInput(f"A brain of a dyad needs {jobs} regions or more; got {min(sizes)}.")
    chosen = [np.linspace(0, n - 1, jobs).astype(int) + first for n, first in zip(sizes, (0, sizes[0]))]
    hears = np.array([[chosen[r][2 * c :: 2 * len(CHANNELS)] for c in range(len(CHANNELS))] for r in (0, 1)])
    shows = np.array([[chosen[1 - r][2 * c + 1 :: 2 * len(CHANNELS)] for c in range(len(CHANNELS))] for r in (0, 1)])
    to = np.repeat(hears.reshape(-1, PORTS), PORTS, axis=1).ravel()
    source = np.tile(shows.reshape(-1, PORTS), PORTS).ravel()
    delay = np.tile(np.repeat(lags, PORTS * PORTS), 2)
    whole = network.with_edges(to, source, np.zeros(len(to)), delay, plastic=True)
    ends, starts = whole.to[whole.plastic], whole.source[whole.plastic]
    across = whole.group[ends] != whole.group[starts]
    number = np.full(whole.regions, -1)
    number[hears.reshape(len(CHANNELS) * 2, PORTS)] = np.arange(2 * len(CHANNELS))[:, None]
    kind = number[ends[across]]
    mine = np.stack([ends[~across], starts[~across]])
    return Wiring(whole, across, kind // len(CHANNELS), kind % len(CHANNELS), hears, shows, mine)


def likeness(wiring: Wiring, phase: np.ndarray, late: np.ndarray) -> np.ndarray:
    """``(pair, receiver, channel)``: mean cosine of what is heard minus own phase over a beat ``(pair, time, region)``.

    ``late`` ``(channel,)`` are the channels' lags in samples: heard is what was shown within this beat.
    """
    found = np.empty((len(phase), 2, len(CHANNELS)))
    _likeness(np.ascontiguousarray(phase), wiring.hears, wiring.shows, late.astype(np.int64), found)
    return found


def alike(wiring: Wiring, phase: np.ndarray, every: int) -> np.ndarray:
    """``(pair, own edge)``: mean cosine between the two ends of the first brain's own edges, each ``every`` samples."""
    found = np.empty((len(phase), wiring.own.shape[1]))
    _alike(np.ascontiguousarray(phase[:, ::every]), wiring.own[0], wiring.own[1], found)
    return found


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _likeness(phase, hears, shows, late, out):  # type: ignore[no-untyped-def]
    """The mean over all pairs of ports of a cosine is the real part of the product of the ports' mean phasors."""
    pairs, times, regions = phase.shape
    sine, cosine = np.empty((times, regions)), np.empty((times, regions))
    ports = hears.shape[2]
    for p in range(pairs):
        sines_cosines(phase[p].ravel(), sine.ravel(), cosine.ravel())
        for r in range(2):
            for c in range(hears.shape[1]):
                total = 0.0
                for t in range(times - late[c]):
                    s, u, x, y = 0.0, 0.0, 0.0, 0.0
                    for k in range(ports):
                        s += sine[t, shows[r, c, k]]
                        u += cosine[t, shows[r, c, k]]
                        x += sine[t + late[c], hears[r, c, k]]
                        y += cosine[t + late[c], hears[r, c, k]]
                    total += s * x + u * y
                out[p, r, c] = total / (ports * ports * (times - late[c]))


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _alike(phase, to, source, out):  # type: ignore[no-untyped-def]
    pairs, times, regions = phase.shape
    sine, cosine = np.empty((times, regions)), np.empty((times, regions))
    for p in range(pairs):
        sines_cosines(phase[p].ravel(), sine.ravel(), cosine.ravel())
        for e in range(len(to)):
            total = 0.0
            for t in range(times):
                total += sine[t, to[e]] * sine[t, source[e]] + cosine[t, to[e]] * cosine[t, source[e]]
            out[p, e] = total / times
