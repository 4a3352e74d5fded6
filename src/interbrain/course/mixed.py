"""Linear mixed model for one grouping factor, with Kenward–Roger and Satterthwaite inference.

Kenward & Roger 1997 (doi 10.2307/2533558): the covariance of the fixed effects is adjusted for the estimation of the
variance parameters, whose uncertainty comes from the expected information, and the degrees of freedom match the first
two moments of the scaled F. The variance parameters are the elements of the random effects' covariance matrix and the
residual variance, in which the marginal covariance is linear. Satterthwaite's degrees of freedom use the observed
information.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from interbrain.course.reml import Blocks, Reml, blocks, maximise
from interbrain.data.errors import BadInput


@dataclass(frozen=True)
class FTest:
    """A scaled F test: ``statistic`` (scaled) on ``df_between`` and ``df_within``."""

    statistic: float
    df_between: int
    df_within: float
    scaling: float
    p: float


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted model.

    Parameters
    ----------
    terms
        Names of the fixed effects; ``beta``, ``se``, ``se_kr``, ``df_kr``, ``df_satterthwaite`` follow their order.
    cov, cov_kr
        ``(p, p)`` covariance of the fixed effects, as it is and adjusted.
    var_components
        ``(q, q)`` covariance of the random effects.
    residual
        Residual variance.
    loglik
        Restricted log-likelihood.
    singular
        A variance of zero or a correlation of ±1 among the random effects.
    converged
        Whether the gradient vanished at the optimum.
    random_effects
        ``(group, q)`` best linear unbiased predictions, in the order of ``labels``.
    information
        Expected information of the variance parameters ``(r, r)``; its inverse is their covariance.
    """

    terms: tuple[str, ...]
    beta: np.ndarray
    se: np.ndarray
    se_kr: np.ndarray
    df_kr: np.ndarray
    df_satterthwaite: np.ndarray
    cov: np.ndarray
    cov_kr: np.ndarray
    var_components: np.ndarray
    residual: float
    loglik: float
    singular: bool
    converged: bool
    n_groups: int
    n_obs: int
    labels: tuple[object, ...]
    random_effects: np.ndarray
    information: np.ndarray
    first_order: np.ndarray

    def position(self, term: str) -> int:
        if term not in self.terms:
            raise BadInput(f"Mixed model: there is no term {term!r}; there are: {', '.join(self.terms)}.")
        return self.terms.index(term)

    def p(self, term: str) -> float:
        """Two-sided p of a term, Kenward–Roger."""
        i = self.position(term)
        return float(2 * stats.t.sf(abs(self.beta[i] / self.se_kr[i]), self.df_kr[i]))

    def interval(self, term: str, confidence: float = 0.95) -> tuple[float, float]:
        """Confidence interval of a term, Kenward–Roger."""
        i = self.position(term)
        half = float(stats.t.ppf(0.5 + confidence / 2, self.df_kr[i]) * self.se_kr[i])
        return float(self.beta[i]) - half, float(self.beta[i]) + half

    def f_test(self, contrast: np.ndarray) -> FTest:
        """Kenward–Roger F test that every row of ``contrast (l, p)`` times the fixed effects is zero."""
        contrast = np.atleast_2d(np.asarray(contrast, dtype=np.float64))
        df, scaling = _kr_denominator(contrast, self.cov, self.first_order, _inverse(self.information))
        ell = int(np.linalg.matrix_rank(contrast))
        effect = contrast @ self.beta
        wald = float(effect @ np.linalg.solve(contrast @ self.cov_kr @ contrast.T, effect)) / ell
        return FTest(scaling * wald, ell, df, scaling, float(stats.f.sf(scaling * wald, ell, df)))


def fit(
    y: np.ndarray, x: np.ndarray, groups: np.ndarray, z: np.ndarray, terms: Sequence[str] | None = None
) -> MixedFit:
    """Fit ``y = X β + Z b_group + e`` by restricted maximum likelihood.

    Parameters
    ----------
    y
        ``(n,)``.
    x, z
        ``(n, p)`` and ``(n, q)``; the intercept is a column of ones.
    groups
        ``(n,)`` labels.
    terms
        Names of the columns of ``x``.

    Raises
    ------
    BadInput
        Shapes that disagree, values that are not finite, dependent columns, too few observations or one group only.
    """
    data = blocks(y, x, z, groups)
    names = tuple(terms) if terms is not None else tuple(f"x{i}" for i in range(data.p))
    if len(names) != data.p:
        raise BadInput(f"Mixed model: {len(names)} names for {data.p} columns of X; one for each.")
    if len(data.labels) < 2:
        raise BadInput(f"Mixed model: {len(data.labels)} group; between-group variance needs at least 2.")
    best = maximise(data)
    if best.saturated or not best.residual > 1e-12 * float(np.var(data.y[data.mask])):
        raise BadInput("Mixed model: the values lie exactly on the fit, so no variance can be estimated from them.")
    return _inferred(data, best, names)


