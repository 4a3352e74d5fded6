"""The loop: what two simulated brains learn, recorded in files that devices write, is found again by the run."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from interbrain.simulate.courses.course import changed
from interbrain.study.demo import DEMO, demonstrate, found_beside_planted, relations
from interbrain.study.simulation_plan import Recording

SMALL = changed(
    DEMO,
    {"seed": 4, "dyads": 6, "sessions": 4, "learning": 0.08, "rhythm_sd": 0.01, "gain_spread": 0.1, "measured": False},
)
RECORDED = Recording(devices=("fnirs",), minutes=5.0, rest_s=110.0, missing=1 / 6, expected=True, at_least=8)
PLAN = """
contrast = ["session", "rest"]
[[analysis]]
name = "fnirs-wtc"
modality = "fnirs"
measure = "wtc"
signals = ["hbo", "hbr"]
pairs = "homologous"
surrogates = ["circular_shift"]
n_surrogates = 59
repair = false
[analysis.bands]
slow = [0.0333, 0.125]
"""


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    out = tmp_path_factory.mktemp("loop")
    (out / "plan.toml").write_text(PLAN)
    return demonstrate(out, course=SMALL, recording=RECORDED, plan=out / "plan.toml")


@pytest.fixture(scope="module")
def truth(loop):
    return json.loads((loop.outcome.folder / "provenance.json").read_text())["truth"]


def _at(table, signal, place, segment="session"):
    mine = table[(table["signal_a"] == signal) & (table["segment"] == segment)]
    return mine[(mine["place_a"] == place) & (mine["place_b"] == place)]


@pytest.mark.parametrize("signal", ["hbo", "hbr"])
def test_the_interval_of_growth_covers_the_planted_truth(loop, truth, signal):
    planted = next(t for t in truth["planted"] if t["signal"] == signal)
    row = _at(loop.outcome.tables["course"], signal, "rTPJ").iloc[0]
    assert row["ci_low"] <= planted["slope_per_session"] <= row["ci_high"]
    assert row["ci_low"] > 0 and planted["slope_per_session"] > max(0.05, 5 * planted["slope_se"])
    other = _at(loop.outcome.tables["course"], signal, "lIFG").iloc[0]
    assert other["ci_low"] < 0 < other["ci_high"]


def test_coupling_is_found_where_and_when_it_was_planted(loop):
    tests = loop.outcome.tables["tests"]
    within = tests[tests["test"] == "within"]
    planted = (within["segment"] == "session") & (within["place_a"] == "rTPJ") & (within["place_b"] == "rTPJ")
    assert planted.sum() == 2 and (within["p_family"][planted] == 1 / 60).all()  # HbO and HbR, the smallest there is
    # Four families hold places without coupling, each called at .05 in one of twenty studies.
    assert not (within["p_family"][~planted] <= 1 / 60).any()
    contrast = tests[tests["test"] == "contrast:session-rest"]
    contrast = contrast[(contrast["place_a"] == "rTPJ") & (contrast["place_b"] == "rTPJ")]
    assert len(contrast) == 2 and (contrast["estimate"] > 0.05).all()


def test_who_leads_in_a_meeting_is_found_where_there_is_contact(loop, truth):
    """In the model each dyad has a lead of its own, as its rhythms have: no lead is common to all."""
    synchrony = _at(loop.outcome.tables["synchrony"], "hbo", "rTPJ").set_index(["group", "session"])
    meetings = [m for m in truth["meetings"] if m["planted"]["fnirs"]["coupling"] > 0.4]
    planted = np.array([m["planted"]["fnirs"]["lag_s"] for m in meetings])
    found = np.array([synchrony.loc[(m["group"], m["session"]), "lag_s"] for m in meetings])
    ranks = spearmanr(planted, found)
    assert len(meetings) >= 8 and ranks.statistic > 0 and ranks.pvalue <= 0.05
    assert np.median(np.abs(found - planted)) < 0.5


def test_the_files_are_what_a_lab_would_have(loop, truth):
    written = sorted(p.relative_to(loop.study).as_posix() for p in loop.study.rglob("*_nirs.snirf"))
    assert len(written) == 2 * 20
    scores = pd.read_csv(loop.study / "phenotype" / "gad7.tsv", sep="\t", na_values="n/a")
    assert len(scores) >= 20 and scores["score"].between(0, 21).all()
    assert len(loop.outcome.tables["synchrony"]) == 20 * 2 * 2 * 4  # meetings, segments, signals, regions
    assert len(truth["meetings"]) == 20 and truth["settings"]["learning"] == 0.08


def test_what_is_said_depends_on_what_was_found(loop):
    planted = [
        {
            "place_a": "rTPJ",
            "place_b": "rTPJ",
            "signal": "hbo",
            "segment": "session",
            "slope_per_session": 9.0,
            "slope_se": 0,
        }
    ]
    lines = found_beside_planted(loop.outcome.tables, planted, 0.05)
    assert "DOES NOT cover" in lines[0]
    assert "covers" in loop.lines[0] and "DOES NOT" not in loop.lines[0]
    outcome = loop.outcome.tables["outcome"]
    said = relations(outcome, planted, {})
    assert len(said) == 3 and "PHQ-9" in said[0] and "WAI" in said[1] and "SD of persons" in said[2]
    known = {"instrument": "wai_sr", "part": "within", "points": 0.5, "points_se": 0.1, "points_exact": 0.9,
             "found": {"8": 0.07, "20": 0.2}}  # fmt: skip
    told = relations(outcome, planted, {"outcome": [known]})
    assert (
        told[0] == said[0]
        and told[2] == said[2]
        and "planted: 0.50 (± 0.10), 0.90 if recordings had no error" in told[1]
    )
    assert "in 7 % of studies with 8 patients, in 20 % of studies with 20 patients" in told[1]
