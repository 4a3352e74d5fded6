"""Across epochs: PLV, imaginary coherence and wPLI of an EEG dyad under 1,000 permutations of the epochs."""

from __future__ import annotations

import numpy as np

from bench import e1
from bench._task import OURS, Built, Case, Step

TITLE = "E1's recording across epochs: PLV, imaginary coherence and wPLI under 1,000 permutations"
NAMES, DRAWS = ("plv", "imcoh", "wpli"), 1000
_NOTE = "MNE-Connectivity: one permutation of 1,000, scaled; the two people's channel pairs only."
CASES = {
    "fourier": Case(f"{TITLE}; Hann window", ("mne-connectivity",), 80, {"error": 1e-9}, 2, _NOTE),
    "multitaper": Case(
        f"{TITLE}; seven Slepian tapers",
        ("mne-connectivity",),
        None,
        {"error": 1e-9},
        1,
        f"{_NOTE} interbrain: 20 of 1,000, scaled (linear in draws, see below).",
    ),
}


def build(case: str, tool: str, quick: bool) -> Built:
    epochs, draws = (60, 100) if quick else (e1.EPOCHS, DRAWS)
    people = [e1.recording(i, epochs) for i in (1, 2)]
    order = np.random.default_rng(5).permutation(epochs)
    return _ours(case, people, draws, order) if tool == OURS else _mne(case, people, draws, order)


def _ours(case: str, people: list[np.ndarray], draws: int, order: np.ndarray) -> Built:
    from interbrain import measures

    done = draws if case == "fourier" else min(draws, 20)
    index = np.stack([np.random.default_rng(i).permutation(len(order)) for i in range(done)])
    blocks = [e1.block(p) for p in people]

    def run(rows: np.ndarray) -> np.ndarray:
        found = []
        for name in NAMES:
            module = measures.module(name)
            asked = e1.settings(name, convention="mne" if case == "multitaper" else "mne_fourier")
            ready = [module.prepare(b, asked) for b in blocks]
            found.append(module.draws(*ready, "segment_shuffle", rows).value[0, ..., 0])
        return np.stack(found)

    return Built((Step(lambda: run(index), draws / done),), lambda: run(order[None]), lambda: run(order[None]))


def _mne(case: str, people: list[np.ndarray], draws: int, order: np.ndarray) -> Built:
    from mne_connectivity import spectral_connectivity_epochs

    data = np.concatenate([people[0], people[1][order]], axis=1)
    rows, columns = np.indices((e1.CHANNELS, e1.CHANNELS)).reshape(2, -1)

    def run() -> np.ndarray:
        found = spectral_connectivity_epochs(
            data,
            method=list(NAMES),
            indices=(rows, columns + e1.CHANNELS),
            sfreq=e1.RATE,
            mode=case,
            fmin=tuple(low for low, _ in e1.BANDS.values()),
            fmax=tuple(high for _, high in e1.BANDS.values()),
            faverage=True,
            verbose="ERROR",
        )
        return np.stack([f.get_data().reshape(e1.CHANNELS, e1.CHANNELS, -1) for f in found])

    return Built((Step(run, draws),), run)
