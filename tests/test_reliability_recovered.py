"""The quick form of ``calibrate/reliability.py``: planted truth is recovered."""

import numpy as np
import pytest

from calibrate import reliability as table

POOL, SEED = 8, 3


@pytest.mark.parametrize("name", ["wtc, 6 min", "wlcc, 10 min", "plv, 60 epochs of 1 s"])
def test_error_and_shares_of_simulated_studies_are_recovered(name):
    """Half or twice the error would show; the page of the calibration has the finer figures."""
    found = table.cell(name, "both differ", "30 dyads × 4", 12, POOL, SEED)
    error = found["error_split"] if np.isfinite(found["error_split"]) else found["error_early_late"]
    assert 0.6 < error < 1.6
    for part in ("within", "between", "all"):
        assert found[f"{part}_mean"] == pytest.approx(found[f"{part}_true"], abs=0.2)
        assert found[f"{part}_covered"] >= 0.6


def test_nothing_between_dyads_is_called_real_where_nothing_differs():
    found = table.cell("wlcc, 10 min", "nothing differs", "30 dyads × 4", 12, POOL, SEED)
    assert found["between_true"] == found["within_true"] == 0.0
    assert found["between_mean"] < 0.1 and found["between_covered"] >= 0.8


def test_the_true_shares_follow_from_the_pool_by_hand():
    """Means 0, 1, 2, 3, 4 and error 1: dyads and sessions each of variance 1/2."""
    values = np.repeat(np.arange(5.0)[:, None], 2, axis=1) + np.array([-1.0, 1.0])
    true = table.truth(values[..., None], (1, 1))
    assert true["within"] == pytest.approx(0.5 / 1.5)
    assert true["between"] == pytest.approx(0.5 / 2)
    assert true["all"] == pytest.approx(1 / 2)
