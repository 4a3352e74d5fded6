"""The one place where an error nobody foresaw becomes a sentence, so that it costs one recording, not the run."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from interbrain.data.disguise import UNTOLD
from interbrain.data.errors import BadInput, InterbrainError

LOST = "its process was killed or ran out of memory, twice; close other programs or use fewer --workers"
"""What is told of a task that :func:`interbrain.study.pool.run_tasks` gives up."""


def told(error: Exception, debug: bool, hidden: bool = False) -> Exception:
    """The error as a user should read it: raised again with ``debug``, without its own text where ``hidden``."""
    if debug or isinstance(error, MemoryError):
        raise error
    if hidden:
        return InterbrainError(f"an error that interbrain did not foresee: {type(error).__name__}; {UNTOLD}")
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = str(error).strip().splitlines()[0] if str(error).strip() else "no message"
    return InterbrainError(
        f"an error that interbrain did not foresee: {type(error).__name__}: {text} "
        f"({place.name}, line {place.lineno}); --debug shows it whole"
    )


@contextmanager
def untold(on: bool, what: str) -> Iterator[None]:
    """Where ``on``, errors end in one sentence of ours: theirs may quote names of files and what stands in them."""
    try:
        yield
    except (InterbrainError, OSError):
        if not on:
            raise
        raise BadInput(f"{what} cannot be used; {UNTOLD}.") from None
