"""Studies of simulated courses, recorded and measured as a run does it: growth, generalisation, relation to outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from calibrate._kept import FOLDER
from calibrate.growth import KEY
from interbrain.arrays.streams import stream
from interbrain.course.growth import growth
from interbrain.course.outcome import association
from interbrain.course.scores import check_scores
from interbrain.data import plan as plans
from interbrain.simulate.courses.course import Course, changed, simulate_course
from interbrain.simulate.courses.questionnaires import answer_all
from interbrain.simulate.dyads._gains import BEAT_S
from interbrain.simulate.recordings._who_met import group, held
from interbrain.simulate.recordings.devices import device
from interbrain.simulate.recordings.devices._state import SESSION, WITH, MeetingState
from interbrain.simulate.recordings.recorded import Recorded, outcomes_of, simulate_recorded
from interbrain.study.recorded_truth import default_analysis, measured

DYADS, SESSIONS, MINUTES = 12, 6, 5.0
LONGEST_S = {"eeg": 60.0}
"""Measured of each meeting, where not all of it: phase locking needs less."""
CAPACITIES = (0.0, 1.0, 2.0)
"""``from_capacity`` over its default; it changes symptoms alone, so one course's recordings serve all of them."""
SYMPTOMS, ALLIANCE = "phq_9", "wai_sr"
SEGMENTS = {"session": SESSION, **WITH}
RELATIONS = [(SYMPTOMS, times) for times in CAPACITIES] + [(ALLIANCE, 1.0)]


@dataclass(frozen=True)
class World:
    """How fast gains change, over the default, and which share of it patients take to everybody."""

    learning: float = 1.0
    generalises: float = 0.5

    def course(self, seed: int, dyads: int = DYADS, sessions: int = SESSIONS) -> Course:
        """Nobody leaves early; everything else by default."""
        usual = Course()
        settings = {"seed": seed, "dyads": dyads, "sessions": sessions, "dropout": 0.0}
        return changed(usual, settings | {"learning": usual.learning * self.learning, "generalises": self.generalises})


WORLDS = {
    "nothing is learnt": World(0.0),
    "half the learning": World(0.5),
    "usual": World(),
    "usual, nothing generalises": World(1.0, 0.0),
    "usual, all generalises": World(1.0, 1.0),
    "twice the learning": World(2.0),
    "four times, all generalises": World(4.0, 1.0),
}


@lru_cache(maxsize=1)
def studied(
    world: World, seed: int, dyads: int = DYADS, minutes: float = MINUTES, sessions: int = SESSIONS
) -> Recorded:
    """A course with its recorded meetings and measured conversations; the last one is kept, for the next device."""
    return simulate_recorded(world.course(seed, dyads, sessions), ("fnirs",), minutes, 10.0, threads=1, assess=True)


def shown(state: MeetingState, name: str) -> MeetingState:
    """The meeting without its rest, as far as this device's is measured."""
    beats = round(LONGEST_S[name] / BEAT_S) if name in LONGEST_S else len(state.contact)
    return replace(state, rest_s=0.0, speaker=state.speaker[:beats], contact=state.contact[:beats])


def table_of(found: Recorded, name: str, seed: int, segments: Iterable[str] = SEGMENTS.values()) -> pd.DataFrame:
    """One row a meeting: segment, group (the patient's), session, excess, and share and square of what is planted.

    Every meeting is recorded and measured by its modality's default analysis, in the first place that carries
    something.
    """
    course, record = found.run.course, device(name)
    rows = []
    wanted = set(segments)
    for each in held(course, found.states, found.conversations):
        if each.state.name not in wanted:
            continue
        state = shown(each.state, name)
        share = state.share(record)
        planted = {"share": float(share.mean()), "square": float((share**2).mean())}
        random = stream(seed, "loop", name, state.name, each.dyad, each.session)
        excess = measure(name, state, int(random.integers(2**31)))
        about = {"segment": state.name, "group": group(course, each.dyad).id, "session": each.session}
        rows.append({**about, "excess": excess, **planted})
    return pd.DataFrame(rows)


def measure(name: str, state: MeetingState, seed: int) -> float:
    """Excess over the null's mean, of a meeting recorded anew; NaN where quality left no channel of the place."""
    chosen = default_analysis(device(name))
    assert chosen is not None
    analysis, plan = chosen
    if "alpha" in analysis.bands:  # where the simulator puts it
        analysis = analysis.model_copy(update={"bands": {"alpha": analysis.bands["alpha"]}})
    found = next(iter(measured(name, state, analysis, plan, seed)), None)
    return float(np.nanmean(found[2].excess)) if found else float("nan")


def change(table: pd.DataFrame, segment: str, column: str = "excess") -> dict[str, float]:
    """Slope a session by the run's own model of growth, with its interval; KEY says nothing but which place it is."""
    rows = table[table["segment"] == segment]
    course, _ = growth(rows.assign(**{**KEY, "segment": segment, "excess": rows[column]}), plans.Course(n_signflips=19))
    row = course.iloc[0]
    return {"slope": float(row.slope), "low": float(row.ci_low), "high": float(row.ci_high), "p": float(row.p)}


