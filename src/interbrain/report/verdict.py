"""The first words of the page: what was found, how sure it is, what it is not. Each sentence follows from rows of the
tables and is as strong as the test behind it: found, no evidence, or too little data to say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from interbrain.report import views, words
from interbrain.report.clusters import with_clusters
from interbrain.report.finding import FOUND, LITTLE, NONE, Finding, null_title, of_analysis, p_with_family, where
from interbrain.report.leading import leading
from interbrain.report.results import Results


def findings(results: Results) -> list[Finding]:
    """Every answer that this run allows, in the page's order."""
    parts: list[Callable[[Results], list[Finding]]] = [
        beyond_chance,
        beyond_situation,
        growth,
        leading,
        contrasts,
        outcome,
    ]
    return [f for part in parts for f in part(results)]


def beyond_chance(results: Results) -> list[Finding]:
    """Within the dyad: more than these signals' own rhythms?"""
    question = "Beyond chance?"
    rows = views.within(results)
    rows = rows[rows["p_read"].notna()]
    if rows.empty:
        text = "Too little data to say whether synchrony exceeds chance."
        return [Finding(question, LITTLE, text, "No value could be compared with surrogates; see the problems below.")]
    found: list[tuple[str, pd.DataFrame]] = []
    quiet: list[tuple[str, pd.DataFrame]] = []
    for name, mine in rows.groupby("analysis", sort=False):
        (found if mine["claim"].any() else quiet).append((str(name), mine))
    out = [
        of_analysis(results, name, with_clusters(results, _exceeds(results, mine, question), mine, "chance"))
        for name, mine in found
    ]
    if quiet:
        rows = pd.concat([r for _, r in quiet])
        out.append(with_clusters(results, _nothing(results, rows, question, bool(found)), rows, "chance"))
    return out


def _exceeds(results: Results, rows: pd.DataFrame, question: str) -> Finding:
    best = views.strongest(rows[rows["claim"]])
    assert best is not None
    k, n = int(rows["claim"].sum()), len(rows)
    measure = results.measure_scale(best)
    several = f" in {words.number(k, decimals=0)} of {words.number(n, decimals=0)} tests" if n > 1 else ""
    made = f" ({views.tests_text(rows)})" if n > 1 and views.tests_text(rows) else ""
    lead = f"Synchrony exceeds chance{several}{made}."
    place = where(results, rows, best)
    at = f"Most clearly {place}: " if n > 1 and place else ""
    detail = (
        f"{at}{words.inside(measure) if at else measure} {words.like(best['estimate'], best['null_sd'])}, "
        "where surrogates of the same recordings "
        f"({null_title(results, best)}) give {words.with_spread(best['null_mean'], best['null_sd'])}; "
        f"{p_with_family(rows, best)}."
    )
    return Finding(question, FOUND, lead, words.sentence(detail))


def _nothing(results: Results, rows: pd.DataFrame, question: str, besides: bool) -> Finding:
    best = views.strongest(rows)
    assert best is not None
    tried = rows.drop_duplicates("analysis").to_dict("records")
    names = words.listing(dict.fromkeys(results.analysis_title(r) for r in tried), "or")
    n = len(rows)
    also = "" if not besides else f" in {names}"
    made = f" in any of {words.number(n, decimals=0)} tests ({_made_of(rows)})" if n > 1 else ""
    lead = f"No evidence of synchrony beyond chance{also}{made}."
    if best["smallest_p"] > results.alpha if "smallest_p" in best else False:
        text = (
            "Too little data to say whether synchrony exceeds chance: no p below "
            f"{words.p_text(best['smallest_p'], False)} is possible."
        )
        return Finding(question, LITTLE, text)
    place = where(results, rows, best)
    detail = (
        "The strongest, "
        f"{words.inside(results.analysis_scale(best))}{f' for {place}' if place else ''}, is "
        f"{words.like(best['estimate'], best['null_sd'])} against "
        f"{words.with_spread(best['null_mean'], best['null_sd'])} "
        f"in surrogates ({null_title(results, best)}); {p_with_family(rows, best)}."
    )
    return Finding(question, NONE, lead, detail)


def _made_of(rows: pd.DataFrame) -> str:
    return views.tests_text(rows) or words.figures(rows["analysis"].nunique(), "measure")


