"""Partial directed coherence and directed transfer function against SCoT, statsmodels and systems worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.api import VAR

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import _transfer, dtf, pdc
from interbrain.measures._transfer import Model

BOTH = pytest.mark.parametrize("module", [pdc, dtf], ids=["pdc", "dtf"])


def block(values, rate=1.0) -> Block:
    values = np.asarray(values, dtype=float)
    values = values[None] if values.ndim == 2 else values
    return Block(np.nan_to_num(values), np.isfinite(values), rate, len(values) > 1)


def measured(module, a, b, windows=None, rate=1.0, bands=None, **asked) -> Estimate:
    settings = {**resolve_settings(module.RECORD, asked), "bands": bands or {"all": (0.05, 0.45)}}
    state = module.combine(*(module.prepare(block(x, rate), settings) for x in (a, b)))
    return module.reduce(state, windows)


def simulated(coefficients, n=4000, seed=1, spread=None):
    """``coefficients (order, effect, cause)`` driven by white noise."""
    channels = coefficients.shape[1]
    e = np.random.default_rng(seed).standard_normal((n, channels)) * (1 if spread is None else spread)
    x = np.zeros((n, channels))
    for t in range(len(coefficients), n):
        x[t] = e[t] + sum(c @ x[t - 1 - k] for k, c in enumerate(coefficients))
    return x.T


def chain(first=0.7, second=0.7):
    """Channel 0 drives 1, 1 drives 2; each remembers itself."""
    c = np.zeros((2, 3, 3))
    c[0] = np.diag([0.6, 0.4, 0.3])
    c[1] = np.diag([-0.5, 0.0, 0.0])
    c[0, 1, 0], c[0, 2, 1] = first, second
    return c


def test_numbers_of_scot(monkeypatch):
    """SCoT 0.2.1, ``Connectivity(b, c, nfft=5)``: |PDC|², |GPDC|², |DTF|², |ffDTF|², |dDTF|² at k/9 cycles a sample,
    from channel 0 to 1 and (DTF) to 2. SCoT multiplies ffDTF by the number of frequencies, of which the mean takes the
    root."""
    beta = np.zeros((2, 3, 3))
    for (effect, cause), lags in {
        (0, 0): (0.9, -0.5),
        (1, 0): (0.4, 0.2),
        (1, 1): (0.3, -0.1),
        (2, 1): (-0.5, 0.3),
        (2, 2): (0.5, 0.0),
        (0, 2): (0.0, 0.1),
    }.items():
        beta[:, effect, cause] = lags
    noise = np.array([[1.0, 0.1, 0.0], [0.1, 0.25, 0.0], [0.0, 0.0, 2.0]])
    model, cycles = Model(beta, noise), np.arange(5) / 9
    monkeypatch.setattr(_transfer, "all_frequencies", lambda: cycles)
    theirs = {
        pdc.plain: [0.5, 0.6611400358, 0.2590685675, 0.0396039604, 0.0091724424],
        pdc.generalised: [0.8, 0.8864189581, 0.5830919114, 0.1415929204, 0.0357072029],
        dtf.plain: [0.4901960784, 0.6522298118, 0.2584465091, 0.0395949997, 0.0091720582],
        dtf.full_frequency: np.array([3.0747397323, 8.0149607865, 0.9175461422, 0.0683635055, 0.0106595125]) / 5,
        dtf.direct: np.array([2.546716917, 7.0371327166, 0.44382844567, 3.1328763577e-3, 2.3748905014e-5]) / 5,
    }
    for spectrum, expected in theirs.items():
        np.testing.assert_allclose(spectrum(model, cycles)[:, 1, 0], expected, rtol=2e-8, err_msg=spectrum.__name__)
    relayed = [0.0555555556, 0.2252751069, 0.0848774801, 0.0109803922, 0.0023019023]
    np.testing.assert_allclose(dtf.plain(model, cycles)[:, 2, 0], relayed, rtol=2e-8)


@BOTH
@pytest.mark.parametrize("conditional", [False, True])
def test_from_the_coefficients_of_statsmodels(module, conditional):
    """statsmodels' VAR of the standardised channels, its spectra spelled out frequency by frequency."""
    x = simulated(chain(), n=600) * np.array([[1.0], [50.0], [0.01]]) + 3
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    found = measured(module, x[:1], x[1:], order=2, conditional=conditional, bands={"low": (0.05, 0.15)}).value
    for j in (1, 2):
        chosen = [0, 1, 2] if conditional else [0, j]
        effect = chosen.index(j)
        fit = VAR(z[chosen].T).fit(2, trend="c")
        forth = back = 0.0
        for f in 0.05 + 0.1 * (np.arange(32) + 0.5) / 32:
            inwards = np.eye(len(chosen)) - sum(c * np.exp(-2j * np.pi * f * (k + 1)) for k, c in enumerate(fit.coefs))
            power = np.abs(inwards if module is pdc else np.linalg.inv(inwards)) ** 2
            share = power / power.sum(axis=0 if module is pdc else 1, keepdims=True)
            forth, back = forth + share[effect, 0] / 32, back + share[0, effect] / 32
        np.testing.assert_allclose(found[0, j - 1, 0], [forth, back], rtol=1e-8)


