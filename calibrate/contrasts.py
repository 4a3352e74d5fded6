"""Contrasts over groups and who leads: size where nothing differs, and what flipping sessions would say.

Every study goes through the run's own ``group_tests``: tables of excess synchrony for segments, conditions and arms;
simulated signals through a measure and its surrogates for who leads.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from calibrate._kept import FOLDER, LEVEL, finished, interval, markdown, origin, p_row, verdict
from calibrate._lagged import LEADS, lead_study
from interbrain.arrays.streams import stream
from interbrain.data.plan import Analysis, Plan
from interbrain.data.study import Study
from interbrain.inference.contrast import arm_difference, paired_contrast
from interbrain.study.groups import group_tests

TITLE = "Contrasts and who leads"
N_ARRANGEMENTS = 199
ABOUT = {
    "analysis": "a", "measure": "wlcc", "modality": "motion", "signal_a": "motion", "signal_b": "motion",
    "level": "channel", "null": "circular_shift", "place_a": "x", "place_b": "y", "band": "", "direction": "",
}  # fmt: skip
PLAN = Plan(
    analysis=(Analysis(name="a", modality="motion", measure="wlcc"),),
    n_arrangements=N_ARRANGEMENTS,
    contrast=("task", "rest"),
)
STUDY = Study("simulated", Path(), ("a", "b"), pd.DataFrame(), (), (), pd.DataFrame())


@dataclass(frozen=True)
class World:
    """Groups with ``sessions`` meetings each (drawn from 1 to that number where ``unequal``).

    Excess = a level of the group + its own difference between the two kinds (SD ``own``, mean ``effect``) + noise of
    the meeting. ``skewed`` noise is log-normal. ``growth`` a session. ``kind`` is what is compared: two segments of
    each meeting; two conditions of different meetings (``first_share`` of them in the first condition, drawn at random,
    or the earlier ones where ``in_order``); two arms (``first_share`` of the groups in the first, which spread
    ``wider`` times as much). ``lopsided``: few groups differ much and the others a little the other way.
    """

    kind: str = "segments"
    groups: int = 8
    sessions: int = 6
    unequal: bool = True
    own: float = 0.1
    effect: float = 0.0
    skewed: bool = False
    growth: float = 0.0
    first_share: float = 0.5
    in_order: bool = False
    wider: float = 1.0
    lopsided: bool = False


WORLDS = {
    "segments, 6 groups": World(groups=6),
    "segments, 8 groups": World(),
    "segments, 8 groups, skewed noise": World(skewed=True),
    "segments, 20 groups": World(groups=20),
    "segments, 60 groups": World(groups=60, sessions=3),
    "conditions, 8 groups": World("conditions"),
    "conditions, 8 groups, one meeting in six in the first, skewed noise": World(
        "conditions", first_share=1 / 6, unequal=False, skewed=True
    ),
    "conditions, 20 groups": World("conditions", groups=20),
    "arms, 4 and 4 groups": World("arms"),
    "arms, 10 and 10 groups": World("arms", groups=20),
    "arms, 5 and 15 groups": World("arms", groups=20, first_share=0.25),
    "arms, 5 and 15 groups, the few spread three times as wide": World("arms", groups=20, first_share=0.25, wider=3.0),
    "arms, 10 and 10 groups, one spread three times as wide": World("arms", groups=20, wider=3.0),
}
BROKEN = {
    "segments, 20 groups, few dyads differ much and the others a little the other way": World(
        groups=20, own=0.3, lopsided=True
    ),
    "conditions, 8 groups, one first and then the other, synchrony grows": World(
        "conditions", in_order=True, growth=0.03
    ),
}


def draw(world: World, random: np.random.Generator) -> pd.DataFrame:
    """Rows of ``nulls.tsv``: one place, every meeting's excess."""
    rows = []
    first = np.arange(world.groups) < round(world.first_share * world.groups)
    for g in range(world.groups):
        n = int(random.integers(1 + (world.kind == "conditions"), world.sessions + 1))
        n = n if world.unequal else world.sessions
        wide = world.wider if world.kind == "arms" and first[g] else 1.0
        level = 0.2 + wide * random.normal(0, 0.1)
        own = (random.exponential(1) - 1 if world.lopsided else random.standard_normal()) * world.own + world.effect
        at = {"group": f"{g:02d}", "arm": "", "condition": "", "segment": "whole", "own": own}
        for s, kinds in _meetings(world, n, random):
            for kind in kinds:
                noise = (random.lognormal(0, 1) - np.exp(0.5)) / 2.16 if world.skewed else random.standard_normal()
                value = level + own * (kind in ("task", "cold")) + 0.1 * noise + world.growth * s
                what = {"segments": "segment", "conditions": "condition", "arms": "arm"}[world.kind]
                kind = kind or ("cbt" if first[g] else "talk")
                rows.append({**ABOUT, **at, "session": s + 1, "excess": value, what: kind})
    return pd.DataFrame({k: pd.Series([r[k] for r in rows], dtype=object if isinstance(v, str) else None)
                         for k, v in rows[0].items()})  # fmt: skip


