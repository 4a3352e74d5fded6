"""Phase slope index against MNE-Connectivity's numbers, the formula spelled out, and planted delays."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import psi

BANDS = {"low": (4.1, 9.9), "high": (10.1, 19.9)}
MNE = {
    "mne_fourier": [(1.1196192428926528, 2.073629855450217), (0.02322443154500468, 0.08751782006623017)],
    "mne": [(1.0641262156278044, 1.8621217630374158), (0.0019490747018457355, -0.0010099685178405035)],
}
"""phase_slope_index of MNE-Connectivity 0.9.0 (modes "fourier" and "multitaper") on ``three()``: 0 → 1 and 0 → 2;
it leaves out frequencies on a band's edge, which is why the edges lie between two of them."""


def three() -> np.ndarray:
    random = np.random.default_rng(12)
    s = random.standard_normal((40, 1, 140))
    later = s[..., 2:130] + 0.5 * random.standard_normal((40, 1, 128))
    return np.concatenate([s[..., 5:133], later, random.standard_normal((40, 1, 128))], axis=1)


def measured(a, b, rate=64.0, valid_b=None, bands=BANDS, **asked) -> Estimate:
    settings = {**resolve_settings(psi.RECORD, asked), "bands": bands}
    epoched = a.shape[0] > 1
    block_a = Block(a, np.ones(a.shape, bool), rate, epoched)
    block_b = Block(b, np.ones(b.shape, bool) if valid_b is None else valid_b, rate, epoched)
    return psi.reduce(psi.combine(psi.prepare(block_a, settings), psi.prepare(block_b, settings)))


@pytest.mark.parametrize("convention", MNE)
def test_mne_connectivity_gives_the_same_numbers(convention):
    x = three()
    found = measured(x[:, :1], x[:, 1:], convention=convention).value
    np.testing.assert_allclose(found[0, :, :, 0], MNE[convention], rtol=1e-10)
    np.testing.assert_allclose(found[0, :, :, 1], -found[0, :, :, 0])


def test_formula_spelled_out_with_an_epoch_missing():
    x = three()
    valid = np.ones((40, 2, 128), bool)
    valid[3, 0] = False
    found = measured(x[:, :1], x[:, 1:], valid_b=valid).value[0, 0, 0, 0]
    kept = [e for e in range(40) if e != 3]
    t, window = np.arange(128) / 64.0, np.hanning(128)

    def coherency(f):
        z = [[np.sum(window * (s - s.mean()) * np.exp(-2j * np.pi * f * t)) for s in x[kept][:, c]] for c in (0, 1)]
        p, q = np.array(z)
        return np.sum(p * q.conj()) / np.sqrt(np.sum(abs(p) ** 2) * np.sum(abs(q) ** 2))

    values = [coherency(f) for f in np.arange(4.5, 9.51, 0.5)]
    assert found == pytest.approx(sum((values[k].conjugate() * values[k + 1]).imag for k in range(len(values) - 1)))


def test_who_leads_whatever_the_colours():
    """B's noise is far slower than A's, which turns Granger causality round but not the slope."""
    random = np.random.default_rng(3)
    source = random.standard_normal(20_010)
    a = source[5:20_005] + 0.3 * random.standard_normal(20_000)
    b = source[:20_000] + 0.3 * np.cumsum(random.standard_normal(20_000)) * 0.05
    found = measured(a[None, None], b[None, None], rate=100.0, bands={"wide": (5.0, 20.0)}).value[0, 0, 0]
    assert found[0] > 1 and found[1] == -found[0]
    back = measured(b[None, None], a[None, None], rate=100.0, bands={"wide": (5.0, 20.0)}).value[0, 0, 0]
    np.testing.assert_allclose(back, -found)
    at_once = measured(a[None, None], (a + b)[None, None] * 0 + a[None, None], rate=100.0).value
    np.testing.assert_allclose(at_once, 0, atol=1e-9)


def test_refusals():
    x = three()
    with pytest.raises(RefusedScience, match="one frequency"):
        measured(x[:, :1], x[:, 1:], bands={"narrow": (8.0, 8.2)})
    with pytest.raises(RefusedScience, match="3 epochs"):
        measured(x[:3, :1], x[:3, 1:])
    with pytest.raises(BadInput, match="one clock"):
        measured(x[:, :1], x[:20, 1:])
