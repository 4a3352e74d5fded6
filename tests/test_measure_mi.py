"""Mutual information against pyinform on coded therapy sessions, the normal distribution, and loops over samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import mi


def block(values, rate=1.0) -> Block:
    values = np.asarray(values, dtype=float)
    values = values if values.ndim == 3 else np.atleast_2d(values)[None]
    return Block(np.nan_to_num(values), np.isfinite(values), rate, len(values) > 1)


def measured(a, b, windows=None, rate=1.0, **asked) -> Estimate:
    settings = resolve_settings(mi.RECORD, asked)
    return mi.reduce(mi.combine(*(mi.prepare(block(x, rate), settings) for x in (a, b))), windows)


def test_pyinforms_bits_of_talk_and_gaze(data_dir):
    table = pd.read_csv(data_dir / "reference/recurrence-granger-entropy/transfer_entropy_talk_gaze.csv")
    table = table[table.pyinform_MI_lag0_bits.notna()]
    codes = pd.read_csv(data_dir / "talk-gaze-therapy" / "nonverbal.csv")
    for row in table.to_dict("records"):
        own = codes[codes.id == row["couple"]]
        a, b = (own[f"{who}_{row['channel']}"].to_numpy() for who in "pt")
        found = measured(a, b, convention="pyinform").value.item()
        assert found == pytest.approx(row["pyinform_MI_lag0_bits"], abs=1e-11)
    assert len(table) == 10


def bits_by_loop(x, y, kind) -> float:
    """Of two complete series."""
    if kind == "codes":
        total = 0.0
        for k in set(x):
            for m in set(y):
                joint = np.mean((x == k) & (y == m))
                if joint:
                    total += joint * np.log2(joint / np.mean(x == k) / np.mean(y == m))
        return total
    return -0.5 * np.log2(1 - np.corrcoef(x, y)[0, 1] ** 2)


@pytest.mark.parametrize("kind", mi.RECORD.settings_allowed["kind"])
def test_profile_by_loop_with_gaps_and_epochs(kind):
    random = np.random.default_rng(1)
    a, b = random.standard_normal((2, 3, 2, 60)).cumsum(axis=-1)
    b[..., 4:] += a[..., :-4]
    a[0, 0, 10:20], b[2, 1, :7] = np.nan, np.nan
    if kind == "codes":
        a, b = (np.round(np.clip(x / 3, -2, 2)) for x in (a, b))
    found = measured(a, b, kind=kind, max_lag_s=6.0)
    for i, j in np.ndindex(2, 2):
        x, y = np.array(a[:, i]), np.array(b[:, j])
        if kind == "ranks":
            for own in (x, y):
                known = np.isfinite(own)
                own[known] = norm.ppf(rankdata(own[known]) / (known.sum() + 1))
        for k, lag in enumerate(range(-6, 7)):
            pairs = [(x[e, t], y[e, t + lag]) for e in range(3) for t in range(60) if 0 <= t + lag < 60]
            left, right = np.array([p for p in pairs if np.isfinite(p).all()]).T
            assert found.profile[i, j, k] == pytest.approx(bits_by_loop(left, right, kind), rel=1e-9)
        best = found.profile[i, j].argmax()
        assert found.value[i, j, 0, 0] == found.profile[i, j, best] and found.lag_s[i, j, 0, 0] == best - 6
    at_zero = measured(a, b, kind=kind, max_lag_s=6.0, pick="zero").value[..., 0, 0]
    np.testing.assert_array_equal(at_zero, found.profile[..., 6])
    assert found.coverage[0, 0, 0, 0] == pytest.approx(170 / 180)


@pytest.mark.parametrize("kind", ["gaussian", "ranks"])
def test_normal_courses(kind):
    """−½ log2(1 − .36) = 0.3219 bits for a correlation of .6, however large the sample."""
    random = np.random.default_rng(2)
    a = random.standard_normal(40_000)
    b = 0.6 * a + 0.8 * random.standard_normal(40_000)
    assert measured(a, b, kind=kind, pick="zero").value.item() == pytest.approx(0.32193, abs=0.008)
    assert measured(a, -b, kind=kind, pick="zero").value.item() == pytest.approx(0.32193, abs=0.008)


def test_ranks_see_through_any_rising_curve_and_outliers():
    random = np.random.default_rng(3)
    a = random.standard_normal(500)
    b = 0.6 * a + 0.8 * random.standard_normal(500)
    plain = measured(a, b).value.item()
    assert measured(np.exp(3 * a), b**3).value.item() == pytest.approx(plain, rel=1e-9)
    assert measured(np.exp(3 * a), b**3, kind="gaussian").value.item() < 0.7 * plain
    spoilt = np.array(b)
    spoilt[7] = 1e6
    assert measured(a, spoilt).value.item() == pytest.approx(plain, rel=0.1)


@pytest.mark.parametrize("kind", mi.RECORD.settings_allowed["kind"])
def test_who_leads(kind):
    course = np.random.default_rng(4).standard_normal(400)
    course = (course > 0).astype(float) if kind == "codes" else course
    noise = 0 if kind == "codes" else 0.3 * np.random.default_rng(5).standard_normal(397)
    assert measured(course[3:], course[:-3] + noise, kind=kind, rate=2.0).lag_s.item() == 1.5
    assert measured(course[:-3] + noise, course[3:], kind=kind, rate=2.0).lag_s.item() == -1.5


def test_a_fair_coin_copied_is_one_bit():
    coin = np.tile([0.0, 1.0, 1.0, 0.0], 50)
    assert measured(coin, coin, kind="codes", pick="zero").value.item() == pytest.approx(1.0, abs=1e-12)
    assert measured(coin, 1 - coin, kind="codes", pick="zero").value.item() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("kind", mi.RECORD.settings_allowed["kind"])
def test_windows_are_recordings_of_their_own(kind):
    random = np.random.default_rng(6)
    a, b = np.round(random.standard_normal((2, 2, 200)))
    parts = measured(a, b, np.array([[0, 80], [80, 200]]), kind=kind)
    alone = measured(a[:, 80:], b[:, 80:], kind=kind)
    np.testing.assert_array_equal(parts[1].value, alone.value)
    assert np.abs(parts[0].value - parts[1].value).min() > 0


def test_nothing_can_be_said():
    random = np.random.default_rng(7)
    a, b = random.standard_normal((2, 100))
    for kind in mi.RECORD.settings_allowed["kind"]:
        assert np.isnan(measured(np.round(a), np.ones(100), kind=kind).value).all()
    half = np.array(b)
    half[:60] = np.nan
    assert np.isnan(measured(a, half).value).all()
    assert np.isfinite(measured(a, half, min_valid=0.3).value).all()
    for asked, message in (
        ({"kind": "kernel"}, "kind is 'kernel'"),
        ({"pick": "mean"}, "pick is 'mean'"),
        ({"max_lag_s": -1.0}, "at least 0"),
        ({"kind": "codes"}, "100 different values"),
    ):
        with pytest.raises(BadInput, match=message):
            measured(a, b, **asked)
    with pytest.raises(RefusedScience, match="shorter max_lag_s"):
        measured(a[:6], b[:6])
    with pytest.raises(BadInput, match="on one clock"):
        measured(a, b[:50])
