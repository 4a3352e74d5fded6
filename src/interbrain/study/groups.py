"""Fourth step of a run: tests over groups, one family of places at a time, and FDR over the families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from interbrain.arrays.streams import stream
from interbrain.data.errors import Problem
from interbrain.data.plan import Plan
from interbrain.data.study import Study, base_name
from interbrain.data.tables import PLACE
from interbrain.inference.arms import FEWEST, several_arms
from interbrain.inference.clusters import Clusters, Neighbours, neighbours_of
from interbrain.inference.contrast import arm_difference, paired_contrast
from interbrain.inference.corrections import benjamini_hochberg
from interbrain.inference.leads import leads_over_groups
from interbrain.inference.maximum import GroupMaximum
from interbrain.inference.ranks import moments
from interbrain.study.cache import AnyStep

FAMILY = ("analysis", "measure", "modality", "signal_a", "signal_b", "level", "segment", "null")
LABEL = ("place_a", "place_b", "band", "direction")
MET = ["group", "session", "condition"]

Label = tuple[str, ...]
Row = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """One meeting's values and draws of one family, read when they are asked for."""

    about: Row
    labels: list[Label]
    step: AnyStep

    @property
    def observed(self) -> np.ndarray:
        return self.step.array(f"{self.about['name']}_observed")

    @property
    def draws(self) -> np.ndarray:
        return self.step.array(f"{self.about['name']}_null")


def group_tests(
    study: Study,
    plan: Plan,
    tables: dict[str, pd.DataFrame],
    steps: Sequence[AnyStep],
    excluded: frozenset[str],
    problems: list[Problem] | None = None,
) -> list[Row]:
    """Rows of ``tests.tsv`` that need no re-pairing: within-dyad nulls over groups, segments, arms, who leads.

    Arms that are too small to be compared are added to ``problems``.
    """
    rows: list[Row] = []
    kept = [k for k in _kept(steps) if _meeting_key(k.about) not in excluded]
    for family, members in _families(kept, "draws"):
        rows += _within(family, members, plan)
    for family, members in _families(kept, "lead"):
        rows += _leads(family, members, plan)
    rows += _lags(without(tables["synchrony"], excluded), without(tables["nulls"], excluded), tables["lags"], plan)
    nulls = without(tables["nulls"], excluded)
    rows += _contrasts(nulls, plan)
    rows += _conditions(nulls, plan)
    rows += _arms(nulls, plan, [] if problems is None else problems)
    return with_fdr(rows)


def without(table: pd.DataFrame, excluded: frozenset[str]) -> pd.DataFrame:
    """A table less the meetings that must stay out of tests over groups."""
    if table.empty or not excluded:
        return table
    return table[[_meeting_key(row) not in excluded for row in table.to_dict("records")]]


def _meeting_key(row: Row) -> str:
    return f"{row['group']}/ses-{row['session']}" + (f"/{row['condition']}" if row["condition"] else "")


def _kept(steps: Iterable[AnyStep]) -> Iterator[Kept]:
    for step in steps:
        for about in step.facts["draws"]:
            yield Kept(about, [tuple(label) for label in about["labels"]], step)


def _families(kept: Iterable[Kept], prefix: str) -> Iterator[tuple[Row, list[Kept]]]:
    families: dict[tuple[Any, ...], list[Kept]] = {}
    for one in kept:
        if one.about["name"].startswith(prefix):
            families.setdefault(tuple(one.about[k] for k in FAMILY), []).append(one)
    for key, members in families.items():
        yield dict(zip(FAMILY, key, strict=True)), members


def _aligned(member: Kept, labels: list[Label]) -> tuple[np.ndarray, np.ndarray]:
    """A meeting's values in the order of the family's labels; a place that it lacks is NaN."""
    where = {label: i for i, label in enumerate(member.labels)}
    index = np.array([where.get(label, -1) for label in labels])
    observed, kept = member.observed[index], member.draws[:, index]
    # Kept in fewer digits: what equalled the observed value before must equal it again, since ties count against it.
    lost = observed - observed.astype(kept.dtype)
    draws = kept + np.where(np.isfinite(lost), lost, 0.0)
    return np.where(index >= 0, observed, np.nan), np.where(index >= 0, draws, np.nan)


