"""Recordings that are secretly the same, planted and real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfiltfilt

from interbrain.data.signal import Channel, Signal
from interbrain.signals import twins
from interbrain.signals.twins import find_twins, fingerprint


def recording(seed: int, n: int = 6000, n_channels: int = 3, rate: float = 10.0) -> np.ndarray:
    white = np.random.default_rng(seed).standard_normal((1, n_channels, n))
    return lfilter([1], [1, -0.9], white, axis=-1)


def signal(values: np.ndarray, rate: float = 10.0, **more: object) -> Signal:
    return Signal(values, rate, tuple(Channel(f"C{c}") for c in range(values.shape[1])), **more)  # type: ignore[arg-type]


def twins_of(**values: np.ndarray) -> list:
    return find_twins({name: fingerprint(signal(v)) for name, v in values.items()})


def test_different_recordings_are_no_twins() -> None:
    assert twins_of(**{f"r{k}": recording(k) for k in range(12)}) == []
    assert find_twins({}) == []


def test_the_same_recording_twice() -> None:
    (twin,) = twins_of(a=recording(0), b=recording(1), c=recording(0))
    assert (twin.id_a, twin.id_b, twin.offset_s, twin.n_channels) == ("a", "c", 0.0, 3)
    assert twin.share > 0.97 and 580 < twin.seconds <= 600


@pytest.mark.parametrize("later", [1, 137, 2501])
def test_a_part_at_any_offset_after_a_change_of_gain_offset_and_polarity(later: int) -> None:
    a, b = recording(0), recording(1)
    b[..., later : later + 2000] = 40.0 - 3.7 * a[..., 3000:5000]
    (twin,) = twins_of(a=a, b=b)
    assert twin.offset_s == pytest.approx((later - 3000) / 10)
    assert 180 < twin.seconds <= 200 and twin.share == pytest.approx(twin.seconds / 600)


def test_one_shared_channel_under_another_number() -> None:
    a, b = recording(0), recording(1)
    b[0, 2] = a[0, 0]
    (twin,) = twins_of(a=a, b=b)
    assert twin.n_channels == 1 and twin.offset_s == 0


def test_rest_lines_codes_and_slow_waves_do_not_make_twins() -> None:
    still = [np.where(np.random.default_rng(k).random((1, 1, 6000)) < 0.01, 5.0, 0.0) for k in (0, 1)]
    assert twins_of(a=still[0], b=still[1]) == []
    steps = [np.random.default_rng(k).integers(0, 3, (1, 1, 6000)).astype(float) for k in (0, 1)]
    assert twins_of(a=steps[0], b=steps[1]) == []
    ramp = np.linspace(0, 1, 6000)[None, None]
    assert twins_of(a=ramp, b=3 * ramp + 1) == []
    sos = butter(3, 0.1, fs=10.0, output="sos")
    slow = {f"s{k}": sosfiltfilt(sos, recording(k, n_channels=4), axis=-1) for k in range(10)}
    assert twins_of(**slow) == []


def test_gaps_do_not_hide_a_twin() -> None:
    a = recording(0)
    b = a.copy()
    b[..., 1000:1400] = np.nan
    (twin,) = twins_of(a=a, b=b)
    assert twin.share > 0.97


def test_epochs_of_one_recording_with_different_losses() -> None:
    long = recording(5, n=33 * 500, n_channels=2).reshape(1, 2, 33, 500)[0].swapaxes(0, 1)
    keep_a, keep_b = [i for i in range(33) if i % 7], [i for i in range(33) if i % 5]
    sides = [
        fingerprint(signal(long[k], 500.0, segment_ids=tuple(k), epoched=True)) for k in (keep_a, keep_b)
    ]  # fmt: skip
    (twin,) = find_twins({"a": sides[0], "b": sides[1]})
    assert twin.offset_s == 0


def test_many_copies_are_all_named() -> None:
    copies = {f"r{k:02d}": fingerprint(signal(recording(0, n=3000, n_channels=1))) for k in range(20)}
    assert {t.id_b for t in find_twins(copies)} == set(list(copies)[1:])
    few = {name: copies[name] for name in list(copies)[:5]}
    assert len(find_twins(few)) == 10


def test_a_table_at_a_time_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = {f"r{k:02d}": fingerprint(signal(recording(k % 7, n=3000))) for k in range(40)}
    at_once = find_twins(copies)
    monkeypatch.setattr(twins, "AT_ONCE", 500)
    assert len(list(twins._tables(list(copies.values())))) > 8
    assert len(at_once) > 40 and find_twins(copies) == at_once


def test_the_negotiation_that_is_there_twice(data_dir: Path) -> None:
    prints = {}
    for file in sorted((data_dir / "motion-negotiation").glob("*.txt")):
        frames = np.loadtxt(file, usecols=(1, 0))  # column 2 is participant 1, column 1 participant 2
        prints[file.stem] = fingerprint(signal(frames.T[None], 25.0))
    for file in sorted((data_dir / "motion-therapy").glob("*/*.txt")):
        prints[file.stem] = fingerprint(signal(np.loadtxt(file, skiprows=1).T[None], 25.0))
    assert len(prints) == 32
    (twin,) = find_twins(prints)
    assert (twin.id_a, twin.id_b, twin.offset_s, twin.n_channels) == ("MEA_video111", "MEA_video112", 0.0, 2)
    assert 18670 / 25 - 10 < twin.seconds <= 18670 / 25 and twin.share > 0.98
