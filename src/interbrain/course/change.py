"""Reliable and clinically significant change between two scores.

Jacobson & Truax 1991, doi 10.1037/0022-006X.59.1.12.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from interbrain.data.errors import BadInput

Direction = Literal["worse", "better"]
CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated")


@dataclass(frozen=True)
class Norms:
    """Mean and SD of people with (``clinical``) and without (``functional``) the problem; None where unknown."""

    clinical_mean: float
    clinical_sd: float
    functional_mean: float | None = None
    functional_sd: float | None = None
    higher_is: Direction = "worse"

    def __post_init__(self) -> None:
        for name, sd in (("clinical", self.clinical_sd), ("functional", self.functional_sd)):
            if sd is not None and not sd > 0:
                raise BadInput(f"Norms: the {name} SD is {sd:g}; it must be above 0.")


@dataclass(frozen=True)
class Cutoffs:
    """``a``: two SD from the clinical mean; ``b``: within two SD of the functional mean; ``c``: between the two."""

    a: float
    b: float | None
    c: float | None


def cutoffs(norms: Norms, convention: Literal["jacobson-truax", "clinicalsignificance"] = "jacobson-truax") -> Cutoffs:
    """The three cut-offs.

    ``b`` uses the functional SD, as the paper does; the R package clinicalsignificance 2.1 uses the clinical SD there,
    and its number is what the convention of that name gives.
    """
    sign = -1.0 if norms.higher_is == "worse" else 1.0
    a = norms.clinical_mean + sign * 2 * norms.clinical_sd
    m0, s0 = norms.functional_mean, norms.functional_sd
    if m0 is None or s0 is None:
        return Cutoffs(a, None, None)
    b = m0 - sign * 2 * (norms.clinical_sd if convention == "clinicalsignificance" else s0)
    c = (s0 * norms.clinical_mean + norms.clinical_sd * m0) / (s0 + norms.clinical_sd)
    return Cutoffs(a, b, c)


def standard_error_of_difference(sd: float, reliability: float) -> float:
    """√2 · SD · √(1 − r): the spread of the difference of two scores of a person who did not change."""
    if not (sd > 0 and 0 <= reliability < 1):
        raise BadInput(f"Reliable change: SD {sd:g} and reliability {reliability:g}; allowed are SD > 0 and 0 ≤ r < 1.")
    return float(np.sqrt(2) * sd * np.sqrt(1 - reliability))


def reliable_change_index(pre: np.ndarray, post: np.ndarray, sd: float, reliability: float) -> np.ndarray:
    """(post − pre) in units of :func:`standard_error_of_difference`; NaN where a score is missing."""
    return (np.asarray(post, float) - np.asarray(pre, float)) / standard_error_of_difference(sd, reliability)


def smallest_reliable_change(sd: float, reliability: float, confidence: float = 0.95) -> float:
    """Points that a score must change by to be reliable."""
    return float(stats.norm.ppf(0.5 + confidence / 2)) * standard_error_of_difference(sd, reliability)


def categories(
    pre: np.ndarray, post: np.ndarray, sd: float, reliability: float, cutoff: float,
    higher_is: Direction = "worse", confidence: float = 0.95,
) -> np.ndarray:  # fmt: skip
    """One of :data:`CATEGORIES` a person, ``""`` where a score is missing.

    Recovered: reliably better, from the clinical side of the cut-off to the functional one.
    """
    pre, post = np.asarray(pre, dtype=float), np.asarray(post, dtype=float)
    sign = -1.0 if higher_is == "worse" else 1.0
    index = sign * reliable_change_index(pre, post, sd, reliability)
    critical = float(stats.norm.ppf(0.5 + confidence / 2))
    crossed = (sign * pre < sign * cutoff) & (sign * post > sign * cutoff)
    result = np.full(pre.shape, "unchanged", dtype=object)
    result[index > critical] = "improved"
    result[(index > critical) & crossed] = "recovered"
    result[index < -critical] = "deteriorated"
    result[~np.isfinite(index)] = ""
    return result
