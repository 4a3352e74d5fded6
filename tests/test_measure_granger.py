"""Granger causality against R's lmtest on real recordings, statsmodels, and least squares spelled out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.api import VAR
from statsmodels.tsa.stattools import grangercausalitytests

from interbrain import measures
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.measures import granger
from interbrain.measures._autoregression import best_order, sums


def block(values, rate=1.0) -> Block:
    values = np.asarray(values, dtype=float)
    values = values[None] if values.ndim == 2 else values
    return Block(np.nan_to_num(values), np.isfinite(values), rate, len(values) > 1)


def both(a, b, **asked):
    settings = resolve_settings(granger.RECORD, asked)
    return granger.prepare(block(a), settings), granger.prepare(block(b), settings)


def measured(a, b, **asked) -> Estimate:
    return granger.reduce(granger.combine(*both(a, b, **asked)))


def driven(n=800, seed=1, gain=0.5):
    """Two channels of A, three of B; A's first drives B's first two samples later."""
    random = np.random.default_rng(seed)
    e = random.standard_normal((5, n))
    x = np.zeros((5, n))
    for t in range(2, n):
        x[:, t] = 0.5 * x[:, t - 1] - 0.2 * x[:, t - 2] + e[:, t]
        x[2, t] += gain * x[0, t - 2]
    return x[:2], x[2:]


def residual(y, columns) -> float:
    design = np.column_stack([np.ones(len(y)), *columns])
    return float(np.sum((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2))


@pytest.mark.parametrize("order", [1, 3, 5])
def test_against_lmtest_on_movement_in_therapy(data_dir, order):
    table = pd.read_csv(data_dir / "reference/recurrence-granger-entropy/granger_motion_therapy_1Hz_log1p.csv")
    table = table[table.order == order]
    seen = 0
    for path in sorted((data_dir / "motion-therapy").rglob("*_01.txt")):
        rows = table[table.dyad == int(path.stem[:3])].set_index("direction")
        if rows.empty:
            continue
        raw = pd.read_csv(path, sep=" ").to_numpy(float)
        n = len(raw) // 25
        seconds = np.log1p(raw[: n * 25].reshape(n, 25, 2).mean(axis=1)).T
        found = measured(seconds[:1], seconds[1:], order=order)
        for d, direction in enumerate(("pat->th", "th->pat")):
            assert found.extra["f"][0, 0, 0, d] == pytest.approx(rows.F[direction], rel=1e-9)
            assert found.extra["p"][0, 0, 0, d] == pytest.approx(rows.p[direction], rel=1e-8)
            assert found.extra["df_within"][0, 0, 0, d] == rows.df2[direction]
            seen += 1
    assert seen == 2 * len(table) / 2 and seen >= 20


def test_value_is_the_logarithm_of_the_variances_ratio():
    a, b = driven()
    found = measured(a, b, order=3)
    past = [b[0, 2 - k : -1 - k] for k in range(3)]
    others = [a[0, 2 - k : -1 - k] for k in range(3)]
    y = b[0, 3:]
    assert found.value[0, 0, 0, 0] == pytest.approx(np.log(residual(y, past) / residual(y, past + others)), rel=1e-9)
    theirs = grangercausalitytests(np.column_stack([b[0], a[0]]), [3])[3][0]["ssr_ftest"]
    assert found.extra["f"][0, 0, 0, 0] == pytest.approx(theirs[0], rel=1e-9)


@pytest.mark.parametrize("criterion", ["bic", "aic"])
def test_order_agrees_with_statsmodels(criterion):
    a, b = driven(n=400)
    for i in range(2):
        for j in range(3):
            chosen = VAR(np.column_stack([a[i], b[j]])).select_order(6).selected_orders[criterion]
            found = best_order(sums(*both(a, b, max_order_s=6.0, criterion=criterion)), criterion)[i, j]
            assert found == max(1, chosen)


def test_direction_size_and_lag_are_recovered():
    """With innovations of variance 1 and gain g at lag 2, ln of the variances' ratio is near ln(1 + g² var(a))."""
    a, b = driven(n=20_000, gain=0.5)
    found = measured(a, b, order=2).value[:, :, 0]
    var_given_past = 1.0  # of A's sample two steps back, what B's own past does not hold of it, at least
    assert np.log(1 + 0.25 * var_given_past) * 0.9 < found[0, 0, 0] < np.log(1 + 0.25 * a[0].var()) * 1.05
    assert np.delete(found.ravel(), 0).max() < 0.002
    assert measured(a, b, order=1).value[0, 0, 0, 0] < 0.5 * found[0, 0, 0]
    turned = measured(b, a, order=2).value[:, :, 0]
    np.testing.assert_allclose(turned[0, 0], found[0, 0, ::-1], rtol=1e-9)


