"""One sentence for a parameter that is out of its range, or that drove a model out of the numbers."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from interbrain.data.errors import BadInput


def within(owner: str, name: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Refuse a number outside ``[low, high]``, or one that is no number.

    Raises
    ------
    BadInput
    """
    if not low <= value <= high:  # also where value is NaN
        of = f" {unit}" if unit else ""
        raise BadInput(f"{owner}: {name} is {value:g}{of}; allowed are {low:g} to {high:g}{of}.")


def fields_within(parameters: Any) -> None:
    """Every field whose metadata hold ``low`` and ``high`` (and ``unit``) lies between them.

    Raises
    ------
    BadInput
    """
    for each in fields(parameters):
        if "low" in each.metadata:
            about = each.metadata
            value = getattr(parameters, each.name)
            for x in np.atleast_1d(np.asarray(value, dtype=float)):
                within(type(parameters).__name__, each.name, float(x), about["low"], about["high"], about["unit"])


def all_within(parameters: Any, **ranges: tuple[float, float]) -> None:
    """Each named field lies in its closed range ``name=(low, high)``.

    Raises
    ------
    BadInput
    """
    for name, (low, high) in ranges.items():
        within(type(parameters).__name__, name, getattr(parameters, name), low, high)


def finite(owner: str, values: np.ndarray, culprit: str) -> np.ndarray:
    """``values``, or an error that names what blew them up.

    Raises
    ------
    BadInput
    """
    if not np.isfinite(values).all():
        raise BadInput(f"{owner} left the numbers (NaN or infinity): {culprit}.")
    return values
