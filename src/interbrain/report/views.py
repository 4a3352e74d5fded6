"""The rows that a figure or a sentence is about, picked from the tables. Picks and counts; computes no statistic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from interbrain.data.tables import EVERYBODY, MEETING, PAIR, WHOSE
from interbrain.inference.corrections import benjamini_hochberg
from interbrain.report import words
from interbrain.report.results import Results

PLACE_KEY = ["signal_a", "signal_b", "band", "direction", "segment", "place_a", "place_b"]
FAMILY_KEY = ["analysis", "signal_a", "signal_b", "band", "direction", "segment"]


def decide(rows: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Adds ``p_read``, ``p_over`` (of its family, over families), ``n_read`` (size of its family) and ``claim``.

    ``p_read`` is p corrected within its family; where a table brings none, p times the size of the family. A row is
    claimed where that is at most alpha; where an analysis has several families, its family must also hold at a false
    discovery rate of alpha (Benjamini–Hochberg over one p a family).
    """
    rows = rows.copy()
    if rows.empty:
        return rows.assign(
            n_read=pd.Series(dtype=int),
            p_read=pd.Series(dtype=float),
            p_over=pd.Series(dtype=float),
            claim=pd.Series(dtype=bool),
        )
    sizes = rows.groupby(["analysis", "family"])["p"].transform("count")
    rows["n_read"] = rows.groupby(["analysis", "family"])["family"].transform("size")
    rows["p_read"] = rows["p_family"].fillna((rows["p"] * sizes).clip(upper=1.0)).astype(float)
    rows["p_over"] = _of_family(rows)
    rows["claim"] = (rows["p_read"] <= alpha + _EDGE) & (rows["p_over"] <= alpha + _EDGE)
    return rows


_EDGE = 1e-12


def _of_family(rows: pd.DataFrame) -> pd.Series:
    """The family's p over families: as the table says, else Benjamini–Hochberg here; 0 for a single family.

    The tables count the families of every analysis of the run.
    """
    said = rows["p_fdr"] if "p_fdr" in rows else pd.Series(np.nan, index=rows.index)
    out = pd.Series(0.0, index=rows.index)
    for _, mine in rows.groupby("analysis"):
        best = mine.groupby("family")["p_read"].min().dropna()
        if len(best) < 2:
            out[mine.index] = said[mine.index].min() if said[mine.index].notna().any() else 0.0
            continue
        over = benjamini_hochberg(list(best.index), best.to_numpy())
        computed = mine["family"].map(dict(zip(best.index, over.p_fdr)))
        told = said[mine.index].groupby(mine["family"]).transform("min")
        out[mine.index] = told.fillna(computed).fillna(1.0)
    return out


def within(results: Results) -> pd.DataFrame:
    """Synchrony against within-dyad surrogates: the group's test where there is one, else each meeting's own null.

    Columns of ``tests`` plus ``p_read``, ``claim`` (only above chance) and ``who`` (``"group"`` or the meeting);
    ``estimate``, ``null_mean`` and ``null_sd`` are on the stabilised scale.
    """
    tests = results["tests"]
    rows = tests[tests["test"] == "within"]
    if len(rows):
        rows = rows.assign(who="group")
    else:
        nulls = results["nulls"]
        keys = [*MEETING, *PAIR]
        values = results["synchrony"][[*keys, "stabilised"]]
        rows = nulls.drop(columns=["null_mean", "null_sd"]).merge(values, on=keys, how="left")
        rows = rows.rename(
            columns={"stabilised": "estimate", "stabilised_null_mean": "null_mean", "stabilised_null_sd": "null_sd"}
        )
        who = [f"{results.unit} {g}, session {s}" for g, s in zip(rows["group"], rows["session"])]
        rows = rows.assign(test="within", p_fdr=np.nan, note="", who=who)
    rows = decide(rows, results.alpha)
    rows["claim"] = rows["claim"] & (rows["z"].fillna(0) > 0)
    return rows


def of_test(results: Results, prefix: str) -> pd.DataFrame:
    """Rows of ``tests`` whose test has this name, or begins with ``"contrast:"`` or ``"arm:"``; with decisions."""
    tests = results["tests"]
    chosen = tests["test"].str.startswith(prefix) if prefix.endswith(":") else tests["test"] == prefix
    return decide(tests[chosen], results.alpha)


def has_profile(results: Results, analysis: str) -> bool:
    """Whether an analysis gives a profile over lags; its test of leading is then in units of synchrony, else in s."""
    return analysis in set(results["lags"]["analysis"])


