"""Questionnaires agree with their records and with the item model; reference models with algebra."""

import numpy as np
import pandas as pd
import pytest

from interbrain.course.instruments import records
from interbrain.data.errors import BadInput
from interbrain.simulate.courses.questionnaires import QUESTIONNAIRES, USUAL, answer, answer_all, questionnaire, totals
from interbrain.simulate.courses.reference_models import Liebovitch, TschacherHaken, stated_results


def sessions(dyads=200, severity=(1.5, 0.5), trust=(0.3, 0.8)):
    rows = [(d, s + 1, severity[s], trust[s]) for d in range(1, dyads + 1) for s in range(len(severity))]
    return pd.DataFrame(rows, columns=["dyad", "session", "severity", "trust"])


@pytest.mark.parametrize("name", QUESTIONNAIRES)
def test_names_and_ranges_are_those_of_the_instruments(name):
    asked, record = QUESTIONNAIRES[name], records()[name]
    assert asked.score_range == pytest.approx(record.score_range)
    assert (asked.follows == "severity") == (record.higher_is == "worse")


def test_every_instrument_that_has_a_record_can_be_ticked():
    assert set(records()) == set(QUESTIONNAIRES)


def test_answers_follow_the_graded_response_model():
    asked, random = questionnaire("phq_9"), np.random.default_rng(1)
    for theta in (-1.0, 1.0, 2.5):
        ticks = answer(np.full(4000, theta), asked, random.random((4000, 9)))
        assert ticks.min() >= 0 and ticks.max() <= 3 and ticks.dtype.kind == "i"
        a, b = asked.discriminations()[4], asked.thresholds()[4]
        above = 1 / (1 + np.exp(-a * (theta - b)))
        shares = [(ticks[:, 4] >= k).mean() for k in (1, 2, 3)]
        np.testing.assert_allclose(shares, above, atol=4 * 0.5 / np.sqrt(4000))
        assert ticks.sum(axis=1).mean() == pytest.approx(float(asked.expected(np.array(theta))), abs=0.3)


def test_scores_follow_what_they_measure():
    found = totals(answer_all(sessions(), seed=2, missing=0.0))
    assert set(found["questionnaire"]) == set(USUAL)
    mean = found.groupby(["questionnaire", "session"])["score"].mean().unstack()
    assert mean.loc["phq_9", 1] > mean.loc["phq_9", 2] + 3 and mean.loc["gad_7", 1] > mean.loc["gad_7", 2] + 2
    assert mean.loc["ors", 2] > mean.loc["ors", 1] + 3 and mean.loc["wai_sr", 2] > mean.loc["wai_sr", 1] + 5
    for name in USUAL:
        low, high = QUESTIONNAIRES[name].score_range
        score = found.loc[found["questionnaire"] == name, "score"]
        assert score.between(low, high).all() and (score == score.round()).all()


def test_items_hang_together():
    table = sessions(600)
    table["severity"] = np.repeat(np.random.default_rng(4).normal(1, 1, 600), 2)
    wide = (
        answer_all(table, 5, ("phq_9",), 0.0).query("session == 1").pivot(index="dyad", columns="item", values="answer")
    )
    x = wide.to_numpy(dtype=float)
    alpha = 9 / 8 * (1 - x.var(axis=0, ddof=1).sum() / x.sum(axis=1).var(ddof=1))
    assert 0.75 < alpha < 0.97


def test_missing_items_are_stood_in_for_up_to_a_fifth():
    rows = [(1, 1, "before", "gad_7", i, v) for i, v in enumerate([2, 2, 2, 2, 2, 2, None], 1)]
    rows += [(2, 1, "before", "gad_7", i, v) for i, v in enumerate([2, 2, 2, 2, 2, None, None], 1)]
    rows += [(3, 1, "before", "gad_7", i, v) for i, v in enumerate([1, 1, 1, 2, 3, 3, None], 1)]
    table = pd.DataFrame(rows, columns=["dyad", "session", "when", "questionnaire", "item", "answer"])
    found = totals(table.astype({"answer": "Int64"})).set_index("dyad")
    assert list(found["answered"]) == [6, 5, 6]
    assert found.loc[1, "score"] == 14 and np.isnan(found.loc[2, "score"]) and found.loc[3, "score"] == 13
    some = answer_all(sessions(), 3, missing=0.1)
    assert some["answer"].isna().mean() == pytest.approx(0.1, abs=0.01)
    assert totals(answer_all(sessions(3), 3, missing=1.0))["score"].isna().all()


def test_a_rows_draws_do_not_depend_on_the_other_rows():
    table = sessions(5)
    some = answer_all(table[table["dyad"] > 2], 7)
    whole = answer_all(table, 7).query("dyad > 2")
    assert some.sort_values(list(some.columns[:5]), ignore_index=True).equals(
        whole.sort_values(list(whole.columns[:5]), ignore_index=True)
    )


