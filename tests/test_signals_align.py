"""One clock for two people: every case is known to the sample."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Segment
from interbrain.signals.align import common_clock, cut, usable_pairs, usable_share


def line(n: int, rate: float = 10.0, start: int = 0, kind: str = "hbo") -> Signal:
    """Each sample holds its own count from the meeting's zero."""
    return Signal((start + np.arange(n, dtype=float))[None, None], rate, (Channel("C", kind),), start=start)


def epochs(ids: tuple[int, ...], n: int = 50, rate: float = 100.0) -> Signal:
    values = np.array(ids, dtype=float)[:, None, None] * 1000 + np.arange(n)
    return Signal(values, rate, (Channel("E", "eeg"),), segment_ids=ids, epoched=True)


def test_signals_that_agree_pass_untouched() -> None:
    a, b = line(100), line(100)
    got_a, got_b, notes = common_clock(a, b)
    assert got_a is a and got_b is b and notes == ()


def test_unequal_starts_and_lengths_meet_on_the_same_samples() -> None:
    a, b, notes = common_clock(line(100, start=7), line(60, start=-5))
    assert a.start == b.start == 7 and a.n_times == b.n_times == 48
    np.testing.assert_array_equal(a.values, b.values)  # each sample names its own time
    assert a.values[0, 0, 0] == 7
    assert notes == (
        "starts differ by 1.200 s; the common part is taken",
        "4.800 s are common of 10.000 and 6.000 s",
    )


def test_no_overlap_is_refused_with_both_spans() -> None:
    with pytest.raises(BadInput, match=r"one spans 0\.000 to 10\.000 s, the other 20\.000 to 30\.000 s"):
        common_clock(line(100), line(100, start=200))


@pytest.mark.parametrize(("fast_rate", "fast_start"), [(25.0, 0), (25.0, 13), (20.0, 3), (15.625, 1), (1000.0, 501)])
def test_resampling_keeps_time_to_a_fraction_of_a_sample(fast_rate: float, fast_start: int) -> None:
    def wave(n: int, rate: float, start: int) -> Signal:
        t = (start + np.arange(n)) / rate
        slow_waves = np.sin(2 * np.pi * 0.3 * t) + 0.5 * np.cos(2 * np.pi * 0.71 * t) + 2.0
        return Signal(slow_waves[None, None], rate, (Channel("C"),), start=start)

    slow, fast = wave(400, 7.8125, 5), wave(int(60 * fast_rate), fast_rate, fast_start)
    b, a, notes = common_clock(fast, slow)
    assert a.rate == b.rate == 7.8125 and a.start == b.start and a.n_times == b.n_times
    assert f"{fast_rate:g} Hz resampled to 7.8125 Hz" in notes[0]
    inner = slice(20, -20)
    error = np.abs(a.values[0, 0] - b.values[0, 0])[inner].max()
    shifted = np.abs(a.values[0, 0, 1:] - b.values[0, 0, :-1])[inner].max()
    assert error < 0.005 < 0.2 < shifted


def test_resampling_removes_what_the_slower_clock_cannot_carry() -> None:
    t = np.arange(2000) / 50
    fast = Signal(np.sin(2 * np.pi * 8.0 * t)[None, None], 50.0, (Channel("C"),))
    got = common_clock(fast, line(400, 10.0))[0]
    assert np.abs(got.values[0, 0, 20:-20]).max() < 0.02  # would be an alias at 2 Hz


def test_masks_are_carried_through_resampling() -> None:
    valid = np.ones((1, 1, 400), dtype=bool)
    valid[0, 0, 101] = False
    fast = line(400, 20.0)
    got = common_clock(fast.with_values(fast.values, valid), line(200, 10.0))[0]
    # 101 lies between the new samples 50 (old 100) and 51 (old 102)
    assert np.flatnonzero(~got.valid[0, 0]).tolist() == [50, 51]
    np.testing.assert_allclose(got.values[0, 0, 30:40], np.arange(60, 80, 2), atol=0.05)


def test_clocks_that_drift_apart_are_refused() -> None:
    with pytest.raises(BadInput, match="drift apart"):
        common_clock(line(100, 99.9987), line(100, 100.0))
    a, b, notes = common_clock(line(100, 10.0), line(100, 10.0 + 1e-7))
    assert a.rate == b.rate == 10.0 and "taken as one" in notes[0]
    np.testing.assert_array_equal(a.values, b.values)


