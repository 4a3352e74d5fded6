"""Many places at once: the error over a family, by its maximum, under full and partial nulls; FDR over families.

Families go through the run's own functions: one dyad's signals through a measure, its surrogates and their comparison;
groups through the maximum over groups, over re-paired partners and over sign flips.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from calibrate._kept import FOLDER, LEVEL, finished, interval, markdown, origin, verdict
from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference.clusters import Neighbours
from interbrain.inference.contrast import paired_contrast
from interbrain.inference.maximum import GroupMaximum
from interbrain.inference.null import compare, surrogate_draws
from interbrain.inference.repair import Cell, repair
from interbrain.study.groups import with_fdr

TITLE = "Families of places"
N_NULL = 199
CORRELATIONS = (0.0, 0.5, 0.9)
SIDE = 4  # places a person; the first two and the last two are correlated among themselves
COUPLED = np.outer(np.arange(SIDE) < SIDE // 2, np.arange(SIDE) < SIDE // 2)
"""Pairs of places that are coupled under a partial null: the first half of A with the first half of B."""


@dataclass(frozen=True)
class World:
    """Correlation ``r`` of the places within each half of a person, and the strength of coupling in :data:`COUPLED`."""

    r: float
    coupling: float = 0.0


def factors(random: np.random.Generator, r: float, *shape: int) -> np.ndarray:
    """Normal values ``(…, place)`` of one person whose two halves of places correlate at ``r`` inside."""
    half = np.arange(SIDE) // (SIDE // 2)
    common = random.standard_normal((*shape, 2))[..., half]
    return np.sqrt(r) * common + np.sqrt(1 - r) * random.standard_normal((*shape, SIDE))


def pair_values(random: np.random.Generator, r: float, *shape: int) -> np.ndarray:
    """Skewed values ``(…, A place × B place)`` as a measure gives them: pairs correlate as their places do."""
    a, b = factors(random, r, *shape), factors(random, r, *shape)
    noise = np.sqrt(r) * (a[..., :, None] + b[..., None, :]) / np.sqrt(2) + np.sqrt(1 - r) * random.standard_normal(
        (*shape, SIDE, SIDE)
    )
    return np.exp(0.5 * noise).reshape(*shape, SIDE * SIDE)


# One dyad -------------------------------------------------------------------------------------------------------------

BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0)}
EPOCHS, SAMPLES, RATE = 24, 64, 64.0


def dyad(world: World, random: np.random.Generator) -> np.ndarray:
    """``p_family (A, B, band)`` of one simulated dyad: white signals in epochs, PLV, epochs shuffled."""
    n = EPOCHS * SAMPLES
    a, b = factors(random, world.r, n), factors(random, world.r, n)
    shared = random.standard_normal((n, 1)) * (np.arange(SIDE) < SIDE // 2)
    blocks = [_block(x + world.coupling * shared) for x in (a, b)]
    module, record = measures.module("plv"), measures.records()["plv"]
    settings = {**resolve_settings(record, {}), "bands": BANDS}
    first, second = (module.prepare(x, settings) for x in blocks)
    found = module.reduce(module.combine(first, second))
    draws = surrogate_draws(module, record, first, second, blocks[1], settings, "segment_shuffle", N_NULL, random)
    return compare(found.value, found.value, draws.value, draws.value, draws.near).p_family[..., 0]


def _block(values: np.ndarray) -> Block:
    epochs = values.reshape(EPOCHS, SAMPLES, SIDE).transpose(0, 2, 1)
    return Block(epochs, np.ones(epochs.shape, dtype=bool), RATE, True)


# Groups ---------------------------------------------------------------------------------------------------------------


def over_surrogates(world: World, random: np.random.Generator, groups: int = 8, meetings: int = 2) -> np.ndarray:
    """``p_family`` over groups against their surrogates; groups have unequal numbers of meetings."""
    total = GroupMaximum(SIDE * SIDE, N_NULL)
    for g in range(groups):
        for _ in range(1 + g % meetings):
            values = pair_values(random, world.r, 1 + N_NULL)
            total.add(f"{g}", values[0] + world.coupling * COUPLED.ravel(), values[1:])
    return total.result().p_family


GRID = np.abs(np.subtract.outer(np.arange(SIDE), np.arange(SIDE)))
BESIDE = (np.kron(GRID, np.ones((SIDE, SIDE))) + np.kron(np.ones((SIDE, SIDE)), GRID)) == 1
"""Pairs of places ``(A × B, A × B)`` are neighbours where one person's place is the next and the other's the same."""


def over_clusters(world: World, random: np.random.Generator, groups: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Each place's cluster and its p, of groups against their surrogates."""
    total = GroupMaximum(SIDE * SIDE, N_NULL)
    for g in range(groups):
        values = pair_values(random, world.r, 1 + N_NULL)
        total.add(f"{g}", values[0] + world.coupling * COUPLED.ravel(), values[1:])
    found = total.result(Neighbours(BESIDE, 1.5)).clusters
    assert found is not None
    return found.number, found.p


