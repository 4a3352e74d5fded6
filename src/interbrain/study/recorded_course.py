"""A simulated course with its recordings on disk: BIDS, beside the tables of the course."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from interbrain.data.files import make_folder
from interbrain.formats._bids_files import read_tsv, write_tsv
from interbrain.simulate.courses.course import Course
from interbrain.simulate.recordings._who_met import group, held
from interbrain.simulate.recordings.recorded import Recorded, simulate_recorded, sizes
from interbrain.study.pool import Done
from interbrain.study.read import write_study
from interbrain.study.recorded_truth import tasks, with_growth
from interbrain.study.simulated_course import clear, write_tables
from interbrain.study.simulation_plan import Recording

TURNS = ("group_id", "session", "participant_id", "onset", "duration")


def size_told(course: Course, recording: Recording) -> str:
    """How much the recordings will be, in a sentence."""
    parts = sizes(course, recording.devices, recording.minutes, recording.rest_s, recording.assess)
    each = ", ".join(f"{name} {_bytes(size)}" for name, size in parts.items())
    n = course.dyads * course.sessions
    talks = f", and {4 * course.dyads} measured conversations of {recording.minutes:g} min" if recording.assess else ""
    return (
        f"{n} sessions of {course.dyads} dyads, {recording.rest_s:g} s of rest and {recording.minutes:g} min each"
        f"{talks}: about {_bytes(sum(parts.values()))} on disk ({each})."
    )


def _bytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.0f} MB" if size >= 1e6 else "under 1 MB"


def record_course_to(
    out: Path,
    course: Course,
    recording: Recording,
    off: Sequence[str] = (),
    *,
    threads: int | None = None,
    progress: bool = False,
) -> Recorded:
    """Simulate a course with recordings and write it as a study that ``interbrain run`` takes.

    Raises
    ------
    BadInput
        ``out`` holds something that no simulated course wrote, or what is asked for cannot be recorded.
    """
    clear(out)
    steps = course.sessions + 3 + course.dyads * course.sessions
    with tqdm(total=steps, disable=not progress, unit="meeting", desc="simulating") as bar:
        found = simulate_recorded(
            course,
            recording.devices,
            recording.minutes,
            recording.rest_s,
            recording.missing,
            recording.artefacts_per_minute,
            off=off,
            threads=threads,
            told=lambda done, steps: bar.update(done - bar.n) or None,
            assess=recording.assess,
        )
    if recording.expected:
        todo = tasks(found, at_least=recording.at_least)
        with tqdm(total=len(todo), disable=not progress, unit="", desc="expected  ") as bar:
            found = with_growth(found, todo, threads or 1, Done(lambda index: bar.update(1)))
    make_folder(out)
    with tqdm(total=1, disable=not progress, unit="recording", desc="writing   ") as bar:

        def told(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        write_study(found.study, found.load, out, told)
    write_tables(out, found.run, found.items, recording)
    _write_items(out, found)
    if "turns" in recording.devices:
        write_tsv(out / "sourcedata" / "turns.tsv", turns(found))
    return found


def _write_items(out: Path, found: Recorded) -> None:
    """Answers beside the scores: one column an item, ``n/a`` where it was left out."""
    groups = {number: group.id for number, group in enumerate(found.study.groups, 1)}
    for name, rows in found.items.groupby("questionnaire", sort=False):
        path = next(p for p in (out / "phenotype").glob("*.tsv") if p.stem in (name, str(name).replace("_", "")))
        wide = rows.pivot(index=["dyad", "session"], columns="item", values="answer").reset_index()
        wide.columns = [c if isinstance(c, str) else f"item_{c}" for c in wide.columns]
        wide["group_id"] = wide["dyad"].map(groups)
        wide["session"] = wide["session"].astype(str)
        table = read_tsv(path, out, ("participant_id", "group_id", "session", "when", "score"))
        both = table.merge(wide.drop(columns="dyad"), on=["group_id", "session"], how="left")
        write_tsv(path, both)


def turns(found: Recorded) -> pd.DataFrame:
    """Every turn of every meeting, s from its zero."""
    rows = []
    course = found.run.course
    for each in held(course, found.states, found.conversations):
        both = group(course, each.dyad, each.partner)
        spoken = [
            (both.id, each.session, f"sub-{member.person}", float(on), float(lasts))
            for member, points in zip(both.members, each.state.speech())
            for on, lasts in zip(points.onset, points.duration)
        ]
        rows += sorted(spoken, key=lambda row: row[3])
    return pd.DataFrame(rows, columns=list(TURNS))
