"""Does the reported reliability recover the planted one: ``python -m calibrate reliability``.

Recordings of pairs are simulated at five strengths of coupling and measured as a run measures them: value, surrogates,
halves. Studies are then drawn from that pool. What separates dyads, sessions and repeated recordings of one coupling
is known in the pool exactly, so the share of each in a study's values has a true value to compare with.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from calibrate._kept import FOLDER, finished, markdown, origin
from interbrain import measures
from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.arrays.streams import stream
from interbrain.course.reliability import reliability
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.data.tables import MEETING, PAIR
from interbrain.inference.halves import halves
from interbrain.inference.null import compare, surrogate_draws

TITLE = "Reliability: is what is called real between sessions real?"

STRENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Shared part of the two people's variance."""

EFFECT = (0.25, 0.5, 0.25)
"""How often a dyad, or a session, is one step below, on, or above the middle strength."""

SURROGATES = 39


@dataclass(frozen=True)
class Recorded:
    """How one measure's recordings are made: rate (Hz), samples of an epoch, epochs (1 is continuous), AR(1)."""

    measure: str
    rate: float
    n_times: int
    epochs: int
    smooth: float
    surrogate: str
    bands: Mapping[str, tuple[float, float]]


KINDS = {
    "wtc, 6 min": Recorded("wtc", 4.0, 1440, 1, 0.9, "circular_shift", {"slow": (1 / 30, 1 / 8)}),
    "wtc, 6 min, faster band": Recorded("wtc", 4.0, 1440, 1, 0.9, "circular_shift", {"fast": (1 / 8, 1 / 2)}),
    "wlcc, 10 min": Recorded("wlcc", 5.0, 3000, 1, 0.9, "circular_shift", {}),
    "plv, 60 epochs of 1 s": Recorded("plv", 128.0, 128, 60, 0.0, "segment_shuffle", {"alpha": (8.0, 12.0)}),
    "plv, 3 min": Recorded("plv", 40.0, 7200, 1, 0.0, "circular_shift", {"alpha": (8.0, 12.0)}),
}

WORLDS = {"nothing differs": (0, 0), "sessions differ": (0, 1), "dyads differ": (1, 0), "both differ": (1, 1)}
"""Steps of coupling by which dyads, and sessions of a dyad, differ."""

DESIGNS = {"8 dyads × 6": (8, 6), "30 dyads × 4": (30, 4)}

_KEPT = ("excess", "null_sd", "split_a", "split_b", "split_null_sd", "early", "late", "early_late_null_sd")


def pair(kind: Recorded, strength: float, random: np.random.Generator) -> tuple[Block, Block]:
    """Two people whose courses share ``strength`` of their variance."""
    shape = (3, kind.epochs, 1, kind.n_times)
    noise = lfilter([1.0], [1.0, -kind.smooth], random.standard_normal((*shape[:-1], kind.n_times + 100)))[..., 100:]
    shared, *own = noise
    people = [np.sqrt(strength) * shared + np.sqrt(1 - strength) * x for x in own]
    a, b = (Block(x, np.ones(x.shape, dtype=bool), kind.rate, kind.epochs > 1) for x in people)
    return a, b


def meeting(kind: Recorded, strength: float, random: np.random.Generator) -> list[float]:
    """One recording measured as a run does: the columns of ``_KEPT``."""
    record, module = measures.records()[kind.measure], measures.module(kind.measure)
    settings = {**resolve_settings(record, {}), "bands": dict(kind.bands)}
    a, b = pair(kind, strength, random)
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    state = module.combine(*prepared)
    estimate = module.reduce(state)
    draws = surrogate_draws(module, record, *prepared, b, settings, kind.surrogate, SURROGATES, random)
    draws_stabilised = FUNCTIONS[record.stabilise](draws.value)
    null = compare(estimate.value, estimate.stabilised, draws.value, draws_stabilised, draws.near)
    found = halves(module, record, state, prepared[0], (a, b), settings, kind.surrogate, random)
    row = [null.excess.item(), (found.whole if len(found.whole) else draws_stabilised).std(axis=0, ddof=1).item()]
    for split in ("split", "early_late"):
        first, second = found.values.get(split, np.full(2, np.nan)).reshape(2)
        drawn = found.draws[split]
        if len(drawn):
            low, high = drawn.reshape(-1, 2).mean(axis=0)
            first, second = first - low, second - high
        apart = (drawn[:, 0] - drawn[:, 1]).std(ddof=1) if len(drawn) else 2 * row[1]
        row += [float(first), float(second), float(apart)]
    return row


@cache
def pool(name: str, size: int, seed: int) -> np.ndarray:
    """``(strength, recording, column of _KEPT)``."""
    kind = KINDS[name]
    return np.array(
        [
            [meeting(kind, s, stream(seed, "reliability", name, i, k)) for k in range(size)]
            for i, s in enumerate(STRENGTHS)
        ]
    )