def beyond_situation(results: Results) -> list[Finding]:
    """Partners re-paired: more than sharing the situation?"""
    question = "More than a shared situation?"
    if len(results.groups) < 2:
        text = f"One {results.unit} was recorded, so partners cannot be re-paired."
        why = (
            f"Only comparisons within the {results.unit} are possible: they cannot tell synchrony of two people from a "
            "situation, a stimulus or a movement that both share."
        )
        return [Finding(question, LITTLE, text, why)]
    rows = views.of_test(results, "repair")
    rows = rows[rows["p_read"].notna()]
    if rows.empty:
        asked = any(a.get("repair", False) for a in results.analyses)
        why = "The re-pairings could not be tested; see the problems below." if asked else "The plan asked for none."
        return [Finding(question, LITTLE, "Partners were not re-paired.", why)]
    out = []
    for name, mine in rows.groupby("analysis", sort=False):
        mine = mine.assign(claim=mine["claim"] & (mine["z"].fillna(mine["estimate"] - mine["null_mean"]) > 0))
        said = _repaired(results, mine, question)
        said = with_clusters(results, said, mine, "the same people re-paired")
        out.append(of_analysis(results, str(name), said))
    return out


def _repaired(results: Results, rows: pd.DataFrame, question: str) -> Finding:
    best = views.strongest(rows[rows["claim"]] if rows["claim"].any() else rows)
    assert best is not None
    n, k = len(rows), int(rows["claim"].sum())
    dyads = words.figures(int(best["n_groups"]), results.unit)
    if not k and best["smallest_p"] > results.alpha:
        text = (
            f"Too little data to say: re-pairing {dyads} can give no p below {words.p_text(best['smallest_p'], False)}."
        )
        return Finding(question, LITTLE, text, f"What bounds it: {best['bound']}." if best["bound"] else "")
    place = where(results, rows, best)
    at = f"{place}: " if n > 1 and place else ""
    numbers = (
        f"{at}{words.like(best['estimate'], best['null_sd'])} in the real {results.unit}s, "
        f"{words.with_spread(best['null_mean'], best['null_sd'])} when partners are re-paired"
    )
    more = f"; higher than in {_beaten(best)} re-pairings of the same people" if _beaten(best) else ""
    detail = words.sentence(f"{numbers}{more}; {p_with_family(rows, best)}")
    of = f" in {k} of {words.number(n, decimals=0)} tests" if n > 1 else ""
    if k:
        return Finding(question, FOUND, f"Real {results.unit}s exceed the same people re-paired{of}.", detail)
    none = f" in any of {words.number(n, decimals=0)} tests" if n > 1 else ""
    return Finding(
        question, NONE, f"No evidence that real {results.unit}s exceed the same people re-paired{none}.", detail
    )


def _beaten(row: pd.Series) -> str:
    """``"1,993 of 1,999"``: from p = (1 + number at least as extreme)/(1 + n)."""
    if not (np.isfinite(row["n_null"]) and np.isfinite(row["p"])):
        return ""
    n = int(row["n_null"])
    beaten = n - max(0, round(row["p"] * (n + 1)) - 1)
    return f"{words.number(beaten, decimals=0)} of {words.number(n, decimals=0)}"


def growth(results: Results) -> list[Finding]:
    """Does it change over sessions?"""
    question = "Does it grow?"
    if len(results.sessions) < 2:
        text = f"Too little data to say whether synchrony changes over sessions: each {results.unit} met once."
        return [Finding(question, LITTLE, text)]
    rows = views.slopes(results)
    fitted = rows[rows["slope"].notna() & rows["p_read"].notna()]
    if fitted.empty:
        notes = [n for n in rows["note"].unique() if n] if len(rows) else []
        text = "Too little data to say whether synchrony changes over sessions: no model could be fitted."
        why = "; ".join(notes[:2]).replace("dyad", results.unit)
        return [Finding(question, LITTLE, text, words.sentence(why) if why else "")]
    by_analysis = fitted.groupby("analysis", sort=False)
    out = [of_analysis(results, str(name), _slope(results, mine, question)) for name, mine in by_analysis]
    return out + _slopes_by_arm(results)


def _slopes_by_arm(results: Results) -> list[Finding]:
    """Whether growth differs between arms or conditions, where the model asked."""
    rows = views.slopes(results, arms=True)
    rows = rows[rows["slope"].notna()]
    out = []
    for term, mine in rows.groupby("term", sort=False):
        best = views.strongest(mine[mine["claim"]] if mine["claim"].any() else mine, "slope")
        if best is None:
            continue
        value, interval = words.estimate(best["slope"], best["ci_low"], best["ci_high"])
        name = str(term).partition("×")[2].strip().replace("[", " ").rstrip("]")
        place = where(results, mine, best)
        numbers = (
            f"{f'{place}: ' if place else ''}{value} a session ({results.confidence} interval "
            f"{interval}; {p_with_family(mine, best)})."
        )
        lead = f"Growth differs in {name}." if best["claim"] else f"No evidence that growth differs in {name}."
        out.append(Finding("Same growth in all?", FOUND if best["claim"] else NONE, lead, numbers))
    return out


