"""Windowed lagged cross-correlation against a slow twin, hand cases and planted truth."""

from __future__ import annotations

import time

import numpy as np
import pytest

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.inference.surrogates import segment_shuffle
from interbrain.measures import wlcc
from naive_wlcc import scores

RATE = 25.0


def block(values, rate=RATE, valid=None) -> Block:
    values = np.atleast_2d(np.asarray(values, dtype=float))[None]
    valid = np.isfinite(values) if valid is None else np.atleast_2d(valid)[None] & np.isfinite(values)
    return Block(np.nan_to_num(values), valid, rate)


def settings_of(**given):
    return resolve_settings(wlcc.RECORD, given)


def state_of(a: Block, b: Block, **given) -> wlcc.State:
    settings = settings_of(**given)
    return wlcc.combine(wlcc.prepare(a, settings), wlcc.prepare(b, settings))


def estimate_of(a: Block, b: Block, **given) -> Estimate:
    return wlcc.reduce(state_of(a, b, **given))


def slow_noise(rng, n, phi=0.9):
    out = np.zeros(n)
    for t in range(1, n):
        out[t] = phi * out[t - 1] + rng.standard_normal()
    return out


# --- hand cases and planted truth -----------------------------------------------------------------------------------

ROOT = np.sqrt(3) / 2


@pytest.mark.parametrize("placement", ["forward", "centred"])
def test_hand_case(placement):
    """One window of three samples. Lag 0: (0 1 2) with (0 0 1); +1: (0 1 2) with (0 1 2); −1: (1 2 0) with (0 0 1)."""
    a, b = block([0, 1, 2, 0], rate=1), block([0, 0, 1, 2], rate=1)
    given = {"window_s": 3, "step_s": 1, "max_lag_s": 1, "placement": placement}
    signed = estimate_of(a, b, **given, absolute=False, fisher_z=False)
    np.testing.assert_allclose(signed.profile[0, 0], [-ROOT, ROOT, 1.0], atol=1e-11)
    assert signed.value.item() == pytest.approx(1 / 3)
    assert signed.lag_s.item() == 1.0
    assert signed.extra["lead_a"].item() == pytest.approx(1.0)
    assert signed.extra["lead_b"].item() == pytest.approx(-ROOT)
    unsigned = estimate_of(a, b, **given, fisher_z=False)
    np.testing.assert_allclose(unsigned.profile[0, 0], [ROOT, ROOT, 1.0], atol=1e-11)
    fisher = estimate_of(a, b, **given)
    np.testing.assert_allclose(fisher.profile[0, 0, :2], np.log(2 + np.sqrt(3)), atol=1e-9)  # atanh(√3/2)


def test_hand_case_inside():
    """Window (0 1 2) with (0 0 1), moments of all three: Σ at lags −1, 0, +1 are −1/3, 1, 1/3 over √(2 · 2/3)."""
    estimate = estimate_of(
        block([0, 1, 2], rate=1), block([0, 0, 1], rate=1),
        window_s=3, step_s=3, max_lag_s=0, placement="inside", absolute=False, fisher_z=False,
    )  # fmt: skip
    assert estimate.profile[0, 0, 0] == pytest.approx(ROOT)
    a, b = block([0, 1, 2, 1], rate=1), block([0, 0, 1, 3], rate=1)
    estimate = estimate_of(a, b, window_s=4, step_s=4, max_lag_s=1, placement="inside", absolute=False, fisher_z=False)
    # deviations (−1 0 1 0) and (−1 −1 0 2); sums of squares 2 and 6
    np.testing.assert_allclose(estimate.profile[0, 0], np.array([-1, 1, 3]) / np.sqrt(12), atol=1e-12)


@pytest.mark.parametrize("placement", ["centred", "forward", "inside"])
@pytest.mark.parametrize("lag", [-30, -1, 0, 1, 17])
def test_planted_lag_is_found_to_the_sample_with_its_sign(placement, lag):
    """b repeats a ``lag`` samples later: A leads by that much."""
    rng = np.random.default_rng(3)
    a = slow_noise(rng, 4000, 0.5)
    b = np.roll(a, lag) + 0.5 * rng.standard_normal(4000)
    estimate = estimate_of(block(a), block(b), window_s=30, step_s=15, max_lag_s=2, placement=placement)
    assert estimate.lag_s.item() == pytest.approx(lag / RATE)
    assert estimate.extra["best_lag_s"].item() == pytest.approx(lag / RATE)
    if lag:
        leads, follows = ("lead_a", "lead_b") if lag > 0 else ("lead_b", "lead_a")
        assert estimate.extra[leads] > estimate.extra[follows]


