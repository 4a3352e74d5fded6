"""Re-paired partners on whole simulated studies: size, power, and what the usual tests say of the same studies.

Most studies are drawn as the values of all pairs of people (a table of pairings as a run makes it) and go through the
run's own test over that table. Studies of signals go through the run's own measuring of all pairs as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from scipy.stats import ttest_ind

from calibrate._kept import FOLDER, LEVEL, finished, interval, markdown, origin, p_row, verdict
from interbrain.arrays.streams import stream
from interbrain.data.plan import Analysis, Plan
from interbrain.data.signal import Block, Channel, Signal
from interbrain.data.study import Group, Meeting, Member, Recording, Study
from interbrain.inference.maximum import GroupMaximum
from interbrain.inference.null import surrogate_draws
from interbrain.study.partners import CellTask, _measure_pairs, pairing_rows, repair_tests
from interbrain.study.sides import Side
from interbrain.study.within import Findings, PairTask, asked

TITLE = "Re-paired partners"
N_ARRANGEMENTS = 199


@dataclass(frozen=True)
class World:
    """A kind of study. The value of A of group i with B of group j at session s is

    ``situation · strength[s] · a[i, s] · b[j, s] + own[i, j] + noise[i, j, s] (+ coupling where i = j)``:
    people follow the common task more or less (a, b: log-normal, SD ``spread`` between people and a third of it
    between days), sessions have more or less of it, and two people fit by chance (``own``, SD ``fit``).

    ``alike``: patients and therapist of one therapist follow the task alike (SD between therapists); ``matched``:
    people were put together who follow the task alike (SD between dyads). ``missing``:
    share of meetings that did not take place; ``leaving``: those miss more who follow the task less.
    """

    therapists: int = 1
    patients: int = 8
    sessions: int = 6
    missing: float = 0.0
    leaving: bool = False
    situation: float = 0.3
    spread: float = 0.5
    fit: float = 0.1
    noise: float = 0.2
    alike: float = 0.0
    matched: float = 0.0
    coupling: float = 0.0

    @property
    def groups(self) -> int:
        return self.therapists * self.patients


WORLDS = {
    "one therapist, 4 patients": World(patients=4),
    "one therapist, 8 patients": World(),
    "one therapist, 8 patients, a third of the meetings missing": World(missing=1 / 3),
    "one therapist, 8 patients, those who follow less miss more": World(missing=1 / 3, leaving=True),
    "one therapist, 20 patients": World(patients=20),
    "one therapist, 60 patients, 1 session": World(patients=60, sessions=1),
    "8 therapists, one patient each": World(therapists=8, patients=1),
    "3 therapists, 4 patients each, each therapist's people alike": World(therapists=3, patients=4, alike=0.5),
    "3 therapists, 4 patients each, alike, a third missing": World(3, 4, 6, 1 / 3, alike=0.5),
    "a strong situation, 8 patients": World(situation=1.0, spread=0.8),
}
BROKEN = {"8 therapists, one patient each, matched by how they follow": World(8, 1, matched=0.5)}
COUPLINGS = (0.05, 0.1, 0.2)
POWER = {
    "one therapist, 8 patients": World(),
    "one therapist, 8 patients, a third missing": World(missing=1 / 3),
    "one therapist, 20 patients": World(patients=20),
}
NAIVE = {
    "t_dyads": "Welch, dyads",
    "t_meetings": "Welch, meetings",
    "flips": "sign flips, pairs",
    "unstratified": "therapists ignored",
    "shift": "circular shift",
}


def plan_of(world: World) -> Plan:
    analysis = Analysis(name="all", modality="motion", measure="wlcc", settings={"window_s": 30.0, "max_lag_s": 2.0})
    return Plan(analysis=(analysis,), n_arrangements=N_ARRANGEMENTS)


def study_of(world: World, present: np.ndarray) -> Study:
    """Groups, therapists and the meetings that took place; nothing is on disk."""
    members = [(f"{g:02d}", f"T{g // world.patients}") for g in range(world.groups)]
    groups = tuple(
        Group(g, (Member(f"P{g}", "patient"), Member(t, "therapist")), therapist=t if world.patients > 1 else f"T{g}")
        for g, t in members
    )
    meetings = tuple(Meeting(groups[g].id, int(s) + 1, ()) for g, s in np.argwhere(present))
    empty = pd.DataFrame()
    return Study("simulated", Path(), ("patient", "therapist"), empty, groups, meetings, empty)


def _following(world: World, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """How strongly A and B of each group follow the common task in each session, ``(group, session)``."""
    shape = (world.groups, world.sessions)
    therapist = np.arange(world.groups) // world.patients
    both = np.repeat(random.normal(0, world.alike, (world.therapists, 1)), world.patients, axis=0)
    day = world.spread / 3
    a = random.normal(0, world.spread, (world.groups, 1)) + random.normal(0, day, shape)
    b = random.normal(0, world.spread, (world.therapists, 1))[therapist] + random.normal(0, day, shape)
    both += random.normal(0, world.matched, (world.groups, 1))
    return np.exp(a + both), np.exp(b + both)


def _present(world: World, a: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Meetings that took place, ``(group, session)``; everybody keeps two where there are two."""
    shape = a.shape
    order = random.random(shape) + (np.argsort(np.argsort(-a.mean(1))) / len(a))[:, None] * world.leaving
    present = order <= np.quantile(order, 1 - world.missing)
    for row, keep in zip(present, np.argsort(random.random(shape), axis=1)[:, :2], strict=True):
        row[keep] = True
    return present