def slope_of(table: pd.DataFrame, segment: str, column: str) -> float:
    """Mean over dyads of least squares' slope over sessions."""
    rows = table[table["segment"] == segment]
    wide = rows.pivot(index="session", columns="group", values=column)
    time = wide.index.to_numpy(dtype=float)
    time = time - time.mean()
    return float((time @ wide.to_numpy() / (time @ time)).mean())


@lru_cache(maxsize=len(CAPACITIES))
def scores_of(course: Course, times: float) -> pd.DataFrame:
    """What the patients of a course tick where symptoms follow relational capacity so many times as far."""
    own = changed(course, {"from_capacity": Course().from_capacity * times, "measured": False})
    return outcomes_of(own, answer_all(simulate_course(own, 1).sessions, own.seed))


def relations(table: pd.DataFrame, found: Recorded) -> dict[str, float]:
    """Of symptoms and alliance with synchrony, within and between persons, by the run's own model.

    Points a unit of excess, with interval, and one SD of that excess.
    """
    rows = table[table["segment"] == SESSION].assign(**{**KEY, "segment": SESSION})
    groups = found.study.groups
    out: dict[str, float] = {}
    for instrument, times in RELATIONS:
        outcomes = found.study.outcomes if times == 1.0 else scores_of(found.run.course, times)
        scores, _ = check_scores(outcomes, groups)
        mine = scores[scores["instrument"] == instrument]
        for row in association(rows, mine, groups, plans.Outcome(lag_sessions=0)).itertuples():
            label = f"{instrument}_{times:g}_{row.part}"
            out |= {label: row.estimate, f"{label}_low": row.ci_low, f"{label}_high": row.ci_high}
            out |= {f"{label}_sd": row.sd_synchrony}
    return out


def study(name: str, world: World, number: int, seed: int) -> dict[str, Any]:
    """One study of one device: what was found, and what is needed to say what was planted in it."""
    own = int(stream(seed, "loop", str(world), number).integers(2**31))
    found = studied(world, own)
    table = table_of(found, name, own).dropna()
    row: dict[str, Any] = {"device": name, "learning": world.learning, "generalises": world.generalises,
                           "number": number, "excess_sd": float(table["excess"].std())}  # fmt: skip
    for label, segment in SEGMENTS.items():
        row |= {f"{label}_{k}": v for k, v in change(table, segment).items()}
        row |= {f"{label}_{c}": slope_of(table, segment, c) for c in ("share", "square")}
    first, second = single_meetings(name)
    expected = table.assign(excess=first * table["share"] + second * table["square"])
    true = {f"true_{label}": value for label, value in relations(expected, found).items()}
    return row | sums(table) | relations(table, found) | true


def sums(table: pd.DataFrame) -> dict[str, float]:
    """What :func:`curve_of` needs of a study's meetings."""
    share, square, excess = (table[c].to_numpy() for c in ("share", "square", "excess"))
    means = {"n": len(table), "share": share.mean(), "square": square.mean()}
    products = {"a": share @ share, "b": share @ square, "c": square @ square}
    return means | products | {"d": share @ excess, "e": square @ excess}


def curve_of(studies: pd.DataFrame) -> tuple[float, float]:
    """Excess as b·share + c·share², least squares over every meeting of these studies; 0 where nothing is shared.

    Neither is negative: what people share lowers no synchrony.
    """
    return _curve(*(float(studies[k].sum()) for k in "abcde"))


def single_meetings(name: str) -> tuple[float, float]:
    """The same from recovery's single meetings of even contact; for relations in SDs its scale is no matter."""
    cells = pd.read_csv(FOLDER / "recovery.tsv", sep="\t")
    cells = cells[cells["device"] == name]
    share, excess = cells["coupling"].to_numpy(), cells["excess"].to_numpy()
    square = share**2
    return _curve(share @ share, share @ square, square @ square, share @ excess, square @ excess)


def _curve(a: float, b: float, c: float, d: float, e: float) -> tuple[float, float]:
    root = np.linalg.cholesky(np.array([[a, b], [b, c]]))
    (first, second), _ = nnls(root.T, np.linalg.solve(root, np.array([d, e])))
    return float(first), float(second)


def planted_part(studies: pd.DataFrame, curve: tuple[float, float]) -> float:
    """Share of single meetings' variance in excess that is what the planted share lets expect; the rest is chance."""
    n = float(studies["n"].sum())
    mean = np.array([float((studies[k] * studies["n"]).sum()) / n for k in ("share", "square")])
    a, b, c = (float(studies[k].sum()) / n for k in "abc")
    spread = np.array([[a, b], [b, c]]) - np.outer(mean, mean)
    return float(np.array(curve) @ spread @ np.array(curve) / np.mean(studies["excess_sd"] ** 2))
