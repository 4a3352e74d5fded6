"""Contrasts over independent groups: task against rest, one arm against another.

The unit is the group (the dyad). Its sessions are not exchangeable with each other, so a group enters with one number a
pair of places, and whole groups are flipped or relabelled. Everything in a call is one family; every p is two-sided.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.inference.ranks import moments, upper_p


@dataclass(frozen=True, eq=False)
class Contrast:
    """Result over groups; arrays ``(P,)`` over pairs of places, NaN where fewer than two groups have a number.

    ``estimate`` is a mean, or a difference of means, in the unit of the values; ``null_mean`` and ``null_sd`` describe
    it over the arrangements; ``p_family`` is against the maximum over pairs. ``smallest_p`` and ``bound`` say what the
    number of groups allows.
    """

    estimate: np.ndarray
    null_mean: np.ndarray
    null_sd: np.ndarray
    z: np.ndarray
    p: np.ndarray
    p_family: np.ndarray
    n_groups: np.ndarray
    n_null: int
    smallest_p: float
    bound: str


def paired_contrast(differences: np.ndarray, stream: np.random.Generator, n_arrangements: int) -> Contrast:
    """Is the mean difference of paired values zero? By flipping the signs of whole groups.

    Exact where differences are symmetric about 0 under no effect, as those of two exchangeable conditions are. The
    statistic is the sum over the root of the sum of squares, which grows with Student's t and gives every pair the
    same spread under flips; the maximum is taken over its size.

    Parameters
    ----------
    differences
        ``(G, P)``, one row an independent group, e.g. task − rest of the excess, mean over its sessions; NaN where
        missing.
    n_arrangements
        All 2^G flips are used where there are no more than these besides the observed one, else so many are drawn.

    Raises
    ------
    BadInput
        Not a table of groups × pairs.
    """
    values = table_of(differences)
    values = values[present(values)]
    signs, exhaustive = _signs(len(values), n_arrangements, stream)
    known = np.isfinite(values)
    n = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    scale = np.sqrt((filled**2).sum(axis=0))
    usable = (n >= 2) & (scale > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(usable, filled.sum(axis=0) / scale, np.nan)
        draws = np.where(usable, (signs @ filled) / scale, np.nan)
        estimate = np.where(usable, filled.sum(axis=0) / n, np.nan)
        null_sd = np.where(usable, scale / n, np.nan)
    p, p_family = _two_sided(statistic, draws)
    total = 2 ** len(values)
    smallest = 2 / total if exhaustive else 1 / (1 + len(signs))
    return Contrast(
        estimate=estimate,
        null_mean=np.where(usable, 0.0, np.nan),
        null_sd=null_sd,
        z=statistic,
        p=p,
        p_family=p_family,
        n_groups=n,
        n_null=len(signs),
        smallest_p=smallest,
        bound=bound_of(len(values), total, "sign flips", 2, len(signs), exhaustive),
    )


def arm_difference(values: np.ndarray, first: np.ndarray, stream: np.random.Generator, n_arrangements: int) -> Contrast:
    """Do two arms differ? By relabelling whole groups; the estimate is the first arm's mean minus the second's.

    The statistic is Welch's t, under which relabelling stays right (in large samples) when the arms differ in spread
    but not in mean (Janssen 1997, 10.1016/S0167-7152(97)00043-6).

    Parameters
    ----------
    values
        ``(G, P)``, one row a group; NaN where missing.
    first
        ``(G,)``, True for the groups of the first arm.

    Raises
    ------
    RefusedScience
        Fewer than two groups in an arm.
    """
    values, first = table_of(values), np.asarray(first, dtype=bool)
    if first.shape != (len(values),):
        raise BadInput(f"arms: {len(values)} groups but {first.size} labels; there must be one a group.")
    kept = present(values)
    values, first = values[kept], first[kept]
    k, n = int(first.sum()), len(values)
    if min(k, n - k) < 2:
        raise RefusedScience(f"arms: {k} and {n - k} groups; each arm needs at least two to be compared.")
    labels, exhaustive = _labels(first, n_arrangements, stream)
    estimate, statistic = _welch(values, first[None])
    differences, draws = _welch(values, labels)
    p, p_family = _two_sided(statistic[0], draws)
    null_mean, null_sd = moments(differences)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(null_sd > 0, (estimate[0] - null_mean) / null_sd, np.nan)
    total = comb(n, k)
    ties = 2 if 2 * k == n else 1  # swapping arms of equal size mirrors the difference
    return Contrast(
        estimate=np.where(np.isfinite(statistic[0]), estimate[0], np.nan),
        null_mean=null_mean,
        null_sd=null_sd,
        z=z,
        p=p,
        p_family=p_family,
        n_groups=np.isfinite(values).sum(axis=0),
        n_null=len(labels),
        smallest_p=ties / total if exhaustive else 1 / (1 + len(labels)),
        bound=bound_of(n, total, "ways to fill the arms", ties, len(labels), exhaustive),
    )


def _welch(values: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences of means and Welch's t ``(L, P)`` for labels ``(L, G)``; NaN where an arm has fewer than two."""
    (mean_a, error_a), (mean_b, error_b) = arm_moments(values, labels), arm_moments(values, ~labels)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = mean_a - mean_b
        return difference, difference / np.sqrt(error_a + error_b)


