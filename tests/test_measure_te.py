"""Transfer entropy against pyinform on coded therapy sessions, Granger causality, and a coupled pair worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import granger, te


def measured(a, b, module=te, **asked) -> Estimate:
    settings = resolve_settings(module.RECORD, asked)
    blocks = [Block(np.nan_to_num(x)[None], np.isfinite(x)[None], 1.0) for x in map(np.atleast_2d, (a, b))]
    return module.reduce(module.combine(*(module.prepare(block, settings) for block in blocks)))


def test_pyinforms_bits_of_talk_and_gaze(data_dir):
    table = pd.read_csv(data_dir / "reference/recurrence-granger-entropy/transfer_entropy_talk_gaze.csv")
    codes = pd.read_csv(data_dir / "talk-gaze-therapy" / "nonverbal.csv")
    for row in table.to_dict("records"):
        own = codes[codes.id == row["couple"]]
        a, b = (own[f"{who}_{row['channel']}"].to_numpy() for who in "pt")
        found = measured(a, b, kind="codes", history=row["k"]).value[0, 0, 0]
        np.testing.assert_allclose(found, [row["pyinform_TE_p_to_t_bits"], row["pyinform_TE_t_to_p_bits"]], atol=1e-11)
    assert len(table) == 30


def test_gaussian_is_half_of_granger_in_bits():
    random = np.random.default_rng(1)
    a = random.standard_normal((1, 500))
    b = 0.6 * np.roll(a, 1) + random.standard_normal((1, 500))
    ours, theirs = measured(a, b, order=2).value, measured(a, b, granger, order=2).value
    np.testing.assert_allclose(ours, theirs / 2 / np.log(2), rtol=1e-12)
    # b[t] = .6 a[t − 1] + e: the variance falls from 1.36 to 1
    long = measured(np.tile(a, 1), b, order=1).value[0, 0, 0]
    assert long[0] == pytest.approx(0.5 * np.log2(1.36), abs=0.08) and long[1] < 0.02


def test_a_copy_one_step_later_tells_everything():
    """B repeats A's fair coin: one bit from A to B and none back."""
    coin = np.random.default_rng(2).integers(0, 2, 20_001).astype(float)
    found = measured(coin[1:], coin[:-1], kind="codes").value[0, 0, 0]
    assert found[0] == pytest.approx(1, abs=1e-3) and found[1] < 1e-3


def test_unknown_states_are_left_out():
    coin = np.random.default_rng(3).integers(0, 2, 400).astype(float)
    other = np.roll(coin, 1)
    spoilt = other.copy()
    spoilt[100:150] = np.nan
    found = measured(coin, spoilt, kind="codes")
    assert found.n_effective[0, 0, 0, 0] == 399 - 51 and found.coverage[0, 0, 0, 0] == 350 / 400
    pieces = [te.bits_of(coin[None, :100].astype(int), other[None, :100].astype(int), 1)]
    assert pieces[0][1] == 99
    assert measured(coin[:100], other[:100], kind="codes").value[0, 0, 0, 0] == pytest.approx(pieces[0][0])


def test_refusals():
    x = np.random.default_rng(4).standard_normal((1, 200))
    with pytest.raises(BadInput, match="200 different values"):
        measured(x, x, kind="codes")
    for asked, message in (
        ({"kind": "kernel"}, "kind is 'kernel'"),
        ({"kind": "knn", "history": 0}, "history is 0"),
        ({"kind": "knn", "neighbours": 0}, "neighbours is 0"),
        ({"kind": "knn", "step_s": -1.0}, "step_s is -1.0"),
    ):
        with pytest.raises(BadInput, match=message):
            measured(x, x, **asked)
    with pytest.raises(RefusedScience, match="at least 20"):
        measured(x[:, :30], x[:, :30], kind="knn", history=3, step_s=4.0)
    with pytest.raises(BadInput, match="on one clock"):
        measured(x, x[:, :100], kind="knn")