def leads(results: Results) -> pd.DataFrame:
    """Tests of who leads, with decisions and ``in_seconds``.

    A lag in seconds is read only where synchrony exceeds chance in the same comparison: that of two signals which have
    nothing to do with each other means nothing.
    """
    rows = of_test(results, "leads")
    rows = rows.assign(in_seconds=[not has_profile(results, a) for a in rows["analysis"]])
    exceeding = within(results)
    exceeding = exceeding[exceeding["claim"]]
    keys = ["analysis", *PLACE_KEY, "null"]
    there = set(exceeding[keys].itertuples(index=False, name=None))
    read = [not s or k in there for s, k in zip(rows["in_seconds"], rows[keys].itertuples(index=False, name=None))]
    return rows[np.array(read, dtype=bool)]


def slopes(results: Results, arms: bool = False) -> pd.DataFrame:
    """The rows of the course that are a change a session (or, with ``arms``, its difference between arms).

    A family is all places of one signal, segment and null. A change is claimed where the model, the sign flips of
    whole dyads and their maximum over the family all say so; a course that could not be fitted keeps NaN.
    """
    course = results["course"]
    chosen = course["term"].str.startswith("session ×") if arms else course["term"] == "session"
    rows = course[chosen]
    keys = ["analysis", "signal_a", "signal_b", "segment", "null", "term"]
    rows = decide(rows.assign(family=rows[keys].agg("/".join, axis=1) if len(rows) else ""), results.alpha)
    rows["claim"] &= ~(rows["p_signflip"] > results.alpha + _EDGE) & ~(rows["p"] > results.alpha + _EDGE)
    return rows


def strongest(rows: pd.DataFrame, by: str = "z") -> pd.Series | None:
    """The row with the smallest p; among equals the largest ``by``."""
    rows = rows[rows["p_read"].notna()] if "p_read" in rows else rows
    if rows.empty:
        return None
    size = rows[by].abs().fillna(0)
    return rows.assign(_size=-size).sort_values(["p_read", "_size"], kind="stable").iloc[0]


def same_place(rows: pd.DataFrame, like: pd.Series | dict[str, Any], keys: list[str] | None = None) -> pd.DataFrame:
    """Rows about the same analysis, signals, band, direction, segment and places as ``like``."""
    chosen = pd.Series(True, index=rows.index)
    for key in ["analysis", *(keys or PLACE_KEY)]:
        if key in rows and key in like:
            chosen &= rows[key] == like[key]
    return rows[chosen]


def first_null(rows: pd.DataFrame, null: str = "") -> pd.DataFrame:
    """Rows of one kind of null: the one asked for where it is there, else the first."""
    if rows.empty:
        return rows
    kinds = rows["null"].unique()
    return rows[rows["null"] == (null if null in kinds else kinds[0])]


def n_distinct(rows: pd.DataFrame, *columns: str) -> int:
    return len(rows[list(columns)].drop_duplicates()) if len(rows) else 0


def pair_noun(rows: pd.DataFrame) -> str:
    """``"region pair"``, ``"channel pair"`` or ``"place pair"``."""
    levels = set(rows["level"].unique()) if "level" in rows else set()
    return {frozenset({"region"}): "region pair", frozenset({"channel"}): "channel pair"}.get(
        frozenset(levels), "place pair"
    )


def single_place(rows: pd.DataFrame) -> bool:
    """Whether each person gave one channel only, so that there is no "where"."""
    return len(rows) == 0 or (rows["place_a"].nunique() <= 1 and rows["place_b"].nunique() <= 1)


def contexts(results: Results, rows: pd.DataFrame) -> Callable[[Any], str]:
    """A namer of rows: what tells one from its neighbours, in words (``"clean, HbO, task"``); only what varies."""
    several = {c for c in ("analysis", "signal_a", "signal_b", "band", "direction", "segment") if rows[c].nunique() > 1}

    def name(row: Any) -> str:
        parts = [str(row["analysis"])] if "analysis" in several else []
        if several & {"signal_a", "signal_b"}:
            parts.append(words.signals_name(row["signal_a"], row["signal_b"]))
        parts += [str(row["band"])] if "band" in several else []
        parts += [results.direction(row)] if "direction" in several else []
        if "segment" in several:
            parts.append(words.segment_name(row["segment"]))
        return ", ".join(p for p in parts if p)

    return name


def context(results: Results, rows: pd.DataFrame, row: Any) -> str:
    """:func:`contexts` for one row."""
    return contexts(results, rows)(row)


def directed_text(results: Results) -> str:
    """What a run with directed measures can say of who leads; empty where none of its measures is directed."""
    rows = results["synchrony"]
    rows = rows[rows["direction"].astype(str) != ""]
    if rows.empty:
        return ""
    names = words.listing(results.measure_title(m) for m in rows["measure"].unique())
    of = words.listing(
        dict.fromkeys(results.direction(r) for r in rows.drop_duplicates("direction").to_dict("records"))
    )
    nulls = results["nulls"]
    tested = (nulls["direction"].astype(str) != "").any()
    chance = "Each row was tested against chance by itself" if tested else "None of them was tested against chance"
    return (
        f"{names}: each direction has its own rows ({of}). {chance}; the difference between the two "
        "directions was not tested, so a larger value in one of them does not say who leads."
    )


