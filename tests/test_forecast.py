"""The time left, on clocks that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from interbrain.study.forecast import Forecast, Kind


class Time:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def run(kinds, costs, workers=2, tried=None):
    """A run whose tasks take what ``costs`` says, in the order of kinds; the forecast and the truth at each end."""
    clock = Time()
    forecast = Forecast(kinds, workers, clock)
    for name, seconds in (tried or {}).items():
        forecast.tried(name, seconds)
    said = []
    for name, each in costs.items():
        free = [clock.now] * (1 if kinds[name].alone else workers)
        ends = []
        for index, seconds in enumerate(each):
            place = int(np.argmin(free))
            begin = free[place]
            free[place] = begin + seconds
            ends += [(begin, 0, index), (begin + seconds, 1, index)]
        for when, ended, index in sorted(ends):
            clock.now = when
            (forecast.ended if ended else forecast.begun)(name, index)
            if ended:
                said.append((when, forecast.left_s()))
    return np.array([(left, clock.now - when) for when, left in said if clock.now > when])


def kinds():
    return {
        "persons": Kind("", 40, 10.0),
        "twins": Kind("", 1, 60.0, alone=True),
        "meetings": Kind("", 20, 20.0),
    }


def test_tasks_that_cost_what_was_guessed_are_told_exactly():
    left, true = run(kinds(), {"persons": [1.0] * 40, "twins": [6.0], "meetings": [2.0] * 20}).T
    assert left == pytest.approx(true, abs=1.01)  # a second worker is a task ahead


def test_a_meeting_tried_ahead_mends_a_guess_that_is_far_off():
    costs = {"persons": [1.0] * 40, "twins": [6.0], "meetings": [30.0] * 20}
    guessed, known = run(kinds(), costs), run(kinds(), costs, tried={"meetings": 30.0})
    early = slice(0, 30)
    assert (guessed[early, 0] < 0.3 * guessed[early, 1]).all()
    assert known[early, 0] == pytest.approx(known[early, 1], rel=0.06)


def test_slow_first_tasks_and_steps_of_an_earlier_run_are_soon_forgotten():
    random = np.random.default_rng(1)
    for first in ([12.0] * 2, [0.01] * 10):
        later = list(random.normal(1.0, 0.2, 40 - len(first)))
        left, true = run({"persons": Kind("", 40, 10.0)}, {"persons": [*first, *later]}).T
        half = slice(len(first) + 10, 35)
        assert left[half] == pytest.approx(true[half], rel=0.2, abs=1)


def test_counts_that_turn_out_otherwise_are_taken_over():
    forecast = Forecast({"persons": Kind("", 4, 1.0)}, 1, Time())
    forecast.tried("persons", 2.0)
    assert forecast.left_s() == pytest.approx(8.0)
    forecast.counted(["persons"] * 10)
    assert forecast.left_s() == pytest.approx(20.0)


def test_nothing_is_said_before_anything_is_known():
    assert Forecast(kinds(), 2).left_s() is None
    assert Forecast({}, 1).left_s() is None
