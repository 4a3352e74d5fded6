"""Identity and designs in the main job: who is paired with whom and when, beside numbers got without it."""

import numpy as np
import pytest

import interbrain

PLAN = """
[plan]
seed = 3
[[plan.analysis]]
name = "m"
modality = "motion"
measure = "wlcc"
settings = { window_s = 10.0, step_s = 10.0, max_lag_s = 1.0 }
surrogates = ["circular_shift"]
n_surrogates = 19
"""
BLOCK = """
[[recordings]]
pattern = "{pattern}"
format = "table"
modality = "motion"
{more}
"""


def _couple(random, n, lag=0):
    """Two slow series, of which B follows A by ``lag`` samples."""
    own_a, own_b, shared = (np.convolve(random.standard_normal(n + 120), np.ones(5) / 5, "same") for _ in range(3))
    return shared[60 : 60 + n] + 0.4 * own_a[:n], shared[60 - lag : 60 - lag + n] + 0.4 * own_b[:n]


def _study(folder, blocks, extra=""):
    text = '[study]\nroles = ["one", "two"]\n' + "".join(BLOCK.format(pattern=p, more=m) for p, m in blocks)
    (folder / "study.toml").write_text(text + extra + PLAN, encoding="utf-8")
    return folder


def _real(tables):
    pairings = tables["pairings"]
    return pairings[pairings["real"]].set_index("group_a")["value"]


@pytest.fixture
def random():
    return np.random.default_rng(11)


def test_repaired_cells_hold_real_dyads_as_they_were_measured_where_one_started_later(random, tmp_path):
    for group in "abcd":
        a, b = _couple(random, 1000)
        np.savetxt(tmp_path / f"{group}_1_one.txt", a)
        np.savetxt(tmp_path / f"{group}_1_two.txt", b[40:])
    options = 'role = "{}"\noptions = {{ rate = 10.0 }}\noffset_s = {}'
    blocks = [(f"{{group}}_{{session}}_{r}.txt", options.format(r, s)) for r, s in (("one", 0.0), ("two", 4.0))]
    tables = interbrain.run(_study(tmp_path, blocks), tmp_path / "out").tables
    measured = tables["synchrony"].set_index("group")["value"]
    np.testing.assert_allclose(_real(tables), measured, atol=1e-12)
    repaired = tables["tests"].set_index("test").loc["repair"]
    assert repaired["estimate"] > 2 * repaired["null_mean"]


def test_unequal_rates_are_repaired_at_the_slower_one(random, tmp_path):
    for group in "abc":
        a, b = _couple(random, 2000)
        np.savetxt(tmp_path / f"{group}_1_one.txt", a)
        np.savetxt(tmp_path / f"{group}_1_two.txt", b[::2])
    options = 'role = "{}"\noptions = {{ rate = {} }}'
    blocks = [(f"{{group}}_{{session}}_{r}.txt", options.format(r, f)) for r, f in (("one", 25.0), ("two", 12.5))]
    tables = interbrain.run(_study(tmp_path, blocks), tmp_path / "out").tables
    assert len(tables["pairings"]) == 9
    np.testing.assert_allclose(_real(tables), tables["synchrony"].set_index("group")["value"], atol=1e-12)


def test_two_people_whose_files_carry_one_subject_id_are_two_people(random, tmp_path):
    a, b = random.standard_normal((2, 1000))
    np.savetxt(tmp_path / "x_1_one_01.txt", a)
    np.savetxt(tmp_path / "x_1_two_01.txt", b)
    study = _study(tmp_path, [("{group}_{session}_{role}_{person}.txt", "options = { rate = 10.0 }")])
    tables = interbrain.run(study, tmp_path / "out").tables
    files = [tmp_path / f"x_1_{role}_01.txt" for role in ("one", "two")]
    settings = {"window_s": 10.0, "step_s": 10.0, "max_lag_s": 1.0}
    alone = interbrain.pair(
        *files, "wlcc", modality="motion", options={"rate": 10.0}, settings=settings, n_surrogates=19
    )
    assert tables["synchrony"]["value"].item() == pytest.approx(alone["value"].item(), abs=1e-12)
    assert tables["synchrony"]["value"].item() < 0.3  # one of them with itself gives 0.4 and more


def test_one_recording_under_one_subject_id_for_both_people_is_refused(random, tmp_path):
    once, other, third = random.standard_normal((3, 1000))
    for name, series in (("x_1_one", once), ("x_1_two", once), ("y_1_one", other), ("y_1_two", third)):
        np.savetxt(tmp_path / f"{name}_{name[0]}.txt", series)
    study = _study(tmp_path, [("{group}_{session}_{role}_{person}.txt", "options = { rate = 10.0 }")])
    outcome = interbrain.run(study, tmp_path / "out")
    assert set(outcome.tables["synchrony"]["group"]) == {"y"}
    assert any("same samples" in p.what for p in outcome.problems)
