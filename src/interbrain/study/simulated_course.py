"""A simulated course on disk: tables, what was planted, every setting, a figure and a page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from interbrain import __version__
from interbrain.data.errors import BadInput
from interbrain.data.files import make_folder, write_file, write_text
from interbrain.report.figures.simulated_course import course_page, course_svg
from interbrain.simulate.courses.course import Course, CourseRun, simulate_course, truth
from interbrain.simulate.courses.questionnaires import answer_all, totals
from interbrain.study.simulation_plan import Recording, plan_toml

TRUTH = "truth.json"
KINDS = ("course", "recorded course")
LAYOUT: dict[str, Any] = {"sep": "\t", "na_rep": "n/a", "float_format": "%.9g", "lineterminator": "\n", "index": False}


def simulate_course_to(
    out: Path,
    course: Course | None = None,
    off: Sequence[str] = (),
    *,
    threads: int | None = None,
    progress: bool = False,
) -> CourseRun:
    """Simulate a course and write its tables (``course``, ``measured``, ``questionnaires``, ``questionnaire_items``),
    ``truth.json``, ``sim.toml`` with every setting, ``course.svg`` and ``course.html`` into ``out``.

    Parameters
    ----------
    off
        Names of mechanisms that the course has been taken, for ``truth.json``.

    Raises
    ------
    BadInput
        ``out`` holds something that no simulated course wrote.
    """
    course = course or Course()
    clear(out)
    with tqdm(total=course.sessions + 3, disable=not progress, unit="session", desc="simulating") as bar:
        run = simulate_course(course, threads, lambda done, steps: bar.update(done - bar.n) or None)
    planted = {
        "simulated": True,
        "generator": f"interbrain {__version__}",
        "kind": "course",
        "without": list(off),
        "settings": course.model_dump(mode="json"),
        "dyads": truth(course),
    }
    make_folder(out)
    write_text(out / TRUTH, json.dumps(planted, indent=1) + "\n")
    write_tables(out, run, answer_all(run.sessions, course.seed))
    return run


def write_tables(out: Path, run: CourseRun, items: pd.DataFrame, recording: Recording | None = None) -> None:
    """Tables of a course, every setting, a figure and a page."""
    tables = {
        "course": run.sessions,
        "measured": run.probes,
        "questionnaires": totals(items),
        "questionnaire_items": items,
    }
    for name, table in tables.items():
        _write(out / f"{name}.tsv", table)
    write_text(out / "sim.toml", plan_toml(run.course, recording))
    write_text(out / "course.svg", course_svg(run))
    write_text(out / "course.html", course_page(run))


def _write(path: Path, table: pd.DataFrame) -> None:
    write_file(path, lambda file: table.to_csv(file, **LAYOUT))


def clear(out: Path) -> None:
    """Room for a course: only what an earlier one wrote is removed."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    ours = any(_kind(out / place) in KINDS for place in (TRUTH, f"sourcedata/{TRUTH}"))
    if not ours:
        raise BadInput(f"{out}: holds something that is not a simulated course; give an empty or a new folder.")
    shutil.rmtree(out)


def _kind(path: Path) -> str:
    """What a truth says it is of; empty where there is none."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8")).get("kind"))
    except (OSError, ValueError, AttributeError):
        return ""
