"""Phase randomisation: person B's spectra and cross-spectra with the phases drawn anew.

The same random phases are added to all channels, which keeps every cross-spectrum within the person. p = (1 + #≥)/
(1 + n) is exact for a stationary Gaussian process that is periodic in the recording, and close to it for one that is
long against its memory; amplitudes become Gaussian, so what a measure owes to bursts is lost from the null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.records import SurrogateRecord
from interbrain.data.signal import Block
from interbrain.inference.surrogates.gaps import fill, map_channels, need_continuous
from interbrain.inference.surrogates.spectrum import draw_keys, generator, random_turns, turn

RECORD = SurrogateRecord(
    name="phase_randomisation",
    title="Phase randomisation",
    keeps="each channel's spectrum and mean, and the cross-spectra between the person's channels",
    destroys="phase relations between the two people, and the distribution of amplitudes (it becomes Gaussian)",
    assumes="stationary, linear, Gaussian signals whose two ends meet",
    reference="Prichard D, Theiler J (1994). Generating surrogate data for time series with several simultaneously "
    "measured variables. Physical Review Letters 73, 951-954.",
    doi="10.1103/PhysRevLett.73.951",
    accepts=("continuous",),
    methods="The same random phases were added to the Fourier coefficients of all channels of one person.",
)


def draw_index(block: Block, n: int, stream: np.random.Generator, settings: Mapping[str, Any]) -> np.ndarray:
    """Keys ``(n,)``, uint64. No settings. RefusedScience for epochs or fewer than 21 samples."""
    return draw_keys(block, n, stream, RECORD.name)


def apply(block: Block, index_row: np.ndarray) -> Block:
    """Draw the phases from the key and add them to every channel.

    With gaps, straight lines bridge them before the transform and the mask stays where it is.
    """
    need_continuous(block, RECORD.name)
    n_times = block.shape[2]
    turns = random_turns(n_times, generator(index_row))
    return map_channels(block, lambda samples, places: turn(fill(samples, places, n_times), turns)[places])
