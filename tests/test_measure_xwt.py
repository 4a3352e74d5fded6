"""Cross-wavelet power against pycwt, the formula spelled out and planted rhythms."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.signal import Block
from interbrain.measures import wpco, xwt

RATE = 5.0
BANDS = {"bands": {"fast": (1 / 8, 1 / 4), "slow": (1 / 16, 1 / 8)}}


def block(values: np.ndarray, valid: np.ndarray | None = None) -> Block:
    values = np.atleast_2d(values)[None]
    return Block(values, np.ones(values.shape, dtype=bool) if valid is None else np.atleast_2d(valid)[None], RATE)


def estimate(a: Block, b: Block, settings: dict | None = None):
    settings = BANDS if settings is None else settings
    return xwt.reduce(xwt.combine(xwt.prepare(a, settings), xwt.prepare(b, settings)))


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def delayed(seed: int = 31, n: int = 600, late: int = 5) -> tuple[np.ndarray, np.ndarray]:
    x, y = noise(seed, 2, n)
    y[late:] += x[:-late]
    return x, y


def test_pycwt_gives_the_same_band_means():
    """pycwt 0.5.0b0, ``xwt(x, y, 0.2, dj=1/12, s0=0.4, J=84)``: |W12| and the phase of its sum inside the cone."""
    x, y = delayed()
    found = estimate(block(x), block(y), {**BANDS, "convention": "pycwt"})
    np.testing.assert_allclose(found.value[0, 0, :, 0], [0.591998311247657, 1.3428441298707199], rtol=1e-8)
    np.testing.assert_allclose(found.phase[0, 0, :, 0], [0.7316472329778333, 0.42134713415305675], rtol=1e-8)
    np.testing.assert_allclose(found.coverage[0, 0, :, 0], [0.8666666666666667, 0.7333333333333333], rtol=1e-12)


def by_hand(x: np.ndarray, y: np.ndarray, periods: np.ndarray) -> tuple[float, float]:
    """Sums over samples with the wavelet written out."""
    time = np.arange(len(x))
    away = np.minimum(time, time[::-1]) + 0.5
    magnitude, cross, cells = 0.0, 0j, 0
    for period in periods:
        scale = period * RATE * (6 + np.sqrt(38)) / (4 * np.pi)
        t = time[:, None] - time
        wavelet = np.exp(-6j * t / scale - t**2 / (2 * scale**2)) * np.pi**-0.25 / np.sqrt(scale)
        w = [wavelet.T @ ((z - z.mean()) / z.std()) for z in (x, y)]
        product = (w[0] * w[1].conj() / (scale * np.sqrt(np.pi)))[away > np.sqrt(2) * scale]
        magnitude, cross, cells = magnitude + np.abs(product).sum(), cross + product.sum(), cells + len(product)
    return magnitude / cells, float(np.angle(cross))


def test_the_formula_spelled_out():
    x, y = delayed(32, 500)
    value, phase = by_hand(x, y, 2.0 ** (np.arange(24, 37) / 12))
    full = estimate(block(x), block(y), {"bands": {"fast": (1 / 8, 1 / 4)}, "path": "full"})
    assert full.value.item() == pytest.approx(value, rel=1e-6)
    assert full.phase.item() == pytest.approx(phase, abs=1e-6)


@pytest.mark.parametrize("gaps", [False, True])
def test_the_reduced_path_equals_every_sample(gaps):
    x, y = noise(33, 2, 4, 2000)
    y[:, 5:] += x[:, :-5]
    valid = np.ones((4, 2000), dtype=bool)
    if gaps:
        valid[:2, 700:760] = valid[1, :50] = False
    x = np.where(valid, x, 1e6)
    fast, full = (estimate(block(x, valid), block(y), {**BANDS, "path": p}) for p in ("reduced", "full"))
    np.testing.assert_allclose(fast.value, full.value, rtol=5e-3 if gaps else 1e-3)
    np.testing.assert_allclose(fast.phase, full.phase, atol=0.02 if gaps else 0.003)
    np.testing.assert_allclose(fast.coverage, full.coverage, atol=3e-3)
    assert not gaps or full.coverage[1, 0, 0, 0] < full.coverage[0, 0, 0, 0] < full.coverage[2, 0, 0, 0]


@pytest.mark.parametrize("rate", [5.0, 10.0])
@pytest.mark.parametrize("period", [5.0, 10.0])
def test_a_sine_has_its_variance_as_power_at_any_period_and_rate(rate, period):
    """Variances of 1 and 1/2 of the whole: sqrt(1 * 1/2); unrectified, twice the period has twice the power."""
    time = np.arange(int(400 * rate)) / rate
    sine = np.sin(2 * np.pi * time / period)
    a, b = (
        Block(v[None, None], np.ones((1, 1, len(time)), dtype=bool), rate)
        for v in (sine, sine + np.sin(2 * np.pi * time / 1.25))
    )
    settings = {"bands": {"own": (0.999 / period, 1.001 / period)}}
    nearest = 2.0 ** (round(12 * np.log2(period)) / 12)
    off = np.exp(-((6 * (nearest / period - 1)) ** 2))
    found = estimate(a, b, settings)
    assert found.value.item() == pytest.approx(np.sqrt(0.5), rel=0.02 + 2 * (1 - off))
    plain = estimate(a, b, {**settings, "rectify": False})
    scale = nearest * rate * (6 + np.sqrt(38)) / (4 * np.pi)
    assert plain.value.item() / found.value.item() == pytest.approx(np.sqrt(np.pi) * scale, rel=1e-9)


def test_the_lag_follows_the_frequency_that_carries_the_power():
    time = np.arange(3000) / RATE
    x, y = (np.sin(2 * np.pi * (time - late) / 5) for late in (0, 0.6))
    found = estimate(block(x), block(y), {"bands": {"wide": (1 / 16, 1 / 4)}})
    assert found.lag_s.item() == pytest.approx(0.6, abs=0.02)
    back = estimate(block(y), block(x), {"bands": {"wide": (1 / 16, 1 / 4)}})
    assert back.lag_s.item() == pytest.approx(-found.lag_s.item(), abs=1e-9)


def test_strong_rhythms_have_joint_power_without_a_steady_phase():
    """What the record says it cannot see, and what phase coherence sees instead."""
    time = np.arange(4000) / RATE
    x, y = (np.sin(2 * np.pi * time / p) for p in (9.5, 10.5))
    band = {"bands": {"ten": (1 / 11, 1 / 9)}}
    assert estimate(block(x), block(y), band).value.item() > 0.8 * estimate(block(x), block(x), band).value.item()
    phases = wpco.reduce(wpco.combine(wpco.prepare(block(x), band), wpco.prepare(block(y), band)))
    assert phases.value.item() < 0.15


def test_windows_add_up():
    x, y = delayed(34, 3000)
    state = xwt.combine(*(xwt.prepare(block(v), BANDS) for v in (x, y)))
    whole, parts = xwt.reduce(state), xwt.reduce(state, np.array([[0, 1100], [1100, 3000]]))
    length = np.array([1100, 1900])[:, None]
    cells = np.array([p.coverage.ravel() for p in parts]) * length
    np.testing.assert_allclose((cells * [p.value.ravel() for p in parts]).sum(0) / cells.sum(0), whole.value.ravel())


@pytest.mark.parametrize("measure", [xwt, wpco])
def test_refusals_and_bands_that_say_nothing(measure):
    name = measure.RECORD.name
    x, y = noise(35, 2, 400)
    with pytest.raises(RefusedScience, match=f"{name} needs one continuous stretch"):
        measure.prepare(Block(np.zeros((2, 1, 99)), np.ones((2, 1, 99), dtype=bool), RATE, True), BANDS)
    with pytest.raises(BadInput, match=f"^{name}: no band is named"):
        measure.prepare(block(x), {})
    with pytest.raises(BadInput, match=f"^{name}: voices is 2"):
        measure.prepare(block(x), {**BANDS, "voices": 2})
    with pytest.raises(BadInput, match=f"^{name}: band 'b' goes up to 2.4 Hz"):
        measure.prepare(block(x), {"bands": {"b": (1, 2.4)}})
    with pytest.raises(RefusedScience, match="one clock"):
        measure.combine(measure.prepare(block(x), BANDS), measure.prepare(block(y[:-1]), BANDS))
    with pytest.raises(BadInput, match="different settings"):
        measure.combine(measure.prepare(block(x), BANDS), measure.prepare(block(y), {**BANDS, "voices": 8}))
    settings = {"bands": {"too slow": (1 / 60, 1 / 30), "fast": (1 / 8, 1 / 4)}}
    a, b = block(np.stack([x, np.full(400, 0.1)])), block(y)
    found = measure.reduce(measure.combine(measure.prepare(a, settings), measure.prepare(b, settings)))
    assert np.isfinite(found.value[0, 0, 1, 0])
    assert np.isnan(found.value[0, 0, 0, 0]) and np.isnan(found.value[1]).all() and (found.coverage[1] == 0).all()
    assert str(found.extra["reason"][0]).startswith(f"{name}: band 'too slow'") and found.extra["reason"][1] == ""