def driven(n, seed, gain=0.6):
    """a drives b one sample later."""
    e = np.random.default_rng(seed).standard_normal((2, n))
    x = np.zeros((2, n))
    for t in range(1, n):
        x[0, t] = 0.5 * x[0, t - 1] + e[0, t]
        x[1, t] = 0.4 * x[1, t - 1] + gain * x[0, t - 1] + e[1, t]
    return x


def test_nearest_neighbours_of_infomeasure():
    """infomeasure 0.6.3, ``transfer_entropy(x, y, approach="ksg", k=4, src_hist_len=h, dest_hist_len=h, base=2,
    noise_level=0)`` on the standardised series."""
    a, b = driven(300, 11)
    theirs = {1: (0.23559459532389226, 0.022088393783582), 2: (0.18581114111952937, 0.06165269293040729)}
    for history, expected in theirs.items():
        found = measured(7 * a + 3, b, kind="knn", history=history)
        np.testing.assert_allclose(found.value[0, 0, 0], expected, rtol=1e-9)
        np.testing.assert_array_equal(found.n_effective, 300 - history)


def test_nearest_neighbours_find_the_information_of_normal_signals():
    """Mean of three series of 4000 samples within 0.02 bits of the Gaussian value, which is exact here."""
    exact, found = (
        np.mean([measured(*driven(4000, seed), **asked).value[0, 0, 0] for seed in (12, 13, 14)], axis=0)
        for asked in ({"order": 1}, {"kind": "knn"})
    )
    assert exact[0] > 0.2 and exact[1] < 0.001
    np.testing.assert_allclose(found, exact, atol=0.02)


def test_nearest_neighbours_see_what_no_line_shows():
    """b follows a's square: nothing for autoregression."""
    random = np.random.default_rng(13)
    a = random.standard_normal(1500)
    b = np.roll(a**2, 1) + 0.3 * random.standard_normal(1500)
    assert measured(a, b, order=1).value[0, 0, 0, 0] < 0.01
    found = measured(a, b, kind="knn").value[0, 0, 0]
    assert found[0] > 0.8 and abs(found[1]) < 0.08


def test_steps_of_nearest_neighbours():
    """b follows a four samples later: two steps of two samples see it, two of one do not."""
    random = np.random.default_rng(14)
    a = random.standard_normal(1000)
    b = np.roll(a, 4) + 0.3 * random.standard_normal(1000)
    assert measured(a, b, kind="knn", history=2, step_s=2.0).value[0, 0, 0, 0] > 0.5
    assert measured(a, b, kind="knn", history=2).value[0, 0, 0, 0] < 0.1


def test_gaps_epochs_and_stillness_of_nearest_neighbours():
    a, b = driven(400, 15)
    x, y = np.array(a), np.array(b)
    x[200], y[90:100] = np.nan, np.nan
    found = measured(x, y, kind="knn")
    assert found.n_effective[0, 0, 0, 0] == 399 - 1 - 11
    assert found.coverage[0, 0, 0, 0] == pytest.approx(389 / 400)
    settings = resolve_settings(te.RECORD, {"kind": "knn"})

    def in_epochs(values):
        cut = np.stack([values[:150], values[151:301]])[:, None]
        return te.prepare(Block(cut, np.ones(cut.shape, dtype=bool), 1.0, True), settings)

    one_gap = np.where(np.arange(301) == 150, np.nan, a[:301])
    joined = measured(one_gap, np.where(np.isnan(one_gap), np.nan, b[:301]), kind="knn").value
    epochs = te.reduce(te.combine(in_epochs(a), in_epochs(b))).value
    np.testing.assert_allclose(epochs, joined, rtol=1e-9)
    coin = np.random.default_rng(2).integers(0, 2, 1001).astype(float)
    copied = np.where(np.random.default_rng(3).random(1000) < 0.8, coin[:-1], 1 - coin[:-1])
    counted, nearest = (measured(coin[1:], copied, kind=kind).value for kind in ("codes", "knn"))
    np.testing.assert_allclose(nearest, counted, atol=0.01)  # all neighbours coincide
    assert np.isnan(measured(np.zeros(400), b, kind="knn").value).all()
