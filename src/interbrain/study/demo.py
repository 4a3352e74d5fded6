"""A small study from nothing: a course of two-brain therapies, recorded, run, and found beside what was planted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.course.instruments import find
from interbrain.data.errors import BadInput
from interbrain.simulate.courses.course import Course
from interbrain.study.job import Outcome, plan_of, run
from interbrain.study.read import read_study
from interbrain.study.recorded_course import record_course_to
from interbrain.study.simulation_plan import Recording

DEMO = Course(
    therapy="emotion_focused",
    dyads=8,
    sessions=6,
    dropout=0.0,
    experience=0.0,
    therapist_gain=(0.2, 1.2),
    patient_gain=0.1,
    gain_spread=0.15,
    rhythm_sd=0.02,
    day_sd=0.01,
    learning=0.04,
    target=6.0,
    therapist_learns=0.5,
)
"""Chosen so that so few dyads and sessions show growth; ``docs/calibration/demo.md`` says why each."""
RECORDED = Recording(devices=("fnirs",), minutes=8.0, rest_s=120.0, missing=1 / 3, expected=True, at_least=32)

SAID = (("phq_9", "within"), ("wai_sr", "within"), ("wai_sr", "between"))
"""Of which relations the last lines speak."""
PARTS = {"within": "a person's sessions around their own line", "between": "persons"}


@dataclass(frozen=True)
class Demonstrated:
    """Where the study and the report are, and what was found, in sentences."""

    study: Path
    report: Path
    lines: tuple[str, ...]
    outcome: Outcome


def demonstrate(
    out: Path,
    *,
    workers: int = 1,
    progress: bool = False,
    debug: bool = False,
    course: Course = DEMO,
    recording: Recording = RECORDED,
    plan: Path | None = None,
) -> Demonstrated:
    """Simulate into ``out/study``, run everything into ``out/results``, compare with what was planted.

    Raises
    ------
    BadInput
        ``out/study`` holds something that is not a simulated course.
    """
    folder = out / "study"
    record_course_to(folder, course, recording, threads=workers, progress=progress)
    study = read_study(folder)
    chosen = plan_of(study, plan)
    told, truth = known(course, recording), dict(study.truth or {})
    truth["sentence"] = " ".join(growth_known(told)) or "Two plastic brains in therapy, recorded; see truth.json."
    outcome = run(study, out / "results", chosen, workers=workers, progress=progress, debug=debug, truth=truth)
    planted = [row for row in truth["planted"] if "slope_per_session" in row]
    lines = (
        *found_beside_planted(outcome.tables, planted, chosen.alpha),
        *growth_known(told),
        *relations(outcome.tables["outcome"], planted, told),
    )
    return Demonstrated(folder, outcome.report, lines, outcome)


def found_beside_planted(tables: dict[str, pd.DataFrame], planted: list[dict[str, Any]], alpha: float) -> list[str]:
    """Sentences on the growth that was planted, and on the places where none was."""
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
    return lines


def known(course: Course, recording: Recording) -> dict[str, Any]:
    """What ``python -m calibrate demo`` measured of studies with these settings; nothing for others."""
    path = files("interbrain.study") / "demo_known.json"
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if found["settings"] == settings_of(course, recording) else {}


def settings_of(course: Course, recording: Recording) -> dict[str, Any]:
    """What such a study depends on, less the seed, as JSON gives it back."""
    course_only = course.model_dump(mode="json", exclude={"seed"})
    recorded = {name: getattr(recording, name) for name in ("devices", "minutes", "rest_s", "missing")}
    both: dict[str, Any] = json.loads(json.dumps({**course_only, "recording": recorded}))
    return both


def growth_known(told: Mapping[str, Any]) -> list[str]:
    """How often growth is found in such a study, and that it was made easy."""
    growth = told.get("growth")
    if not growth:
        return []
    each, covered = (
        " and ".join(f"{count} ({name})" for name, count in growth[what].items()) for what in ("found", "covered")
    )
    return [
        "The settings of this therapy were chosen so that eight dyads show growth: novices who begin low, dyads that "
        f"are alike, fast learning. Of {growth['studies']} such studies with other seeds growth is found (p at most "
        f".05, not corrected) in {each}; the interval covers the truth in {covered} of them."
    ]


def relations(outcome: pd.DataFrame, planted: Iterable[Mapping[str, Any]], told: Mapping[str, Any]) -> list[str]:
    """What the model plants between synchrony and scores beside what was found, and how often it could be found."""
    place = next(iter(planted), None)
    if place is None or outcome.empty:
        return []
    mine = outcome[outcome.apply(lambda r: _is(r, place), axis=1) & (outcome["lag_sessions"] == 0)]
    lines = []
    for instrument, part in SAID:
        rows = mine[(mine["instrument"] == instrument) & (mine["part"] == part)]
        for row in rows[rows["estimate"].notna()].itertuples():
            lines.append(_relation(row, told, instrument, part))
    return lines


def _relation(row: Any, told: Mapping[str, Any], instrument: str, part: str) -> str:
    record = find(instrument)
    title = record.title.partition(",")[0] if record else instrument
    scale = float(row.sd_synchrony)
    found = (
        f"found: {row.estimate * scale:.2f} points of {title} for one SD of {PARTS[part]} in measured synchrony "
        f"[{row.ci_low * scale:.2f}, {row.ci_high * scale:.2f}], p = {row.p:.2g}"
    )
    mine = next((r for r in told.get("outcome", ()) if (r["instrument"], r["part"]) == (instrument, part)), None)
    if mine is None:
        return f"{found}."
    shares = ", ".join(f"in {100 * share:.0f} % of studies with {n} patients" for n, share in mine["found"].items())
    return (
        f"planted: {mine['points']:.2f} (± {mine['points_se']:.2f}), {mine['points_exact']:.2f} if recordings had no "
        f"error; {found}. It is found (right sign, p at most .05, not corrected) {shares}; chance alone gives 2.5 %."
    )


def _is(row: Any, truth: Mapping[str, Any]) -> bool:
    return (row["signal_a"], row["place_a"], row["place_b"], row["segment"]) == (
        truth["signal"],
        truth["place_a"],
        truth["place_b"],
        truth["segment"],
    )


def _row(course: pd.DataFrame, truth: Mapping[str, Any]) -> Any:
    rows = course[course.apply(lambda r: _is(r, truth), axis=1)]
    if rows.empty:
        raise BadInput("The course has no row for what was planted; see problems.tsv.")
    return rows.iloc[0]
