"""Cluster-robust standard errors: exact designs, statsmodels, a published formula, full matrices, broken models."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

import naive_course as naive
from interbrain.course.mixed import fit
from interbrain.course.reml import blocks
from interbrain.course.robust import cluster_robust, weighted


@pytest.mark.parametrize("slope_sd", [0.0, 0.3])
def test_balanced_design_has_the_exact_t_test_of_own_slopes(slope_sd):
    """Whatever the slopes' spread, and whatever the working covariance: here the fixed one, of levels alone or not."""
    rng = np.random.default_rng(4)
    t, g = np.tile(np.arange(5.0), 9), np.repeat(np.arange(9), 5)
    y = 1 + rng.normal(0, 1, 9)[g] + (0.1 + rng.normal(0, slope_sd, 9))[g] * t + rng.normal(0, 0.2, 45)
    x = np.column_stack([np.ones(45), t])
    own = np.array([np.polyfit(t[:5], y[g == k], 1)[0] for k in range(9)])
    for z in (x, x[:, :1]):
        beta, se, df = weighted(blocks(y, x, z, g))
        assert se[1] == pytest.approx(own.std(ddof=1) / 3, rel=1e-8)
        assert df[1] == pytest.approx(8, rel=1e-6)
    assert stats.ttest_1samp(own, 0).statistic == pytest.approx(beta[1] / se[1], rel=1e-6)


def test_groups_of_one_give_hc2_of_statsmodels_and_the_degrees_of_freedom_of_imbens_and_kolesar():
    """Two samples: variance as Welch's; degrees of freedom by Imbens & Kolesár 2016, doi 10.1162/REST_a_00552."""
    rng = np.random.default_rng(1)
    n0, n1 = 4, 11
    y = np.r_[rng.normal(0, 1, n0), rng.normal(1, 3, n1)]
    x = np.column_stack([np.ones(n0 + n1), np.arange(n0 + n1) >= n0]).astype(float)
    other = sm.OLS(y, x).fit(cov_type="HC2")
    data = blocks(y, x, x[:, :1], np.arange(n0 + n1))
    se, df = cluster_robust(data, np.ones((n0 + n1, 1, 1)), np.asarray(other.params))
    assert se == pytest.approx(np.asarray(other.bse), rel=1e-10)
    welch = stats.ttest_ind(y[n0:], y[:n0], equal_var=False).statistic
    assert other.params[1] / se[1] == pytest.approx(welch, rel=1e-10)
    n = n0 + n1
    assert df[1] == pytest.approx(
        n**2 * (n0 - 1) * (n1 - 1) / (n1**2 * (n1 - 1) + n0**2 * (n0 - 1)), rel=1e-10
    )  # fmt: skip


def unbalanced(seed, groups=7):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), rng.integers(3, 7, groups))
    t = np.concatenate([np.sort(rng.permutation(7)[: (g == k).sum()]) for k in range(groups)]).astype(float)
    x = np.column_stack([np.ones(len(g)), t, rng.normal(size=len(g))])
    return 0.02 * t + rng.normal(0, 0.1, groups)[g] * (1 + t) + rng.normal(0, 0.1, len(g)), x, g


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_full_matrices_and_is_unbiased_under_its_working_model(seed):
    y, x, g = unbalanced(seed)
    result = fit(y, x, g, x[:, :2])
    parts = naive.covariance_parts(g, x[:, :2])
    v = sum(a * p for a, p in zip(naive.vector_of(result.var_components, result.residual), parts))
    data = blocks(y, x, x[:, :2], g)
    working = data.z @ result.var_components @ data.z.transpose(0, 2, 1) + result.residual * np.eye(data.mask.shape[1])
    se, df = naive.cluster_robust(v, y, x, g)
    own_se, own_df = cluster_robust(data, working, result.beta)
    assert own_se == pytest.approx(se, rel=1e-7)
    assert own_df == pytest.approx(df, rel=1e-7)
    assert (own_df < len(set(g))).all()
    # Its mean over 4,000 draws from the working model is the variance that the model states.
    draws = result.beta @ x.T + np.random.default_rng(seed).multivariate_normal(np.zeros(len(y)), v, 4000)
    w = np.linalg.inv(v)
    gls = np.linalg.solve(x.T @ w @ x, x.T @ w @ draws.T).T
    squares = [
        cluster_robust(blocks(d, x, x[:, :2], g), working, b)[0] ** 2 for d, b in zip(draws[:400], gls[:400])
    ]  # fmt: skip
    assert np.mean(squares, axis=0) == pytest.approx(np.diag(result.cov), rel=0.2)


@pytest.mark.parametrize("origin", [0.0, 40.0])
def test_fixed_weights_are_those_of_statsmodels_under_the_stated_covariance(origin):
    """Written out for each pair of meetings: 4 for the level, the product of standardised times, 1 for one meeting."""
    y, x, g = unbalanced(3)
    x[:, 1] = 7 * x[:, 1] + origin
    t = (x[:, 1] - x[:, 1].mean()) / x[:, 1].std()
    n = len(y)
    full = np.array([[(g[i] == g[j]) * (4 + t[i] * t[j]) + (i == j) for j in range(n)] for i in range(n)])
    beta, se, df = weighted(blocks(y, x, x[:, :2], g))
    assert beta == pytest.approx(np.asarray(sm.GLS(y, x, sigma=full).fit().params), rel=1e-8)
    naive_se, naive_df = naive.cluster_robust(full, y, x, g)
    assert se == pytest.approx(naive_se, rel=1e-7)
    assert df == pytest.approx(naive_df, rel=1e-7)


def test_a_wrong_working_model_is_forgiven_where_the_models_own_interval_is_not():
    """Slopes differ, and the working model says that they do not: 300 studies of 12 dyads, nothing planted."""
    rng = np.random.default_rng(0)
    t, g = np.tile(np.arange(6.0), 12), np.repeat(np.arange(12), 6)
    x = np.column_stack([np.ones(72), t])
    called = np.zeros((300, 2))
    for k in range(300):
        y = rng.normal(0, 1, 12)[g] + rng.normal(0, 0.5, 12)[g] * t + rng.normal(0, 0.5, 72)
        r = fit(y, x, g, x[:, :1])
        ways = (weighted(blocks(y, x, x[:, :1], g)), (r.beta, r.se_kr, r.df_kr))
        called[k] = [2 * stats.t.sf(abs(beta[1]) / se[1], df[1]) <= 0.05 for beta, se, df in ways]
    robust, plain = called.mean(axis=0)
    assert robust <= stats.binom.ppf(0.9995, 300, 0.05) / 300 < 0.2 < plain


def test_a_group_that_alone_carries_a_coefficient_has_no_standard_error_over_groups():
    y, x, g = unbalanced(1)
    x = np.column_stack([x[:, :2], g == 0]).astype(float)
    _, se, df = weighted(blocks(y, x, x[:, :1], g))
    assert np.isfinite(se[:2]).all() and np.isfinite(df[:2]).all()
    assert np.isnan(se[2]) and np.isnan(df[2])
