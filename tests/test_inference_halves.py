"""Halves of a recording, through every measure's own contract."""

import numpy as np
import pytest

from interbrain import measures
from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference.halves import SURROGATES, halves

RATE = 10.0
BANDS = {"b": (0.3, 2.0)}


def blocks(coupled, seed=1, n=4800, channels=1):
    """Two people who share a course in the samples where ``coupled``."""
    random = np.random.default_rng(seed)
    shared = random.standard_normal((channels, n)) * coupled
    a, b = (shared + random.standard_normal((channels, n)) * np.where(coupled, 0.3, 1.0) for _ in range(2))
    return tuple(Block(x[None], np.ones((1, channels, n), dtype=bool), RATE) for x in (a, b))


def measured(name, pair, surrogate=None, **settings):
    record, module = measures.records()[name], measures.module(name)
    settings = {**resolve_settings(record, settings), "bands": BANDS}
    prepared = [module.prepare(x, settings) for x in pair]
    state = module.combine(*prepared)
    how = surrogate or ("segment_shuffle" if pair[0].epoched else "circular_shift")
    found = halves(module, record, state, prepared[0], pair, settings, how, np.random.default_rng(0))
    return found, module.reduce(state), record


CONTINUOUS = [n for n, r in measures.records().items() if "continuous" in r.accepts and not r.directed]


ALL_PAIRS_OF_TIMES = ("crqa", "sampen", "dtw")
"""Their cost goes with the square of the length."""


@pytest.mark.parametrize("name", CONTINUOUS)
def test_every_measure_gives_halves_without_anything_of_its_own(name):
    n = 1200 if name in ALL_PAIRS_OF_TIMES else 4800
    found, estimate, _ = measured(name, blocks(np.ones(n, dtype=bool), n=n, channels=2))
    assert not found.reason
    for split in ("split", "early_late"):
        assert found.values[split].shape == (2, *estimate.value.shape)
        assert np.isfinite(found.values[split]).all()
        assert found.draws[split].shape == (SURROGATES, *found.values[split].shape)


@pytest.mark.parametrize("name", ["wtc", "wlcc", "plv", "accorr"])
def test_a_meeting_coupled_early_alone_tells_in_early_and_late_and_not_in_the_split(name):
    found, _, _ = measured(name, blocks(np.arange(4800) < 2400))
    early, late = found.values["early_late"].mean(axis=(1, 2, 3, 4))
    first, second = found.values["split"].mean(axis=(1, 2, 3, 4))
    assert abs(early) > 1.4 * abs(late)
    assert abs(first - second) < 0.4 * abs(early - late)


@pytest.mark.parametrize("name", ["wtc", "wlcc"])
def test_two_halves_give_the_whole(name):
    """Means over cells: the whole value is the mean of its halves but for windows that cross a cut."""
    found, estimate, record = measured(name, blocks(np.ones(4800, dtype=bool) * 0.3, channels=2))
    whole = FUNCTIONS[record.stabilise](estimate.value)
    assert np.allclose(found.values["split"].mean(axis=0), whole, atol=0.02)
    assert np.allclose(found.values["early_late"].mean(axis=0), whole, atol=0.02)


def test_epochs_are_halved_odd_and_even():
    random = np.random.default_rng(2)
    x = random.standard_normal((40, 1, 100))
    other = random.standard_normal((40, 1, 100))
    other[::2] = x[::2]  # the odd ones of a count from one
    valid = np.ones(x.shape, dtype=bool)
    record, module = measures.records()["plv"], measures.module("plv")
    settings = {**resolve_settings(record, {}), "bands": {"b": (8.0, 12.0)}}
    pair = tuple(Block(v, valid, 100.0, True) for v in (x, other))
    prepared = [module.prepare(p, settings) for p in pair]
    found = halves(module, record, module.combine(*prepared), prepared[0], pair, settings, "segment_shuffle", random)
    odd, even = found.values["split"][:, 0, 0, 0, 0]
    early, late = found.values["early_late"][:, 0, 0, 0, 0]
    assert np.tanh(odd) > 0.999 and np.tanh(even) < 0.8
    assert np.tanh(early) == pytest.approx(np.tanh(late), abs=0.15)
    assert found.draws["split"].size == 0  # epochs share nothing, so nothing need be measured on surrogates


def test_a_recording_too_short_for_halves_says_so_and_gives_no_number():
    pair = blocks(np.ones(400, dtype=bool), n=400)
    record, module = measures.records()["wtc"], measures.module("wtc")
    settings = {**resolve_settings(record, {}), "bands": {"b": (0.03, 0.04)}}
    prepared = [module.prepare(Block(p.values, p.valid, 4.0), settings) for p in pair]
    none = halves(module, record, module.combine(*prepared), prepared[0], pair, settings, "circular_shift",
                  np.random.default_rng(0))  # fmt: skip
    assert none.reason and not any(np.isfinite(v).any() for v in none.values.values())
