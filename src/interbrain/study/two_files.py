"""Two files in, a table out."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interbrain.data.errors import BadInput, IncompleteWarning, Problem
from interbrain.data.plan import Plan, plan_from
from interbrain.data.records import MeasureRecord, discover, record_of
from interbrain.data.study import OUTCOME_COLUMNS, Group, Meeting, Member, Recording, Study
from interbrain.formats import records as formats
from interbrain.formats.sniff import guess
from interbrain.study.boundary import untold
from interbrain.study.cache import Step, load_step
from interbrain.study.deidentify import neutral_study
from interbrain.study.job import gathered
from interbrain.study.pair_progress import PairProgress
from interbrain.study.people import pair_tasks, person_tasks, refuse_twins
from interbrain.study.person import prepare_person, signal_of
from interbrain.study.sides import kinds_of
from interbrain.study.within import PairTask, drift_problems, measure_pair

SHOWN = (
    "signal_a", "signal_b", "place_a", "place_b", "band", "direction", "value", "lag_s", "phase", "coverage",
    "n_effective", "null", "null_mean", "null_sd", "excess", "z", "p", "p_family", "n_null",
)  # fmt: skip


def pair(
    a: str | Path,
    b: str | Path,
    measure: str,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    settings: Mapping[str, Any] | None = None,
    modality: str | None = None,
    modality_b: str | None = None,
    options: Mapping[str, Any] | None = None,
    options_a: Mapping[str, Any] | None = None,
    options_b: Mapping[str, Any] | None = None,
    channels_a: tuple[str, ...] | None = None,
    channels_b: tuple[str, ...] | None = None,
    surrogate: str | None = None,
    n_surrogates: int = 199,
    seed: int = 20260101,
    deidentify: bool = False,
    progress: bool = False,
) -> pd.DataFrame:
    """Synchrony of two recordings beside its within-dyad null, one row a channel pair and band.

    Parameters
    ----------
    a, b
        Files (or folders); the same file twice when it holds both people, with ``channels_a`` and ``channels_b``.
    modality, modality_b
        What was recorded, where the files' formats do not say it; ``modality_b`` where B's is another than A's (one
        person's skin with the other's heart).
    options, options_a, options_b
        For the reader, of both files or of one: ``{"rate": 25.0}``, ``{"stream": "EEG 1"}``.
    measure
        Name of a measure record; ``bands`` in Hz where it needs them, ``settings`` as its record says.
    surrogate
        Name of a surrogate record; None takes the measure's default, ``"none"`` gives no null.
    deidentify
        Channels get neutral names unless theirs are a montage's, and errors do not repeat what files say.
    progress
        Whether a bar with the time left is shown on stderr while surrogates are drawn, where that takes long.

    Returns
    -------
    Columns of ``synchrony.tsv`` and ``nulls.tsv`` that say something here; a positive lag means that A leads. Where
    the two give different kinds of signal there is ``signal_b`` too, and ``direction`` where the measure has one.
    ``attrs["problems"]`` is a list of sentences: all that was found wrong, or is worth knowing. ``attrs["incomplete"]``
    is whether something that was asked for is not in the table: a null, say.

    Warns
    -----
    IncompleteWarning
        Once, with those sentences, where the table is incomplete.

    Raises
    ------
    BadInput
        A file that cannot be read, the same samples on both sides, a measure of whole groups, one that takes out
        confounds, or one that cannot be taken of two kinds of signal.
    """
    record = record_of("interbrain.measures", measure)
    if record.arity == "group":
        raise BadInput(f"{measure} is of whole groups; two recordings are a pair. Use interbrain run for a group.")
    if record.without_confounds:
        raise BadInput(
            f"{measure} takes out confounds, and two recordings have none beside them. Use {record.without_confounds}, "
            "or interbrain run with a plan that names partial = [...]."
        )
    with untold(deidentify, "One of the two files"):
        sides = (
            _recording(a, "a", modality, channels_a, {**(options or {}), **(options_a or {})}),
            _recording(b, "b", modality_b or modality, channels_b, {**(options or {}), **(options_b or {})}),
        )
    chosen = () if surrogate == "none" else (surrogate or record.default_surrogate,)
    asked = {"bands": dict(bands or {}), "settings": dict(settings or {}), "n_surrogates": n_surrogates}
    plan = _plan(sides, measure, chosen, seed, asked)
    study = neutral_study(_study(sides)) if deidentify else _study(sides)
    step, problems = _measured(study, plan, progress)
    synchrony, nulls = gathered(("synchrony", "nulls"), [step]).values()
    shared = [c for c in synchrony.columns if c in nulls.columns]
    table = synchrony.merge(nulls, on=shared, how="left") if chosen else synchrony
    silent = {"signal_b"} if table["signal_a"].equals(table["signal_b"]) else set()
    if not table["direction"].any():
        silent.add("direction")
    shown = table[[c for c in SHOWN if c in table.columns and c not in silent]]
    without_null = bool(chosen) and "nulls" not in step.facts["tables"]
    said = [_sentence(p, record, chosen, without_null) for p in problems]
    shown.attrs["problems"] = list(dict.fromkeys(said))
    # Missing samples and dropped channels are told too, but what was asked for can be there all the same.
    shown.attrs["incomplete"] = any(p["costs_data"] for p in step.facts["problems"])
    if shown.attrs["incomplete"]:
        warnings.warn("\n".join(shown.attrs["problems"]), IncompleteWarning, stacklevel=2)
    return shown


def _sentence(problem: Problem, record: MeasureRecord, chosen: tuple[str, ...], without_null: bool) -> str:
    """What was found and where in the two recordings; group and session are this module's own."""
    place = problem.where if not problem.where.startswith("group ") else ", ".join(problem.where.split(", ")[2:])
    what = problem.what.rstrip(".")
    if not (without_null and problem.costs_data and place.endswith(record.name)):
        return f"{place}: {what}; {problem.why.rstrip('.')}."
    # The values were kept: what was left out is the null alone, so that the words for a whole run do not fit.
    fit = [name for name in _for_epochs(record) if name not in chosen] if " epochs," in what else []
    advice = "".join(f" ({record.name} takes it: --surrogate {name}, in Python surrogate={name!r})" for name in fit)
    return f"{place}: there is no null: {what}{advice}."