def _labels(members: list[Kept]) -> list[Label]:
    return list(dict.fromkeys(label for m in members for label in m.labels))


def neighbours_in(plan: Plan, analysis: str, labels: list[Label]) -> Neighbours | None:
    """Neighbouring places of a family as the plan names them; None where it asks for no clusters."""
    if plan.clusters is None:
        return None
    bands = next(a.bands for a in plan.analysis if a.name == analysis)
    return neighbours_of(labels, bands, plan.clusters.places, plan.clusters.threshold)


def cluster_columns(found: Clusters | None) -> dict[str, np.ndarray]:
    return {} if found is None else {"cluster": found.number, "p_cluster": found.p}


def _within(family: Row, members: list[Kept], plan: Plan) -> list[Row]:
    labels = _labels(members)
    n_draws = min(len(m.draws) for m in members)
    total = GroupMaximum(len(labels), n_draws)
    met: dict[str, np.ndarray] = {}  # a meeting of three people has three pairs and counts once
    for member in members:
        observed, draws = _aligned(member, labels)
        total.add(member.about["group"], observed, draws[:n_draws])
        key = _meeting_key(member.about)
        met[key] = met.get(key, np.zeros(len(labels), dtype=bool)) | np.isfinite(observed)
    test = total.result(neighbours_in(plan, family["analysis"], labels))
    smallest = 1.0 / (1 + test.n_null)
    bound = f"{test.n_null} surrogates a session; the smallest p is {smallest:.2g}"
    columns = {k: getattr(test, k) for k in ("estimate", "null_mean", "null_sd", "z", "p", "p_family")}
    columns |= {"n_groups": test.n_groups, "n_meetings": np.sum(list(met.values()), axis=0)}
    columns |= cluster_columns(test.clusters)
    return family_rows(
        family, labels, "within", columns, {"n_null": test.n_null, "smallest_p": smallest, "bound": bound}
    )


def _leads(family: Row, members: list[Kept], plan: Plan) -> list[Row]:
    """Does one side lead over groups: each group's asymmetry less its surrogates', signs flipped over groups."""
    labels = _labels(members)
    groups: dict[str, list[np.ndarray]] = {}
    for member in members:
        observed, draws = _aligned(member, labels)
        groups.setdefault(member.about["group"], []).append(observed - draws.mean(0))
    values = np.stack([moments(np.stack(v))[0] for v in groups.values()])  # over the meetings that have a place
    random = stream(plan.seed, "leads", *family.values())
    test = leads_over_groups(values, random, plan.n_arrangements)
    labels = [(*label, "", "")[:4] for label in labels]
    return family_rows(family, labels, "leads", *_columns(test, len({_meeting_key(m.about) for m in members})))


def _lags(synchrony: pd.DataFrame, nulls: pd.DataFrame, lags: pd.DataFrame, plan: Plan) -> list[Row]:
    """Does one side lead over groups, where a measure gives one lag and no profile: the lag in s, signs flipped.

    A group's lag is the mean over its meetings, each weighed by its excess (none below chance), since the phase of
    signals that do not cohere is anywhere. A lag read from a phase lies within half a period either way, so without a
    lead its sign is a coin's. The report reads these rows only where synchrony exceeds chance.
    """
    if synchrony.empty or nulls.empty:
        return []
    known = synchrony[synchrony["lag_s"].notna() & ~synchrony["analysis"].isin(set(lags["analysis"]))]
    joined = known.merge(nulls, on=[c for c in known.columns if c in nulls.columns])
    joined["weight"] = joined["excess"].clip(lower=0.0)
    joined["moment"] = joined["weight"] * joined["lag_s"]
    rows: list[Row] = []
    for values, part in joined.groupby(list(FAMILY), sort=False):
        family = dict(zip(FAMILY, values, strict=True))
        sums = part.groupby(["group", *LABEL], sort=False)[["moment", "weight"]].sum()
        wide = (sums["moment"] / sums["weight"].where(sums["weight"] > 0)).unstack(list(LABEL))
        if len(wide) >= 2:
            random = stream(plan.seed, "leads", *(str(v) for v in family.values()))
            test = leads_over_groups(wide.to_numpy(), random, plan.n_arrangements)
            n_meetings = part[MET].drop_duplicates().shape[0]
            rows += family_rows(family, list(wide.columns), "leads", *_columns(test, n_meetings))
    return rows


