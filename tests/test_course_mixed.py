"""The mixed model against lme4, lmerTest and pbkrtest, statsmodels, and full matrices."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

import naive_course as naive
from interbrain.course.mixed import fit
from interbrain.data.errors import BadInput

MODELS = {
    "syn_RI": (["(Intercept)", "time"], ["(Intercept)"]),
    "syn_RIS": (["(Intercept)", "time"], ["(Intercept)", "time"]),
    "syn_cond": (["(Intercept)", "time", "treatment", "alliance", "time:treatment"], ["(Intercept)"]),
}
# lme4 stops its search early with a random slope: its variance components carry about six digits.
TOLERANCE = {"syn_RI": 1e-6, "syn_RIS": 1e-5, "syn_cond": 1e-6}


def made_up(seed=1, groups=7, slope=True):
    """Unbalanced groups with a gap, a covariate and planted variances."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), rng.integers(3, 7, groups))
    t = np.concatenate([np.sort(rng.permutation(7)[: (g == k).sum()]) for k in range(groups)]).astype(float)
    x = np.column_stack([np.ones(len(g)), t, rng.normal(size=len(g))])
    y = 0.3 + 0.02 * t + rng.normal(0, 0.1, groups)[g] + slope * rng.normal(0, 0.15, groups)[g] * t
    return y + rng.normal(0, 0.1, len(g)), x, g


@pytest.fixture(scope="module")
def reference(data_dir):
    folder = data_dir / "reference" / "mixed-models"
    data = pd.read_csv(folder / "synthetic_synchrony_input.csv")
    columns = {
        "(Intercept)": np.ones(len(data)),
        "time": data.time,
        "treatment": data.treatment,
        "alliance": data.alliance,
        "time:treatment": data.time * data.treatment,
    }

    def fitted(model):
        fixed, random = MODELS[model]
        x, z = (np.column_stack([columns[c] for c in names]) for names in (fixed, random))
        return fit(data.synchrony.to_numpy(), x, data.dyad.to_numpy(), z, fixed)

    return folder, fitted


@pytest.mark.parametrize("model", MODELS)
def test_fixed_effects_agree_with_lmertest_and_pbkrtest(reference, model):
    folder, fitted = reference
    result = fitted(model)
    table = pd.read_csv(folder / "mixed_fixed_effects.csv")
    table = table[table.model.str.startswith(model + ":")]
    for method, se, df in (
        ("Satterthwaite", result.se, result.df_satterthwaite),
        ("Kenward-Roger", result.se_kr, result.df_kr),
    ):
        rows = table[table.df_method == method].set_index("term").loc[list(result.terms)]
        assert result.beta == pytest.approx(rows.estimate.to_numpy(), rel=TOLERANCE[model])
        assert se == pytest.approx(rows.se.to_numpy(), rel=TOLERANCE[model])
        assert df == pytest.approx(rows.df.to_numpy(), rel=TOLERANCE[model])
    rows = table[table.df_method == "Kenward-Roger"].set_index("term")
    for term in result.terms:
        assert result.p(term) == pytest.approx(rows.p[term], rel=20 * TOLERANCE[model])


@pytest.mark.parametrize("model", MODELS)
def test_variances_and_likelihood_agree_with_lme4(reference, model):
    folder, fitted = reference
    result = fitted(model)
    table = pd.read_csv(folder / "mixed_variance_loglik.csv", keep_default_na=False)
    table = table[table.model.str.startswith(model + ":")]
    value = {(r.var1, r.var2): float(r.vcov) for r in table.itertuples()}
    psi = result.var_components
    assert psi[0, 0] == pytest.approx(value["(Intercept)", ""], rel=TOLERANCE[model])
    assert result.residual == pytest.approx(value["", ""], rel=TOLERANCE[model])
    if model == "syn_RIS":
        assert psi[1, 1] == pytest.approx(value["time", ""], rel=1e-4)
        assert psi[0, 1] == pytest.approx(value["(Intercept)", "time"], rel=1e-4)
    assert result.loglik == pytest.approx(float(table.logLik_REML.iloc[0]), abs=1e-8)
    assert result.converged and not result.singular
    assert (result.n_groups, result.n_obs) == (8, 39)