def _inferred(data: Blocks, best: Reml, names: tuple[str, ...]) -> MixedFit:
    """Everything that follows from the variance parameters."""
    eye = np.einsum("gm,mk->gmk", np.ones(data.mask.shape), np.eye(data.mask.shape[1]))
    v = data.z @ best.psi @ data.z.transpose(0, 2, 1) + best.residual * eye
    vi = np.linalg.inv(v) * data.mask[:, :, None] * data.mask[:, None, :]
    d = derivatives(data)
    vix = vi @ data.x
    phi = np.linalg.inv(np.einsum("gmi,gmj->ij", data.x, vix))
    phi = (phi + phi.T) / 2
    beta = phi @ np.einsum("gmi,gm->i", vix, data.y)
    ve = np.einsum("gmk,gk->gm", vi, data.y - data.x @ beta)  # P y
    dvix = np.einsum("rgmk,gki->rgmi", d, vix)
    first = np.einsum("gmi,rgmj->rij", vix, dvix)  # X'V⁻¹ V_r V⁻¹ X
    second = np.einsum("rgmi,gmk,sgkj->rsij", dvix, vi, dvix, optimize=True)  # X'V⁻¹ V_r V⁻¹ V_s V⁻¹ X
    vid = np.einsum("gmk,rgkl->rgml", vi, d)
    trace = (
        np.einsum("rgml,sglm->rs", vid, vid)
        - 2 * np.einsum("ij,rsji->rs", phi, second)
        + np.einsum("ij,rjk,kl,sli->rs", phi, first, phi, first, optimize=True)
    )
    information = trace / 2
    w = _inverse(information)
    inner = np.einsum("rs,rsij->ij", w, second) - np.einsum("rs,rij,jk,skl->il", w, first, phi, first, optimize=True)
    cov_kr = phi + 2 * phi @ inner @ phi
    dve = np.einsum("rgmk,gk->rgm", d, ve)
    xdve = np.einsum("gmi,rgm->ri", vix, dve)
    quadratic = np.einsum("rgm,gmk,sgk->rs", dve, vi, dve, optimize=True) - xdve @ phi @ xdve.T
    observed = quadratic - trace / 2
    rows = np.eye(data.p)
    df_kr = np.array([_kr_denominator(rows[i : i + 1], phi, first, w)[0] for i in range(data.p)])
    return MixedFit(
        terms=names,
        beta=beta,
        se=np.sqrt(np.diag(phi)),
        se_kr=np.sqrt(np.maximum(np.diag(cov_kr), np.diag(phi) * 1e-12)),
        df_kr=df_kr,
        df_satterthwaite=_satterthwaite(phi, first, observed, information),
        cov=phi,
        cov_kr=cov_kr,
        var_components=best.psi,
        residual=best.residual,
        loglik=best.loglik,
        singular=best.singular,
        converged=best.converged,
        n_groups=len(data.labels),
        n_obs=data.n_obs,
        labels=data.labels,
        random_effects=np.einsum("ij,gmj,gm->gi", best.psi, data.z, ve),
        information=information,
        first_order=first,
    )


def derivatives(data: Blocks) -> np.ndarray:
    """``(r, G, m, m)``: derivative of the covariance by each variance parameter, the residual variance last."""
    parts = []
    for i in range(data.q):
        for j in range(i + 1):
            outer = np.einsum("gm,gk->gmk", data.z[:, :, i], data.z[:, :, j])
            parts.append(outer if i == j else outer + outer.transpose(0, 2, 1))
    parts.append(np.einsum("gm,mk->gmk", data.mask.astype(float), np.eye(data.mask.shape[1])))
    return np.stack(parts)


def _inverse(information: np.ndarray) -> np.ndarray:
    """Inverse on the parameters' own scales; what the data do not determine gets the generalised inverse."""
    scale = np.sqrt(np.clip(np.diag(information), np.finfo(float).tiny, None))
    return np.linalg.pinv(information / np.outer(scale, scale), rcond=1e-10, hermitian=True) / np.outer(scale, scale)


def _kr_denominator(
    contrast: np.ndarray, phi: np.ndarray, first: np.ndarray, w: np.ndarray
) -> tuple[float, float]:  # fmt: skip
    """Denominator degrees of freedom and scaling of F (Kenward & Roger 1997, section 3)."""
    ell = int(np.linalg.matrix_rank(contrast))
    theta = contrast.T @ np.linalg.solve(contrast @ phi @ contrast.T, contrast)
    each = np.einsum("ij,rjk,kl->ril", theta @ phi, first, phi, optimize=True)
    traces = np.einsum("rii->r", each)
    a1 = float(traces @ w @ traces)
    a2 = float(np.einsum("rs,rij,sji->", w, each, each))
    if a2 <= 0:
        return np.inf, 1.0
    if ell == 1:  # the formulas below reduce to this, with a scaling of 1
        return 2 / a2, 1.0
    b = (a1 + 6 * a2) / (2 * ell)
    g = ((ell + 1) * a1 - (ell + 4) * a2) / ((ell + 2) * a2)
    c = np.array([g, ell - g, ell + 2 - g]) / (3 * ell + 2 * (1 - g))
    rho = ((1 - a2 / ell) / (1 - c[1] * b)) ** 2 * (1 + c[0] * b) / ((1 - c[2] * b) * ell)
    df = 4 + (ell + 2) / (ell * rho - 1)
    scaling = 1.0 if abs(df - 2) < 1e-2 else df * (1 - a2 / ell) / (df - 2)
    return float(df), float(scaling)


def _satterthwaite(phi: np.ndarray, first: np.ndarray, observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Degrees of freedom of each coefficient; the expected information stands in where the observed is not positive."""
    scale = np.sqrt(np.diag(expected))
    smallest = np.linalg.eigvalsh(observed / np.outer(scale, scale))[0]
    w = _inverse(observed if smallest > 1e-8 else expected)
    gradient = np.einsum("ij,rjk,ki->ir", phi, first, phi)  # derivative of each variance
    return 2 * np.diag(phi) ** 2 / np.einsum("ir,rs,is->i", gradient, w, gradient)