def _contrasts(nulls: pd.DataFrame, plan: Plan) -> list[Row]:
    if plan.contrast is None or nulls.empty:
        return []
    first, second = plan.contrast
    rows: list[Row] = []
    nulls = nulls.assign(segment=[base_name(s, plan.contrast) for s in nulls["segment"]])
    for family, part in _by_family(nulls[nulls["segment"].isin([first, second])], per_segment=False):
        wide = part.pivot_table(
            index=["group", "session", "condition"], columns=["segment", *LABEL], values="excess", sort=False
        )
        if first not in wide or second not in wide:
            continue
        difference = (wide[first] - wide[second]).groupby(level="group").mean().dropna(how="all")
        if len(difference):
            test = paired_contrast(
                difference.to_numpy(), stream(plan.seed, "contrast", *family.values()), plan.n_arrangements
            )
            about = {**family, "segment": f"{first}-{second}"}
            n_meetings = int((wide[first] - wide[second]).notna().any(axis=1).sum())
            rows += family_rows(
                about, list(difference.columns), f"contrast:{first}-{second}", *_columns(test, n_meetings)
            )
    return rows


def _conditions(nulls: pd.DataFrame, plan: Plan) -> list[Row]:
    """Two conditions that groups meet in: each group's mean in one less its mean in the other, signs flipped."""
    conditions = sorted(set(nulls["condition"]) - {""}) if len(nulls) else []
    if len(conditions) != 2:
        return []
    first, second = conditions
    rows: list[Row] = []
    for family, part in _by_family(nulls[nulls["condition"] != ""], per_segment=True):
        wide = part.pivot_table(index="group", columns=["condition", *LABEL], values="excess", sort=False)
        if first not in wide or second not in wide:
            continue
        difference = (wide[first] - wide[second]).dropna(how="all")
        if len(difference):
            random = stream(plan.seed, "conditions", *family.values())
            test = paired_contrast(difference.to_numpy(), random, plan.n_arrangements)
            n_meetings = part[MET].drop_duplicates().shape[0]
            rows += family_rows(
                family, list(difference.columns), f"condition:{first}-{second}", *_columns(test, n_meetings)
            )
    return rows


def _arms(nulls: pd.DataFrame, plan: Plan, problems: list[Problem]) -> list[Row]:
    """Two arms against each other; of three and more all of them at once, and every pair."""
    named = nulls[nulls["arm"] != ""] if len(nulls) else nulls
    if not len(named) or named["arm"].nunique() < 2:
        return []
    rows: list[Row] = []
    for family, part in _by_family(named, per_segment=True):
        wide = part.pivot_table(index=["arm", "group"], columns=list(LABEL), values="excess", sort=False)
        wide = _large_enough(wide, family, sorted(named["arm"].unique()), problems)
        arms = np.array(wide.index.get_level_values("arm"))
        names = sorted(set(arms))
        if len(names) < 2:
            continue
        random = stream(plan.seed, "arms", *family.values())
        meetings = part[part["arm"].isin(names)][MET].drop_duplicates()
        labels, n = list(wide.columns), plan.n_arrangements
        if len(names) == 2:
            found = arm_difference(wide.to_numpy(), arms == names[0], random, n)
            rows += family_rows(family, labels, f"arm:{names[0]}-{names[1]}", *_columns(found, len(meetings)))
            continue
        several = several_arms(wide.to_numpy(), arms, random, n)
        columns, fixed = _columns(several.omnibus, len(meetings))
        rows += family_rows(family, labels, "arms", columns, {**fixed, "note": ", ".join(names)})
        for (first, second), test in several.pairs.items():
            columns, fixed = _columns(test, part[part["arm"].isin([first, second])][MET].drop_duplicates().shape[0])
            columns["n_groups"] = np.isfinite(wide.to_numpy()[np.isin(arms, [first, second])]).sum(axis=0)
            rows += family_rows(family, labels, f"arm:{first}-{second}", columns, fixed)
    return rows


