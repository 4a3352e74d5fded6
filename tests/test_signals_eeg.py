"""Cleaned EEG: flat channels, reference, units."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.data.plan import Plan, default_plan
from interbrain.data.signal import Channel, Signal
from interbrain.signals.prepare import prepare


def plan_with(**eeg: object) -> Plan:
    return default_plan(("motion",), {"eeg": eeg})


def epochs(n_channels: int = 4, unit: str = "V", scale: float = 2e-5) -> Signal:
    rng = np.random.default_rng(7)
    channels = tuple(Channel(f"E{c}", "eeg", unit) for c in range(n_channels))
    ids = (3, 5, 8)
    return Signal(scale * rng.standard_normal((3, n_channels, 200)), 100.0, channels, segment_ids=ids, epoched=True)


def test_clean_epochs_pass_unchanged() -> None:
    signal = epochs()
    out = prepare(signal, "eeg", plan_with())
    np.testing.assert_array_equal(out.signal.values, signal.values)
    assert out.signal.segment_ids == (3, 5, 8) and out.signal.valid.all()
    assert out.problems == () and out.steps == ()
    sd = [r["value"] for r in out.quality if r["figure"] == "median_sd_uv"]
    expected = np.median(signal.values.std(axis=2), axis=0) * 1e6
    np.testing.assert_allclose(sd, expected)


@pytest.mark.parametrize(("unit", "scale"), [("V", 2e-5), ("uV", 20.0), ("mV", 0.02)])
def test_flatness_is_judged_in_microvolt(unit: str, scale: float) -> None:
    signal = epochs(unit=unit, scale=scale)
    values = np.array(signal.values)
    values[:, 1] *= 0.04 / 20  # SD 0.04 µV in every epoch
    values[2, 3] *= 0.04 / 20  # in one epoch
    out = prepare(signal.with_values(values), "eeg", plan_with(flat_uv=0.1))
    assert out.signal.names == ("E0", "E2", "E3")
    assert out.signal.valid[:, 2].all(axis=1).tolist() == [True, True, False]
    assert {p.where: p.done for p in out.problems} == {
        "E1": "The channel is left out.",
        "E3": "These segments of the channel are left out.",
    }
    assert prepare(signal.with_values(values), "eeg", plan_with(flat_uv=0.01)).signal.valid.all()


def test_a_constant_channel_is_dropped_and_told() -> None:
    values = np.array(epochs().values)
    values[:, 0] = 1e-6
    out = prepare(epochs().with_values(values), "eeg", plan_with())
    assert out.signal.names == ("E1", "E2", "E3")
    assert out.problems[0].where == "E0" and "same value" in out.problems[0].what and out.problems[0].costs_data


def test_average_reference_is_over_the_channels_that_are_valid() -> None:
    values = np.array(epochs().values)
    values[0, 3, 10:150] = np.nan
    out = prepare(epochs().with_values(values, np.isfinite(values)), "eeg", plan_with(average_reference=True)).signal
    expected = values[0, 0, 20] - values[0, :3, 20].mean()
    assert out.values[0, 0, 20] == pytest.approx(expected)
    assert out.values[1, 0, 20] == pytest.approx(values[1, 0, 20] - values[1, :, 20].mean())
    np.testing.assert_allclose(out.values[1].sum(axis=0), 0, atol=1e-18)


def test_other_channels_are_set_aside_and_none_is_an_error() -> None:
    signal = epochs()
    mixed = signal.with_values(signal.values, channels=(Channel("EOG", "eog", "V"), *signal.channels[1:]))
    out = prepare(mixed, "eeg", plan_with())
    assert out.signal.names == ("E1", "E2", "E3") and out.steps == ("channels that are not EEG set aside (1)",)
    with pytest.raises(BadInput, match="the kinds there are: eog"):
        prepare(mixed.pick([0]), "eeg", plan_with())