def _slope(results: Results, rows: pd.DataFrame, question: str) -> Finding:
    claimed = rows[rows["claim"]]
    best = views.strongest(claimed if len(claimed) else rows, "slope")
    assert best is not None
    n, k = len(rows), len(claimed)
    unit = results.stabilised_unit(best)
    value, interval = words.estimate(best["slope"], best["ci_low"], best["ci_high"])
    place = where(results, rows, best)
    spoken = f"{results.confidence} interval {interval}"
    flips = (
        f"; flipping the signs of whole {results.unit}s {words.p_text(best['p_signflip'])}"
        if np.isfinite(best["p_signflip"])
        else ""
    )
    numbers = f"{spoken}; {p_with_family(rows, best)}{flips}"
    sample = (
        f"{words.figures(int(best['n_groups']), results.unit)}, {words.figures(int(best['n_meetings']), 'session')}"
    )
    if k:
        verb = "rises" if best["slope"] > 0 else "falls"
        for_place = f" for {place}" if place else ""
        lead = f"Synchrony {verb} by {words.with_unit(value.lstrip('−'), unit)} a session{for_place}."
        rest = f" {words.share(k, n, 'place').capitalize()} change." if k > 1 else _others(n - 1)
        return Finding(question, FOUND, lead, words.sentence(f"{numbers}; {sample}") + rest)
    doubted = max(best["p_read"], best["p_over"]) <= results.alpha
    lead = "No evidence that synchrony changes over sessions" + (
        f" in any of {words.number(n, decimals=0)} places." if n > 1 else "."
    )
    largest = (
        f"The clearest{f', {place},' if n > 1 and place else ''} is {words.with_unit(value, unit)} a "
        f"session ({numbers}; {sample})."
    )
    check = f"the sign-flip check over {results.unit}s"
    doubt = f" The model and {check} disagree, so no change is claimed." if doubted else ""
    return Finding(question, NONE, lead, largest + doubt)


def _others(n: int) -> str:
    if n < 2:
        return " The other one does not stand out." if n else ""
    return f" None of the other {words.number(n, decimals=0)} stands out."


def contrasts(results: Results) -> list[Finding]:
    """Segments, conditions and arms against each other."""
    out = []
    for prefix in ("contrast:", "condition:", "arms", "arm:"):
        rows = views.of_test(results, prefix)
        rows = rows[rows["p_read"].notna()]
        for (test, name), mine in rows.groupby(["test", "analysis"], sort=False):
            said = _all_arms(results, mine) if prefix == "arms" else _contrast(results, str(test), mine)
            out.append(of_analysis(results, str(name), said))
    return out


def _contrast(results: Results, test: str, mine: pd.DataFrame) -> Finding:
    """Two segments, conditions or arms in one analysis."""
    first, second = sides(results, test)
    best = views.strongest(mine[mine["claim"]] if mine["claim"].any() else mine)
    assert best is not None
    place = where(results, mine, best)
    size = words.with_spread(best["estimate"] - best["null_mean"], best["null_sd"])
    numbers = words.sentence(
        f"{f'{place}: ' if len(mine) > 1 and place else ''}{first} minus {second} is {size} "
        f"(± the spread under chance); {p_with_family(mine, best)}"
    )
    asked = f"{words.opening(first)} or {second}?"
    if best["claim"]:
        more, less = (first, second) if best["estimate"] > best["null_mean"] else (second, first)
        k = int(mine["claim"].sum())
        of = f" in {k} of {len(mine)} places" if len(mine) > 1 else ""
        return Finding(asked, FOUND, f"Synchrony is higher in {more} than in {less}{of}.", numbers)
    lead = f"No evidence that synchrony differs between {first} and {second}."
    return Finding(asked, NONE, lead, numbers)


def _all_arms(results: Results, rows: pd.DataFrame) -> Finding:
    """Three or more arms at once; what follows it compares them two by two."""
    best = views.strongest(rows[rows["claim"]] if rows["claim"].any() else rows)
    assert best is not None
    place = where(results, rows, best)
    names = words.listing(str(best["note"]).split(", "))
    chance = words.with_spread(best["null_mean"], best["null_sd"])
    detail = words.sentence(
        f"{f'{place}: ' if len(rows) > 1 and place else ''}the SD of the arms' means is "
        f"{words.like(best['estimate'], best['null_sd'])}, and {chance} when {results.unit}s change arms; "
        f"{p_with_family(rows, best)}"
    )
    k = int(rows["claim"].sum())
    of = f" in {k} of {len(rows)} places" if len(rows) > 1 and k else ""
    lead = f"Synchrony differs between the arms {names}{of}." if k else f"No evidence that the arms {names} differ."
    return Finding("Do the arms differ?", FOUND if k else NONE, lead, detail)


