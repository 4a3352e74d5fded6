"""Spoilt files of every kind that is read end in a reading or in one clear message, whatever the damage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interbrain.data.errors import BadInput
from interbrain.data.plan import Plan, read_plan
from interbrain.formats._study_toml import StudyToml
from interbrain.study.read import read_study
from interbrain.study.simulation_plan import asked_course

sys.path.insert(0, str(Path(__file__).resolve().parent / "torture"))

import fuzz

QUICK, ALL = 250, 10_000


def _faults(n: int, workers: int) -> list[str]:
    verdicts = list(fuzz.fuzz(n, workers, data=fuzz.data_folder()))
    assert sorted(v.number for v in verdicts) == list(range(n))
    assert {v.end for v in verdicts} >= {"read", "told"}
    return [f"{v.number} {v.kind} [{v.how}] {v.end}: {v.text}" for v in verdicts if v.end not in fuzz.GOOD]


def test_a_few_hundred_mutants():
    assert _faults(QUICK, 1) == []


@pytest.mark.torture
def test_ten_thousand_mutants():
    assert _faults(ALL, 2) == []


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("raise KeyError('x')", "traceback"),
        ("import os; os.kill(os.getpid(), 11)", "crash"),
        ("import time; time.sleep(30)", "hang"),
        ("b = bytearray(3 << 30)", "memory"),
        ("import os; os.write(2, b'warning')", "noise"),
        ("from interbrain.data.errors import BadInput; raise BadInput('no')", "poor message"),
    ],
)
def test_the_engine_tells_faults_apart(monkeypatch: pytest.MonkeyPatch, fault: str, end: str):
    """Each fault is planted in the worker: an engine that saw none of them would pass everything."""
    one = fuzz.Specimen("plan", {"plan.toml": b"x = 1"}, "plan.toml")
    monkeypatch.setattr(fuzz, "specimens", lambda data: [one])
    monkeypatch.setattr(fuzz, "_warm", lambda known: None)
    monkeypatch.setattr(fuzz, "SECONDS", 1.5)
    monkeypatch.setattr(fuzz, "read_it", lambda specimen, folder: exec(fault))
    assert [v.end for v in fuzz.fuzz(2, 1)] == [end, end]


words = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.text(max_size=8), st.datetimes(), st.just("1e12"), st.just(10**30)
)
values = st.recursive(
    words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def _tables(model: Any, parts: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any value under any known key; nested tables under the keys that hold one."""
    nested = {}
    for key, part in parts.items():
        table = st.dictionaries(st.sampled_from(list(part.model_fields)), values, max_size=6)
        nested[key] = st.one_of(values, table, st.lists(table, max_size=2))
    plain = {key: values for key in model.model_fields if key not in nested}
    return st.fixed_dictionaries({}, optional={**plain, **nested})


def _contents() -> dict[str, tuple[Any, st.SearchStrategy[dict[str, Any]]]]:
    from interbrain.data.plan import PARTS
    from interbrain.formats._study_toml import MODELS
    from interbrain.simulate.courses.course import Course

    simulation = st.dictionaries(st.sampled_from([*Course.model_fields, "record", "x", "patients"]), values, max_size=5)
    return {
        "plan.toml": (read_plan, _tables(Plan, PARTS)),
        "study.toml": (read_study, _tables(StudyToml, MODELS)),
        "sim.toml": (asked_course, simulation),
    }


@pytest.mark.parametrize("name", ["plan.toml", "study.toml", "sim.toml"])
def test_any_value_under_any_key(tmp_path: Path, name: str):
    read, contents = _contents()[name]
    path = tmp_path / name

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(contents)
    def holds(content: dict[str, Any]) -> None:
        path.write_text(tomli_w.dumps(content), encoding="utf-8", errors="replace")
        try:
            read(path)
        except BadInput as error:
            assert str(path) in str(error) and len(str(error)) < 20_000

    holds()
