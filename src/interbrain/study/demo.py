"""A small study from nothing: simulate, write, run, and say what was found beside what was planted."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from interbrain.course.instruments import find
from interbrain.data.errors import BadInput
from interbrain.simulate.settings import Simulation, read_simulation
from interbrain.simulate.therapy import SYMPTOM, simulate_study
from interbrain.study.job import Outcome, plan_of, run
from interbrain.study.pool import Done, run_tasks
from interbrain.study.read import read_study, write_study
from interbrain.study.truth import expected_excess, planted_course, planted_slopes


@dataclass(frozen=True)
class Demonstrated:
    """Where the study and the report are, and what was found, in sentences."""

    study: Path
    report: Path
    lines: tuple[str, ...]
    outcome: Outcome


def simulate_to(out: Path, plan: Path | Simulation | None = None, *, progress: bool = False) -> Path:
    """Simulate a course of therapy and write it to ``out`` as SNIRF in BIDS.

    Raises
    ------
    BadInput
        The plan is not valid, or ``out`` holds something that no simulation wrote.
    """
    simulation = read_simulation(plan) if isinstance(plan, Path) else plan or Simulation()
    _clear(out)
    simulated = simulate_study(simulation)
    with tqdm(total=1, disable=not progress, unit="file", desc="simulating") as bar:

        def told(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return write_study(simulated.study, simulated.load, out, told)


def _clear(out: Path) -> None:
    """Room for a simulated study: only what an earlier simulation wrote is removed."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    description = out / "dataset_description.json"
    try:
        simulated = bool(json.loads(description.read_text(encoding="utf-8")).get("GeneratedBy"))
        simulated = simulated and (out / "sourcedata" / "truth.json").exists()
    except (OSError, json.JSONDecodeError, AttributeError):
        simulated = False
    if not simulated:
        raise BadInput(f"{out}: holds something that is not a simulated study; give an empty or a new folder.")
    shutil.rmtree(out)


def demonstrate(
    out: Path, *, workers: int = 1, progress: bool = False, debug: bool = False, simulation: Simulation | None = None
) -> Demonstrated:
    """Simulate into ``out/study``, run everything into ``out/results``, compare with what was planted."""
    simulation = simulation or Simulation()
    folder = simulate_to(out / "study", simulation, progress=progress)
    study = read_study(folder)
    plan = plan_of(study, None)
    analysis = plan.analysis[0]
    with tqdm(total=simulation.sessions, disable=not progress, unit="", desc="the planted truth ") as bar:
        tasks = planted_course(simulation, plan, analysis)
        levels = run_tasks(expected_excess, tasks, workers, Done(lambda index: bar.update(1)))
    planted = planted_slopes(simulation, levels)
    truth = {**(study.truth or {}), "planted": planted}
    outcome = run(study, out / "results", plan, workers=workers, progress=progress, debug=debug, truth=truth)
    lines = (*found_beside_planted(outcome.tables, planted, plan.alpha), *could_be_found(simulation))
    return Demonstrated(folder, outcome.report, lines, outcome)


def found_beside_planted(tables: dict[str, pd.DataFrame], planted: list[dict[str, Any]], alpha: float) -> list[str]:
    """Sentences on the growth that was planted, on the places where none was, and on the outcome."""
    course = tables["course"]
    lines = []
    for truth in planted:
        row = _row(course, truth)
        inside = "covers" if row.ci_low <= truth["slope_per_session"] <= row.ci_high else "DOES NOT cover"
        lines.append(
            f"planted: {truth['signal']} {truth['place_a']} × {truth['place_b']} grows by "
            f"{truth['slope_per_session']:.3f} a session (± {truth['slope_se']:.3f} Monte Carlo); found: "
            f"{row.slope:.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}], p = {row.p:.2g}, corrected for all pairs "
            f"{row.p_family:.2g}: the interval {inside} the truth."
        )
    rest = course[~course.apply(lambda r: any(_is(r, t) for t in planted), axis=1)]
    grown = rest[rest["p_family"] <= alpha]
    lines.append(
        f"planted: nothing in the other {len(rest)} places and segments; found: growth in {len(grown)} of them "
        "(corrected within each family)."
    )
    lines += _outcome_lines(tables["outcome"], planted[0]) if planted else []
    return lines


def could_be_found(simulation: Simulation) -> list[str]:
    """How often the planted relation of symptoms is found in such studies; nothing for settings not calibrated.

    The shares come from ``calibrate/demo_outcome.py``, which simulates scores and synchrony of many studies.
    """
    path = files("interbrain.study") / "demo_outcome.tsv"
    if not path.is_file():
        return []
    table = pd.read_csv(StringIO(path.read_text(encoding="utf-8")), sep="\t")
    mine = simulation.model_dump(mode="json", exclude={"seed"})
    if table.empty or any(json.loads(row) != mine for row in table["settings"].unique()):
        return []
    table = table[table["sessions"] == simulation.sessions].sort_values("patients")
    shares = [f"in {100 * r.found:.0f} % of studies with {r.patients} patients" for r in table.itertuples()]
    return [
        f"planted: sessions that differ in coupling by one SD differ by {table['points'].iloc[0]:.2f} points of "
        f"{_title(SYMPTOM)}, beside {simulation.symptom_sd:g} points of the score's own and rounding to whole points. "
        f"With {simulation.sessions} sessions, of which {simulation.missing:.0%} are not recorded, that is found (p at "
        f"most .05, not corrected) {', '.join(shares)}; chance alone gives 2.5 %."
    ]


def _title(instrument: str) -> str:
    record = find(instrument)
    return record.title.partition(",")[0] if record else instrument


def _is(row: Any, truth: dict[str, Any]) -> bool:
    return (row["signal_a"], row["place_a"], row["place_b"], row["segment"]) == (
        truth["signal"],
        truth["place_a"],
        truth["place_b"],
        truth["segment"],
    )


def _row(course: pd.DataFrame, truth: dict[str, Any]) -> Any:
    rows = course[course.apply(lambda r: _is(r, truth), axis=1)]
    if rows.empty:
        raise BadInput("The course has no row for what was planted; see problems.tsv.")
    return rows.iloc[0]


def _outcome_lines(outcome: pd.DataFrame, truth: dict[str, Any]) -> list[str]:
    mine = outcome[outcome.apply(lambda r: _is(r, truth), axis=1)]
    mine = mine[(mine["instrument"] == SYMPTOM) & (mine["part"] == "within") & (mine["lag_sessions"] == 0)]
    record = find(SYMPTOM)
    title = record.title if record else SYMPTOM
    return [
        f"planted: {title} falls in sessions of more coupling; found, within persons and freed from time: "
        f"{row.estimate * row.sd_synchrony:.2f} points for one SD of a person's sessions around their own line "
        f"[{row.ci_low * row.sd_synchrony:.2f}, {row.ci_high * row.sd_synchrony:.2f}], p = {row.p:.2g}"
        + (": too few sessions to tell." if row.ci_low <= 0 <= row.ci_high else ".")
        for row in mine.itertuples()
    ]
