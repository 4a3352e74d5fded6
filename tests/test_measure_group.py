"""Measures of a whole group: against multiSyncPy, the formula spelled out, groups that were planted."""

import numpy as np
import pytest

from interbrain import measures
from interbrain.data.errors import BadInput
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.measures import clusterphase, kuramoto

RATE, N = 10.0, 3000
BANDS = {"slow": (0.3, 0.7)}


def _settings(name):
    return {**resolve_settings(measures.records()[name], {}), "bands": BANDS}


def _members(phases, seed=0, noise=0.05, n=N):
    """Rhythms of 0.5 Hz whose frequency wanders together, each member with a lag of their own."""
    random = np.random.default_rng(seed)
    common = 2 * np.pi * 0.5 * np.arange(n) / RATE + np.cumsum(0.1 * random.standard_normal(n))
    values = [np.cos(common - p) + noise * random.standard_normal(n) for p in phases]
    return [Block(v[None, None], np.ones((1, 1, n), dtype=bool), RATE) for v in values]


def _value(name, blocks, windows=None):
    module, settings = measures.module(name), _settings(name)
    state = module.combine(*(module.prepare(b, settings) for b in blocks))
    found = module.reduce(state, windows)
    return [float(f.value.item()) for f in found] if windows is not None else found.value.item()


def test_kernels_are_those_of_multisyncpy():
    """multiSyncPy 0.1.2: rho(angles)[1], and the order parameter as its kuramoto_weak_null has it."""
    random = np.random.default_rng(42)
    phase = np.cumsum(random.normal(0.3, 0.2, (4, 500)), axis=1) + random.uniform(-3, 3, (4, 1))
    phasors, every = np.exp(1j * phase), np.ones(500, dtype=bool)
    assert clusterphase._kernel(phasors, every) == pytest.approx(0.4151221557368536, abs=1e-12)
    assert kuramoto._kernel(phasors, every) == pytest.approx(0.39418446831619663, abs=1e-12)


@pytest.mark.parametrize("name", ["kuramoto", "clusterphase"])
def test_the_formula_spelled_out_with_gaps(name):
    random = np.random.default_rng(3)
    phase, valid = random.uniform(-np.pi, np.pi, (3, 40)), random.random(40) > 0.3
    total, used = 0.0, 0
    theta = phase[:, valid].T
    q = [np.angle(sum(np.exp(1j * t) for t in row)) for row in theta]
    bar = [np.angle(sum(np.exp(1j * (row[k] - c)) for row, c in zip(theta, q))) for k in range(3)]
    for row, c in zip(theta, q):
        z = [np.exp(1j * row[k]) if name == "kuramoto" else np.exp(1j * (row[k] - c - bar[k])) for k in range(3)]
        total, used = total + abs(sum(z)) / 3, used + 1
    found = measures.module(name)._kernel(np.exp(1j * phase), valid)
    assert found == pytest.approx(total / used, abs=1e-12)


def test_members_in_phase_with_lags_and_alone():
    together, turns = _members([0, 0, 0]), _members([0, 2 * np.pi / 3, 4 * np.pi / 3])
    lagged = _members([0, 0.8, 1.6])
    alone = [_members([0], seed=s)[0] for s in (5, 6, 7)]
    assert _value("kuramoto", together) > 0.95 and _value("clusterphase", together) > 0.95
    assert _value("kuramoto", turns) < 0.2
    assert _value("kuramoto", lagged) == pytest.approx(abs(np.exp(1j * np.array([0, 0.8, 1.6])).mean()), abs=0.03)
    assert _value("clusterphase", lagged) > 0.95
    chance = np.mean([_value("kuramoto", [_members([0], seed=s + 10 * k)[0] for k in range(3)]) for s in range(12)])
    assert chance == pytest.approx(np.sqrt(np.pi / 12), abs=0.06)  # .51 for three
    assert _value("kuramoto", alone) < 0.8


def test_windows_gaps_and_epochs():
    blocks = _members([0, 0, 0])
    other = _members([0], seed=9)[0]
    half = [b.values.copy() for b in blocks]
    half[2][..., N // 2 :] = other.values[..., N // 2 :]
    blocks[2] = Block(half[2], blocks[2].valid, RATE)
    first, second = _value("kuramoto", blocks, np.array([[0, N // 2], [N // 2, N]]))
    assert first > 0.95 > 0.9 > second
    gone = blocks[2].valid.copy()
    gone[..., N // 2 :] = False
    module, settings = kuramoto, _settings("kuramoto") | {"min_valid": 0.3}
    members = [*blocks[:2], Block(blocks[2].values, gone, RATE)]
    found = module.reduce(module.combine(*(module.prepare(b, settings) for b in members)))
    assert found.value.item() > 0.95 and found.coverage.item() == pytest.approx(0.5, abs=0.02)


def test_channels_meet_their_own_kind_in_groups_of_three_and_every_other_in_pairs():
    a, b = _members([0, 0]), _members([0, 0], seed=4)
    both = [Block(np.concatenate([x.values, y.values], axis=1), np.ones((1, 2, N), dtype=bool), RATE) for x, y in
            zip((*a, a[0]), (*b, b[1]))]  # fmt: skip
    module, settings = kuramoto, _settings("kuramoto")
    prepared = [module.prepare(x, settings) for x in both]
    assert module.reduce(module.combine(*prepared)).value.shape == (2, 1, 1, 1)
    pair = module.reduce(module.combine(*prepared[:2])).value[..., 0, 0]
    assert pair.shape == (2, 2) and pair[0, 0] > 0.95 and pair[0, 1] < 0.9
    with pytest.raises(BadInput, match="same channels"):
        module.combine(*prepared, module.prepare(a[0], settings))
    with pytest.raises(BadInput, match="two members"):
        module.combine(prepared[0])
