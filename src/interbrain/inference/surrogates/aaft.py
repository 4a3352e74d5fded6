"""Amplitude-adjusted Fourier transform: the person's own values, in an order that has about their spectrum.

Each channel is mapped by rank onto Gaussian scores, given random phases (the same for all channels), and its own
values are put in the order of the result. Equal values (a resting motion sensor is exactly 0 for minutes) are ordered
at random, the same for all channels; ordering them by time would plant a ramp. The spectrum of a short, strongly
non-Gaussian recording is whitened a little (Schreiber & Schmitz 1996, 10.1103/PhysRevLett.77.635), which makes p a
little too small for smooth signals: the calibration table shows how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtri

from interbrain.data.records import SurrogateRecord
from interbrain.data.signal import Block
from interbrain.inference.surrogates.gaps import fill, map_channels, need_continuous
from interbrain.inference.surrogates.spectrum import draw_keys, generator, random_turns, turn

RECORD = SurrogateRecord(
    name="aaft",
    title="Amplitude-adjusted phase randomisation",
    keeps="each channel's values exactly and its spectrum nearly, and nearly the relations between the channels",
    destroys="phase relations between the two people",
    assumes="stationary signals that are a monotone reading of a linear Gaussian process, and whose two ends meet",
    reference="Theiler J, Eubank S, Longtin A, Galdrikian B, Farmer JD (1992). Testing for nonlinearity in time "
    "series: the method of surrogate data. Physica D 58, 77-94.",
    doi="10.1016/0167-2789(92)90102-S",
    accepts=("continuous",),
    methods="The values of each channel were put in the order of a phase-randomised Gaussian copy, with the same "
    "random phases for all channels of one person.",
)


def draw_index(block: Block, n: int, stream: np.random.Generator, settings: Mapping[str, Any]) -> np.ndarray:
    """Keys ``(n,)``, uint64. No settings. RefusedScience for epochs or fewer than 21 samples."""
    return draw_keys(block, n, stream, RECORD.name)


def apply(block: Block, index_row: np.ndarray) -> Block:
    """Draw phases and the order of equal values from the key; reorder the valid samples of every channel.

    With gaps, straight lines bridge them between the Gaussian scores; the valid samples keep their values and the
    mask stays where it is.
    """
    need_continuous(block, RECORD.name)
    n_times = block.shape[2]
    random = generator(index_row)
    turns = random_turns(n_times, random)
    tie_order = random.permutation(n_times)

    def reorder(samples: np.ndarray, places: np.ndarray) -> np.ndarray:
        by_size = np.lexsort((tie_order[places], samples))
        scores = np.empty(len(samples))
        scores[by_size] = ndtri((np.arange(len(samples)) + 0.5) / len(samples))
        turned = turn(fill(scores, places, n_times), turns)[places]
        result = np.empty(len(samples))
        result[np.argsort(turned, kind="stable")] = samples[by_size]
        return result

    return map_channels(block, reorder)
