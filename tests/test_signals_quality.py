"""Flat, saturated, frozen and missing samples, planted and found."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.data.plan import default_plan
from interbrain.data.signal import Channel, Signal
from interbrain.data.tables import TABLES
from interbrain.signals.gaps import close_short_gaps, fill_linear, longest_gap
from interbrain.signals.quality import inspect

PLAN = default_plan(("motion",))


def noise(n: int = 1000, rate: float = 10.0, n_channels: int = 1) -> Signal:
    values = np.random.default_rng(3).standard_normal((1, n_channels, n))
    return Signal(values, rate, tuple(Channel(f"C{c}", "intensity", "V") for c in range(n_channels)))


def figures(found: object) -> dict[str, float]:
    return {r["figure"]: r["value"] for r in found.quality}  # type: ignore[attr-defined]


def decisions(found: object) -> dict[str, str]:
    return {r["figure"]: r["decision"] for r in found.quality}  # type: ignore[attr-defined]


def test_a_sound_channel() -> None:
    found = inspect(noise(), PLAN)
    assert figures(found) == {
        "missing_share": 0.0, "flat": 0.0, "saturated_share": 0.0, "dropout_share": 0.0, "longest_gap_s": 0.0,
        "usable_share": 1.0,
    }  # fmt: skip
    assert set(decisions(found).values()) == {"kept"} and found.problems == ()
    assert set(found.quality[0]) <= set(TABLES["quality"])


def test_clipping_longer_than_a_second_is_masked_and_shorter_is_not() -> None:
    values = np.array(noise().values)
    values[0, 0, 200:225] = 9.0  # 2.5 s at the top
    values[0, 0, 400:408] = -9.0  # 0.8 s at the bottom
    found = inspect(noise().with_values(values), PLAN)
    assert np.flatnonzero(~found.signal.valid[0, 0]).tolist() == list(range(200, 225))
    got = figures(found)
    assert got["saturated_share"] == pytest.approx(0.025) and got["longest_gap_s"] == pytest.approx(2.5)
    assert got["usable_share"] == pytest.approx(0.975)
    assert decisions(found)["saturated_share"] == "masked" and decisions(found)["longest_gap_s"] == "masked"
    assert "2.5%" in found.problems[0].what


def test_a_run_counts_from_the_first_sample_beyond_the_limit() -> None:
    values = np.array(noise().values)
    values[0, 0, 200:210] = 9.0  # exactly 1 s
    values[0, 0, 400:411] = -9.0
    found = inspect(noise().with_values(values), PLAN)
    assert np.flatnonzero(~found.signal.valid[0, 0]).tolist() == list(range(400, 411))


def test_a_frozen_stretch_is_masked_or_only_told() -> None:
    values = np.array(noise().values)
    values[0, 0, 300:350] = 0.25
    for mask, usable in ((True, 0.95), (False, 1.0)):
        found = inspect(noise().with_values(values), PLAN, mask_dropouts=mask)
        assert figures(found)["dropout_share"] == pytest.approx(0.05)
        assert figures(found)["usable_share"] == pytest.approx(usable)


def test_rest_is_ordinary() -> None:
    values = np.abs(np.array(noise().values))
    values[0, 0, 300:350] = 0.0
    signal = noise().with_values(values)
    assert figures(inspect(signal, PLAN))["saturated_share"] == pytest.approx(0.05)
    assert figures(inspect(signal, PLAN, rest=0.0))["saturated_share"] == 0


def test_a_series_that_holds_its_values_is_not_saturated() -> None:
    held = np.repeat(np.random.default_rng(5).permutation(50) + 60.0, 20)  # each heart rate for 2 s
    assert figures(inspect(noise().with_values(held[None, None]), PLAN))["usable_share"] == 1.0
    codes = np.repeat([0.0, 1.0, 0.0, 1.0], 250)
    assert figures(inspect(noise().with_values(codes[None, None]), PLAN))["usable_share"] == 1.0


def test_flat_and_empty_channels_are_dropped() -> None:
    values = np.array(noise(n_channels=3).values)
    values[0, 0] = 4.0
    values[0, 2] = np.nan
    found = inspect(noise(n_channels=3).with_values(values, np.isfinite(values)), PLAN)
    assert found.signal.names == ("C1",)
    assert [(p.where, p.costs_data) for p in found.problems] == [("C0", True), ("C2", True)]
    assert "100% missing" in found.problems[1].what


def test_missing_samples_are_counted() -> None:
    values = np.array(noise().values)
    values[0, 0, 10:60] = np.nan
    found = inspect(noise().with_values(values, np.isfinite(values)), PLAN)
    assert figures(found)["missing_share"] == pytest.approx(0.05)
    assert figures(found)["longest_gap_s"] == pytest.approx(5.0)


def test_filling_and_closing() -> None:
    x = np.array([np.nan, 2, np.nan, np.nan, 8, np.nan])
    ok = np.isfinite(x)
    assert fill_linear(x, ok).tolist() == [2, 2, 4, 6, 8, 8]
    assert fill_linear(x, np.zeros(6, dtype=bool)).tolist() == [0] * 6
    assert close_short_gaps(ok, 2).tolist() == [False, True, True, True, True, False]
    assert close_short_gaps(ok, 1).tolist() == ok.tolist()
    assert longest_gap(ok) == 2 and longest_gap(np.ones((2, 3), dtype=bool)) == 0
