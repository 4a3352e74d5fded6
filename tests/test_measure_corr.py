"""Correlation, plain, robust and prewhitened, against SciPy, statsmodels and the formula spelled out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter
from statsmodels.tsa.ar_model import AutoReg

from interbrain.data.errors import BadInput
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import corr
from interbrain.measures._innovations import autocovariance, coefficients, innovations


def block(values, rate=10.0) -> Block:
    values = np.asarray(values, dtype=float)
    values = values[None] if values.ndim == 2 else values
    return Block(np.nan_to_num(values), np.isfinite(values), rate, len(values) > 1)


def measured(a, b, **asked) -> Estimate:
    settings = resolve_settings(corr.RECORD, asked)
    return corr.reduce(corr.combine(corr.prepare(block(a), settings), corr.prepare(block(b), settings)))


def biweight_by_hand(x, y) -> float:
    """Langfelder & Horvath 2012, equations 1 to 4, sum by sum."""

    def weighted(s):
        deviation = s - np.median(s)
        u = deviation / (9 * np.median(np.abs(deviation)))
        out = [d * (1 - k * k) ** 2 * (abs(k) < 1) for d, k in zip(deviation, u, strict=True)]
        return np.array(out) / np.sqrt(sum(o * o for o in out))

    return float(sum(weighted(x) * weighted(y)))


@pytest.fixture
def two():
    random = np.random.default_rng(3)
    shared = random.standard_t(3, 400)
    return shared + random.standard_t(3, (2, 400)), shared + random.standard_t(3, (3, 400))


@pytest.mark.parametrize(
    "convention, peer",
    [
        ("pearson", lambda x, y: stats.pearsonr(x, y).statistic),
        ("spearman", lambda x, y: stats.spearmanr(x, y).statistic),
    ],
)
def test_against_scipy(two, convention, peer):
    a, b = two
    found = measured(a, b, convention=convention).value[:, :, 0, 0]
    np.testing.assert_allclose(found, [[peer(x, y) for y in b] for x in a], rtol=1e-12)


def test_biweight_against_its_formula(two):
    a, b = two
    found = measured(a, b, prewhiten=False, kind="robust").value[:, :, 0, 0]
    np.testing.assert_allclose(found, [[biweight_by_hand(x, y) for y in b] for x in a], rtol=1e-12)


def test_gaps_leave_only_joint_samples(two):
    a, b = (np.array(x) for x in two)
    a[0, 50:90], b[0, 70:120] = np.nan, np.nan
    found = measured(a, b, convention="pearson")
    joint = np.isfinite(a[0]) & np.isfinite(b[0])
    assert np.isclose(found.value[0, 0].item(), np.corrcoef(a[0, joint], b[0, joint])[0, 1])
    assert np.isclose(found.coverage[0, 0].item(), joint.mean())


def test_innovations_against_statsmodels():
    """The order by BIC is the true one, and the errors are those of statsmodels' least-squares fit but for its own
    estimation error, which falls with the length."""
    random = np.random.default_rng(1)
    x = lfilter([1], [1, -1.5, 0.7], random.standard_normal(20_000))[None, None]
    valid = np.ones(x.shape, dtype=bool)
    assert len(coefficients(autocovariance(x, valid, 40)[0], 20_000)) == 2
    ours, known = innovations(x, valid, 40)
    assert known[0, 0].tolist()[:3] == [False, False, True]
    theirs = AutoReg(x[0, 0], 2).fit().resid
    np.testing.assert_allclose(ours[0, 0, 2:], theirs, atol=0.02)


def test_innovations_by_hand():
    """AR(1): what is left is x[t] − φ x[t − 1] about the mean, and unknown after a gap for one sample."""
    random = np.random.default_rng(2)
    x = lfilter([1], [1, -0.9], random.standard_normal(5000))
    x[1000:1010] = np.nan
    values, valid = np.nan_to_num(x)[None, None], np.isfinite(x)[None, None]
    found, known = innovations(values, valid, 1)
    mean = np.nanmean(x)
    zero = np.nan_to_num(x - mean)
    phi = (zero[1:] @ zero[:-1]) / (zero @ zero)
    expected = zero[1:] - phi * zero[:-1]
    assert np.flatnonzero(~known[0, 0]).tolist() == [0, *range(1000, 1011)]
    np.testing.assert_allclose(found[0, 0, 1:][known[0, 0, 1:]], expected[known[0, 0, 1:]], atol=1e-12)


def test_prewhitening_takes_out_chance_agreement_of_slow_series():
    """Fisher's p for independent AR(1) 0.98: plain correlation is called significant most of the time, prewhitened
    as often as it should be."""
    random = np.random.default_rng(5)
    a, b = lfilter([1], [1, -0.98], random.standard_normal((2, 40, 2200)), axis=-1)[..., 200:]

    def called(r):
        return float(np.mean(np.abs(np.arctanh(r)) * np.sqrt(2000 - 3) > 1.96))

    plain = measured(a, b, convention="pearson").value[:, :, 0, 0]
    white = measured(a, b, convention="prewhitened").value[:, :, 0, 0]
    assert called(plain) > 0.5
    assert 0.03 < called(white) < 0.07


def test_a_burst_that_both_share_counts_little_when_robust(two):
    random = np.random.default_rng(6)
    a, b = random.standard_normal((2, 1, 1000))
    a[0, 500:505] += 60
    b[0, 500:505] += 60
    assert measured(a, b, convention="pearson").value.item() > 0.9
    assert abs(measured(a, b, prewhiten=False, kind="robust").value.item()) < 0.1


def test_shared_innovations_are_found_with_their_size():
    """Innovations correlate by .5 in series of different colour, whose own correlation is another."""
    random = np.random.default_rng(7)
    shared, own = random.standard_normal(20_000), random.standard_normal((2, 20_000))
    a = lfilter([1], [1, -0.9], np.sqrt(0.5) * shared + np.sqrt(0.5) * own[0])[None]
    b = lfilter([1], [1, 0.5], np.sqrt(0.5) * shared + np.sqrt(0.5) * own[1])[None]
    assert abs(measured(a, b, convention="prewhitened").value.item() - 0.5) < 0.02
    assert abs(measured(a, -b, convention="prewhitened").value.item() + 0.5) < 0.02
    assert abs(measured(a, -b, convention="prewhitened", absolute=True).value.item() - 0.5) < 0.02
    shifted = measured(a[:, :-1], b[:, 1:], convention="prewhitened").value.item()
    assert abs(shifted) < 0.03


def test_constant_and_refused():
    random = np.random.default_rng(8)
    a = random.standard_normal((1, 100))
    assert np.isnan(measured(a, np.full((1, 100), 0.1)).value).all()
    with pytest.raises(BadInput, match="kind is 'kendall'"):
        measured(a, a, kind="kendall")
    with pytest.raises(BadInput, match="one clock"):
        measured(a, a[:, :50])


def test_effective_samples():
    """White noise keeps its samples; AR(1) 0.9 with AR(1) 0.9 keeps (1 − .81) / (1 + .81) of them."""
    random = np.random.default_rng(9)
    white = random.standard_normal((2, 1, 20_000))
    slow = lfilter([1], [1, -0.9], white, axis=-1)
    assert measured(*white, convention="pearson").n_effective.item() > 17_000
    found = measured(*slow, convention="pearson").n_effective.item()
    assert 0.7 * 0.105 < found / 20_000 < 1.4 * 0.105