def draw(world: World, random: np.random.Generator) -> tuple[Study, pd.DataFrame]:
    """A study and its table of pairings."""
    a, b = _following(world, random)
    present = _present(world, a, random)
    n, s = world.groups, world.sessions
    strength = world.situation * random.gamma(2, 0.5, s)
    values = strength * a[:, None] * b[None] + random.normal(0, world.fit, (n, n, 1))
    values += random.normal(0, world.noise, (n, n, s)) + world.coupling * np.eye(n)[:, :, None]
    i, j, when = np.nonzero(present[:, None] & present[None])
    study = study_of(world, present)
    names = np.array([g.id for g in study.groups])
    fixed = {
        "analysis": "all", "measure": "wlcc", "modality": "motion", "signal_a": "motion", "signal_b": "motion",
        "level": "channel", "place_a": "motion", "place_b": "motion", "band": "", "direction": "", "condition": "",
        "segment": "whole", "excluded": "",
    }  # fmt: skip
    stabilised = values[i, j, when]
    rows = {"session": when + 1, "real": i == j, "value": stabilised, "stabilised": stabilised}
    text = {"group_a": names[i], "group_b": names[j], **{k: np.full(len(i), v) for k, v in fixed.items()}}
    return study, pd.DataFrame({**rows, **{k: pd.Series(v, dtype=object) for k, v in text.items()}})


def tested(study: Study, plan: Plan, pairings: pd.DataFrame) -> tuple[float, float]:
    """p of the run's own test and the smallest that it could be; NaN where it refuses."""
    rows = repair_tests(study, plan, pairings, [])
    return (rows[0]["p"], rows[0]["smallest_p"]) if rows else (np.nan, np.nan)


def naive(pairings: pd.DataFrame, random: np.random.Generator) -> dict[str, float]:
    """p of what others do with the same pairs, each one-sided as the run's own."""
    dyads = pairings.groupby(["group_a", "group_b"], sort=False)[["stabilised", "real"]].mean()
    real, pseudo = dyads.loc[dyads["real"] == 1, "stabilised"], dyads.loc[dyads["real"] == 0, "stabilised"]
    alone = pairings.loc[pairings["real"], "stabilised"], pairings.loc[~pairings["real"], "stabilised"]
    own = real.droplevel("group_b").reindex(pseudo.index.get_level_values("group_a")).to_numpy()
    differences = (own - pseudo.to_numpy())[np.isfinite(own)]
    flipped = random.choice([-1.0, 1.0], (N_ARRANGEMENTS, len(differences))) @ differences
    return {
        "t_dyads": float(ttest_ind(real, pseudo, equal_var=False, alternative="greater").pvalue),
        "t_meetings": float(ttest_ind(*alone, equal_var=False, alternative="greater").pvalue),
        "flips": float((1 + (flipped >= differences.sum()).sum()) / (1 + N_ARRANGEMENTS)),
    }


def cell(world: World, n: int, seed: int, name: str) -> dict[str, Any]:
    """``n`` studies of one kind: the run's test and the naive ones."""
    p, others = [], []
    for k in range(n):
        random = stream(seed, "repairing", name, k)
        study, pairings = draw(world, random)
        plan = replace_seed(plan_of(world), seed + k)
        p.append(tested(study, plan, pairings))
        more = naive(pairings, random)
        if world.patients > 1 and world.therapists > 1:
            ignoring = plan.model_copy(update={"repair_within": ()})
            more["unstratified"] = tested(study, ignoring, pairings)[0]
        others.append(more)
    return _row(p, others, stream(seed, "smear", name))


def replace_seed(plan: Plan, seed: int) -> Plan:
    return plan.model_copy(update={"seed": seed})


def _row(p: list[tuple[float, float]], others: list[dict[str, float]], random: np.random.Generator) -> dict[str, Any]:
    """Shares of one cell; with missing meetings studies differ in what p can reach, and their mean is expected."""
    values, smallest = np.array([q for q in p if np.isfinite(q[0])]).T
    row = p_row(values, smallest, random)
    return row | {k: float(np.mean([o[k] <= LEVEL for o in others])) for k in others[0]}


