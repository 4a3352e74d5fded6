"""Who leads: by a profile over lags in units of synchrony, or by a lag in seconds where synchrony exceeds chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interbrain.report import views, words
from interbrain.report.finding import FOUND, LITTLE, NONE, Finding, of_analysis, p_with_family, where
from interbrain.report.results import Results


def leading(results: Results) -> list[Finding]:
    """Who leads? Positive: side A is ahead."""
    question = "Who leads?"
    rows = views.leads(results)
    rows = rows[rows["p_read"].notna()]
    out = []
    for name, mine in rows.groupby("analysis", sort=False):
        answer = _ahead if mine["in_seconds"].all() else _by_profile
        out.append(of_analysis(results, str(name), answer(results, mine, question)))
    if not out and (views.of_test(results, "leads")["p_read"]).notna().any():
        lead = "Who leads cannot be said: nowhere does synchrony exceed chance."
        out.append(Finding(question, LITTLE, lead, "The lag between two unrelated signals means nothing."))
    return out


def _by_profile(results: Results, mine: pd.DataFrame, question: str) -> Finding:
    """Who leads, from synchrony at positive lags minus that at negative ones."""
    best = views.strongest(mine[mine["claim"]] if mine["claim"].any() else mine)
    assert best is not None
    place = where(results, mine, best)
    one, other = results.sides(best)
    numbers = words.sentence(
        f"{f'{place}: ' if len(mine) > 1 and place else ''}synchrony with the {one} ahead minus the "
        f"{other} ahead is {words.like(best['estimate'], best['null_sd'])}, in surrogates "
        f"{words.with_spread(best['null_mean'], best['null_sd'])}; {p_with_family(mine, best)}"
    )
    if best["claim"]:
        ahead, behind = results.sides(best)[:: 1 if best["estimate"] > best["null_mean"] else -1]
        lead = f"The {ahead} leads: synchrony is higher when the {ahead} is ahead of the {behind}."
        return Finding(question, FOUND, lead, numbers)
    return Finding(question, NONE, "No evidence that either of the two leads.", numbers)


def _ahead(results: Results, rows: pd.DataFrame, question: str) -> Finding:
    """Who leads, from lags in seconds at the places that exceed chance."""
    best = views.strongest(rows[rows["claim"]] if rows["claim"].any() else rows)
    assert best is not None
    ahead, behind = results.sides(best)[:: 1 if best["estimate"] > 0 else -1]
    size = words.lag(best["estimate"], best["null_sd"])
    tested = views.of_test(results, "leads")
    place = where(results, tested[tested["analysis"] == best["analysis"]], best)
    p = p_with_family(rows, best)
    about = f"mean lag of {words.count(int(best['n_groups']), results.unit)}, signs flipped over {results.unit}s"
    if not best["claim"]:
        lead = "No evidence that either of the two leads where synchrony exceeds chance."
        at = f" for {place}" if place else ""
        return Finding(question, NONE, lead, f"The clearest{at}: the {ahead} is ahead by {size} ({about}; {p}).")
    places = rows.sort_values("p_read", kind="stable").drop_duplicates(views.PLACE_KEY)
    k, n = int(places["claim"].sum()), len(places)
    other = int((np.sign(places.loc[places["claim"], "estimate"]) != np.sign(best["estimate"])).sum())
    of = f" A lead shows in {words.share(k, n, 'place')} that exceed chance" if n > 1 else ""
    turned = f", in {words.cardinal(other)} of them the {behind}'s" if other else ""
    at = f"{place}: " if place else ""
    detail = words.sentence(f"{at}{about}; {p}") + (f"{of}{turned}." if of else "")
    return Finding(question, FOUND, f"The {ahead} is ahead by {size}.", detail)
