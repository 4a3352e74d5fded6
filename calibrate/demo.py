"""How often the demo finds what it plants: growth over seeds, and scores that go with synchrony.

``python -m calibrate demo``. Growth: the demo's course with other seeds, recorded where something is planted, measured
and fitted as the run does. Scores: many dyads of that course without recordings; each meeting's expected excess
follows from its planted share by a curve measured once, and studies are drawn from these dyads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import interbrain
from calibrate._kept import FOLDER, LEVEL, finished, markdown, origin
from interbrain.arrays.streams import stream
from interbrain.course.growth import growth
from interbrain.course.outcome import association
from interbrain.data.plan import Outcome
from interbrain.data.tables import PLACE
from interbrain.simulate.courses.course import Course, changed
from interbrain.simulate.courses.questionnaires import USUAL
from interbrain.simulate.recordings.devices import device
from interbrain.simulate.recordings.recorded import Recorded, _lost, simulate_recorded
from interbrain.study.demo import DEMO, PARTS, RECORDED, settings_of
from interbrain.study.recorded_truth import default_analysis, expected, measured, slopes, tasks

TITLE = "The demo: how often it finds what it plants"
TOLD = Path(interbrain.__file__).parent / "study" / "demo_known.json"
"""What the demo itself says, read by ``interbrain.study.demo``."""
SEEDS = range(1, 11)
SIGNALS = ("hbo", "hbr")
PATIENTS = (8, 20)
AGAIN = 16
"""Recordings a session from which a seed's truth is worked out; the demo takes more."""
POOL = 64
CURVE = 120
"""Recordings from which excess is learnt as a parabola of the planted share."""
NAME = RECORDED.devices[0]
TO_NOBODY = dict.fromkeys((*PLACE, "segment", "null"), "")


def recorded(course: Course, missing: float = RECORDED.missing) -> Recorded:
    return simulate_recorded(course, RECORDED.devices, RECORDED.minutes, RECORDED.rest_s, missing)


def grown(seed: int, course: Course = DEMO, again: int = AGAIN) -> dict[str, Any]:
    """One study: growth that is planted, and that is found of the planted place, by signal."""
    found = recorded(changed(course, {"seed": seed}))
    todo = tasks(found, at_least=again)
    planted = {row["signal"]: row for row in slopes(todo, [expected(task) for task in todo])}
    rows = []
    for (dyad, session), state in sorted(found.states.items()):
        once = int(stream(seed, "demo", dyad, session).integers(2**31))
        for (kind, _), _, null in measured(NAME, state, todo[0].analysis, todo[0].plan, once):
            rows.append({**TO_NOBODY, "signal_a": kind, "group": f"{dyad:02d}", "session": session,
                         "excess": float(np.nanmean(null.excess))})  # fmt: skip
    table, _ = growth(pd.DataFrame(rows), todo[0].plan.course, seed)
    out: dict[str, Any] = {"seed": seed}
    for row in table.to_dict("records"):
        kind = str(row["signal_a"])
        truth = planted[kind]
        out |= {f"{kind}_planted": truth["slope_per_session"], f"{kind}_planted_se": truth["slope_se"]}
        out |= {f"{kind}_{name}": row[name] for name in ("slope", "ci_low", "ci_high", "p")}
    return out


@cache
def pool(n: int = POOL) -> Recorded:
    """Many dyads of the demo's course, everybody at every session."""
    return recorded(changed(DEMO, {"dyads": n, "seed": 77, "measured": False}), 0.0)


def curve(n: int) -> dict[str, float]:
    """Excess in the planted place as a parabola of the planted share, and the SD of one recording about it."""
    chosen = default_analysis(device(NAME))
    assert chosen is not None
    analysis, plan = chosen
    states = list(pool().states.values())
    picked = stream(77, "curve").permutation(len(states))[:n]
    share, excess = [], []
    for number in picked:
        state = states[number]
        for (kind, _), _, null in measured(NAME, state, analysis, plan, int(number)):
            if kind == SIGNALS[0]:
                share.append(state.planted(device(NAME))["coupling"])
                excess.append(float(np.nanmean(null.excess)))
    shape = np.polyfit(share, excess, 2)
    left = np.array(excess) - np.polyval(shape, share)
    sd = float(np.sqrt(left @ left / (len(left) - 3)))
    return {"square": shape[0], "slope": shape[1], "level": shape[2], "sd": sd}


