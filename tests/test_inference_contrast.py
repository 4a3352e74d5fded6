"""Contrasts over groups and who leads, against slow twins, hand cases and uniformity under no effect."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom, permutation_test, ttest_ind

import naive_inference as naive
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.inference.contrast import arm_difference, paired_contrast
from interbrain.inference.leads import asymmetry, lead_test, leads_over_groups


def rng(seed=0):
    return np.random.default_rng(seed)


def test_sign_flips_equal_the_slow_twin():
    values = rng(1).standard_normal((7, 1)) + 0.6
    result = paired_contrast(values, rng(), 1999)
    assert result.p[0] == result.p_family[0] == pytest.approx(naive.sign_flips(values[:, 0].tolist())[1])
    assert result.estimate[0] == pytest.approx(values.mean())
    assert result.null_sd[0] == pytest.approx(np.sqrt((values**2).sum()) / 7)
    mirrored = paired_contrast(-values, rng(), 1999)
    assert mirrored.p[0] == result.p[0] and mirrored.estimate[0] == -result.estimate[0]


def test_smallest_p_of_few_groups():
    result = paired_contrast(np.arange(1.0, 6.0)[:, None], rng(), 1999)
    assert result.p[0] == result.smallest_p == 2 / 32
    assert result.bound == "5 groups allow 32 sign flips; the smallest two-sided p is 2/32"
    many = paired_contrast(np.arange(1.0, 31.0)[:, None], rng(), 199)
    assert many.p[0] == many.smallest_p == 1 / 200
    assert many.bound == "199 of the 1,073,741,824 sign flips of 30 groups were drawn; the smallest p is 1/200"


def test_family_of_sign_flips():
    values = rng(2).standard_normal((8, 5)) * [1, 100, 1, 1, 1]
    values[:, 1] += 250
    values[3, 4] = np.nan
    result = paired_contrast(values, rng(), 1999)
    filled = np.nan_to_num(values)
    signs = np.array([[1 - 2 * (k >> i & 1) for i in range(8)] for k in range(256)])
    size = np.abs(signs @ filled) / np.sqrt((filled**2).sum(0))
    np.testing.assert_allclose(result.p, (size >= size[0] - 1e-9).mean(0))
    np.testing.assert_allclose(result.p_family, (size.max(1)[:, None] >= size[0] - 1e-9).mean(0))
    assert result.p_family[1] <= 0.05 and result.n_groups[4] == 7
    assert result.estimate[4] == pytest.approx(np.nanmean(values[:, 4]))


def test_pairs_that_say_nothing():
    values = np.column_stack([np.arange(1.0, 7.0), np.full(6, np.nan), np.zeros(6), [1, *[np.nan] * 5]])
    result = paired_contrast(values, rng(), 1999)
    assert np.isfinite(result.p).tolist() == [True, False, False, False]
    assert result.p_family[0] == result.p[0] == 2 / 64


def test_arms_equal_scipy():
    values = rng(3).standard_normal((9, 3)) * [1, 10, 1]
    first = np.array([1, 1, 0, 1, 0, 0, 1, 0, 0], dtype=bool)
    values[first] += [0, 60, 0]
    result = arm_difference(values, first, rng(), 1999)
    for pair in range(3):
        expected = permutation_test(
            (values[first, pair], values[~first, pair]),
            lambda x, y: abs(ttest_ind(x, y, equal_var=False).statistic),
            alternative="greater",
            n_resamples=10**6,
        )
        assert result.p[pair] == pytest.approx(expected.pvalue)
    np.testing.assert_allclose(result.estimate, values[first].mean(0) - values[~first].mean(0))
    assert result.bound == "9 groups allow 126 ways to fill the arms; the smallest two-sided p is 1/126"
    assert result.p_family[1] <= 0.05 < result.p_family[0]


def test_arms_of_equal_size_mirror():
    values = np.array([[1.0], [1.1], [1.2], [5.0], [5.1], [5.3]])
    result = arm_difference(values, np.arange(6) >= 3, rng(), 1999)
    assert result.p[0] == result.smallest_p == 2 / 20 and result.estimate[0] > 0


def test_family_over_arms():
    values = rng(4).standard_normal((7, 4))
    first = np.arange(7) < 3
    result = arm_difference(values, first, rng(), 1999)
    size = []
    for chosen in combinations(range(7), 3):
        label = np.isin(np.arange(7), chosen)
        size.append(np.abs(ttest_ind(values[label], values[~label], equal_var=False).statistic))
    size = np.array(size)
    np.testing.assert_allclose(result.p_family, (size.max(1)[:, None] >= size[0] - 1e-9).mean(0))


@pytest.mark.parametrize("n_groups", [7, 14])
def test_size_of_both_tests(n_groups):
    """Skewed values in two arms; paired differences of two exchangeable conditions; seven pairs of places."""
    random, trials = rng(5), 1000
    hits = np.zeros(2, dtype=int)
    for _ in range(trials):
        shared = random.exponential(size=(2, n_groups, 1))
        a, b = shared + random.exponential(size=(2, n_groups, 7))
        hits[0] += paired_contrast(a - b, random, 199).p_family.min() <= 0.05 + 1e-9
        hits[1] += arm_difference(a, np.arange(n_groups) < 3, random, 199).p_family.min() <= 0.05 + 1e-9
    # Few groups allow few values of p, so .05 itself may not be among them: never more, seldom far less.
    assert (hits <= binom.ppf(1 - 1e-4, trials, 0.05)).all()
    assert (hits >= binom.ppf(1e-4, trials, 0.02)).all()


def test_tables_that_do_not_fit():
    with pytest.raises(RefusedScience, match="1 and 4 groups"):
        arm_difference(np.zeros((5, 2)), np.arange(5) < 1, rng(), 99)
    with pytest.raises(BadInput, match=r"shape \(3,\)"):
        paired_contrast(np.zeros(3), rng(), 99)


def test_asymmetry_by_hand():
    lags = np.array([-2.0, -1, 0, 1, 2])
    assert asymmetry(np.array([1.0, 2, 100, 5, 8]), lags) == 5.0
    assert asymmetry(np.array([8.0, 5, 100, 2, 1]), lags) == -5.0
    with pytest.raises(BadInput, match="both sides"):
        asymmetry(np.zeros(3), np.array([0.0, 1, 2]))


def test_lead_is_found_on_its_side():
    random, lags = rng(6), np.arange(-5, 6) / 5
    draws = random.standard_normal((199, 2, 11))
    profile = random.standard_normal((2, 11)) + [[0.0], [1.0]] * (lags < 0) * 5
    result = lead_test(profile, draws, lags)
    assert result.p[1] == 1 / 200 and result.estimate[1] < 0 < result.p[0] - 0.05
    assert result.null_sd[1] == pytest.approx(np.sqrt(2 / 5), rel=0.15)
    mirrored = lead_test(profile[:, ::-1], draws[..., ::-1], lags)
    np.testing.assert_allclose(mirrored.p, result.p)
    np.testing.assert_allclose(mirrored.estimate, -result.estimate)


def test_lead_p_is_uniform():
    random, lags = rng(7), np.array([-1.0, 0, 1])
    p = [lead_test(x[0], x[1:], lags).p for x in random.gamma(1, size=(2000, 20, 3))]
    hits = np.sum(np.array(p) <= 0.05 + 1e-9)
    assert binom.ppf(1e-4, 2000, 0.05) <= hits <= binom.ppf(1 - 1e-4, 2000, 0.05)


def test_lead_over_groups():
    values = np.column_stack([rng(8).standard_normal(10), 2 + rng(9).standard_normal(10)])
    result = leads_over_groups(values, rng(), 1999)
    assert result.p_family[1] <= 0.01 < 0.05 < result.p[0]


def test_groups_without_any_number_do_not_count():
    """Five groups allow 32 flips and 3 + 3 allow 20 ways, whoever else came without a number."""
    values = np.array([[1.0], [np.nan], [2.0], [3.0], [4.0], [np.nan], [5.0]])
    result = paired_contrast(values, rng(), 1999)
    assert result.bound.startswith("5 groups allow 32") and result.p[0] == result.smallest_p == 2 / 32
    arms = np.array([[1.0], [1.1], [np.nan], [1.2], [5.0], [5.1], [5.3]])
    result = arm_difference(arms, np.arange(7) < 4, rng(), 1999)
    assert result.bound.startswith("6 groups allow 20") and result.p[0] == result.smallest_p == 2 / 20
    nothing = paired_contrast(np.full((3, 1), np.nan), rng(), 99)
    assert np.isnan(nothing.p[0]) and nothing.smallest_p <= 1
