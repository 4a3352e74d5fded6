"""Maps against maps of surrogates: by hand, and exact where there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.inference.pointwise import pointwise


def test_a_point_above_all_but_one_of_39_surrogates_has_p_05():
    drawn = np.repeat(np.arange(39.0)[:, None], 4, axis=1)
    found = pointwise(np.array([36.5, 37.5, 38.5, np.nan]), drawn)
    np.testing.assert_array_equal(found.floor, [37, 37, 37, np.nan])
    assert found.share == pytest.approx(2 / 3)


def test_each_share_is_counted_against_all_others():
    random = np.random.default_rng(1)
    maps = random.standard_normal((20, 3, 50))
    found = pointwise(maps[0], maps[1:])
    by_hand = [(m > np.delete(maps, k, axis=0).max(axis=0)).mean() for k, m in enumerate(maps)]
    assert found.share == pytest.approx(by_hand[0])
    assert found.share_p == pytest.approx((1 + (np.array(by_hand[1:]) >= by_hand[0]).sum()) / 20)


def test_without_coupling_one_in_twenty_points_and_one_in_twenty_maps():
    random = np.random.default_rng(2)
    shares, p = [], []
    for _ in range(400):
        smooth = random.standard_normal((40, 30)).cumsum(axis=1)  # points that lie together go together
        found = pointwise(smooth[0], smooth[1:])
        shares.append(found.share)
        p.append(found.share_p)
    assert np.mean(shares) == pytest.approx(0.05, abs=0.015)
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.035)


def test_a_raised_part_is_found_where_it_is():
    maps = np.random.default_rng(3).standard_normal((40, 4, 100))
    maps[0, 2, 40:60] += 6
    found = pointwise(maps[0], maps[1:])
    assert (maps[0] > found.floor)[2, 40:60].all() and found.share_p == 1 / 40


def test_too_few_surrogates_say_nothing():
    found = pointwise(np.zeros((2, 3)), np.zeros((18, 2, 3)))
    assert np.isnan(found.share_p) and np.isnan(found.floor).all()