def meetings(found: Recorded, known: Mapping[str, float]) -> pd.DataFrame:
    """One row a meeting: dyad, session, and its expected excess."""
    record = device(NAME)
    rows = [(dyad, session, state.planted(record)["coupling"]) for (dyad, session), state in found.states.items()]
    table = pd.DataFrame(rows, columns=["dyad", "session", "share"])
    return table.assign(excess=np.polyval([known["square"], known["slope"], known["level"]], table["share"]))


def related(found: Recorded, table: pd.DataFrame) -> pd.DataFrame:
    """Scores of these dyads with the excess of these meetings, by instrument and part."""
    groups = dict(enumerate(found.study.groups, 1))
    mine = [groups[dyad] for dyad in sorted(set(table["dyad"]))]
    excesses = pd.DataFrame({**TO_NOBODY, "group": [groups[d].id for d in table["dyad"]],
                             "session": table["session"].to_numpy(), "excess": table["excess"].to_numpy()})  # fmt: skip
    scores = found.study.outcomes
    scores = scores[scores["group"].isin({g.id for g in mine})]
    rows = association(excesses, scores, mine, Outcome(lag_sessions=0))
    return rows.assign(points=rows["estimate"] * rows["sd_synchrony"], points_se=rows["se"] * rows["sd_synchrony"])


def noisy(table: pd.DataFrame, sd: float, random: np.random.Generator) -> pd.DataFrame:
    return table.assign(excess=table["excess"] + sd * random.standard_normal(len(table)))


def planted(found: Recorded, known: Mapping[str, float]) -> pd.DataFrame:
    """Points for one SD of synchrony, over all dyads of the pool, with the error of one recording and without it."""
    table = meetings(found, known)
    exact = related(found, table)
    rows = related(found, noisy(table, known["sd"], stream(77, "noise")))
    return rows.assign(points_exact=exact["points"], exact_se=exact["points_se"], exact_sd=exact["sd_synchrony"])


def study(found: Recorded, known: Mapping[str, float], patients: int, seed: int) -> pd.DataFrame:
    """Relations in one study of some of the pool's dyads, a third of whose sessions is not recorded."""
    random = stream(seed, "study", patients)
    every = sorted({dyad for dyad, _ in found.states})
    dyads = set(random.choice(every, patients, replace=False).tolist())
    keys = [key for key in found.states if key[0] in dyads]
    lost = set(_lost(seed, keys, RECORDED.missing))
    table = meetings(found, known)
    kept = [(d in dyads and (d, s) not in lost) for d, s in zip(table["dyad"], table["session"])]
    return related(found, noisy(table[kept], known["sd"], random))


def shares(
    found: Recorded, known: Mapping[str, float], patients: int, n: int, seed: int, signs: Mapping[str, float]
) -> dict[str, Any]:
    """Of ``n`` studies, how many have p ≤ .05 and the planted sign, by instrument and part."""
    hits = dict.fromkeys(signs, 0)
    for k in range(n):
        for row in study(found, known, patients, seed * 1_000_000 + k).to_dict("records"):
            name = f"{row['instrument']} {row['part']}"
            hits[name] += bool(row["p"] <= LEVEL and row["estimate"] * signs[name] > 0)
    return {"patients": patients, "n": n} | {name: count / n for name, count in hits.items()}


def told(growths: pd.DataFrame, relations: pd.DataFrame, found: pd.DataFrame) -> dict[str, Any]:
    """What the demo says: settings, growth over seeds, relations and how often they are found."""
    hits = {s: int(((growths[f"{s}_p"] <= LEVEL) & (growths[f"{s}_slope"] > 0)).sum()) for s in SIGNALS}
    covers = {s: int(_covers(growths, s).sum()) for s in SIGNALS}
    outcome = [
        {
            "instrument": row["instrument"],
            "part": row["part"],
            **{name: round(float(row[name]), 3) for name in ("points", "points_se", "points_exact")},
            "found": {str(int(r["patients"])): round(float(r[row["cell"]]), 3) for r in found.to_dict("records")},
        }
        for row in relations.to_dict("records")
    ]
    growth_told = {"studies": len(growths), "found": hits, "covered": covers}
    return {"settings": settings_of(DEMO, RECORDED), "growth": growth_told, "outcome": outcome}


