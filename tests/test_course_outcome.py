"""Scores and synchrony: planted relations are found with their sign, shared growth is not a relation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interbrain.course.outcome import association
from interbrain.course.reml import blocks
from interbrain.course.robust import cluster_robust
from interbrain.data.plan import Outcome
from interbrain.data.study import Group, Member
from interbrain.data.tables import TABLES

KEY = {
    "analysis": "a", "measure": "wtc", "modality": "fnirs", "signal_a": "hbo", "signal_b": "hbo", "level": "region",
    "place_a": "left", "place_b": "right", "band": "slow", "direction": "", "segment": "task", "null": "circular_shift",
}  # fmt: skip
SAME, LATER = Outcome(lag_sessions=0), Outcome(lag_sessions=1)


def course(
    seed=0, persons=8, sessions=6, missing=1 / 3, within=0.0, between=0.0, lagged=0.0, trends=0.0, error=2.0, spread=1.0
):
    """Synchrony and scores that both change over sessions; ``trends`` correlates the persons' rates of change."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.06, persons)
    covariance = spread * np.array([[4e-4, trends * 0.02], [trends * 0.02, 1.0]])
    rates = rng.multivariate_normal([0.02, -1.0], covariance, persons)
    x_own = rng.normal(0, 0.04, (persons, sessions))
    t = np.arange(sessions)
    x = 0.2 + level[:, None] + rates[:, :1] * t + x_own
    y = 30 + between * level[:, None] + rng.normal(0, 3, (persons, 1)) + rates[:, 1:] * t + within * x_own
    y[:, 1:] += lagged * x_own[:, :-1]
    y += rng.normal(0, error, y.shape)
    kept = rng.random((persons, sessions)) >= missing
    kept[:, 0] = kept[:, -1] = True
    k, s = np.nonzero(kept)
    table = pd.DataFrame({**KEY, "group": [f"{i:02d}" for i in k], "session": s + 1, "excess": x[k, s]})
    scores = pd.DataFrame(
        {
            "group": table.group, "participant": "p" + table.group, "instrument": "mood", "session": s + 1,
            "when": "after", "score": y[k, s],
        }
    )  # fmt: skip
    return table, scores


def groups_of(table):
    return [Group(g, (Member("p" + g, "patient"), Member("t", "therapist"))) for g in sorted(set(table.group))]


def related(table, scores, plan=SAME):
    return association(table, scores, groups_of(scores), plan).set_index(["part", "lag_sessions"])


def test_a_planted_within_person_relation_is_recovered_and_nothing_between():
    found = related(*course(seed=1, persons=25, within=-60.0, missing=0.2))
    row = found.loc["within", 0]
    assert abs(row.estimate + 60) < 3 * row.se and row.ci_high - row.ci_low < 40
    assert row.p < 1e-4 and (row.participant_role, row.when) == ("patient", "after")
    assert row.n_groups == 25 and row.n_scores > 100
    assert found.loc["between", 0].ci_low < 0 < found.loc["between", 0].ci_high
    assert set(TABLES["outcome"]) == set(found.reset_index().columns)
    opposite = related(*course(seed=1, persons=25, within=60.0, missing=0.2)).loc["within", 0]
    assert abs(opposite.estimate - 60) < 3 * opposite.se


def test_standard_errors_follow_whole_persons_as_with_a_dummy_for_all_that_is_their_own():
    table, scores = course(seed=3, persons=9, within=-20.0, missing=0.2)
    row = related(table, scores).loc["within", 0]
    y, t, person = scores.score.to_numpy(), table.session.to_numpy(float), table.group.to_numpy()
    names = sorted(set(person))
    own = np.column_stack([(person == n) * f for n in names for f in (np.ones(len(y)), t)])
    x = table.excess.to_numpy() - own @ np.linalg.lstsq(own, table.excess.to_numpy(), rcond=None)[0]
    full = np.column_stack([x, own])
    assert np.linalg.matrix_rank(full) == full.shape[1]
    data = blocks(y, full, full[:, :1], person)
    same = np.stack([np.eye(data.mask.shape[1])] * len(names))
    beta = np.linalg.lstsq(full, y, rcond=None)[0]
    se, df = cluster_robust(data, same, beta)
    assert [row.estimate, row.se, row.df] == pytest.approx([beta[0], se[0], df[0]], rel=1e-8)
    assert row.df < 9 and "CR2 over persons" in row.method


def test_a_planted_between_person_relation_is_recovered_and_nothing_within():
    found = related(*course(seed=3, persons=30, between=80.0, missing=0.2, spread=0.0))
    row = found.loc["between", 0]
    assert row.ci_low > 0 and row.ci_low < 80 < row.ci_high and row.df == 28
    assert found.loc["within", 0].p > 0.05


