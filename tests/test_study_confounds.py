"""Confounds: taken out of each person before the measure, in the recording and in every surrogate alike."""

import numpy as np
import pandas as pd
import pytest

import interbrain
from interbrain.course.growth import growth
from interbrain.data.errors import BadInput
from interbrain.data.plan import Course, plan_from
from interbrain.data.signal import Block, Channel, Signal
from interbrain.inference import surrogates
from interbrain.signals.align import onto
from interbrain.signals.partial import lagged, residuals
from interbrain.study.confounds import Clocked
from interbrain.study.growth import with_carried


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("name", ["circular_shift", "segment_shuffle"])
def test_confounds_move_with_the_person_they_belong_to(name, gaps):
    random = np.random.default_rng(1)
    confounds = random.standard_normal((1, 2, 200))
    values = np.concatenate([confounds.sum(axis=1, keepdims=True), confounds[:, :1]], axis=1)
    valid = np.ones(values.shape, dtype=bool)
    valid[..., 30:45] = not gaps
    block = Block(values, valid, 10.0, confounds=confounds)
    module = surrogates.module(name)
    (row,) = module.draw_index(block, 1, random, {"segment_s": 2.0, "guard_s": 0.0})
    found = surrogates.moved(module, block, row)
    assert found.confounds is not None and not np.allclose(found.values[valid], values[valid])
    kept = valid[0, 0]
    np.testing.assert_array_equal(found.confounds[0].sum(axis=0)[kept], found.values[0, 0][kept])
    np.testing.assert_array_equal(found.values, module.apply(Block(values, valid, 10.0), row).values)


def _slow(random, n, width=12):
    return np.convolve(random.standard_normal(n + 2 * width), np.ones(width) / np.sqrt(width), "same")[width:-width]


BLOCK = """
[[recordings]]
pattern = "{{group}}_{{session}}_{file}.txt"
format = "table"
modality = "{modality}"
people = {{ patient = ["pat"], therapist = ["th"] }}
options = {{ rate = {rate} }}
"""
ANALYSIS = """
[[plan.analysis]]
name = "{name}"
modality = "eda"
measure = "corr"
settings = {{ prewhiten = false }}
surrogates = ["circular_shift"]
n_surrogates = 39
{more}
"""


def _study(folder, blocks, analyses, plan=""):
    text = '[study]\nroles = ["patient", "therapist"]\n' + "".join(BLOCK.format(**b) for b in blocks)
    text += "[plan]\nseed = 3\n" + plan + "".join(ANALYSIS.format(name=n, more=m) for n, m in analyses)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def _save(path, patient, therapist, names="pat th"):
    table = np.column_stack([patient, therapist])
    np.savetxt(path, table, header=names, comments="", fmt="%.10g")


EDA = {"file": "eda", "modality": "eda", "rate": 5.0}
MOVED = {"file": "move", "modality": "motion", "rate": 10.0}
N = 1000


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """20 dyads who share a course of movement and nothing else (n…), 6 who are coupled besides (k…)."""
    folder, random = tmp_path_factory.mktemp("confounds"), np.random.default_rng(8)
    for i in range(26):
        coupled, group = i >= 20, f"{'k' if i >= 20 else 'n'}{i:02d}"
        course = _slow(random, 2 * N)
        moved = [np.abs(course + 0.3 * _slow(random, 2 * N)) for _ in "ab"]
        shared = _slow(random, N)
        skin = [1.5 * (m - m.mean())[::2] + _slow(random, N) + coupled * shared for m in moved]
        _save(folder / f"{group}_1_eda.txt", *skin)
        if group == "n03":
            moved[0][400:600] = np.nan
        _save(folder / f"{group}_1_move.txt", *moved)
    analyses = [("plain", "repair = false"), ("without", 'partial = ["movement"]'),
                ("unknown", 'partial = ["movement", "breath"]\nrepair = false')]  # fmt: skip
    return interbrain.run(_study(folder, [EDA, MOVED], analyses), folder / "derivatives")


def test_a_shared_confound_is_called_synchrony_before_and_not_after(outcome):
    rows = outcome.tables["confounds"].set_index("group")
    nothing = rows[rows.index.str.startswith("n")]
    assert (nothing["p_before"] <= 0.05).sum() >= 15
    assert (nothing["p_after"] <= 0.05).sum() <= 3
    assert abs(nothing["excess_after"].mean()) < 0.05 < 0.3 < nothing["excess_before"].mean()
    assert nothing[["removed_a", "removed_b"]].gt(0.25).all(axis=None)


