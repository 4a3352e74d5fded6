"""What is said where nothing can be measured: unreadable people, or people whom no analysis fits."""

import numpy as np
import pytest
from click.testing import CliRunner

import interbrain
from interbrain.app.cli import main

STUDY = """
[study]
roles = ["patient", "therapist"]
[[recordings]]
pattern = "{group}_{session}_{role}.txt"
format = "table"
modality = "motion"
options = { rate = 5.0 }
[[plan.analysis]]
name = "x"
modality = "motion"
surrogates = []
"""


@pytest.fixture
def study(tmp_path):
    random = np.random.default_rng(3)
    for name in ("a_1_patient", "a_1_therapist", "b_1_patient", "b_1_therapist"):
        np.savetxt(tmp_path / f"{name}.txt", random.standard_normal(600), header="m", comments="")
    return tmp_path


def _checked(study, analysis):
    (study / "study.toml").write_text(STUDY + analysis, encoding="utf-8")
    ended = CliRunner().invoke(main, ["check", "--quiet", str(study)])
    assert ended.exit_code == 2
    return ended


@pytest.mark.parametrize(
    "analysis",
    ['measure = "corr"\npartial = ["hart"]', 'measure = "kuramoto"\nbands = { slow = [0.1, 0.5] }'],
)
def test_readable_people_whom_no_analysis_fits_are_not_called_unreadable(study, analysis):
    said = _checked(study, analysis).stderr
    assert "whose recordings can be read" not in said
    assert "2 of 2 meetings, but no analysis of the plan could run" in said


def test_people_who_cannot_be_read_are_called_so(study):
    for file in study.glob("*_therapist.txt"):
        file.write_bytes(b"")
    assert "no meeting has two people whose recordings can be read" in _checked(study, 'measure = "corr"').stderr


def test_two_people_are_too_few_for_a_measure_of_groups_and_that_is_what_is_told(study):
    (study / "study.toml").write_text(STUDY + 'measure = "kuramoto"\nbands = { slow = [0.1, 0.5] }', encoding="utf-8")
    told = [p for p in interbrain.check_study(study).problems if "all members" in p.where]
    assert {p.what for p in told} == {"the group has 2 members"} and {p.why for p in told} == {"it takes 3 members"}
    (study / "b_1_patient.txt").write_bytes(b"")
    told = [
        p.what for p in interbrain.check_study(study).problems if p.where.startswith("group b") and p.why[:2] == "it"
    ]
    assert (
        len(told) == 1
        and told[0].startswith("patient ")
        and told[0].endswith(" has no motion recording that can be read; 1 member has one")
    )


def test_one_thing_to_know_is_one_thing(study):
    (study / "study.toml").write_text(STUDY + 'measure = "corr"', encoding="utf-8")
    (study / "b_1_patient.txt").write_bytes(b"")
    said = CliRunner().invoke(main, ["check", "--quiet", str(study)]).output
    assert "1 thing to know, 1 of which costs data (!):" in said
