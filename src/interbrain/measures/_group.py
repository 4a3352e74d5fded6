"""What the measures of a whole group share: everybody's phase in a band, and the way from there to a number.

``combine`` takes any number of members. Of two, every channel meets every other ``(A, B)``, as in a measure of pairs;
of three and more, who must have the same channels in the same order, each channel meets itself ``(C, 1)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _phase_contract as contract
from interbrain.measures import _phase_time
from interbrain.measures._phase import Kind, check_band, nothing

Kernel = Callable[[np.ndarray, np.ndarray], float]
"""From phasors ``(member, time)`` and the samples ``(time,)`` that all members have to a value."""


@dataclass(frozen=True, eq=False)
class State:
    """All members prepared, and the kernel."""

    kernel: Kernel
    members: tuple[contract.Prepared, ...]


def _prepare(block: Block, settings: Mapping[str, Any]) -> contract.Prepared:
    """Everybody's phasors in each band; refusals as in :func:`._phase_contract.prepare`."""
    kind = Kind(value=lambda means: np.abs(means.minus), own=nothing, unit=True)
    prepared = contract.prepare(kind, block, {**settings, "across": "time"})
    return replace(prepared, kind=_UNIT)


_UNIT = Kind(value=np.abs, own=nothing, unit=True)  # type: ignore[arg-type]


def _combine(kernel: Kernel, members: tuple[contract.Prepared, ...]) -> State:
    if len(members) < 2:
        raise BadInput(f"A group has two members or more; got {len(members)}.")
    first = members[0]
    for other in members[1:]:
        contract._check_pair(first, other)
    counts = {m.carriers[0].parts.shape[2] for m in members}
    if len(members) > 2 and len(counts) > 1:
        raise BadInput(f"Members of a group need the same channels; they have {sorted(counts)}.")
    return State(kernel, members)


def _shape(state: State) -> tuple[int, int]:
    n = [m.carriers[0].parts.shape[2] for m in state.members]
    return (n[0], n[1]) if len(n) == 2 else (n[0], 1)


def _channels(state: State) -> Iterator[tuple[tuple[int, int], tuple[int, ...]]]:
    """The place of each value, and the channel that each member has in it."""
    rows, columns = _shape(state)
    for i in range(rows):
        for j in range(columns):
            yield (i, j), ((i, j) if len(state.members) == 2 else (i,) * len(state.members))


def _values(state: State, band: int) -> tuple[np.ndarray, np.ndarray]:
    """Means over epochs ``(A, B)``, and the share of samples that carried them."""
    value, share = np.full(_shape(state), np.nan), np.zeros(_shape(state))
    carriers = [m.carriers[band] for m in state.members]
    n_epochs, _, _, n_times = carriers[0].parts.shape
    for place, channels in _channels(state):
        found: list[float] = []
        for epoch in range(n_epochs):
            valid = np.ones(n_times, dtype=bool)
            for carrier, channel in zip(carriers, channels, strict=True):
                if carrier.valid is not None:
                    valid &= carrier.valid[epoch, channel] > 0
            if valid.sum() >= max(1.0, state.members[0].min_valid * n_times):
                phasors = [c.parts[epoch, 0, k] + 1j * c.parts[epoch, 1, k] for c, k in zip(carriers, channels)]
                found.append(state.kernel(np.stack(phasors), valid))
                share[place] += valid.sum() / (n_epochs * n_times)
        if found:
            value[place] = np.mean(found)
    return value, share


def _estimate(state: State, stabilise: str) -> Estimate:
    first = state.members[0]
    values, shares = (
        np.stack(x, axis=-1)[..., None] for x in zip(*(_values(state, i) for i in range(len(first.bands))))
    )
    width = np.array([b.high - b.low for b in first.bands])
    seconds = first.shape[0] * first.shape[1] / first.rate
    nothing_known = np.full(values.shape, np.nan)
    return Estimate(
        value=values,
        stabilised=FUNCTIONS[stabilise](values),
        lag_s=nothing_known,
        phase=nothing_known,
        coverage=shares,
        n_effective=shares * seconds * width[:, None],
        bands=tuple(b.name for b in first.bands),
    )


def _window(member: contract.Prepared, start: int, stop: int) -> contract.Prepared:
    carriers = tuple(_phase_time.window(c, start, stop, member.kind) for c in member.carriers)
    return replace(member, carriers=carriers, shape=(member.shape[0], stop - start))


class Functions(NamedTuple):
    """What the module of a group measure offers."""

    prepare: Callable[[Block, Mapping[str, Any]], contract.Prepared]
    combine: Callable[..., State]
    reduce: Callable[..., Estimate | list[Estimate]]
    memory_s: Callable[[Mapping[str, Any]], float]


def functions(kernel: Kernel, stabilise: str) -> Functions:
    """The contract of a measure whose ``combine`` takes two members or more."""

    def combine(*members: contract.Prepared) -> State:
        return _combine(kernel, members)

    def reduce(state: State, windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
        if windows is None:
            return _estimate(state, stabilise)
        parts = []
        for start, stop in windows:
            for band in state.members[0].bands:
                check_band(band, state.members[0].rate, int(stop) - int(start), "a window")
            parts.append(replace(state, members=tuple(_window(m, int(start), int(stop)) for m in state.members)))
        return [_estimate(part, stabilise) for part in parts]

    return Functions(_prepare, combine, reduce, contract.memory_s)