def test_planted_coupling_survives_within_a_fifth(outcome):
    rows = outcome.tables["confounds"].set_index("group")
    coupled = rows[rows.index.str.startswith("k")]
    assert coupled["value_after"].mean() == pytest.approx(0.5, rel=0.2)  # shared course and own of one size
    assert (coupled["p_after"] <= 0.05).all()


def test_before_is_what_the_plain_analysis_gives_and_after_is_in_the_tables(outcome):
    rows = outcome.tables["confounds"].set_index("group")
    value = outcome.tables["synchrony"].pivot(index="group", columns="analysis", values="value")
    whole = rows.index != "n03"
    np.testing.assert_allclose(rows["value_before"][whole], value["plain"][whole], atol=1e-12)
    np.testing.assert_allclose(rows["value_after"], value["without"], atol=1e-12)
    p = outcome.tables["nulls"].pivot(index="group", columns="analysis", values="p")
    np.testing.assert_array_equal(rows["p_before"][whole], p["plain"][whole])
    np.testing.assert_array_equal(rows["p_after"], p["without"])


def test_missing_samples_of_a_confound_are_gaps(outcome):
    usable = outcome.tables["synchrony"].pivot(index="group", columns="analysis", values="usable")
    assert usable.loc["n03", "plain"] == 1 and (usable["without"].drop("n03") == 1).all()
    assert usable.loc["n03", "without"] == pytest.approx(0.9, abs=0.005)
    assert np.isfinite(outcome.tables["confounds"].set_index("group").loc["n03", "value_after"])


def test_a_confound_that_no_recording_has_gives_one_problem_and_no_number(outcome):
    told = [p for p in outcome.problems if "breath" in f"{p.what} {p.why} {p.done}"]
    assert len(told) == 1 and told[0].where == "plan, unknown" and told[0].costs_data
    assert "motion" in told[0].why and "global" in told[0].why
    assert set(outcome.tables["synchrony"]["analysis"]) == {"plain", "without"}
    assert not any("no analysis of them" in p.what for p in outcome.problems)


def test_partners_are_repaired_as_their_own_meeting_left_them(outcome):
    pairings = outcome.tables["pairings"]
    real = pairings[pairings["real"]].set_index("group_a")["value"]
    value = outcome.tables["synchrony"].query("analysis == 'without'").set_index("group")["value"]
    np.testing.assert_allclose(real, value.loc[real.index], atol=1e-12)
    repair = outcome.tables["tests"].set_index("test").loc["repair"]
    assert abs(repair["null_mean"]) < 0.02


def test_the_report_says_both_in_one_place(outcome):
    page = outcome.report.read_text(encoding="utf-8")
    assert "Confounds, before and after they were taken out" in page
    said = page[page.index("with movement in the recordings") :][:700]
    counts = outcome.tables["confounds"]
    before, after = ((counts[f"p_{w}"] <= 0.05).sum() for w in ("before", "after"))
    assert f"{before} of 26 values exceeded chance" in said and f"taken out, {after} did" in said
    assert "movement of the same person were taken out" in page
    assert "Taking a confound out removes all that goes with it" in page


def _removed(tables):
    return tables["confounds"][["removed_a", "removed_b"]].iloc[0].to_numpy()


def test_a_confound_stands_on_its_own_clock_at_its_own_rate(tmp_path):
    random = np.random.default_rng(2)
    moved = [_slow(random, 400, 4) for _ in "ab"]
    at, seconds = np.arange(600) / 5.0, 20.0 + np.arange(400) / 4.0
    skin = [np.interp(at, seconds, m) + 0.2 * random.standard_normal(600) for m in moved]
    _save(tmp_path / "x_1_eda.txt", *skin)
    _save(tmp_path / "x_1_move.txt", *moved)
    late = MOVED | {"rate": "4.0 }\noffset_s = 20.0\n#"}
    study = _study(tmp_path, [EDA, late], [("m", 'partial = ["motion"]')])
    tables = interbrain.run(study, tmp_path / "derivatives").tables
    assert (_removed(tables) > 0.9).all()
    assert tables["synchrony"]["usable"].item() == pytest.approx(100 / 120, abs=0.01)


