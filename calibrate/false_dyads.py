"""False dyads: how often they are found, and how often strangers or people in synchrony are taken for them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from calibrate._false_dyads_page import page
from calibrate._kept import FOLDER, finished, origin
from calibrate._recordings import (
    CHANGES,
    WORLDS,
    cut,
    data_folder,
    light,
    noisy,
    pair_of_caps,
    real_motion,
    red,
    signal_of,
    tapping,
)  # fmt: skip
from interbrain.data.signal import Signal
from interbrain.signals.bodies import _locking, find_bodies, rhythms
from interbrain.signals.copies import SURE, find_copies
from interbrain.signals.marks import marks, shared
from interbrain.signals.seams import ends, find_seams
from interbrain.signals.sketch import sketch
from interbrain.signals.twins import find_twins, fingerprint

TITLE = "False dyads"
STRANGERS = 30
LENGTHS = (8, 12, 16, 20, 30, 45, 60, 120)
LOST = (0, 1, 5, 25)
PAIRS = ("copies", "seams")
MARKS = [("steps", 4, 15), ("steps", 8, 15), ("steps", 16, 15), ("steps", 16, 10), ("dropouts", 4, 0),
         ("dropouts", 8, 0), ("lines", 1, 0.05), ("lines", 1, 0.1), ("lines", 1, 0.3)]  # fmt: skip
"""Kind, how many, and how high: steps in SD of a sample's change, lines in SD of the recording."""


def strangers(world: str, studies: int, seconds: float, seed: int) -> dict[str, Any]:
    """Studies of 30 recordings that are all independent: how many have any false finding of each kind."""
    row: dict[str, Any] = {"studies": studies, "twins": 0, "copies": 0, "seams": 0, "heart": 0, "marks": 0}
    best, locked = 0.0, 0.0
    for study in range(studies):
        random = np.random.default_rng([seed, study])
        made = {f"r{i}": WORLDS[world](random, seconds) for i in range(STRANGERS)}
        found = look(made)
        for kind in ("twins", "copies", "seams", "heart"):
            row[kind] += bool(found[kind])
        kept = [marks(s) for s in made.values()]
        row["marks"] += any(s.kind != "lines" for a, b in zip(kept[::2], kept[1::2]) for s in shared(a, b))
        best = max(best, found["best"])
        locked = max(locked, found["locked"])
    return {**row, "best_score": best, "best_locking": locked}


def look(made: Mapping[str, Signal]) -> dict[str, Any]:
    """Every search over recordings that should be strangers."""
    copies = find_copies({i: sketch(s) for i, s in made.items()}, sure=0.0)
    bodies = {i: rhythms(s) for i, s in made.items()}
    phasors = [b["heart"].phasors for b in bodies.values() if "heart" in b]
    locking = np.triu(_locking(phasors)[0], 1) if len(phasors) > 1 else np.zeros((1, 1))
    return {
        "twins": find_twins({i: fingerprint(s) for i, s in made.items()}),
        "copies": [c for c in copies if c.score >= SURE],
        "seams": find_seams({i: e for i, s in made.items() if (e := ends(s)) is not None}),
        "heart": [b for b in find_bodies(bodies) if b.rhythm == "heart"],
        "best": max((c.score for c in copies), default=0.0),
        "locked": float(locking.max()),
    }


def real_strangers(folder: Path) -> dict[str, Any]:
    """Movement of different real dyads: all pairs of recordings, as one study."""
    made = {f"{k}/{c}": s.pick([c]) for k, s in real_motion(folder).items() for c in (0, 1)}
    found = look(made)
    other = [(a, b) for a, b in combinations(made, 2) if a.split("/")[0] != b.split("/")[0]]
    kept = {i: marks(s, 0.0) for i, s in made.items()}
    seen = {
        kind: [p for p in found[kind] if p.id_a.split("/")[0] != p.id_b.split("/")[0]] for kind in ("copies", "seams")
    }
    shares = sum(bool([s for s in shared(kept[a], kept[b]) if s.kind != "lines"]) for a, b in other)
    lines = sum(bool([s for s in shared(kept[a], kept[b]) if s.kind == "lines"]) for a, b in other)
    return {
        "pairs": len(other), "twins": len(found["twins"]), "copies": len(seen["copies"]), "seams": len(seen["seams"]),
        "best_score": found["best"], "steps": shares, "lines": lines,
    }  # fmt: skip


def found_again(made: Mapping[str, Signal], copy: Signal, of: str) -> tuple[bool, bool]:
    """Whether the exact and the tolerant search name the copy."""
    every = {**made, "copy": copy}
    exact = any({t.id_a, t.id_b} == {of, "copy"} for t in find_twins({i: fingerprint(s) for i, s in every.items()}))
    like = any({c.id_a, c.id_b} == {of, "copy"} for c in find_copies({i: sketch(s) for i, s in every.items()}))
    return exact, like


def others(world: str, random: np.random.Generator, seconds: float, n: int = 4) -> dict[str, Signal]:
    if world == "real movement":
        real = real_motion(data_folder())
        return {k: real[k] for k in random.permutation(list(real))[:n]}
    return {f"r{i}": WORLDS[world](random, seconds) for i in range(n)}


