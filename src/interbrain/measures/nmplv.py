"""n:m phase locking: m cycles of one person's rhythm to n of the other's, whatever their amplitudes.

A breath may take four beats of the heart, and a clap every second step: the two rhythms differ in frequency and still
keep step. The difference n·α − m·β then stays constant, with A at a frequency f and B at f·n/m: n = 4, m = 1 for A's
breath and B's heart. ``bands`` name A's rhythm; B is filtered at n/m times its edges. With n = m = 1 this is the
phase-locking value across time.

Tass and others put the strength of locking as the entropy of this difference's distribution; taken here is the length
of its mean vector, whose chance level is known. A rhythm that is no sine has harmonics, which are locked 2:1 and 3:1 to
it by their nature: where both people's rhythms are locked 1:1, harmonics lock them n:m as well. Measure 1:1 too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Draws, Estimate
from interbrain.measures import _phase_contract as contract
from interbrain.measures import _phase_time
from interbrain.measures._families import EPOCHS_REORDERED, STRETCHES, STRETCHES_ALLOWED, STRETCHES_HELP
from interbrain.measures._phase import Band, Kind, Means, bands_of, check_band, modulus, nothing

RECORD = MeasureRecord(
    name="nmplv",
    title="n:m phase locking",
    formula="PLV(n:m) = |mean of exp(i(nα − mβ))|",
    reference="Tass P, Rosenblum MG, Weule J, Kurths J, Pikovsky A, Volkmann J, Schnitzler A, Freund HJ (1998). "
    "Detection of n:m phase locking from noisy data: application to magnetoencephalography. Physical Review Letters "
    "81, 3291-3294.",
    doi="10.1103/PhysRevLett.81.3291",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("epochs", "continuous"),
    modalities=("eeg", "motion", "heart", "misc"),
    blind_to=("amplitude", "whether a harmonic or a rhythm of its own keeps step"),
    surrogates=EPOCHS_REORDERED,
    default_surrogate="segment_shuffle",
    settings={"n": 1, "m": 1, **STRETCHES},
    settings_allowed={**STRETCHES_ALLOWED, "n": "[1, inf)", "m": "[1, inf)"},
    settings_help={
        "n": "what A's phase is multiplied by: B's band is n/m times the band named, which is A's",
        "m": "what B's phase is multiplied by",
        **STRETCHES_HELP,
    },
    needs_bands=True,
    methods="n:m phase locking (Tass et al., 1998) was measured by the length of the mean vector of n times one "
    "person's phase minus m times the other's, in bands whose frequencies stand as m to n.",
)


def _value(means: Means) -> np.ndarray:
    return modulus(means.minus)


_KIND = Kind(value=_value, own=nothing, unit=True)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One person in either place: in the bands named with the phase n-fold, and n/m times as fast with it m-fold."""

    as_a: contract.Prepared
    as_b: contract.Prepared


def prepare(block: Block, settings: Mapping[str, Any]) -> Prepared:
    """Phases of one person in A's bands and, where n and m differ, in B's.

    Raises
    ------
    BadInput
        See :func:`~._phase.check_settings`.
    RefusedScience
        A band of A's or B's that these samples cannot carry.
    """
    n, m = settings["n"], settings["m"]
    as_a = _side(block, settings, bands_of(settings), n)
    if n == m:
        return Prepared(as_a, as_a)
    bands = _of_b(settings)
    for band in bands:
        named = replace(band, name=f"{band.name} (of B, at {n}:{m})")
        check_band(named, block.rate, block.shape[2], "an epoch" if block.epoched else "a recording")
    return Prepared(as_a, _side(block, settings, bands, m))


def _of_b(settings: Mapping[str, Any]) -> tuple[Band, ...]:
    ratio = settings["n"] / settings["m"]
    return tuple(Band(band.name, band.low * ratio, band.high * ratio) for band in bands_of(settings))


def _side(block: Block, settings: Mapping[str, Any], bands: tuple[Band, ...], fold: int) -> contract.Prepared:
    asked = {"across": "time", **settings}
    found = contract.prepare(_KIND, block, {**asked, "bands": {band.name: (band.low, band.high) for band in bands}})
    if fold == 1:
        return replace(found, asked=asked)
    carriers = tuple(_phase_time.from_complex(c.complex**fold, c.valid, _KIND) for c in found.carriers)
    return replace(found, asked=asked, carriers=carriers)


def combine(a: Prepared, b: Prepared) -> contract.State:
    """All channel pairs of two people.

    Raises
    ------
    BadInput
        The two people differ in epochs, samples, rate or settings.
    """
    return contract.combine(a.as_a, b.as_b)


def reduce(state: contract.State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
    """The answer; with ``windows (W, 2)``, first and last-plus-one samples within an epoch, a list of W answers.

    ``phase`` is that of n·α − m·β, and ``lag_s`` is it over 2 pi times n times A's mean frequency: positive when A
    leads, known up to whole n-ths of A's cycle.

    Raises
    ------
    RefusedScience
        Windows of too few cycles.
    """
    for start, stop in () if windows is None else windows:
        for band in state.b.bands:
            check_band(band, state.b.rate, int(stop) - int(start), "a window")
    found = contract.reduce(state, windows, RECORD.stabilise)
    n = state.a.asked["n"]
    if isinstance(found, Estimate):
        return replace(found, lag_s=found.lag_s / n)
    return [replace(one, lag_s=one.lag_s / n) for one in found]


def draws(a: Prepared, b: Prepared, surrogate: str, index: np.ndarray) -> Draws | None:
    """Values with B's epochs in the order of each row of ``index (S, E)``; see ``_phase_contract.draws``."""
    return contract.draws(a.as_a, b.as_b, surrogate, index)


def memory_s(settings: Mapping[str, Any]) -> float:
    """Seconds by which two stretches must be apart to share nothing: the length of the longest band's filter."""
    return max(_phase_time.filter_s(band) for band in (*bands_of(settings), *_of_b(settings)))
