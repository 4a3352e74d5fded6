"""The row of figures under the verdict, and what a simulator planted beside what was found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interbrain.report import views, words
from interbrain.report.results import Results


@dataclass(frozen=True)
class KeyFigure:
    """A number of the row under the verdict."""

    value: str
    name: str


def key_figures(results: Results) -> list[KeyFigure]:
    """Dyads, sessions, hours recorded, share usable, pairs tested, surrogates."""
    sync = results["synchrony"]
    blocks = sync.drop_duplicates(["group", "session", "condition", "segment", "modality"])
    longest = blocks.groupby(["group", "session", "condition", "modality"])["duration_s"].sum()
    hours = results.provenance.get("hours")
    if hours is None:
        hours = float(longest.groupby(level=[0, 1, 2]).max().sum()) / 3600
    weight = blocks["duration_s"].fillna(0)
    usable = float((blocks["usable"] * weight).sum() / weight.sum()) if weight.sum() > 0 else float("nan")
    surrogates = sorted({int(n) for n in results["nulls"]["n_null"].dropna()})
    pairs = views.n_distinct(sync, "modality", "signal_a", "signal_b", "place_a", "place_b")
    return [
        KeyFigure(str(len(results.groups)), results.unit + "s" * (len(results.groups) != 1)),
        KeyFigure(str(len(results.meetings)), "session" if len(results.meetings) == 1 else "sessions"),
        KeyFigure(*_time(float(hours))),
        KeyFigure(f"{100 * usable:.0f} %" if np.isfinite(usable) else "n/a", "usable in both people"),
        KeyFigure(words.number(pairs, decimals=0), "pair tested" if pairs == 1 else "pairs tested"),
        KeyFigure(words.number(surrogates[-1], decimals=0) if surrogates else "none", "surrogates each"),
    ]


def _time(hours: float) -> tuple[str, str]:
    if hours >= 1:
        return words.number(hours, decimals=1), "hours recorded"
    if hours * 60 >= 1:
        return words.number(hours * 60, decimals=0 if hours * 60 >= 10 else 1), "minutes recorded"
    return words.number(hours * 3600, decimals=0), "seconds recorded"


@dataclass(frozen=True)
class Planted:
    """What a simulator planted beside what was found at the same place."""

    place: str
    planted: str
    found: str
    inside: bool | None


def truth_rows(results: Results) -> list[Planted]:
    """Planted slopes and the fitted ones; whether the interval covers the truth."""
    out = []
    fitted = views.slopes(results)
    for item in results.truth.get("planted") or []:
        rows = fitted[(fitted["place_a"] == str(item.get("place_a"))) & (fitted["place_b"] == str(item.get("place_b")))]
        for key, column in (("signal", "signal_a"), ("segment", "segment"), ("band", "band")):
            if item.get(key):
                rows = rows[rows[column] == str(item[key])]
        at = {"place_a": item.get("place_a", "?"), "place_b": item.get("place_b", "?")}
        a, b = results.sides({**at, "segment": item.get("segment") or ""})
        place = f"{a} {at['place_a']}, {b} {at['place_b']}"
        planted = item.get("slope_per_session")
        detail = [
            words.signal_name(str(item[k])) if k == "signal" else str(item[k])
            for k in ("signal", "segment")
            if item.get(k)
        ]
        name = f"{place} ({', '.join(detail)})" if detail else place
        text = "a change" if planted is None else f"{words.number(float(planted))} a session"
        best = views.strongest(rows[rows["slope"].notna()], "slope")
        if best is None:
            out.append(Planted(name, text, "not fitted", None))
            continue
        if apart := results.apart(str(best["analysis"])):
            name = f"{name}; {apart}"
        value, interval = words.estimate(best["slope"], best["ci_low"], best["ci_high"])
        inside = None if planted is None else bool(best["ci_low"] <= float(planted) <= best["ci_high"])
        out.append(Planted(name, text, f"{value} a session ({results.confidence} interval {interval})", inside))
    return out


def false_alarms(results: Results) -> str:
    """How many places change without anything planted there; nothing where the truth does not say what was planted."""
    if "planted" not in results.truth:
        return ""
    rows, planted = views.slopes(results), results.truth["planted"]
    columns = {"signal": "signal_a", "segment": "segment", "place_a": "place_a", "place_b": "place_b"}
    here = [
        any(all(i.get(k) in (None, row[c]) for k, c in columns.items()) for i in planted) for _, row in rows.iterrows()
    ]
    elsewhere = rows[[not h for h in here]] if len(rows) else rows
    elsewhere = elsewhere[elsewhere["p_read"].notna()]
    if elsewhere.empty:
        return ""
    k, n = int(elsewhere["claim"].sum()), len(elsewhere)
    verb = "show" if k > 1 else "shows"
    where = "Elsewhere nothing" if planted else "Nothing"
    return f"{where} was planted, and {words.share(k, n, 'place')} {verb} a change."
