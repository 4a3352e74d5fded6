"""Re-pairing against the slow twin, hand cases, the reference pair matrix and uniformity under no effect."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, ttest_ind

import naive_inference as naive
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.inference.blocks import complete_block, without_excluded
from interbrain.inference.repair import Cell, repair, strata_of


def cells_of(matrix, session=1, **more):
    matrix = np.asarray(matrix, dtype=float)
    return [
        Cell(f"{i:02d}", f"{j:02d}", session, np.atleast_1d(matrix[i, j]), **more)
        for i in range(len(matrix))
        for j in range(len(matrix))
    ]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_motion_therapy_where_the_t_test_errs(data_dir):
    name = "rmea_pair_matrix_visible10_settingA_rows_patient_cols_therapist.csv"
    matrix = pd.read_csv(data_dir / "reference" / "motion-rmea" / name, index_col=0).to_numpy()
    result = repair(cells_of(matrix), 9999, rng(1))
    real, others = np.diag(matrix), matrix[~np.eye(10, dtype=bool)]
    assert result.estimate[0] == pytest.approx(0.1059, abs=5e-5)
    assert result.null_mean[0] == pytest.approx(0.0923, abs=5e-5)
    assert 0.0015 < result.p[0] < 0.0055
    assert result.p[0] == result.p_family[0]
    assert ttest_ind(real, others, equal_var=False).pvalue == pytest.approx(0.1232, abs=5e-5)
    assert result.bound == "9999 of the 3,628,800 arrangements of 10 groups were drawn; the smallest p is 1/10000"
    assert result.single[0].n_partners == 10
    assert result.single[0].p[0] == (matrix[0] >= matrix[0, 0]).sum() / 10


def test_all_arrangements_equal_the_slow_twin():
    matrix = rng(2).standard_normal((5, 5)) + 0.7 * np.eye(5)
    result = repair(cells_of(matrix), 1999, rng())
    real, p, means = naive.repair(matrix)
    assert result.estimate[0] == pytest.approx(real) and result.p[0] == pytest.approx(p)
    assert result.n_arrangements == 119
    assert result.null_sd[0] == pytest.approx(np.std(means[1:], ddof=1))
    assert result.null_mean[0] == pytest.approx(matrix[~np.eye(5, dtype=bool)].mean())
    assert result.z[0] == pytest.approx((real - result.null_mean[0]) / result.null_sd[0])


def test_smallest_p_is_told():
    result = repair(cells_of(np.eye(4)), 1999, rng())
    assert result.bound == "4 groups allow 24 arrangements; the smallest p is 1/24"
    assert result.p[0] == result.smallest_p == 1 / 24
    assert [d.p[0] for d in result.single] == [1 / 4] * 4


def test_the_real_arrangement_is_counted():
    """2 of 6 arrangements reach the real one: itself and its tie."""
    matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert repair(cells_of(matrix), 1999, rng()).p[0] == pytest.approx(2 / 6)
    assert repair(cells_of(-matrix), 1999, rng()).p[0] == 1.0


def test_whole_courses_move_together():
    """One patient fits one wrong therapist in every session; session-wise exchange would blur that."""
    sessions = [cells_of(rng(s).standard_normal((4, 4)), session=s) for s in (1, 2, 3)]
    result = repair([c for s in sessions for c in s], 1999, rng())
    course = np.mean([[[c.value[0] for c in s]] for s in sessions], axis=0).reshape(4, 4)
    assert result.p[0] == pytest.approx(naive.repair(course)[1])
    assert result.n_cells[0] == 12 and result.occasions == ((1, "", ""), (2, "", ""), (3, "", ""))


def test_family_over_pairs():
    matrix = rng(3).standard_normal((5, 5, 6)) * [1, 50, 1, 1, 1, 1]
    matrix[range(5), range(5), 1] += 80
    cells = [Cell(str(i), str(j), 1, matrix[i, j]) for i in range(5) for j in range(5)]
    result = repair(cells, 1999, rng())
    orders = list(permutations(range(5)))
    means = np.array([matrix[range(5), order].mean(axis=0) for order in orders])
    np.testing.assert_allclose(result.p_family, naive.family_p(means[0], means[1:]))
    assert result.p_family[1] <= 0.05 < np.delete(result.p_family, 1).min()
    assert (result.p_family >= result.p).all()


def test_strata_are_kept_apart():
    """Two arms of three: the arms differ, so re-pairing across them would look like synchrony."""
    arm = np.repeat([0, 1], 3)
    matrix = 5.0 * (arm[:, None] == arm) + rng(4).standard_normal((6, 6))
    strata = {f"{i:02d}": int(a) for i, a in enumerate(arm)}
    result = repair(cells_of(matrix), 1999, rng(), strata=strata)
    means = [
        np.mean(matrix[range(6), [*first, *(3 + np.array(second))]])
        for first in permutations(range(3))
        for second in permutations(range(3))
    ]
    assert result.n_arrangements == 35 and result.smallest_p == pytest.approx(1 / 36)
    assert result.p[0] == pytest.approx(np.mean(np.array(means) >= np.trace(matrix) / 6 - 1e-12))
    assert repair(cells_of(matrix), 1999, rng()).p[0] < result.p[0]
    assert {d.n_partners for d in result.single} == {3}


def test_missing_sessions_leave_a_complete_block():
    """05 came to session 1 alone and 04 missed session 3: four groups × three sessions hold the most cells (12)."""
    has = {(g, s) for g in range(5) for s in (1, 2)} | {(5, 1)} | {(g, 3) for g in range(4)}
    matrices = {s: rng(s).standard_normal((6, 6)) for s in (1, 2, 3)}
    cells = [
        Cell(f"{i:02d}", f"{j:02d}", s, m[i, j : j + 1])
        for s, m in matrices.items()
        for i in range(6)
        for j in range(6)
        if (i, s) in has and (j, s) in has
    ]
    result = repair(cells, 1999, rng())
    assert result.groups == ("00", "01", "02", "03") and result.n_cells[0] == 12
    assert result.left_out == tuple(f"group {g}: lacks sessions that the others have" for g in ("04", "05"))
    course = np.mean([m[:4, :4] for m in matrices.values()], axis=0)
    assert result.p[0] == pytest.approx(naive.repair(course)[1])


def brute_block(own):
    """Largest groups × sessions by trying everything, four groups first."""
    best = (0, 0, 0)
    for mask in range(1, 2 ** own.shape[1]):
        sessions = [s for s in range(own.shape[1]) if mask >> s & 1]
        n = int(own[:, sessions].all(axis=1).sum())
        if n >= 2:
            best = max(best, (min(n, 4), n * len(sessions), n))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_block_search_equals_trying_everything(seed):
    own = rng(seed).random((7, 6)) > 0.35
    groups, sessions = complete_block(own[:, None] & own[None])
    assert (min(len(groups), 4), len(groups) * len(sessions), len(groups)) == brute_block(own)
    assert own[np.ix_(groups, sessions)].all()


def test_block_search_over_many_sessions():
    own = rng(9).random((6, 20)) > 0.1
    own[:5, :10] = True
    groups, sessions = complete_block(own[:, None] & own[None])
    assert own[np.ix_(groups, sessions)].all() and len(groups) * len(sessions) >= 50


def test_pairs_with_their_own_gaps_get_their_own_block():
    values = rng(5).standard_normal((5, 5, 3))
    values[4, :, 2] = np.nan
    values[:, 4, 2] = np.nan
    cells = [Cell(str(i), str(j), 1, values[i, j]) for i in range(5) for j in range(5)]
    result = repair(cells, 1999, rng())
    np.testing.assert_array_equal(result.n_groups, [5, 5, 4])
    assert result.p[2] == pytest.approx(naive.repair(values[:4, :4, 2])[1])
    means = np.array([values[range(4), order, 2].mean() for order in permutations(range(4))])
    alone = naive.family_p(means[:1], means[1:, None])[0]
    assert result.p_family[2] == pytest.approx(min(1.0, 2 * alone))


def test_twins_leave_one_group_out():
    matrix = rng(6).standard_normal((5, 5))
    result = repair(cells_of(matrix), 1999, rng(), excluded=[("01", "04"), ("04", "01")])
    assert result.groups == ("00", "01", "02", "03")
    assert result.left_out == ("group 04: holds the same recording or person as another group",)
    assert result.p[0] == pytest.approx(naive.repair(matrix[:4, :4])[1])
    assert without_excluded(["a", "b", "c"], frozenset({("a", "b"), ("b", "c")}), {}) == ["a", "c"]


def test_size_under_no_effect_with_persons_who_differ():
    """Lively patients and therapists raise whole rows and columns; neither may pass for synchrony."""
    trials = 400
    hits = {8: 0, 5: 0}
    random = rng(7)
    for n in hits:
        for _ in range(trials):
            matrix = 3 * random.standard_normal((n, 1)) + 3 * random.standard_normal(n) + random.standard_normal((n, n))
            hits[n] += repair(cells_of(matrix), 119, random).p[0] <= 0.05 + 1e-9
    for n in hits:
        assert binom.ppf(1e-4, trials, 0.05) <= hits[n] <= binom.ppf(1 - 1e-4, trials, 0.05)


def test_one_dyad_cannot_be_repaired():
    with pytest.raises(RefusedScience, match=r"1 group and 2 occasions .* own surrogates"):
        repair([Cell("a", "a", s, np.ones(1)) for s in (1, 2)], 99, rng())
    with pytest.raises(RefusedScience, match="no two groups of one stratum"):
        repair(cells_of(np.eye(2)), 99, rng(), strata={"00": 1, "01": 2})


def test_cells_that_do_not_fit():
    with pytest.raises(BadInput, match="00 × 00, session 1 came twice"):
        repair(cells_of(np.eye(2)) * 2, 99, rng())
    with pytest.raises(BadInput, match="others have 1"):
        repair([*cells_of(np.eye(2)), Cell("x", "x", 1, np.ones(2))], 99, rng())


def test_strata_of_designs():
    one, sentence = strata_of({"a": "T", "b": "T"}, {"a": "x", "b": "x"}, {})
    assert one["a"] == one["b"] and "within each therapist" in sentence
    own, sentence = strata_of({"a": "T", "b": "U", "c": "V", "d": "V"}, {}, {"a": "", "b": ""})
    assert own["a"] == own["b"] != own["c"] == own["d"]
    assert "also tests the therapist" in sentence and "among themselves" in sentence
    arms, _ = strata_of({}, {"a": "x", "b": "y"}, {})
    assert arms["a"] != arms["b"]


@pytest.mark.parametrize("known", [0, 1])
def test_cells_without_values_are_not_called_groups_without_a_session_in_common(known):
    cells = [Cell(a, b, 1, np.array([np.nan])) for a in "abcd" for b in "abcd"]
    cells[0] = Cell("a", "a", 1, np.array([1.0 if known else np.nan]))
    with pytest.raises(RefusedScience, match=f"a value in {known} of 16 real and re-paired cells") as refused:
        repair(cells, 99, np.random.default_rng(1))
    assert "stratum" not in str(refused.value)
    apart = [Cell(g, g, i, np.ones(1)) for i, g in enumerate("abcd")]
    with pytest.raises(RefusedScience, match="no two groups of one stratum at the same session"):
        repair(apart, 99, np.random.default_rng(1))
