"""Slow, obvious twins of the inference room, written from the definitions."""

import itertools

import numpy as np


def upper_p(observed, draws):
    """One value and its list of draws."""
    count = 1
    for draw in draws:
        if np.isnan(draw) or draw >= observed - 1e-12:
            count += 1
    return count / (1 + len(draws))


def family_p(observed, draws):
    """Observed values (P,), draws (S, P): the maximum over standardised pairs."""
    pairs = [p for p in range(len(observed)) if not np.isnan(observed[p])]
    z, z_draws = {}, {}
    for p in pairs:
        everything = [observed[p], *draws[:, p]]
        finite = [v for v in everything if not np.isnan(v)]
        mean, sd = np.mean(finite), np.std(finite, ddof=1)
        z[p] = (observed[p] - mean) / sd
        z_draws[p] = [((max(finite) if np.isnan(v) else v) - mean) / sd for v in draws[:, p]]
    maxima = [max(z_draws[p][s] for p in pairs) for s in range(len(draws))]
    return [upper_p(z[p], maxima) if p in pairs else np.nan for p in range(len(observed))]


def repair(matrix):
    """All arrangements of a square matrix of pair values; p of the mean of the diagonal."""
    n = len(matrix)
    real = sum(matrix[i][i] for i in range(n)) / n
    means = [sum(matrix[i][order[i]] for i in range(n)) / n for order in itertools.permutations(range(n))]
    return real, sum(m >= real - 1e-12 for m in means) / len(means), means


def sign_flips(differences):
    """All sign flips of single numbers: one-sided and two-sided p of the mean."""
    observed = sum(differences)
    sums = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in itertools.product([1, -1], repeat=len(differences))
    ]
    upper = sum(s >= observed - 1e-12 for s in sums) / len(sums)
    both = sum(abs(s) >= abs(observed) - 1e-12 for s in sums) / len(sums)
    return upper, both


def clusters(values, adjacent, threshold):
    """Clusters of one row of standardised values, by walking from place to place: a list of (members, mass)."""
    above = {p for p, v in enumerate(values) if np.isfinite(v) and v > threshold}
    found = []
    while above:
        todo, members = [min(above)], set()
        while todo:
            place = todo.pop()
            if place in above:
                above.remove(place)
                members.add(place)
                todo += [p for p in range(len(values)) if adjacent[place][p] or adjacent[p][place]]
        found.append((members, sum(values[p] for p in members)))
    return found


def cluster_p(observed, draws, adjacent, threshold):
    """p of each place's cluster (NaN outside), each place standardised over draws and the observed value together."""
    joint = np.vstack([observed, draws])
    z = (joint - joint.mean(0)) / joint.std(0, ddof=1)
    heaviest = [max([mass for _, mass in clusters(row, adjacent, threshold)], default=0.0) for row in z[1:]]
    p = np.full(len(observed), np.nan)
    for members, mass in clusters(z[0], adjacent, threshold):
        p[list(members)] = upper_p(mass, heaviest)
    return p