def _large_enough(wide: pd.DataFrame, family: Row, names: list[str], problems: list[Problem]) -> pd.DataFrame:
    """Only the arms of at least two groups with a value; the others, and what follows, are told."""
    wide = wide.dropna(how="all")
    present = list(wide.index.get_level_values("arm"))
    sizes = {str(name): present.count(name) for name in names}
    small = [name for name, n in sizes.items() if n < FEWEST]
    if small:
        left = [name for name in sizes if name not in small]
        counted = {name: "1 group" if sizes[name] == 1 else f"{sizes[name]} groups" for name in small}
        what = "; ".join(f"arm {name!r} has {n} with a value" for name, n in counted.items())
        done = f"compared without {' and '.join(small)}" if len(left) > 1 else "the arms were not compared"
        where = ", ".join(str(family[k]) for k in ("analysis", "segment", "null") if family[k])
        why = f"an arm of fewer than {FEWEST} groups has no spread to judge a difference by"
        problems.append(Problem(f"arms, {where}", what, why, done, costs_data=False))
    return wide[[name not in small for name in present]]


def _by_family(nulls: pd.DataFrame, *, per_segment: bool) -> Iterator[tuple[Row, pd.DataFrame]]:
    keys = [k for k in FAMILY if per_segment or k != "segment"]
    for values, part in nulls.groupby(keys, sort=False):
        yield {"segment": "", **dict(zip(keys, values, strict=True))}, part


def _columns(test: Any, n_meetings: int) -> tuple[dict[str, np.ndarray], Row]:
    columns = {k: getattr(test, k) for k in ("estimate", "null_mean", "null_sd", "z", "p", "p_family", "n_groups")}
    fixed = {
        "n_null": test.n_null,
        "smallest_p": test.smallest_p,
        "bound": test.bound,
        "n_meetings": n_meetings,
    }
    return columns, fixed


def family_rows(family: Row, labels: list[Label], test: str, columns: dict[str, np.ndarray], fixed: Row) -> list[Row]:
    signals = "-".join(dict.fromkeys((str(family["signal_a"]), str(family["signal_b"]))))
    name = "/".join([test, str(family["analysis"]), signals, str(family["segment"]), str(family["null"])])
    return [
        {
            **{k: v for k, v in family.items() if k in (*PLACE, "segment", "null")},
            **dict(zip(LABEL, label, strict=True)),
            "test": test,
            "family": name,
            **{k: _plain(v[i]) for k, v in columns.items()},
            **fixed,
        }
        for i, label in enumerate(labels)
    ]


def _plain(value: Any) -> float | int:
    return int(value) if isinstance(value, (np.integer, int)) else float(value)


def with_fdr(rows: list[Row]) -> list[Row]:
    """FDR over families of one kind of test: each family's smallest ``p_family`` enters once."""
    for test in dict.fromkeys(row["test"] for row in rows):
        smallest: dict[str, float] = {}
        for row in rows:
            if row["test"] == test:
                smallest[row["family"]] = float(np.fmin(smallest.get(row["family"], np.nan), row["p_family"]))
        corrected = benjamini_hochberg(list(smallest), list(smallest.values()))
        for row in rows:
            if row["test"] == test:
                row["p_fdr"] = corrected.of(row["family"])
    return rows
