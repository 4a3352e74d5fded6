"""Partners re-paired over the study: do real dyads exceed the same people in other pairs?

Pairs that share a person are not independent, so a t-test of real against re-paired dyads has no right to its p (it
gives .12 on ten dyads of motion data where permuting partners gives .003). Here partners are permuted for whole
courses: side A of a group keeps one other group's side B through all sessions, and the mean over the groups is
compared with its arrangements, over the cells that are present in every one of them (``blocks``).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from interbrain.data.errors import BadInput, RefusedScience
from interbrain.inference.arrangements import Arrangements, arrange
from interbrain.inference.blocks import complete_block, without_excluded
from interbrain.inference.clusters import Clusters, Neighbours, cluster_test
from interbrain.inference.ranks import family_p, moments, upper_p

Occasion = tuple[int, str, str]


@dataclass(frozen=True, eq=False)
class Cell:
    """Values ``(P,)`` of side A of one group with side B of another at one occasion; real where both are the same."""

    group_a: str
    group_b: str
    session: int
    value: np.ndarray
    condition: str = ""
    segment: str = ""

    @property
    def occasion(self) -> Occasion:
        return (self.session, self.condition, self.segment)


@dataclass(frozen=True, eq=False)
class SingleDyad:
    """One dyad among its own possible partners: ``p (P,)`` is the rank of the real one, at best 1/``n_partners``."""

    group: str
    p: np.ndarray
    n_partners: int


@dataclass(frozen=True, eq=False)
class Repaired:
    """Real dyads against re-paired ones; arrays ``(P,)``, NaN where no two groups share an occasion.

    ``estimate`` is the mean over real dyads of their means over occasions; ``null_mean`` the same over all re-paired
    cells of the block, ``null_sd`` the SD of the mean over arrangements; ``p`` and ``p_family`` are upper tails.
    ``smallest_p`` is the smallest that p can be; ``bound`` says in a sentence what limits it. ``groups`` and
    ``occasions`` are those of the block of the first pair that has one; ``left_out`` says what did not enter and why.
    ``clusters`` is None where no neighbours were given; pairs that miss other cells stand in other clusters.
    """

    estimate: np.ndarray
    null_mean: np.ndarray
    null_sd: np.ndarray
    z: np.ndarray
    p: np.ndarray
    p_family: np.ndarray
    n_arrangements: int
    n_groups: np.ndarray
    n_cells: np.ndarray
    smallest_p: float
    bound: str
    groups: tuple[str, ...]
    occasions: tuple[Occasion, ...]
    left_out: tuple[str, ...]
    single: tuple[SingleDyad, ...] = field(default=())
    clusters: Clusters | None = None


@dataclass(frozen=True, eq=False)
class _Table:
    groups: list[str]
    occasions: list[Occasion]
    values: np.ndarray  # (G, G, O, P), NaN where absent


@dataclass(frozen=True, eq=False)
class _Block:
    groups: np.ndarray  # positions in the table, stratum after stratum
    strata: list[np.ndarray]  # positions in ``groups``
    occasions: list[np.ndarray]  # positions in the table, one array a stratum


def repair(
    cells: Sequence[Cell],
    n_arrangements: int,
    stream: np.random.Generator,
    strata: Mapping[str, Hashable] | None = None,
    excluded: Collection[tuple[str, str]] = (),
    neighbours: Neighbours | None = None,
) -> Repaired:
    """Test real dyads against the same people re-paired.

    Parameters
    ----------
    cells
        Real and re-paired values at the same session, condition and segment; every combination that there is.
    n_arrangements
        All arrangements are used where there are no more than these, else so many are drawn.
    strata
        Stratum of each group (:func:`strata_of`); partners are exchanged within one only. None: one stratum.
    excluded
        Pairs of groups that hold the same recording or person, of which one is left out.
    neighbours
        Which pairs (positions in a cell's values) are neighbours; their clusters are then tested as well.

    Raises
    ------
    RefusedScience
        No two groups that can be re-paired share an occasion.
    """
    table, left_out = _table(cells, frozenset((a, b) for a, b in excluded))
    patterns = _patterns(table)
    results = _empty(table.values.shape[3])
    clusters = Clusters.none(table.values.shape[3]) if neighbours else None
    first: tuple[_Block, Arrangements] | None = None
    single: dict[str, np.ndarray] = {}
    for columns in patterns:
        block = _block(table, columns, strata or {})
        if len(block.groups) < 2:
            continue
        means = _means(table, block, columns)
        plan = arrange(block.strata, n_arrangements, stream)
        observed, draws = _fill(results, columns, block, means, plan)
        if clusters is not None and neighbours is not None:
            clusters.add(columns, cluster_test(observed, draws, neighbours.of(columns)))
        for group, p in _single(table, block, means):
            single.setdefault(group, np.full(table.values.shape[3], np.nan))[columns] = p
        first = first or (block, plan)
    if first is None:
        raise RefusedScience(_refusal(cells, table, excluded, strata or {}))
    # Each pattern of missing cells has its own block and maximum; over patterns, Bonferroni.
    n_tested = _n_tested(results, patterns)
    results["p_family"] = np.minimum(1.0, results["p_family"] * n_tested)
    if clusters is not None:
        clusters.p[:] = np.minimum(1.0, clusters.p * n_tested)
    return replace(_report(table, first, results, left_out, strata or {}, single), clusters=clusters)


def _refusal(
    cells: Sequence[Cell], table: _Table, excluded: Collection[tuple[str, str]], strata: Mapping[str, Hashable]
) -> str:
    """Why nothing could be re-paired: groups without a session in common, or cells without a value."""
    were_all_there, _ = _table([replace(c, value=np.zeros(1)) for c in cells], frozenset((a, b) for a, b in excluded))
    size = (
        f"re-pairing: {len(table.groups)} group{'s' * (len(table.groups) != 1)} and {len(table.occasions)} "
        f"occasion{'s' * (len(table.occasions) != 1)}"
    )
    if len(_block(were_all_there, np.array([0]), strata).groups) > 1:
        known = int(np.isfinite(table.values).any(axis=3).sum())
        return (
            f"{size} hold a value in {known} of {len(cells)} real and re-paired cells, which leaves no two groups that "
            "could be re-paired; the measure gave no number for the others."
        )
    return (
        f"{size} hold no two groups of one stratum at the same session; two groups are needed to re-pair, four for a p "
        "of .05. A single dyad can only be compared with its own surrogates."
    )


def _table(cells: Sequence[Cell], excluded: frozenset[tuple[str, str]]) -> tuple[_Table, list[str]]:
    if not cells:
        raise RefusedScience("re-pairing: there are no cells; two groups with a session in common are needed.")
    n_pairs = len(np.atleast_1d(cells[0].value))
    n_cells: dict[str, int] = {}
    for cell in cells:
        if cell.group_a == cell.group_b:
            n_cells[cell.group_a] = n_cells.get(cell.group_a, 0) + 1
    everyone = sorted({g for c in cells for g in (c.group_a, c.group_b)})
    groups = without_excluded(everyone, excluded, n_cells)
    left_out = [f"group {g}: holds the same recording or person as another group" for g in everyone if g not in groups]
    occasions = sorted({c.occasion for c in cells})
    at_group, at_occasion = ({k: i for i, k in enumerate(keys)} for keys in (groups, occasions))
    values = np.full((len(groups), len(groups), len(occasions), n_pairs), np.nan)
    seen = set()
    for cell in cells:
        value = np.atleast_1d(np.asarray(cell.value, dtype=np.float64))
        key = (cell.group_a, cell.group_b, cell.occasion)
        if value.shape != (n_pairs,) or key in seen:
            what = "came twice" if key in seen else f"has {value.shape} values where others have {n_pairs}"
            raise BadInput(f"re-pairing: the cell {cell.group_a} × {cell.group_b}, session {cell.session} {what}.")
        seen.add(key)
        if cell.group_a in at_group and cell.group_b in at_group:
            values[at_group[cell.group_a], at_group[cell.group_b], at_occasion[cell.occasion]] = value
    return _Table(groups, occasions, values), left_out


def _patterns(table: _Table) -> list[np.ndarray]:
    """Pairs (columns) that miss the same cells, the largest set first."""
    missing = np.isnan(table.values).reshape(-1, table.values.shape[3])
    _, which = np.unique(np.packbits(missing, axis=0), axis=1, return_inverse=True)
    which = which.reshape(-1)
    sets = [np.flatnonzero(which == k) for k in np.unique(which)]
    return sorted(sets, key=lambda s: (-len(s), s[0]))


def _block(table: _Table, columns: np.ndarray, strata: Mapping[str, Hashable]) -> _Block:
    present = np.isfinite(table.values[:, :, :, columns[0]])
    keys = [strata.get(g) for g in table.groups]
    groups: list[int] = []
    parts, occasions = [], []
    for key in dict.fromkeys(keys):
        members = np.array([i for i, k in enumerate(keys) if k == key])
        kept, when = complete_block(present[np.ix_(members, members)])
        if len(kept):
            parts.append(len(groups) + np.arange(len(kept)))
            occasions.append(when)
            groups.extend(members[kept].tolist())
    return _Block(np.array(groups, dtype=int), parts, occasions)


def _means(table: _Table, block: _Block, columns: np.ndarray) -> np.ndarray:
    """Means over occasions ``(G, G, P)``; NaN between strata."""
    count = len(block.groups)
    means = np.full((count, count, len(columns)), np.nan)
    for stratum, when in zip(block.strata, block.occasions, strict=True):
        members = block.groups[stratum]
        part = table.values[np.ix_(members, members, when, columns)]
        means[np.ix_(stratum, stratum)] = part.mean(axis=2)
    return means


def _empty(n_pairs: int) -> dict[str, np.ndarray]:
    unknown = ("estimate", "null_mean", "null_sd", "z", "p", "p_family")
    counts = ("n_groups", "n_cells")
    return {k: np.full(n_pairs, np.nan) for k in unknown} | {k: np.zeros(n_pairs, dtype=np.int64) for k in counts}


def _fill(
    results: dict[str, np.ndarray], columns: np.ndarray, block: _Block, means: np.ndarray, plan: Arrangements
) -> tuple[np.ndarray, np.ndarray]:
    """Enters the test of some pairs; gives their observed means and those under the arrangements."""
    everyone = np.arange(len(means))
    observed = means[everyone, everyone].mean(axis=0)
    draws = np.stack([means[everyone, order].mean(axis=0) for order in plan.order])
    others = means.copy()
    others[everyone, everyone] = np.nan
    null_mean = np.nanmean(np.nanmean(others, axis=1), axis=0)
    _, null_sd = moments(draws)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(null_sd > 0, (observed - null_mean) / null_sd, np.nan)
    found = {
        "estimate": observed,
        "null_mean": null_mean,
        "null_sd": null_sd,
        "z": z,
        "p": upper_p(observed, draws),
        "p_family": family_p(observed, draws),
        "n_groups": len(means),
        "n_cells": sum(len(s) * len(w) for s, w in zip(block.strata, block.occasions, strict=True)),
    }
    for name, value in found.items():
        results[name][columns] = value
    return observed, draws


def _single(table: _Table, block: _Block, means: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Rank of each real dyad among side A's possible partners, the real one counted."""
    found = []
    for stratum in block.strata:
        for g in stratum:
            partners = np.setdiff1d(stratum, [g])
            found.append((table.groups[block.groups[g]], upper_p(means[g, g], means[g, partners])))
    return found


def _n_tested(results: dict[str, np.ndarray], patterns: list[np.ndarray]) -> int:
    return sum(bool(np.isfinite(results["p_family"][columns]).any()) for columns in patterns)


def _report(
    table: _Table,
    first: tuple[_Block, Arrangements],
    results: dict[str, np.ndarray],
    left_out: list[str],
    strata: Mapping[str, Hashable],
    single: dict[str, np.ndarray],
) -> Repaired:
    block, plan = first
    used = [table.groups[i] for i in block.groups]
    when = sorted({int(o) for part in block.occasions for o in part})
    of = [strata.get(g) for g in table.groups]
    for group, stratum in zip(table.groups, of, strict=True):
        alone = of.count(stratum) == 1
        why = "no other group of its therapist and arm" if alone else "lacks sessions that the others have"
        left_out += [f"group {group}: {why}"] * (group not in used)
    left_out += [
        f"session {s}{' ' + c if c else ''}{' ' + part if part else ''}: not every group has it"
        for i, (s, c, part) in enumerate(table.occasions)
        if i not in when
    ]
    size = {int(g): len(s) for s in block.strata for g in block.groups[s]}
    dyads = tuple(SingleDyad(table.groups[i], single[table.groups[i]], size[int(i)]) for i in block.groups)
    return Repaired(
        **results,
        n_arrangements=len(plan.order),
        smallest_p=float(plan.smallest),
        bound=plan.sentence(),
        groups=tuple(used),
        occasions=tuple(table.occasions[i] for i in when),
        left_out=tuple(left_out),
        single=dyads,
        clusters=None,
    )


def strata_of(
    therapist: Mapping[str, str], arm: Mapping[str, str], condition: Mapping[str, str]
) -> tuple[dict[str, Hashable], str]:
    """Strata within which partners may be exchanged, and a sentence about the therapists.

    Each mapping gives one value a group (empty or absent where unknown). Groups of a therapist who has several stay
    among themselves; groups whose therapist has no other are exchanged with each other.
    """
    groups = sorted({*therapist, *arm, *condition})
    named = [therapist.get(g, "") for g in groups]
    several = {t for t in named if t and named.count(t) > 1}
    strata: dict[str, Hashable] = {}
    for group, who in zip(groups, named, strict=True):
        strata[group] = (arm.get(group, ""), condition.get(group, ""), who if who in several else "")
    across = [s for g, s in strata.items() if therapist.get(g, "") not in several]
    if not any(across.count(s) > 1 for s in across):
        return strata, "partners were exchanged within each therapist's patients"
    within = " Patients of a therapist with several were exchanged among themselves." if several else ""
    return strata, "re-pairing across therapists also tests the therapist." + within