def test_unknown_questionnaires_are_told():
    with pytest.raises(BadInput, match=r"no questionnaire 'phq9' \(did you mean 'phq_9'\?\); there are: phq_9, gad_7"):
        answer_all(sessions(2), 1, ["phq9"])
    with pytest.raises(BadInput, match="missing is 2; allowed are 0 to 1"):
        answer_all(sessions(2), 1, missing=2)


# ---- reference models


@pytest.mark.parametrize(
    ("a", "b", "k_cl", "turns"),
    [(-0.8, 1.0, 0.5, True), (-0.1, 0.2, 2.0, False), (0.05, 0.5, 0.5, False), (0.5, -1.0, 0.5, True)],
)
def test_therapist_and_client_turn_where_the_criterion_says(a, b, k_cl, turns):
    model = TschacherHaken(k_th=0.5, k_cl=k_cl, g_th=1.0, g_cl=0.2, a=a, b=b)
    points = [p for p in model.fixed_points() if np.linalg.eigvals(model.jacobian(p)).real.max() < 0]
    point = points[-1]
    np.testing.assert_allclose(model._slope(np.array(point)), 0, atol=1e-9)
    assert (model.discriminant(point) < 0) == turns
    assert np.iscomplex(np.linalg.eigvals(model.jacobian(point))).any() == turns
    course = model.simulate((point[0] + 0.01, point[1]), 60.0)[:, 0] - point[0]
    decayed = course[: np.argmax(np.abs(course) < 1e-9) or None]
    crossings = np.count_nonzero(np.diff(np.sign(decayed)))
    assert (crossings >= 2) == turns


def test_turning_takes_influences_of_opposite_sign():
    random = np.random.default_rng(1)
    for _ in range(200):
        a, b = np.abs(random.normal(size=2)) * random.choice([-1, 1])
        model = TschacherHaken(*np.abs(random.normal(size=2)) + 0.1, *random.normal(size=2), float(a), float(b))
        assert all(model.discriminant(point) >= 0 for point in model.fixed_points())


def test_the_jacobian_is_that_of_the_equations():
    model, point, h = TschacherHaken(a=0.3, b=-0.7, g_cl=0.4), (0.8, -0.2), 1e-6
    for k in range(2):
        up, down = (np.array(point) + s * h * np.eye(2)[k] for s in (1, -1))
        np.testing.assert_allclose(
            (model._slope(up) - model._slope(down)) / (2 * h), model.jacobian(point)[:, k], atol=1e-8
        )


def test_a_noisy_client_and_a_shielded_therapist():
    noisy = TschacherHaken(a=0.0, b=0.3, noise=0.5).simulate((1.0, 0.3), 400.0, seed=3)
    assert noisy[:, 0].std() < 1e-9  # nothing passes to a therapist whom the client does not influence
    assert noisy[:, 1].std() == pytest.approx(0.5 / np.sqrt(2 * 1.0), rel=0.15)  # Ornstein-Uhlenbeck
    with pytest.raises(BadInput, match="TschacherHaken left the numbers"):
        TschacherHaken(a=5.0, b=5.0).simulate((5.0, 5.0), 50.0)


def test_liebovitch_rests_where_both_slopes_are_zero_and_never_spirals_with_mutual_support():
    model = Liebovitch()
    rest = model.rest((0.5, -0.5))
    np.testing.assert_allclose(model.slope(np.array(rest)), 0, atol=1e-9)
    random = np.random.default_rng(2)
    for _ in range(50):
        c = np.abs(random.normal(size=2))
        other = Liebovitch(c_t=float(c[0]), c_c=float(c[1]))
        x, y = other.rest((0.5, -0.5))
        slope = np.array([[-1.0, c[0] / np.cosh(y) ** 2], [c[1] / np.cosh(x) ** 2, -1.0]])
        assert np.isreal(np.linalg.eigvals(slope)).all()
    with pytest.raises(BadInput, match="influence is 'cubic'"):
        Liebovitch(influence="cubic")


def test_the_four_stated_results_are_reported_as_they_come_out():
    found = stated_results()
    assert list(found) == ["responsive", "oscillates", "negative start", "inverse"]
    assert {name: held for name, (held, _) in found.items()} == {
        "responsive": True,
        "oscillates": False,  # cannot be with influences of one sign
        "negative start": False,  # takes influences strong enough for two resting states
        "inverse": True,
    }
    assert stated_results(Liebovitch(c_t=-1.5, c_c=1.5))["oscillates"][0]
    assert stated_results(Liebovitch(c_t=1.2, c_c=1.8))["negative start"][0]
