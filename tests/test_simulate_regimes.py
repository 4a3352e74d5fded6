"""Figures of synchrony over time: by hand, by a slow twin, and where theory says a regime must lie."""

from itertools import pairwise

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.simulate.brains.connectome import built_in
from interbrain.simulate.brains.network import network_of
from interbrain.simulate.brains.nodes import Kuramoto
from interbrain.simulate.brains.regimes import (
    describe,
    dynamic_complexity,
    field_of,
    fluctuation_distribution,
    map_regimes,
    switches,
)


def test_dynamic_complexity_by_hand():
    f, d = fluctuation_distribution(np.array([0.0, 1, 0]), 3, 0, 1)
    assert (f[0], d[0]) == pytest.approx((1.0, 2 / 3))  # two runs of height 1 over 1 * 2; one of three shares missing
    f, d = fluctuation_distribution(np.array([1.0, 2, 3, 2]), 4, 1, 5)
    assert f[0] == pytest.approx((2 / 2 + 1 / 1) / (4 * 3))
    constant = fluctuation_distribution(np.full(7, 0.4), 7, 0, 1)
    assert (constant[0][0], constant[1][0]) == pytest.approx((0, 0))
    assert fluctuation_distribution(np.array([0, 1, 0.5]), 3, 0, 1)[1][0] == pytest.approx(1)  # evenly filled
    assert fluctuation_distribution(np.array([0, 1.0, 0, 1, 0, 1, 0]), 7, 0, 1)[0][0] == pytest.approx(1)


def slow_complexity(window, low, high):
    m = len(window)
    signs = np.sign(np.diff(window))
    ends = [0, *[k for k in range(1, m - 1) if signs[k] != signs[k - 1]], m - 1]
    f = sum(abs(window[b] - window[a]) / (b - a) for a, b in pairwise(ends)) / ((high - low) * (m - 1))
    x, y = np.sort(window), np.linspace(low, high, m)
    missing = whole = 0.0
    for c in range(m - 1):
        for d in range(c + 1, m):
            for a in range(c, d):
                for b in range(a + 1, d + 1):
                    gap = (y[b] - y[a]) - (x[b] - x[a])
                    missing += gap * (gap > 0)
                    whole += y[b] - y[a]
    return f * (1 - missing / whole)


def test_dynamic_complexity_with_the_slow_twin():
    x = np.random.default_rng(2).integers(0, 8, 60).astype(float)
    found = dynamic_complexity(x, 7, 0, 7)
    assert len(found) == 54
    np.testing.assert_allclose(found, [slow_complexity(x[t : t + 7], 0, 7) for t in range(54)], atol=1e-12)


def test_switching_has_hysteresis():
    assert switches(np.array([0.2, 0.5, 0.7, 0.5, 0.58, 0.42, 0.39, 0.61])) == 3
    assert switches(np.full(10, 0.5)) == 0


def test_describe_says_mean_sd_and_changes_a_second():
    order = np.tile(np.repeat([0.1, 0.9], 50), 10)  # 1 s each at 20 ms
    found = describe(order, 0.02)
    assert (found.order, found.metastability) == pytest.approx((0.5, 0.4))
    assert found.switching == pytest.approx(19 / 20)
    assert found.regime == "integrated" and found.complexity > 0
    assert describe(np.full(200, 0.95), 0.02).regime == "rigid"
    assert describe(np.full(200, 0.1), 0.02).regime == "chaotic"


def test_field_of_potentials_through_the_analytic_signal():
    time = np.arange(2000) / 200
    wave = np.cos(2 * np.pi * 10 * time[:, None] + np.array([0, 0.4, np.pi / 2, np.pi]))
    found = np.abs(field_of(5 + 3 * wave, np.array([0, 0, 1, 1])))[100:-100]
    assert found[:, 0] == pytest.approx(np.cos(0.2), abs=1e-3)
    assert found[:, 1] == pytest.approx(np.cos(np.pi / 4), abs=1e-3)


def test_rigid_integrated_and_chaotic_lie_where_they_must():
    network = network_of(built_in(40, seed=1).scaled("mean_row"))
    found = map_regimes(network, [0, 14, 80], [0.5, 6.0], duration=15, settle=3, seeds=(0, 1))
    assert found.regime[:, 0].tolist() == ["chaotic", "integrated", "rigid"]
    assert found.order[0] == pytest.approx([np.sqrt(np.pi / 4 / 40)] * 2, abs=0.02)  # Rayleigh: nothing in common
    assert found.metastability[1, 0] > 1.3 * max(found.metastability[0, 0], found.metastability[2, 0])
    assert np.all(found.order[1:, 0] > found.order[1:, 1] + 0.05)  # noise unlocks


def test_more_frequencies_need_more_coupling():
    network = network_of(built_in(40, seed=1).scaled("mean_row"))
    spread = np.linspace(-2, 2, 40)
    same, other = (
        map_regimes(network, [40], [0.2], Kuramoto(10 + s * spread), duration=6, settle=3).order[0, 0] for s in (0, 3)
    )
    assert same > other + 0.2


def test_bad_input_is_told():
    with pytest.raises(BadInput, match="outside the scale 0 to 1"):
        dynamic_complexity(np.array([0.0, 2, 1]), 3, 0, 1)
    with pytest.raises(BadInput, match="window is 9"):
        dynamic_complexity(np.zeros(5), 9, 0, 1)
    with pytest.raises(BadInput, match="low must be below high"):
        dynamic_complexity(np.zeros(5), 3, 1, 1)
