"""The main job: the only file that knows the order of the steps.

1. read the study and its plan
2. every recording: read, prepare (``person``)
3. twins: recordings that are secretly the same
4. every meeting: measure, surrogates (``within``)
5. every session number: partners re-paired (``partners``)
6. tests over groups (``groups``), change over sessions and outcome (``course``)
7. tables, provenance, report
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.data.errors import BadInput, Problem
from interbrain.data.files import write_file, write_text
from interbrain.data.plan import Plan, default_plan, plan_from, read_plan
from interbrain.data.study import Study
from interbrain.data.tables import TABLES, frame, write_table
from interbrain.study.ahead import try_ahead
from interbrain.study.boundary import untold
from interbrain.study.cache import AnyStep
from interbrain.study.cluster import runner
from interbrain.study.confounds import without_unknown
from interbrain.study.deidentify import neutral_origin, neutral_study, room
from interbrain.study.fit import fitted, misfits, without_values
from interbrain.study.forecast import forecast
from interbrain.study.groups import group_tests
from interbrain.study.growth import course_tables, outcome_tables, reliability_table
from interbrain.study.maps import write_maps
from interbrain.study.partners import CellTask, lost_cell, measure_cell, pairing_rows, repair_tests, repairing_tasks
from interbrain.study.people import Slot, measured, pair_tasks, person_tasks, quality_rows, refuse_twins, slots
from interbrain.study.person import Person, lost_person, prepare_person
from interbrain.study.place import STEPS, checked, results_folder
from interbrain.study.pool import Runner, Share
from interbrain.study.progress import Progress
from interbrain.study.provenance import Clock, versions, write_description, write_json
from interbrain.study.read import read_study
from interbrain.study.whole import WholeTask, lost_whole, measure_whole, whole_tasks
from interbrain.study.within import PairTask, drift_problems, lost_pair, measure_pair


@dataclass(frozen=True)
class Outcome:
    """Where a run's results are and how it ended."""

    folder: Path
    report: Path
    tables: dict[str, pd.DataFrame]
    problems: tuple[Problem, ...]

    @property
    def lost_data(self) -> bool:
        return any(p.costs_data for p in self.problems)


def plan_of(study: Study, plan: Plan | Path | str | None) -> Plan:
    """The plan that was given, else the study's own; the defaults of its modalities where no analysis is named."""
    if isinstance(plan, Plan):
        return plan
    if plan is not None:
        return read_plan(Path(plan))
    content = dict(study.plan or {})
    source = f"the plan of {study.root}"
    return plan_from(content, source) if "analysis" in content else default_plan(study.modalities, content, source)


def run(
    study: str | Path | Study,
    out: str | Path,
    plan: Plan | Path | str | None = None,
    *,
    workers: int = 1,
    cluster: str | None = None,
    progress: bool = False,
    debug: bool = False,
    deidentify: bool = False,
    truth: dict[str, Any] | None = None,
) -> Outcome:
    """Read a study, measure synchrony, test it against chance, follow it over sessions, write tables and a report.

    Parameters
    ----------
    study
        A BIDS folder, a folder with a ``study.toml``, such a file, or a study already read.
    out
        Folder for the results; made where absent. A run that was interrupted continues from what it left there.
    plan
        ``plan.toml`` or a :class:`~interbrain.data.plan.Plan`; absent, the study's own or the defaults.
    workers
        Processes. The tables are the same bytes for any number.
    cluster
        Address of a Dask scheduler, or its scheduler file: its workers are taken instead of processes of this computer.
    deidentify
        Nothing written names a person, a date, a device or a path; the same study gets the same neutral ids again.
    truth
        What a simulator planted, carried into the report.

    Raises
    ------
    BadInput
        Nothing usable: no meeting has two people whose recordings can be read. No scheduler answers, or one of its
        workers is not fit for this run.
    """
    with runner(workers, cluster, debug) as pool:
        return _run(study, Path(out), plan, pool, progress, debug, deidentify, truth)