def cluster_cell(world: World, n: int, seed: int) -> dict[str, Any]:
    """``hits``: a cluster without a single coupled place is called. ``beside``: share of places without coupling in the
    clusters that are called and hold coupling."""
    coupled = COUPLED.ravel() if world.coupling else np.zeros(SIDE * SIDE, dtype=bool)
    wrong, right, beside = 0, 0, []
    for k in range(n):
        number, p = over_clusters(world, stream(seed, "clusters", str(world.r), str(world.coupling), k))
        called = [number == c for c in np.unique(number[p <= LEVEL + 1e-9])]
        touching = [members for members in called if (members & coupled).any()]
        wrong += len(touching) < len(called)
        right += bool(touching)
        beside += [float((members & ~coupled).sum() / members.sum()) for members in touching]
    found = right / n if world.coupling else np.nan
    return {"n": n, "hits": wrong, "found": found, "beside": float(np.mean(beside)) if beside else np.nan}


def over_partners(world: World, random: np.random.Generator, groups: int = 7) -> np.ndarray:
    """``p_family`` over re-paired partners; persons carry a level of their own into every pair."""
    values = pair_values(random, world.r, groups, groups) + factors(random, 0.0, groups, 1).repeat(SIDE, axis=-1)
    values[np.arange(groups), np.arange(groups)] += world.coupling * COUPLED.ravel()
    cells = [Cell(str(i), str(j), 1, values[i, j]) for i in range(groups) for j in range(groups)]
    return repair(cells, N_NULL, random).p_family


def over_flips(world: World, random: np.random.Generator, groups: int = 10) -> np.ndarray:
    """``p_family`` of differences between two conditions, signs flipped over groups."""
    values = pair_values(random, world.r, groups) - pair_values(random, world.r, groups)
    return paired_contrast(values + world.coupling * COUPLED.ravel(), random, N_NULL).p_family


KINDS: dict[str, tuple[Callable[[World, np.random.Generator], np.ndarray], float]] = {
    "one dyad: PLV, 2 bands, epochs shuffled": (dyad, 0.8),
    "8 groups: surrogates": (over_surrogates, 1.0),
    "7 groups: partners re-paired": (over_partners, 1.5),
    "10 groups: signs flipped": (over_flips, 1.5),
}
"""Each kind of test with the coupling of its partial null."""


def cell(kind: str, world: World, n: int, seed: int) -> dict[str, Any]:
    """How often any place without coupling is called, by the family's p and by single p; how often coupled ones are."""
    test = KINDS[kind][0]
    null = ~COUPLED if world.coupling else np.ones_like(COUPLED)
    wrong, right = [], []
    for k in range(n):
        p = test(world, stream(seed, "families", kind, str(world.r), str(world.coupling), k)).reshape(SIDE * SIDE, -1)
        wrong.append(bool((p[null.ravel()] <= LEVEL + 1e-9).any()))
        right.append(bool((p[~null.ravel()] <= LEVEL + 1e-9).any()) if world.coupling else np.nan)
    return {"n": n, "hits": int(np.sum(wrong)), "found": float(np.mean(right))}


# False discovery rate -------------------------------------------------------------------------------------------------

FAMILIES, TRUE = 10, 3


def discoveries(world: World, n: int, seed: int) -> dict[str, Any]:
    """Families of one analysis, three of them with coupled places: which does the FDR over families call?

    Families share a part (as signals and bands of the same recordings do). ``hits`` is the mean share of families
    without coupling among those that are called; ``places`` the share of called families that hold coupling in which a
    place without coupling is called besides.
    """
    shares, inside, found = [], [], []
    for k in range(n):
        random = stream(seed, "fdr", str(world.r), k)
        common = pair_values(random, world.r, 1 + N_NULL)
        rows = []
        for f in range(FAMILIES):
            values = np.sqrt(world.r) * common + np.sqrt(1 - world.r) * pair_values(random, world.r, 1 + N_NULL)
            values[0] += world.coupling * COUPLED.ravel() * (f < TRUE)
            p = compare(values[0], values[0], values[1:], values[1:]).p_family
            rows += [{"test": "within", "family": f"{f:02d}", "p_family": float(x)} for x in p]
        called = [r for r in with_fdr(rows) if r["p_fdr"] <= LEVEL]
        families = {r["family"] for r in called}
        false = sum(int(f) >= TRUE for f in families)
        shares.append(false / max(len(families), 1))
        found.append((len(families) - false) / TRUE)
        p = np.array([r["p_family"] for r in rows]).reshape(FAMILIES, -1)
        inside += [bool((p[int(f), ~COUPLED.ravel()] <= LEVEL).any()) for f in families if int(f) < TRUE]
    return {"n": n, "rate": float(np.mean(shares)), "se": float(np.std(shares) / np.sqrt(n)),
            "found": float(np.mean(found)), "places": float(np.mean(inside)) if inside else np.nan}  # fmt: skip


