"""Smoothing and scaling of slow signals: hand cases, and rMEA's setting B."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interbrain.data.errors import BadInput
from interbrain.data.plan import Plan, default_plan
from interbrain.data.signal import Channel, Signal
from interbrain.signals.motion import bridge_gaps, scale, smooth
from interbrain.signals.prepare import prepare


def plan_with(**parts: dict) -> Plan:
    return default_plan(("motion",), parts)


def slow(values: list[float] | np.ndarray, rate: float = 1.0, kind: str = "motion") -> Signal:
    return Signal(np.asarray(values, dtype=float)[None, None], rate, (Channel(kind, kind),))


def test_even_window_reaches_one_sample_further_back() -> None:
    out = smooth(slow([0, 0, 12, 0, 0, 0]), 4.0, beyond="rest")
    np.testing.assert_allclose(out.values[0, 0], [0, 3, 3, 3, 3, 0], atol=1e-12)


def test_odd_window_is_centred() -> None:
    out = smooth(slow([0, 0, 9, 0, 0]), 3.0, beyond="rest")
    np.testing.assert_allclose(out.values[0, 0], [0, 3, 3, 3, 0], atol=1e-12)


def test_beyond_the_ends() -> None:
    ends = [smooth(slow([6, 6, 6, 6]), 3.0, beyond=b).values[0, 0] for b in ("rest", "nothing")]
    np.testing.assert_allclose(ends[0], [4, 6, 6, 4], atol=1e-12)
    np.testing.assert_allclose(ends[1], [6, 6, 6, 6], atol=1e-12)


def test_a_gap_enters_no_average_and_stays() -> None:
    out = smooth(slow([2, np.nan, 4, 6, 8]), 3.0)
    np.testing.assert_allclose(out.values[0, 0], [2, np.nan, 5, 6, 7])
    assert out.valid[0, 0].tolist() == [True, False, True, True, True]


def test_scaling_divides_by_the_sd_and_does_not_centre() -> None:
    out, problems = scale(slow([1.0, 2.0, 3.0, 6.0]))
    sd = np.sqrt((4 + 1 + 0 + 9) / 3)
    np.testing.assert_allclose(out.values[0, 0], np.array([1, 2, 3, 6]) / sd)
    assert problems == []


def test_only_short_gaps_inside_are_bridged() -> None:
    x = [np.nan, 1, np.nan, 3, np.nan, np.nan, np.nan, 7]
    out, steps = bridge_gaps(slow(x), 2.0)
    np.testing.assert_allclose(out.values[0, 0], [np.nan, 1, 2, 3, np.nan, np.nan, np.nan, 7])
    assert out.valid[0, 0].tolist() == [False, True, True, True, False, False, False, True]
    assert steps == ("gaps of at most 2 s bridged by a straight line",)


def test_share_of_zeros_is_told_and_zeros_are_no_fault() -> None:
    x = np.random.default_rng(1).integers(1, 5000, 400).astype(float)
    x[100:250] = 0  # six seconds at rest
    out = prepare(slow(x, 25.0), "motion", plan_with())
    figures = {r["figure"]: r for r in out.quality}
    assert figures["zero_share"]["value"] == pytest.approx(150 / 400)
    assert figures["saturated_share"]["value"] == 0
    assert out.problems == () and out.signal.valid.all()
    np.testing.assert_array_equal(out.signal.values[0, 0], x)


def test_a_skin_sensor_at_zero_has_lost_contact() -> None:
    x = 3 + np.random.default_rng(1).random(400)
    x[100:250] = 0
    out = prepare(slow(x, 25.0, "eda"), "eda", plan_with())
    assert out.signal.valid[0, 0].sum() == 250
    assert not out.signal.valid[0, 0, 100:250].any()
    assert "end of the device's range" in out.problems[0].what


def lagged_z(x: np.ndarray, y: np.ndarray, win: int, inc: int, lag: int) -> np.ndarray:
    """|Fisher z| of every window and lag; the later series is the one that is shifted forward."""
    out = []
    for w in range(int(np.ceil((len(x) - win - lag + 1) / inc))):
        i = w * inc
        sides = []
        for fixed, moving in ((y, x), (x, y)):
            views = np.lib.stride_tricks.sliding_window_view(moving[i : i + win + lag], win)
            views = views - views.mean(axis=1, keepdims=True)
            still = fixed[i : i + win] - fixed[i : i + win].mean()
            sides.append(views @ still / np.sqrt((views**2).sum(axis=1) * (still**2).sum()))
        out.append(np.concatenate([sides[0][:0:-1], sides[1]]))
    return np.abs(np.arctanh(np.array(out)))


@pytest.mark.parametrize("dyad", ["continued/200", "dropout/100", "dropout/104"])
def test_setting_b_of_rmea(data_dir: Path, dyad: str) -> None:
    plan = plan_with(motion={"smooth_s": 0.5, "scale": True})
    frames = np.loadtxt(data_dir / "motion-therapy" / f"{dyad}_01.txt", skiprows=1)
    sides = [prepare(slow(frames[:, k], 25.0), "motion", plan).signal.values[0, 0] for k in (0, 1)]
    z = lagged_z(*sides, win=750, inc=375, lag=125)
    folder = data_dir / "reference" / "motion-rmea"
    of_dyad = f"setting == 'B' and dyad == {dyad[-3:]}"
    table = pd.read_csv(folder / "rmea_per_dyad.csv").query(of_dyad).iloc[0]
    assert z.shape == (table.n_win, table.n_lag)
    assert z.mean() == pytest.approx(table.grandAver, abs=1e-12)
    assert z[:, 125].mean() == pytest.approx(table.mean_lag_zero, abs=1e-12)
    per_lag = pd.read_csv(folder / "rmea_per_lag.csv").query(of_dyad).ccf_mean
    np.testing.assert_allclose(z.mean(axis=0), per_lag, atol=1e-10)
    np.testing.assert_allclose([s.std(ddof=1) for s in sides], 1.0)


@pytest.mark.parametrize("seconds", [7.0, 1e9, 1e300])
def test_a_window_longer_than_the_recording_is_refused(seconds: float):
    with pytest.raises(BadInput, match="the recording lasts 6 s"):
        smooth(slow([0, 0, 12, 0, 0, 0]), seconds)
