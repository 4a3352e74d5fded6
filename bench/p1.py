"""P1: windowed lagged cross-correlation of two long series, once and under segment shuffles."""

from __future__ import annotations

import numpy as np

from bench._task import OURS, Built, Case, Step

TITLE = "Windowed lagged correlation of two series of 50 min at 10 Hz, windows of 60 s every 30 s, lags to ±5 s"
RATE, N, WINDOW, STEP, LAG, DRAWS = 10.0, 30000, 600, 300, 50, 1000
CASES = {
    "once": Case(TITLE, ("pandas", "naive"), 100, {"error": 1e-9}, 5, "pandas: rolling(600).corr at every lag."),
    "surrogates": Case(
        f"{TITLE}, under 1,000 segment shuffles",
        ("naive", "pandas"),
        10000,
        {"error": 1e-9},
        3,
        "naive: scipy.stats.pearsonr in two loops, one of 1,000 surrogates, scaled; pandas likewise.",
    ),
}


def series(n: int) -> np.ndarray:
    random = np.random.default_rng(1)
    a, b = np.cumsum(random.standard_normal((2, n)), axis=1)
    kernel = np.ones(20) / 20
    return np.stack([np.convolve(np.diff(x, prepend=0), kernel, "same") for x in (a, b)])


def shuffled(b: np.ndarray, order: np.ndarray) -> np.ndarray:
    whole = WINDOW * len(order)
    return np.concatenate([b[:whole].reshape(len(order), WINDOW)[order].reshape(-1), b[whole:]])


def build(case: str, tool: str, quick: bool) -> Built:
    n, draws = (6000, 100) if quick else (N, DRAWS)
    a, b = series(n)
    orders = np.stack([np.random.default_rng(i).permutation(n // WINDOW) for i in range(draws)])
    if tool == OURS:
        return _ours(case, a, b, orders)
    one = _pandas if tool == "pandas" else _naive
    if case == "surrogates":
        b = shuffled(b, orders[0])
    times = draws if case == "surrogates" else 1
    return Built((Step(lambda: one(a, b), times),), lambda: one(a, b))


def _ours(case: str, a: np.ndarray, b: np.ndarray, orders: np.ndarray) -> Built:
    from interbrain import measures
    from interbrain.data.records import resolve_settings
    from interbrain.data.signal import Block
    from interbrain.measures import wlcc

    asked = resolve_settings(measures.records()["wlcc"], {"placement": "forward"})
    blocks = [Block(x[None, None], np.ones((1, 1, len(x)), dtype=bool), RATE) for x in (a, b)]
    index = np.column_stack([np.full(len(orders), WINDOW), orders])
    ready = [wlcc.prepare(x, asked) for x in blocks]

    def once() -> np.ndarray:
        return wlcc.reduce(wlcc.combine(*(wlcc.prepare(x, asked) for x in blocks))).profile[0, 0]

    def draws(rows: np.ndarray) -> np.ndarray:
        return wlcc.draws(*ready, "segment_shuffle", rows).profile[:, 0, 0]

    if case == "once":
        return Built((Step(once),), once, once)
    return Built((Step(lambda: draws(index)),), lambda: draws(index[:1])[0], lambda: draws(index[:2]))


def _windows(n: int) -> np.ndarray:
    return np.arange(0, n - WINDOW - LAG + 1, STEP)


def _pandas(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    import pandas as pd

    x, y = pd.Series(a), pd.Series(b)
    last = _windows(len(a)) + WINDOW - 1
    found = []
    for lag in range(-LAG, LAG + 1):
        if lag >= 0:
            r = x.rolling(WINDOW).corr(y.shift(-lag))
        else:
            r = x.shift(lag).rolling(WINDOW).corr(y)
        found.append(np.abs(np.arctanh(r.to_numpy()[last])).mean())
    return np.array(found)


def _naive(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    from scipy.stats import pearsonr

    found = []
    for lag in range(-LAG, LAG + 1):
        ahead, behind = max(-lag, 0), max(lag, 0)
        r = [
            pearsonr(a[w + ahead : w + ahead + WINDOW], b[w + behind : w + behind + WINDOW])[0]
            for w in _windows(len(a))
        ]
        found.append(np.abs(np.arctanh(r)).mean())
    return np.array(found)
