"""Lengths of time as people write them: ``40min``, ``90s``, ``1h30min``."""

from __future__ import annotations

import math
import re

from interbrain.data.errors import BadInput

_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0}
_FORM = re.compile(r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<min>\d+(?:\.\d+)?)min)?(?:(?P<s>\d+(?:\.\d+)?)s)?")


def seconds_of(text: str) -> float:
    """``"1h30min"`` → 5400.0. Hours, minutes, seconds in that order, each once; spaces do not matter.

    Raises
    ------
    BadInput
        Anything else, a number without a unit among it; a length of 0.
    """
    match = _FORM.fullmatch(re.sub(r"\s+", "", text.lower()))
    given = {} if match is None else {unit: float(n) for unit, n in match.groupdict().items() if n is not None}
    total = sum(n * _SECONDS[unit] for unit, n in given.items())
    if not given or not (0 < total < math.inf):
        raise BadInput(f"{text!r} is no length of time; write hours, minutes and seconds, e.g. 40min, 90s or 1h30min.")
    return total


def told(seconds: float) -> str:
    """``5400.0`` → ``"1 h 30 min"``; seconds to three digits."""
    hours, rest = divmod(round(seconds, 3), 3600.0)
    minutes, rest = divmod(rest, 60.0)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{n:.3g} {unit}" for n, unit in parts if n) or "0 s"
