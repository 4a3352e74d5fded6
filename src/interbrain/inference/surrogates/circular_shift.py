"""Circular shift: person B's recording turned round its own time axis.

Which shifts, and why p stays right
-----------------------------------
Shifts are drawn without replacement from *all* of 1 … N − 1 samples. Together with the recording itself (shift 0) they
are a random part of a group, so the rank of the observed value is uniform under independence and stationarity, and
p = (1 + #≥)/(1 + n) is exact up to the seam where the end meets the beginning.

Leaving out small shifts for p would break this: a value and its surrogates are smooth in the shift, and a recording
holds only K = duration / memory independent shifts, so the observed value tops everything *outside its own
neighbourhood* about once in K recordings, however many surrogates are drawn (K = 10 gives 10 % false positives at
p ≤ .05). Small shifts do, however, keep part of the coupling, and would pull the null's mean up, more so in short
recordings. Hence :func:`near` marks shifts within ``guard_s`` (the measure's memory): they count for p and are left
out of the null's mean and SD. At least half of all shifts are kept for those, the farthest ones of a short recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interbrain.data.errors import RefusedScience
from interbrain.data.records import SurrogateRecord
from interbrain.data.signal import Block
from interbrain.inference.surrogates.gaps import map_channels, need_continuous, seconds

RECORD = SurrogateRecord(
    name="circular_shift",
    title="Circular shift in time",
    keeps="each person's values, spectrum, autocorrelation and relations between channels",
    destroys="the alignment in time of the two people",
    assumes="stationarity: no drift, habituation or blocks shared by both people; a seam where end meets beginning",
    reference="Andrzejak RG, Kraskov A, Stögbauer H, Mormann F, Kreuz T (2003). Bivariate surrogate techniques: "
    "necessity, strengths, and caveats. Physical Review E 68, 066202.",
    doi="10.1103/PhysRevE.68.066202",
    accepts=("continuous",),
    methods="All channels of one person were shifted circularly in time by one random number of samples, drawn without "
    "replacement from all possible shifts.",
)


def draw_index(block: Block, n: int, stream: np.random.Generator, settings: Mapping[str, Any]) -> np.ndarray:
    """Shifts in samples ``(n,)``, int64, distinct, from 1 to N − 1; positive delays the person.

    Settings: ``guard_s``, the measure's memory in seconds (see the module).

    Raises
    ------
    RefusedScience
        Epochs; fewer possible shifts than surrogates; a recording no longer than ``guard_s``.
    """
    need_continuous(block, RECORD.name)
    n_times = block.shape[2]
    if n > n_times - 1:
        raise RefusedScience(
            f"circular_shift: {n} surrogates were asked for, but {n_times} samples allow only {n_times - 1} shifts. "
            "Ask for fewer surrogates or use a longer recording."
        )
    guard = seconds(settings, "guard_s")
    if guard * block.rate >= n_times:
        raise RefusedScience(
            f"circular_shift: it lasts {n_times / block.rate:.4g} s and the measure remembers {guard:.4g} s: "
            "no shift takes the two people apart. Use a longer recording or a faster band."
        )
    return 1 + stream.choice(n_times - 1, size=n, replace=False).astype(np.int64)


def near(block: Block, index: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Which surrogates ``(n,)`` still share the recording's coupling: shifted by less than ``guard_s`` either way,
    or by less than a quarter of the recording where that is shorter.
    """
    n_times = block.shape[2]
    distance = np.minimum(index, n_times - index)
    return distance < min(seconds(settings, "guard_s") * block.rate, n_times / 4)


def apply(block: Block, index_row: np.ndarray) -> Block:
    """``np.roll`` along time by ``index_row`` samples.

    With gaps the valid samples of each channel are closed up, turned by the same fraction of their number (rounded)
    and put back, so that the mask stays where it is.
    """
    need_continuous(block, RECORD.name)
    shift = int(index_row)
    if block.valid.all():
        return Block(np.roll(block.values, shift, axis=2), block.valid, block.rate, block.epoched)
    n_times = block.shape[2]
    return map_channels(block, lambda samples, _: np.roll(samples, round(shift * len(samples) / n_times)))
