"""The map of one session says how much of a surrogate's map lies as high."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.report.figures import when


def test_a_floor_at_each_point_and_the_p_of_the_whole_map(tmp_path):
    t, period = np.arange(6.0), np.array([8.0, 4.0])
    rsq = np.full((2, 6), 0.5)
    floor = np.full((2, 6), 0.6)
    floor[0, 2] = 0.4
    floor[1, 4] = np.nan
    arrays = {"rsq": rsq, "phase": rsq, "period": period, "coi": np.full(6, 99.0), "t": t, "null95": floor}
    arrays |= {"signal_a": t, "signal_b": t, "t_signal": t}
    np.savez(tmp_path / "old.npz", **arrays)
    np.savez(tmp_path / "new.npz", share_p=np.array(0.025), **arrays)
    old, new = (when.read_map(tmp_path / f"{name}.npz") for name in ("old", "new"))
    assert np.argwhere(new.above).tolist() == [[1, 2]]  # periods sorted; an unknown floor is never exceeded
    assert np.isnan(old.share_p) and when._whole(old) == ""
    assert new.share_p == pytest.approx(0.025) and when._whole(new).endswith("p\u00a0=\u00a0.025.")
