"""Growth over sessions: reference numbers, planted slopes, sign flips against a loop, thin data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import naive_course as naive
from interbrain.course.growth import growth
from interbrain.course.mixed import fit
from interbrain.data.errors import BadInput
from interbrain.data.plan import Course
from interbrain.data.tables import TABLES

PLAIN = Course(covariates=())
PLACE = {
    "analysis": "fnirs-wtc", "measure": "wtc", "modality": "fnirs", "signal_a": "hbo", "signal_b": "hbo",
    "level": "region", "place_a": "left", "place_b": "right", "band": "slow", "direction": "", "segment": "task",
    "null": "circular_shift", "condition": "", "therapist": "T1",
}  # fmt: skip


def study(seed=0, dyads=8, sessions=6, missing=1 / 3, slope=0.02, slope_sd=0.02, **place):
    """Meetings of dyads with own levels and slopes, a share of the sessions missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(dyads):
        level, own = rng.normal(0.2, 0.06), rng.normal(slope, slope_sd)
        for s in np.sort(rng.permutation(sessions)[: max(2, rng.binomial(sessions, 1 - missing))]):
            rows.append(
                {
                    **PLACE, **place, "group": f"{k:02d}", "session": s + 1, "arm": "",
                    "excess": level + own * s + rng.normal(0, 0.04), "duration_s": rng.normal(1500, 200),
                    "usable": rng.uniform(0.6, 1),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def synthetic(data_dir):
    folder = data_dir / "reference" / "mixed-models"
    data = pd.read_csv(folder / "synthetic_synchrony_input.csv")
    table = data.rename(columns={"dyad": "group", "synchrony": "excess"}).assign(**PLACE)
    table["arm"] = np.where(table.treatment == 1, "treated", "control")
    return table, pd.read_csv(folder / "mixed_fixed_effects.csv")


@pytest.mark.parametrize(("random", "model"), [("auto", "syn_RIS:"), ("always", "syn_RIS:"), ("never", "syn_RI:")])
def test_course_has_the_reference_slope_interval_and_p(synthetic, random, model):
    table, reference = synthetic
    course, _ = growth(table.assign(arm=""), Course(random_slope=random, standard_errors="kenward_roger"))
    row = course.iloc[0]
    expected = reference[reference.model.str.startswith(model) & (reference.df_method == "Kenward-Roger")]
    expected = expected.set_index("term").loc["time"]
    assert (len(course), row.term, row.n_groups, row.n_meetings) == (1, "session", 8, 39)
    assert [row.slope, row.se, row.df, row.p] == pytest.approx(
        [expected.estimate, expected.se, expected.df, expected.p], rel=1e-4
    )
    half = stats.t.ppf(0.975, expected.df) * expected.se
    assert [row.ci_low, row.ci_high] == pytest.approx([expected.estimate - half, expected.estimate + half], rel=1e-4)
    assert list(course.columns) == list(TABLES["course"])


def test_arms_give_the_mean_slope_and_the_difference(synthetic):
    table, _ = synthetic
    course, groups = growth(table, Course(random_slope="never", covariates=(), standard_errors="kenward_roger"))
    one, time, arm = np.ones(len(table)), table.time.to_numpy(float), table.treatment.to_numpy(float)
    dummy = fit(
        table.excess.to_numpy(), np.column_stack([one, time, arm, time * arm]), table.group.to_numpy(), one[:, None]
    )
    rows = course.set_index("term")
    assert list(rows.index) == ["session", "session × arm[treated]"]
    assert rows.slope["session"] == pytest.approx(dummy.beta[1] + dummy.beta[3] / 2, rel=1e-6)
    difference = rows.loc["session × arm[treated]"]
    assert [difference.slope, difference.se, difference.df] == pytest.approx(
        [dummy.beta[3], dummy.se_kr[3], dummy.df_kr[3]], rel=1e-5
    )
    assert np.isnan(difference.p_signflip)
    by_arm = groups.groupby("arm").slope.mean()
    assert by_arm["treated"] - by_arm["control"] == pytest.approx(dummy.beta[3], rel=1e-5)


def test_dyads_have_their_own_lines():
    table = study(1)
    _, groups = growth(table, PLAIN)
    groups = groups.set_index("group")
    for name, rows in table.groupby("group"):
        assert groups.slope_own[name] == pytest.approx(np.polyfit(rows.session, rows.excess, 1)[0], rel=1e-8)
        assert groups.n_meetings[name] == len(rows)
    spread = groups.slope.std() / groups.slope_own.std()
    assert 0.1 < spread < 0.95  # predictions lie between the common line and each dyad's own
    assert np.corrcoef(groups.slope, groups.slope_own)[0, 1] > 0.8
    first = table[table.session == 1].set_index("group").excess
    assert groups.level_at_first[first.index].to_numpy() == pytest.approx(first.to_numpy(), abs=0.12)
    assert set(groups.therapist) == {"T1"}


def test_a_longer_recording_is_not_growth():
    table = study(3, slope=0.0, slope_sd=0.003, missing=0.2)
    table["duration_s"] = 1200 + 120 * table.session + np.random.default_rng(0).normal(0, 200, len(table))
    table["excess"] += 0.03 * table.duration_s / 60
    blind, _ = growth(table, PLAIN)
    seeing, _ = growth(table, Course())
    assert blind.ci_low[0] > 0.02
    assert seeing.ci_low[0] < 0 < seeing.ci_high[0]
    assert "duration + usable" in seeing.method[0]
    # Own slopes are freed from the covariate too, so the sign flips agree.
    assert blind.p_signflip[0] < 0.02 < seeing.p_signflip[0]


def test_covariates_that_say_nothing_are_left_out_and_told():
    table = study(2).assign(duration_s=1800.0)
    table.loc[0, "usable"] = np.nan
    row = growth(table, Course())[0].iloc[0]
    assert row.method == (
        "excess ~ session + (1 + session | group); fixed weights, cluster-robust CR2; "
        "left out: duration (does not vary), usable (not known for every meeting)"
    )
    assert row.slope == growth(table, PLAIN)[0].slope[0]
    table = table.assign(duration_s=600 + 60.0 * table.session)
    assert "duration (follows from the other terms)" in growth(table, Course())[0].method[0]


def test_sign_flips_equal_the_loop_over_all_signs():
    table = study(5, dyads=6, slope=0.01)
    row = growth(table, PLAIN)[0].iloc[0]
    lines = [
        (np.polyfit(r.session, r.excess, 1)[0], ((r.session - r.session.mean()) ** 2).sum())
        for _, r in table.groupby("group")
    ]
    slopes, spread = np.array(lines).T
    assert row.p_signflip == pytest.approx(naive.sign_flip_p(slopes, spread / (spread + spread.mean())))
    assert row.p_family == row.p_signflip
    assert "all sign flips of 6 dyads, smallest p 0.0312" in row.note


def test_the_family_is_the_maximum_over_pairs_under_common_flips():
    pairs = [study(seed, dyads=6, slope=slope, place_b=f"p{seed}") for seed, slope in ((5, 0.01), (6, 0.0), (7, 0.0))]
    pairs[1]["excess"] *= 100  # a noisy pair must not swamp the others
    other = study(8, dyads=6, slope=0.05, segment="rest")
    together = growth(pd.concat([*pairs, other]), PLAIN)[0].set_index("place_b")
    alone = [growth(p, PLAIN)[0].p_signflip[0] for p in pairs]
    assert together.p_signflip[["p5", "p6", "p7"]].to_numpy() == pytest.approx(alone)
    assert (together.p_family >= together.p_signflip).all()
    assert together.p_family["p5"] > together.p_signflip["p5"]
    assert together.p_family["p5"] <= 3 * together.p_signflip["p5"] + 1e-12
    assert together.p_family["right"] == together.p_signflip["right"]  # another segment is another family
    twin = growth(pd.concat([pairs[0], pairs[0].assign(place_b="same")]), PLAIN)[0]
    assert twin.p_family.to_numpy() == pytest.approx([alone[0], alone[0]])


def test_random_flips_keep_the_identity_and_follow_the_seed():
    table = study(1, dyads=12, slope=0.1, slope_sd=0.01)
    plan = Course(covariates=(), n_signflips=199)
    first, second = growth(table, plan, seed=1)[0], growth(table.sample(frac=1, random_state=0), plan, seed=1)[0]
    assert first.p_signflip[0] == 1 / 200
    assert "random sign flips of 12 dyads, smallest p 0.005" in first.note[0]
    weak = [growth(study(1, dyads=12, slope=0.004), plan, seed=s)[0].p_signflip[0] for s in (1, 1, 2)]
    assert weak[0] == weak[1] != weak[2]
    pd.testing.assert_frame_equal(first, second, rtol=1e-6)


def test_one_dyad_is_described_by_its_own_line():
    table = study(4, dyads=1, missing=0)
    row = growth(table, PLAIN)[0].iloc[0]
    line = stats.linregress(table.session, table.excess)
    assert [row.slope, row.se, row.p] == pytest.approx([line.slope, line.stderr, line.pvalue], rel=1e-8)
    assert (row.df, row.n_groups, row.n_meetings) == (4, 1, 6)
    assert "least squares within one dyad" in row.method and "not of others" in row.note
    assert np.isnan(row.p_signflip)


def test_two_dyads_share_a_slope_and_keep_their_levels():
    table = pd.concat([study(4, dyads=2, missing=0), study(9, dyads=1, missing=0).head(1).assign(group="once")])
    course, groups = growth(table, Course(covariates=("duration",)))
    pair = table[table.group != "once"]
    x = np.column_stack([pair.group == "00", pair.group == "01", pair.session, pair.duration_s]).astype(float)
    assert course.slope[0] == pytest.approx(np.linalg.lstsq(x, pair.excess, rcond=None)[0][2], rel=1e-8)
    assert (course.df[0], course.n_groups[0], course.n_meetings[0]) == (8, 2, 12)
    assert list(groups.n_meetings) == [6, 6, 1] and np.isnan(groups.slope_own[2])


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda t: t[t.session == 1], "a course needs 3 dyads with 2 sessions"),
        (lambda t: t.assign(excess=np.nan), "0 dyads"),
        (lambda t: t.assign(excess=0.3), "every meeting has the same value"),
        (lambda t: t[(t.group == "00")].head(2), "needs at least 3 meetings"),
        (lambda t: t[t.group == "00"].assign(excess=lambda r: 0.1 * r.session), "exactly on a line"),
    ],
)
def test_too_little_gives_a_row_that_says_what_is_needed(change, note):
    course, _ = growth(change(study(2, missing=0)), PLAIN)
    assert len(course) == 1 and course.slope.isna().all() and course.p.isna().all()
    assert note in course.note[0] and course.method[0] == "not fitted"