def _for_epochs(record: MeasureRecord) -> list[str]:
    """Surrogates of epochs that the measure has been calibrated with."""
    known = discover("interbrain.inference.surrogates")
    return [n for n, how in record.surrogates.items() if "epochs" in known[n].accepts and not how.startswith("refused")]


def _plan(
    sides: tuple[Recording, Recording], measure: str, surrogates: tuple[str, ...], seed: int, asked: dict[str, Any]
) -> Plan:
    analysis = {
        "name": measure,
        "modality": sides[0].modality,
        "modality_b": sides[1].modality if sides[1].modality != sides[0].modality else None,
        "measure": measure,
        "surrogates": list(surrogates),
        "level": "channel",
        "repair": False,
        **asked,
    }
    return plan_from({"seed": seed, "analysis": [analysis]}, "interbrain pair")


def _measured(study: Study, plan: Plan, progress: bool) -> tuple[Step, list[Problem]]:
    from threadpoolctl import threadpool_limits

    # One thread, as in a run: the arrays are small, and threads that wait for each other take twenty times as long.
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="interbrain-pair-") as scratch:
        work = Path(scratch)
        people = {slot: prepare_person(task) for slot, task in person_tasks(study, plan, work, debug=False).items()}
        refused, _, told = refuse_twins(study, people)
        if refused:
            raise BadInput(f"{told[0].where.split(', ')[-2]} {told[0].what}: {told[0].why}.")
        tasks, told = pair_tasks(study, plan, people, refused, work, debug=False)
        if not tasks:
            raise BadInput("; ".join(p.what for person in people.values() for p in person.problems) or told[0].what)
        with PairProgress(progress, _surrogates(tasks[0])) as watch:
            step = load_step(measure_pair(replace(tasks[0], watch=watch)).path)
    assert step is not None
    if "synchrony" not in step.facts["tables"]:
        raise BadInput("; ".join(p["what"] for p in step.facts["problems"]))
    found = [Problem(**p) for p in step.facts["problems"]]
    return step, [*(p for person in people.values() for p in person.problems), *told, *found, *drift_problems([step])]


def _surrogates(task: PairTask) -> int:
    """How many will be drawn: for each kind of signal, those that the plan asks for."""
    a, b = signal_of(task.path_a), signal_of(task.path_b)
    return sum(len(kinds_of(x, a, b)) * len(x.surrogates) * x.n_surrogates for x in task.analyses)


def _recording(
    path: str | Path,
    role: str,
    modality: str | None,
    channels: tuple[str, ...] | None,
    options: Mapping[str, Any],
) -> Recording:
    path = Path(path)
    name = guess(path)
    known = formats()[name].modalities
    if modality is None and not known:
        raise BadInput(f"{path}: the format {name} does not say what was recorded; add --modality, e.g. motion.")
    return Recording(path, name, role.upper(), role, modality or known[0], channels, tuple(sorted(options.items())))


def _study(sides: tuple[Recording, Recording]) -> Study:
    members = tuple(Member(r.person, r.role) for r in sides)
    return Study(
        name="two recordings",
        root=Path(),
        roles=("a", "b"),
        persons=pd.DataFrame({"participant_id": ["A", "B"]}),
        groups=(Group("pair", members),),
        meetings=(Meeting("pair", 1, sides),),
        outcomes=pd.DataFrame(columns=list(OUTCOME_COLUMNS)),
    )
