"""Dynamic time warping against dtw-python, all paths of short courses, and planted delays."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import dtw


def block(values, rate=1.0) -> Block:
    values = np.asarray(values, dtype=float)
    values = values if values.ndim == 3 else np.atleast_2d(values)[None]
    return Block(np.nan_to_num(values), np.isfinite(values), rate, len(values) > 1)


def measured(a, b, windows=None, rate=1.0, **asked) -> Estimate:
    settings = resolve_settings(dtw.RECORD, asked)
    return dtw.reduce(dtw.combine(*(dtw.prepare(block(x, rate), settings) for x in (a, b))), windows)


def courses(n=120, seed=21):
    """A slow course, and one that follows it four samples later."""
    random = np.random.default_rng(seed)
    a, own = lfilter([1], [1, -0.8], random.standard_normal((2, n)))
    return a, np.r_[np.zeros(4), a[:-4]] + 0.5 * own


def scaled(x):
    return (x - np.nanmean(x)) / np.nanstd(x)


def test_normalised_distance_of_dtw_python():
    """dtw-python 1.9.0, ``dtw(a, b, step_pattern="symmetric2", window_type="sakoechiba", window_args={"window_size":
    w}).normalizedDistance`` of the two courses in SDs. It counts the first pair once and divides as if it were twice,
    as Sakoe & Chiba have it."""
    a, b = courses()
    first = abs(scaled(a)[0] - scaled(b)[0]) / 240
    for band, theirs in ((3, 0.43466752533842357), (8, 0.2577329018756731), (120, 0.25756990474691227)):
        assert measured(a, 5 * b + 2, band_s=float(band)).value.item() == pytest.approx(-theirs - first, rel=1e-12)


def every_path(i, j, n, reach):
    """All ways from (i, j) to the last samples, each a list of (weight, i, j)."""
    if i == n - 1 and j == n - 1:
        yield []
    for weight, di, dj in ((2, 1, 1), (1, 1, 0), (1, 0, 1)):
        p, q = i + di, j + dj
        if p < n and q < n and abs(p - q) <= reach:
            for rest in every_path(p, q, n, reach):
                yield [(weight, p, q), *rest]


@pytest.mark.parametrize("reach", [0, 1, 3])
def test_the_best_of_all_paths(reach):
    random = np.random.default_rng(reach)
    a, b = random.standard_normal((2, 7))
    a[4] = np.nan
    x, y = scaled(a), scaled(b)
    bridged = np.interp(np.arange(7), np.flatnonzero(np.isfinite(x)), x[np.isfinite(x)])
    paths = [[(2, 0, 0), *rest] for rest in every_path(0, 0, 7, reach)]
    best = min(paths, key=lambda path: sum(w * abs(bridged[i] - y[j]) for w, i, j in path))
    counted = [(w, i, j) for w, i, j in best if i != 4]
    weight = sum(w for w, _, _ in counted)
    found = measured(a, b, band_s=float(reach))
    assert found.value.item() == pytest.approx(-sum(w * abs(x[i] - y[j]) for w, i, j in counted) / weight)
    assert found.lag_s.item() == pytest.approx(sum(w * (j - i) for w, i, j in counted) / weight)
    assert found.coverage.item() == pytest.approx(weight / 14)


def test_who_is_ahead():
    a, b = courses(600)
    for first, second, sign in ((a, b, 1), (b, a, -1)):
        assert measured(first, second, band_s=10.0).lag_s.item() == pytest.approx(sign * 4, abs=0.7)
        assert measured(first, second, rate=2.0, band_s=5.0).lag_s.item() == pytest.approx(sign * 2, abs=0.35)
    assert measured(a, a).value.item() == 0 and measured(a, a).lag_s.item() == 0
    assert measured(a, -a).value.item() < measured(a, b).value.item() < 0


def test_epochs_are_warped_apart():
    """Their sums of costs and weights are joined; all samples set the scale."""
    a, b = (np.stack([x[:60], x[60:]])[:, None] for x in courses())
    found = measured(a, b)
    scale = [x.ravel() for x in (a, b)]
    parts = [
        dtw.warped(*((x[e, 0] - s.mean()) / s.std() for x, s in zip((a, b), scale, strict=True)), *2 * [known], 3)
        for e, known in ((0, np.ones(60, dtype=bool)), (1, np.ones(60, dtype=bool)))
    ]
    assert found.value.item() == pytest.approx(-(parts[0][0] + parts[1][0]) / 240)
    assert found.lag_s.item() == pytest.approx((parts[0][1] + parts[1][1]) / 240)


def test_channels_and_windows():
    a, b = np.stack(courses()), np.stack(courses(seed=22)[::-1])
    found = measured(a, b)
    for i, j in np.ndindex(2, 2):
        assert found.value[i, j].item() == measured(a[i], b[j]).value.item()
    parts = measured(a, b, np.array([[0, 50], [50, 120]]))
    np.testing.assert_allclose(parts[1].value, measured(a[:, 50:], b[:, 50:]).value, rtol=1e-12)
    assert np.abs(parts[0].value - parts[1].value).min() > 0


def test_nothing_can_be_said():
    a, b = courses()
    assert np.isnan(measured(a, np.ones(120)).value).all()
    half = np.array(b)
    half[:70] = np.nan
    assert np.isnan(measured(a, half).value).all() and np.isnan(measured(a, half).lag_s).all()
    assert np.isfinite(measured(a, half, min_valid=0.3).value).all()
    for asked in ({"band_s": -1.0}, {"min_valid": 0.0}):
        with pytest.raises(BadInput, match="allowed are numbers"):
            measured(a, b, **asked)
    with pytest.raises(RefusedScience, match="cannot be warped"):
        measured(a[:2], b[:2])
    with pytest.raises(BadInput, match="on one clock"):
        measured(a, b[:80])