def _meetings(world: World, n: int, random: np.random.Generator) -> Iterable[tuple[int, tuple[str, ...]]]:
    if world.kind == "segments":
        return [(s, ("rest", "task")) for s in range(n)]
    if world.kind == "arms":
        return [(s, ("",)) for s in range(n)]
    k = min(max(round(world.first_share * n), 1), n - 1)
    order = np.arange(n) if world.in_order else random.permutation(n)
    return [(s, ("cold" if order[s] < k else "warm",)) for s in range(n)]


def tested(nulls: pd.DataFrame, seed: int, kind: str) -> tuple[float, float]:
    """p of the run's own test and its smallest."""
    tables = {"nulls": nulls.drop(columns="own"), "synchrony": pd.DataFrame(), "lags": pd.DataFrame()}
    rows = group_tests(STUDY, PLAN.model_copy(update={"seed": seed}), tables, [], frozenset())
    row = next(r for r in rows if r["test"].startswith(kind))
    return row["p"], row["smallest_p"]


def by_sessions(nulls: pd.DataFrame, world: World, random: np.random.Generator) -> float:
    """p where every meeting counts as a unit of its own: signs flipped, or arms relabelled, over meetings."""
    if world.kind == "segments":
        wide = nulls.pivot(index=["group", "session"], columns="segment", values="excess")
        return float(paired_contrast((wide["task"] - wide["rest"]).to_numpy()[:, None], random, N_ARRANGEMENTS).p[0])
    what = "arm" if world.kind == "arms" else "condition"
    labels = (nulls[what] == min(nulls[what])).to_numpy()
    return float(arm_difference(nulls["excess"].to_numpy()[:, None], labels, random, N_ARRANGEMENTS).p[0])


NAMES = {"segments": "contrast", "conditions": "condition", "arms": "arm"}


def cell(world: World, n: int, seed: int, name: str) -> dict[str, Any]:
    p, naive = [], []
    for k in range(n):
        random = stream(seed, "contrasts", name, k)
        nulls = draw(world, random)
        p.append(tested(nulls, seed + k, NAMES[world.kind]))
        naive.append(by_sessions(nulls, world, random))
    return _row(p, naive, stream(seed, "smear", name))


def lead_cell(name: str, n: int, seed: int) -> dict[str, Any]:
    """Who leads, from simulated signals."""
    p, naive = [], []
    for k in range(n):
        random = stream(seed, "leads", name, k)
        tables, steps, single = lead_study(LEADS[name], random, ABOUT)
        rows = group_tests(STUDY, PLAN.model_copy(update={"seed": seed + k}), tables, steps, frozenset())
        row = next(r for r in rows if r["test"] == "leads")
        p.append((row["p"], row["smallest_p"]))
        naive.append(float(paired_contrast(single[:, None], random, N_ARRANGEMENTS).p[0]))
    return _row(p, naive, stream(seed, "smear", name))