# The page -------------------------------------------------------------------------------------------------------------


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="families a cell")
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    asked = parser.parse_args(argv)
    n, seed = asked.n, asked.seed

    def maximum(kind: str, world: World) -> Callable[[], dict[str, Any]]:
        few = (n + 3) // 4 if kind.startswith("one dyad") else n
        return lambda: cell(kind, world, few, seed)

    def joined(world: World) -> Callable[[], dict[str, Any]]:
        return lambda: cluster_cell(world, n, seed)

    def rate(world: World) -> Callable[[], dict[str, Any]]:
        return lambda: discoveries(world, (n + 1) // 2, seed)

    about = f"n={n} seed={seed} draws={N_NULL}"
    cells = {
        f"{kind}; {r:g}; {'partial' if c else 'full'}": maximum(kind, World(r, c))
        for kind, (_, strength) in KINDS.items()
        for r in CORRELATIONS
        for c in (0.0, strength)
    }
    errors = finished(FOLDER / "families.tsv", cells, about, asked.fresh)
    cells = {
        f"8 groups: clusters; {r:g}; {'partial' if c else 'full'}": joined(World(r, c))
        for r in CORRELATIONS
        for c in (0.0, 0.5)
    }
    clusters = finished(FOLDER / "families-clusters.tsv", cells, about, asked.fresh)
    cells = {f"{r:g}": rate(World(r, 5.0)) for r in CORRELATIONS}
    rates = finished(FOLDER / "families-fdr.tsv", cells, about, asked.fresh)
    (FOLDER / "families.md").write_text(page(errors, clusters, rates), encoding="utf-8")


def _lines(table: pd.DataFrame, cells: int) -> list[list[str]]:
    rows = []
    for row in table.to_dict("records"):
        kind, r, null = row["cell"].split("; ")
        share = verdict(row["hits"], row["n"], LEVEL, cells)
        more = [f"{row[k]:.2f}" if null == "partial" else "" for k in ("found", "beside") if k in row]
        rows.append([kind, r, null, f"{row['n']:,}", share, *more])
    return rows


def page(errors: pd.DataFrame, clusters: pd.DataFrame, rates: pd.DataFrame) -> str:
    cells = len(errors) + len(clusters)
    rows, joined = _lines(errors, cells), _lines(clusters, cells)
    fdr = [
        [f"{float(r['cell']):g}", f"{r['n']:,}", f"{r['rate']:.3f} ± {r['se']:.3f}", f"{r['found']:.2f}",
         f"{r['places']:.3f}"]
        for r in rates.to_dict("records")
    ]  # fmt: skip
    low, high = interval(int(errors["n"].max()), LEVEL, cells)
    header = ["test", "r", "null", "families", "error", "coupling found"]
    fdr_header = ["r", "analyses", "false among called", "coupled families called", "false place in those"]
    return f"""# {TITLE}

{_INTRO.format(low=low, high=high)}

{markdown(header, rows)}

{_PARTIAL}

## Clusters

{_CLUSTERS}

{markdown([*header, "of them not coupled"], joined)}

## False discovery rate over families

{_FDR.format(expected=LEVEL * (FAMILIES - TRUE) / FAMILIES)}

{markdown(fdr_header, fdr)}

{_INSIDE}

{origin([errors, clusters, rates], "python -m calibrate families")}
"""


_INTRO = """A family has 16 pairs of places, 4 of each person, and one p each against the maximum over the family
(`p_family`). How often is any place called (p at most .05) that holds nothing? Under the *full* null no place does
anything; under the *partial* null four of the sixteen pairs are truly coupled and the error is counted on the other
twelve. The places of each half of a person correlate at r. All rows of 2,000 families together stay between {low:.3f}
and {high:.3f} with 95 % if the error is .05 (rows of 500 in a wider interval). Under a partial null the
error may lie below .05: the coupled places take part in the maximum."""

_PARTIAL = """*Coupling found*: the share of families in which at least one of the coupled places was called. A place
beside a coupled one is not free of it where their signals correlate; here halves are independent of each other, so that
what is called false is false."""

_CLUSTERS = """Neighbouring pairs of places above 1.5 SD of chance are joined and the mass of each cluster is compared
with the heaviest under each draw. *Error* under the full null: any cluster is called; under the partial null (a weak
coupling of the four pairs): a cluster is called that holds none of the coupled pairs. *Coupling found*: a cluster that
holds one. *Of them not coupled*: the mean share of places without coupling in such clusters. They are carried along:
a cluster says that something in it exceeds chance, and nothing of its single places."""

_FDR = """Ten families of one analysis, three of them with coupled places, each entering with the smallest of its
`p_family`; families share a part of their values (correlated at r). The mean share of families without coupling among
those called (`p_fdr` at most .05) is to be at most .05, and {expected:.3f} where families are independent."""

_INSIDE = """The last column: in a family that was rightly called, how often a place without coupling has a `p_family`
at most .05 as well. `p_fdr` guards families and `p_family` the places of one family; a place is read by both."""


if __name__ == "__main__":
    main()
