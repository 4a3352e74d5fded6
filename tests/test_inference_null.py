"""p-values, families, corrections and group tests against slow twins, hand cases and uniformity under no effect."""

import numpy as np
import pytest
from scipy.stats import binom, kstest
from statsmodels.stats.multitest import multipletests

import naive_inference as naive
from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord
from interbrain.data.signal import Block, Draws, Estimate
from interbrain.inference import null, surrogates
from interbrain.inference.corrections import benjamini_hochberg
from interbrain.inference.maximum import GroupMaximum
from interbrain.inference.ranks import family_p, standardise, two_sided_p, upper_p


def inside(rejections, trials, share):
    """Whether a count of rejections is what ``share`` gives, at the 1e-4 level."""
    low, high = binom.interval(1 - 1e-4, trials, share)
    return low <= rejections <= high


def test_p_by_hand():
    draws = np.array([1.0, 2.0, 3.0, 4.0])
    assert upper_p(np.array(5.0), draws) == 1 / 5
    assert upper_p(np.array(3.0), draws) == 3 / 5
    assert upper_p(np.array(0.0), draws) == 1.0
    assert two_sided_p(np.array(-10.0), draws) == 1 / 5
    assert two_sided_p(np.array(10.0), draws) == 1 / 5


def test_missing_numbers_never_help():
    draws = np.array([[0.0, 0.0], [np.nan, 1.0], [2.0, 2.0]])
    p = upper_p(np.array([3.0, np.nan]), draws)
    assert p[0] == 2 / 4 and np.isnan(p[1])


def test_ties_to_rounding_count_against():
    assert upper_p(np.array(0.1 + 0.2), np.array([0.3])) == 1.0


def test_p_and_family_equal_their_twins():
    rng = np.random.default_rng(0)
    observed = rng.standard_normal(7) * [1, 10, 1, 1, 0.1, 1, 1] + 1
    draws = rng.standard_normal((39, 7)) * [1, 10, 1, 1, 0.1, 1, 1]
    observed[3] = np.nan
    draws[5, 2] = np.nan
    np.testing.assert_allclose(
        upper_p(observed, draws),
        [np.nan if np.isnan(o) else naive.upper_p(o, d) for o, d in zip(observed, draws.T, strict=True)],
    )
    np.testing.assert_allclose(family_p(observed, draws), naive.family_p(observed, draws))


def test_family_is_blind_to_the_unit_of_each_pair():
    rng = np.random.default_rng(1)
    observed, draws = rng.standard_normal(5), rng.standard_normal((99, 5))
    scaled = family_p(observed * [1, 100, 1, 1, 1] + 7, draws * [1, 100, 1, 1, 1] + 7)
    np.testing.assert_allclose(scaled, family_p(observed, draws))


@pytest.mark.parametrize("n", [19, 99])
def test_p_is_uniform_and_the_family_keeps_its_size(n):
    """Correlated pairs of unlike, skewed distributions; 19 draws would betray moments without the observed value."""
    rng = np.random.default_rng(2)
    trials, shared = 3000, rng.standard_normal((3000, n + 1, 1))
    values = np.exp((shared + rng.standard_normal((trials, n + 1, 8))) * np.linspace(0.1, 1.5, 8))
    single = np.array([upper_p(v[0], v[1:])[0] for v in values])
    family = np.array([family_p(v[0], v[1:]).min() for v in values])
    for p in (single, family):
        for level in (0.05, 0.5):
            assert inside((p <= level + 1e-9).sum(), trials, level)
    jitter = single - rng.random(trials) / (n + 1)
    assert kstest(jitter, "uniform").pvalue > 1e-3


def test_standardised_is_the_same_whichever_was_observed():
    rng = np.random.default_rng(3)
    values = rng.standard_normal((20, 4))
    z, z_draws = standardise(values[0], values[1:])
    swapped, swapped_draws = standardise(values[7], np.delete(values, 7, axis=0))
    np.testing.assert_allclose(z, swapped_draws[0])
    np.testing.assert_allclose(swapped, z_draws[6])


