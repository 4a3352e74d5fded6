"""The one place where an error nobody foresaw becomes a sentence, so that it costs one recording, not the run."""

from __future__ import annotations

import traceback

from interbrain.data.errors import InterbrainError


def told(error: Exception, debug: bool) -> Exception:
    """The error as a user should read it; with ``debug`` it is raised again as it is."""
    if debug or isinstance(error, MemoryError):
        raise error
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = str(error).strip().splitlines()[0] if str(error).strip() else "no message"
    return InterbrainError(
        f"an error that interbrain did not foresee: {type(error).__name__}: {text} "
        f"({place.name}, line {place.lineno}); --debug shows it whole"
    )
