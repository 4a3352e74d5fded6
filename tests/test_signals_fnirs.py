"""Raw light to haemoglobin: against MNE on a real pair, and planted truth."""

from __future__ import annotations

import warnings
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, sosfiltfilt

from interbrain.data.errors import BadInput
from interbrain.data.plan import Plan, default_plan
from interbrain.data.signal import Channel, Signal
from interbrain.signals.fnirs import band_pass
from interbrain.signals.prepare import Prepared, prepare

WAVELENGTHS = (760.0, 850.0)


def plan_with(quality: dict | None = None, **fnirs: object) -> Plan:
    return default_plan(("motion",), {"fnirs": fnirs, "quality": quality or {}})


def read(folder: Path) -> tuple[mne.io.BaseRaw, Signal]:
    raw = mne.io.read_raw_nirx(folder, preload=True, verbose="ERROR")
    channels = []
    for entry in raw.info["chs"]:
        middle, source, detector = (tuple(map(float, entry["loc"][k : k + 3])) for k in (0, 3, 6))
        name, wavelength = entry["ch_name"].split()
        channels.append(Channel(name, "intensity", "V", f"R-{name}", middle, source, detector, float(wavelength)))
    return raw, Signal(raw.get_data()[None], raw.info["sfreq"], tuple(channels))