def test_f_test_agrees_with_krmodcomp(reference):
    folder, fitted = reference
    row = pd.read_csv(folder / "mixed_KRmodcomp_interaction.csv").iloc[0]
    test = fitted("syn_cond").f_test(np.eye(5)[4])
    assert test.statistic == pytest.approx(row.stat, rel=1e-6)
    assert test.df_within == pytest.approx(row.ddf, rel=1e-6)
    assert (test.df_between, test.scaling) == (row.ndf, row["F.scaling"])
    assert test.p == pytest.approx(row["p.value"], rel=1e-5)


@pytest.mark.parametrize("slope", [False, True])
def test_agrees_with_full_matrices(slope):
    y, x, g = made_up(seed=5, groups=9)
    z = x[:, : 1 + slope]
    result = fit(y, x, g, z)
    assert not result.singular
    parts = naive.covariance_parts(g, z)
    gamma = naive.vector_of(result.var_components, result.residual)
    assert result.loglik == pytest.approx(naive.restricted_loglik(gamma, y, x, parts), abs=1e-9)
    for i in range(len(gamma)):  # nothing beside it is higher
        for step in (0.98, 1.02):
            beside = gamma.copy()
            beside[i] *= step
            assert naive.restricted_loglik(beside, y, x, parts) < result.loglik
    adjusted, df = naive.kenward_roger(gamma, y, x, parts)
    assert result.cov_kr == pytest.approx(adjusted, rel=1e-8, abs=1e-12)
    assert result.df_kr == pytest.approx(df, rel=1e-6)
    assert result.df_satterthwaite == pytest.approx(naive.satterthwaite(gamma, y, x, parts), rel=1e-4)


@pytest.mark.parametrize("slope", [False, True])
def test_agrees_with_statsmodels(slope):
    y, x, g = made_up(seed=4, groups=12)
    z = x[:, : 1 + slope]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = MixedLM(y, x, groups=g, exog_re=z).fit(reml=True, method=["lbfgs", "powell"])
    result = fit(y, x, g, z)
    assert result.loglik >= other.llf - 1e-9
    assert result.beta == pytest.approx(np.asarray(other.fe_params), rel=2e-3)
    assert result.residual == pytest.approx(other.scale, rel=2e-2)


def small_study(seed):
    """A small study with gaps; levels and slopes differ much, little or not at all. Every fourth has no slopes."""
    rng = np.random.default_rng(seed)
    groups, sessions = int(rng.integers(4, 13)), int(rng.integers(5, 9))
    g, t = np.repeat(np.arange(groups), sessions), np.tile(np.arange(float(sessions)), groups)
    kept = (rng.random(len(g)) < 0.75) | (t < 3)
    g, t = g[kept], t[kept]
    level, slope = rng.normal(0, rng.choice([0, 0.06]), groups), rng.normal(0.02, rng.choice([0, 0.01, 0.03]), groups)
    y = 0.2 + level[g] + slope[g] * t + rng.normal(0, 0.04, len(g))
    return y, np.column_stack([np.ones(len(g)), t, rng.normal(size=len(g))]), g, 1 + (seed % 4 > 0)


def by_statsmodels(y, x, g, z, psi, residual):
    """Its restricted log-likelihood at given variances.

    It divides by the random effects' covariance. A root of that covariance goes into the columns of Z, which leaves the
    identity to divide by and the same model, so that a singular covariance can be asked about too.
    """
    value, vector = np.linalg.eigh(psi / residual)
    model = MixedLM(y, x, groups=g, exog_re=z @ (vector * np.sqrt(np.clip(value, 0, None))))
    model.cov_pen = model.fe_pen = None  # what its fit() would set
    model._cov_sing, model.use_sqrt, model.reml = 0, True, True
    return model.loglike(MixedLMParams.from_components(np.zeros(x.shape[1]), np.eye(len(psi))), profile_fe=True)


