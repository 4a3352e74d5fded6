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
    tables = interbrain.run(_study(tmp_path, blocks), tmp_path / "derivatives").tables
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
    tables = interbrain.run(_study(tmp_path, blocks), tmp_path / "derivatives").tables
    assert len(tables["pairings"]) == 9
    np.testing.assert_allclose(_real(tables), tables["synchrony"].set_index("group")["value"], atol=1e-12)


def test_two_people_whose_files_carry_one_subject_id_are_two_people(random, tmp_path):
    a, b = random.standard_normal((2, 1000))
    np.savetxt(tmp_path / "x_1_one_01.txt", a)
    np.savetxt(tmp_path / "x_1_two_01.txt", b)
    study = _study(tmp_path, [("{group}_{session}_{role}_{person}.txt", "options = { rate = 10.0 }")])
    tables = interbrain.run(study, tmp_path / "derivatives").tables
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
    outcome = interbrain.run(study, tmp_path / "derivatives")
    assert set(outcome.tables["synchrony"]["group"]) == {"y"}
    assert any("same samples" in p.what for p in outcome.problems)


def test_a_segment_that_comes_again_is_another_segment_and_both_count_in_the_contrast(random, tmp_path):
    for group in "abc":
        np.savetxt(tmp_path / f"{group}_1.txt", np.column_stack(_couple(random, 1500)))
    spans = (("rest", 0, 50), ("task", 50, 90), ("task", 90, 150))
    segments = "".join(f'[[segments]]\nname = "{n}"\nstart_s = {a}.0\nstop_s = {b}.0\n' for n, a, b in spans)
    one_file = 'people = { one = ["1"], two = ["2"] }\noptions = { rate = 10.0 }'
    study = _study(tmp_path, [("{group}_{session}.txt", one_file)], segments)
    with (study / "study.toml").open("a") as file:
        file.write("[plan.course]\nenabled = false\n")
    text = (study / "study.toml").read_text().replace("[plan]", '[plan]\ncontrast = ["task", "rest"]')
    (study / "study.toml").write_text(text)
    tables = interbrain.run(study, tmp_path / "derivatives").tables
    assert list(tables["synchrony"]["segment"].unique()) == ["rest", "task", "task 2"]
    assert len(tables["pairings"]) == 3 * 9
    excess = tables["nulls"].pivot(index="group", columns="segment", values="excess")
    by_hand = (excess[["task", "task 2"]].mean(axis=1) - excess["rest"]).mean()
    contrast = tables["tests"].set_index("test").loc["contrast:task-rest"]
    assert contrast["estimate"] == pytest.approx(by_hand, abs=1e-12)


def test_segments_of_three_people_are_counted_from_one_zero(random, tmp_path):
    seconds = np.arange(1200) / 10
    starts = {"one": 0.0, "two": 20.0, "three": 5.0}
    a, b = _couple(random, 1200)
    c = 0.7 * b + 0.3 * random.standard_normal(1200)
    for role, series in zip(starts, (a, b, c), strict=True):
        kept = seconds >= starts[role]
        np.savetxt(tmp_path / f"x_1_{role}.txt", np.column_stack([seconds, series])[kept], fmt="%.9f")
    segment = '[[segments]]\nname = "task"\nstart_s = 40.0\nstop_s = 100.0\n'
    study = _study(tmp_path, [("{group}_{session}_{role}.txt", 'options = { time_column = "1" }')], segment)
    text = (study / "study.toml").read_text().replace('["one", "two"]', '["one", "two", "three"]')
    (study / "study.toml").write_text(text)
    tables = interbrain.run(study, tmp_path / "derivatives").tables
    found = tables["synchrony"].set_index(["role_a", "role_b"])["value"]
    files = []
    for name, series in (("two", b), ("three", c)):
        files.append(tmp_path / f"cut-{name}.txt")
        np.savetxt(files[-1], series[400:1000], fmt="%.9f")
    settings = {"window_s": 10.0, "step_s": 10.0, "max_lag_s": 1.0}
    alone = interbrain.pair(
        *files, "wlcc", modality="motion", options={"rate": 10.0}, settings=settings, n_surrogates=19
    )
    assert len(found) == 3
    assert list(tables["tests"].set_index("test").loc["within", "n_meetings"]) == [1, 1, 1]  # each two by themselves
    assert found["two", "three"] == pytest.approx(alone["value"].item(), abs=1e-12)


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """A leads by 0.4 s in five groups of three therapists; in one session a channel is missing."""
    folder, random = tmp_path_factory.mktemp("uneven"), np.random.default_rng(5)
    for group in "abcde":
        for session in (1, 2):
            a, b = _couple(random, 1000, lag=4)
            flat = np.zeros(1000) if (group, session) == ("a", 2) else random.standard_normal(1000)
            np.savetxt(folder / f"{group}_{session}_one.txt", np.column_stack([a, flat]), header="x y", comments="")
            np.savetxt(folder / f"{group}_{session}_two.txt", b, header="x", comments="")
    therapist = dict(zip("abcde", ("T1", "T1", "T2", "T2", "T3"), strict=True))
    groups = "[groups]\n" + "".join(f'"{g}" = {{ therapist = "{t}" }}\n' for g, t in therapist.items())
    study = _study(folder, [("{group}_{session}_{role}.txt", "options = { rate = 10.0 }")], groups)
    return interbrain.run(study, folder / "derivatives").tables