def test_a_later_effect_needs_lags_and_the_other_persons_speech_is_taken_out_of_both(tmp_path):
    random = np.random.default_rng(3)
    speech = _slow(random, N + 15)
    skin = [speech[15 - lag : 15 - lag + N] + 0.3 * _slow(random, N) for lag in (10, 12)]
    _save(tmp_path / "x_1_eda.txt", *skin)
    np.savetxt(tmp_path / "x_1_voice.txt", speech[15:], header="th", comments="")
    voice = {"file": "voice", "modality": "voice", "rate": 5.0}
    both = 'partial = ["speech"]\npartial_from = "both"\npartial_lag_s = {}'
    analyses = [("now", both.format(0.0)), ("later", both.format(3.0)), ("own", 'partial = ["speech"]')]
    study = _study(tmp_path, [EDA, voice], analyses)
    text = (study / "study.toml").read_text()
    (study / "study.toml").write_text(text.replace('voice"\npeople = { patient = ["pat"], ', 'voice"\npeople = { '))
    outcome = interbrain.run(study, tmp_path / "derivatives")
    rows = outcome.tables["confounds"].set_index("analysis")
    assert (rows.loc["later", ["removed_a", "removed_b"]] > 0.85).all()
    assert (rows.loc["now", ["removed_a", "removed_b"]] < 0.5).all()
    assert rows.loc["later", "value_before"] > 0.7 and abs(rows.loc["later", "value_after"]) < 0.2
    (told,) = [p for p in outcome.problems if "own" in p.where]
    assert "patient has no 'speech'" in told.what


def test_a_channel_of_the_recording_itself_is_a_confound_and_is_not_measured(tmp_path):
    random = np.random.default_rng(5)
    breath = _slow(random, N)
    for role in ("patient", "therapist"):
        own = breath + 0.5 * _slow(random, N)
        _save(tmp_path / f"x_1_{role}.txt", own + _slow(random, N), own, "skin breath")
    study = _study(tmp_path, [EDA], [("m", 'partial = ["breath"]')])
    text = (study / "study.toml").read_text().replace('people = { patient = ["pat"], therapist = ["th"] }\n', "")
    (study / "study.toml").write_text(text.replace("{session}_eda", "{session}_{role}"))
    tables = interbrain.run(study, tmp_path / "derivatives").tables
    assert set(tables["synchrony"]["place_a"]) | set(tables["synchrony"]["place_b"]) == {"skin"}
    assert tables["confounds"]["value_before"].item() > 0.4 > 0.15 > abs(tables["confounds"]["value_after"].item())


def test_global_is_the_mean_over_channels_and_needs_two_of_them():
    random = np.random.default_rng(6)
    values = random.standard_normal((1, 3, 50)) + np.array([10.0, 20.0, 30.0])[:, None]
    values[0, 0, 10:20] = values[0, 1, 15:20] = np.nan
    measured = Signal(values, 5.0, tuple(Channel(n, "hbo") for n in "xyz"))
    found = Clocked((None, None), ({}, {}), ((), ()), None, lambda side: 0.0).series("global", 0, measured, measured)
    by_hand = np.nanmean(values - np.nanmean(values, axis=2, keepdims=True), axis=1)[0]
    there = np.ones(50, dtype=bool)
    there[15:20] = False
    np.testing.assert_array_equal(found.valid[0, 0], there)
    np.testing.assert_allclose(found.values[0, 0][there], by_hand[there], atol=1e-12)
    with pytest.raises(BadInput, match="1 is measured"):
        Clocked((None, None), ({}, {}), ((), ()), None, lambda side: 0.0).series(
            "global", 0, measured, measured.pick([0])
        )


def test_residuals_are_those_of_least_squares_over_joint_samples():
    random = np.random.default_rng(7)
    values, series = random.standard_normal((2, 3, 80)) + 5, random.standard_normal((2, 2, 80))
    values += 0.8 * series[:, :1] - 2 * series[:, 1:]
    valid, present = random.random(values.shape) > 0.1, random.random(series.shape) > 0.1
    found, joint, removed = residuals(values, valid, series, present)
    for c in range(3):
        mask = valid[:, c] & present[:, 0] & present[:, 1]
        np.testing.assert_array_equal(joint[:, c], mask)
        y = values[:, c][mask]
        x = np.column_stack([np.ones(mask.sum()), series[:, 0][mask], series[:, 1][mask]])
        left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
        np.testing.assert_allclose(found[:, c][mask], left + y.mean(), atol=1e-10)
        assert removed[c] == pytest.approx(1 - left.var() / y.var(), abs=1e-12)
    doubled, *_ = residuals(values, valid, np.concatenate([series, series[:, :1], 0 * series[:, :1]], axis=1), np.ones(
        (2, 4, 80), dtype=bool))  # fmt: skip
    again, *_ = residuals(values, valid, series, np.ones(series.shape, dtype=bool))
    np.testing.assert_allclose(doubled, again, atol=1e-9)