def test_statsmodels_sees_the_same_likelihood_and_never_finds_a_higher_one():
    """Its likelihood at our maximum is ours, and the maximum that it finds itself is not above ours."""
    singular, below = 0, []
    for seed in range(40):
        y, x, g, q = small_study(seed)
        z = x[:, :q]
        result = fit(y, x, g, z)
        assert result.converged
        singular += result.singular
        here = by_statsmodels(y, x, g, z, result.var_components, result.residual)
        assert here == pytest.approx(result.loglik, abs=1e-8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                other = MixedLM(y, x, groups=g, exog_re=z).fit(reml=True, method=["lbfgs"])
            except np.linalg.LinAlgError:
                continue  # it gives up on a singular covariance
        below.append(result.loglik - by_statsmodels(y, x, g, z, np.asarray(other.cov_re), other.scale))
    assert 12 < singular < 32 and len(below) >= 36
    assert min(below) > -1e-6
    assert np.median(below) < 1e-3  # the same maximum, where it arrives


@pytest.mark.parametrize("seed", [56, 83, 151, 253])
def test_the_likelihood_does_not_rise_beside_a_boundary(seed):
    """Studies in which a search over factors alone ends at a variance of zero, .03 to .15 below the maximum."""
    y, x, g, q = small_study(seed)
    result = fit(y, x, g, x[:, :q])
    parts = naive.covariance_parts(g, x[:, :q])
    for angle in np.linspace(0, np.pi, 12, endpoint=False):
        way = np.array([np.cos(angle), np.sin(angle)])[:q] * [0.06, 0.03][:q]
        for step in (1e-4, 1e-2, 1.0):
            beside = naive.vector_of(result.var_components + step * np.outer(way, way), result.residual)
            assert naive.restricted_loglik(beside, y, x, parts) < result.loglik + 1e-9


def test_balanced_design_has_the_exact_t_test():
    """A balanced random slope is a one-sample t-test of the groups' own slopes, with groups − 1 degrees of freedom."""
    rng = np.random.default_rng(3)
    t = np.tile(np.arange(5.0), 9)
    g = np.repeat(np.arange(9), 5)
    y = 1 + rng.normal(0, 1, 9)[g] + (0.1 + rng.normal(0, 0.3, 9))[g] * t + rng.normal(0, 0.2, 45)
    x = np.column_stack([np.ones(45), t])
    result = fit(y, x, g, x, ["level", "time"])
    own = np.array([np.polyfit(t[:5], y[g == k], 1)[0] for k in range(9)])
    assert result.beta[1] == pytest.approx(own.mean(), rel=1e-6)
    assert result.se_kr[1] == pytest.approx(own.std(ddof=1) / 3, rel=1e-5)
    assert result.df_kr[1] == pytest.approx(8, rel=1e-5)


def test_singular_fits_are_recognised_and_stay_finite():
    _, x, g = made_up(seed=2)
    y = np.where(np.arange(len(g)) % 2, 1.0, -1.0)  # groups that differ less than their values would by chance
    result = fit(y, x, g, x[:, :2])
    assert result.singular and result.converged
    for values in (result.se_kr, result.df_kr, result.df_satterthwaite):
        assert np.isfinite(values).all() and (values > 0).all()


def test_scale_of_the_data_does_not_matter():
    y, x, g = made_up(seed=5)
    small = fit(y, x, g, x[:, :2])
    large = fit(1e6 * y, x * [1, 1e3, 1], g, x[:, :2] * [1, 1e3])
    assert large.beta == pytest.approx(1e6 * small.beta / [1, 1e3, 1], rel=1e-5)
    assert large.df_kr == pytest.approx(small.df_kr, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, x, g: (np.full_like(y, np.nan), x, g), "not finite"),
        (lambda y, x, g: (y, x[:, [0, 1, 1]], g), "depend on each other"),
        (lambda y, x, g: (y, x, np.zeros(len(y))), "at least 2"),
        (lambda y, x, g: (y[:3], x[:3], g[:3]), "at least one more"),
        (lambda y, x, g: (y[:-1], x, g), "one row per value"),
        (lambda y, x, g: (x @ np.ones(x.shape[1]), x, g), "exactly on the fit"),
    ],
)
def test_refusals_say_what_to_do(change, message):
    y, x, g = change(*made_up())
    with pytest.raises(BadInput, match=message):
        fit(y, x, g, x[:, :1])