def sides(results: Results, test: str) -> tuple[str, str]:
    """``"contrast:task-rest"`` → task, rest; a hyphen may also stand within a name."""
    kind, _, both = test.partition(":")
    column = {"arm": "arm", "condition": "condition"}.get(kind, "segment")
    known = set(results["nulls"][column].astype(str))
    pieces = both.split("-")
    splits = [("-".join(pieces[:i]), "-".join(pieces[i:])) for i in range(1, len(pieces))]
    return next((s for s in splits if known >= set(s)), splits[0] if splits else (both, "the rest"))


def outcome(results: Results) -> list[Finding]:
    """Do scores go with synchrony, within persons and between them?"""
    question = "Does it go with outcome?"
    rows = results["outcome"]
    if rows.empty:
        return []
    fitted = views.associations(results)
    if fitted.empty:
        return [Finding(question, LITTLE, "Too little data to say whether scores go with synchrony.", _notes(rows))]
    n = len(fitted)
    claimed = fitted[fitted["claim"]]
    if claimed.empty:
        names = words.listing(sorted(results.instrument_name(i) for i in fitted["instrument"].unique()), "or")
        lead = f"No evidence that synchrony goes with {names}, within persons or between them."
        tail = f"; {words.were(n, 'association')} tested" if n > 1 else ""
        return [Finding(question, NONE, lead, f"The clearest: {association(results, fitted, fitted.iloc[0])}{tail}.")]
    out: list[Finding] = []
    for _, row in claimed.drop_duplicates(["instrument", "part"]).head(3).iterrows():
        direction = results.direction_of_score(row)
        name = results.instrument_name(row["instrument"])
        if row["part"] == "within":
            lead = f"{name} is {direction} {_when(row)} in which a person's synchrony is above their own line."
        else:
            lead = f"{name} is {direction} in people whose synchrony is higher than that of others."
        size = int(row["n_read"])
        tail = f"; {words.p_text(row['p_read'])} over {words.count(size, 'association')}" if size > 1 else ""
        tail += f"; {words.were(n, 'association')} tested in all" if n > size and not out else ""
        out.append(Finding(question, FOUND, lead, words.sentence(association(results, fitted, row) + tail)))
    missing = sorted((set(fitted["part"]) & {"within", "between"}) - set(claimed["part"]))
    if missing:
        last = out[-1]
        out[-1] = Finding(
            question, FOUND, last.lead, f"{last.detail} No evidence of an association {missing[0]} persons."
        )
    return out


def _when(row: pd.Series) -> str:
    lag = int(row["lag_sessions"]) if np.isfinite(row["lag_sessions"]) else 0
    return "in sessions" if lag == 0 else ("one session after those" if lag == 1 else f"{lag} sessions after those")


def association(results: Results, rows: pd.DataFrame, row: pd.Series) -> str:
    """``"PHQ-9 within persons, −0.75 points for one SD of synchrony (0.08 z, …; 95 % interval …; p = .002 …)"``."""
    value, interval = words.estimate(row["estimate"], row["ci_low"], row["ci_high"])
    adjusted = f", adjusted for {words.adjusted_for(row['adjusted_for'])}" if row["adjusted_for"] else ""
    lag = int(row["lag_sessions"]) if np.isfinite(row["lag_sessions"]) else 0
    later = f", {words.count(lag, 'session')} later," if lag else ""
    place = where(results, rows, row)
    at = f" for {place}" if place else ""
    name = results.instrument_name(row["instrument"])
    return (
        f"{name} {row['part']} persons{later}{at}, {value} points {per_synchrony(results, row)}"
        f"{results.confidence} interval {interval}; {words.p_text(row['p'])}{adjusted})"
    )


def per_synchrony(results: Results, row: pd.Series) -> str:
    """``"for one SD of synchrony (0.080 z: of sessions around a person's own line; "``, to be ended with figures."""
    unit = results.stabilised_unit(row)
    if not row["per_sd"]:
        return f"per 1 {unit or 'unit'} of synchrony ("
    sd = words.with_unit(words.number(row["sd_synchrony"]), unit)
    return f"for one SD of synchrony ({sd}: {SD_OF[str(row['part'])]}; "


SD_OF = {
    "within": "of sessions around a person's own line",
    "between": "of people's means",
}
"""Of what the SD of synchrony is, in each part of an association."""


def _notes(rows: pd.DataFrame) -> str:
    return words.sentence("; ".join([n for n in rows["note"].unique() if n][:2])) if len(rows) else ""
