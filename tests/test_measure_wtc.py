"""Wavelet coherence against two other programs, a slow twin, planted truth and its own full-rate map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import butter, sosfiltfilt

import naive_wtc
from interbrain.arrays import wavelet
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference.surrogates import circular_shift
from interbrain.measures import wtc
from interbrain.measures._wavelet_grid import choose_scales
from interbrain.measures._wavelet_map import away_from_gaps, scale_kernel

PAIRS = (
    "fcs01_1_S8_D6_hbo",
    "fcs01_2_S6_D6_hbo",
    "fcs01_3_S2_D1_hbo",
    "syn1_sine0p1_lag60",
    "syn2_noise_delay8_coh0p64",
)
RATE = 1 / 0.128
SLOW = {"bands": {"slow": (1 / 30, 1 / 8)}}


def block(values: np.ndarray, rate: float = 5.0, valid: np.ndarray | None = None) -> Block:
    values = np.atleast_2d(values)[None]
    return Block(values, np.ones(values.shape, dtype=bool) if valid is None else valid[None], rate)


def estimate(a: Block, b: Block, settings: dict | None = None):
    settings = settings or SLOW
    return wtc.reduce(wtc.combine(wtc.prepare(a, settings), wtc.prepare(b, settings)))


def noise(seed: int, *shape: int, red: bool = False) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal(shape)
    return np.cumsum(found, axis=-1) / 10 if red else found


@pytest.fixture(scope="module")
def reference(data_dir: Path) -> Path:
    return data_dir / "reference" / "wavelet-coherence"


def series(reference: Path, pair: str) -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_csv(reference / f"{pair}_input.csv")
    return table["x"].to_numpy(), table["y"].to_numpy()


@pytest.mark.parametrize("software", ["biwavelet", "pycwt"])
@pytest.mark.parametrize("pair", PAIRS)
def test_named_conventions_reproduce_the_maps_of_other_programs(reference, pair, software):
    x, y = series(reference, pair)
    found = wtc.coherence_map(x, y, RATE, s0=0.256, n_scales=97, convention=software)
    with np.load(reference / f"{pair}__{software}.npz") as theirs:
        np.testing.assert_allclose(found.rsq, theirs["rsq"], atol=1e-6)
        np.testing.assert_allclose(np.exp(1j * found.raw_phase), np.exp(1j * theirs["phase"]), atol=1e-6)
        np.testing.assert_allclose(found.coi, theirs["coi"], rtol=1e-9)
        np.testing.assert_allclose(found.period, theirs["period"], rtol=1e-12)
        np.testing.assert_allclose(found.scale, theirs["scale"], rtol=1e-12)


@pytest.mark.parametrize("software", ["biwavelet", "pycwt"])
def test_named_conventions_reproduce_band_means_of_other_programs(reference, software):
    table = pd.read_csv(reference / "wtc_band_means.csv").query("software == @software")
    bands = {"P3.2-6.4s": (1 / 6.4, 1 / 3.2), "P6.4-12.8s": (1 / 12.8, 1 / 6.4), "P12.8-25.6s": (1 / 25.6, 1 / 12.8)}
    x, y = series(reference, PAIRS[0])
    found = estimate(block(x, RATE), block(y, RATE), {"convention": software, "bands": bands})
    theirs = table[table["pair"] == PAIRS[0]].set_index("band").loc[list(bands)]
    np.testing.assert_allclose(found.value[0, 0, :, 0], theirs["mean_rsq_inside_coi"], atol=5e-7)
    cells = theirs["n_cells_inside_coi"] / (theirs["n_scales"] * len(x))
    np.testing.assert_allclose(found.coverage[0, 0, :, 0], cells, rtol=1e-12)


def test_time_axis_is_sample_over_rate():
    found = wtc.coherence_map(noise(1, 300), noise(2, 300), 7.0)
    np.testing.assert_array_equal(found.t, np.arange(300) / 7.0)
    assert len(found.columns(100).t) == 100
    np.testing.assert_array_equal(found.columns(100).rsq, found.rsq[:, ::3])


def test_map_equals_direct_sums():
    x, y = noise(3, 2, 160)
    y[3:] += x[:-3]
    scales = 5.0 * 2 ** (np.arange(22) / 12)
    kernel = np.array([0.1, 1, 1, 1, 1, 1, 1, 1, 0.1]) / 7.2
    rsq, phase = naive_wtc.coherence(x, y, scales, kernel)
    found = wtc.coherence_map(x, y, 1.0, scales=scales)
    np.testing.assert_allclose(found.rsq, rsq, atol=2e-6)
    np.testing.assert_allclose(np.exp(1j * found.phase), np.exp(1j * phase), atol=2e-6)
    for j, scale in enumerate(scales):
        np.testing.assert_array_equal(found.inside[j], naive_wtc.inside(160, scale, np.ones(160, dtype=bool)))


def test_boxcar_over_scales_is_as_wide_as_it_says():
    for dj, voices in ((1 / 12, 12), (1 / 8, 8), (1 / 20, 20)):
        taps, first = scale_kernel("exact", dj)
        assert taps.sum() == pytest.approx(1)
        assert taps.sum() / taps.max() == pytest.approx(0.6 * voices)
        assert first == -(len(taps) // 2)


def test_interval_weights_integrate_between_points():
    weights = wavelet.interval_weights(2.3, 9.6, 0, 14, 6)
    point = np.arange(14)
    for power in range(6):
        assert weights @ point**power == pytest.approx((9.6 ** (power + 1) - 2.3 ** (power + 1)) / (power + 1))
    assert weights[6] == pytest.approx(1)


@pytest.mark.parametrize("red", [False, True])
@pytest.mark.parametrize(
    ("n", "rate", "band"),
    [
        (3000, 5.0, (8, 30)),
        (1500, RATE, (3.2, 6.4)),
        (1500, RATE, (12.8, 25.6)),
        (700, 5.0, (10, 22)),
        (4000, 10, (3, 60)),
    ],
)
def test_reduced_path_equals_the_full_rate_map(n, rate, band, red):
    x, y = noise(5, 2, 3, n, red=red)
    y[:, 8:] = 0.8 * x[:, :-8] + 0.6 * y[:, 8:]
    settings = {"bands": {"band": (1 / band[1], 1 / band[0])}}
    fast = estimate(block(x, rate), block(y, rate), settings)
    full = estimate(block(x, rate), block(y, rate), {**settings, "path": "full"})
    np.testing.assert_allclose(fast.value, full.value, atol=1e-3)
    assert abs(np.mean(fast.value - full.value)) < 3e-4
    assert np.abs(np.angle(np.exp(1j * (fast.phase - full.phase))))[full.value > 0.3].max() < 0.01
    np.testing.assert_allclose(fast.coverage, full.coverage, rtol=1e-6)
    np.testing.assert_allclose(fast.n_effective, full.n_effective, rtol=1e-6)


def test_reduced_path_keeps_weak_bands_of_filtered_series_exact():
    x, y = sosfiltfilt(butter(4, (0.01, 0.1), "band", fs=5, output="sos"), noise(7, 2, 3, 3000))
    y += x
    settings = {"bands": {"beyond the filter": (0.1, 0.4)}}
    full = estimate(block(x), block(y), {**settings, "path": "full"})
    np.testing.assert_allclose(estimate(block(x), block(y), settings).value, full.value, atol=1e-3)


@pytest.mark.parametrize(("kernel", "n"), [("exact", 12), ("exact", 7), ("biwavelet", 11), ("pycwt", 12)])
def test_fewer_scales_stand_for_all(kernel, n):
    taps, first = scale_kernel(kernel, 1 / 12)
    chosen = choose_scales(n, 30.0, taps, first, 6.0, 1 / 12)
    assert len(chosen.positions) < n
    assert (chosen.taps >= 0).all()
    assert len(chosen.around) == len(chosen.positions) + len(chosen.taps) - 1
    # What a product of two wavelet coefficients looks like over scales: sines of one frequency each, far and near.
    sigma = 12 / (np.sqrt(2) * 6 * np.log(2))
    for centre in np.linspace(-6, n + 5, 30):
        product = lambda index, at=centre: np.exp(-0.5 * ((index - at) / sigma) ** 2)  # noqa: E731
        every = np.array([taps @ product(j + first + np.arange(len(taps))) for j in range(n)])
        some = np.array([chosen.taps @ product(p) for p in sliding_window_view(chosen.around, len(chosen.taps))])
        np.testing.assert_allclose(some, np.interp(chosen.positions, np.arange(n), every), atol=0.02)
        assert chosen.weights @ some == pytest.approx(every.sum(), abs=0.005 * n)


def test_a_narrow_band_of_many_voices():
    x, y = noise(23, 2, 3000)
    settings = {"bands": {"narrow": (0.1, 0.107)}, "voices": 64}  # seven scales, less than one step of the coarse grid
    full = estimate(block(x), block(x + y), {**settings, "path": "full"})
    assert estimate(block(x), block(x + y), settings).value == pytest.approx(full.value, abs=1e-3)


def test_few_scales_and_scales_near_half_the_rate_are_all_kept():
    taps, first = scale_kernel("exact", 1 / 12)
    assert len(choose_scales(4, 30.0, taps, first, 6.0, 1 / 12).positions) == 4
    assert len(choose_scales(12, 3.0, taps, first, 6.0, 1 / 12).positions) == 12


SHARES = ("in_phase", "a_leads", "b_leads", "anti_phase")


def test_shares_of_the_phase_are_those_of_the_map():
    x, y = noise(21, 2, 1500)
    y[4:] += x[:-4]
    settings = {"bands": {"band": (1 / 16, 1 / 8)}}
    whole = wtc.coherence_map(x, y, 5.0, scales=2.0 ** (np.arange(32, 53) / 12) / wavelet.fourier_factor())
    degrees = np.degrees(whole.phase[4:17])[whole.inside[4:17]]
    by_hand = [
        (abs(degrees) <= 45).mean(),
        ((degrees > 45) & (degrees < 135)).mean(),
        ((degrees < -45) & (degrees > -135)).mean(),
        (abs(degrees) >= 135).mean(),
    ]
    assert min(by_hand) > 0.01 and by_hand[0] != pytest.approx(by_hand[1], abs=0.05)
    full = estimate(block(x), block(y), {**settings, "path": "full"})
    np.testing.assert_allclose([full.extra[k].item() for k in SHARES], by_hand, atol=1e-9)
    fast = estimate(block(x), block(y), settings)
    np.testing.assert_allclose([fast.extra[k].item() for k in SHARES], by_hand, atol=0.02)


@pytest.mark.parametrize("path", ["reduced", "full"])
@pytest.mark.parametrize(("quarters", "share"), list(enumerate(SHARES[:2] + SHARES[3:] + SHARES[2:3])))
def test_each_planted_phase_has_its_share(path, quarters, share):
    time = np.arange(2000) / 5
    x = np.sin(2 * np.pi * time / 10)
    y = np.sin(2 * np.pi * (time / 10 - quarters / 4))
    found = estimate(block(x), block(y), {"bands": {"ten": (1 / 11, 1 / 9)}, "path": path})
    assert found.extra[share].item() == pytest.approx(1, abs=1e-6)
    assert sum(found.extra[k].item() for k in SHARES) == pytest.approx(1, abs=1e-6)


def test_gaps_do_not_count_among_the_shares_and_an_unknown_pair_has_none():
    time = np.arange(3000) / 5
    x, y = (np.sin(2 * np.pi * (time / 10 - late)) for late in (0, 0.25))
    y[1500:] = x[1500:]
    valid = np.ones((2, 3000), dtype=bool)
    valid[0, 1450:] = False
    valid[1] = False
    found = estimate(block(np.stack([x, x]), valid=valid), block(y), {"bands": {"ten": (1 / 11, 1 / 9)}})
    assert found.extra["a_leads"][0].item() == pytest.approx(1, abs=1e-6)
    assert np.isnan(found.extra["in_phase"][1]).all()


def test_full_path_is_the_mean_of_the_map():
    x, y = noise(6, 2, 900)
    settings = {"bands": {"band": (1 / 16, 1 / 8)}, "path": "full"}
    found = estimate(block(x), block(y), settings)
    periods = 2.0 ** (np.arange(32, 53) / 12)
    whole = wtc.coherence_map(x, y, 5.0, scales=periods / wavelet.fourier_factor())
    rows = slice(4, 17)
    assert whole.period[rows][[0, -1]] == pytest.approx([8, 16])
    inside = whole.inside[rows]
    assert found.value.item() == pytest.approx(whole.rsq[rows][inside].mean(), rel=1e-9)
    coherency = np.sqrt(whole.rsq[rows]) * np.exp(1j * whole.phase[rows])
    assert found.phase.item() == pytest.approx(np.angle(coherency[inside].sum()), rel=1e-7)
    assert found.coverage.item() == pytest.approx(inside.mean(), rel=1e-9)


def test_known_coherence_is_recovered_where_the_lag_is_short_against_the_scale(reference):
    x, y = series(reference, PAIRS[4])
    bands = {"mid": (1 / 12.8, 1 / 6.4)}
    found = estimate(block(x, RATE), block(y, RATE), {"bands": bands})
    # Bias: averaging few cells raises, the lag of 1.024 s lowers; the slack is the sampling error of one recording.
    assert found.value.item() == pytest.approx(0.64, abs=0.08)
    values = []
    for seed in range(12):
        x, e = noise(100 + seed, 2, 3000)
        values.append(estimate(block(x), block(0.8 * x + 0.6 * e)).value.item())
    # Without a lag only the bias upwards is left: about (1 - 0.64)² / (cells averaged).
    assert 0.64 < np.mean(values) < 0.72


def test_phase_lag_is_positive_when_a_leads(reference):
    x, y = series(reference, PAIRS[3])
    bands = {"around": (0.09, 0.111)}
    found = estimate(block(x, RATE), block(y, RATE), {"bands": bands})
    assert found.phase.item() == pytest.approx(np.pi / 3, abs=0.05)
    assert found.lag_s.item() == pytest.approx(10 / 6, abs=0.08)
    back = estimate(block(y, RATE), block(x, RATE), {"bands": bands})
    assert back.phase.item() == pytest.approx(-found.phase.item(), abs=1e-5)
    assert back.value.item() == pytest.approx(found.value.item(), abs=1e-6)
    whole = wtc.coherence_map(x, y, RATE)
    row = np.argmin(np.abs(whole.period - 10))
    assert np.median(whole.phase[row][whole.inside[row]]) == pytest.approx(np.pi / 3, abs=0.05)


def test_lag_of_one_sample_is_seen():
    x = noise(8, 4001)
    found = estimate(block(x[1:]), block(x[:-1]))
    assert found.lag_s.item() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("path", ["reduced", "full"])
def test_a_series_with_itself_is_one_and_gain_changes_nothing(path):
    settings = {**SLOW, "path": path}
    x, y = noise(9, 2, 1200, red=True)
    own = estimate(block(x), block(x), settings)
    assert own.value.item() == pytest.approx(1, abs=2e-6)
    assert own.phase.item() == pytest.approx(0, abs=1e-6)
    plain = estimate(block(x), block(y), settings)
    gained = estimate(block(1e-7 * x + 3), block(-4e5 * y), settings)
    assert gained.value.item() == pytest.approx(plain.value.item(), abs=1e-6)
    assert abs(abs(gained.phase.item() - plain.phase.item()) - np.pi) < 1e-4


def test_each_band_and_pair_has_its_own_number():
    n = 3000
    time = np.arange(n) / 5
    a, b = noise(10, 3, n), noise(11, 2, n)
    a[2] += 3 * np.sin(2 * np.pi * time / 10)
    b[1] += 3 * np.sin(2 * np.pi * time / 10)
    bands = {"ten": (1 / 12, 1 / 8.5), "twenty": (1 / 26, 1 / 18)}
    found = estimate(block(a), block(b), {"bands": bands})
    assert found.value.shape == (3, 2, 2, 1)
    assert found.bands == ("ten", "twenty")
    assert found.value[2, 1, 0, 0] > 0.9
    others = found.value[:, :, 0, 0].copy()
    others[2, 1] = 0
    assert others.max() < 0.65
    assert found.value[2, 1, 1, 0] < 0.7
    alone = estimate(block(a[2]), block(b[1]), {"bands": bands})
    np.testing.assert_allclose(alone.value[0, 0], found.value[2, 1], atol=1e-6)


def gaps(n: int) -> np.ndarray:
    valid = np.ones((2, n), dtype=bool)
    valid[0, 1000:1040] = False
    valid[1, 1900] = False
    valid[1, :60] = False
    return valid


def test_gaps_are_left_out_like_the_ends():
    n = 3000
    scales = np.array([7.5, 40.0])
    valid = gaps(n)[0]
    np.testing.assert_array_equal(
        away_from_gaps(valid[:1200], scales) & naive_wtc.inside(1200, 40.0, np.ones(1200, dtype=bool)),
        np.stack(
            [
                naive_wtc.inside(1200, 7.5, valid[:1200]) & naive_wtc.inside(1200, 40.0, np.ones(1200, dtype=bool)),
                naive_wtc.inside(1200, 40.0, valid[:1200]),
            ]
        ),
    )
    x, y = noise(12, 2, 20, n)
    y += x
    missing = np.repeat(gaps(n), 10, axis=0)
    wild = np.where(missing, x, 1e6)
    fast = estimate(block(wild, valid=missing), block(y))
    some = [0, 19]
    full = estimate(block(wild[some], valid=missing[some]), block(y[some]), {**SLOW, "path": "full"})
    both = np.ix_(some, some)
    whole = estimate(block(x), block(y))
    np.testing.assert_allclose(fast.value[both], full.value, atol=1e-3)
    np.testing.assert_allclose(fast.coverage[both], full.coverage, atol=2e-3)
    assert (fast.coverage < whole.coverage - 0.04).all()
    assert (fast.n_effective < whole.n_effective).all()
    paired = np.arange(20)
    shift = (fast.value - whole.value)[paired, paired]
    assert abs(shift.mean()) < 0.02 and np.abs(shift).max() < 0.08


def test_a_flat_or_empty_channel_gives_no_number_and_spares_the_others():
    x, y = noise(13, 2, 3, 1500)
    x[1] = 0.1
    valid = np.ones((3, 1500), dtype=bool)
    valid[2] = False
    found = estimate(block(x, valid=valid), block(y))
    assert np.isnan(found.value[1:]).all() and np.isnan(found.phase[1:]).all()
    assert (found.coverage[1:] == 0).all()
    assert np.isfinite(found.value[0]).all()


def test_a_band_too_slow_for_the_recording_is_told():
    found = estimate(*(block(noise(s, 400)) for s in (1, 2)), {"bands": {"slow": (1 / 30, 1 / 8), "fast": (0.2, 0.5)}})
    assert np.isnan(found.value[0, 0, 0, 0]) and np.isfinite(found.value[0, 0, 1, 0])
    assert found.coverage[0, 0, 0, 0] == 0
    reason = str(found.extra["reason"][0])
    assert "'slow' is too slow" in reason and "80 s" in reason and "record at least 104 s" in reason
    assert found.extra["reason"][1] == ""


def test_windows_add_up_to_the_whole():
    x, y = noise(14, 2, 3000)
    y[1500:] += 3 * x[1500:]
    state = wtc.combine(*(wtc.prepare(block(v), SLOW) for v in (x, y)))
    whole = wtc.reduce(state)
    halves = wtc.reduce(state, np.array([[0, 1500], [1500, 3000]]))
    cover = np.array([h.coverage.item() for h in halves])
    value = np.array([h.value.item() for h in halves])
    assert (cover @ value) / cover.sum() == pytest.approx(whole.value.item(), rel=1e-6)
    assert cover.mean() == pytest.approx(whole.coverage.item(), rel=1e-6)
    assert value[0] < 0.45 and value[1] > 0.85
    all_in_one = wtc.reduce(state, np.array([[0, 3000]]))[0]
    assert all_in_one.value.item() == pytest.approx(whole.value.item(), rel=1e-6)
    edge = wtc.reduce(state, np.array([[0, 60]]))[0]
    assert np.isnan(edge.value.item())


@pytest.mark.parametrize("with_gaps", [False, True])
def test_shifted_draws_equal_the_loop_over_surrogates(with_gaps):
    x, y = noise(15, 2, 2, 2000)
    valid = gaps(2000) if with_gaps else np.ones((2, 2000), dtype=bool)
    settings = {"bands": {"slow": (1 / 20, 1 / 8), "fast": (0.2, 0.4)}}
    a, b = block(x), block(y, valid=valid)
    index = np.array([1, 400, 1999])
    prepared = wtc.prepare(a, settings), wtc.prepare(b, settings)
    fast = wtc.draws(*prepared, "circular_shift", index)
    assert fast.value.shape == (3, 2, 2, 2, 1)
    for k, shift in enumerate(index):
        moved = circular_shift.apply(b, shift)
        slow = wtc.reduce(wtc.combine(prepared[0], wtc.prepare(moved, settings))).value
        np.testing.assert_allclose(fast.value[k], slow, atol=1e-9)
    assert np.abs(fast.value[0] - fast.value[1]).min() > 1e-4


def test_a_shift_finds_the_lag_again_in_the_right_direction():
    x = noise(16, 3000)
    late = np.roll(x, 40)
    prepared = (wtc.prepare(block(v), SLOW) for v in (x, late))
    back, on = wtc.draws(*prepared, "circular_shift", np.array([-40, 40])).value[:, 0, 0, 0, 0]
    assert back == pytest.approx(1, abs=1e-5)
    assert on < 0.6


def test_memory_is_the_time_after_which_a_wavelet_has_forgotten():
    scale = 30 / wavelet.fourier_factor()
    assert wtc.memory_s(SLOW) == pytest.approx(2 * np.sqrt(2) * scale)
    long = np.zeros(4001)
    long[2000] = 1.0
    response = wavelet.morlet_transform(long[None], np.array([scale * 5]))[0, 0]
    spectrum = np.fft.fft(response, 16384)
    correlation = np.abs(np.fft.ifft(np.abs(spectrum) ** 2))
    lag = round(wtc.memory_s(SLOW) * 5)
    assert (correlation[lag] / correlation[0]) ** 2 == pytest.approx(np.exp(-4), rel=0.02)


def test_independent_cells_match_the_spread_of_band_means():
    a, b = noise(17, 2, 30, 2000)
    found = estimate(block(a), block(b))
    # One cell of independent series: variance 0.0475 (40 full-rate maps of white noise, boxcar of 0.6 octaves).
    assert 0.7 < found.n_effective.mean() / (0.0475 / found.value.var()) < 1.15


def test_what_is_refused_says_what_to_do():
    x = noise(18, 2, 600)
    with pytest.raises(RefusedScience, match="one continuous stretch; got 3 epochs"):
        wtc.prepare(Block(np.zeros((3, 1, 50)), np.ones((3, 1, 50), dtype=bool), 5.0, epoched=True), SLOW)
    with pytest.raises(BadInput, match="no band is named"):
        wtc.prepare(block(x), {})
    with pytest.raises(BadInput, match="both must be above 0"):
        wtc.prepare(block(x), {"bands": {"b": (0, 0.1)}})
    with pytest.raises(BadInput, match="carry wavelets up to 2 Hz"):
        wtc.prepare(block(x), {"bands": {"b": (1, 2.4)}})
    with pytest.raises(BadInput, match="allowed are 'reduced', 'full'"):
        wtc.prepare(block(x), {**SLOW, "path": "fast"})
    with pytest.raises(BadInput, match="use path = 'full'"):
        wtc.prepare(block(x), {**SLOW, "padding": "pycwt"})
    with pytest.raises(BadInput, match="no convention"):
        wtc.coherence_map(x[0], x[1], 5.0, convention="matlab")
    prepared = wtc.prepare(block(x), SLOW)
    with pytest.raises(RefusedScience, match="one clock"):
        wtc.combine(prepared, wtc.prepare(block(x[:, :-1]), SLOW))
    with pytest.raises(BadInput, match="different settings"):
        wtc.combine(prepared, wtc.prepare(block(x), {"bands": {"other": (0.1, 0.2)}}))
    with pytest.raises(BadInput, match="no fast path for 'aaft'"):
        wtc.draws(prepared, prepared, "aaft", np.array([1]))


def test_display_map_is_the_pair_that_was_asked_for():
    a, b = noise(19, 3, 1500), noise(20, 2, 1500)
    shown = wtc.display_map(block(a), block(b), 2, 1, SLOW, columns=400)
    assert shown.rsq.shape == (len(shown.period), 375)
    assert shown.period[0] < 8 and shown.period[-1] > 30
    whole = wtc.coherence_map(a[2], b[1], 5.0, scales=shown.scale)
    np.testing.assert_allclose(shown.rsq, whole.rsq[:, ::4], rtol=1e-12)


def test_the_record_resolves():
    settings = resolve_settings(wtc.RECORD, {"convention": "pycwt"})
    assert settings["path"] == "full" and settings["analytic"] is False
    assert set(wtc.RECORD.settings) == set(wtc.RECORD.settings_help)
