"""Heggli's four oscillators: lag patterns with their standard errors, and a slow twin."""

import numpy as np
import pytest

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate.dyads.four_oscillators import (
    Tappers,
    _intervals,
    interval_lags,
    simulate_tapping,
    strategy,
)

RERUN = {
    "mutual": (0.153, 0.071, 0.152),
    "leading-leading": (0.01, -0.01, 0.01),
    "leader-follower": (-0.027, 0.10, 0.267),
}
"""An independent re-run of the authors' script, 1,000 simulations each, standard error about 0.006."""


@pytest.fixture(scope="module")
def tapped():
    return {name: simulate_tapping(strategy(name), 1000, seed=3) for name in RERUN}


@pytest.mark.parametrize("name", RERUN)
def test_lag_patterns_within_their_errors(tapped, name):
    found = tapped[name]
    assert np.all((found.se > 0.003) & (found.se < 0.007))
    z = (found.mean - RERUN[name]) / np.sqrt(found.se**2 + 0.006**2)
    assert np.all(np.abs(z) < 3.5), (found.mean, z)


def test_the_strategies_are_told_apart_by_lags_not_by_locking(tapped):
    mutual, leading, following = (tapped[name] for name in RERUN)
    assert min(mutual.mean[0], mutual.mean[2]) > mutual.mean[1] + 5 * mutual.se.max()
    assert abs(mutual.mean[0] - mutual.mean[2]) < 4 * mutual.se.max()
    assert np.all(np.abs(leading.mean) < 0.04)
    assert following.mean[2] > 0.2 and following.mean[0] < 0.03
    assert all(each.locking.mean() > 0.94 for each in tapped.values())


def test_exchanging_the_people_mirrors_the_lags(tapped):
    swapped = simulate_tapping(Tappers((0.2, 0.8), (0.8, 0.0)), 300, seed=5)
    assert swapped.mean == pytest.approx(tapped["leader-follower"].mean[::-1], abs=0.04)


def test_one_step_of_delay_undoes_the_following():
    # The script hears one step late; the leader is then slower than the follower can follow.
    late = simulate_tapping(Tappers((0.8, 0.2), (0.0, 0.8), delay_steps=1), 200, seed=1)
    assert late.locking.mean() < 0.8


def test_step_for_step_with_a_slow_twin():
    tappers = Tappers((0.5, 0.1), (0.3, 0.7), delay_steps=2)
    draws = stream(9, "four_oscillators", 0)
    scale = tappers.noise * np.sqrt(tappers.dt)
    theta = [scale * draws.random(4)]
    kicks = scale * draws.standard_normal((800, 4))
    x, y = tappers.within, tappers.between
    hears = {0: [(1, x[0]), (2, y[0])], 1: [(0, x[0])], 2: [(3, x[1])], 3: [(2, x[1]), (1, y[1])]}
    for t in range(800):
        then, now = theta[max(t - 2, 0)], theta[t]
        pull = [sum(c * np.sin(then[p] - now[n]) for p, c in hears[n]) for n in range(4)]
        theta.append(now + 0.025 * (2 * np.pi * 2.2 + 10 * np.array(pull)) + kicks[t])
    theta = np.array(theta)
    taps = []
    for person in (1, 2):
        times = []
        for t in range(800):
            for turn in range(1, 60):
                a, b = theta[t, person] - 2 * np.pi * turn, theta[t + 1, person] - 2 * np.pi * turn
                if a < 0 <= b:
                    times.append(0.025 * (t + a / (a - b)))
        taps.append(np.diff(times)[3:])
    n = min(map(len, taps))
    a, b = taps[0][:n], taps[1][:n]
    z = [(v - v.mean()) / v.std() for v in (a, b)]
    expected = [(z[0][1:] * z[1][:-1]).sum() / n, (z[0] * z[1]).mean(), (z[0][:-1] * z[1][1:]).sum() / n]
    assert simulate_tapping(tappers, 2, seed=9).lags[0] == pytest.approx(expected, abs=1e-9)


def test_taps_without_noise_come_at_the_frequency():
    turning = 2 * np.pi * 2.2 * 0.025 * np.arange(800)
    assert _intervals(turning, Tappers()) == pytest.approx(1 / 2.2)


def test_a_series_that_comes_one_later_peaks_at_plus_one():
    x = np.random.default_rng(0).standard_normal(2001)
    assert interval_lags(x[1:], x[:-1]) == pytest.approx([0, 0, 1], abs=0.06)


def test_the_same_seed_the_same_bytes():
    a, b = (simulate_tapping(strategy("mutual"), 5, seed=4).lags.tobytes() for _ in range(2))
    assert a == b != simulate_tapping(strategy("mutual"), 5, seed=5).lags.tobytes()


def test_bad_parameters_are_told():
    with pytest.raises(BadInput, match=r"within is -1; allowed are 0 to 5"):
        Tappers((-1, 0.2))
    with pytest.raises(BadInput, match="known are mutual"):
        strategy("duet")
    with pytest.raises(BadInput, match=r"couplings and frequency need"):
        Tappers((5, 5), (5, 5))
