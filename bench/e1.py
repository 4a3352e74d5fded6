"""E1: phase measures over time within the epochs of one EEG dyad."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench._task import OURS, Built, Case, Step

TITLE = "EEG of one dyad: 32 × 32 channels, 500 Hz, 300 epochs of 1 s, 5 bands"
RATE, EPOCHS, CHANNELS, TIMES = 500.0, 300, 32, 500
BANDS = {"delta": (3.0, 4.0), "theta": (4.0, 7.5), "alpha": (7.5, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 48.0)}
PART, CHECKED = 100, 10
HYPYP = {"imcoh": "imcoh", "filter": "plv"}
_NOTE = f"HyPyP with numba on {PART} of 300 epochs, scaled; both start from filtered signals. It makes 64 × 64 pairs."
CASES = {
    name: Case(f"{title}, from filtered signals", ("hypyp",), 10, {"error": 1e-9}, 3, _NOTE)
    for name, title in {
        "plv": "Phase-locking value",
        "ccorr": "Circular correlation",
        "imcoh": "Imaginary coherence",
        "wpli": "Weighted phase lag index",
    }.items()
}
CASES["wpli"].limits.update(error=1e-7, peak_mb=1000)  # samples in single precision, unlike the others'
CASES["filter"] = Case(
    "Band-pass filter and Hilbert transform", ("hypyp",), None, {"error": 1e-9}, 2, f"HyPyP on {PART} of 300, scaled."
)


def recording(person: int, epochs: int = EPOCHS) -> np.ndarray:
    """``(epoch, channel, time)`` of noise with 1/f^½ amplitudes and a shared rhythm at 10 Hz."""
    random = np.random.default_rng(person)
    rhythm = 0.3 * np.sin(2 * np.pi * 10 * np.arange(TIMES) / RATE + person)
    values = np.empty((epochs, CHANNELS, TIMES))
    for epoch in values:  # one by one, so that the tool's memory is not hidden by that of making its data
        epoch[:] = random.standard_normal((CHANNELS, TIMES), dtype=np.float32) + rhythm
    return values


def build(case: str, tool: str, quick: bool) -> Built:
    epochs = 60 if quick else EPOCHS
    return _ours(case, epochs) if tool == OURS else _hypyp(case, epochs)


def settings(name: str, **given: Any) -> dict[str, Any]:
    from interbrain import measures
    from interbrain.data.records import resolve_settings

    return {**resolve_settings(measures.records()[name], given), "bands": BANDS}


def block(values: np.ndarray) -> Any:
    from interbrain.data.signal import Block

    return Block(values, np.ones(values.shape, dtype=bool), RATE, epoched=True)


def _ours(case: str, epochs: int) -> Built:
    from interbrain import measures

    module = measures.module(HYPYP.get(case, case))
    asked = settings(HYPYP.get(case, case))
    few = [block(recording(i, CHECKED)) for i in (1, 2)]

    def few_value(epochs: int = CHECKED) -> np.ndarray:
        return module.reduce(module.combine(*(module.prepare(b.at(slice(epochs)), asked) for b in few))).value[..., 0]

    def few_carriers() -> np.ndarray:
        return np.stack([np.stack([c.complex for c in module.prepare(b, asked).carriers]) for b in few])

    if case == "filter":
        blocks = [block(recording(i, epochs)) for i in (1, 2)]
        step = Step(lambda: [module.prepare(b, asked) for b in blocks])
        return Built((step,), few_carriers, lambda: module.prepare(few[0], asked))
    ready = [module.prepare(block(recording(i, epochs)), asked) for i in (1, 2)]
    return Built((Step(lambda: module.reduce(module.combine(*ready)).value),), few_value, lambda: few_value(2))


def _hypyp(case: str, epochs: int) -> Built:
    from hypyp.analyses import compute_freq_bands, compute_sync

    part = min(PART, epochs)
    data = np.stack([recording(i, epochs)[:part] for i in (1, 2)])
    bands = {k: list(v) for k, v in BANDS.items()}

    def analytic(x: np.ndarray) -> np.ndarray:
        return compute_freq_bands(x, int(RATE), bands)

    few = analytic(data[:, :CHECKED])
    if case == "filter":

        def carriers() -> np.ndarray:
            found = np.moveaxis(few, 3, 1)  # person, band, epoch, channel, time
            return found / np.abs(found)

        return Built((Step(lambda: analytic(data), epochs / part),), carriers)
    signal = analytic(data)

    def sync(x: np.ndarray) -> np.ndarray:
        found = compute_sync(x, HYPYP.get(case, case), optimization="numba")
        return np.moveaxis(found[:, :CHANNELS, CHANNELS:], 0, -1)

    return Built((Step(lambda: sync(signal), epochs / part),), lambda: sync(few), lambda: sync(few))