# Signals ------------------------------------------------------------------------------------------------------------

RATE, SECONDS = 5.0, 180.0


@dataclass(frozen=True)
class SignalWorld:
    """Autocorrelated movement of each person plus the common task, followed with a weight of each person's own.

    ``own_times``: each group meets its tasks at times of its own, the same for its two people.
    """

    groups: int = 7
    task: float = 0.7
    own_times: bool = False


SIGNALS = {
    "signals: no common task": SignalWorld(task=0.0),
    "signals: a common task, followed unequally": SignalWorld(),
    "signals: a common task at times of each group's own": SignalWorld(own_times=True),
}


def _noise(random: np.random.Generator, n: int) -> np.ndarray:
    return lfilter([1.0], [1.0, -0.8], random.standard_normal(n + 50))[50:] * 0.6


def signals(world: SignalWorld, random: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    n = round(RATE * SECONDS)
    task = _noise(random, n)
    pairs = []
    for _ in range(world.groups):
        theirs = _noise(random, n) if world.own_times else task
        weights = world.task * random.lognormal(0, 0.5, 2)
        pairs.append((_noise(random, n) + weights[0] * theirs, _noise(random, n) + weights[1] * theirs))
    return pairs


@dataclass(frozen=True)
class _Part:
    """One person's part of a cell: who, channels, samples."""

    pair: PairTask
    signal: Signal
    block: Block


def measured(pairs: list[tuple[np.ndarray, np.ndarray]], plan: Plan) -> pd.DataFrame:
    """The table of pairings by the run's own measuring of every A with every B."""
    channel = (Channel("motion", "motion"),)
    parts = []
    for g, pair in enumerate(pairs):
        meeting = Meeting(f"{g:02d}", 1, ())
        task = _pair_task(meeting, plan)
        blocks = [Block(x[None, None], np.ones((1, 1, len(x)), dtype=bool), RATE) for x in pair]
        a, b = (_Part(task, Signal(b.values, RATE, channel), b) for b in blocks)
        parts.append((a, b))
    found = Findings()
    cell_task = CellTask(1, "", "whole", plan.analysis[0], plan, (), Path())
    _measure_pairs(cell_task, asked(plan.analysis[0]), ("motion", "motion"), parts, found)
    return pairing_rows([found.step()])


def _pair_task(meeting: Meeting, plan: Plan) -> PairTask:
    a, b = (
        Side(Member(meeting.group, role), Recording(Path(), "table", meeting.group, role, "motion"))
        for role in ("patient", "therapist")
    )
    return PairTask(meeting, a, b, Path(), Path(), "", "", {}, {}, plan, ("motion", "motion"), Path())


def shifted(pairs: list[tuple[np.ndarray, np.ndarray]], plan: Plan, random: np.random.Generator) -> float:
    """p of the group under circular shifts within each dyad, which ask for more than each person's own rhythm."""
    ask, n_null = asked(plan.analysis[0]), 19
    total = GroupMaximum(1, n_null)
    for g, pair in enumerate(pairs):
        a, b = (Block(x[None, None], np.ones((1, 1, len(x)), dtype=bool), RATE) for x in pair)
        first, second = (ask.module.prepare(x, ask.settings) for x in (a, b))
        observed = ask.module.reduce(ask.module.combine(first, second)).stabilised.reshape(-1)
        draws = surrogate_draws(
            ask.module, ask.record, first, second, b, ask.settings, "circular_shift", n_null, random
        )
        total.add(f"{g:02d}", observed, draws.value.reshape(n_null, -1))
    return float(total.result().p[0])


def signal_cell(world: SignalWorld, n: int, seed: int, name: str) -> dict[str, Any]:
    p, others = [], []
    frame = World(patients=world.groups, sessions=1)
    study = study_of(frame, np.ones((world.groups, 1), dtype=bool))
    for k in range(n):
        random = stream(seed, "repairing", name, k)
        plan = replace_seed(plan_of(frame), seed + k)
        pairs = signals(world, random)
        pairings = measured(pairs, plan)
        p.append(tested(study, plan, pairings))
        others.append({**naive(pairings, random), "shift": shifted(pairs, plan, random)})
    return _row(p, others, stream(seed, "smear", name))


# The page -----------------------------------------------------------------------------------------------------------


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="studies a cell")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    asked_for = parser.parse_args(argv)
    n, seed = asked_for.n, asked_for.seed
    few = max(n // 4, 1)

    def size(world: World, name: str) -> Callable[[], dict[str, Any]]:
        return lambda: cell(world, n if world.groups <= 10 else (n + 1) // 2, seed, name)

    def by_signals(world: SignalWorld, name: str) -> Callable[[], dict[str, Any]]:
        return lambda: signal_cell(world, few, seed, name)

    def power(world: World, coupling: float, name: str) -> Callable[[], dict[str, Any]]:
        return lambda: cell(replace(world, coupling=coupling), few, seed + 1, name)

    about = f"n={n} seed={seed} arrangements={N_ARRANGEMENTS}"
    cells = {k: size(w, k) for k, w in (WORLDS | BROKEN).items()} | {k: by_signals(w, k) for k, w in SIGNALS.items()}
    sizes = finished(FOLDER / "repairing.tsv", cells, about, asked_for.fresh)
    cells = {f"{k}; {c:g}": power(w, c, f"{k}; {c:g}") for k, w in POWER.items() for c in COUPLINGS}
    powers = finished(FOLDER / "repairing-power.tsv", cells, about, asked_for.fresh)
    (FOLDER / "repairing.md").write_text(page(sizes, powers), encoding="utf-8")


def page(sizes: pd.DataFrame, powers: pd.DataFrame) -> str:
    errs = sizes["cell"].isin([*BROKEN, *(k for k, w in SIGNALS.items() if w.own_times)])
    held, broken = sizes[~errs], sizes[errs]
    m = len(held)
    rows = [[*_size(r, m), *(_share(r.get(k)) for k in NAIVE)] for r in held.to_dict("records")]
    bad = [[*_size(r, m), *(_share(r.get(k)) for k in NAIVE)] for r in broken.to_dict("records")]
    header = ["study", "studies", "re-pairing", "expected", "p of uniform", *NAIVE.values()]
    power = [
        [*r["cell"].rsplit("; ", 1), f"{r['n']:.0f}", f"{r['hits'] / r['n']:.2f}", _share(r["t_dyads"], 2)]
        for r in powers.to_dict("records")
    ]
    return f"""# {TITLE}

{_INTRO}

{markdown(header, rows)}

{_NAIVE}

## Where re-pairing errs

{_BROKEN}

{markdown(header, bad)}

## Power

{_POWER}

{markdown(["study", "coupling", "studies", "re-pairing", "Welch, dyads"], power)}

{origin([sizes, powers], "python -m calibrate repairing")}
"""


def _size(row: dict[str, Any], cells: int) -> list[str]:
    low, high = interval(int(row["n"]), row["reachable"], cells)
    expected = f"{row['reachable']:.3f} ({low:.3f} to {high:.3f})"
    return [
        row["cell"].removeprefix("signals: ").capitalize() + (" (signals)" * row["cell"].startswith("signals")),
        f"{row['n']:,.0f}",
        verdict(row["hits"], row["n"], row["reachable"], cells),
        expected,
        f"{row['uniform']:.2g}",
    ]


def _share(value: Any, digits: int = 3) -> str:
    return "" if value is None or not np.isfinite(float(value)) else f"{float(value):.{digits}f}"


_INTRO = """How often is p at most .05 when no dyad has anything of its own? Each study holds the values of every
person A with every person B of each session. All people share a situation, which they follow more or less (log-normal
weights, other ones on other days), with more of it in some sessions than in others; two people may fit by chance; no
dyad is special. A whole study goes through the run's own test over re-paired partners (199 arrangements). With few
groups p takes few values and .05 may not be among them: *expected* is the largest share that can be reached, with the
interval that all rows together stay in with 95 %. *p of uniform* is Kolmogorov and Smirnov's, of p with its steps
smeared out. The other columns are what other tests say of the same studies."""

_NAIVE = """*Welch*: a t-test of the real against the re-paired values, as if pairs that share a person were
independent; over dyads it is too strict (what people bring along is counted as chance), over meetings it takes a pair's
own level for evidence again in every session. *Sign flips* over all re-paired pairs flip differences that share the
same real value as if they were independent. *Therapists ignored*: partners permuted over all groups although the people
of one therapist resemble each other. *Circular shift* within the dyad is right in its own question (more than the two
people's own rhythms); asked for more than the situation, it calls a common task synchrony."""

_BROKEN = """Nothing in the values tells two people who act together from two who go through the same events at the
same time, if those events come at a time of their own in every group: partners of other groups lack the events'
timing. Where events have their own times (a task that starts when the pair is ready), cut segments at the events, so
that session time means the same in every group. Likewise where people were put together because they resemble each
other (two who follow every task closely): their resemblance is the dyad's own, but nothing that they do together.
Re-pairing asks for chance in who met whom."""

_POWER = """The share of studies found (p at most .05) when every real dyad has a value of its own on top (in the units
of the values, whose noise has SD .2 in a session and .1 over all sessions of a pair)."""


if __name__ == "__main__":
    main()
