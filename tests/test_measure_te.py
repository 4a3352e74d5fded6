"""Transfer entropy against pyinform on coded therapy sessions, Granger causality, and a coupled pair worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interbrain.data.errors import BadInput
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
    with pytest.raises(BadInput, match="kind is 'knn'"):
        measured(x, x, kind="knn")