def test_too_many_series_and_a_channel_that_is_the_confound_are_refused():
    random = np.random.default_rng(9)
    values, series = random.standard_normal((1, 1, 50)), random.standard_normal((1, 6, 50))
    valid = np.ones((1, 1, 50), dtype=bool)
    with pytest.raises(BadInput, match="6 confound series"):
        residuals(values, valid, series, np.ones(series.shape, dtype=bool))
    with pytest.raises(BadInput, match="nothing but"):
        residuals(2 * series[:, :1] + 1, valid, series[:, :2], np.ones((1, 2, 50), dtype=bool))


def test_lags_are_shifts_of_the_series_itself():
    series = np.arange(1.0, 7.0).reshape(1, 1, 6)
    found, there = lagged(series, np.ones(series.shape, dtype=bool), 2)
    expected = [[3, 4, 5, 6, 0, 0], [2, 3, 4, 5, 6, 0], [1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 3, 4]]
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(there[0], np.array(expected) > 0)


def test_a_confound_as_a_covariate_of_the_course_frees_the_slope_of_it():
    random = np.random.default_rng(10)
    rows, carried = [], []
    about = {"condition": "", "segment": "whole", "analysis": "x", "signal_a": "eda", "signal_b": "eda"}
    for group in "abcdefgh":
        for session in range(1, 8):
            means = [0.3 * session + random.standard_normal() for _ in "ab"]
            excess = 0.5 * means[0] + 0.02 * random.standard_normal()
            place = {"measure": "corr", "modality": "eda", "level": "channel", "place_a": "p", "place_b": "t"}
            rows.append({**about, **place, "band": "", "direction": "", "null": "n", "group": group,
                         "session": session, "excess": excess})  # fmt: skip
            for role, mean in zip(("patient", "therapist"), means, strict=True):
                carried.append({**about, "group": group, "session": session, "confound": "heart", "role": role,
                                "mean": mean})  # fmt: skip
    table, carried = pd.DataFrame(rows), pd.DataFrame(carried)
    plain, _ = growth(table, Course())
    freed, _ = growth(with_carried(table, carried), Course())
    assert plain["slope"].item() == pytest.approx(0.15, abs=0.05)
    assert freed["slope"].item() == pytest.approx(0.0, abs=0.01)
    assert "mean heart of patient + mean heart of therapist" in freed["method"].item()


def test_what_is_carried_is_in_the_tables_and_in_the_model(tmp_path):
    random = np.random.default_rng(12)
    for group in "abcd":
        for session in (1, 2, 3, 4):
            _save(tmp_path / f"{group}_{session}_eda.txt", *random.standard_normal((2, 300)))
            _save(tmp_path / f"{group}_{session}_move.txt", *(session + random.random((2, 600))))
    more = 'carry = ["movement"]\nrepair = false'
    tables = interbrain.run(_study(tmp_path, [EDA, MOVED], [("m", more)]), tmp_path / "derivatives").tables
    carried = tables["carried"]
    assert len(carried) == 4 * 4 * 2 and set(carried["role"]) == {"patient", "therapist"}
    assert (carried["mean"] - carried["session"] - 0.5).abs().max() < 0.1
    method = tables["course"]["method"].iloc[0]
    assert "mean movement of patient" in method and "mean movement of therapist" in method


