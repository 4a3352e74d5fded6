"""What a setting may be: one of some words, or a number in an interval, written as in mathematics (``"(0, 1]"``)."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "a word in quotes"}
"""Types of settings in words."""

Limit = tuple[str, ...] | str
"""Words to choose from, or an interval: a square bracket holds its end, a round one does not."""


def holds(limit: Limit, value: Any) -> bool:
    """Whether a value is among the words, or in the interval."""
    if isinstance(limit, tuple):
        return value in limit
    low, high = _ends(limit)
    above = value >= low if limit[0] == "[" else value > low
    below = value <= high if limit[-1] == "]" else value < high
    return above and below


def told(limit: Limit) -> str:
    """A limit in words: ``"'bic', 'aic'"``, ``"numbers above 0 and at most 1"``."""
    if isinstance(limit, tuple):
        return ", ".join(map(repr, limit))
    low, high = _ends(limit)
    parts = []
    if math.isfinite(low):
        parts.append(f"{'at least' if limit[0] == '[' else 'above'} {low:g}")
    if math.isfinite(high):
        parts.append(f"{'at most' if limit[-1] == ']' else 'below'} {high:g}")
    return f"numbers {' and '.join(parts)}"


def _ends(interval: str) -> tuple[float, float]:
    low, high = interval[1:-1].split(",")
    return float(low), float(high)


def close_to(got: str, known: Iterable[str]) -> str:
    """``" (did you mean 'wtc'?)"`` where one of the known names is close to what was got, else nothing."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(got.lower(), list(names), n=3)
    close.sort(key=lambda name: sorted(name) != sorted(got.lower()))  # the same letters in another order come first
    return f" (did you mean {names[close[0]]!r}?)" if close else ""


def check_all(name: str, settings: Mapping[str, Any], allowed: Mapping[str, Limit]) -> str:
    """The first setting that is not what it may be, in a sentence that begins with ``name``; empty where all are."""
    for key, limit in allowed.items():
        value = settings[key]
        if value is not None and not holds(limit, value):
            hint = close_to(value, limit) if isinstance(limit, tuple) else ""
            return f"{name}: {key} is {value!r}{hint}; allowed are {told(limit)}."
    return ""
