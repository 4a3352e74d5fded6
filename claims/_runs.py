"""Simulated courses that are kept: a run of claims that is stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from calibrate._kept import machine
from interbrain.simulate.courses.course import Course, CourseRun, changed, simulate_course

KEPT = Path(__file__).parent / "kept"


@dataclass(frozen=True)
class Size:
    """How large each course is; None: as the claim's course has it."""

    dyads: int = 6
    sessions: int | None = None

    def of(self, course: Course, seed: int) -> Course:
        given = {"dyads": self.dyads, "seed": seed}
        return changed(course, given if self.sessions is None else given | {"sessions": self.sessions})


PROBES = (
    Course(dyads=2, sessions=2, seconds=12.0, seed=1),
    Course(
        dyads=2, sessions=2, seconds=12.0, seed=2, therapy="mindfulness", two_sites=False, stress_shape="falling",
        togetherness="sum", oxytocin_context="plain", serotonin_permissive=1.0, capacity_of="total", reach=0.5,
        ruptures=1.0, flexibility=0.0, rigidity=-1.0, scaffold=1.0, shut=("gaze",),
    ),
)  # fmt: skip
"""Small courses that between them use most rules."""


@cache
def model() -> str:
    """Twelve digits of what the model computes, by which courses of another version (or machine) are told apart."""
    found = hashlib.sha256()
    for course in PROBES:
        run = simulate_course(course, 1)
        found.update(
            run.sessions.to_csv(float_format="%.9g").encode() + run.probes.to_csv(float_format="%.9g").encode()
        )
    return found.hexdigest()[:12]


def key(course: Course) -> str:
    """A name for all settings of a course, its seed, and what the model computes."""
    return hashlib.sha256(f"{course.model_dump_json()} {model()}".encode()).hexdigest()[:24]


def simulate_all(courses: Iterable[Course], folder: Path, workers: int | None = None) -> None:
    """Simulate every course that ``folder`` does not hold yet, in their order, beside each other; shows progress."""
    lacking = [course for course in dict.fromkeys(courses) if not (folder / key(course)).exists()]
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(lacking), desc="courses") as bar:
        if min(workers or os.cpu_count() or 1, len(lacking)) <= 1:
            for course in lacking:
                _keep(folder, course)
                bar.update()
            return
        with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
            for done in as_completed([pool.submit(_keep, folder, course) for course in lacking]):
                done.result()
                bar.update()


def _keep(folder: Path, course: Course) -> None:
    """One course on one thread; the folder appears when it is whole. Another process may have been quicker."""
    if (folder / key(course)).exists():
        return
    begin = time.process_time()
    run = simulate_course(course, 1)
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu_s": round(time.process_time() - begin, 2),
        "machine": machine(),
        "model": model(),
        "course": course.model_dump(mode="json"),
    }
    scratch = Path(tempfile.mkdtemp(suffix=".part", dir=folder))
    run.sessions.to_parquet(scratch / "sessions.parquet")
    run.probes.to_parquet(scratch / "probes.parquet")
    (scratch / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    try:
        scratch.replace(folder / key(course))
    except OSError:  # it is there by now, from another process
        shutil.rmtree(scratch)
        if not (folder / key(course)).exists():
            raise


def kept(course: Course, folder: Path) -> CourseRun:
    """A course that was simulated."""
    where = folder / key(course)
    return CourseRun(pd.read_parquet(where / "sessions.parquet"), pd.read_parquet(where / "probes.parquet"), course)


def about(courses: Sequence[Course], folder: Path) -> pd.DataFrame:
    """Date, CPU seconds, machine and model of each."""
    rows = [json.loads((folder / key(course) / "about.json").read_text(encoding="utf-8")) for course in courses]
    return pd.DataFrame(rows).drop(columns="course")
