"""E2: E1's phase-locking value under 1,000 permutations of one person's epochs."""

from __future__ import annotations

import numpy as np

from bench import e1
from bench._task import OURS, Built, Case, Step

DRAWS = 1000
TITLE = "E1's phase-locking value under 1,000 permutations of the epochs"
CASES = {
    "plv": Case(
        TITLE,
        ("hypyp-default", "hypyp"),
        400,
        {"error": 1e-9},
        1,
        f"HyPyP: one permutation of {e1.PART} of 300 epochs, scaled; hypyp-default as compute_sync is called without "
        "options, hypyp with optimization='numba'. interbrain: all 1,000, exact.",
    )
}


def build(case: str, tool: str, quick: bool) -> Built:
    epochs, draws = (60, 100) if quick else (e1.EPOCHS, DRAWS)
    order = np.random.default_rng(5).permutation(e1.CHECKED)
    if tool != OURS:
        return _hypyp(epochs, draws, order, "numba" if tool == "hypyp" else None)
    from interbrain.measures import plv

    asked, people = e1.settings("plv"), [e1.recording(i, epochs) for i in (1, 2)]
    few = [plv.prepare(e1.block(p[: e1.CHECKED]), asked) for p in people]
    ready = [plv.prepare(e1.block(people.pop(0)), asked) for _ in range(2)]
    index = np.stack([np.random.default_rng(i).permutation(epochs) for i in range(draws)])

    def check() -> np.ndarray:
        return plv.draws(*few, "segment_shuffle", np.stack([order, order[::-1]])).value[0, ..., 0]

    return Built((Step(lambda: plv.draws(*ready, "segment_shuffle", index)),), check, check)


def _hypyp(epochs: int, draws: int, order: np.ndarray, optimization: str | None) -> Built:
    from hypyp.analyses import compute_freq_bands, compute_sync

    part = min(e1.PART, epochs)
    data = np.stack([e1.recording(i, epochs)[:part] for i in (1, 2)])
    bands = {k: list(v) for k, v in e1.BANDS.items()}
    signal = compute_freq_bands(data, int(e1.RATE), bands)

    def permuted(x: np.ndarray, new: np.ndarray) -> np.ndarray:
        found = compute_sync(np.stack([x[0], x[1, new]]), "plv", optimization=optimization)
        return np.moveaxis(found[:, : e1.CHANNELS, e1.CHANNELS :], 0, -1)

    new = np.random.default_rng(0).permutation(part)
    few = signal[:, : e1.CHECKED]
    step = Step(lambda: permuted(signal, new), draws * epochs / part)
    return Built((step,), lambda: permuted(few, order), lambda: permuted(few, order))
