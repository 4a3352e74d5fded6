"""A course of therapy: who met when, how coupling grew, what the questionnaires said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from interbrain import __version__
from interbrain.arrays.streams import stream
from interbrain.data.study import (
    OUTCOME_COLUMNS,
    Group,
    Loaded,
    Meeting,
    Member,
    Recording,
    Segment,
    Study,
)
from interbrain.simulate.observe import layout, record_pair
from interbrain.simulate.settings import Simulation

SYMPTOM, ALLIANCE = "gad_7", "wai_sr"


@dataclass(frozen=True, eq=False)
class Simulated:
    """A study in memory: ``load(meeting, recording)`` makes a recording when it is asked for."""

    study: Study
    load: Callable[[Meeting, Recording], Loaded]


def simulate_study(simulation: Simulation | None = None) -> Simulated:
    """Simulate a course of therapy; see :class:`~interbrain.simulate.settings.Simulation` for what can be set."""
    simulation = simulation or Simulation()
    groups = _groups(simulation)
    coupling = dyad_coupling(simulation, simulation.patients, stream(simulation.seed, "coupling"))
    present = _present(simulation)
    tasks = stream(simulation.seed, "task length").uniform(*simulation.task_s, size=present.shape)
    tasks = np.round(tasks, 0)
    meetings = tuple(
        _meeting(simulation, group, session + 1, float(tasks[row, session]))
        for row, group in enumerate(groups)
        for session in range(simulation.sessions)
        if present[row, session]
    )
    study = Study(
        name="Simulated course of therapy",
        root=Path(),
        roles=("patient", "therapist"),
        persons=_persons(groups),
        groups=groups,
        meetings=meetings,
        outcomes=_scores(simulation, groups, coupling),
        regions=dict(zip(layout(simulation).names, layout(simulation).regions, strict=True)),
        plan={"contrast": ["task", "rest"]},
        truth=_truth(simulation, coupling, present),
        description={"simulated": True, "generator": f"interbrain {__version__}"},
    )
    row_of = {group.id: row for row, group in enumerate(groups)}

    def load(meeting: Meeting, recording: Recording) -> Loaded:
        share = float(coupling[row_of[meeting.group], meeting.session - 1])
        task_s = float(tasks[row_of[meeting.group], meeting.session - 1])
        both = record_pair(simulation, share, (meeting.group, meeting.session), simulation.rest_s, task_s)
        return both[0] if recording.role == "patient" else both[1]

    return Simulated(study, load)


def _groups(simulation: Simulation) -> tuple[Group, ...]:
    width = max(2, len(str(simulation.patients)))
    return tuple(
        Group(
            id=f"{i + 1:0{width}d}",
            members=(
                Member(f"P{i + 1:0{width}d}", "patient"),
                Member(f"T{i % simulation.therapists + 1}", "therapist"),
            ),
            therapist=f"T{i % simulation.therapists + 1}",
        )
        for i in range(simulation.patients)
    )


def _persons(groups: tuple[Group, ...]) -> pd.DataFrame:
    rows = {m.person: m.role for g in groups for m in g.members}
    return pd.DataFrame({"participant_id": list(rows), "role": list(rows.values())})


def dyad_coupling(simulation: Simulation, dyads: int, random: np.random.Generator) -> np.ndarray:
    """Each dyad's coupling in each session, ``(dyad, session)``: the course of the mean plus the dyad's own."""
    state = simulation.session_sd * random.standard_normal((dyads, simulation.sessions))
    level = simulation.dyad_sd * random.standard_normal((dyads, 1))
    growth = simulation.growth_sd * random.standard_normal((dyads, 1))
    time = np.arange(simulation.sessions)
    return np.clip(simulation.coupling + level + (simulation.growth + growth) * time + state, 0.0, 0.95)


def _present(simulation: Simulation) -> np.ndarray:
    """Which sessions have a recording: exactly the asked share is missing, and everybody keeps two or more."""
    random = stream(simulation.seed, "missing")
    shape = (simulation.patients, simulation.sessions)
    present = np.ones(shape, dtype=bool)
    n_missing = round(simulation.missing * present.size)
    for cell in random.permutation(present.size):
        row = cell // simulation.sessions
        if n_missing and present[row].sum() > min(2, simulation.sessions):
            present.flat[cell] = False
            n_missing -= 1
    return present


def _meeting(simulation: Simulation, group: Group, session: int, task_s: float) -> Meeting:
    recordings = tuple(
        Recording(Path(), "snirf", member.person, member.role, "fnirs", offset_s=0.0) for member in group.members
    )
    rest = simulation.rest_s
    segments = (Segment("rest", 0.0, rest), Segment("task", rest, rest + task_s))
    return Meeting(group.id, session, recordings, segments, therapist=group.therapist)


def _scores(simulation: Simulation, groups: tuple[Group, ...], coupling: np.ndarray) -> pd.DataFrame:
    """Symptoms after each session follow that session's coupling and time; alliance follows neither."""
    symptoms, alliance = stream(simulation.seed, "symptoms"), stream(simulation.seed, "alliance")
    rows = []
    for row, group in enumerate(groups):
        start, bond = symptoms.normal(16.0, 2.0), alliance.normal(44.0, 5.0)
        for session in range(simulation.sessions):
            fall = simulation.symptom_effect * (coupling[row, session] - simulation.coupling)
            fall += simulation.symptom_trend * session
            values = {
                SYMPTOM: (start - fall + symptoms.normal(0.0, simulation.symptom_sd), 0, 21),
                ALLIANCE: (bond + alliance.normal(0.0, 2.5), 12, 60),
            }
            for name, (value, low, high) in values.items():
                score = float(np.clip(np.rint(value), low, high))
                rows.append((group.id, group.person("patient"), name, session + 1, "after", score))
    return pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS))


def _truth(simulation: Simulation, coupling: np.ndarray, present: np.ndarray) -> dict[str, object]:
    planted = (
        [
            {
                "place_a": simulation.planted[0],
                "place_b": simulation.planted[1],
                "segment": "task",
                "coupling_first": simulation.coupling,
                "growth_per_session": simulation.growth,
                "lag_s": simulation.lag_s,
            }
        ]
        if simulation.planted
        else []
    )
    return {
        "planted": planted,
        "coupling": [[round(float(c), 6) for c in row] for row in coupling],
        "recorded": present.astype(int).tolist(),
        "simulation": simulation.model_dump(mode="json"),
    }