def test_a_channel_missing_in_one_session_costs_that_session_only(uneven):
    tests = uneven["tests"].set_index(["test", "place_a"])
    assert tests.loc[("leads", "y"), "n_groups"] == 5
    assert tests.loc[("within", "y"), "n_groups"] == 5
    excess = uneven["nulls"].merge(uneven["synchrony"])
    mean = excess[excess["place_a"] == "y"].groupby("group")["stabilised"].mean().mean()
    assert tests.loc[("within", "y"), "estimate"] == pytest.approx(mean, abs=1e-12)


def test_who_leads_has_the_planted_sign(uneven):
    lags = uneven["lags"]
    profile = lags[lags["place_a"] == "x"].groupby("lag_s")["value"].mean()
    assert profile.idxmax() == pytest.approx(0.4)
    row = uneven["tests"].set_index(["test", "place_a"]).loc[("leads", "x")]
    assert row["estimate"] > 0 and row["p"] == row["smallest_p"] == 2 / 2**5


def test_partners_stay_with_their_therapist_and_the_note_says_what_was_done(uneven):
    rows = uneven["tests"].set_index("test").loc["repair"]
    assert (rows["n_groups"] == 4).all()
    assert rows["n_null"].eq(3).all()  # 2! · 2! arrangements, one of them the real one
    note = rows["note"].iloc[0]
    assert "group e: no other group of its therapist" in note
    assert "across therapists" not in note
    x = uneven["pairings"].query("place_a == 'x'").pivot_table(index="group_a", columns="group_b", values="stabilised")
    real = np.mean([x.loc[g, g] for g in "abcd"])
    other = np.mean([x.loc[g, h] for g, h in ("ab", "ba", "cd", "dc")])
    row = rows[rows["place_a"] == "x"].iloc[0]
    np.testing.assert_allclose([row["estimate"], row["null_mean"]], [real, other], atol=1e-12)


def test_two_nulls_give_one_lag_profile_and_pairs_without_a_homologue_are_refused_clearly(random, tmp_path):
    np.savetxt(tmp_path / "x_1.txt", np.column_stack(_couple(random, 1000)))
    one_file = 'people = { one = ["1"], two = ["2"] }\noptions = { rate = 10.0 }'
    study = _study(tmp_path, [("{group}_{session}.txt", one_file)])
    text = (study / "study.toml").read_text().replace('["circular_shift"]', '["circular_shift", "aaft"]')
    again = text[text.index("[[plan.analysis]]") :].replace('"m"', '"h"') + 'pairs = "homologous"\n'
    (study / "study.toml").write_text(text + again)
    outcome = interbrain.run(study, tmp_path / "derivatives")
    lags = outcome.tables["lags"]
    assert len(lags) == lags["lag_s"].nunique() == 21
    assert set(outcome.tables["nulls"]["null"]) == {"circular_shift", "aaft"}
    told = [p.what for p in outcome.problems if ", h" in p.where]
    assert told and all("homologous" in what and "not foresee" not in what for what in told)
