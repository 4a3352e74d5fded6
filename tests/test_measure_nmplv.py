"""n:m phase locking against plv, hand cases, and its chance level by formula."""

from __future__ import annotations

from math import factorial, gamma
from typing import Any

import mne
import numpy as np
import pytest
from scipy.special import hyp2f1

from interbrain import measures
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.inference.null import loop
from interbrain.inference.surrogates import segment_shuffle

RATE = 100.0
BAND = {"alpha": (8.0, 12.0)}


def asked(n: int = 1, m: int = 1, **more: Any) -> dict[str, Any]:
    return {**resolve_settings(measures.records()["nmplv"], {"n": n, "m": m}), "bands": BAND, **more}


def block(values: np.ndarray, valid: np.ndarray | None = None, epoched: bool = False) -> Block:
    return Block(values, np.ones(values.shape, dtype=bool) if valid is None else valid, RATE, epoched)


def estimate(a: Block, b: Block, settings: dict[str, Any], name: str = "nmplv") -> Estimate:
    module = measures.module(name)
    return module.reduce(module.combine(module.prepare(a, settings), module.prepare(b, settings)))


def noise(shape: tuple[int, ...], exponent: float, seed: int) -> np.ndarray:
    """Gaussian noise with a power spectrum of 1 / f^exponent."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(shape), axis=-1)
    spectrum *= np.maximum(np.fft.rfftfreq(shape[-1], 1 / RATE), 0.1) ** (-exponent / 2)
    return np.fft.irfft(spectrum, shape[-1], axis=-1)


@pytest.mark.parametrize("epoched", [True, False])
def test_one_to_one_is_plv_to_the_last_bit(epoched):
    shape = (5, 3, 400) if epoched else (1, 3, 4000)
    a, b = (noise(shape, 1.0, seed) for seed in (1, 2))
    b[..., 7:] += a[..., :-7]
    valid = np.ones(shape, dtype=bool)
    valid[0, 1, 100:130] = False
    people = block(a, epoched=epoched), block(b, valid, epoched)
    plain = {**resolve_settings(measures.records()["plv"], {}), "bands": BAND}
    ours, theirs = estimate(*people, asked()), estimate(*people, plain, "plv")
    for name in ("value", "stabilised", "phase", "lag_s", "coverage", "n_effective"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)


def test_hand_case_b_runs_at_twice_the_frequency_of_a():
    """2α − β jumps by δ: (1 + e^{iδ}) / 2 has the length cos(δ/2); α makes δ by a jump of half as much."""
    time = np.arange(6000) / RATE
    later = time >= 30.0
    for jump_a, jump_b in ((np.pi / 3, 0.0), (0.0, 2 * np.pi / 3), (np.pi / 3, 2 * np.pi / 3)):
        a = np.cos(2 * np.pi * 10 * time + jump_a * later)[None, None]
        b = np.cos(2 * np.pi * 20 * time + jump_b * later)[None, None]
        found = estimate(block(a), block(b), asked(2, 1)).value.item()
        assert found == pytest.approx(abs(np.cos((2 * jump_a - jump_b) / 2)), abs=0.006)


@pytest.mark.parametrize(("n", "m"), [(2, 1), (1, 2), (3, 2)])
def test_a_wandering_rhythm_is_found_at_its_own_ratio_only(n, m):
    """β = nα/m + c with a phase that wanders, B 10 ms later."""
    time = np.arange(6000) / RATE
    wander = np.cumsum(np.random.default_rng(3).standard_normal(6001)) * 0.15
    alpha, beta = (2 * np.pi * 10 * time + wander[k : k + 6000] for k in (1, 0))
    beta = (beta - 2 * np.pi * 10 * 0.01) * n / m
    a, b = block(np.cos(alpha)[None, None]), block(np.cos(beta)[None, None])
    found = estimate(a, b, asked(n, m))
    assert found.value.item() > 0.9
    assert found.lag_s.item() == pytest.approx(0.01, abs=0.002)
    assert estimate(b, a, {**asked(m, n), "bands": {"beta": (8 * n / m, 12 * n / m)}}).lag_s.item() == pytest.approx(
        -found.lag_s.item(), abs=0.002
    )
    assert not estimate(a, b, asked(n + 2, m)).value.item() > 0.3
    assert not estimate(a, b, asked(1, 1)).value.item() > 0.3


def chance(n: int, m: int, exponent: float, n_times: int) -> float:
    """Expected squared value of independent Gaussian noise.

    A phasor's autocorrelation is r^n Γ(n/2 + 1)² / n! ₂F₁(n/2, n/2; n + 1; r²), with r that of the analytic signal
    (Middleton 1960, An Introduction to Statistical Communication Theory); the squared length of a mean of independent
    products is the sum of the product of both over all pairs of moments.
    """
    turned = _phasor(n, 1.0, exponent, n_times) * _phasor(m, n / m, exponent, n_times).conj()
    weight = n_times - np.abs(np.arange(-(n_times - 1), n_times))
    return float((turned.real * weight).sum() / n_times**2)


def _phasor(fold: int, ratio: float, exponent: float, n_times: int) -> np.ndarray:
    """Autocorrelation of e^{i·fold·φ} of noise in the band times ``ratio``, lags from −(n_times − 1) on."""
    low, high = (edge * ratio for edge in BAND["alpha"])
    response = np.abs(np.fft.fft(mne.filter.create_filter(None, RATE, low, high, verbose="ERROR"), 8 * n_times)) ** 2
    frequency = np.fft.fftfreq(8 * n_times, 1 / RATE)
    power = np.where(frequency > 0, response / np.maximum(np.abs(frequency), 0.1) ** exponent, 0.0)
    r = np.fft.ifft(power) / power.mean()
    r = np.concatenate([r[-(n_times - 1) :], r[:n_times]])
    size = np.minimum(np.abs(r), 1.0)
    known = size**fold * gamma(fold / 2 + 1) ** 2 / factorial(fold) * hyp2f1(fold / 2, fold / 2, fold + 1, size**2)
    return known * np.exp(1j * fold * np.angle(r))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (2, 3)])
@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_independent_noise_is_at_the_analytic_chance_level(n, m, exponent):
    a, b = (noise((1, 30, 1200), exponent, seed)[..., :1000] for seed in (4, 5))
    found = estimate(block(a), block(b), asked(n, m)).value[..., 0, 0]
    expected = chance(n, m, exponent, 1000)
    assert np.mean(found**2) == pytest.approx(expected, rel=0.12)


def test_orders_of_epochs_and_windows_are_as_prepared_again():
    a, b = (noise((6, 2, 400), 1.0, seed) for seed in (6, 7))
    module, settings = measures.module("nmplv"), asked(2, 1)
    people = [block(x, epoched=True) for x in (a, b)]
    prepared = [module.prepare(p, settings) for p in people]
    index = np.array([[1, 0, 3, 2, 5, 4], [5, 4, 3, 2, 1, 0]])
    drawn = module.draws(*prepared, "segment_shuffle", index).value
    again = loop(module, prepared[0], people[1], settings, segment_shuffle, index).value
    np.testing.assert_allclose(drawn, again, atol=1e-12)
    whole = module.reduce(module.combine(*prepared))
    (window,) = module.reduce(module.combine(*prepared), np.array([[0, 400]]))
    np.testing.assert_allclose(window.value, whole.value, atol=1e-12)
    np.testing.assert_allclose(window.lag_s, whole.lag_s, atol=1e-12)


def test_what_cannot_be_is_refused():
    person = block(noise((1, 1, 400), 1.0, 8))
    module = measures.module("nmplv")
    with pytest.raises(BadInput, match="n is 0; allowed are numbers at least 1"):
        module.prepare(person, asked(0, 1))
    with pytest.raises(RefusedScience, match=r"alpha \(of B, at 5:1\).* reaches 60 Hz"):
        module.prepare(person, asked(5, 1))
    with pytest.raises(RefusedScience, match=r"alpha \(of B, at 1:15\).*cycles"):
        module.prepare(person, asked(1, 15))
    other = module.prepare(person, asked(2, 1))
    with pytest.raises(BadInput, match="same settings"):
        module.combine(module.prepare(person, asked(1, 2)), other)