@pytest.fixture(scope="module")
def pair(data_dir: Path) -> dict[str, tuple[mne.io.BaseRaw, Signal, Prepared]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the readers comment on the birthday and on missing triggers
        sides = {who: read(data_dir / "fnirs-parent-child" / who) for who in ("parent", "child")}
    return {who: (raw, signal, prepare(signal, "fnirs", plan_with())) for who, (raw, signal) in sides.items()}


def sci_rows(prepared: Prepared) -> dict[str, dict]:
    return {r["channel"]: r for r in prepared.quality if r["figure"] == "sci"}


def test_coupling_agrees_with_mne_and_bad_pairs_go(pair: dict) -> None:
    bad = {"parent": {"S3_D2": 0.16, "S3_D4": 0.57}, "child": {"S7_D7": -0.01, "S8_D7": -0.01}}
    for who, (raw, _, prepared) in pair.items():
        density = mne.preprocessing.nirs.optical_density(raw, verbose="ERROR")
        expected = mne.preprocessing.nirs.scalp_coupling_index(density, verbose="ERROR")
        rows = sci_rows(prepared)
        assert list(rows) == [n.split()[0] for n in density.ch_names[::2]]
        np.testing.assert_allclose([r["value"] for r in rows.values()], expected[::2], atol=1e-12)
        assert {n for n, r in rows.items() if r["decision"] == "dropped"} == set(bad[who])
        assert {n: round(rows[n]["value"], 2) for n in bad[who]} == bad[who]
        told = [p for p in prepared.problems if p.costs_data]
        assert [p.where for p in told] == list(bad[who])
        assert not set(bad[who]) & set(prepared.signal.names)


def test_haemoglobin_agrees_with_mne(pair: dict) -> None:
    for raw, _, prepared in pair.values():
        nirs = mne.preprocessing.nirs
        density = nirs.tddr(nirs.optical_density(raw, verbose="ERROR"), verbose="ERROR")
        molar = nirs.beer_lambert_law(density, ppf=6.0)
        sos = butter(3, (0.01, 0.2), "bandpass", fs=raw.info["sfreq"], output="sos")
        for index in (0, 17, 18, 35):
            channel = prepared.signal.channels[index]
            theirs = molar.get_data([f"{channel.name} {channel.kind}"])[0] * 1e6
            settled = slice(800, -800)  # the ends depend on how the series is continued
            filtered = sosfiltfilt(sos, theirs - theirs.mean(), padlen=781)
            np.testing.assert_allclose(prepared.signal.values[0, index][settled], filtered[settled], atol=1e-9)


def test_channels_keep_their_names_regions_and_places(pair: dict) -> None:
    _, signal, prepared = pair["parent"]
    assert [c.kind for c in prepared.signal.channels] == ["hbo"] * 18 + ["hbr"] * 18
    assert prepared.signal.names[:18] == prepared.signal.names[18:]
    by_name = {c.name: c for c in signal.channels}
    for channel in prepared.signal.channels:
        light = by_name[channel.name]
        assert (channel.unit, channel.wavelength, channel.region) == ("uM", None, f"R-{channel.name}")
        assert (channel.source, channel.detector, channel.position) == (light.source, light.detector, light.position)
    assert prepared.steps[0] == "optical density" and "TDDR" in prepared.steps[2]
    assert prepared.signal.valid.all() and prepared.signal.rate == 7.8125


def test_unfiltered_haemoglobin_is_what_others_computed(pair: dict, data_dir: Path) -> None:
    """The inputs of the wavelet references: HbO of parent (x) and child (y), without correction or filter."""
    plan = plan_with(motion_correction="none", drop_bad_channels=False, band_hz=(0.0, 0.2))
    for who, column in (("parent", "x"), ("child", "y")):
        signal = pair[who][1]
        prepared = prepare(signal, "fnirs", plan).signal
        for number, name in enumerate(("S8_D6", "S6_D6", "S2_D1"), start=1):
            file = data_dir / "reference" / "wavelet-coherence" / f"fcs01_{number}_{name}_hbo_input.csv"
            theirs = band_pass(pd.read_csv(file)[column].to_numpy(), signal.rate, (0.0, 0.2))
            ours = prepared.values[0, prepared.names.index(name)]
            np.testing.assert_allclose(ours[200:1200], theirs[200:1200], atol=1e-6)


def light(
    seconds: float = 320.0, rate: float = 10.0, pairs: int = 2, spacing: float = 0.03, heart: float = 0.004
) -> Signal:
    """Two colours that follow planted HbO and HbR of 0.05 Hz, with a heart beat of 1.1 Hz and a little noise."""
    rng = np.random.default_rng(11)
    t = np.arange(int(seconds * rate)) / rate
    hbo, hbr = np.sin(2 * np.pi * 0.05 * t), -0.4 * np.sin(2 * np.pi * 0.05 * t + 0.3)
    extinction = mne.preprocessing.nirs._beer_lambert_law._load_absorption(np.array([760, 850]))
    values, channels = [], []
    for number in range(pairs):
        for colour, wavelength in enumerate(WAVELENGTHS):
            density = extinction[colour] @ np.stack([hbo, hbr]) * 1e-6 * spacing * 6.0 / 1e-3
            density = density + heart * np.sin(2 * np.pi * 1.1 * t) + 0.0002 * rng.standard_normal(len(t))
            values.append(np.exp(-density))
            source, detector = (0.0, 0.1, float(number)), (spacing, 0.1, float(number))
            channels.append(Channel(f"S{number + 1}_D1", "intensity", "V", None, None, source, detector, wavelength))
    return Signal(np.array(values)[None], rate, tuple(channels))


def planted(signal: Signal) -> tuple[np.ndarray, np.ndarray]:
    t = np.arange(signal.n_times) / signal.rate
    return np.sin(2 * np.pi * 0.05 * t), -0.4 * np.sin(2 * np.pi * 0.05 * t + 0.3)


def test_planted_haemoglobin_comes_back_in_micromolar_without_delay() -> None:
    signal = light()
    out = prepare(signal, "fnirs", plan_with(motion_correction="none"))
    assert out.problems == () and len(out.signal.channels) == 4
    for kind, truth in zip(("hbo", "hbr"), planted(signal)):
        got = out.signal.pick_kind(kind).values[0, 0]
        inner = slice(300, -300)
        scale, shift = np.polyfit(truth[inner], got[inner], 1)
        assert scale == pytest.approx(1.0, abs=0.02) and abs(shift) < 0.02
        assert np.abs(got - truth)[inner].max() < 0.05
        assert np.abs(got[1:] - truth[:-1])[inner].mean() > 2 * np.abs(got - truth)[inner].mean()  # one sample late


def test_positions_come_from_source_and_detector_where_they_are_missing() -> None:
    assert prepare(light(), "fnirs", plan_with()).signal.channels[0].position == pytest.approx((0.015, 0.1, 0.0))


def test_a_step_of_movement_is_repaired() -> None:
    signal = light()
    values = np.array(signal.values)
    values[0, :, 1200:] *= np.exp(-0.2)
    moved = signal.with_values(values)
    truth = planted(signal)[0]

    def error(correction: str) -> float:
        got = prepare(moved, "fnirs", plan_with(motion_correction=correction)).signal.values[0, 0]
        return float(np.std((got - truth)[300:-300]))

    assert error("tddr") < 0.5 * error("none")


def test_optical_density_and_haemoglobin_enter_at_their_own_step() -> None:
    signal = light()
    plan = plan_with(motion_correction="none")
    whole = prepare(signal, "fnirs", plan)
    density = -np.log(signal.values / signal.values.mean(axis=-1, keepdims=True))
    as_density = tuple(Channel(**{**vars(c), "kind": "od", "unit": ""}) for c in signal.channels)
    from_density = prepare(signal.with_values(density, channels=as_density), "fnirs", plan)
    np.testing.assert_allclose(from_density.signal.values, whole.signal.values, atol=1e-9)
    assert "optical density" not in from_density.steps
    molar = np.stack(planted(signal))[None] * 1e-6
    channels = (Channel("S1_D1", "hbo", "M"), Channel("S1_D1", "hbr", "M"))
    given = prepare(Signal(molar, 10.0, channels), "fnirs", plan)
    assert given.signal.channels[0].unit == "uM" and len(given.steps) == 1
    assert given.signal.values[0, 0].std() == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_gaps_are_bridged_only_when_short() -> None:
    signal = light()
    values = np.array(signal.values)
    values[0, 0, 500:515] = np.nan  # 1.5 s, one colour
    values[0, 1, 1000:1040] = np.nan  # 4 s
    out = prepare(signal.with_values(values, np.isfinite(values)), "fnirs", plan_with(motion_correction="none"))
    for index in (0, 2):  # hbo and hbr of S1_D1
        assert np.flatnonzero(~out.signal.valid[0, index]).tolist() == list(range(1000, 1040))
    assert out.signal.valid[0, [1, 3]].all()
    truth = planted(signal)[0]
    assert np.abs(out.signal.values[0, 0] - truth)[450:560].max() < 0.15
    stricter = prepare(signal.with_values(values, np.isfinite(values)), "fnirs", plan_with({"max_gap_s": 1.0}))
    assert (~stricter.signal.valid[0, 0]).sum() == 55


def test_bad_coupling_is_kept_when_the_plan_says_so() -> None:
    signal = light(heart=0.0)
    dropped, kept = (prepare(signal, "fnirs", plan_with(drop_bad_channels=d)) for d in (True, False))
    assert dropped.signal.channels == () and dropped.problems[-1].what == "No usable channel is left."
    assert len(kept.signal.channels) == 4 and {r["decision"] for r in sci_rows(kept).values()} == {"kept"}
    assert not any(p.costs_data for p in kept.problems)


def test_coupling_cannot_be_told_below_twice_the_heart_rate() -> None:
    out = prepare(light(rate=2.5), "fnirs", plan_with())
    assert len(out.signal.channels) == 4
    assert all(np.isnan(r["value"]) and r["decision"] == "not computed" for r in sci_rows(out).values())
    assert "2.5 Hz carries nothing above 1.25 Hz" in out.problems[0].what and not out.problems[0].costs_data


def test_a_band_beyond_rate_or_length_is_refused() -> None:
    with pytest.raises(BadInput, match=r"up to 0\.2 Hz, but 0\.4 Hz sampling"):
        prepare(light(rate=0.4), "fnirs", plan_with())
    with pytest.raises(BadInput, match=r"one period of which is 100 s; the recording has 60 s\. Raise .* 0\.017 Hz"):
        prepare(light(seconds=60), "fnirs", plan_with())
    told = [p.what for p in prepare(light(seconds=150), "fnirs", plan_with()).problems]
    assert told == ["The recording has 1.5 periods of the lower edge 0.01 Hz."]


def test_unknown_and_short_distances() -> None:
    signal = light()
    bare = tuple(Channel(c.name, c.kind, c.unit, wavelength=c.wavelength) for c in signal.channels)
    out = prepare(signal.with_values(signal.values, channels=bare), "fnirs", plan_with())
    assert "3 cm is assumed" in out.problems[0].done and not out.problems[0].costs_data
    np.testing.assert_allclose(out.signal.values, prepare(signal, "fnirs", plan_with()).signal.values)
    short = prepare(light(spacing=0.008), "fnirs", plan_with())
    assert short.signal.channels == () and "8 mm apart" in short.problems[0].what


def test_a_dark_or_lonely_colour_costs_its_pair() -> None:
    signal = light(pairs=3)
    values = np.array(signal.values)
    values[0, 3] = 0.0
    out = prepare(signal.with_values(values).pick([0, 1, 2, 3, 4]), "fnirs", plan_with())
    assert out.signal.names == ("S1_D1", "S1_D1")
    assert [p.where for p in out.problems] == ["S2_D1 850", "S2_D1", "S3_D1"]


def test_channels_in_any_order_give_the_same() -> None:
    signal = light(pairs=3)
    plan = plan_with()
    ordered, mixed = (
        prepare(signal, "fnirs", plan).signal,
        prepare(signal.pick([5, 2, 0, 4, 3, 1]), "fnirs", plan).signal,
    )
    for index, channel in enumerate(mixed.channels):
        same = next(i for i, c in enumerate(ordered.channels) if (c.name, c.kind) == (channel.name, channel.kind))
        np.testing.assert_allclose(mixed.values[0, index], ordered.values[0, same], atol=1e-12)


def test_what_is_no_light_is_refused() -> None:
    with pytest.raises(BadInput, match="kinds are eeg; allowed are intensity, od, or hbo and hbr"):
        prepare(Signal(np.zeros((1, 1, 9)), 10.0, (Channel("Fz", "eeg"),)), "fnirs", plan_with())
    signal = light()
    twice = Signal(np.repeat(signal.values, 2, axis=0), 10.0, signal.channels, segment_ids=(1, 2), epoched=True)
    with pytest.raises(BadInput, match="2 epochs of raw light"):
        prepare(twice, "fnirs", plan_with())
