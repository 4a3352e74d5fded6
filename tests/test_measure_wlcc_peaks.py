"""Peak picking in windowed lagged cross-correlation: by loop, on planted delays, and under surrogates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from interbrain.data.errors import BadInput
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.inference.surrogates import segment_shuffle
from interbrain.measures import wlcc
from interbrain.measures._peaks import nearest_peaks
from naive_wlcc import scores

RATE = 10.0
WINDOWS = {"window_s": 10.0, "step_s": 5.0, "max_lag_s": 2.0, "peak_span_s": 0.3, "pick": "peak"}


def block(values, valid=None) -> Block:
    values = np.atleast_2d(np.asarray(values, dtype=float))[None]
    valid = np.ones(values.shape, dtype=bool) if valid is None else np.atleast_2d(valid)[None]
    return Block(values, valid, RATE)


def estimate(a: Block, b: Block, **given) -> Estimate:
    settings = resolve_settings(wlcc.RECORD, {**WINDOWS, **given})
    return wlcc.reduce(wlcc.combine(wlcc.prepare(a, settings), wlcc.prepare(b, settings)))


def smooth(seed, n=600, channels=1):
    return gaussian_filter1d(np.random.default_rng(seed).standard_normal((channels, n + 100)), 3, axis=1)[:, 50:-50]


def peak_by_loop(row, lags, span):
    """Of one window, from lag zero outwards."""
    found = []
    for k in range(span, len(row) - span):
        around = row[k - span : k + span + 1]
        if np.isfinite(around).all() and row[k] == max(around) and row[k] > min(around):
            found.append((abs(lags[k]), -row[k], lags[k]))
    return (-min(found)[1], min(found)[2]) if found else (np.nan, np.nan)


def test_hand_cases():
    lags = np.arange(-4, 5)
    row = [9, 1, 3, 1, 0.5, 1, 2, 1, 8]
    assert nearest_peaks(np.array(row), lags, 1) == (3, -2)  # both two lags away: the higher; the ends are none
    assert nearest_peaks(np.array([0, 1, 0, 0, 0, 2, 0, 0, 0.0]), lags, 1) == (2, 1)
    assert nearest_peaks(np.array([0, 0, 5, 0, 0, 2, 0, 0, 0.0]), lags, 1) == (2, 1)  # the nearer, not the higher
    assert np.isnan(nearest_peaks(np.array([0, 0, 5, 0, 0, 2, 0, 0, 0.0]), lags, 4)).all()
    assert nearest_peaks(np.array([0, 0, 0, 5, 0, 2, 0, 0, 0.0]), lags, 2) == (5, -1)
    unknown = np.array([0, 0, 5, 0, np.nan, 2, 0, 0, 0.0])
    assert nearest_peaks(unknown, lags, 1) == (5, -2)  # beside an unknown lag there is none
    for nothing in (np.arange(9.0), np.ones(9), np.full(9, np.nan)):
        assert np.isnan(nearest_peaks(nothing, lags, 1)).all()


@pytest.mark.parametrize("given", [{}, {"absolute": False, "fisher_z": False, "placement": "forward"}])
@pytest.mark.parametrize("gap", [False, True])
def test_by_loop(given, gap):
    a, b = smooth(1, channels=2), smooth(2, channels=2)
    valid = np.ones(b.shape, dtype=bool)
    valid[1, 100:240] = not gap
    settings = resolve_settings(wlcc.RECORD, {**WINDOWS, **given})
    found = estimate(block(a), block(b, valid), **given)
    lags = np.arange(-20, 21)
    for i, j in np.ndindex(2, 2):
        table = scores(a[i], np.ones(600, dtype=bool), b[j], valid[j], RATE, settings)
        height, lag = np.array([peak_by_loop(row, lags, 3) for row in table]).T
        assert found.value[i, j].item() == pytest.approx(np.nanmean(height), rel=1e-9)
        assert found.lag_s[i, j].item() == pytest.approx(np.nanmean(lag) / RATE)
        known = lag[np.isfinite(lag)]
        assert found.extra["n_peaks"][i, j].item() == len(known)
        assert found.extra["a_leads"][i, j].item() == pytest.approx(np.mean(known > 0))
        assert found.extra["b_leads"][i, j].item() == pytest.approx(np.mean(known < 0))


@pytest.mark.parametrize("delay", [7, -7])
def test_the_delay_and_who_leads(delay):
    course = smooth(3, n=700)
    a, b = course[:, 50:650], course[:, 50 - delay : 650 - delay]
    found = estimate(block(a), block(b), absolute=False, peak_span_s=1.0)
    assert found.lag_s.item() == pytest.approx(delay / RATE)
    shares = [found.extra[name].item() for name in ("a_leads", "b_leads")]
    assert shares == ([1, 0] if delay > 0 else [0, 1])
    plain = estimate(block(a), block(b), convention="peak_picking", peak_span_s=1.0).value.item()
    assert plain == pytest.approx(1.0, abs=1e-9)


def test_the_mean_of_all_lags_stays_as_it_was():
    """And has no figures of peaks; the peaks are higher than the mean."""
    a, b = block(smooth(4)), block(smooth(5))
    mean, peak = estimate(a, b, pick="mean"), estimate(a, b)
    assert "a_leads" not in mean.extra and "n_peaks" not in mean.extra
    assert peak.value.item() > mean.value.item()
    np.testing.assert_array_equal(mean.profile, peak.profile)
    assert mean.value.item() == pytest.approx(mean.profile.mean())


@pytest.mark.parametrize("gap", [False, True])
def test_draws_equal_the_loop_over_surrogates(gap):
    random = np.random.default_rng(6)
    valid = np.ones((2, 600), dtype=bool)
    valid[1, 200:260] = not gap
    a, b = block(smooth(6, channels=2)), block(smooth(7, channels=2), valid)
    settings = resolve_settings(wlcc.RECORD, WINDOWS)
    prepared = wlcc.prepare(a, settings), wlcc.prepare(b, settings)
    index = segment_shuffle.draw_index(b, 4, random, {"segment_s": 6.0})
    drawn = wlcc.draws(*prepared, "segment_shuffle", index)
    for row, value, profile in zip(index, drawn.value, drawn.profile, strict=True):
        again = wlcc.reduce(wlcc.combine(prepared[0], wlcc.prepare(segment_shuffle.apply(b, row), settings)))
        np.testing.assert_allclose(value, again.value, rtol=0, atol=1e-10)
        np.testing.assert_allclose(profile, again.profile, rtol=0, atol=1e-10)
    assert np.ptp(drawn.value, axis=0).min() > 1e-3


def test_refusals():
    a = block(smooth(8))
    for asked, message in (({"pick": "best"}, "pick is 'best'"), ({"max_lag_s": 0.2}, "hold no peak")):
        with pytest.raises(BadInput, match=message):
            estimate(a, a, **asked)
