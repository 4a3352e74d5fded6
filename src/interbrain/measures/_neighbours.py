"""Conditional mutual information from distances to nearest neighbours, whatever the form of the relation."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree
from scipy.special import digamma


def conditional_information(x: np.ndarray, y: np.ndarray, given: np.ndarray, neighbours: int) -> float:
    """I(x; y | given) in bits, of points ``(point, dimension)`` each, by the largest coordinate's distance.

    Kraskov, Stögbauer & Grassberger (2004, doi:10.1103/PhysRevE.69.066138) for a condition (Frenzel & Pompe 2007,
    doi:10.1103/PhysRevLett.99.204101). Where the nearest neighbours coincide, the points at the very place are counted
    (Mesner & Shalizi 2021, doi:10.1109/TIT.2020.3024886), so that courses that stand still need no added noise.
    """
    joint = np.column_stack([x, y, given])
    tree = KDTree(joint)
    far = tree.query(joint, k=neighbours + 1, p=np.inf)[0][:, -1]
    tied = far == 0
    within = np.where(tied, 0.0, np.nextafter(far, 0))

    def others(*columns: np.ndarray) -> np.ndarray:
        points = np.column_stack(columns)
        found = KDTree(points).query_ball_point(points, within, p=np.inf, return_length=True)
        return np.asarray(found, dtype=np.float64) - 1.0

    here = np.full(len(joint), float(neighbours))
    if tied.any():
        here[tied] = tree.query_ball_point(joint[tied], 0.0, p=np.inf, return_length=True) - 1.0
    # nearer than the k-th neighbour: one less than within its distance
    extra = np.where(tied, 0.0, 1.0)
    parts = digamma(here) + digamma(others(given) + extra)
    parts -= digamma(others(x, given) + extra) + digamma(others(y, given) + extra)
    return float(parts.mean() / np.log(2))