def _covers(growths: pd.DataFrame, signal: str) -> pd.Series:
    truth = growths[f"{signal}_planted"]
    return (growths[f"{signal}_ci_low"] <= truth) & (truth <= growths[f"{signal}_ci_high"])


def relation_cells(known: Mapping[str, float]) -> dict[str, Callable[[], dict[str, Any]]]:
    """A cell a questionnaire and part, all from one table."""
    table: list[pd.DataFrame] = []

    def one(instrument: str, part: str) -> dict[str, Any]:
        if not table:
            table.append(planted(pool(), known))
        mine = table[0][(table[0]["instrument"] == instrument) & (table[0]["part"] == part)].iloc[0]
        names = ("points", "points_se", "points_exact", "exact_se", "exact_sd", "sd_synchrony", "when")
        return {"instrument": instrument, "part": part} | {name: mine[name] for name in names}

    return {f"{i} {p}": partial(one, i, p) for i in USUAL for p in PARTS}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m calibrate demo", description=__doc__)
    parser.add_argument("--n", type=int, default=100, help="studies a row of scores")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    asked = parser.parse_args(argv)
    about = hashlib.sha256(json.dumps(settings_of(DEMO, RECORDED), sort_keys=True).encode()).hexdigest()[:12]
    growths = finished(
        FOLDER / "demo_growth.tsv", {f"seed {s}": partial(grown, s) for s in SEEDS}, f"settings {about}", asked.fresh
    )
    nothing = pd.DataFrame()
    _write(growths, nothing, nothing, nothing)  # growth is told as soon as it is known
    curves = finished(
        FOLDER / "demo_curve.tsv", {"curve": partial(curve, CURVE)}, f"settings {about} n={CURVE}", asked.fresh
    )
    known, pooled = curves.iloc[0], f"settings {about} dyads={POOL}"
    relations = finished(FOLDER / "demo_relations.tsv", relation_cells(known), pooled, asked.fresh)
    signs = dict(zip(relations["cell"], relations["points_exact"]))
    found = finished(
        FOLDER / "demo_scores.tsv",
        {f"{p} patients": partial(_shares, known, p, asked.n, asked.seed, signs) for p in PATIENTS},
        f"{pooled} n={asked.n} seed={asked.seed}",
        asked.fresh,
    )
    _write(growths, curves, relations, found)


def _write(growths: pd.DataFrame, curves: pd.DataFrame, relations: pd.DataFrame, found: pd.DataFrame) -> None:
    (FOLDER / "demo.md").write_text(page(growths, curves, relations, found), encoding="utf-8")
    TOLD.write_text(json.dumps(told(growths, relations, found), indent=1) + "\n", encoding="utf-8")


def _shares(known: Mapping[str, float], patients: int, n: int, seed: int, signs: Mapping[str, float]) -> dict[str, Any]:
    return shares(pool(), known, patients, n, seed, signs)


def page(growths: pd.DataFrame, curves: pd.DataFrame, relations: pd.DataFrame, found: pd.DataFrame) -> str:
    seeds = [[str(int(row["seed"])), *(_growth(row, s) for s in SIGNALS)] for row in growths.to_dict("records")]
    numbers = told(growths, relations, found)["growth"]
    return TEXT.format(
        title=TITLE,
        settings=markdown(["setting", "usual", "here", "why"], _changed()),
        n=len(growths),
        found=" and ".join(f"{count} ({name})" for name, count in numbers["found"].items()),
        covered=" and ".join(f"{count} ({name})" for name, count in numbers["covered"].items()),
        growths=markdown(["seed", *SIGNALS], seeds),
        scores=_scores(curves, relations, found) if len(found) else "",
        origin=origin([growths, curves, relations, found], "python -m calibrate demo"),
    )


def _scores(curves: pd.DataFrame, relations: pd.DataFrame, found: pd.DataFrame) -> str:
    patients = [f"{number:.0f} patients" for number in found["patients"]]
    head = ["score", "part", "planted, points", "without error of recordings", *patients]
    return SCORES.format(
        pool=POOL,
        curve=CURVE,
        sd=curves.iloc[0]["sd"],
        studies=int(found["n"].iloc[0]),
        scores=markdown(head, [_relation(row, found) for row in relations.to_dict("records")]),
    )