def test_a_bad_pair_does_not_stop_the_others():
    table = pd.concat([study(1), study(2, place_b="dead").assign(excess=np.nan)])
    course = growth(table, PLAIN)[0].set_index("place_b")
    assert course.slope["right"] == pytest.approx(growth(study(1), PLAIN)[0].slope[0])
    assert np.isnan(course.slope["dead"])


def test_a_missing_column_is_named():
    with pytest.raises(BadInput, match="excess"):
        growth(study(0).drop(columns="excess"), PLAIN)


def test_a_random_slope_is_kept_at_the_boundary_and_dropped_only_when_data_are_too_few():
    row = growth(study(3, dyads=5, slope_sd=0.0), PLAIN)[0].iloc[0]
    assert "(1 + session | group)" in row.method and "at its boundary" in row.note
    two = study(3).groupby("group").head(2)
    row = growth(two, PLAIN)[0].iloc[0]
    assert "(1 | group)" in row.method
    refused = growth(two, Course(covariates=(), random_slope="always"))[0].iloc[0]
    assert np.isnan(refused.slope) and "0 dyads have 3 sessions" in refused.note


def test_an_arm_of_one_dyad_is_not_compared():
    table = study(1)
    table["arm"] = np.where(table.group == "00", "B", "A")
    course, _ = growth(table, PLAIN)
    assert list(course.term) == ["session"]
    assert "1 of at least 2 dyads with 2 sessions in B" in course.method[0]
