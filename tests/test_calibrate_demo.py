"""The quick form of ``calibrate/demo.py``: relations that are planted are found, those that are not are not."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibrate import demo as table
from interbrain.arrays.streams import stream
from interbrain.simulate.courses.course import Course, changed
from interbrain.simulate.recordings.recorded import simulate_recorded
from interbrain.study.demo import DEMO, RECORDED, growth_known, known

KNOWN = {"square": 0.0, "slope": 1.0, "level": 0.0, "sd": 1e-3}
"""Excess is the planted share itself, without error."""


@pytest.fixture(scope="module")
def pool():
    course = changed(
        DEMO, {"dyads": 24, "seconds": 6.0, "learning": 0.0, "therapist_gain": (0.8, 0.8), "measured": False}
    )
    return simulate_recorded(course, RECORDED.devices, 1.0, 10.0)


def scored(pool, points, sd):
    """The pool with a score that falls by ``points`` a unit of share, beside lines and noise of the patients' own."""
    shares = table.meetings(pool, KNOWN)
    random = stream(4, "scores")
    line = {d: random.normal(0, 1, 2) for d in shares["dyad"].unique()}
    value = [
        line[r.dyad][0] + line[r.dyad][1] * r.session - points * r.excess + sd * random.standard_normal()
        for r in shares.itertuples()
    ]
    scores = pd.DataFrame({"dyad": shares["dyad"], "session": shares["session"], "score": value})
    scores["group"] = [f"{d:02d}" for d in scores["dyad"]]
    scores["participant"] = [f"P{d:02d}" for d in scores["dyad"]]
    scores = scores.assign(instrument="gad_7", when="before")
    return replace(pool, study=replace(pool.study, outcomes=scores.drop(columns="dyad")))


def test_a_planted_relation_is_recovered_in_its_unit_and_shrinks_with_the_error_of_a_recording(pool):
    exact = table.planted(scored(pool, 20.0, 0.1), KNOWN).set_index("part")
    assert exact.loc["within", "estimate"] == pytest.approx(-20, abs=2)
    assert exact.loc["within", "points_exact"] == pytest.approx(-20 * exact.loc["within", "exact_sd"], rel=0.1)
    blurred = table.planted(scored(pool, 20.0, 0.1), KNOWN | {"sd": float(exact.loc["within", "exact_sd"])})
    blurred = blurred.set_index("part")
    assert blurred.loc["within", "points"] == pytest.approx(exact.loc["within", "points_exact"] / np.sqrt(2), rel=0.3)


def test_a_strong_relation_is_found_and_none_is_not(pool):
    signs = {"gad_7 within": -1.0, "gad_7 between": -1.0}
    strong = table.shares(scored(pool, 20.0, 0.1), KNOWN, 12, 4, 3, signs)
    assert strong["gad_7 within"] == 1.0 and strong["patients"] == 12
    none = table.shares(scored(pool, 0.0, 1.0), KNOWN, 12, 12, 3, signs)
    assert none["gad_7 within"] <= 0.25 and none["gad_7 between"] <= 0.25
    assert table.shares(scored(pool, 20.0, 0.1), KNOWN, 12, 4, 3, dict.fromkeys(signs, 1.0))["gad_7 within"] == 0


def test_the_demo_tells_what_was_measured_only_of_the_settings_that_were(tmp_path):
    told = known(changed(DEMO, {"seed": 5}), RECORDED)
    assert told and told == known(DEMO, RECORDED.model_copy(update={"expected": False}))
    assert (
        known(changed(DEMO, {"learning": 0.05}), RECORDED)
        == {}
        == known(DEMO, RECORDED.model_copy(update={"minutes": 7.0}))
    )
    (line,) = growth_known(told)
    assert "chosen so that" in line and f"Of {told['growth']['studies']} such studies" in line
    assert growth_known({}) == []


def test_what_the_demo_tells_is_what_the_tables_of_the_page_hold():
    paths = [table.FOLDER / f"demo_{name}.tsv" for name in ("growth", "relations", "scores")]
    tables = [pd.read_csv(path, sep="\t") if path.exists() else pd.DataFrame() for path in paths]
    assert json.loads(table.TOLD.read_text(encoding="utf-8")) == table.told(*tables)
    assert len(tables[0]) >= 10 and tables[0]["seed"].is_unique and DEMO.seed not in set(tables[0]["seed"])
    for name in (name for name, value in DEMO.model_dump().items() if value != Course().model_dump()[name]):
        assert f"| `{name}` |" in (table.FOLDER / "demo.md").read_text(encoding="utf-8")