def truth(values: np.ndarray, world: tuple[int, int]) -> dict[str, float]:
    """Shares of a study's variance in the pool: ``values (strength, recording, …)``; ``error`` is a variance."""
    mean, spread = values[..., 0].mean(axis=1), values[..., 0].var(axis=1)
    steps, p = np.array([-1, 0, 1]), np.array(EFFECT)
    at = 2 + world[0] * steps[:, None] + world[1] * steps[None, :]  # (dyad, session)
    m, e = mean[at], float(p @ spread[at] @ p)
    own = m @ p  # mean of a dyad over sessions
    dyads = float(p @ (own - p @ own) ** 2)
    sessions = float(p @ ((m - own[:, None]) ** 2 @ p))
    total = dyads + sessions + e
    return {
        "within": sessions / (sessions + e),
        "between": dyads / total,
        "all": (dyads + sessions) / total,
        "error": e,
    }


def study(values: np.ndarray, world: tuple[int, int], design: tuple[int, int], random: np.random.Generator) -> Any:
    """Joined excesses and halves of one study drawn from the pool."""
    dyads, sessions = design
    steps = np.array([-1, 0, 1])
    dyad = world[0] * random.choice(steps, size=(dyads, 1), p=EFFECT)
    session = world[1] * random.choice(steps, size=design, p=EFFECT)
    strength = (2 + dyad + session).reshape(-1)
    picked = values[strength, random.integers(values.shape[1], size=len(strength))]
    base = pd.DataFrame({c: [""] * len(picked) for c in (*MEETING, *PAIR)})
    base["group"] = [f"{i:02d}" for i in np.repeat(np.arange(dyads), sessions)]
    base["session"] = np.tile(np.arange(1, sessions + 1), dyads)
    columns = pd.DataFrame(picked, columns=list(_KEPT))
    excesses = base.assign(null="n", duration_s=1.0, usable=1.0, excess=columns["excess"])
    return excesses, pd.concat([base.assign(null="n", reason=""), columns.drop(columns="excess")], axis=1)


def cell(name: str, world: str, design: str, n: int, size: int, seed: int) -> dict[str, float]:
    """Over ``n`` studies: mean and coverage of each part, and the error variance found over the true one."""
    values = pool(name, size, seed)
    true = truth(values, WORLDS[world])
    random = stream(seed, "studies", name, world, design)
    found = [reliability(*study(values, WORLDS[world], DESIGNS[design], random)) for _ in range(n)]
    rows = pd.concat(found, ignore_index=True)
    out: dict[str, float] = {"n": n}
    for part in ("within", "between", "all"):
        mine = rows[(rows["part"] == part) & (rows["halves"] == (_best(rows) if part != "between" else "sessions"))]
        covered = (mine["ci_low"] <= true[part] + 1e-12) & (mine["ci_high"] >= true[part] - 1e-12)
        out |= {f"{part}_true": true[part], f"{part}_mean": float(mine["reliability"].mean())}
        out[f"{part}_covered"] = float(covered.mean())
    for halved in ("split", "early_late"):
        sem = rows[(rows["part"] == "within") & (rows["halves"] == halved)]["sem"]
        out[f"error_{halved}"] = float((sem**2).mean() / true["error"])
    return out


def _best(rows: pd.DataFrame) -> str:
    """The halves that the report reads: split halves where the recording is long enough for them."""
    return "split" if rows.loc[rows["halves"] == "split", "reliability"].notna().any() else "early_late"


def cells(n: int, size: int, seed: int) -> dict[str, Callable[[], Mapping[str, Any]]]:
    return {
        f"{name}; {world}; {design}": partial(cell, name, world, design, n, size, seed)
        for name in KINDS
        for world in WORLDS
        for design in DESIGNS
    }


def page(rows: pd.DataFrame) -> str:
    """The page from the finished cells."""
    head = ["recording", "what differs", "study", "within", "between", "all", "error: split", "error: early/late"]
    lines = []
    for row in rows.to_dict("records"):
        parts = [f"{row[f'{p}_true']:.2f} → {row[f'{p}_mean']:.2f} ({100 * row[f'{p}_covered']:.1f} %)"
                 for p in ("within", "between", "all")]  # fmt: skip
        errors = [
            "too short" if np.isnan(row[f"error_{h}"]) else f"× {row[f'error_{h}']:.2f}"
            for h in ("split", "early_late")
        ]
        lines.append([*row["cell"].split("; "), *parts, *errors])
    n = int(rows["n"].min())
    return f"""# {TITLE}

The report says beside a figure how much of the differences between sessions is real
([definitions](../results.md#what-one-number-is-worth)). Here the truth is known: pairs whose courses share 10 to 50 %
of their variance, measured as a run measures them (value, {SURROGATES} surrogates, halves). Dyads, sessions, both or
nothing differ in coupling by a step of 10 % either way.

How to read it: *true → mean found (how often the 95 % interval holds the true one)*, over {n} studies a row. The last
columns are the error variance found over the true one: 1 is right, below 1 is an error taken too small and so a
reliability too high. Where the truth is 0 the interval should hold it in at least 97.5 %; the mean found lies above 0
there since estimates below zero are shown as zero, most in small studies.

{markdown(head, lines)}

{origin([rows], "python -m calibrate reliability")}
"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="calibrate.reliability", description=__doc__)
    parser.add_argument("--n", type=int, default=500, help="studies a cell")
    parser.add_argument("--pool", type=int, default=300, help="recordings at each strength")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true")
    asked = parser.parse_args(argv)
    about = f"n={asked.n} pool={asked.pool} seed={asked.seed}"
    rows = finished(FOLDER / "reliability.tsv", cells(asked.n, asked.pool, asked.seed), about, asked.fresh)
    (FOLDER / "reliability.md").write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