def test_between_is_the_line_through_means_when_nobody_is_missing():
    table, scores = course(seed=4, missing=0.0, between=50.0)
    line = stats.linregress(table.groupby("group").excess.mean(), scores.groupby("group").score.mean())
    row = related(table, scores).loc["between", 0]
    assert [row.estimate, row.se, row.p, row.df] == pytest.approx([line.slope, line.stderr, line.pvalue, 6], rel=1e-9)


def test_who_came_when_does_not_look_like_a_difference_between_persons():
    """Late comers have more synchrony and lower scores only because both change over sessions."""
    table, scores = course(seed=5, persons=12, missing=0.0, error=0.3)
    early = table.group < "06"
    keep = np.where(early, table.session <= 3, table.session >= 4)
    raw = stats.linregress(
        table[keep].groupby("group").excess.mean(), scores[keep].groupby("group").score.mean()
    )  # fmt: skip
    row = related(table[keep], scores[keep]).loc["between", 0]
    assert abs(row.estimate) < abs(raw.slope)


def test_things_that_only_grow_together_are_not_related_within_persons():
    """60 studies with rates of change that correlate −.7 over persons; deviations from the mean would call a third."""
    p = [related(*course(seed=s, trends=-0.7)).loc["within", 0].p for s in range(60)]
    assert np.mean(np.array(p) <= 0.05) <= stats.binom.ppf(0.9995, 60, 0.05) / 60
    assert np.mean(np.array(p) <= 0.5) > 0.3


def test_a_lagged_relation_is_recovered_and_one_at_the_same_session_is_not_taken_for_it():
    planted = related(*course(seed=6, persons=40, lagged=-80.0, missing=0.0), LATER).loc["within", 1]
    assert planted.ci_low < -80 < planted.ci_high < 0
    assert planted.adjusted_for == "session, synchrony at session t + 1"
    same = related(*course(seed=6, persons=40, within=-80.0, missing=0.0), LATER)
    assert same.loc["within", 0].ci_high < 0
    assert same.loc["within", 1].p > 0.01


def test_scores_before_and_after_and_roles_stay_apart():
    table, scores = course(seed=7)
    therapist = scores.assign(participant="t", when="before", instrument="SRS", score=38.0 + scores.session % 3)
    found = association(table, pd.concat([scores, therapist]), groups_of(table), SAME)
    seen = set(zip(found.instrument, found.participant_role, found.when, found.part))
    assert seen == {
        (i, r, w, p)
        for i, r, w in (("mood", "patient", "after"), ("SRS", "therapist", "before"))
        for p in ("within", "between")
    }


def test_scores_at_the_floor_are_noted():
    table, scores = course(seed=8)
    scores = scores.assign(instrument="phq_9", score=(scores.score - 28).clip(0, 27))
    assert "lowest possible (0)" in related(table, scores).loc["within", 0].note


def test_one_person_is_described_alone():
    table, scores = course(seed=9, persons=1, sessions=9, missing=0.0, within=-60.0)
    found = related(table, scores)
    t, x, y = table.session.to_numpy(float), table.excess.to_numpy(), scores.score.to_numpy()
    slope = np.linalg.lstsq(np.column_stack([x, np.ones(9), t]), y, rcond=None)[0][0]
    row = found.loc["within", 0]
    assert row.estimate == pytest.approx(slope, rel=1e-8) and row.df == 6
    assert "one person alone" in row.note
    assert "at least 4" in found.loc["between", 0].note


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda t, s: (t, s.groupby("group").head(2)), "nobody has 3 sessions"),
        (lambda t, s: (t, s.assign(score=5.0)), "every score is the same"),
        (lambda t, s: (t[t.group == "00"].groupby("group").head(3), s), "are needed for what is adjusted for"),
    ],
)
def test_too_little_gives_a_row_that_says_what_is_needed(change, note):
    table, scores = change(*course(seed=2, missing=0.0))
    row = related(table, scores).loc["within", 0]
    assert np.isnan(row.estimate) and row.method == "not fitted" and note in row.note


def test_no_scores_give_an_empty_table_with_its_columns():
    table, scores = course()
    assert list(association(table, scores.head(0), groups_of(table), SAME).columns) == list(TABLES["outcome"])


def test_one_sd_of_synchrony_is_that_around_own_lines_and_that_of_means():
    """Three persons of four sessions: deviations by hand from numpy's line, two degrees of freedom a person."""
    table, scores = course(seed=3, persons=6, sessions=4, missing=0.0)
    found = related(table, scores)
    squares, means = 0.0, []
    for _, mine in table.groupby("group"):
        line = np.polyval(np.polyfit(mine["session"], mine["excess"], 1), mine["session"])
        squares += float(((mine["excess"] - line) ** 2).sum())
        means.append(mine["excess"].mean())
    assert found.loc[("within", 0), "sd_synchrony"] == pytest.approx(np.sqrt(squares / (6 * 2)))
    assert found.loc[("between", 0), "sd_synchrony"] == pytest.approx(np.std(means, ddof=1))