def test_a_series_with_itself_peaks_at_zero_and_is_even():
    a = block(slow_noise(np.random.default_rng(1), 3000))
    estimate = estimate_of(a, a, window_s=30, step_s=15, max_lag_s=2)
    profile = estimate.profile[0, 0]
    assert estimate.lag_s.item() == 0.0
    np.testing.assert_allclose(profile, profile[::-1], rtol=1e-12)
    assert profile[50] > 10  # atanh of 1 − 1e-12, not infinity
    assert np.isfinite(profile).all()


def test_known_correlation_comes_back():
    """r = .6 at lag 0 in white noise: mean z within its standard error of atanh .6 = .693."""
    rng = np.random.default_rng(8)
    a = rng.standard_normal(60_000)
    b = 0.6 * a + 0.8 * rng.standard_normal(60_000)
    estimate = estimate_of(block(a), block(b), absolute=False, max_lag_s=1)
    assert estimate.extra["zero_lag"].item() == pytest.approx(np.arctanh(0.6), abs=4 / np.sqrt(60_000))
    assert abs(np.delete(estimate.profile[0, 0], 25)).max() < 5 / np.sqrt(60_000 / 2)


def test_noise_gives_the_documented_chance_level():
    """|z| of independent white noise: sqrt(2 / (π n)) for n samples a window."""
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 50_000))
    value = estimate_of(block(a), block(b), window_s=20, step_s=20, max_lag_s=1).value.item()
    assert value == pytest.approx(np.sqrt(2 / (np.pi * 500)), rel=0.05)


@pytest.mark.parametrize("placement", ["centred", "forward", "inside"])
def test_exchanging_the_people_mirrors_the_profile(placement):
    rng = np.random.default_rng(2)
    a, b = block(rng.standard_normal((2, 1500))), block(rng.standard_normal((3, 1500)))
    given = {"window_s": 20, "step_s": 7, "max_lag_s": 1.2, "placement": placement}
    one, other = estimate_of(a, b, **given), estimate_of(b, a, **given)
    np.testing.assert_allclose(one.profile, other.profile.transpose(1, 0, 2)[:, :, ::-1], rtol=1e-12)
    np.testing.assert_allclose(one.lag_s, -other.lag_s.transpose(1, 0, 2, 3))


def test_centred_windows_keep_to_one_stretch_of_time():
    grid = state_of(block(np.arange(1000.0)), block(np.arange(1000.0)), window_s=20, step_s=5, max_lag_s=1).grid
    assert (grid.start_b - grid.start_a == grid.lags).all()
    assert np.ptp(grid.start_a + grid.start_b) <= 1
    assert min(grid.start_a.min(), grid.start_b.min()) == 0
    furthest = max(grid.start_a.max(), grid.start_b.max()) + (grid.n_windows - 1) * grid.step + grid.window
    assert furthest <= 1000 < furthest + grid.step


def test_gain_and_offset_change_nothing_but_the_sign():
    rng = np.random.default_rng(4)
    a = slow_noise(rng, 2000)
    b = np.roll(a, 5) + rng.standard_normal(2000)
    given = {"window_s": 20, "step_s": 10, "max_lag_s": 1}
    plain = estimate_of(block(a), block(b), **given, absolute=False)
    moved = estimate_of(block(1e-6 * a - 3), block(40 * b + 1e4), **given, absolute=False)
    turned = estimate_of(block(a), block(-b), **given, absolute=False)
    np.testing.assert_allclose(moved.profile, plain.profile, atol=1e-7)
    np.testing.assert_allclose(turned.profile, -plain.profile, atol=1e-12)


# --- slow twin, gaps, constant stretches ----------------------------------------------------------------------------


def gappy(rng, n_channels, n, gaps):
    valid = np.ones((n_channels, n), dtype=bool)
    for channel in valid:
        for _ in range(gaps):
            start = rng.integers(0, n - 40)
            channel[start : start + rng.integers(1, 40)] = False
    return block(rng.standard_normal((n_channels, n)), rate=10.0, valid=valid)


