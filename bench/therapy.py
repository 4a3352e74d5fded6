"""A whole course of therapy to disk, and many courses without signals."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np

from bench._task import Built, Case, Step

TITLE = "Courses of therapy: 12 sessions of two plastic brains"
DEVICES = ("fnirs", "eeg", "heart", "skin", "breath", "motion", "voice", "turns")
MANY, PART = 1000, 64
_SAME = "error: files that differ where two threads write them."
CASES = {
    "course": Case(
        "One course of two brains of 68 regions, its tables, page and truth written", (), None,
        {"wall_s": 60, "error": 0}, 3, _SAME,
    ),
    "recorded": Case(
        "The same with all recordings: fNIRS, EEG, heart, skin, breath, motion, voice, turns; 2 min of rest and 10 min "
        "a session", (), None, {"wall_s": 60}, 1, "Written as a study in BIDS; on one thread.",
    ),
    "ensemble": Case(
        "1,000 courses without signals (24 regions a brain, as the simulator's default)", (), None, {}, 1,
        f"{PART} courses, scaled; on one thread.",
    ),
    "ensemble-68": Case(
        "1,000 courses without signals, 68 regions a brain", (), None, {}, 1,
        f"{PART // 4} courses, scaled; on one thread.",
    ),
}  # fmt: skip


def build(case: str, tool: str, quick: bool) -> Built:
    from interbrain.simulate.courses.course import Course, simulate_course
    from interbrain.study.recorded_course import record_course_to
    from interbrain.study.simulated_course import simulate_course_to
    from interbrain.study.simulation_plan import Recording

    sessions = 2 if quick else 12
    one = Course(therapy="cbt", dyads=1, sessions=sessions, regions=68)
    small = Course(therapy="cbt", dyads=1, sessions=2, seconds=6)

    def written(course: Course, threads: int) -> list[bytes]:
        with tempfile.TemporaryDirectory() as place:
            simulate_course_to(Path(place) / "out", course, threads=threads)
            files = sorted(p for p in Path(place).rglob("*") if p.is_file())
            return [hashlib.sha256(p.read_bytes()).digest() for p in files]

    def recorded(course: Course, minutes: float) -> None:
        with tempfile.TemporaryDirectory() as place:
            record_course_to(Path(place) / "out", course, Recording(devices=DEVICES, minutes=minutes), threads=1)

    def differ() -> np.ndarray:
        few = Course(therapy="cbt", dyads=34, sessions=2, seconds=6, measured=False)
        return np.array([a != b for a, b in zip(written(few, 1), written(few, 2), strict=True)], dtype=float)

    if case == "course":
        return Built((Step(lambda: written(one, 1)),), differ, lambda: written(small, 1))
    if case == "recorded":
        return Built((Step(lambda: recorded(one, 10.0)),), None, lambda: recorded(small, 1.0))
    part = 2 if quick else PART // (4 if case.endswith("68") else 1)
    regions = 68 if case.endswith("68") else 24
    many = Course(therapy="cbt", dyads=part, sessions=sessions, regions=regions)
    return Built((Step(lambda: simulate_course(many, 1), MANY / part),), None, lambda: simulate_course(small, 1))
