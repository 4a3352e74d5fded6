"""Many meetings against chance together: means over each group's meetings, then over groups, and their maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.inference.clusters import Clusters, Neighbours, cluster_test
from interbrain.inference.ranks import family_p, moments, upper_p


@dataclass(frozen=True, eq=False)
class GroupTest:
    """Result over groups; arrays ``(P,)`` over the pairs of channels or regions.

    ``estimate`` is the mean over groups of the means over their meetings, ``null_mean`` and ``null_sd`` those of the
    same mean under surrogates, in the unit of what was added; ``p`` and ``p_family`` are upper tails. ``clusters`` is
    None where no neighbours were given.
    """

    estimate: np.ndarray
    null_mean: np.ndarray
    null_sd: np.ndarray
    z: np.ndarray
    p: np.ndarray
    p_family: np.ndarray
    n_groups: np.ndarray
    n_meetings: np.ndarray
    n_null: int
    clusters: Clusters | None = None


class GroupMaximum:
    """Adds meetings one by one; keeps one array of sums a group, whatever the number of meetings.

    Meetings have independent surrogates, so draw s of one meeting goes with draw s of every other: the observed mean
    and the S surrogate means are then exchangeable under independence, and p is exact. Each meeting's values may be
    stabilised values (the estimate is then in that unit) or standardised ones (meetings then weigh by precision).

    Parameters
    ----------
    n_pairs, n_draws
        P and S, the same for every meeting.
    """

    def __init__(self, n_pairs: int, n_draws: int) -> None:
        self.n_pairs = int(n_pairs)
        self.n_draws = int(n_draws)
        self._sums: dict[str, np.ndarray] = {}
        self._counts: dict[str, np.ndarray] = {}

    def add(self, group: str, observed: np.ndarray, draws: np.ndarray) -> None:
        """One meeting of a group: ``observed (P,)``, ``draws (S, P)``.

        A pair that is NaN at this meeting is left out of it; a draw that is NaN stands at the pair's highest value.
        """
        observed = np.asarray(observed, dtype=np.float64)
        draws = np.asarray(draws, dtype=np.float64)
        if observed.shape != (self.n_pairs,) or draws.shape != (self.n_draws, self.n_pairs):
            raise BadInput(
                f"group test: got observed {observed.shape} and draws {draws.shape}; "
                f"needed are ({self.n_pairs},) and ({self.n_draws}, {self.n_pairs})."
            )
        joint = np.concatenate([observed[None], draws])
        highest = joint.max(axis=0, initial=-np.inf, where=np.isfinite(joint))
        joint = np.where(np.isfinite(joint), joint, highest)
        present = np.isfinite(observed)
        sums = self._sums.setdefault(group, np.zeros((self.n_draws + 1, self.n_pairs)))
        sums[:, present] += joint[:, present]
        self._counts.setdefault(group, np.zeros(self.n_pairs, dtype=np.int64))[present] += 1

    def result(self, neighbours: Neighbours | None = None) -> GroupTest:
        """Means over groups, in the order of their names, and the test."""
        if not self._sums:
            raise BadInput("group test: no meeting was added.")
        total = np.zeros((self.n_draws + 1, self.n_pairs))
        n_groups = np.zeros(self.n_pairs, dtype=np.int64)
        n_meetings = np.zeros(self.n_pairs, dtype=np.int64)
        for group in sorted(self._sums):
            count = self._counts[group]
            present = count > 0
            total[:, present] += self._sums[group][:, present] / count[present]
            n_groups += present
            n_meetings += count
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(n_groups > 0, total / n_groups, np.nan)
        return group_test(mean[0], mean[1:], n_groups, n_meetings, neighbours)


def group_test(
    observed: np.ndarray,
    draws: np.ndarray,
    n_groups: np.ndarray,
    n_meetings: np.ndarray,
    neighbours: Neighbours | None = None,
) -> GroupTest:
    """Observed means ``(P,)`` against surrogate means ``(S, P)``, alone and by their maximum."""
    null_mean, null_sd = moments(draws)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(null_sd > 0, (observed - null_mean) / null_sd, np.nan)
    return GroupTest(
        estimate=observed,
        null_mean=null_mean,
        null_sd=null_sd,
        z=z,
        p=upper_p(observed, draws),
        p_family=family_p(observed, draws),
        n_groups=n_groups,
        n_meetings=n_meetings,
        n_null=len(draws),
        clusters=None if neighbours is None else cluster_test(observed, draws, neighbours),
    )