def _row(p: list[tuple[float, float]], naive: list[float], random: np.random.Generator) -> dict[str, Any]:
    values, smallest = np.array([q for q in p if np.isfinite(q[0])]).T
    return p_row(values, smallest, random) | {"sessions": float(np.mean(np.array(naive) <= LEVEL + 1e-9))}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="studies a cell")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    asked = parser.parse_args(argv)
    n, seed = asked.n, asked.seed

    def contrast(world: World, name: str) -> Callable[[], dict[str, Any]]:
        return lambda: cell(world, n if world.groups <= 20 else (n + 1) // 2, seed, name)

    def lead(name: str) -> Callable[[], dict[str, Any]]:
        return lambda: lead_cell(name, (n + 3) // 4, seed)

    about = f"n={n} seed={seed} arrangements={N_ARRANGEMENTS}"
    cells = {k: contrast(w, k) for k, w in (WORLDS | BROKEN).items()} | {k: lead(k) for k in LEADS}
    sizes = finished(FOLDER / "contrasts.tsv", cells, about, asked.fresh)
    (FOLDER / "contrasts.md").write_text(page(sizes), encoding="utf-8")


def page(sizes: pd.DataFrame) -> str:
    errs = sizes["cell"].isin([*BROKEN, *(k for k, w in LEADS.items() if w.errs)])
    m = int((~errs).sum())
    held, broken = ([_line(r, m) for r in part.to_dict("records")] for part in (sizes[~errs], sizes[errs]))
    header = ["study", "studies", "over groups", "expected", "p of uniform", "over meetings"]
    return f"""# {TITLE}

{_INTRO}

{markdown(header, held)}

{_READ}

## Where they err

{_BROKEN}

{markdown(header, broken)}

{origin([sizes], "python -m calibrate contrasts")}
"""


def _line(row: Mapping[str, Any], cells: int) -> list[str]:
    low, high = interval(int(row["n"]), row["reachable"], cells)
    return [
        row["cell"][0].upper() + row["cell"][1:],
        f"{row['n']:,.0f}",
        verdict(row["hits"], row["n"], row["reachable"], cells),
        f"{row['reachable']:.3f} ({low:.3f} to {high:.3f})",
        f"{row['uniform']:.2g}",
        f"{row['sessions']:.3f}",
    ]


_INTRO = """How often is p at most .05 where nothing differs over groups? Groups have unequal numbers of meetings (one
to six) and a difference of their own that lasts over their meetings: some dyads synchronise more at rest, others in the
task, none in common. Two segments of each meeting (signs flipped over groups), two conditions of different meetings
(signs flipped over groups), two arms (groups relabelled), and who leads (signs flipped over groups), each through the
run's own tests with 199 arrangements. *Expected* is the largest share that can be reached with so many groups, with the
interval that all rows together stay in with 95 %. *Over meetings* is what the same test says if every meeting is
flipped or relabelled by itself, as if a dyad's meetings were independent."""

_READ = """*Over meetings* calls a difference wherever dyads have one of their own, and they usually do. (Between
conditions it may also err the other way: what dyads differ in altogether is then counted as chance.) Who leads is read
from signals: windowed cross-correlation (its profile over lags against its surrogates) and wavelet coherence (the lag
of the phase, weighed by the excess of its meeting)."""

_BROKEN = """Flipping signs asks that a group's difference is as likely to be d as −d. A mean of zero made of few dyads
with a large difference and many with a small one the other way is no such thing. Conditions that always come in the
same order are compared together with everything that changes over sessions. And a lag says that one signal comes
first, not that its person does: where one person's response is slower (or one sensor), the other one leads."""


if __name__ == "__main__":
    main()