def test_a_missing_draw_stands_at_the_highest_value():
    observed = np.array([1.0, 0.0])
    draws = np.column_stack([[np.nan, 0.5, 0.2, 0.1], [0.3, -0.1, 0.2, 0.1]])
    _, z_draws = standardise(observed, draws)
    everything = np.array([1.0, 0.5, 0.2, 0.1])
    assert z_draws[0, 0] == pytest.approx((1.0 - everything.mean()) / everything.std(ddof=1))
    assert family_p(observed, draws)[0] == 2 / 5


def test_flat_pairs_leave_the_family():
    observed, draws = np.array([1.0, 2.0]), np.column_stack([np.ones(19), np.arange(19) / 20])
    p = family_p(observed, draws)
    assert np.isnan(p[0]) and p[1] == 1 / 20


RECORD = MeasureRecord(
    name="covariance", title="", formula="", reference="", doi="", value_range=(-1, 1), with_itself=1.0,
    stabilise="atanh", directed=False, accepts=("continuous",), modalities=(), blind_to=(),
    surrogates={"circular_shift": "reindex", "aaft": "prepare", "segment_shuffle": "refused: not like this"},
    default_surrogate="circular_shift",
)  # fmt: skip


class Correlation:
    """Pearson's correlation as a measure with a fast path for shifts."""

    RECORD = RECORD

    @staticmethod
    def prepare(block, settings):
        x = block.values[0]
        return (x - x.mean(1, keepdims=True)) / (x.std(1, keepdims=True) * np.sqrt(x.shape[1]))

    @staticmethod
    def combine(a, b):
        return a @ b.T

    @staticmethod
    def reduce(r):
        value = r[:, :, None, None]
        flat = np.zeros_like(value)
        return Estimate(
            value=value, stabilised=np.arctanh(value), lag_s=flat, phase=flat, coverage=flat + 1, n_effective=flat + 10
        )

    @staticmethod
    def draws(a, b, surrogate, index):
        assert surrogate == "circular_shift"
        return Draws(np.stack([a @ np.roll(b, s, axis=1).T for s in index])[..., None, None])


def blocks(seed=0, n=300, coupling=0.0):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((1, 2, n))
    b = rng.standard_normal((1, 3, n))
    b[0, 1] = coupling * a[0, 0] + np.sqrt(1 - coupling**2) * b[0, 1]
    return tuple(Block(x, np.ones(x.shape, bool), 10.0) for x in (a, b))


def run(a, b, surrogate="circular_shift", n=99, seed=4, **settings):
    prepared = [Correlation.prepare(x, {}) for x in (a, b)]
    stream = np.random.default_rng(seed)
    draws = null.surrogate_draws(Correlation, RECORD, *prepared, b, settings, surrogate, n, stream)
    return Correlation.reduce(Correlation.combine(*prepared)), draws


def test_fast_path_equals_the_loop():
    a, b = blocks()
    _, fast = run(a, b)
    module = surrogates.module("circular_shift")
    index = module.draw_index(b, 99, np.random.default_rng(4), {})
    slow = null.loop(Correlation, Correlation.prepare(a, {}), b, {}, module, index)
    np.testing.assert_allclose(fast.value, slow.value, atol=1e-12)
    _, prepared_again = run(a, b, "aaft", 19)
    assert prepared_again.value.shape == (19, 2, 3, 1, 1) and prepared_again.near is None


def test_planted_coupling_is_found_where_it_is():
    a, b = blocks(coupling=0.5)
    estimate, draws = run(a, b, n=199)
    stabilised = FUNCTIONS[RECORD.stabilise](draws.value)
    result = null.compare(estimate.value, estimate.stabilised, draws.value, stabilised, draws.near)
    assert result.p[0, 1] == result.p_family[0, 1] == 1 / 200
    others = np.delete(result.p_family.reshape(-1), 1)
    assert (others > 0.05).all() and result.n_null == 199
    # White noise of 300 samples: the null of a correlation has mean 0 and SD 1/sqrt(300).
    np.testing.assert_allclose(result.null_sd, 1 / np.sqrt(300), rtol=0.2)
    np.testing.assert_allclose(result.null_mean, 0, atol=0.02)
    np.testing.assert_allclose(result.excess[0, 1, 0, 0], np.arctanh(0.5), atol=0.15)
    np.testing.assert_allclose(result.z * result.stabilised_null_sd, result.excess)


