"""What the commands print, and how words of the command line become values."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interbrain.data.errors import BadInput
from interbrain.data.files import write_file
from interbrain.data.records import discover, record_of

if TYPE_CHECKING:
    import pandas as pd

    from interbrain.simulate.courses.course import Course, CourseRun
    from interbrain.study.check import Checked
    from interbrain.study.demo import Demonstrated
    from interbrain.study.job import Outcome
    from interbrain.study.simulation_plan import Recording

ROOMS = {
    "measures": "interbrain.measures",
    "formats": "interbrain.formats",
    "instruments": "interbrain.course.instruments",
    "surrogates": "interbrain.inference.surrogates",
    "therapies": "interbrain.simulate.courses.therapies",
    "devices": "interbrain.simulate.recordings.devices",
}
SHOWN_PROBLEMS = 12


def show_records(room: str, wanted: str | None) -> None:
    """One line a record, or one record whole."""
    if wanted is not None:
        _show_record(record_of(ROOMS[room], wanted))
        return
    for record in discover(ROOMS[room]).values():
        extra = {
            "measures": lambda r: f"{', '.join(r.accepts)}; default null: {r.default_surrogate}",
            "formats": lambda r: f"{' '.join(r.suffixes)}  ({r.library}{', writes' if r.writes else ''})",
            "instruments": lambda r: f"{r.measures}, {r.score_range[0]:g} to {r.score_range[1]:g}",
            "surrogates": lambda r: f"keeps {r.keeps}",
            "therapies": lambda r: f"safety {r.safety:g}, stress in the middle {r.stress[1]:g}; grade {r.grade}",
            "devices": lambda r: f"{r.rate:g} Hz; in common at whole contact: {r.sensitivity:g} of the source",
        }[room](record)
        click.echo(f"{record.name:<20} {record.title}\n{'':<20} {extra}")
    click.echo(f"\nAll about one: interbrain {room} NAME")


def _show_record(record: Any) -> None:
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name == "module" or value in ("", None, (), {}):
            continue
        name = field.name.replace("_", " ")
        if isinstance(value, Mapping):
            click.echo(f"{name}:")
            for key, item in value.items():
                click.echo(textwrap.fill(f"{key}: {item}", 100, initial_indent="    ", subsequent_indent="        "))
        else:
            text = ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)
            click.echo(textwrap.fill(f"{name}: {text}", 100, subsequent_indent="    "))


def show_problems(problems: Iterable[Any], out: Path | None = None) -> None:
    listed = list(problems)
    for problem in listed if out is None else listed[:SHOWN_PROBLEMS]:
        mark = "!" if problem.costs_data else "·"
        parts = [part.rstrip(".") for part in (problem.what, problem.why, problem.done)]
        joint = ". " if any(part[:1].isupper() for part in parts[1:]) else "; "
        text = f"{mark} {problem.where}: {joint.join(parts)}."
        click.echo(textwrap.fill(text, 110, subsequent_indent="    "))
    if out is not None and len(listed) > SHOWN_PROBLEMS:
        click.echo(f"  … and {len(listed) - SHOWN_PROBLEMS} more in {out / 'problems.tsv'}")


def _how_many(problems: Sequence[Any]) -> str:
    n, costly = len(problems), sum(p.costs_data for p in problems)
    return f"{n} thing{'s' * (n != 1)} to know, {costly} of which cost{'s' * (costly == 1)} data (!):"


def show_outcome(outcome: Outcome) -> None:
    if outcome.problems:
        click.echo(_how_many(outcome.problems))
        show_problems(outcome.problems, outcome.folder)
    click.echo(f"The report is {outcome.report}")


def show_check(checked: Checked) -> None:
    for line in checked.summary:
        click.echo(line)
    click.echo()
    if checked.problems:
        click.echo(_how_many(checked.problems))
        show_problems(checked.problems)
    else:
        click.echo("Nothing wrong was found.")


def show_demo(demonstrated: Demonstrated) -> None:
    click.echo()
    for line in demonstrated.lines:
        click.echo(textwrap.fill(line, 110, subsequent_indent="    "))
    click.echo(f"\nThe simulated study is {demonstrated.study}\nThe report is          {demonstrated.report}")


def show_pair(table: pd.DataFrame, out: Path | None) -> None:
    for sentence in table.attrs["problems"]:  # on stderr, so that a pipe gets the table alone
        click.echo(f"interbrain: {sentence}", err=True)
    if out is not None:
        layout: dict[str, Any] = {"sep": "\t", "na_rep": "n/a", "float_format": "%.12g", "lineterminator": "\n"}
        write_file(out, lambda file: table.to_csv(file, index=False, **layout))
        click.echo(f"{len(table)} rows in {out}")
        return
    click.echo(table.to_csv(sep="\t", index=False, na_rep="n/a", float_format="%.6g", lineterminator="\n"), nl=False)


def simulate_course(
    out: Path, plan: Path | None, settings: Sequence[str], off: Sequence[str], asked: Mapping[str, Any], quiet: bool
) -> None:
    from interbrain.report.figures.simulated_course import finding
    from interbrain.simulate.courses.course import from_words
    from interbrain.study.simulated_course import simulate_course_to
    from interbrain.study.simulation_plan import asked_course, asked_recording

    named = {k: v for k, v in asked.items() if k not in ("threads", *_RECORDING) and v is not None}
    course = asked_course(plan, {**from_words(settings), **named}, off)
    given = _recording_words(asked)
    if given and "devices" not in given and asked_recording(plan) is None:
        options = ", ".join(f"--{name}" for name, setting in _RECORDING.items() if setting in given)
        raise BadInput(f"{options}: says how something is recorded; add --record DEVICE, e.g. --record fnirs,motion.")
    recording = asked_recording(plan, given)
    if recording:
        run = _record_course(out, course, recording, off, asked["threads"], quiet)
    else:
        run = simulate_course_to(out, course, off, threads=asked["threads"], progress=not quiet)
    click.echo(textwrap.fill(finding(run), 110))
    click.echo(f"The tables and course.html are in {out}")
    if recording:
        click.echo(f"The recordings are a study: interbrain run {out} results")
    else:
        click.echo("Nothing was recorded; --record fnirs (or another: interbrain devices) makes it a study to run.")


_RECORDING = {"record": "devices", "minutes": "minutes", "rest": "rest_s", "missing": "missing",
              "expected": "expected", "assess": "assess"}  # fmt: skip
"""Options of the command line that say what is recorded, and what a plan calls them."""


def _recording_words(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the command line says of recording, as settings of a plan's table ``[record]``."""
    from interbrain.simulate.recordings.recorded import ALLOWED

    given = {_RECORDING[k]: v for k, v in asked.items() if k in _RECORDING and v is not None}
    for option, setting in _RECORDING.items():
        if setting in ALLOWED and setting in given:
            low, high = ALLOWED[setting]
            if not low <= given[setting] <= high:  # also where it is NaN
                raise BadInput(f"--{option} is {given[setting]:g}; allowed are {low:g} to {high:g}.")
    if "devices" in given:
        given["devices"] = [word.strip() for word in given["devices"].split(",") if word.strip()]
    return given


