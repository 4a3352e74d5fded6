"""A long comparison of two files tells how long it will still take; a short one says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import interbrain
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference.null import surrogate_draws
from interbrain.measures import module, records
from interbrain.study import pair_progress, two_files
from interbrain.study.pair_progress import PairProgress
from interbrain.study.within import measure_pair


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_time_left_is_that_of_the_surrogates_to_come(capsys):
    clock = Clock()
    with PairProgress(True, 2 * 100, clock) as watch:
        for number in range(100):
            watch(number, 100)
            clock.time += 3.0
            if number == 10:
                assert watch.forecast.left_s() == pytest.approx(189 * 3.0 + 0.1 * 3.0)
        watch(0, 100)
        assert watch.forecast.left_s() == pytest.approx(300.0)
    shown = capsys.readouterr().err
    assert "comparing with chance" in shown and "<" in shown


def test_more_surrogates_than_expected_are_counted():
    clock = Clock()
    watch = PairProgress(False, 10, clock)
    for _ in range(2):
        for number in range(10):
            watch(number, 10)
            clock.time += 1.0
    assert watch.kind.count == 20 and watch.bar is None


def test_what_is_done_in_a_moment_shows_nothing(capsys):
    clock = Clock()
    with PairProgress(True, 10, clock) as watch:
        for number in range(10):
            watch(number, 10)
            clock.time += 0.01
    assert capsys.readouterr().err == ""


def test_the_watch_sees_every_surrogate():
    seen = []
    random = np.random.default_rng(1)
    a, b = (Block(x[None, None], np.ones((1, 1, 300), bool), 4.0) for x in random.standard_normal((2, 300)))
    record, corr = records()["corr"], module("corr")
    settings = {**resolve_settings(record, {}), "bands": {}}
    sides = corr.prepare(a, settings), corr.prepare(b, settings), b
    how = settings, "circular_shift", 19, np.random.default_rng(2)
    surrogate_draws(corr, record, *sides, *how, watch=lambda i, n: seen.append((i, n)))
    assert seen == [(i, 19) for i in range(19)]


def test_pair_shows_a_bar_on_stderr_and_the_same_numbers(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pair_progress, "MOMENT_S", 0.0)
    for name, seed in (("a", 1), ("b", 2)):
        series = np.random.default_rng(seed).standard_normal(400)
        (tmp_path / f"{name}.csv").write_text("eda\n" + "\n".join(map(str, series)) + "\n", encoding="utf-8")
    asked = {"measure": "granger", "modality": "eda", "options": {"rate": 4.0}, "n_surrogates": 19}
    silent = interbrain.pair(tmp_path / "a.csv", tmp_path / "b.csv", **asked)
    assert capsys.readouterr().err == ""
    watched = interbrain.pair(tmp_path / "a.csv", tmp_path / "b.csv", **asked, progress=True)
    assert "comparing with chance" in capsys.readouterr().err
    assert silent.equals(watched)


def test_pair_computes_with_one_thread_as_a_run_does(tmp_path, monkeypatch):
    """Threads of linear algebra that wait for each other cost 25 s of processor where one takes 3."""
    seen = []

    def measured(task):
        seen.append({pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"})
        return measure_pair(task)

    monkeypatch.setattr(two_files, "measure_pair", measured)
    for name in "ab":
        series = np.random.default_rng(ord(name)).standard_normal(400)
        (tmp_path / f"{name}.csv").write_text("eda\n" + "\n".join(map(str, series)) + "\n", encoding="utf-8")
    interbrain.pair(
        tmp_path / "a.csv", tmp_path / "b.csv", "corr", modality="eda", options={"rate": 4.0}, n_surrogates=19
    )
    assert seen == [{1}]