def test_near_surrogates_count_for_p_and_not_for_the_mean():
    value = np.array([1.0])
    draws = np.concatenate([np.full((5, 1), 2.0), np.linspace(-0.1, 0.1, 14)[:, None]])
    near = np.arange(19) < 5
    result = null.compare(value, value, draws, draws, near)
    assert result.p[0] == 6 / 20
    np.testing.assert_allclose([result.null_mean[0], result.excess[0]], [0.0, 1.0], atol=1e-12)


def test_guard_comes_from_the_slowest_band_and_lag():
    about = null.surrogate_settings({"bands": {"slow": (0.05, 0.1), "fast": (0.1, 0.2)}, "max_lag_s": 5.0})
    assert about["guard_s"] == 25.0
    assert null.surrogate_settings({"guard_s": 3, "window_s": 30.0}) == {"guard_s": 3.0, "segment_s": 30.0}


def test_refused_pairs_say_why():
    with pytest.raises(RefusedScience, match="covariance with segment_shuffle: not like this"):
        run(*blocks(), "segment_shuffle")


def test_benjamini_hochberg_against_statsmodels():
    p = np.array([0.001, 0.04, np.nan, 0.03, 0.5, 0.02])
    corrected = benjamini_hochberg(list("abcdef"), p)
    known = np.isfinite(p)
    np.testing.assert_allclose(corrected.p_fdr[known], multipletests(p[known], method="fdr_bh")[1])
    assert np.isnan(corrected.of("c")) and corrected.of("a") == pytest.approx(0.005)


def test_nothing_is_corrected_twice():
    corrected = benjamini_hochberg(["a", "b"], [0.01, 0.2])
    with pytest.raises(RefusedScience, match="corrected already"):
        benjamini_hochberg(["a", "b"], corrected)
    with pytest.raises(RefusedScience, match="'a' came with 2 p-values"):
        benjamini_hochberg(["a", "a"], [0.01, 0.2])
    with pytest.raises(BadInput, match=r"-0\.1 is not a p-value"):
        benjamini_hochberg(["a", "b"], [0.01, -0.1])


def test_group_means_by_hand():
    test = GroupMaximum(2, 2)
    test.add("b", np.array([1.0, 5.0]), np.array([[0.0, 1.0], [2.0, 1.0]]))
    test.add("a", np.array([4.0, np.nan]), np.array([[0.0, 9.0], [1.0, 9.0]]))
    test.add("b", np.array([3.0, 7.0]), np.array([[0.0, 3.0], [np.nan, 1.0]]))
    result = test.result()
    np.testing.assert_allclose(result.estimate, [3.0, 6.0])  # groups: b 2, a 4; pair 2 in b alone
    # Draw 1: b 0, a 0; draw 2: b (2 + 3)/2, the missing draw at the highest value, a 1.
    np.testing.assert_allclose(result.null_mean, [(0 + 1.75) / 2, (2 + 1) / 2])
    np.testing.assert_array_equal(result.n_groups, [2, 1])
    np.testing.assert_array_equal(result.n_meetings, [3, 2])
    np.testing.assert_allclose(result.p, [1 / 3, 1 / 3])


def test_group_test_keeps_its_size_and_finds_a_small_effect():
    rng = np.random.default_rng(5)
    found = {0.0: 0, 0.8: 0}
    for shift in found:
        for _ in range(400):
            test = GroupMaximum(4, 39)
            for group in "aabbbc":
                values = rng.gamma(1.0, size=(40, 4))
                values[0] += shift * np.array([1, 0, 0, 0])
                test.add(group, values[0], values[1:])
            found[shift] += test.result().p_family[0] <= 0.05 + 1e-9
    assert found[0.0] <= binom.ppf(1 - 1e-4, 400, 0.05)
    assert found[0.8] > 2 * 400 * 0.05


def test_shapes_that_do_not_fit():
    with pytest.raises(BadInput, match=r"draws have shape \(3, 2\)"):
        upper_p(np.zeros(3), np.zeros((3, 2)))
    with pytest.raises(BadInput, match="needed are"):
        GroupMaximum(2, 3).add("a", np.zeros(2), np.zeros((2, 2)))