def _changed() -> list[list[str]]:
    usual, here = Course().model_dump(), DEMO.model_dump()
    changed_here = [name for name in here if here[name] != usual[name]]
    assert set(changed_here) == set(WHY), "WHY gives the reason of each setting of the demo"
    return [[f"`{name}`", _plain(usual[name]), _plain(here[name]), WHY[name]] for name in changed_here]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _growth(row: Mapping[str, Any], kind: str) -> str:
    truth, error, slope, low, high, p = (
        row[f"{kind}_{name}"] for name in ("planted", "planted_se", "slope", "ci_low", "ci_high", "p")
    )
    return f"{truth:.3f} ± {error:.3f}; {slope:.3f} [{low:.3f}, {high:.3f}], p = {p:.2g}"


def _relation(row: Mapping[str, Any], found: pd.DataFrame) -> list[str]:
    shares_found = [f"{100 * share:.0f} %" for share in found[row["cell"]]]
    exact = f"{row['points_exact']:.2f} ± {row['exact_se']:.2f}"
    return [row["instrument"], row["part"], f"{row['points']:.2f} ± {row['points_se']:.2f}", exact, *shares_found]


WHY = {
    "therapy": "emotion and cognition are active together and safety is highest, so that most is learnt",
    "dyads": "small",
    "sessions": "small",
    "dropout": "so that each has six sessions, of which a third is not recorded",
    "experience": "novices: what carries two brains in the first session is a therapist's gain",
    "therapist_gain": "a novice's; the usual therapist's is 0.88",
    "patient_gain": "half the usual, so that contact begins near nothing",
    "gain_spread": "half the usual: dyads that are alike",
    "rhythm_sd": "people of like rhythm lock at the same gain, and so at about the same session",
    "day_sd": "likewise from day to day",
    "learning": "twice the usual: six sessions do the work of twelve",
    "target": "half as much again: how far gains can go",
    "therapist_learns": "half the patient's rate: novices learn too",
}
"""Of each setting of the demo that is not the usual one."""

TEXT = """# {title}

`interbrain demo` simulates [a course of therapy](../model/therapy.md), [records it](../model/recordings.md) with fNIRS
and runs everything on it. With the usual settings eight dyads and six sessions would mostly not show that synchrony
grows: most of the contact is there from the first session. **So the settings were chosen to make growth easy to see**,
on the side of the therapy alone; the recording and the measuring side are as everywhere. They say nothing about how
large growth is in people.

{settings}

Nine sets of settings were looked at, the usual ones first, by the contact of 14 dyads (the usual: 24; seed 5) in each
session and a guess of the power from it. The demo's seed (20260101) had been fixed before and was kept. Nothing was
changed after a study of these settings had been measured.

## Growth

{n} studies with other seeds, each of 8 dyads and 32 meetings: recorded where something is planted (right
temporo-parietal junction), measured against 39 surrogates and fitted as a run does. Planted growth ± Monte-Carlo error;
found slope a session [95 % interval], p (not corrected: the demo itself also corrects for 16 pairs of places). Growth
is found (p at most .05) in {found} of {n}, and the interval covers the truth in {covered}.

{growths}
{scores}
{origin}
"""
SCORES = """
## Scores

Nothing links a session's synchrony to a score by hand. Symptoms (PHQ-9, GAD-7, wellbeing ORS; answered before the
session) follow slowly what maintains them, of which lasting capacity is a part; alliance (WAI-SR, afterwards) follows
trust, which synchrony builds and a rupture lowers. What relation that plants was read off {pool} dyads of this course
who all came to every session: points of the score for one SD of measured synchrony (HbO), within persons around their
own line and between persons, as `interbrain run` relates them. One recording tells its session's synchrony with an
error of {sd:.3f} (SD; {curve} recordings, excess as a parabola of the planted share); the next column is the relation
without that error, for one SD of what is expected.

How often is it found with the right sign and p at most .05, not corrected, in {studies} studies a column, drawn from
those dyads (so that large ones share many) with a third of the sessions not recorded? Chance alone gives 2.5 %.

{scores}
"""


if __name__ == "__main__":
    main()
