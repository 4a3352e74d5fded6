"""The contract of a measure that prepares a window as a recording of its own, and whose people must share a clock.

Such a measure states how one person is prepared and what two prepared people give; ``combine``, ``reduce`` and windows
follow from that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.signal import Block, Estimate


class Prepared(Protocol):
    """One person, who remembers the block and the settings they were prepared from."""

    @property
    def block(self) -> Block: ...

    @property
    def settings(self) -> Mapping[str, Any]: ...


Side = TypeVar("Side")
Person = TypeVar("Person", bound=Prepared)


@dataclass(frozen=True, eq=False)
class State(Generic[Side]):
    """Two people on one clock."""

    a: Side
    b: Side


class Functions(NamedTuple):
    """What the module of such a measure offers beside ``prepare`` and ``memory_s``."""

    combine: Callable[..., State[Any]]
    reduce: Callable[..., Estimate | list[Estimate]]


def check_clock(name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]], rates: tuple[float, float]) -> None:
    """Raises
    ------
    BadInput
        Two people differ in ``shapes`` (epochs, samples) or ``rates`` (Hz).
    """
    if shapes[0] != shapes[1] or rates[0] != rates[1]:
        raise BadInput(
            f"{name}: A has (epochs, samples) {shapes[0]} at {rates[0]:g} Hz, B {shapes[1]} at {rates[1]:g} Hz; both "
            "must be on one clock (signals.align)."
        )


def functions(
    name: str, prepare: Callable[[Block, Mapping[str, Any]], Person], estimate: Callable[[Person, Person], Estimate]
) -> Functions:
    """``combine`` and ``reduce`` of a measure, from how one person is prepared and what two give."""

    def combine(a: Person, b: Person) -> State[Person]:
        """Both people.

        Raises
        ------
        BadInput
            They differ in epochs, length or rate.
        """
        check_clock(name, (a.block.shape[::2], b.block.shape[::2]), (a.block.rate, b.block.rate))
        return State(a, b)

    def cut(person: Person, start: int, stop: int) -> Person:
        block = person.block
        part = Block(block.values[..., start:stop], block.valid[..., start:stop], block.rate, block.epoched)
        return prepare(part, person.settings)

    def reduce(state: State[Person], windows: np.ndarray | None = None) -> Estimate | list[Estimate]:
        """The answer; with ``windows (W, 2)``, first and last-plus-one samples, a list of W answers."""
        if windows is None:
            return estimate(state.a, state.b)
        return [estimate(*(cut(p, int(start), int(stop)) for p in (state.a, state.b))) for start, stop in windows]

    return Functions(combine, reduce)
