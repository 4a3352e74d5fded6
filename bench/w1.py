"""W1: wavelet coherence of one fNIRS dyad."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench._task import OURS, Built, Case, Step

TITLE = "Wavelet coherence of one fNIRS dyad: 20 × 20 channels, 50 min at 10 Hz, 61 scales from 3 to 96 s, a band mean"
RATE, SECONDS, CHANNELS = 10.0, 3000, 20
BAND = {"all": (1 / 96, 1 / 3)}
_NOTE = "HyPyP: one pair with and one without cached transforms, scaled to 400 pairs and 40 transforms. "
CASES = {
    "dyad": Case(
        TITLE,
        ("hypyp", "pycwt"),
        1000,
        {"error": 1e-3},
        3,
        _NOTE + "pycwt: 1 of 400 pairs, scaled. The peers' smoothing differs from interbrain's.",
        "interbrain's full-rate map, 4 pairs",
    )
}


def series(channels: int, seconds: int = SECONDS, seed: int = 1) -> np.ndarray:
    """``(channel, time)``: slow noise with a common rhythm near 10 s."""
    random = np.random.default_rng(seed)
    n = round(seconds * RATE)
    t = np.arange(n) / RATE
    walk = np.cumsum(random.standard_normal((channels, n)), axis=1)
    walk -= np.linspace(0, 1, n) * (walk[:, -1:] - walk[:, :1]) + walk[:, :1]
    return walk / walk.std(axis=1, keepdims=True) + random.standard_normal((channels, n)) + np.sin(2 * np.pi * t / 10)


def build(case: str, tool: str, quick: bool) -> Built:
    return dyads(tool, 600 if quick else SECONDS, 1, 400, 40)


def dyads(tool: str, seconds: int, passes: float, pairs: float, transforms: float) -> Built:
    """``passes`` times the whole of a dyad; a peer's cost in ``pairs`` and ``transforms`` of a channel."""
    if tool == OURS:
        return _ours(seconds, passes)
    return _hypyp(seconds, pairs, transforms) if tool == "hypyp" else _pycwt(seconds, pairs)


def settings(**given: Any) -> dict[str, Any]:
    from interbrain import measures
    from interbrain.data.records import resolve_settings

    return {**resolve_settings(measures.records()["wtc"], given), "bands": BAND}


def block(values: np.ndarray) -> Any:
    from interbrain.data.signal import Block

    return Block(values[None], np.ones((1, *values.shape), dtype=bool), RATE)


def value(a: Any, b: Any, asked: dict[str, Any]) -> np.ndarray:
    from interbrain.measures import wtc

    return wtc.reduce(wtc.combine(wtc.prepare(a, asked), wtc.prepare(b, asked))).value[:, :, 0, 0]


def _ours(seconds: int, passes: float) -> Built:
    asked = settings()
    a, b = (block(series(CHANNELS, seconds, seed)) for seed in (1, 2))
    few = [block(x.values[0, :2]) for x in (a, b)]
    short = [block(series(2, 600, seed)) for seed in (1, 2)]

    def error() -> np.ndarray:
        return value(*few, asked) - value(*few, settings(path="full"))

    return Built((Step(lambda: value(a, b, asked), passes),), error, lambda: value(*short, asked))


def _hypyp(seconds: int, pairs: float, transforms: float) -> Built:
    from hypyp.wavelet import ComplexMorletWavelet, PairSignals

    a, b = (series(1, seconds, seed)[0] for seed in (1, 2))
    t = np.arange(len(a)) / RATE
    pair = PairSignals(t, a, b, "a", "b", label_s1="1", label_s2="2", label_dyad="d", label_task="t")
    wavelet = ComplexMorletWavelet(period_range=(3, 96))

    def fresh() -> None:
        wavelet.clear_cache()
        wavelet.wtc(pair)

    # A fresh pair is two transforms and what a cached pair costs.
    steps = (Step(fresh, transforms / 2, "fresh"), Step(lambda: wavelet.wtc(pair), pairs - transforms / 2, "cached"))
    return Built(steps, None, fresh)


def _pycwt(seconds: int, pairs: float) -> Built:
    import pycwt

    a, b = (series(1, seconds, seed)[0] for seed in (1, 2))
    mother = pycwt.Morlet(6)
    first = 3 / mother.flambda()

    def one() -> None:
        pycwt.wct(a, b, 1 / RATE, dj=1 / 12, s0=first, J=60, sig=False, wavelet=mother)

    return Built((Step(one, pairs),))
