"""Wavelet phase coherence against its formula, the phasor by hand and planted phases."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.data.signal import Block
from interbrain.measures import wpco
from interbrain.measures._wavelet_bands import independent_points

RATE = 5.0
BAND = {"bands": {"band": (1 / 16, 1 / 8)}}


def block(values: np.ndarray, valid: np.ndarray | None = None) -> Block:
    values = np.atleast_2d(values)[None]
    return Block(values, np.ones(values.shape, dtype=bool) if valid is None else np.atleast_2d(valid)[None], RATE)


def estimate(a: Block, b: Block, settings: dict | None = None):
    settings = BAND if settings is None else settings
    return wpco.reduce(wpco.combine(wpco.prepare(a, settings), wpco.prepare(b, settings)))


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def by_hand(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    time = np.arange(len(x))
    away = np.minimum(time, time[::-1]) + 0.5
    lengths, phasors, cells = [], [], []
    for period in 2.0 ** (np.arange(36, 49) / 12):
        scale = period * RATE * (6 + np.sqrt(38)) / (4 * np.pi)
        t = time[:, None] - time
        wavelet = np.exp(-6j * t / scale - t**2 / (2 * scale**2))
        phase = [np.angle(wavelet.T @ (z - z.mean())) for z in (x, y)]
        inside = away > np.sqrt(2) * scale
        mean = np.exp(1j * (phase[0] - phase[1]))[inside].mean()
        lengths, phasors, cells = [*lengths, abs(mean)], [*phasors, mean], [*cells, inside.sum()]
    return float(np.average(lengths, weights=cells)), float(np.angle(np.average(phasors, weights=cells)))


@pytest.mark.parametrize("path", ["reduced", "full"])
def test_the_formula_spelled_out(path):
    x, y = noise(41, 2, 600)
    y[4:] += 0.7 * x[:-4]
    value, phase = by_hand(x, y)
    found = estimate(block(x), block(y), {**BAND, "path": path})
    assert 0.2 < value < 0.9
    assert found.value.item() == pytest.approx(value, abs=1e-5 if path == "full" else 4e-3)
    assert found.phase.item() == pytest.approx(phase, abs=1e-5 if path == "full" else 0.01)


def test_amplitudes_do_not_count_and_a_steady_phase_is_one():
    time = np.arange(3000) / RATE
    waxing = 1 + 0.8 * np.sin(2 * np.pi * time / 200)
    x, y = waxing * np.sin(2 * np.pi * time / 11), waxing[::-1] * np.sin(2 * np.pi * (time - 1.5) / 11)
    found = estimate(block(x), block(y), {"bands": {"around": (1 / 12, 1 / 10)}})
    assert found.value.item() > 0.97
    assert found.lag_s.item() == pytest.approx(1.5, abs=0.05)
    back = estimate(block(y), block(x), {"bands": {"around": (1 / 12, 1 / 10)}})
    assert back.phase.item() == pytest.approx(-found.phase.item(), abs=1e-6)


def test_half_the_time_in_phase_and_half_in_antiphase_is_none():
    time = np.arange(6000) / RATE
    x = np.sin(2 * np.pi * time / 10)
    y = np.where(time < 600, x, -x)
    state = wpco.combine(*(wpco.prepare(block(v), {"bands": {"ten": (1 / 10.5, 1 / 9.5)}}) for v in (x, y)))
    whole, parts = wpco.reduce(state), wpco.reduce(state, np.array([[0, 2900], [3100, 6000]]))
    assert whole.value.item() < 0.03
    assert all(p.value.item() > 0.98 for p in parts)
    assert [abs(p.phase.item()) for p in parts] == pytest.approx([0, np.pi], abs=0.02)


@pytest.mark.parametrize("path", ["reduced", "full"])
def test_gaps_are_left_out(path):
    time = np.arange(3000) / RATE
    x = np.sin(2 * np.pi * time / 10)
    valid = ~((time > 200) & (time < 400))
    y = np.where(valid, x, -x)
    settings = {"bands": {"ten": (1 / 10.5, 1 / 9.5)}, "path": path}
    found = estimate(block(x), block(np.where(valid, y, 1e5), valid), settings)
    assert found.value.item() > 0.97
    assert estimate(block(x), block(y), settings).value.item() < 0.5
    assert found.coverage.item() == pytest.approx(2 / 3 - 4 * np.sqrt(2) * 10 / 1.033 / 600, abs=0.01)


def test_independent_noise_gives_what_that_many_independent_phases_give():
    """At one scale the mean length of the mean of N random phasors is √(π/4N): N counted from the values themselves."""
    settings = {"bands": {"one": (0.0999, 0.1001)}}
    x, y = noise(42, 2, 30, 3000)
    found = estimate(block(x), block(y), settings)
    counted = np.pi / 4 / np.mean(found.value) ** 2
    scale = 2 ** (40 / 12) * RATE / 1.033
    stated = independent_points(np.array([scale]), np.array([found.coverage.mean() * 3000]), 6.0)
    assert found.n_effective.mean() == pytest.approx(stated, rel=0.01)
    assert stated == pytest.approx(counted, rel=0.2)