@pytest.mark.parametrize("placement", ["centred", "forward", "inside"])
@pytest.mark.parametrize("gaps", [0, 8])
@pytest.mark.parametrize("form", [{}, {"absolute": False}, {"fisher_z": False}])
@pytest.mark.parametrize("step_s", [3, 12])
def test_equals_the_slow_twin(placement, gaps, form, step_s):
    rng = np.random.default_rng(11)
    a, b = gappy(rng, 2, 250, gaps), gappy(rng, 2, 250, gaps)
    given = {"window_s": 10.0, "step_s": step_s, "max_lag_s": 1.3, "placement": placement, **form}
    state = state_of(a, b, **given)
    for i in range(2):
        for j in range(2):
            rows = (a.values[0, i], a.valid[0, i], b.values[0, j], b.valid[0, j])
            expected = scores(*rows, 10.0, settings_of(**given))
            np.testing.assert_allclose(state.score[i, j], expected, rtol=0, atol=1e-12)
    if gaps:
        assert np.isnan(state.score).any()


def test_windows_with_too_many_gaps_are_left_out():
    rng = np.random.default_rng(6)
    values = rng.standard_normal((2, 1000))
    valid = np.ones((2, 1000), dtype=bool)
    valid[1, 100:151] = False  # 51 of the second window's 100 samples
    a, b = block(values[0], 10.0), block(values[1], 10.0, valid[1])
    given = {"window_s": 10, "step_s": 10, "max_lag_s": 0}
    estimate = estimate_of(a, b, **given)
    assert estimate.coverage.item() == pytest.approx(0.9)
    assert estimate.n_effective.item() == pytest.approx(9.0)
    whole = state_of(a, block(values[1], 10.0), **given).score[0, 0, :, 0]
    assert estimate.value.item() == pytest.approx(np.delete(whole, 1).mean())
    valid[1, 150] = True  # exactly half of them: counts
    assert estimate_of(a, block(values[1], 10.0, valid[1]), **given).coverage.item() == 1.0


def test_what_lies_under_a_gap_never_matters():
    rng = np.random.default_rng(9)
    a = block(rng.standard_normal(600), 10.0)
    values, valid = rng.standard_normal(600), np.ones(600, dtype=bool)
    valid[200:230] = False
    spoiled = np.where(valid, values, 1e6)
    given = {"window_s": 10, "step_s": 5, "max_lag_s": 1}
    one, other = (estimate_of(a, block(v, 10.0, valid), **given) for v in (values, spoiled))
    np.testing.assert_array_equal(one.profile, other.profile)


@pytest.mark.parametrize("level", [0.0, 0.1, -7.3])
def test_constant_windows_are_left_out_also_beside_loud_ones(level):
    rng = np.random.default_rng(7)
    a = rng.standard_normal(1000)
    b = 1e3 * rng.standard_normal(1000)
    b[300:500] = level
    state = state_of(block(a, 10.0), block(b, 10.0), window_s=10, step_s=10, max_lag_s=0)
    assert np.flatnonzero(np.isnan(state.score[0, 0, :, 0])).tolist() == [3, 4]
    estimate = wlcc.reduce(state)
    assert estimate.coverage.item() == pytest.approx(0.8)
    assert estimate.n_effective.item() == pytest.approx(8.0)


def test_a_flat_channel_is_unknown_and_leaves_the_others_alone():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 2, 1000))
    b[1] = 4.0
    with np.errstate(all="raise"):
        estimate = estimate_of(block(a, 10.0), block(b, 10.0), window_s=10, step_s=5, max_lag_s=1)
    assert np.isnan(estimate.value[:, 1]).all() and np.isnan(estimate.lag_s[:, 1]).all()
    assert np.isfinite(estimate.value[:, 0]).all()
    assert (estimate.coverage[:, 1] == 0).all() and (estimate.n_effective[:, 1] == 0).all()


def test_n_effective_counts_overlap_once():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 1000))
    estimate = estimate_of(block(a, 10.0), block(b, 10.0), window_s=20, step_s=5, max_lag_s=0)
    assert estimate.extra["n_windows"].item() == 17
    assert estimate.n_effective.item() == pytest.approx(5.0)


def test_time_windows_share_the_windows_out():
    rng = np.random.default_rng(10)
    a, b = block(rng.standard_normal(2000), 10.0), block(rng.standard_normal(2000), 10.0)
    state = state_of(a, b, window_s=20, step_s=10, max_lag_s=1)
    parts = wlcc.reduce(state, np.array([[0, 700], [700, 2000], [0, 90]]))
    counts = [p.extra["n_windows"].item() for p in parts]
    assert counts[0] + counts[1] == state.grid.n_windows and min(counts[:2]) > 3
    whole = sum(p.value.item() * c for p, c in zip(parts[:2], counts[:2])) / state.grid.n_windows
    assert whole == pytest.approx(wlcc.reduce(state).value.item())
    assert np.isnan(parts[2].value.item()) and parts[2].coverage.item() == 0


