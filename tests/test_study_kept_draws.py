"""Draws that are kept for the tests over groups."""

import numpy as np

from interbrain.study.groups import Kept, _aligned


def test_what_tied_with_the_recording_ties_when_it_is_read_back():
    """Draws are kept in seven digits; a draw that was the observed value must still count against it."""
    observed = np.random.default_rng(1).normal(0, 0.3, 50)
    draws = np.random.default_rng(2).normal(0, 0.3, (40, 50))
    draws[7] = observed
    observed[3] = np.nan

    class Step:
        def array(self, name: str) -> np.ndarray:
            return {"draws0_observed": observed, "draws0_null": draws.astype(np.float32)}[name]

    labels = [(str(i),) for i in range(50)]
    here, kept = _aligned(Kept({"name": "draws0"}, labels, Step()), [*labels[1:], ("elsewhere",)])
    np.testing.assert_array_equal(kept[7, np.isfinite(here)], here[np.isfinite(here)])
    np.testing.assert_allclose(kept[:, :-1], draws[:, 1:], atol=1e-6)
    assert np.isnan(here[-1]) and np.isnan(kept[:, -1]).all()