def _run(
    study: str | Path | Study,
    out: Path,
    plan: Plan | Path | str | None,
    pool: Runner,
    progress: bool,
    debug: bool,
    deidentify: bool,
    truth: dict[str, Any] | None,
) -> Outcome:
    clock = Clock()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with clock.step("read the study"):
        with untold(deidentify, "The study, or its plan,"):
            study = study if isinstance(study, Study) else read_study(study)
            chosen = plan_of(study, plan)
            study = fitted(study, chosen)
        out = checked(out, study)
        if deidentify:
            room(out, out / STEPS)
            study = neutral_study(study)
    with results_folder(out) as place, Progress(progress) as bar:
        files = tuple(r.path for m in study.meetings for r in m.recordings)
        with pool.serving(Share(place.steps, files, deidentify), bar.tell):
            found = _measure(study, chosen, place.steps, pool, bar, clock, debug)
            workers = pool.number
        tables = _tables(study, chosen, found, clock, bar)
        with clock.step("write the tables"), bar.alone("write"):
            _write(place.new, study, chosen, tables, found)
            origin = _provenance(study, chosen, found, started, workers, truth or study.truth)
            write_json(
                place.new / "provenance.json", neutral_origin(origin, study, found.people) if deidentify else origin
            )
        clock.write(place.new)
        from interbrain.report import write_report

        with bar.alone("report"):
            report = write_report(place.new)
        place.publish()
    return Outcome(out, out / report.name, tables, found.problems)


def _write(folder: Path, study: Study, plan: Plan, tables: dict[str, pd.DataFrame], found: Found) -> None:
    for name in TABLES:
        write_table(name, tables[name], folder)
    write_file(folder / "synchrony.parquet", lambda file: tables["synchrony"].to_parquet(file, index=False))
    write_text(folder / "plan.toml", plan.to_toml())
    write_description(folder, study.name)
    write_maps(folder, plan, tables, found.tasks)


OF_MEETINGS = ("synchrony", "nulls", "halves", "phases", "windows", "lags", "confounds", "carried")
"""The tables whose rows each belong to one meeting."""


@dataclass
class Found:
    """What steps 2 to 5 left."""

    people: dict[Slot, Person]
    tasks: list[PairTask]
    pairs: list[AnyStep]
    cells: list[AnyStep]
    excluded: frozenset[str]
    problems: tuple[Problem, ...]
    quality: list[dict[str, Any]]


def _measure(study: Study, plan: Plan, work: Path, pool: Runner, bar: Progress, clock: Clock, debug: bool) -> Found:
    problems = [*study.problems, *misfits(study, plan)]
    tasks = person_tasks(study, plan, work, debug)
    bar.expect(forecast(study, plan, len(tasks), pool.number))
    if bar.shown:
        with clock.step("try one meeting ahead"):
            try_ahead(study, plan, tasks, work, pool, bar, debug)
    with clock.step("read and prepare the recordings"):
        watch = bar.tasks(*["persons"] * len(tasks))
        people = dict(zip(tasks, pool.run(prepare_person, list(tasks.values()), watch, lost_person), strict=True))
    problems += [p for person in people.values() for p in person.problems]
    with clock.step("look for recordings that are secretly the same"), bar.alone("twins"):
        refused, excluded, told = refuse_twins(study, measured(study, plan, people))
        problems += told
    people = {slot: replace(person, traits=None) for slot, person in people.items()}  # megabytes each, used above only
    plan, told = without_unknown(study, plan, people)
    problems += told
    pair_list, told = pair_tasks(study, plan, people, refused, work, debug)
    problems += told
    whole, told = whole_tasks(study, plan, people, refused, work, debug)
    problems += told
    if not pair_list and not whole:
        raise BadInput(_nothing(study, problems))
    cell_tasks, told = repairing_tasks(study, plan, pair_list, excluded, work, debug)
    with clock.step("measure each meeting, its surrogates, and the partners re-paired"):
        mixed = _mixed([*pair_list, *whole], cell_tasks)
        watch = bar.tasks(*["cells" if isinstance(task, CellTask) else "meetings" for task in mixed])
        steps = pool.run(_step, mixed, watch, _lost)
        pairs = [step for task, step in zip(mixed, steps, strict=True) if not isinstance(task, CellTask)]
        cells = [step for task, step in zip(mixed, steps, strict=True) if isinstance(task, CellTask)]
    problems += [Problem(**p) for step in pairs for p in step.facts["problems"]] + drift_problems(pairs)
    if not any("synchrony" in step.facts["tables"] for step in pairs):
        raise BadInput(_nothing(study, problems))
    problems += told + [Problem(**p) for step in cells for p in step.facts["problems"]]
    unique = tuple(dict.fromkeys(problems))
    return Found(people, pair_list, pairs, cells, excluded, unique, quality_rows(study, people))


