"""Three and more arms: by hand over all arrangements, against statsmodels and SciPy, and size under no effect."""

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.stats import binom, ttest_ind
from statsmodels.stats.oneway import anova_oneway

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.inference.arms import several_arms

LABELS = np.array(["a", "c", "b", "a", "b", "c", "a"])  # 3, 2 and 2 groups: 7! / (3! 2! 2!) = 210 ways


def rng(seed=0):
    return np.random.default_rng(seed)


def welch_f(values, labels):
    """statsmodels' Welch F without the correction of its denominator, times the arms less one."""
    found = anova_oneway([values[labels == k] for k in "abc"], use_var="unequal", welch_correction=False)
    return 2 * found.statistic


def every(labels):
    return [np.array(x) for x in sorted(set(permutations(labels.tolist())))]


def test_full_enumeration_equals_statsmodels_and_scipy():
    values = rng(1).standard_normal((7, 3)) + np.array([0.0, 0.0, 3.0]) * (LABELS == "b")[:, None]
    result = several_arms(values, LABELS, rng(), 1999)
    ways = every(LABELS)
    assert len(ways) == 210 and result.omnibus.n_null == 209
    f = np.array([[welch_f(values[:, p], way) for p in range(3)] for way in ways])
    was = next(i for i, way in enumerate(ways) if (way == LABELS).all())
    np.testing.assert_allclose(result.omnibus.p, (f >= f[was] * (1 - 1e-9)).mean(0))
    np.testing.assert_allclose(result.omnibus.p_family, (f.max(1)[:, None] >= f[was] * (1 - 1e-9)).mean(0))
    means = np.stack([values[k == LABELS].mean(0) for k in "abc"])
    np.testing.assert_allclose(result.omnibus.estimate, means.std(0, ddof=1))

    def t(way, one, other):
        return abs(ttest_ind(values[way == one], values[way == other], equal_var=False).statistic)

    pairs = list(combinations("abc", 2))
    assert list(result.pairs) == pairs
    size = np.array([[t(way, *pair) for pair in pairs] for way in ways])  # (way, pair, place)
    highest = size.max(axis=(1, 2))
    for k, (one, other) in enumerate(pairs):
        found = result.pairs[one, other]
        np.testing.assert_allclose(found.p, (size[:, k] >= size[was, k] * (1 - 1e-9)).mean(0))
        np.testing.assert_allclose(found.p_family, (highest[:, None] >= size[was, k] * (1 - 1e-9)).mean(0))
        np.testing.assert_allclose(found.estimate, values[one == LABELS].mean(0) - values[other == LABELS].mean(0))


def test_hand_case_of_three_arms_of_two():
    """90 ways; the arms lie apart, so only the 3! names of the same three pairs are as extreme."""
    values = np.array([[0.0], [0.1], [5.0], [5.1], [10.0], [10.1]])
    result = several_arms(values, np.array(list("xxyyzz")), rng(), 999)
    assert result.omnibus.p[0] == result.omnibus.smallest_p == 6 / 90
    assert result.omnibus.bound == "6 groups allow 90 ways to fill the arms; the smallest p is 6/90"
    assert result.omnibus.estimate[0] == pytest.approx(5.0)
    farthest = result.pairs["x", "z"]
    assert farthest.estimate[0] == pytest.approx(-10.0)
    assert farthest.p[0] == farthest.smallest_p == 2 / 90
    assert farthest.p_family[0] == 6 / 90  # under other names of the arms, another pair lies as far apart
    assert farthest.bound.endswith("the smallest two-sided p is 2/90")
    drawn = several_arms(values, np.array(list("xxyyzz")), rng(), 50)
    assert drawn.omnibus.n_null == 50 and drawn.omnibus.smallest_p == 1 / 51


def test_a_place_that_one_arm_lacks_has_no_omnibus_and_still_its_other_pairs():
    values = rng(2).standard_normal((9, 2))
    arms = np.repeat(["a", "b", "c"], 3)
    values[6:8, 1] = np.nan
    result = several_arms(values, arms, rng(), 499)
    assert np.isfinite(result.omnibus.p).tolist() == [True, False]
    assert np.isfinite(result.pairs["a", "b"].p).all()
    assert np.isfinite(result.pairs["a", "c"].p).tolist() == [True, False]
    assert result.omnibus.n_groups.tolist() == [9, 7]


def test_size_of_the_omnibus_and_of_the_maximum_over_pairs():
    """Skewed values in three arms, three places. Then one arm apart: the pair that is alike must not be called so."""
    random, trials = rng(3), 300
    arms = np.repeat(["a", "b", "c"], [4, 5, 6])
    hits = np.zeros(3, dtype=int)
    for _ in range(trials):
        values = random.exponential(size=(15, 1)) + random.exponential(size=(15, 3))
        alike = several_arms(values, arms, random, 99)
        apart = several_arms(values + 5.0 * (arms == "c")[:, None], arms, random, 99)
        hits[0] += alike.omnibus.p_family.min() <= 0.05 + 1e-9
        hits[1] += min(pair.p_family.min() for pair in alike.pairs.values()) <= 0.05 + 1e-9
        hits[2] += apart.pairs["a", "b"].p_family.min() <= 0.05 + 1e-9
    assert (hits <= binom.ppf(1 - 1e-3, trials, 0.05)).all()
    assert (hits[:2] >= binom.ppf(1e-3, trials, 0.05)).all()


def test_an_arm_apart_is_found():
    random = rng(4)
    arms = np.repeat(["a", "b", "c", "d"], 8)
    values = random.standard_normal((32, 2)) + [[0.0, 3.0]] * (arms == "c")[:, None]
    result = several_arms(values, arms, random, 499)
    assert result.omnibus.p_family[1] <= 0.05 < result.omnibus.p_family[0]
    called = {pair for pair, found in result.pairs.items() if found.p_family[1] <= 0.05}
    assert called == {("a", "c"), ("b", "c"), ("c", "d")}
    assert result.pairs["b", "c"].estimate[1] < -1 < 1 < result.pairs["c", "d"].estimate[1]


def test_what_cannot_be_compared():
    with pytest.raises(RefusedScience, match="2 in a, 2 in b, 1 in c; needed are three arms"):
        several_arms(np.ones((5, 1)), np.array(list("aabbc")), rng(), 99)
    with pytest.raises(RefusedScience, match="needed are three arms"):
        several_arms(np.ones((4, 1)), np.array(list("aabb")), rng(), 99)
    with pytest.raises(BadInput, match="5 groups but 4 labels"):
        several_arms(np.ones((5, 1)), np.array(list("aabb")), rng(), 99)
