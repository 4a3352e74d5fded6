"""Partial wavelet coherence against its formula on full maps, plain coherence, and planted confounds."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.arrays import wavelet
from interbrain.data.errors import BadInput
from interbrain.data.signal import Block
from interbrain.inference import surrogates
from interbrain.inference.null import loop
from interbrain.measures import pwtc, wtc

BAND = {"bands": {"band": (1 / 16, 1 / 8)}}


def block(values: np.ndarray, confounds: np.ndarray | None = None, valid: np.ndarray | None = None) -> Block:
    values = np.atleast_2d(values)[None]
    confounds = None if confounds is None else np.atleast_2d(confounds)[None]
    return Block(values, np.ones(values.shape, dtype=bool) if valid is None else valid[None], 5.0, False, confounds)


def estimate(a: Block, b: Block, settings: dict | None = None, measure=pwtc):
    settings = BAND if settings is None else settings
    return measure.reduce(measure.combine(measure.prepare(a, settings), measure.prepare(b, settings)))


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def driven(seed: int, n: int = 1500, own: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two series that a third one drives, 3 and 9 samples late."""
    c, x, y = noise(seed, 3, n)
    return own * x + np.roll(c, 3), own * y + np.roll(c, 9), c


def coherency(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = 2.0 ** (np.arange(32, 53) / 12) / wavelet.fourier_factor()
    found = wtc.coherence_map(x, y, 5.0, scales=scales)
    return (np.sqrt(found.rsq) * np.exp(1j * found.phase))[4:17], found.inside[4:17]


@pytest.mark.parametrize("path", ["full", "reduced"])
def test_the_formula_on_full_maps(path):
    x, y, c = driven(51)
    y[2:] += 0.6 * x[:-2]
    (ab, inside), (ac, _), (cb, _) = coherency(x, y), coherency(x, c), coherency(c, y)
    partial = (ab - ac * cb) / np.sqrt((1 - abs(ac) ** 2) * (1 - abs(cb) ** 2))
    found = estimate(block(x, c), block(y, c), {**BAND, "path": path})
    assert found.value.item() == pytest.approx((abs(partial[inside]) ** 2).mean(), abs=1e-6 if path == "full" else 2e-3)
    assert found.phase.item() == pytest.approx(np.angle(partial[inside].sum()), abs=1e-6 if path == "full" else 0.01)
    moduli = (abs(ab) - abs(ac) * abs(cb)) ** 2 / ((1 - abs(ac) ** 2) * (1 - abs(cb) ** 2))
    assert abs(moduli[inside].mean() - found.value.item()) > 0.05  # what programs give that forget the phases


def test_two_confounds_are_taken_out_as_one_after_the_other():
    x, y, c = driven(52)
    d = noise(53, 1500)
    x, y = x + d, y - d
    (ab, inside), (ac, _), (cb, _), (ad, _), (db, _), (cd, _) = (
        coherency(*p) for p in ((x, y), (x, c), (c, y), (x, d), (d, y), (c, d))
    )

    def less(uv, uw, wv, u2, v2):
        return (uv - uw * wv) / np.sqrt((1 - abs(u2) ** 2) * (1 - abs(v2) ** 2))

    ab_c, ad_c, db_c = less(ab, ac, cb, ac, cb), less(ad, ac, cd, ac, cd), less(db, cd.conj(), cb, cd, cb)
    partial = less(ab_c, ad_c, db_c, ad_c, db_c)
    both = np.stack([c, d])
    found = estimate(block(x, both), block(y, both), {**BAND, "path": "full"})
    assert found.value.item() == pytest.approx((abs(partial[inside]) ** 2).mean(), abs=1e-5)
    again = estimate(block(x, np.stack([c, c])), block(y, np.stack([c, c])))
    assert again.value.item() == pytest.approx(estimate(block(x, c), block(y, c)).value.item(), abs=1e-4)


def test_without_confounds_it_is_wavelet_coherence():
    x, y, _ = driven(54)
    one, other = estimate(block(x), block(y)), estimate(block(x), block(y), measure=wtc)
    np.testing.assert_array_equal(one.value, other.value)
    unrelated = noise(55, 1500)
    in_both = estimate(block(x, unrelated), block(y, unrelated))
    assert in_both.value.item() == pytest.approx(other.value.item(), abs=0.06)
    in_one = estimate(block(x, unrelated), block(y))  # what it explains of x by chance alone is no longer shared
    assert 0.4 < in_one.value.item() < in_both.value.item() - 0.1


def test_a_confound_goes_and_planted_coupling_stays():
    values = {"before": [], "after": [], "chance": [], "coupled": []}
    for seed in range(60, 66):
        x, y, c = driven(seed, own=0.7)
        values["before"].append(estimate(block(x), block(y)).value.item())
        values["after"].append(estimate(block(x, c), block(y, c)).value.item())
        e, f = noise(seed + 20, 2, 1500)
        values["chance"].append(estimate(block(e, c), block(f, c)).value.item())
        values["coupled"].append(estimate(block(x + 1.5 * e, c), block(y + 1.5 * e, c)).value.item())
    mean = {k: np.mean(v) for k, v in values.items()}
    assert mean["before"] > mean["chance"] + 0.1
    assert mean["after"] == pytest.approx(mean["chance"], abs=0.06)
    assert mean["coupled"] > mean["chance"] + 0.2


def test_what_a_confound_explains_wholly_says_nothing():
    x, y, c = driven(56)
    found = estimate(block(np.stack([c, x]), c), block(y, c))
    assert np.isnan(found.value[0]).all() and found.coverage[0].item() < 0.01
    assert np.isfinite(found.value[1]).all()


def test_gaps_and_channels_keep_their_own_numbers():
    x, y, c = driven(57, 2000)
    valid = np.ones((1, 2000), dtype=bool)
    valid[0, 700:760] = False
    found = estimate(block(np.where(valid[0], x, 1e6), np.where(valid[0], c, 0), valid), block(y, c))
    whole = estimate(block(x, c), block(y, c))
    assert found.coverage.item() < whole.coverage.item() - 0.02
    assert found.value.item() == pytest.approx(whole.value.item(), abs=0.05)
    many = estimate(block(np.stack([noise(58, 2000), x]), c), block(np.stack([y, noise(59, 2000)]), c))
    np.testing.assert_allclose(many.value[1, 0], whole.value[0, 0], atol=1e-6)


def test_under_surrogates_confounds_move_with_their_person():
    x, y, c = driven(67)
    module = surrogates.module("circular_shift")
    prepared = pwtc.prepare(block(x, c), BAND)
    drawn = loop(pwtc, prepared, block(y, c), BAND, module, np.array([700]))
    by_hand = estimate(block(x, c), block(np.roll(y, 700), np.roll(c, 700)))
    assert drawn.value.item() == pytest.approx(by_hand.value.item(), abs=1e-9)


def test_too_many_confounds_are_refused():
    with pytest.raises(BadInput, match=r"3 confounds are to be taken out; at most 2 .* partial_lag_s = 0"):
        pwtc.prepare(block(noise(68, 600), noise(69, 3, 600)), BAND)
