"""How the cost and the memory of interbrain grow with channel pairs, surrogates and length."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np

from bench import e1, p1, w1
from bench._task import Built, Case, Step

TITLE = "How cost and memory grow"
CASES = {
    "wtc_pairs": Case("Wavelet coherence, channel pairs (50, 100, 200, 400)", rounds=3),
    "wtc_surrogates": Case("Wavelet coherence, circular shifts (4, 8, 16)", rounds=3),
    "wtc_length": Case("Wavelet coherence, minutes (12.5, 25, 50)", rounds=3),
    "wlcc_surrogates": Case("Windowed lagged correlation, segment shuffles (250, 500, 1,000)", rounds=3),
    "wlcc_length": Case("Windowed lagged correlation, minutes (12.5, 25, 50)", rounds=3),
    "plv_pairs": Case("PLV over time, channel pairs (256, 512, 1,024)", rounds=3),
    "plv_surrogates": Case("PLV across epochs, orders of epochs (64, 128, 256)", rounds=2),
}


def build(case: str, tool: str, quick: bool) -> Built:
    name, what = case.split("_")
    steps = {"wtc": _wtc, "wlcc": _wlcc, "plv": _plv}[name](what)

    def warm() -> None:
        steps[0].call()

    return Built(tuple(steps), None, warm)


def _step(call: Any, units: float, what: str) -> Step:
    """Named with the memory that a call needs beside what was there, in 10⁶ bytes."""
    call()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return Step(call, 0, f"a {what} of {units:g} ({peak:.0f} MB)", units)


def _wtc(what: str) -> list[Step]:
    from interbrain.measures import wtc

    asked = w1.settings()
    a, b = (w1.series(w1.CHANNELS, w1.SECONDS, seed) for seed in (1, 2))

    def pairs(n: int) -> Step:
        ready = wtc.prepare(w1.block(a), asked), wtc.prepare(w1.block(b[: n // 20]), asked)
        return _step(lambda: wtc.reduce(wtc.combine(*ready)), n, "pair")

    def surrogates(n: int) -> Step:
        ready = [wtc.prepare(w1.block(x[:5]), asked) for x in (a, b)]
        return _step(lambda: wtc.draws(*ready, "circular_shift", 1 + np.arange(n) * 1000), n, "surrogate")

    def length(n: float) -> Step:
        blocks = [w1.block(x[:5, : round(n * 600)]) for x in (a, b)]
        return _step(lambda: w1.value(*blocks, asked), n, "minute")

    makers = {"pairs": (pairs, (50, 100, 200, 400)), "surrogates": (surrogates, (4, 8, 16))}
    make, sizes = makers.get(what, (length, (12.5, 25, 50)))
    return [make(n) for n in sizes]


def _wlcc(what: str) -> list[Step]:
    def surrogates(n: int) -> Step:
        built = p1._ours("surrogates", *p1.series(p1.N), _orders(n, p1.N))
        return _step(built.steps[0].call, n, "surrogate")

    def length(n: float) -> Step:
        built = p1._ours("once", *p1.series(round(n * 600)), _orders(1, p1.N))
        return _step(built.steps[0].call, n, "minute")

    make, sizes = (surrogates, (250, 500, 1000)) if what == "surrogates" else (length, (12.5, 25, 50))
    return [make(n) for n in sizes]


def _orders(n: int, samples: int) -> np.ndarray:
    return np.stack([np.random.default_rng(i).permutation(samples // p1.WINDOW) for i in range(n)])


def _plv(what: str) -> list[Step]:
    from interbrain.measures import plv

    people = [e1.recording(i, 60) for i in (1, 2)]
    across = {} if what == "pairs" else {"convention": "mne_fourier"}
    asked = e1.settings("plv", **across)

    def pairs(n: int) -> Step:
        ready = plv.prepare(e1.block(people[0]), asked), plv.prepare(e1.block(people[1][:, : n // 32]), asked)
        return _step(lambda: plv.reduce(plv.combine(*ready)), n, "pair")

    def surrogates(n: int) -> Step:
        ready = [plv.prepare(e1.block(x), asked) for x in people]
        index = np.stack([np.random.default_rng(i).permutation(60) for i in range(n)])
        return _step(lambda: plv.draws(*ready, "segment_shuffle", index), n, "surrogate")

    make, sizes = (pairs, (256, 512, 1024)) if what == "pairs" else (surrogates, (64, 128, 256))
    return [make(n) for n in sizes]