@pytest.mark.parametrize(
    "more, said",
    [
        ({"partial": ["eda"]}, "its own confound"),
        ({"partial": ["skin"]}, "its own confound"),
        ({"partial": ["heart"], "modality_b": "heart"}, "its own confound"),
        ({"carry": ["global"]}, "level"),
        ({"measure": "pwtc", "bands": {"b": [0.1, 0.3]}}, "pwtc takes out confounds and none is named; use wtc, or"),
        ({"measure": "pwtc", "bands": {"b": [0.1, 0.3]}, "carry": ["movement"]}, "use wtc, or name them: partial = "),
        ({"partial": ["heart"], "partial_lag_s": -1}, "partial_lag_s"),
        ({"partial_from": "theirs"}, "partial_from"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(more, said):
    with pytest.raises(BadInput, match=said):
        plan_from({"analysis": [{"name": "x", "modality": "eda", "measure": "corr", **more}]})


def test_a_measure_of_confounds_without_any_is_refused_by_check_and_pair(tmp_path):
    random = np.random.default_rng(15)
    _save(tmp_path / "x_1_eda.txt", _slow(random, N), _slow(random, N))
    study = _study(tmp_path, [EDA], [("m", "")])
    text = (study / "study.toml").read_text().replace('"corr"', '"pwtc"\nbands = { b = [0.1, 0.3] }')
    (study / "study.toml").write_text(text.replace("settings = { prewhiten = false }", ""))
    for command in (interbrain.check_study, lambda folder: interbrain.run(folder, tmp_path / "derivatives")):
        with pytest.raises(BadInput, match="pwtc takes out confounds and none is named; use wtc"):
            command(study)
    file = tmp_path / "x_1_eda.txt"
    with pytest.raises(BadInput, match=r"two recordings have none beside them\. Use wtc, or interbrain run"):
        interbrain.pair(file, file, "pwtc", modality="eda", options={"rate": 5.0}, bands={"b": (0.1, 0.3)})


def test_a_measure_that_takes_confounds_itself_gets_them_in_the_recording_and_in_surrogates(tmp_path):
    random = np.random.default_rng(14)
    course = _slow(random, N)
    moved = [course + 0.2 * _slow(random, N) for _ in "ab"]
    _save(tmp_path / "x_1_eda.txt", *(m + _slow(random, N) for m in moved))
    _save(tmp_path / "x_1_move.txt", *moved)
    study = _study(tmp_path, [EDA, MOVED | {"rate": 5.0}], [("m", 'partial = ["movement"]')])
    text = (study / "study.toml").read_text().replace('"corr"', '"pwtc"\nbands = { b = [0.1, 0.3] }')
    text = text.replace("settings = { prewhiten = false }", "").replace("39", "19")
    (study / "study.toml").write_text(text)
    tables = interbrain.run(study, tmp_path / "derivatives").tables
    row = tables["confounds"].iloc[0]
    plain = [tmp_path / f"alone_{i}.txt" for i in "ab"]
    for path, series in zip(plain, np.loadtxt(tmp_path / "x_1_eda.txt", skiprows=1).T, strict=True):
        np.savetxt(path, series)
    alone = interbrain.pair(
        *plain, "wtc", modality="eda", options={"rate": 5.0}, bands={"b": (0.1, 0.3)}, n_surrogates=19
    )
    assert row["value_before"] == pytest.approx(alone["value"].item(), abs=1e-5)
    assert row["value_after"] < row["value_before"] - 0.1 and np.isnan(row["removed_a"])
    assert row["excess_after"] < row["excess_before"] - 0.1


def test_a_slower_confound_is_a_gap_wherever_a_neighbouring_sample_is():
    at = np.arange(40) / 2.0
    valid = np.ones((1, 1, 40), dtype=bool)
    valid[..., 20] = False
    slow = Signal(np.sin(0.3 * at)[None, None], 2.0, (Channel("c"),), valid, start=4)
    like = Signal(np.zeros((1, 1, 300)), 10.0, (Channel("x"),), start=0)
    found = onto(slow, like)
    seconds = np.arange(300) / 10.0 - 2.0
    inside = (seconds > -1e-9) & (seconds < at[-1] + 1e-9) & ~((seconds > 9.5 - 1e-9) & (seconds < 10.5 + 1e-9))
    assert found.valid[0, 0][~inside].sum() <= 4  # what lies beyond the last sample of the slow one
    assert not found.valid[0, 0][(seconds > 9.5 + 1e-9) & (seconds < 10.5 - 1e-9)].any()
    sure = inside & (seconds > 1.5) & (seconds < 18) & (abs(seconds - 10.0) > 0.6)
    assert found.valid[0, 0][sure].all()
    np.testing.assert_allclose(found.values[0, 0][sure], np.sin(0.3 * seconds[sure]), atol=0.03)
