"""Clusters against a slow twin, hand cases and their size."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binom

import naive_inference as naive
from interbrain.data.errors import BadInput
from interbrain.inference.clusters import Neighbours, cluster_test, neighbours_of
from interbrain.inference.maximum import GroupMaximum
from interbrain.inference.ranks import family_p
from interbrain.inference.repair import Cell, repair

CHAIN = np.eye(6, k=1, dtype=bool)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(6))
def test_equal_to_the_slow_twin(seed):
    random = rng(seed)
    adjacent = np.triu(random.random((9, 9)) < 0.3, 1)
    values = random.gamma(2, size=(60, 9)) * [1, 10, 1, 1, 5, 1, 1, 1, 1]
    values[0] += random.random(9) * 2
    found = cluster_test(values[0], values[1:], Neighbours(adjacent, 0.8))
    np.testing.assert_allclose(found.p, naive.cluster_p(values[0], values[1:], adjacent, 0.8))
    assert (found.number > 0).tolist() == np.isfinite(found.p).tolist()
    heavy = [found.mass[found.number == k][0] for k in range(1, found.number.max() + 1)]
    assert heavy == sorted(heavy, reverse=True)


def test_by_hand():
    """Draws ±1 in turn have SD near 1 and mean 0: places 0-1 stand together, 3 alone, 4 is below, 5 has no number."""
    draws = np.where(np.arange(400)[:, None] % 2, 1.0, -1.0) * np.ones(6)
    observed = np.array([2.0, 3.0, 0.0, 4.0, 0.5, np.nan])
    found = cluster_test(observed, draws, Neighbours(CHAIN, 1.5))
    assert found.number.tolist() == [1, 1, 0, 2, 0, 0]
    z = [(x - x / 401) / np.sqrt((400 + x**2 - x**2 / 401) / 400) for x in observed]
    np.testing.assert_allclose(found.mass[[0, 3]], [z[0] + z[1], z[3]])
    assert found.p[[0, 1, 3]].tolist() == [1 / 401] * 3 and np.isnan(found.p[[2, 4, 5]]).all()


def test_weak_effects_that_stand_together_are_found():
    random, alone, together = rng(1), 0, 0
    neighbours = Neighbours(np.eye(20, k=1, dtype=bool), 1.0)
    for _ in range(60):
        values = random.standard_normal((200, 20))
        values[0, 5:15] += 1.2
        found = cluster_test(values[0], values[1:], neighbours)
        together += bool((found.p[5:15] <= 0.05).any())
        alone += bool((family_p(values[0], values[1:])[5:15] <= 0.05).any())
    assert together >= alone + 12


@pytest.mark.parametrize("r", [0.0, 0.9])
def test_size(r):
    random, hits = rng(2), 0
    for _ in range(400):
        values = np.sqrt(r) * random.standard_normal((40, 1)) + np.sqrt(1 - r) * random.standard_normal((40, 6))
        hits += bool((cluster_test(values[0], values[1:], Neighbours(CHAIN, 1.0)).p <= 0.05 + 1e-9).any())
    assert binom.ppf(1e-4, 400, 0.05) <= hits <= binom.ppf(1 - 1e-4, 400, 0.05)


def test_neighbours():
    bands = {"beta": (13.0, 30.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0)}
    labels = [
        ("F", "F", "theta", ""),
        ("F", "F", "alpha", ""),
        ("F", "F", "beta", ""),
        ("C", "F", "alpha", ""),
        ("C", "C", "alpha", ""),
        ("P", "F", "alpha", ""),
        ("F", "F", "theta", "a leads"),
    ]
    found = neighbours_of(labels, bands, [("F", "C")], 2.0).adjacent
    assert {(i, j) for i, j in np.argwhere(np.triu(found))} == {(0, 1), (1, 2), (1, 3), (3, 4)}


def test_what_does_not_fit():
    with pytest.raises(BadInput, match="5 places but neighbours of 6"):
        cluster_test(np.zeros(5), np.zeros((9, 5)), Neighbours(CHAIN, 1.0))
    with pytest.raises(BadInput, match="threshold above 0"):
        Neighbours(CHAIN, 0.0)


def test_clusters_over_re_paired_partners():
    """All arrangements of five groups; two places that dyad 4 lacks are a family part of their own, p doubled."""
    matrix = rng(3).standard_normal((5, 5, 6))
    matrix[range(5), range(5), :2] += 1.5
    matrix[4, 4, 4:] = np.nan
    matrix[range(4), range(4), 4:] += 2.0
    cells = [Cell(str(i), str(j), 1, matrix[i, j]) for i in range(5) for j in range(5)]
    found = repair(cells, 1999, rng(), neighbours=Neighbours(CHAIN, 1.0)).clusters
    expected = []
    for places, count in ((range(4), 5), (range(4, 6), 4)):
        orders = list(permutations(range(count)))
        means = np.array([matrix[range(count), order][:, places].mean(axis=0) for order in orders])
        adjacent = CHAIN[np.ix_(places, places)]
        expected += naive.cluster_p(means[0], means[1:], adjacent, 1.0).tolist()
    np.testing.assert_allclose(found.p, np.minimum(1, 2 * np.array(expected)))
    assert found.number[[0, 1, 4, 5]].tolist() == [1, 1, found.number[4], found.number[4]] and found.number[4] > 1


def test_clusters_over_groups_of_meetings():
    values = rng(4).standard_normal((3, 100, 6))
    values[:, 0, 1:4] += 1.0
    total = GroupMaximum(6, 99)
    for group, meeting in zip("aab", values, strict=True):
        total.add(group, meeting[0], meeting[1:])
    mean = (values[:2].mean(axis=0) + values[2]) / 2
    found = total.result(Neighbours(CHAIN, 0.5)).clusters
    np.testing.assert_allclose(found.p, naive.cluster_p(mean[0], mean[1:], CHAIN, 0.5))
    assert total.result().clusters is None
