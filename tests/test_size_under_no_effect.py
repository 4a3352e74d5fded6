"""Under no effect p is at most .05 in 5 % of pairs: every default measure with its surrogate on three kinds of noise.

The quick form of ``calibrate/size.py``: 200 pairs a cell, short recordings and few draws, which leaves p as exact as
with many. What fails here is a wrong test, not bad luck: all cells together leave the interval in 5 % of seeds, and the
seed is fixed.
"""

from dataclasses import replace

import numpy as np
import pytest

from calibrate import size, worlds
from calibrate.engine import (
    Design,
    World,
    default_pairs,
    effective_pairs,
    p_values,
    pair_of,
    run_cell,
    simultaneous_interval,
    stacked,
)
from interbrain import measures
from interbrain.data.records import resolve_settings
from interbrain.inference import surrogates
from interbrain.inference.null import surrogate_draws, surrogate_settings

PAIRS = 200
QUICK_NOISES = ("white", "ar(1) 0.9", "haemodynamic")
CELLS = [(d, w) for d in size.QUICK for w in QUICK_NOISES]


def levels(design):
    return (39,) if design.epochs else (19,)


def test_every_default_is_tried():
    assert {(d.measure, d.surrogate) for d in size.QUICK} == default_pairs()
    full = [t for t in size.tasks() if t.group == "default" and not t.world.gaps]
    tried = {(t.design.measure, t.world.name) for t in full}
    assert tried >= {(m, noise) for m, _ in default_pairs() for noise in worlds.NOISES}


@pytest.mark.parametrize(("design", "noise"), CELLS, ids=[f"{d.measure}-{w}" for d, w in CELLS])
def test_size(design, noise):
    cell = run_cell(design, World(noise), PAIRS, 1, levels(design), stop=False)
    low, high = simultaneous_interval(PAIRS, len(CELLS))
    assert low <= cell.hits <= high, f"{cell.share:.3f} of {PAIRS}; allowed {low / PAIRS:.3f} to {high / PAIRS:.3f}"
    assert cell.uniform_p(np.random.default_rng(0)) > 1e-3


@pytest.mark.parametrize("design", size.QUICK[2:], ids=[d.measure for d in size.QUICK[2:]])
def test_a_band_without_power_has_no_phase(design):
    """Without sensor noise only the drift at the ends of the epochs is left of alpha; it passed for synchrony."""
    cell = run_cell(replace(design, sensor=0.0), World("haemodynamic"), 10, 1, (39,))
    assert len(cell.p) == 0 and cell.refused == 50


@pytest.mark.parametrize("design", size.QUICK[:3], ids=[d.measure for d in size.QUICK[:3]])
def test_stopping_early_changes_no_decision(design):
    """Those that were stopped have p > .05 with all 199; the others the same p."""
    for k in range(12):
        a, b, _ = pair_of(design, World("ar(1) 0.9"), np.random.default_rng(k))
        full = p_values(design, a, b, np.random.default_rng(k), (39, 199), stop=False)
        early = p_values(design, a, b, np.random.default_rng(k), (39, 199), stop=True)
        assert early == tuple(p if p <= 0.05 else np.inf for p in full)


@pytest.mark.parametrize(
    "design",
    [*size.QUICK[:2], Design("wlcc", "phase_randomisation", 1.0, 300), Design("corr", "aaft", 2.0, 300)],
    ids=lambda d: f"{d.measure}-{d.surrogate}",
)
@pytest.mark.parametrize("gaps", [False, True])
def test_stacked_surrogates_are_those_that_a_run_draws(design, gaps):
    a, b, _ = pair_of(design, World("ar(1) 0.9", gaps=gaps), np.random.default_rng(4))
    module, record = measures.module(design.measure), measures.records()[design.measure]
    settings = {**resolve_settings(record, design.settings), "bands": design.bands}
    how = surrogates.module(design.surrogate)
    index = how.draw_index(b, 7, np.random.default_rng(5), surrogate_settings(settings, module))
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    asked = (b, settings, design.surrogate, 7, np.random.default_rng(5))
    expected = surrogate_draws(module, record, *prepared, *asked).value[:, 0, 0, 0, 0]
    found = stacked(module, settings, prepared[0], [how.apply(b, row) for row in index])
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.ptp(expected) > 0


def test_pairs_that_share_recordings_count_for_less():
    """Ten recordings, each in ten pairs that all come out alike: worth about one pair a recording, not a hundred."""
    who = tuple((f"a{i}", f"b{i}{j}") for i in range(10) for j in range(10))
    alike = np.repeat(np.arange(10) < 1, 10)
    alone = np.arange(100) % 20 == 0
    by_hand = alike - 0.05  # within each cluster all products of deviations, 10 x 10 of them
    variance = sum((by_hand[10 * i : 10 * i + 10].sum()) ** 2 for i in range(10)) / 100**2
    assert effective_pairs(alike, who) == pytest.approx(0.05 * 0.95 / variance)
    assert effective_pairs(alone, tuple((f"a{i}", f"b{i}") for i in range(100))) == pytest.approx(100)


def test_noises_are_what_they_are_called():
    random = np.random.default_rng(1)
    for memory in (0.5, 0.9, 0.98):
        x = worlds.autoregressive(memory)(random, 200_000, 1.0)
        assert np.corrcoef(x[1:], x[:-1])[0, 1] == pytest.approx(memory, abs=0.01)
        assert x.std() == pytest.approx(1.0, abs=0.05)
    power = sum(np.abs(np.fft.rfft(worlds.one_over_f(random, 4096, 1.0) * np.hanning(4096))) ** 2 for _ in range(40))
    f = np.arange(20, 1500)
    assert np.polyfit(np.log(f), np.log(power[20:1500]), 1)[0] == pytest.approx(-1.0, abs=0.1)
    slow = worlds.NOISES["haemodynamic, band-passed"](random, 6000, 2.0)
    spectrum = np.abs(np.fft.rfft(slow)) ** 2
    hz = np.fft.rfftfreq(6000, 0.5)
    assert spectrum[(hz > 0.005) & (hz < 0.25)].sum() > 0.98 * spectrum.sum()
    valid = worlds.gaps(random, 6000, 2.0)
    assert 0 < (~valid).sum() <= 10 * 40