Task = PairTask | WholeTask | CellTask


def _mixed(pairs: list[PairTask | WholeTask], cells: list[CellTask]) -> list[Task]:
    """Both kinds evenly mixed, each in its order: what each takes is known soon, and no core waits at the end."""
    place: list[tuple[float, int, Task]] = [(i / len(pairs), 1, task) for i, task in enumerate(pairs)]
    place += [(i / len(cells), 0, task) for i, task in enumerate(cells)]
    return [task for *_, task in sorted(place, key=lambda p: p[:2])]


def _step(task: Task) -> AnyStep:
    if isinstance(task, WholeTask):
        return measure_whole(task)
    return measure_pair(task) if isinstance(task, PairTask) else measure_cell(task)


def _lost(task: Task) -> AnyStep:
    if isinstance(task, WholeTask):
        return lost_whole(task)
    return lost_pair(task) if isinstance(task, PairTask) else lost_cell(task)


def _nothing(study: Study, problems: list[Problem]) -> str:
    costly = [p for p in problems if p.costs_data]
    why = "\n".join(f"  {p.where}: {p.what}" for p in costly[:8]) or "  no meeting has recordings of two people"
    return f"{study.name}: nothing usable.\n{why}"


def gathered(names: Iterable[str], steps: Iterable[AnyStep]) -> dict[str, pd.DataFrame]:
    """Result tables from the steps' columns, in the order of the steps."""
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in names}
    for step in steps:
        tables = step.facts["tables"]
        for name in parts:
            if name in tables:
                parts[name].append(pd.DataFrame(tables[name]))
    whole = {name: pd.concat(part, ignore_index=True) if part else pd.DataFrame() for name, part in parts.items()}
    return {name: frame(name, table) for name, table in whole.items()}


def _tables(study: Study, plan: Plan, found: Found, clock: Clock, bar: Progress) -> dict[str, pd.DataFrame]:
    tables = gathered(OF_MEETINGS, found.pairs)
    problems = [*found.problems, *without_values(plan, tables["synchrony"])]
    with clock.step("test over groups"), bar.alone("tests"):
        tables["pairings"] = frame("pairings", pairing_rows(found.cells))
        tests = [
            *group_tests(study, plan, tables, found.pairs, found.excluded, problems),
            *repair_tests(study, plan, tables["pairings"], problems),
        ]
        tables["tests"] = frame("tests", tests)
    with clock.step("follow the course"), bar.alone("course"):
        tables["course"], tables["course_groups"] = course_tables(study, plan, tables, found.excluded, problems)
        tables["outcome"], tables["scores"] = outcome_tables(study, plan, tables, found.excluded, problems)
        tables["reliability"] = reliability_table(plan, tables, found.excluded)
    tables["quality"] = frame("quality", found.quality)
    found.problems = tuple(dict.fromkeys(problems))
    tables["problems"] = frame("problems", [asdict(p) for p in found.problems])
    return tables


def _provenance(
    study: Study, plan: Plan, found: Found, started: str, workers: int, truth: dict[str, Any] | None
) -> dict[str, Any]:
    where = slots(study)
    inputs = {_relative(where[slot][1].path, study.root): person.sha256 for slot, person in found.people.items()}
    return {
        **versions(),
        "seed": plan.seed,
        "study": {
            "name": study.name,
            "root_name": study.root.resolve().name,
            "simulated": bool(study.description.get("simulated")),
        },
        "roles": list(study.roles),
        "inputs": [{"file": name, "sha256": sha} for name, sha in sorted(inputs.items())],
        "command": "interbrain run STUDY OUT --plan plan.toml",
        "started": started,
        "workers": workers,
        "truth": truth,
        "excluded_from_group_tests": sorted(found.excluded),
    }


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