def changed(world: str, change: str, n: int, seconds: float, seed: int) -> dict[str, Any]:
    """A whole recording under another label, after one change."""
    hits = np.zeros(2, int)
    for k in range(n):
        random = np.random.default_rng([seed, k])
        made = others(world, random, seconds)
        first = next(iter(made))
        hits += found_again(made, CHANGES[change](made[first], random), first)
    return {"n": n, "exact": int(hits[0]), "either": int(hits.max()), "tolerant": int(hits[1])}


def part(world: str, length: int, n: int, seconds: float, seed: int) -> dict[str, Any]:
    """A stretch of one recording inside another: as it is, and resampled to 4/5 with noise at 20 dB."""
    as_is = altered = 0
    for k in range(n):
        random = np.random.default_rng([seed, k])
        made = others(world, random, seconds, 5)
        first, host = next(iter(made)), made.pop(list(made)[-1])
        size = round(length * host.rate)
        source = made[first].values[0]
        start = int(random.integers(0, source.shape[1] - size))
        at = int(random.integers(size, host.n_times - size))
        x = host.values[0].copy()
        x[:, at : at + size] = source[:, start : start + size]
        planted = signal_of(x, host.rate)
        as_is += any(found_again(made, planted, first))
        noise = signal_of(noisy(x, 20, random), host.rate)
        altered += any(found_again(made, CHANGES["resampled 4/5"](noise, random), first))
    return {"n": n, "as_is": as_is, "altered": altered}


def seam(world: str, lost: int, n: int, seconds: float, seed: int) -> dict[str, Any]:
    """Recordings cut in two with some samples lost: pieces joined rightly, and strangers joined."""
    right = wrong = 0
    for k in range(n):
        random = np.random.default_rng([seed, k])
        made = others(world, random, seconds, 6)
        pieces: dict[str, Signal] = {}
        for i, s in made.items():
            half = s.n_times // 2
            pieces |= {f"{i}/1": cut(s, 0, half), f"{i}/2": cut(s, half + lost, s.n_times)}
        found = find_seams({i: e for i, s in pieces.items() if (e := ends(s)) is not None})
        true = sum(f.id_a == f"{f.id_b[:-1]}1" and f.id_b.endswith("2") for f in found)
        right, wrong = right + true, wrong + len(found) - true
    return {"n": 6 * n, "right": right, "wrong": wrong, "wrong_of": n * 12 * 11 - 6 * n}


def body(seconds: float, decibel: float, n: int, seed: int) -> dict[str, Any]:
    """One cap's channels given to two people, each with noise of their own."""
    hits, locking = 0, []
    for k in range(n):
        random = np.random.default_rng([seed, k])
        x = light(random, seconds).values[0]
        x = x / x.mean(axis=1, keepdims=True)
        sides = [signal_of(noisy(x[part], decibel, random), 5.0) for part in (slice(0, 8), slice(8, 16))]
        found = [f for f in find_bodies({"a": rhythms(sides[0]), "b": rhythms(sides[1])}, 0.0) if f.rhythm == "heart"]
        locking += [f.locking for f in found]
        hits += any(f.locking >= 0.8 for f in found)
    return {"n": n, "hits": hits, "locking": float(np.median(locking)) if locking else np.nan}


def planted_marks(kind: str, count: int, height: float, n: int, seed: int) -> dict[str, Any]:
    """Marks at the same samples of two strangers' movement-like recordings, or each at its own."""
    both = own = 0
    for k in range(n):
        random = np.random.default_rng([seed, k])
        for together in (True, False):
            sides = [red(random, 600).values[0, :1].copy() for _ in (0, 1)]
            at = random.choice(np.arange(200, 14800, 75), count, replace=False)
            phase = random.uniform(0, 6.28)
            for x in sides:
                here = at if together else random.choice(np.arange(200, 14800), count, replace=False)
                tone = 3.3 if together else random.uniform(3, 4)
                _mark(x, kind, here, height, tone, phase)
            one, other = (marks(signal_of(x, 25.0)) for x in sides)
            found = any(s.kind == kind for s in shared(one, other))
            both, own = both + (found and together), own + (found and not together)
    return {"n": n, "together": both, "apart": own}


def _mark(x: np.ndarray, kind: str, at: np.ndarray, height: float, tone: float, phase: float) -> None:
    """Steps of ``height`` SD of a sample's change, drop-outs of 8 samples, or a line of ``height`` SD."""
    for i in at if kind != "lines" else ():
        if kind == "steps":
            x[:, i:] += height * np.diff(x).std() * (1 if i % 2 else -1)
        else:
            x[:, i : i + 8] = x[:, i : i + 1]
    if kind == "lines":
        x += height * x.std() * np.sin(2 * np.pi * tone * np.arange(x.shape[1]) / 25 + phase)


