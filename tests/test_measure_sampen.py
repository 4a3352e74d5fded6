"""Cross-sample entropy against EntropyHub and a loop over all pairs of patterns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import sampen


def block(values, rate=1.0) -> Block:
    values = np.asarray(values, dtype=float)
    values = values if values.ndim == 3 else np.atleast_2d(values)[None]
    return Block(np.nan_to_num(values), np.isfinite(values), rate, len(values) > 1)


def measured(a, b, windows=None, rate=1.0, **asked) -> Estimate:
    settings = resolve_settings(sampen.RECORD, asked)
    return sampen.reduce(sampen.combine(*(sampen.prepare(block(x, rate), settings) for x in (a, b))), windows)


def courses(n=200, seed=31):
    random = np.random.default_rng(seed)
    a, own = lfilter([1], [1, -0.8], random.standard_normal((2, n)))
    return a, np.r_[np.zeros(2), a[:-2]] + 0.5 * own


def scaled(x):
    return (x - np.nanmean(x)) / np.nanstd(x)


def test_counts_of_entropyhub():
    """EntropyHub 2.0, ``XSampEn(a, b, m=m, tau=t, r=0.2)`` of the courses in SDs: A, and B of the courses without their
    last ``t`` samples (it also counts patterns that nothing follows, Richman & Moorman do not)."""
    a, b = courses()
    for (length, step), (go_on, agree) in {(2, 1): (174, 843), (3, 1): (45, 171), (2, 2): (98, 668)}.items():
        found = measured(3 * a, b - 7, convention="richman_moorman", length=length, step_s=float(step))
        assert found.extra["go_on"].item() == go_on and found.extra["agree"].item() == agree
        assert found.value.item() == pytest.approx(np.log(go_on / agree), rel=1e-12)


@pytest.mark.parametrize("asked", [{}, {"length": 1, "step_s": 2.0, "max_lag_s": 3.0}, {"pairs": "all", "length": 3}])
def test_by_loop_with_gaps_and_epochs(asked):
    a, b = (np.stack([x[:100], x[100:]]) for x in courses())
    a[0, 40:45], b[1, 10] = np.nan, np.nan
    settings = {**resolve_settings(sampen.RECORD, {}), **asked, "tolerance": 0.5}
    x, y = scaled(a), scaled(b)
    m, step = settings["length"], max(1, int(settings["step_s"]))
    reach = 10**6 if settings["pairs"] == "all" else settings["max_lag_s"]
    agree = go_on = possible = slots = 0
    n = 100 - m * step
    for e in range(2):
        for i in range(n):
            for j in range(n):
                if abs(i - j) > reach:
                    continue
                slots += 1
                far = np.abs(x[e, i : i + m * step + 1 : step] - y[e, j : j + m * step + 1 : step])
                if np.isfinite(far).all():
                    possible += 1
                    agree += (far[:-1] <= 0.5).all()
                    go_on += (far <= 0.5).all()
    found = measured(a[:, None], b[:, None], **{**asked, "tolerance": 0.5})
    assert (found.extra["agree"].item(), found.extra["go_on"].item()) == (agree, go_on) and go_on > 5
    assert found.value.item() == pytest.approx(np.log(go_on / agree))
    assert found.coverage.item() == pytest.approx(possible / slots) and found.coverage.item() < 1


def test_near_pairs_see_time_and_all_pairs_do_not():
    a, b = courses(2000)
    near, every = (
        [measured(a, np.roll(b, shift), pairs=pairs, max_lag_s=2.0).value.item() for shift in (0, 700)]
        for pairs in ("near", "all")
    )
    assert near[0] - near[1] > 0.4
    assert abs(every[0] - every[1]) < 0.02


def test_channels_windows_and_seconds():
    a, b = np.stack(courses()), np.stack(courses(seed=32)[::-1])
    found = measured(a, b)
    for i, j in np.ndindex(2, 2):
        assert found.value[i, j].item() == pytest.approx(measured(a[i], b[j]).value.item(), rel=1e-12)
    parts = measured(a, b, np.array([[0, 90], [90, 200]]))
    np.testing.assert_array_equal(parts[1].value, measured(a[:, 90:], b[:, 90:]).value)
    assert np.abs(parts[0].value - parts[1].value).min() > 0
    faster = measured(a, b, rate=4.0, max_lag_s=0.25)
    np.testing.assert_array_equal(faster.value, found.value)


def test_nothing_can_be_said():
    a, b = courses()
    assert np.isnan(measured(a, np.ones(200)).value).all()
    assert np.isnan(measured(a, b, length=1, tolerance=1e-9).value).all()
    half = np.array(b)
    half[:120] = np.nan
    assert np.isnan(measured(a, half).value).all()
    assert np.isfinite(measured(a, half, min_valid=0.3).value).all()
    for asked in ({"length": 0}, {"tolerance": 0.0}, {"step_s": -1.0}, {"max_lag_s": -1.0}):
        with pytest.raises(BadInput, match="allowed are numbers"):
            measured(a, b, **asked)
    with pytest.raises(BadInput, match="pairs is 'some'"):
        measured(a, b, pairs="some")
    with pytest.raises(BadInput, match="min_valid is 2"):
        measured(a, b, min_valid=2.0)
    with pytest.raises(RefusedScience, match="hold no pattern"):
        measured(a[:4], b[:4], length=4)
    with pytest.raises(BadInput, match="on one clock"):
        measured(a, b[:150])