def arm_moments(values: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An arm's means less those of all groups, and their squared standard errors, ``(L, P)`` for ``members (L, G)``.

    The error is NaN where the arm has fewer than two groups.
    """
    known, arm = np.isfinite(values), members.astype(np.float64)
    # About the mean, so that sums of squares do not cancel.
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0)
        filled = np.where(known, values - centre, 0.0)
        count = arm @ known
        mean = (arm @ filled) / count
        spread = np.maximum((arm @ filled**2) / count - mean**2, 0.0) * count / (count - 1)
        return mean, np.where(count >= 2, spread / count, np.nan)


def _two_sided(statistic: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size, sizes = np.abs(statistic), np.abs(draws)
    in_family = np.isfinite(size)
    # An infinite t (arms without spread) and a missing one both stand above everything.
    sizes = np.where(np.isnan(sizes), np.inf, sizes)
    if not in_family.any():
        return np.full(size.shape, np.nan), np.full(size.shape, np.nan)
    highest = sizes[:, in_family].max(axis=1, keepdims=True)
    return upper_p(size, sizes), upper_p(size, np.broadcast_to(highest, sizes.shape))


def _signs(n: int, n_arrangements: int, stream: np.random.Generator) -> tuple[np.ndarray, bool]:
    if n <= 60 and 2**n - 1 <= n_arrangements:
        return np.array(list(product((1.0, -1.0), repeat=n)))[1:], True
    return stream.choice([1.0, -1.0], size=(n_arrangements, n)), False


def _labels(first: np.ndarray, n_arrangements: int, stream: np.random.Generator) -> tuple[np.ndarray, bool]:
    n, k = len(first), int(first.sum())
    if comb(n, k) - 1 <= n_arrangements:
        chosen = [c for c in combinations(range(n), k) if not first[list(c)].all()]
        labels = np.zeros((len(chosen), n), dtype=bool)
        for row, c in enumerate(chosen):
            labels[row, list(c)] = True
        return labels, True
    return np.stack([stream.permutation(first) for _ in range(n_arrangements)]), False


def bound_of(
    n: int, total: int, what: str, ties: int, drawn: int, exhaustive: bool, p: str = "two-sided p"
) -> str:  # fmt: skip
    """What the number of groups allows, in words: ``ties`` of ``total`` arrangements look like the one that was."""
    if exhaustive:
        return f"{n} groups allow {total} {what}; the smallest {p} is {ties}/{total}"
    many = f"{total:,}" if total < 10**12 else f"{float(total):.1e}"
    return f"{drawn} of the {many} {what} of {n} groups were drawn; the smallest p is 1/{drawn + 1}"


def present(values: np.ndarray) -> np.ndarray:
    """Groups that have a number anywhere: others would be counted in what the arrangements allow."""
    found = np.isfinite(values).any(axis=1)
    return found if found.any() else np.ones(len(values), dtype=bool)


def table_of(values: np.ndarray) -> np.ndarray:
    """``(groups, pairs)`` of floats, or what is wrong with it."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or not len(values):
        raise BadInput(f"contrast: got an array of shape {values.shape}; needed is (groups, pairs), not empty.")
    return values