def one_cap(n: int, seed: int) -> dict[str, Any]:
    """The even and the odd channels of one cap of electrodes, given to two people."""
    caps = [WORLDS["brain"](np.random.default_rng([seed, k]), 600.0) for k in range(n)]
    return told([(s.pick([0, 2, 4]), s.pick([1, 3, 5])) for s in caps], None)


def synchrony(coupling: float, n: int, seed: int) -> dict[str, Any]:
    """Simulated caps whose haemodynamics are coupled, at no lag, in every pair of regions' channels that is planted."""
    return told([pair_of_caps(np.random.default_rng([seed, k]), 600.0, coupling) for k in range(n)], None)


def common_input(correlation: float, n: int, seed: int) -> dict[str, Any]:
    """One input to both people and noise of their own, in all bands: cannot be told from a copy with noise."""
    pairs = []
    for k in range(n):
        random = np.random.default_rng([seed, k])
        one, two, both = (red(random, 600).values[0, :1] for _ in range(3))
        pairs.append(tuple(
            signal_of(np.sqrt(correlation) * both + np.sqrt(1 - correlation) * x, 25.0) for x in (one, two)
        ))  # fmt: skip
    return told(pairs, None)


def told(pairs: list[Any], rest: float | None) -> dict[str, Any]:
    """What is said of pairs of people who met: refused (one recording), told (agrees, or marks in common)."""
    row = {"n": len(pairs), "refused": 0, "told": 0, "heart": 0, "steps": 0, "lines": 0}
    for a, b in pairs:
        copies = find_copies({"a": sketch(a), "b": sketch(b)})
        refused = any(c.one_signal for c in copies)
        row["refused"] += refused
        row["told"] += bool(copies) and not refused
        row["heart"] += any(f.rhythm == "heart" for f in find_bodies({"a": rhythms(a), "b": rhythms(b)}))
        kinds = {s.kind for s in shared(marks(a, rest), marks(b, rest))}
        row["steps"] += bool(kinds - {"lines"})
        row["lines"] += "lines" in kinds
    return row


def real_people(which: str) -> dict[str, Any]:
    folder = data_folder()
    if which == "tapping":
        pairs = list(tapping(folder).values())
        row = told(pairs, None)
        return {**row, "heart": 0}  # a heart is not sought in movement
    prefix = ("MEA",) if which == "negotiation" else ("1", "2")
    row = told([(s.pick([0]), s.pick([1])) for k, s in real_motion(folder).items() if k.startswith(prefix)], 0.0)
    return {**row, "heart": 0}


Cells = dict[str, Callable[[], Mapping[str, Any]]]


def cells_of(n: int, seconds: float, seed: int, real: bool) -> dict[str, Cells]:
    """All cells of the page, by table."""
    worlds = [*WORLDS, *(["real movement"] if real else [])]
    out: dict[str, Cells] = {
        "strangers": {w: partial(strangers, w, n if w != "brain" else max(1, n // 4), seconds, seed) for w in WORLDS},
        "changed": {f"{w}|{c}": partial(changed, w, c, n, seconds, seed) for w in worlds for c in CHANGES},
        "part": {f"{w}|{s}": partial(part, w, s, n, seconds, seed) for w in worlds for s in LENGTHS
                 if w != "brain" or 3 * s <= seconds / 4},
        "seam": {f"{w}|{g}": partial(seam, w, g, max(1, n // 4), seconds, seed) for w in worlds for g in LOST},
        "body": {f"{s}|{d}": partial(body, s, d, n, seed) for s in (60, 120, 600) for d in (20, 0, -10)},
        "marks": {
            f"{k}|{c}|{h}": partial(planted_marks, k, c, h, n, seed)
            for k, c, h in MARKS
        },
        "synchrony": {f"coupled caps {c}": partial(synchrony, c, n, seed) for c in (0.0, 0.5, 0.95)}
        | {"one cap of electrodes, split": partial(one_cap, n, seed)}
        | {f"one input {r}": partial(common_input, r, n, seed) for r in (0.5, 0.7, 0.9, 0.99)},
    }  # fmt: skip
    if real:
        out["real"] = {"movement of 31 dyads": partial(real_strangers, data_folder())}
        out["synchrony"] |= {f"real {w}": partial(real_people, w) for w in ("therapy", "negotiation", "tapping")}
    return out


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m calibrate false_dyads", description=__doc__)
    parser.add_argument("--n", type=int, default=20, help="recordings a cell")
    parser.add_argument("--seconds", type=float, default=600.0, help="length of the simulated recordings")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    parser.add_argument("--out", type=Path, default=FOLDER)
    asked = parser.parse_args(argv)
    about = f"n={asked.n} seconds={asked.seconds:g} seed={asked.seed}"
    tables = {
        name: finished(asked.out / f"false_dyads-{name}.tsv", cells, about, asked.fresh)
        for name, cells in cells_of(asked.n, asked.seconds, asked.seed, data_folder().is_dir()).items()
    }
    how = origin(list(tables.values()), f"python -m calibrate false_dyads -- --n {asked.n} --seconds {asked.seconds:g}")
    (asked.out / "false_dyads.md").write_text(f"{page(tables)}\n\n{how}\n", encoding="utf-8")
