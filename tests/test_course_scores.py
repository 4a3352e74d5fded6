"""Reliable change against clinicalsignificance, instruments against their tables, bad scores one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interbrain.course.change import (
    Norms,
    categories,
    cutoffs,
    reliable_change_index,
    smallest_reliable_change,
)
from interbrain.course.instruments import find, records
from interbrain.course.scores import check_scores, score_rows
from interbrain.data.errors import BadInput
from interbrain.data.study import Group, Member
from interbrain.data.tables import TABLES

GROUPS = [Group("01", (Member("p1", "patient"), Member("t1", "therapist"))), Group("02", (Member("p2", "patient"),))]


@pytest.fixture(scope="module")
def claus(data_dir):
    data = pd.read_csv(data_dir / "outcomes" / "claus_2020.csv")
    wide = data.pivot(index="id", columns="time", values="bdi")[[1.0, 4.0]].dropna()
    return wide[1.0].to_numpy(), wide[4.0].to_numpy(), data_dir / "reference" / "outcome-change"


def test_cutoffs_agree_with_clinicalsignificance_and_with_the_paper(claus):
    pre, _, folder = claus
    table = pd.read_csv(folder / "clinicalsignificance_parameters.csv").set_index("config")
    norms = Norms(pre.mean(), pre.std(ddof=1), 8.0, 8.0)
    assert len(pre) == 40 and norms.clinical_sd == pytest.approx(table.sd_clinical["JT_rel0.80_cutoff_a"], rel=1e-12)
    theirs = cutoffs(norms, "clinicalsignificance")
    assert theirs.a == pytest.approx(table.value["JT_rel0.80_cutoff_a"], rel=1e-12)
    assert theirs.b == pytest.approx(table.value["JT_rel0.80_cutoff_b_m8_sd8"], rel=1e-12)
    assert theirs.c == pytest.approx(table.value["JT_rel0.80_cutoff_c_m8_sd8"], rel=1e-12)
    assert cutoffs(norms).b == 24.0  # 8 + 2 · 8: the functional SD, as in the paper
    assert cutoffs(norms).a == theirs.a and cutoffs(norms).c == theirs.c
    assert cutoffs(Norms(30, 5)).b is None


@pytest.mark.parametrize(
    ("config", "reliability", "letter", "counts"),
    [
        ("JT_rel0.80_cutoff_c_m8_sd8", 0.80, "c", (10, 8, 22, 0)),
        ("JT_rel0.80_cutoff_b_m8_sd8", 0.80, "b", (14, 4, 22, 0)),
        ("JT_rel0.93_cutoff_c_m8_sd8", 0.93, "c", (13, 13, 9, 5)),
    ],
)
def test_each_patients_category_agrees(claus, config, reliability, letter, counts):
    pre, post, folder = claus
    table = pd.read_csv(folder / "clinicalsignificance_per_patient.csv")
    table = table[table.config == config]
    norms = Norms(pre.mean(), pre.std(ddof=1), 8.0, 8.0)
    index = reliable_change_index(pre, post, norms.clinical_sd, reliability)
    assert index == pytest.approx(table.rci.to_numpy(), rel=1e-10)
    cut = getattr(cutoffs(norms, "clinicalsignificance"), letter)
    found = categories(pre, post, norms.clinical_sd, reliability, cut)
    assert list(found) == list(table.category.str.lower())
    assert tuple((found == c).sum() for c in ("recovered", "improved", "unchanged", "deteriorated")) == counts
    mirrored = categories(-pre, -post, norms.clinical_sd, reliability, -cut, higher_is="better")
    assert list(mirrored) == list(found)


def test_smallest_reliable_change_is_the_edge(claus):
    pre, _, _ = claus
    edge = smallest_reliable_change(pre.std(ddof=1), 0.8)
    assert edge == pytest.approx(1.959963984540 * 5.15997912935553, rel=1e-10)
    shifted = categories([30.0, 30.0, 30.0], [30 - edge - 1e-6, 30 - edge + 1e-6, np.nan], pre.std(ddof=1), 0.8, 10)
    assert list(shifted) == ["improved", "unchanged", ""]
    with pytest.raises(BadInput, match="reliability 1"):
        smallest_reliable_change(8.0, 1.0)


@pytest.mark.parametrize(
    ("name", "record", "low", "high", "cutoff", "change", "higher"),
    [
        ("PHQ-9", "phq_9", 0, 27, 10, 6, "worse"),
        ("gad7", "gad_7", 0, 21, 8, 4, "worse"),
        ("OQ-45.2", "oq_45", 0, 180, 63, 14, "worse"),
        ("CORE-OM", "core_om", 0, 40, 10, 5, "worse"),
        ("core 10", "core_10", 0, 40, 11, 6, "worse"),
        ("WAI-SR", "wai_sr", 12, 60, None, None, "better"),
        ("ors", "ors", 0, 40, 25, 5, "better"),
        ("SRS", "srs", 0, 40, 36, None, "better"),
        ("BDI-II", "bdi_ii", 0, 63, None, None, "worse"),
        ("tai", "tai", 20, 80, None, None, "worse"),
    ],
)
def test_instruments_say_what_their_sources_say(name, record, low, high, cutoff, change, higher):
    found = find(name)
    assert found.name == record and found.score_range == (low, high)
    assert (found.cutoff, found.reliable_change, found.higher_is) == (cutoff, change, higher)


def test_names_are_unique_over_all_aliases_and_the_unknown_is_none():
    names = [
        n for r in records().values() for n in {"".join(filter(str.isalnum, a.lower())) for a in (r.name, *r.aliases)}
    ]
    assert len(names) == len(set(names))
    assert find("mood today") is None and find("BDI") is None


def scores(*rows):
    return pd.DataFrame(rows, columns=["group", "participant", "instrument", "session", "when", "score"])


GOOD = ("01", "p1", "PHQ-9", 1, "before", 12)


def test_good_scores_pass_unchanged_under_the_instruments_name():
    clean, problems = check_scores(scores(GOOD, ("01", "p1", "phq9", 2, "Before", "7"), (*GOOD[:3], 3, "after", "n/a")))
    assert not problems
    assert clean.to_dict("records")[1] == {
        "group": "01", "participant": "p1", "instrument": "phq_9", "session": 2, "when": "before", "score": 7.0,
    }  # fmt: skip
    assert len(clean) == 2


@pytest.mark.parametrize(
    ("bad", "what", "why"),
    [
        (("01", "p1", "PHQ-9", 2, "before", 28), "a score of 28", "PHQ-9 runs from 0 to 27"),
        (("01", "p1", "PHQ-9", 2, "before", -1), "a score of -1", "runs from 0 to 27"),
        (("01", "p1", "WAI-SR", 2, "after", 11), "a score of 11", "runs from 12 to 60"),
        (("01", "p1", "PHQ-9", 2, "before", "twelve"), "'twelve'", "must be a number"),
        (("01", "p1", "PHQ-9", 2, "before", "inf"), "'inf'", "must be a number"),
        (("01", "p1", "PHQ-9", "first", "before", 3), "'first'", "whole number"),
        (("01", "p1", "PHQ-9", 2, "during", 3), "'during'", "'before' or 'after'"),
        (("09", "p1", "PHQ-9", 2, "before", 3), "'09' is not in the study", "somebody who was recorded"),
        (("01", "p2", "PHQ-9", 2, "before", 3), "'p2' is not in group 01", "p1, t1"),
        (("01", "p1", "phq_9", 1, "before", 5), "a second score of 5 beside 12", "at a time"),
    ],
)
def test_a_bad_score_is_dropped_alone_and_told(bad, what, why):
    clean, problems = check_scores(scores(GOOD, bad, ("02", "p2", "PHQ-9", 1, "before", 9)), GROUPS)
    assert list(clean.score) == [12.0, 9.0]
    (problem,) = problems
    assert what in problem.what and why in problem.why and problem.costs_data
    assert f"group {bad[0]}, session {bad[3]}, {bad[1]}" in problem.where


def test_an_unknown_instrument_is_used_and_told_once():
    clean, problems = check_scores(scores((*GOOD[:2], "mood", 1, "after", 900), (*GOOD[:2], "mood", 2, "after", -3)))
    assert len(clean) == 2 and len(problems) == 1 and not problems[0].costs_data


def test_a_missing_column_is_named():
    with pytest.raises(BadInput, match="'when' is absent"):
        check_scores(scores(GOOD).drop(columns="when"))


def test_scores_are_followed_from_each_persons_first():
    rows = scores(
        ("01", "p1", "phq_9", 2, "before", 10.0),
        ("01", "p1", "phq_9", 1, "after", 15.0),
        ("01", "p1", "phq_9", 1, "before", 16.0),
        ("01", "p1", "phq_9", 3, "before", 22.0),
        ("01", "p1", "ors", 1, "before", 20.0),
        ("01", "p1", "ors", 2, "before", 25.0),
        ("02", "p2", "mood", 1, "before", 3.0),
    )
    found = score_rows(rows, GROUPS)
    assert list(found.columns) == list(TABLES["scores"])
    phq, ors = found[found.instrument == "phq_9"], found[found.instrument == "ors"]
    assert list(phq.change_from_first) == [0, -1, -6, 6]
    assert phq.reliable.isna().iloc[0] and list(phq.reliable[1:]) == ["no", "better", "worse"]
    assert list(phq.below_cutoff) == [False, False, False, False] and set(phq.role) == {"patient"}
    assert ors.reliable.isna().iloc[0] and list(ors.reliable[1:]) == ["better"]
    assert list(ors.below_cutoff) == [True, False]
    mood = found[found.instrument == "mood"].iloc[0]
    assert pd.isna(mood.reliable) and pd.isna(mood.below_cutoff)
