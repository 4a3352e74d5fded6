"""Surrogates against hand cases and their stated invariants, with and without gaps."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.signal import Block
from interbrain.inference import surrogates

CONTINUOUS = ("circular_shift", "phase_randomisation", "aaft", "segment_shuffle")
SETTINGS = {"segment_s": 3.0, "guard_s": 0.0}


def block(values, valid=None, rate=1.0, epoched=False):
    values = np.asarray(values, dtype=float)
    values = values.reshape((1,) * (3 - values.ndim) + values.shape)
    valid = np.ones(values.shape, bool) if valid is None else np.asarray(valid).reshape(values.shape)
    return Block(values, valid, rate, epoched)


def noise(n_times, channels=2, seed=3):
    mix = np.array([[1.0, 0.0], [0.7, 0.5]])[:channels, :channels]
    return mix @ np.random.default_rng(seed).standard_normal((channels, n_times))


def gaps(n_times, channels=2, seed=5):
    return np.random.default_rng(seed).random((1, channels, n_times)) > 0.3


def draws(name, data, n=20, settings=SETTINGS, seed=1):
    module = surrogates.module(name)
    index = module.draw_index(data, n, np.random.default_rng(seed), settings)
    return [module.apply(data, row) for row in index]


def test_every_surrogate_is_listed():
    assert {"circular_shift", "phase_randomisation", "aaft", "segment_shuffle"} <= set(surrogates.records())


def test_circular_shift_by_hand():
    module = surrogates.module("circular_shift")
    whole = module.apply(block([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]), np.int64(2))
    np.testing.assert_array_equal(whole.values[0], [[4, 5, 1, 2, 3], [9, 10, 6, 7, 8]])
    # 4 of 8 samples are valid: a shift by 2 of 8 turns them by 1 of 4.
    holed = block([[1, 0, 2, 0, 3, 0, 4, 0]], [[True, False] * 4])
    np.testing.assert_array_equal(module.apply(holed, np.int64(2)).values[0, 0, ::2], [4, 1, 2, 3])


def test_circular_shift_draws_each_shift_once_and_from_all():
    module = surrogates.module("circular_shift")
    data = block(noise(20))
    np.testing.assert_array_equal(
        module.near(data, np.array([1, 4, 5, 15, 16, 19]), {"guard_s": 9.0}), [1, 1, 0, 0, 1, 1]
    )
    np.testing.assert_array_equal(
        module.near(data, np.array([1, 2, 3, 17, 18, 19]), {"guard_s": 3.0}), [1, 1, 0, 0, 1, 1]
    )
    index = module.draw_index(data, 19, np.random.default_rng(0), {})
    assert sorted(index) == list(range(1, 20))


def test_segment_shuffle_by_hand():
    module = surrogates.module("segment_shuffle")
    data = block([np.arange(8), 10 + np.arange(8)])
    moved = module.apply(data, np.array([3, 1, 0]))
    np.testing.assert_array_equal(moved.values[0], [[3, 4, 5, 0, 1, 2, 6, 7], [13, 14, 15, 10, 11, 12, 16, 17]])
    # Sample 1 is missing: 3 4 5 0 2 6 7 fill the places 0 2 3 4 5 6 7.
    holed = block([np.arange(8)], [[True, False] + [True] * 6])
    moved = module.apply(holed, np.array([3, 1, 0]))
    np.testing.assert_array_equal(moved.values[0, 0][moved.valid[0, 0]], [3, 4, 5, 0, 2, 6, 7])
    epochs = block(np.arange(6).reshape(3, 1, 2), epoched=True)
    np.testing.assert_array_equal(module.apply(epochs, np.array([2, 0, 1])).values[:, 0, 0], [4, 0, 2])
    np.testing.assert_array_equal(module.near(epochs, np.array([[2, 0, 1], [0, 2, 1]]), {}), [False, True])


def test_segment_shuffle_uses_every_other_order_once():
    module = surrogates.module("segment_shuffle")
    index = module.draw_index(block(noise(100)), 23, np.random.default_rng(0), {"segment_s": 25.0})
    assert set(index[:, 0]) == {25}
    orders = {tuple(row) for row in index[:, 1:]}
    assert len(orders) == 23 and (0, 1, 2, 3) not in orders


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("n_times", [100, 101])
@pytest.mark.parametrize("holes", [False, True])
def test_mask_count_and_determinism(name, n_times, holes):
    data = block(noise(n_times), gaps(n_times) if holes else None)
    before = data.values.copy()
    first, again = draws(name, data), draws(name, data)
    np.testing.assert_array_equal(data.values, before)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.values, two.values)
        np.testing.assert_array_equal(one.valid, data.valid)
        assert np.isfinite(one.values[one.valid]).all()
        assert not np.allclose(one.values[one.valid], data.values[data.valid])
    # Shifts of neighbouring lengths can turn the fewer valid samples of a channel with gaps by the same number.
    assert len({s.values.tobytes() for s in first}) >= len(first) - 3 * holes


@pytest.mark.parametrize("name", ["circular_shift", "aaft", "segment_shuffle"])
@pytest.mark.parametrize("holes", [False, True])
def test_values_are_kept_exactly(name, holes):
    data = block(noise(120), gaps(120) if holes else None)
    for surrogate in draws(name, data):
        for channel in range(2):
            kept = data.valid[0, channel]
            np.testing.assert_array_equal(
                np.sort(surrogate.values[0, channel, kept]), np.sort(data.values[0, channel, kept])
            )


@pytest.mark.parametrize("name", ["circular_shift", "phase_randomisation"])
@pytest.mark.parametrize("n_times", [64, 65])
def test_spectra_and_cross_spectra_are_kept(name, n_times):
    data = block(noise(n_times) + 3.0)
    fourier = np.fft.rfft(data.values[0])
    cross = fourier[0] * fourier[1].conj()
    for surrogate in draws(name, data):
        turned = np.fft.rfft(surrogate.values[0])
        np.testing.assert_allclose(surrogate.values.mean(axis=2), data.values.mean(axis=2))
        np.testing.assert_allclose(np.abs(turned), np.abs(fourier), atol=1e-9)
        np.testing.assert_allclose(turned[0] * turned[1].conj(), cross, atol=1e-9)


@pytest.mark.parametrize("n_times", [64, 65])
def test_phases_are_uniform_and_independent_of_the_recording(n_times):
    data = block(noise(n_times))
    original = np.fft.rfft(data.values[0, 0])
    turns = np.array([np.fft.rfft(s.values[0, 0]) for s in draws("phase_randomisation", data, 400)]) / original
    inner = turns[:, 1 : (n_times + 1) // 2]
    assert np.abs(inner.mean(axis=0)).max() < 0.2  # 4 standard errors of the mean of 400 unit vectors
    if n_times % 2 == 0:
        np.testing.assert_allclose(np.abs(turns[:, -1].real), 1.0)
        assert abs(turns[:, -1].real.mean()) < 0.2


@pytest.mark.parametrize("name", CONTINUOUS)
def test_channels_move_together(name):
    data = block(noise(400))
    within = pearsonr(*data.values[0])[0]
    for surrogate in draws(name, data, settings={"segment_s": 20.0}):
        assert abs(pearsonr(*surrogate.values[0])[0] - within) < 0.06


def test_aaft_keeps_the_spectrum_of_a_slow_signal():
    slow = np.convolve(np.random.default_rng(0).standard_normal(2100), np.ones(20), "valid")
    data = block([np.tanh(slow / slow.std())])

    def lag_one(x):
        return pearsonr(x[1:], x[:-1])[0]

    kept = [lag_one(s.values[0, 0]) for s in draws("aaft", data)]
    np.testing.assert_allclose(kept, lag_one(data.values[0, 0]), atol=0.04)


def test_aaft_plants_no_ramp_among_equal_values():
    values = np.random.default_rng(0).standard_normal(600)
    values[values < 0.8] = 0.0
    ramp = [pearsonr(s.values[0, 0], np.arange(600))[0] for s in draws("aaft", block([values]), 60)]
    own = pearsonr(values, np.arange(600))[0]
    assert abs(np.mean(ramp)) < 0.03 + abs(own) / 10


@pytest.mark.parametrize(
    ("name", "data", "n", "settings", "message"),
    [
        ("circular_shift", block(noise(150)), 199, {}, "150 samples allow only 149 shifts"),
        ("circular_shift", block(noise(150)), 19, {"guard_s": 160.0}, "lasts 150 s and the measure remembers 160 s"),
        ("segment_shuffle", block(noise(150)), 199, {"segment_s": 30.0}, "5 segments of 30 s in 150 s.* 119 other"),
        ("phase_randomisation", block(noise(20)), 19, {}, "20 samples have 9 free phases"),
        ("aaft", block(noise(60).reshape(3, 2, 20), epoched=True), 19, {}, "got 3 epochs"),
        ("segment_shuffle", block(noise(60).reshape(3, 2, 20), epoched=True), 19, {}, "3 epochs .* 5 other orders"),
    ],
)
def test_too_little_is_refused_with_figures(name, data, n, settings, message):
    with pytest.raises(RefusedScience, match=message):
        surrogates.module(name).draw_index(data, n, np.random.default_rng(0), settings)


def test_settings_that_are_missing_or_wrong():
    module = surrogates.module("segment_shuffle")
    with pytest.raises(BadInput, match="segment_s"):
        module.draw_index(block(noise(50)), 3, np.random.default_rng(0), {})
    with pytest.raises(BadInput, match="number of seconds"):
        surrogates.module("circular_shift").draw_index(block(noise(50)), 3, np.random.default_rng(0), {"guard_s": -1})
