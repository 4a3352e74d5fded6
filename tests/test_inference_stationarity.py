"""The drift check flags random walks and leaves noise alone."""

import numpy as np
import pytest
from scipy.signal import lfilter

from interbrain.data.signal import Block
from interbrain.inference import stationarity


def many(make, channels=60):
    rng = np.random.default_rng(0)
    values = np.stack([make(rng) for _ in range(channels)])[None]
    return Block(values, np.ones(values.shape, bool), 5.0)


def ar(rng, n=1500):
    return lfilter([1], [1, -0.9], rng.standard_normal(n + 300))[300:]


@pytest.mark.parametrize("make", [lambda rng: rng.standard_normal(1500), ar], ids=["white", "ar"])
def test_steady_noise_is_rarely_flagged(make):
    block = many(make)
    assert stationarity.check(block).drifts.mean() < 0.08
    assert stationarity.warning(block, "circular_shift") is None


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: np.cumsum(rng.standard_normal(1500)),
        lambda rng: ar(rng) / 2.3 + np.linspace(0, 2, 1500),
        lambda rng: ar(rng) / 2.3 + 2 * np.exp(-np.arange(1500) / 300),
    ],
    ids=["random walk", "drift", "habituation"],
)
def test_drift_is_flagged_and_told(make):
    block = many(make, 30)
    assert stationarity.check(block).drifts.mean() > 0.75
    assert "30 channels drifts (KPSS up to" in stationarity.warning(block, "circular_shift")


def test_memory_and_segments_too_short_for_it():
    block = many(ar)
    # 0.9^k falls below 1/e at k = 10: 2 s at 5 Hz.
    np.testing.assert_allclose(np.median(stationarity.memory_s(block)), 2.0, atol=0.2)
    assert stationarity.warning(block, "segment_shuffle", 60.0) is None
    assert "use circular_shift" in stationarity.warning(block, "segment_shuffle", 30.0)
    assert stationarity.warning(block, "circular_shift", 30.0) is None


def test_gaps_and_flat_channels():
    values = np.stack([ar(np.random.default_rng(1)), np.ones(1500), np.zeros(1500)])[None]
    valid = np.ones(values.shape, bool)
    valid[0, 0, 200:600] = False
    drift = stationarity.check(Block(np.where(valid, values, 1e9), valid, 5.0))
    assert np.isfinite(drift.figure).tolist() == [True, False, False] and not drift.drifts.any()


def test_epochs_that_gain_power():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((40, 2, 100))
    steady = Block(values, np.ones(values.shape, bool), 100.0, True)
    assert stationarity.warning(steady, "segment_shuffle") is None
    growing = Block(values * np.linspace(1, 3, 40)[:, None, None], steady.valid, 100.0, True)
    assert "2 of 2 channels changes over the epochs" in stationarity.warning(growing, "segment_shuffle")


def test_fluctuations_that_grow_are_flagged_and_told():
    """Twice the size in the last quarter; the level stays."""
    grown = 1 + (np.arange(1500) >= 1125)
    block = many(lambda rng: ar(rng) * grown, 40)
    found = stationarity.check(block)
    assert found.swells.mean() > 0.8 and found.drifts.mean() < 0.15
    assert "channels grow or fade (KPSS of their size up to" in stationarity.warning(block, "circular_shift")
    assert stationarity.check(many(ar)).swells.mean() < 0.06


def test_blocks_that_come_and_go_are_flagged_with_their_period():
    """40 of every 90 s at a higher level, 50 min at 1 Hz: the period is told; breath and Mayer waves are none."""
    t = np.arange(3000)

    def blocks(rng):
        return ar(rng, 3000) / 2.3 + 2.0 * (t % 90 < 40)

    def waves(rng):
        return ar(rng, 3000) / 2.3 + np.sin(2 * np.pi * 0.1 * t) + np.sin(2 * np.pi * 0.25 * t)

    made = [many(make, 20) for make in (blocks, waves, lambda rng: ar(rng, 3000))]
    steady, breathing, calm = (stationarity.check(Block(b.values, b.valid, 1.0)) for b in made)
    assert steady.repeats.mean() > 0.7
    periods = steady.period_s[steady.repeats]
    assert np.median(np.abs(periods[:, None] - 90.0 / np.arange(1, 4)).min(axis=1)) < 1.0
    assert breathing.repeats.mean() <= 0.05 and calm.repeats.mean() <= 0.05
    told = stationarity.warning(Block(made[0].values, made[0].valid, 1.0), "circular_shift")
    assert "comes and goes every" in told and "re-pair partners" in told


def test_fishers_test_of_a_line_is_exact():
    """In white noise p is at most .05 in 5 % and at most .005 in 0.5 % of series."""
    rng = np.random.default_rng(7)
    p = np.array([stationarity._line(rng.standard_normal(300), 1.0)[1] for _ in range(2000)])
    assert abs(np.mean(p <= 0.05) - 0.05) < 0.015 and abs(np.mean(p <= 0.005) - 0.005) < 0.005