# --- surrogates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", [(0, 0), (6, 0), (0, 6), (6, 6)])
@pytest.mark.parametrize("placement", ["centred", "forward", "inside"])
@pytest.mark.parametrize("segment_s", [2.3, 10.0, 14.0])
@pytest.mark.parametrize("absolute", [True, False])
def test_draws_equal_the_loop_over_surrogates(gaps, placement, segment_s, absolute):
    rng = np.random.default_rng(12)
    a, b = gappy(rng, 2, 643, gaps[0]), gappy(rng, 2, 643, gaps[1])
    if gaps[1] == 0:
        b.values[0, 1, 120:260] = 3.0  # constant windows come and go with the order
    given = settings_of(window_s=10, step_s=4, max_lag_s=1.5, placement=placement, absolute=absolute)
    prepared_a, prepared_b = wlcc.prepare(a, given), wlcc.prepare(b, given)
    index = segment_shuffle.draw_index(b, 9, rng, {"segment_s": segment_s})
    drawn = wlcc.draws(prepared_a, prepared_b, "segment_shuffle", index)
    assert drawn.value.shape == (9, 2, 2, 1, 1) and drawn.profile.shape == (9, 2, 2, 31)
    for row, value, profile in zip(index, drawn.value, drawn.profile, strict=True):
        again = wlcc.prepare(segment_shuffle.apply(b, row), given)
        expected = wlcc.reduce(wlcc.combine(prepared_a, again))
        np.testing.assert_allclose(value, expected.value, rtol=0, atol=1e-10)
        np.testing.assert_allclose(profile, expected.profile, rtol=0, atol=1e-10)


def test_draws_are_fast_enough_for_a_study():
    """10 min at 25 Hz, 251 lags, 199 draws: seconds would be minutes over a study."""
    rng = np.random.default_rng(0)
    a, b = (block(slow_noise(rng, 15_000)) for _ in range(2))
    given = settings_of()
    prepared_a, prepared_b = wlcc.prepare(a, given), wlcc.prepare(b, given)
    index = segment_shuffle.draw_index(b, 199, rng, {"segment_s": 30.0})
    wlcc.draws(prepared_a, prepared_b, "segment_shuffle", index[:1])
    start = time.perf_counter()
    drawn = wlcc.draws(prepared_a, prepared_b, "segment_shuffle", index)
    assert time.perf_counter() - start < 5
    assert len(np.unique(drawn.value)) == 199


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"placement": "sideways"}, BadInput, "allowed are 'centred', 'forward', 'inside'"),
        ({"window_s": 0.1}, BadInput, r"window_s is 0.1 s, which is 1 samples at 10 Hz; at least 3"),
        ({"step_s": 0.0}, BadInput, "step_s is 0.0; allowed are numbers above 0"),
        ({"max_lag_s": -1.0}, BadInput, "max_lag_s is -1.0; allowed are numbers at least 0"),
        ({"min_valid": 1.5}, BadInput, "at least 0 and at most 1"),
        ({"window_s": 500.0}, RefusedScience, "lasts 100 s, and one window with its lags needs 505 s"),
        ({"placement": "inside", "window_s": 5.0}, BadInput, "make window_s longer"),
    ],
)
def test_settings_that_cannot_be(given, error, text):
    with pytest.raises(error, match=text):
        wlcc.prepare(block(np.zeros(1000), 10.0), settings_of(**given))


def test_data_that_cannot_be():
    given = settings_of(window_s=10, step_s=5, max_lag_s=1)
    epochs = Block(np.zeros((3, 1, 500)), np.ones((3, 1, 500), dtype=bool), 10.0, epoched=True)
    with pytest.raises(RefusedScience, match="needs one continuous stretch; got 3 epochs"):
        wlcc.prepare(epochs, given)
    a, b = (wlcc.prepare(block(np.zeros(n), 10.0), given) for n in (500, 499))
    with pytest.raises(BadInput, match="A has 500 samples at 10 Hz, B 499"):
        wlcc.combine(a, b)
    with pytest.raises(BadInput, match="only segment_shuffle"):
        wlcc.draws(a, a, "circular_shift", np.array([3]))
    with pytest.raises(BadInput, match="first the samples of a segment"):
        wlcc.draws(a, a, "segment_shuffle", np.array([[300, 1, 0]]))
