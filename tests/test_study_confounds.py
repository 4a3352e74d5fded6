"""Confounds: taken out of each person before the measure, in the recording and in every surrogate alike."""

import numpy as np
import pytest

from interbrain.data.signal import Block
from interbrain.inference import surrogates


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("name", ["circular_shift", "segment_shuffle"])
def test_confounds_move_with_the_person_they_belong_to(name, gaps):
    random = np.random.default_rng(1)
    confounds = random.standard_normal((1, 2, 200))
    values = np.concatenate([confounds.sum(axis=1, keepdims=True), confounds[:, :1]], axis=1)
    valid = np.ones(values.shape, dtype=bool)
    valid[..., 30:45] = not gaps
    block = Block(values, valid, 10.0, confounds=confounds)
    module = surrogates.module(name)
    (row,) = module.draw_index(block, 1, random, {"segment_s": 2.0, "guard_s": 0.0})
    found = surrogates.moved(module, block, row)
    assert found.confounds is not None and not np.allclose(found.values[valid], values[valid])
    kept = valid[0, 0]
    np.testing.assert_array_equal(found.confounds[0].sum(axis=0)[kept], found.values[0, 0][kept])
    np.testing.assert_array_equal(found.values, module.apply(Block(values, valid, 10.0), row).values)