def _record_course(
    out: Path, course: Course, recording: Recording, off: Sequence[str], threads: int | None, quiet: bool
) -> CourseRun:
    """Simulate with recordings; how much it will be is told first."""
    from interbrain.study.recorded_course import record_course_to, size_told

    click.echo(textwrap.fill(size_told(course, recording), 110))
    cores = threads or os.cpu_count() or 1
    return record_course_to(out, course, recording, off, threads=cores, progress=not quiet).run


_BAND_FOR = {"eeg": "alpha=8-13", "fnirs": "slow=0.03-0.12", "motion": "slow=0.05-0.5"}
"""A band that each modality is often measured in, as the option takes it."""


def pair_arguments(asked: dict[str, Any]) -> dict[str, Any]:
    """Words of ``interbrain pair`` as the arguments of :func:`interbrain.pair`."""
    taken = dict(asked)
    n = asked["n_surrogates"]
    if not 19 <= n <= 99_999 or (n + 1) % 20:
        raise BadInput(
            f"-n is {n}; allowed are 19 to 99999 of which one more is a multiple of 20 (19, 199, 999); "
            "for no null at all use --surrogate none."
        )
    record = record_of(ROOMS["measures"], asked["measure"])
    if record.needs_bands and not asked["bands"]:
        band = _BAND_FOR.get(asked["modality"], "NAME=LOW-HIGH")
        raise BadInput(f"{record.name} needs at least one band, in Hz; add --band {band}.")
    taken["bands"] = _bands(asked["bands"])
    taken["settings"] = dict(_setting(text) for text in asked["settings"])
    for options in ("options", "options_a", "options_b"):
        taken[options] = dict(_setting(text) for text in asked[options])
    for side in ("channels_a", "channels_b"):
        taken[side] = tuple(asked[side].split(",")) if asked[side] else None
    return taken


def _bands(texts: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    bands: dict[str, tuple[float, float]] = {}
    for text in texts:
        name, limits = _band(text)
        if name in bands:
            raise BadInput(f"--band names {name!r} twice; give each band a name of its own: --band slow=0.03-0.12.")
        bands[name] = limits
    return bands


def _band(text: str) -> tuple[str, tuple[float, float]]:
    name, equals, limits = text.rpartition("=")
    if equals and not name.strip():
        raise BadInput(f"--band {text!r} has no name before the =; e.g. --band slow{text.strip()}.")
    low, _, high = limits.partition("-")
    try:
        return name or "band", (float(low), float(high))
    except ValueError as error:
        raise BadInput(f"--band {text!r} is not NAME=LOW-HIGH in Hz; e.g. --band slow=0.03-0.12.") from error


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadInput(f"{text!r} is not KEY=VALUE; e.g. window_s=60.")
    if value.lower() in ("true", "false"):
        return name, value.lower() == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