def test_conditional_against_least_squares_and_the_chain():
    """a → m → b: without m's past a seems to drive b, with it not; each value against regressions spelled out."""
    random = np.random.default_rng(4)
    e = random.standard_normal((3, 5000))
    x = np.zeros((3, 5000))
    for t in range(2, 5000):
        x[0, t] = 0.4 * x[0, t - 1] + e[0, t]
        x[1, t] = 0.8 * x[0, t - 1] + e[1, t]
        x[2, t] = 0.8 * x[1, t - 1] + e[2, t]
    a, b = x[:2], x[2:]
    plain, known = (measured(a, b, order=2, conditional=c).value[:, 0, 0, 0] for c in (False, True))
    assert plain[0] > 0.1 and known[0] < 0.003 and known[1] > 0.3
    y = x[2, 2:]
    every = [row[1 - k : -1 - k] for row in x for k in range(2)]
    for channel in range(2):
        without = [c for i, c in enumerate(every) if i // 2 != channel]
        assert known[channel] == pytest.approx(np.log(residual(y, without) / residual(y, every)), rel=1e-8)


def test_gaps_and_epochs_are_never_looked_across():
    a, b = (np.array(s) for s in driven(n=300))
    a[0, 100:120], b[1, 50:60] = np.nan, np.nan
    found = measured(a, b, order=2)
    rows = [t for t in range(2, 300) if np.isfinite(a[0, t - 2 : t + 1]).all()]
    past = [b[0, [t - k for t in rows]] for k in (1, 2)]
    others = [a[0, [t - k for t in rows]] for k in (1, 2)]
    expected = np.log(residual(b[0, rows], past) / residual(b[0, rows], past + others))
    assert found.value[0, 0, 0, 0] == pytest.approx(expected, rel=1e-9)
    whole_a, whole_b = driven(n=300)
    cut = [np.stack([s[:, :150], s[:, 150:]]) for s in (whole_a, whole_b)]
    holes = [np.concatenate([e[0], np.full((len(e[0]), 2), np.nan), e[1]], axis=1) for e in cut]
    joined = measured(*holes, order=2)
    np.testing.assert_allclose(measured(*cut, order=2).value, joined.value, rtol=1e-9)


def test_windows_are_recordings_of_their_own():
    a, b = driven(n=600)
    settings = resolve_settings(granger.RECORD, {"order": 2})
    state = granger.combine(granger.prepare(block(a), settings), granger.prepare(block(b), settings))
    parts = granger.reduce(state, np.array([[0, 300], [300, 600]]))
    np.testing.assert_allclose(parts[1].value, measured(a[:, 300:], b[:, 300:], order=2).value, rtol=1e-9)


def test_nothing_can_be_said():
    a, b = driven(n=300)
    flat = np.array(b)
    flat[1] = 3.0
    assert np.isnan(measured(a, flat, order=2).value[:, 1]).all()
    assert np.isnan(measured(a, a, order=2).value[0, 0]).all()
    with pytest.raises(RefusedScience, match="sums of others"):
        measured(a, np.vstack([b, a[:1]]), order=2, conditional=True)
    with pytest.raises(RefusedScience, match="too few"):
        measured(a[:, :30], b[:, :30], order=10)
    with pytest.raises(BadInput, match="criterion is 'cp'"):
        measured(a, b, criterion="cp")
    with pytest.raises(BadInput, match="share epochs"):
        measured(a, b[:, :200], order=1)


@pytest.mark.parametrize(("rate", "longest"), [(1.0, 2), (4.0, 8), (10.0, 20), (25.0, 20), (500.0, 20)])
@pytest.mark.parametrize("name", ["granger", "te", "pdc", "dtf"])
def test_memory_is_bounded_in_seconds_and_in_samples(name, rate, longest):
    """Two seconds, but no more than 20 samples; a higher bound is taken where it is named."""
    module, record = measures.module(name), measures.records()[name]
    long = block(np.random.default_rng(5).standard_normal((1, 6000)), rate)
    bands = {"bands": {"all": (0.05 * rate, 0.45 * rate)}}

    def prepared(**asked):
        found = module.prepare(long, {**resolve_settings(record, asked), **bands})
        return getattr(found, "person", found)

    assert prepared().longest == longest
    assert prepared(max_order=50).longest == min(50, round(2 * rate))
    assert prepared(order=30).longest == 30
