"""Event synchronisation against PySpike, the paper's formula pair by pair, and two people tapping together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import eventsync
from interbrain.measures._events import matched, onsets, peaks


def block(values, rate=1.0) -> Block:
    values = np.asarray(values, dtype=float)
    values = values if values.ndim == 3 else np.atleast_2d(values)[None]
    return Block(np.nan_to_num(values), np.isfinite(values), rate, len(values) > 1)


def measured(a, b, windows=None, rate=1.0, **asked) -> Estimate:
    settings = resolve_settings(eventsync.RECORD, asked)
    return eventsync.reduce(eventsync.combine(*(eventsync.prepare(block(x, rate), settings) for x in (a, b))), windows)


def points(times, n=8000):
    out = np.zeros(n)
    out[np.asarray(times, dtype=int)] = 1
    return out


def two_trains(seed=41):
    random = np.random.default_rng(seed)
    a = np.sort(random.choice(4000, 150, replace=False))
    b = np.concatenate([a[::2] + random.integers(-3, 6, 75), random.choice(4000, 60, replace=False)])
    return 2 * a, 2 * np.unique(np.clip(b, 0, 3999))  # never in neighbouring samples, where two would be one onset


def by_formula(x, y, longest):
    """Quian Quiroga et al. (2002), equations 1 to 3, with the local τ, over all pairs: (c(y|x), c(x|y)), halves for
    events at once; and the delays."""
    first, then, delays = 0.0, 0.0, []
    for i in range(len(x)):
        for j in range(len(y)):
            steps = [np.diff(s)[k] for s, at in ((x, i), (y, j)) for k in (at - 1, at) if 0 <= k < len(s) - 1]
            delay = y[j] - x[i]
            if delay == 0 or (abs(delay) < min(steps) / 2 and abs(delay) <= longest):
                first += 0.5 if delay == 0 else delay > 0
                then += 0.5 if delay == 0 else delay < 0
                delays.append(delay)
    return first, then, delays


def test_coincidences_of_pyspike():
    """PySpike 0.9.0: ``spike_sync(a, b)`` .45936395759717313 and ``spike_directionality(a, b, normalize=False)`` 7, on
    half the times, with edges −10 and 4010. It divides by the mean number of events, event
    synchronisation by the geometric mean."""
    a, b = two_trains()
    found = measured(points(a), points(b), events="onsets", max_lag_s=1000.0)
    pairs = 0.45936395759717313 * (len(a) + len(b)) / 2
    assert found.value.item() == pytest.approx(pairs / np.sqrt(len(a) * len(b)), rel=1e-12)
    assert found.extra["asymmetry"].item() == pytest.approx(7 / np.sqrt(len(a) * len(b)), rel=1e-12)


@pytest.mark.parametrize("longest", [0.0, 1.0, 3.0, 50.0])
def test_the_papers_formula(longest):
    a, b = two_trains(42)
    first, then, delays = by_formula(a, b, longest)
    found = measured(points(a), points(b), events="onsets", rate=2.0, max_lag_s=longest / 2)
    size = np.sqrt(len(a) * len(b))
    assert found.value.item() == pytest.approx((first + then) / size)
    assert found.extra["asymmetry"].item() == pytest.approx((first - then) / size)
    assert found.lag_s.item() == pytest.approx(np.mean(delays) / 2)
    assert found.extra["pairs"].item() == len(delays)


def test_an_event_between_two_has_no_two_partners():
    """Taps in turn, each just between two of the other's: the limit of the paper's formula would give more than 1."""
    a, b = np.arange(10, 1000, 20), np.arange(20, 1000, 20)
    assert measured(points(a), points(b), events="onsets", max_lag_s=100.0).value.item() == 0
    a, b = np.arange(10, 1000, 20), np.arange(14, 1000, 20)
    found = measured(points(a), points(b), events="onsets", rate=4.0, max_lag_s=10.0)
    assert found.value.item() == 1 and found.extra["asymmetry"].item() == 1 and found.lag_s.item() == 1
    back = measured(points(b), points(a), events="onsets", rate=4.0, max_lag_s=10.0)
    assert back.value.item() == 1 and back.extra["asymmetry"].item() == -1 and back.lag_s.item() == -1


def test_people_who_tap_together(data_dir):
    """Five pairs, 100 trials each: more taps coincide in the same trial than with the next one, where rhythm alone
    brings seven or eight of ten together; the delays are those of the tap times."""
    for pair in (110, 114, 116, 117, 118):
        taps = pd.read_csv(data_dir / "tapping" / f"{pair}.csv").drop_duplicates(["block", "trial", "subject", "tapnr"])
        trials = [g for _, g in taps.groupby(["block", "trial"])][:100]
        x = np.zeros((2, len(trials), 1, int(taps.ttap.max() * 100) + 2))
        first = then = 0.0
        for e, trial in enumerate(trials):
            sides = [np.sort((trial.ttap[trial.subject == s] * 100).round().astype(int)) for s in (1, 2)]
            for who, side in enumerate(sides):
                x[who, e, 0, side] = 1
            pairs = by_formula(*sides, 30) if e < 20 else (0.0, 0.0, [])
            first, then = first + pairs[0], then + pairs[1]
        asked = {"rate": 100.0, "convention": "onsets", "max_lag_s": 0.3}
        some = measured(x[0, :20], x[1, :20], **asked)
        assert some.value.item() == pytest.approx(
            (first + then) / np.sqrt(some.extra["n_a"] * some.extra["n_b"]).item()
        )
        together = measured(x[0], x[1], **asked).value.item()
        assert together > measured(x[0], np.roll(x[1], 1, axis=0), **asked).value.item() + 0.1


def test_peaks_stand_out_and_keep_away_from_gaps():
    course = np.array([0, 2, 0, 0.4, 0, 5, 4.8, 5.1, 0, 3, 0, 0], dtype=float)
    everywhere = np.ones(12, dtype=bool)
    assert peaks(course, everywhere, 0.0, 1).tolist() == [1, 3, 5, 7, 9]
    assert peaks(course, everywhere, 1.0, 1).tolist() == [1, 7, 9]
    assert peaks(course, everywhere, 1.0, 3).tolist() == [1, 7]
    assert peaks(course, np.arange(12) != 2, 0.3, 1).tolist() == [7, 9]
    scaled = (course - course.mean()) / course.std()
    found = measured(course, 9 * course + 1, threshold=1 / course.std())
    assert found.extra["n_a"].item() == found.extra["pairs"].item() == 3 and found.value.item() == 1
    assert measured(course, scaled, threshold=3.0).value.item() != 1


def test_an_onset_is_the_first_sample_above():
    course = np.array([1, 0, 0.5, 1, 1, 0, 2, 0, 3], dtype=float)
    valid = np.arange(9) != 7
    assert onsets(course, valid, 0.0).tolist() == [2, 6]  # not where a course begins above, nor after a gap
    assert onsets(course, valid, 0.5).tolist() == [3, 6]


def test_gaps_epochs_and_windows():
    """Events while the other is missing are not counted; epochs are summed; windows are recordings of their own."""
    a, b = two_trains()
    x, y = points(a), points(b)
    y[1001:1500] = np.nan
    found = measured(x, y, events="onsets")
    assert found.extra["n_a"].item() == ((a < 1001) | (a >= 1500)).sum()
    assert found.coverage.item() == 7501 / 8000
    rows = slice(1000, 8000)
    cut = [np.stack([points(s)[:1000], points(s)[1000:2000]])[:, None] for s in (a, b)]
    both = measured(*cut, events="onsets")
    parts = [measured(c[e, 0], d[e, 0], events="onsets") for c, d in [cut] for e in (0, 1)]
    assert both.extra["pairs"].item() == sum(p.extra["pairs"].item() for p in parts)
    expected = both.extra["pairs"] / np.sqrt(both.extra["n_a"] * both.extra["n_b"])
    np.testing.assert_allclose(both.value, expected)
    windows = measured(points(a), points(b), np.array([[0, 1000], [1000, 8000]]), events="onsets")
    alone = measured(points(a)[rows], points(b)[rows], events="onsets")
    np.testing.assert_array_equal(windows[1].value, alone.value)
    assert windows[0].value.item() != windows[1].value.item()


def test_an_unseen_event_still_bounds_its_neighbours():
    """A's event at 12 is where B is missing: the one at 10 still reaches only one sample."""
    a, b = np.array([10, 12, 40]), np.array([8, 40])
    seen = np.array([True, False, True]), np.ones(2, dtype=bool)
    assert matched(a, b, 9.0, *seen).at_once == 1 and matched(a, b, 9.0, *seen).after == 0
    assert matched(a[[0, 2]], b, 9.0, seen[0][[0, 2]], seen[1]).after == 1


def test_nothing_can_be_said():
    a, b = two_trains()
    few = measured(points(a), points([5, 900]), events="onsets")
    assert np.isnan(few.value).all() and np.isnan(few.lag_s).all()
    assert np.isnan(measured(points(a), np.zeros(8000)).value).all()
    apart = measured(points([10, 200, 400]), points([100, 300, 500]), events="onsets")
    assert apart.value.item() == 0 and np.isnan(apart.lag_s).all()
    for asked, message in (
        ({"events": "troughs"}, "events is 'troughs'"),
        ({"apart_s": -1.0}, "allowed are numbers at least 0"),
        ({"max_lag_s": -1.0}, "allowed are numbers at least 0"),
    ):
        with pytest.raises(BadInput, match=message):
            measured(points(a), points(b), **asked)
    with pytest.raises(RefusedScience, match="hold no events"):
        measured([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(BadInput, match="on one clock"):
        measured(points(a), points(b)[:3000])
