"""The loop: what the simulator plants, written as files that devices write, is found again by the run."""

import numpy as np
import pandas as pd
import pytest

from interbrain.simulate.settings import Simulation
from interbrain.study.demo import demonstrate, found_beside_planted

SMALL = Simulation(
    seed=4,
    patients=6,
    sessions=4,
    missing=1 / 6,
    regions=("lIFG", "rTPJ"),
    channels_per_region=2,
    rest_s=90.0,
    task_s=(240.0, 300.0),
    coupling=0.1,
    growth=0.25,
)


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    return demonstrate(tmp_path_factory.mktemp("loop"), simulation=SMALL)


def _course(loop, signal, place):
    course = loop.outcome.tables["course"]
    mine = course[(course["signal_a"] == signal) & (course["segment"] == "task")]
    return mine[(mine["place_a"] == place) & (mine["place_b"] == place)].iloc[0]


@pytest.mark.parametrize("signal", ["hbo", "hbr"])
def test_the_interval_of_growth_covers_the_planted_truth(loop, signal):
    import json

    truth = json.loads((loop.outcome.folder / "provenance.json").read_text())["truth"]["planted"]
    slope = next(t["slope_per_session"] for t in truth if t["signal"] == signal)
    row = _course(loop, signal, "rTPJ")
    assert row["ci_low"] <= slope <= row["ci_high"]
    assert row["ci_low"] > 0 and slope > 0.05
    other = _course(loop, signal, "lIFG")
    assert other["ci_low"] < 0 < other["ci_high"]


def test_coupling_is_found_where_and_when_it_was_planted(loop):
    tests = loop.outcome.tables["tests"]
    within = tests[tests["test"] == "within"]
    planted = (within["segment"] == "task") & (within["place_a"] == "rTPJ") & (within["place_b"] == "rTPJ")
    assert planted.sum() == 2 and (within["p_family"][planted] == 1 / 200).all()  # HbO and HbR, the smallest there is
    # Four families hold places without coupling, each called at .05 in one of twenty studies: not called at .01.
    assert not (within["p_family"][~planted] <= 0.01).any()
    contrast = tests[
        (tests["test"] == "contrast:task-rest") & (tests["place_a"] == "rTPJ") & (tests["place_b"] == "rTPJ")
    ]
    assert (contrast["estimate"] > 0.05).all()


def test_the_patient_is_found_ahead_by_about_the_planted_second(loop):
    tests = loop.outcome.tables["tests"]
    lead = tests[(tests["test"] == "leads") & (tests["segment"] == "task")]
    lead = lead[(lead["place_a"] == "rTPJ") & (lead["place_b"] == "rTPJ")]
    np.testing.assert_allclose(lead["estimate"], SMALL.lag_s, atol=0.4)
    assert (lead["p"] <= 0.07).all()  # six dyads: the smallest two-sided p is 2/64


def test_the_files_are_what_a_lab_would_have(loop):
    written = sorted(p.relative_to(loop.study).as_posix() for p in loop.study.rglob("*_nirs.snirf"))
    assert len(written) == 2 * 20
    scores = pd.read_csv(loop.study / "phenotype" / "gad7.tsv", sep="\t")
    assert len(scores) == 6 * 4 and scores["score"].between(0, 21).all()
    assert len(loop.outcome.tables["synchrony"]) == 20 * 2 * 2 * 4


def test_what_is_said_depends_on_what_was_found(loop):
    planted = [
        {
            "place_a": "rTPJ",
            "place_b": "rTPJ",
            "signal": "hbo",
            "segment": "task",
            "slope_per_session": 9.0,
            "slope_se": 0,
        }
    ]
    lines = found_beside_planted(loop.outcome.tables, planted, 0.05)
    assert "DOES NOT cover" in lines[0]
    assert "covers" in loop.lines[0] and "DOES NOT" not in loop.lines[0]
