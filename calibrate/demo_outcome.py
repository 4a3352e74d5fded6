"""How often would the demo's planted relation of symptoms to synchrony be found: ``python -m calibrate demo_outcome``.

The demo plants symptoms that fall in sessions of more coupling. Whether a study finds that depends on how many patients
and sessions there are and on how well one recording tells its coupling. The second is measured once, with the demo's
own recordings, preparation, measure and surrogates; then scores and synchrony of many studies are simulated from it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import interbrain
from calibrate._kept import FOLDER, finished, markdown, origin
from interbrain.arrays.streams import stream
from interbrain.course.outcome import association
from interbrain.data.plan import Outcome, default_plan
from interbrain.data.tables import PLACE
from interbrain.simulate.settings import Simulation
from interbrain.simulate.therapy import SYMPTOM, dyad_coupling, simulate_study
from interbrain.study.truth import REPLICATES, expected_excess, planted_course

TITLE = "The demo's outcome: what could have been found"

TOLD = Path(interbrain.__file__).parent / "study" / "demo_outcome.tsv"
"""What the demo itself says, read by ``interbrain.study.demo``."""

DESIGNS = ((8, 6), (20, 6), (40, 6))
"""Patients and sessions planned, of which a third is not recorded."""

SIGNAL = "hbo"


def synchrony(simulation: Simulation) -> dict[str, float]:
    """Excess in the planted regions as a parabola of coupling, and the SD of one recording about it."""
    plan = default_plan(("fnirs",))
    levels = planted_course(simulation, plan, plan.analysis[0])
    coupling = np.concatenate([level.coupling for level in levels])
    excess = np.concatenate([expected_excess(level)[SIGNAL] for level in levels])
    curve = np.polyfit(coupling, excess, 2)
    left = excess - np.polyval(curve, coupling)
    return {
        "square": curve[0],
        "slope": curve[1],
        "level": curve[2],
        "sd": float(np.sqrt(left @ left / (len(left) - 3))),
    }


def study_p(simulation: Simulation, known: Mapping[str, float]) -> tuple[float, float]:
    """Estimate and p of the planted relation, within persons and at the same session, in one simulated study."""
    study = simulate_study(simulation).study
    truth = study.truth or {}
    coupling, present = np.array(truth["coupling"]), np.array(truth["recorded"], dtype=bool)
    noise = known["sd"] * stream(simulation.seed, "excess").standard_normal(coupling.shape)
    excess = np.polyval([known["square"], known["slope"], known["level"]], coupling) + noise
    row, session = np.nonzero(present)
    table = pd.DataFrame({c: [""] * len(row) for c in (*PLACE, "segment", "null")})
    table = table.assign(group=[study.groups[i].id for i in row], session=session + 1, excess=excess[row, session])
    scores = study.outcomes[study.outcomes["instrument"] == SYMPTOM]
    found = association(table, scores, study.groups, Outcome(lag_sessions=0))
    mine = found[found["part"] == "within"].iloc[0]
    return float(mine["estimate"]), float(mine["p"])


def cell(patients: int, sessions: int, n: int, seed: int, known: Mapping[str, float]) -> dict[str, Any]:
    """Share of ``n`` studies with p ≤ .05 and symptoms lower in sessions of more synchrony."""
    base = Simulation(patients=patients, sessions=sessions)
    both = [study_p(base.model_copy(update={"seed": seed * 1_000_000 + i}), known) for i in range(n)]
    estimate, p = np.array(both).T
    hit = (p <= 0.05) & (estimate < 0)
    return {"patients": patients, "sessions": sessions, "n": n, "found": float(hit.mean()),
            "estimate": float(np.nanmean(estimate)), "unknown": float(np.isnan(p).mean())}  # fmt: skip


def planted(simulation: Simulation) -> dict[str, float]:
    """What is planted, in the outcome's own terms: SD of a dyad's coupling about its line, and points that it makes."""
    coupling = dyad_coupling(simulation, 4000, stream(1, "planted"))
    time = np.arange(coupling.shape[1]) - (coupling.shape[1] - 1) / 2
    left = coupling - coupling.mean(axis=1, keepdims=True)
    left = left - np.outer(left @ time / (time @ time), time)
    sd = float(np.sqrt((left**2).sum() / (len(left) * (len(time) - 2))))
    return {"coupling_sd": sd, "points": sd * simulation.symptom_effect}


def page(known: pd.Series, rows: pd.DataFrame, told: Mapping[str, float], every: pd.DataFrame) -> str:
    simulation = Simulation()
    lines = [[f"{r.patients:.0f}", f"{r.sessions:.0f}", f"{100 * r.found:.1f} %", f"{r.estimate:.1f}"]
             for r in rows.itertuples()]  # fmt: skip
    head = ["patients", "sessions planned (a third not recorded)", "studies that find it", "mean estimate"]
    return f"""# {TITLE}

`interbrain demo` plants that symptoms fall by {simulation.symptom_effect:g} points for a coupling of 1 more. Coupling
moves about a dyad's own line by {told["coupling_sd"]:.3f} (SD) from session to session, which makes
{told["points"]:.2f} points; a score has {simulation.symptom_sd:g} points (SD) of its own and is rounded to whole
points. One recording of the planted regions tells its coupling with an error of {known["sd"]:.3f} z (SD), while a
coupling of {told["coupling_sd"]:.3f} more raises synchrony by about
{told["coupling_sd"] * (known["slope"] + 2 * known["square"] * 0.4):.3f} z (at a coupling of 0.4).

So how often is it found, within persons and freed from time, with p ≤ .05 and the right sign? Scores and synchrony of
{rows["n"].min():.0f} studies a row, with the demo's own settings otherwise. Chance alone gives 2.5 %. The p of the demo
is also corrected over everything that its scores were related to, so that even fewer would stand.

{markdown(head, lines)}

Nothing of the simulation was tuned to this table.

{origin([every], "python -m calibrate demo_outcome")}
"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="calibrate.demo_outcome", description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="studies a row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true")
    asked = parser.parse_args(argv)
    settings = Simulation().model_dump(mode="json", exclude={"seed"})
    measured = finished(
        FOLDER / "demo_outcome_synchrony.tsv",
        {"synchrony": partial(synchrony, Simulation())},
        f"{json.dumps(settings)} {REPLICATES}",
        asked.fresh,
    )
    known = measured.iloc[0]
    cells = {f"{p} × {s}": partial(cell, p, s, asked.n, asked.seed, known) for p, s in DESIGNS}
    rows = finished(
        FOLDER / "demo_outcome.tsv", cells, f"{json.dumps(settings)} n={asked.n} seed={asked.seed}", asked.fresh
    )
    told = planted(Simulation())
    every = pd.concat([measured, rows])
    (FOLDER / "demo_outcome.md").write_text(page(known, rows, told, every), encoding="utf-8")
    lines = rows[["patients", "sessions", "found", "n"]].assign(points=told["points"], settings=json.dumps(settings))
    lines.to_csv(TOLD, sep="\t", index=False, float_format="%.4g", lineterminator="\n")


if __name__ == "__main__":
    main()
