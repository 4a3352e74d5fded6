"""Slow, obvious twins of the course room: whole matrices, loops, definitions written out."""

from __future__ import annotations

import itertools

import numpy as np


def covariance_parts(groups, z):
    """The full n × n matrices in which the covariance is linear, the identity (residual) last."""
    n, q = z.shape
    same = np.array([[groups[i] == groups[j] for j in range(n)] for i in range(n)], dtype=float)
    parts = []
    for a in range(q):
        for b in range(a + 1):
            outer = np.outer(z[:, a], z[:, b])
            parts.append(same * (outer if a == b else outer + outer.T))
    return [*parts, np.eye(n)]


def vector_of(psi, residual):
    """Variance parameters in the order of ``covariance_parts``."""
    return np.array([psi[a, b] for a in range(len(psi)) for b in range(a + 1)] + [residual])


def restricted_loglik(gamma, y, x, parts):
    v = sum(g * p for g, p in zip(gamma, parts))
    vi = np.linalg.inv(v)
    xvx = x.T @ vi @ x
    r = y - x @ np.linalg.solve(xvx, x.T @ vi @ y)
    n, p = x.shape
    sign, logdet = np.linalg.slogdet(v)
    if sign <= 0:
        return -np.inf
    return -0.5 * ((n - p) * np.log(2 * np.pi) + logdet + np.linalg.slogdet(xvx)[1] + r @ vi @ r)


def kenward_roger(gamma, y, x, parts):
    """Adjusted covariance, and for each coefficient the degrees of freedom, by the paper's formulas with full matrices.

    With one coefficient at a time, the two moments are matched through E* and V*, never through the short form.
    """
    vi = np.linalg.inv(sum(g * p for g, p in zip(gamma, parts)))
    phi = np.linalg.inv(x.T @ vi @ x)
    proj = vi - vi @ x @ phi @ x.T @ vi
    r = len(parts)
    info = np.array([[0.5 * np.trace(proj @ parts[i] @ proj @ parts[j]) for j in range(r)] for i in range(r)])
    w = np.linalg.inv(info)
    p_ = [-x.T @ vi @ g @ vi @ x for g in parts]
    q_ = [[x.T @ vi @ gi @ vi @ gj @ vi @ x for gj in parts] for gi in parts]
    u = sum(w[i, j] * (q_[i][j] - p_[i] @ phi @ p_[j]) for i in range(r) for j in range(r))
    adjusted = phi + 2 * phi @ u @ phi
    dfs = []
    for k in range(x.shape[1]):
        c = np.zeros((x.shape[1], 1))
        c[k] = 1
        theta = c @ np.linalg.inv(c.T @ phi @ c) @ c.T
        a1 = a2 = 0.0
        for i in range(r):
            for j in range(r):
                ti, tj = theta @ phi @ p_[i] @ phi, theta @ phi @ p_[j] @ phi
                a1 += w[i, j] * np.trace(ti) * np.trace(tj)
                a2 += w[i, j] * np.trace(ti @ tj)
        b = (a1 + 6 * a2) / 2
        g = (2 * a1 - 5 * a2) / (3 * a2)
        c1, c2, c3 = g / (3 + 2 * (1 - g)), (1 - g) / (3 + 2 * (1 - g)), (3 - g) / (3 + 2 * (1 - g))
        e_star, v_star = 1 / (1 - a2), 2 * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        rho = v_star / (2 * e_star**2)
        dfs.append(4 + 3 / (rho - 1))
    return adjusted, np.array(dfs)


def cluster_robust(v, y, x, groups):
    """CR2 and its degrees of freedom for each coefficient by Pustejovsky & Tipton's definitions, with full matrices."""
    w = np.linalg.inv(v)
    m = np.linalg.inv(x.T @ w @ x)
    keep = np.eye(len(y)) - x @ m @ x.T @ w
    residual = keep @ y
    rows = [np.flatnonzero(groups == g) for g in sorted(set(groups))]
    weights = []
    for r in rows:
        d = np.linalg.cholesky(v[np.ix_(r, r)]).T
        b = d @ (keep @ v @ keep.T)[np.ix_(r, r)] @ d.T
        value, vector = np.linalg.eigh(b)
        a = d.T @ (vector / np.sqrt(value)) @ vector.T @ d
        weights.append(keep[r].T @ a.T @ w[np.ix_(r, r)] @ x[r] @ m)  # p_i of every coefficient
    se, df = [], []
    for k in range(x.shape[1]):
        p = np.column_stack([a[:, k] for a in weights])
        se.append(np.sqrt(sum((column @ residual) ** 2 for column in p.T)))  # keep residual = residual
        omega = p.T @ v @ p
        df.append(np.trace(omega) ** 2 / np.sum(omega**2))
    return np.array(se), np.array(df)


def satterthwaite(gamma, y, x, parts, step=1e-4):
    """2 v² / (gradient' A gradient) by numerical derivatives of the likelihood and of the variance."""

    def variances(g):
        return np.diag(np.linalg.inv(x.T @ np.linalg.inv(sum(a * b for a, b in zip(g, parts))) @ x))

    r = len(gamma)
    h = step * np.abs(gamma)
    unit = np.diag(h)
    hess = np.empty((r, r))
    for i in range(r):
        for j in range(r):
            hess[i, j] = sum(
                si * sj * restricted_loglik(gamma + si * unit[i] + sj * unit[j], y, x, parts)
                for si, sj in itertools.product((1, -1), repeat=2)
            ) / (4 * h[i] * h[j])
    cov = np.linalg.inv(-hess)
    grad = np.array([(variances(gamma + unit[i]) - variances(gamma - unit[i])) / (2 * h[i]) for i in range(r)])
    return 2 * variances(gamma) ** 2 / np.einsum("ik,ij,jk->k", grad, cov, grad)


def sign_flip_p(slopes, weights):
    """Every assignment of signs, one after the other."""
    observed = abs(sum(w * b for w, b in zip(weights, slopes)))
    count = 0
    for signs in itertools.product((1, -1), repeat=len(slopes)):
        count += abs(sum(s * w * b for s, w, b in zip(signs, weights, slopes))) >= observed * (1 - 1e-12)
    return count / 2 ** len(slopes)