def test_closed_form_of_a_known_system():
    """b(t) = g a(t − 1) + e: |A_ba|² = g², so PDC² = g² / (1 + g²) at every frequency, and DTF² the same, with a and b
    in units of their SDs: g · sd(a) / sd(b) = g / sqrt(1 + g²)."""
    g = 0.8
    c = np.zeros((1, 2, 2))
    c[0, 1, 0] = g
    a, b = simulated(c, n=40_000)
    scaled = g**2 / (1 + g**2)
    for kind, expected in (("pdc", scaled / (1 + scaled)), ("generalised", g**2 / (1 + g**2)), ("dtf", None)):
        if kind == "dtf":
            found, expected = measured(dtf, a[None], b[None]), scaled / (1 + scaled)
        else:
            found = measured(pdc, a[None], b[None], generalised=kind == "generalised")
        assert found.value[0, 0, 0, 0] == pytest.approx(expected, abs=0.01), kind
        assert found.value[0, 0, 0, 1] < 1e-3
        assert found.extra["order"].item(0) == 1


def test_direct_and_relayed_paths():
    """0 → 1 → 2: of a path from 0 to 2 PDC and dDTF in one model of all see nothing; DTF and PDC of two do."""
    x = simulated(chain(), n=8000)
    a, b = x[:1], x[1:]
    known = {module: measured(module, a, b, conditional=True, order=2).value[0, :, 0] for module in (pdc, dtf)}
    assert known[pdc][0, 0] > 0.2 and known[pdc][1, 0] < 0.002
    assert known[dtf][0, 0] > 0.2 and known[dtf][1, 0] > 0.1
    direct = measured(dtf, a, b, convention="ddtf", order=2).value[0, :, 0]
    assert direct[0, 0] > 0.1 and direct[1, 0] < 0.002
    assert measured(pdc, a, b, order=2).value[0, 1, 0, 0] > 0.05
    assert max(known[m][:, 1].max() for m in known) < 0.002


def test_of_two_channels_both_are_one():
    """H of two channels is A with its diagonal exchanged, over its determinant: the two shares are the same."""
    x = simulated(chain(), n=500)
    one, other = (measured(module, x[:1], x[1:], order=2).value for module in (pdc, dtf))
    np.testing.assert_allclose(one, other, rtol=1e-9)
    known = [measured(module, x[:1], x[1:], order=2, conditional=True).value for module in (pdc, dtf)]
    assert np.abs(known[0] - known[1])[0, :, 0, 0].max() > 0.01


@BOTH
def test_bands_apart(module):
    """A rhythm near 0.2 cycles a sample is passed on, and bands keep their places."""
    c = np.zeros((2, 2, 2))
    c[0, 0, 0], c[1, 0, 0] = 2 * 0.95 * np.cos(2 * np.pi * 0.2), -(0.95**2)
    c[0, 1, 0] = 0.3
    a, b = simulated(c, n=5000)
    bands = {"slow": (0.02, 0.06), "own": (0.18, 0.22), "fast": (0.4, 0.48)}
    found = measured(module, a[None], b[None], bands=bands, order=2)
    assert found.bands == ("slow", "own", "fast") and found.value.shape == (1, 1, 3, 2)
    slow, own, fast = found.value[0, 0, :, 0]
    assert own > 2 * slow and own > 2 * fast
    faster = {name: (4 * low, 4 * high) for name, (low, high) in bands.items()}
    at_four_hz = measured(module, a[None], b[None], rate=4.0, bands=faster, order=2)
    np.testing.assert_allclose(at_four_hz.value, found.value, rtol=1e-9)


@BOTH
def test_gaps_epochs_and_windows(module):
    """Epochs are gaps without samples; a window is a recording of its own."""
    x = simulated(chain(), n=400)
    cut = [np.stack([s[:, :200], s[:, 200:]]) for s in (x[:1], x[1:])]
    holes = [np.concatenate([e[0], np.full((len(e[0]), 2), np.nan), e[1]], axis=1) for e in cut]
    joined = measured(module, *holes, order=2)
    np.testing.assert_allclose(measured(module, *cut, order=2).value, joined.value, rtol=1e-9)
    assert joined.coverage[0, 0, 0, 0] == pytest.approx(400 / 402)
    parts = measured(module, x[:1], x[1:], np.array([[0, 200], [200, 400]]), order=2)
    np.testing.assert_allclose(parts[1].value, measured(module, x[:1, 200:], x[1:, 200:], order=2).value, rtol=1e-9)
    assert np.abs(parts[0].value - parts[1].value).min() > 1e-6


@BOTH
def test_nothing_can_be_said(module):
    x = simulated(chain(), n=300)
    flat = np.array(x[1:])
    flat[0] = 2.0
    found = measured(module, x[:1], flat, order=2).value
    assert np.isnan(found[0, 0]).all() and np.isfinite(found[0, 1]).all()
    assert np.isnan(measured(module, x[:1], x[:1], order=2).value).all()
    with pytest.raises(RefusedScience, match="carry nothing"):
        measured(module, x[:1], x[1:], bands={"high": (0.3, 0.6)})
    with pytest.raises(RefusedScience, match="too few"):
        measured(module, x[:1, :60], x[1:, :60], order=10)
    with pytest.raises(BadInput, match="at least one band"):
        module.prepare(block(x), resolve_settings(module.RECORD, {}))
    with pytest.raises(BadInput, match="max_order is 0"):
        measured(module, x[:1], x[1:], max_order=0)
    with pytest.raises(BadInput, match="share epochs"):
        measured(module, x[:1], x[1:, :200])
    with pytest.raises(BadInput, match="kind is 'full'"):
        measured(dtf, x[:1], x[1:], kind="full")


@BOTH
def test_longest_memory_is_the_shorter_of_seconds_and_samples(module):
    x = simulated(chain(), n=3000)
    assert measured(module, x[:1], x[1:], max_order_s=1.0).extra["order"].max() == 1
    assert measured(module, x[:1], x[1:], max_order_s=9.0, max_order=2).extra["order"].max() == 2
