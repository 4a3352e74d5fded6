"""What people tick: whole numbers that follow severity or alliance through a graded response model.

    P(answer >= k) = 1 / (1 + exp(-a_j (theta - b_jk)))          F. Samejima (1969), doi:10.1007/BF03372160

``theta`` is severity, its negative (wellbeing) or the logit of trust (alliance), plus a person's own way of answering.
Discriminations ``a`` and thresholds ``b`` are made up (evenly spread, differing a little between items): they give
totals a sensible spread and internal consistency, and are no published calibration of any instrument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from interbrain.arrays.streams import stream
from interbrain.data.allowed import close_to
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within

Latent = Literal["severity", "wellbeing", "alliance"]
MISSING_SHARE = 0.2
"""Of items that may be missing; above it there is no total."""


@dataclass(frozen=True)
class Questionnaire:
    """Items and what they follow.

    Parameters
    ----------
    name
        As the instrument's record is called.
    items, low, high
        How many, and the lowest and highest answer.
    follows
        What theta is.
    when
        Filled in before or after a session.
    first, last
        Lowest and highest threshold on theta's scale, before items differ.
    factor
        By which the sum becomes the score.
    """

    name: str
    items: int
    low: int
    high: int
    follows: Latent
    when: Literal["before", "after"]
    first: float = -0.5
    last: float = 3.0
    factor: float = 1.0

    @property
    def score_range(self) -> tuple[float, float]:
        return self.items * self.low * self.factor, self.items * self.high * self.factor

    def discriminations(self) -> np.ndarray:
        """``(item,)``: 1.2 to 2.0, unlike each other."""
        return np.asarray(1.2 + 0.8 * ((np.arange(self.items) * 0.6180339887498949) % 1))

    def thresholds(self) -> np.ndarray:
        """``(item, answer above the lowest)``, rising."""
        step = np.linspace(self.first, self.last, self.high - self.low)
        shift = 0.8 * (((np.arange(self.items) * 0.7548776662466927) % 1) - 0.5)
        return np.asarray(step + shift[:, None])

    def expected(self, theta: np.ndarray) -> np.ndarray:
        """Mean score at theta."""
        distance = np.asarray(theta, dtype=float)[..., None, None] - self.thresholds()
        above = 1 / (1 + np.exp(-self.discriminations()[:, None] * distance))
        return np.asarray(self.factor * (above.sum(axis=(-1, -2)) + self.items * self.low))


QUESTIONNAIRES: dict[str, Questionnaire] = {
    each.name: each
    for each in (
        Questionnaire("phq_9", 9, 0, 3, "severity", "before"),
        Questionnaire("gad_7", 7, 0, 3, "severity", "before"),
        Questionnaire("core_10", 10, 0, 4, "severity", "before"),
        Questionnaire("core_om", 34, 0, 4, "severity", "before", factor=10 / 34),
        Questionnaire("bdi_ii", 21, 0, 3, "severity", "before"),
        Questionnaire("oq_45", 45, 0, 4, "severity", "before"),
        Questionnaire("tai", 20, 1, 4, "severity", "before"),
        Questionnaire("ors", 4, 0, 10, "wellbeing", "before", -3.0, 0.5),
        Questionnaire("srs", 4, 0, 10, "alliance", "after", -3.0, 2.0),
        Questionnaire("wai_sr", 12, 1, 5, "alliance", "after", -2.5, 2.5),
    )
}
USUAL = ("phq_9", "gad_7", "ors", "wai_sr")


def questionnaire(name: str) -> Questionnaire:
    """By name; the error names all that there are.

    Raises
    ------
    BadInput
    """
    if name not in QUESTIONNAIRES:
        known = ", ".join(QUESTIONNAIRES)
        raise BadInput(f"there is no questionnaire {name!r}{close_to(name, QUESTIONNAIRES)}; there are: {known}.")
    return QUESTIONNAIRES[name]


def answer(theta: np.ndarray, asked: Questionnaire, chance: np.ndarray) -> np.ndarray:
    """Answers ``(time, item)`` of people at ``theta`` ``(time,)``, whole numbers from ``low`` to ``high``.

    ``chance`` ``(time, item)`` are uniform numbers in [0, 1): the answer is above a threshold where chance is below
    the probability of it.
    """
    distance = np.asarray(theta, dtype=float)[:, None, None] - asked.thresholds()
    above = 1 / (1 + np.exp(-asked.discriminations()[:, None] * distance))
    return np.asarray(asked.low + (chance[:, :, None] < above).sum(axis=2))


def answer_all(
    sessions: pd.DataFrame,
    seed: int,
    names: Sequence[str] = USUAL,
    missing: float = 0.02,
    style_sd: float = 0.3,
) -> pd.DataFrame:
    """What the patients of a course tick.

    Parameters
    ----------
    sessions
        The table of a :class:`~interbrain.simulate.courses.course.CourseRun`.
    missing
        Chance of an item to be left out, 0 to 1.
    style_sd
        SD of a person's own way of answering, on theta's scale, the same over sessions and unlike between
        questionnaires.

    Returns
    -------
    One row a dyad, session, questionnaire and item: ``dyad, session, when, questionnaire, item, answer``; an answer
    that is missing is ``<NA>``.

    Raises
    ------
    BadInput
    """
    within("answer_all", "missing", missing, 0, 1)
    within("answer_all", "style_sd", style_sd, 0, 10)
    trust = sessions["trust"].clip(1e-3, 1 - 1e-3)
    latent = {
        "severity": sessions["severity"].to_numpy(),
        "wellbeing": -sessions["severity"].to_numpy(),
        "alliance": np.log(trust / (1 - trust)).to_numpy(),
    }
    parts = []
    for asked in map(questionnaire, names):
        style, chance, gone = _draws(sessions, seed, asked)
        ticks = answer(latent[asked.follows] + style_sd * style, asked, chance)
        parts.append(
            pd.DataFrame(
                {
                    "dyad": np.repeat(sessions["dyad"].to_numpy(), asked.items),
                    "session": np.repeat(sessions["session"].to_numpy(), asked.items),
                    "when": asked.when,
                    "questionnaire": asked.name,
                    "item": np.tile(np.arange(1, asked.items + 1), len(sessions)),
                    "answer": pd.array(np.where(gone < missing, np.nan, ticks).ravel(), dtype="Int64"),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _draws(sessions: pd.DataFrame, seed: int, asked: Questionnaire) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Style ``(row,)``, and uniform numbers for answers and for gaps ``(row, item)``; each row has draws of its own."""
    people = {n: stream(seed, "style", asked.name, int(n)).standard_normal() for n in sessions["dyad"].unique()}
    style = sessions["dyad"].map(people).to_numpy(dtype=float)
    rows = zip(sessions["dyad"], sessions["session"])
    chance = np.array([stream(seed, "answers", asked.name, int(n), int(k)).random((2, asked.items)) for n, k in rows])
    return style, chance[:, 0], chance[:, 1]


def totals(answers: pd.DataFrame) -> pd.DataFrame:
    """Scores: ``dyad, session, when, questionnaire, answered, score``.

    Up to a fifth of the items may be missing; the others' mean then stands for them, rounded to a whole sum. With more
    missing the score is NaN.
    """
    keys = ["dyad", "session", "when", "questionnaire"]
    found = answers.groupby(keys, sort=False)["answer"].agg(answered="count", mean="mean").reset_index()
    asked = found["questionnaire"].map(QUESTIONNAIRES)
    items = asked.map(lambda each: each.items).to_numpy()
    enough = found["answered"].to_numpy() >= (1 - MISSING_SHARE) * items
    whole = np.rint(found["mean"].to_numpy(dtype=float, na_value=np.nan) * items)
    score = whole * asked.map(lambda each: each.factor).to_numpy()
    found["score"] = np.where(enough, score, np.nan)
    return found.drop(columns="mean")