def place_name(results: Results, row: pd.Series, short: bool = False) -> str:
    """``"patient rTPJ and therapist rIFG"``, or ``"rTPJ–rIFG"``; empty where each person gave one channel."""
    a, b = str(row["place_a"]), str(row["place_b"])
    if not a and not b:
        return ""
    if b == EVERYBODY:
        return EVERYBODY if a == EVERYBODY else f"{a} of {EVERYBODY}"
    if results.several:
        a, b = (name.replace(WHOSE, " ", 1) for name in (a, b))
        return f"{a} – {b}" if short else f"{a} and {b}"
    if short:
        return f"{a}–{b}"
    role_a, role_b = results.sides(row)
    return f"{role_a} {a} and {role_b} {b}"


def tests_text(rows: pd.DataFrame) -> str:
    """``"16 region pairs × 2 signals × 2 segments"``: what a count of rows is made of.

    Where not everything came with everything else the counts are listed: their product would not be that of the rows.
    """
    analyses = rows["analysis"].nunique()
    noun = "measures" if analyses == rows["measure"].nunique() else "analyses"
    counts = [] if analyses <= 1 else [(analyses, noun)]
    if not single_place(rows):
        counts.append((n_distinct(rows, "place_a", "place_b"), f"{pair_noun(rows)}s"))
    for columns, noun in (
        (("signal_a", "signal_b"), "signals"),
        (("band",), "bands"),
        (("segment",), "segments"),
        (("direction",), "directions"),
        (("null",), "kinds of surrogate"),
        (("who",), "meetings"),
    ):
        if all(c in rows for c in columns) and (n := n_distinct(rows, *columns)) > 1:
            counts.append((n, noun))
    whole = math.prod(n for n, _ in counts) == len(rows)
    return (" × " if whole else ", ").join(f"{words.number(n, decimals=0)} {noun}" for n, noun in counts)


def associations(results: Results) -> pd.DataFrame:
    """Fitted rows of ``outcome`` with ``p_read``, p over the ``n_read`` associations of one analysis.

    Estimates are in points for one SD of synchrony (``per_sd``) where the table tells that SD, else per unit.

    As the table tells it (false discovery rate), else p times that number.
    """
    rows = results["outcome"]
    rows = rows[rows["estimate"].notna() & rows["p"].notna()]
    said = rows["p_fdr"] if "p_fdr" in rows else pd.Series(np.nan, index=rows.index)
    over = ["analysis", "segment", "null"]
    rows = rows.assign(n_read=rows.groupby(over, dropna=False)["p"].transform("size"))
    rows = rows.assign(p_read=said.fillna((rows["p"] * rows["n_read"]).clip(upper=1.0)).astype(float))
    rows = _for_one_sd(rows)
    return rows.assign(claim=rows["p_read"] <= results.alpha + _EDGE).sort_values("p", kind="stable")


def _for_one_sd(rows: pd.DataFrame) -> pd.DataFrame:
    sd = rows["sd_synchrony"].astype(float)
    known = np.isfinite(sd) & (sd > 0)
    columns = ["estimate", "se", "ci_low", "ci_high"]
    return rows.assign(per_sd=known, **{c: rows[c] * sd.where(known, 1.0) for c in columns})


def shared_by_partners(results: Results) -> list[str]:
    """What re-paired partners share beside role, session number and segment, of what the study tells apart."""
    groups = results["synchrony"].drop_duplicates(["group", "arm", "therapist", "condition"])
    asked = results.plan.get("repair_within", ())
    patients = groups[groups["therapist"] != ""].groupby("therapist")["group"].nunique()
    kept = {
        "arm": "arm" in asked and groups["arm"].nunique() > 1,
        "condition": groups["condition"].nunique() > 1,  # a table of pairs holds one
        "therapist": "therapist" in asked and len(patients) > 1 and patients.max() > 1,
    }
    return [name for name, shared in kept.items() if shared]


def bound_text(row: pd.Series) -> str:
    """What bounds a test's p, as a sentence."""
    bound = str(row["bound"] or "")
    if "smallest p" in bound or not np.isfinite(row["smallest_p"]):
        return words.sentence(bound) if bound else ""
    said = f"The smallest p that this design can give is {words.p_text(row['smallest_p'], sign=False)}"
    return words.sentence(f"{said}: {bound}" if bound else said)