def test_epochs_are_matched_by_id_never_by_position() -> None:
    a, b, notes = common_clock(epochs((1, 2, 4, 7)), epochs((7, 5, 2, 4, 9)))
    assert a.segment_ids == b.segment_ids == (2, 4, 7)
    np.testing.assert_array_equal(a.values, b.values)
    assert notes == ("3 of 5 epochs common",)


def test_the_same_epochs_in_another_order() -> None:
    a, b, notes = common_clock(epochs((1, 2, 3)), epochs((3, 1, 2)))
    np.testing.assert_array_equal(a.values, b.values)
    assert notes == ()


def test_refusals_about_epochs() -> None:
    with pytest.raises(BadInput, match=r"No epoch is common: one person has 2 \(1, 2\), the other 2 \(3, 4\)"):
        common_clock(epochs((1, 2)), epochs((3, 4)))
    with pytest.raises(BadInput, match="is epochs, the other's continuous"):
        common_clock(epochs((1, 2)), line(100, 100.0))
    with pytest.raises(BadInput, match="epochs are cut already"):
        cut(epochs((1, 2)), epochs((1, 2)), Segment("task", 0.1, 0.3), None, None)


def test_segments_that_follow_each_other_share_and_lose_no_sample() -> None:
    a = line(100, 7.8125, start=3)
    parts = [Segment("one", 0.0, 4.0), Segment("two", 4.0, 4.1), Segment("three", 4.1, 7.68), Segment("four", 7.68)]
    blocks = [cut(a, a, part, None, None)[0].values[0, 0] for part in parts]
    np.testing.assert_array_equal(np.concatenate(blocks), a.values[0, 0])
    assert blocks[1].tolist() == [32.0]  # 4.0 s × 7.8125 = 31.25, so sample 32 is the first not before it
    assert blocks[3][0] == 60.0  # 7.68 s × 7.8125 is exactly sample 60


def test_a_whole_segment_takes_everything_and_an_outside_one_nothing() -> None:
    a = line(50, start=-10)
    assert cut(a, a, Segment("whole"), None, None)[0].shape == (1, 1, 50)
    assert cut(a, a, Segment("rest", 0.0, 2.0), None, None)[0].values[0, 0].tolist() == list(range(20))
    with pytest.raises(BadInput, match=r"'late' is 60 s to the end; the recordings share -1\.000 to 4\.000 s"):
        cut(a, a, Segment("late", 60.0), None, None)
    with pytest.raises(BadInput, match="common_clock first"):
        cut(a, line(50), Segment("whole"), None, None)


def test_kinds_and_filling() -> None:
    values = np.stack([np.arange(10.0), np.arange(10.0) + 100])[None]
    values[0, 0, 3:5] = np.nan
    a = Signal(values, 10.0, (Channel("C", "hbo"), Channel("C", "hbr")))
    hbo, both = cut(a, a, Segment("whole"), "hbo", None)
    np.testing.assert_allclose(hbo.values[0, 0], np.arange(10.0))
    assert (~hbo.valid[0, 0]).nonzero()[0].tolist() == [3, 4] and both.shape == (1, 2, 10)
    with pytest.raises(BadInput, match="No channel of kind 'eeg'; the kinds there are: hbo, hbr"):
        cut(a, a, Segment("whole"), "eeg", None)
    np.testing.assert_allclose(usable_pairs(both, both), [[0.8, 0.8], [0.8, 1.0]])
    assert usable_share(both, both) == pytest.approx(0.85)
    assert usable_share(hbo, both) == pytest.approx(0.8)


def test_the_real_pair_has_25_epochs_in_common(data_dir: object) -> None:
    import mne

    sides = []
    for person in (1, 2):
        file = data_dir / "eeg-pair" / f"person-{person}-epo.fif"  # type: ignore[operator]
        read = mne.read_epochs(file, verbose="ERROR")
        channels = tuple(Channel(n, "eeg", "V") for n in read.ch_names)
        ids = tuple(int(i) for i in read.selection)
        sides.append(Signal(read.get_data(copy=True), read.info["sfreq"], channels, segment_ids=ids, epoched=True))
    a, b, notes = common_clock(*sides)
    assert notes == ("25 of 33 epochs common",) and len(a.segment_ids) == 25
    for got, side in ((a, sides[0]), (b, sides[1])):
        for row in (0, 11, 24):
            np.testing.assert_array_equal(got.values[row], side.values[side.segment_ids.index(a.segment_ids[row])])
