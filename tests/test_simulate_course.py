"""A course of therapy: its parts by hand, its bytes, what each mechanism moves and what it provably does not."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interbrain.data.errors import BadInput
from interbrain.simulate.courses import _between, _gates, _sessions
from interbrain.simulate.courses._dyads import PATIENT, THERAPIST, begin, edge_ends
from interbrain.simulate.courses.course import (
    ABLATIONS,
    COLUMNS,
    Course,
    _pseudo,
    _stays,
    changed,
    course_from,
    from_words,
    simulate_course,
    simulate_courses,
    without,
)
from interbrain.simulate.courses.therapies import records

SMALL = Course(dyads=6, sessions=2, seconds=24.0, dropout=0.0, seed=3)
MET = ["likeness", "high_s", "synchrony", "order", "gain_person", "gain_pair"]


def ran(course, **more):
    return simulate_course(changed(course, {"measured": False, **more}), threads=1).sessions


@pytest.fixture(scope="module")
def usual():
    return simulate_course(SMALL, threads=1)


def first(table, columns):
    return table[table["session"] == 1][list(columns)].to_numpy(dtype=float)


def differ(a, b, columns=("gain_person", "gain_pair", "severity", "trust", "order")):
    return [c for c in columns if not np.array_equal(a[c].to_numpy(), b[c].to_numpy())]


# ---- parts, by hand


def test_emotion_and_cognition_count_together():
    course = Course(emotion=(0.5, 0.9, 0.0), cognition=(0.5, 0.3, 0.8), apart=0.2)
    rival = changed(course, {"togetherness": "sum"})
    assert _gates.joined(course, 0) == pytest.approx(0.2 + 0.8 * 0.25) == _gates.joined(rival, 0)
    assert _gates.joined(course, 1) == pytest.approx(0.2 + 0.8 * 0.27)
    assert _gates.joined(rival, 1) == pytest.approx(0.2 + 0.8 * 0.36)
    assert _gates.joined(course, 2) == 0.2 < _gates.joined(rival, 2)
    assert _gates.joined(without(course, "emotion_with_cognition"), 1) == 0.2


def test_gates_are_a_product_and_one_where_left_out():
    course = Course(stress=0.4, trust=0.5)
    dyads = begin(course, range(3))
    found = _gates.gates(course, dyads, 1, np.array([False, False, True]))
    np.testing.assert_array_equal(found.product, found.trust * found.stress * found.together * found.permissive)
    np.testing.assert_array_equal(found.trust, 0.5)
    hours = 50 / 60 + 24 * 0.5
    calm, best = 0.15 / 0.55, 0.4 / (1 + hours / 24)
    x = calm + (1 - calm) * np.array([0.4, 0.4, 0.6]) / best
    np.testing.assert_allclose(found.stress, x * np.exp(1 - x))
    free = changed(course, {"gated_by": ()})
    np.testing.assert_array_equal(_gates.gates(free, dyads, 1, np.zeros(3, bool)).product, 1.0)


def test_stress_is_an_inverted_u_and_its_rival_falls():
    levels = np.array([0.0, 0.4, 2.0])
    u = _gates.stress_gain(Course(stress_hours=0, minutes=0.001), levels, np.ones(3))
    falling = _gates.stress_gain(Course(stress_hours=0, minutes=0.001, stress_shape="falling"), levels, np.ones(3))
    assert u[1] == pytest.approx(1.0, abs=1e-6) and u[0] < u[1] > u[2]
    assert np.all(np.diff(falling) < 0) and falling[0] == pytest.approx(1)
    safe, unsafe = _gates.stress_gain(Course(), np.array([0.4, 0.4]), np.array([1.0, 0.0]))
    assert unsafe < safe  # what is not settled goes on at home


def test_narrative_and_practice_bind():
    course = Course(bound=0.3, practice=0.5, practice_binds=0.4)
    told = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(_sessions.bound_share(course, told), [1 - 0.7 * 0.8, 1 - 0.7 * 0.5 * 0.8, 1.0])
    rival = changed(course, {"narrative_binds": False})
    np.testing.assert_allclose(_sessions.bound_share(rival, told), 1 - 0.7 * 0.8)


def taught(course, own=2.0, pair=1.0, bound=0.4):
    """Two dyads whose patients learnt so much on voice, and half of it on gaze."""
    dyads = begin(course, range(2))
    learnt = np.zeros((2, 2, 4))
    learnt[:, PATIENT] = [1.0, 0.5, 0.0, 0.0]
    dyads.learnt(own * learnt, pair * learnt, np.full(2, bound))
    return dyads


def test_what_is_bound_lasts_and_the_rest_fades():
    course = Course(homeostasis=False, fades_days=3.0, lasts_days=300.0)
    dyads = taught(course)
    start = dyads.base[:, 0]
    np.testing.assert_allclose(dyads.person_gain[:, 0] - start, [[2.0, 1.0, 0, 0]] * 2)
    _between.pass_time(course, dyads, 6.0, 1)
    left = 0.4 * np.exp(-6 / 300) + 0.6 * np.exp(-6 / 3)
    np.testing.assert_allclose(dyads.person_gain[:, 0] - start, np.array([[2.0, 1.0, 0, 0]] * 2) * left)
    np.testing.assert_allclose(dyads.pair_gain[:, 0], np.array([[1.0, 0.5, 0, 0]] * 2) * left)
    np.testing.assert_array_equal(dyads.person_gain[:, 1], dyads.base[:, 1])


def test_two_sites_hold_activity_and_keep_growth():
    course = Course(lasts_days=1e9, balance=0.8, evoked_share=0.6)
    dyads = taught(course, bound=1.0)
    before = dyads.person_gain
    _between.pass_time(course, dyads, 200.0, 1)
    np.testing.assert_allclose(dyads.person_gain, before, rtol=1e-6)
    evoked = dyads.growth
    assert np.all(evoked > 2)
    np.testing.assert_allclose(_between.activity(course, evoked, dyads.spontaneous), 1.0, atol=1e-3)
    np.testing.assert_allclose(dyads.spontaneous, (1 - 0.6 * evoked / (0.2 + 0.8 * evoked)) / 0.4, atol=2e-3)


def test_one_site_cannot_hold_and_grow_at_once():
    held = Course(two_sites=False, lasts_days=1e9)
    dyads = taught(held, bound=1.0)
    ratio = dyads.person_gain[:, 0] / dyads.pair_gain[:, 0].sum(axis=1, keepdims=True)
    start = dyads.base[:, 0].mean(axis=1)
    _between.pass_time(held, dyads, 200.0, 1)
    total = (dyads.person_gain + dyads.pair_gain)[:, 0].mean(axis=1)
    np.testing.assert_allclose(total, start, rtol=1e-3)  # activity is held, and what was learnt is gone
    after = dyads.person_gain[:, 0] / dyads.pair_gain[:, 0].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(after, ratio, rtol=1e-6)  # scaling keeps ratios
    free = changed(held, {"homeostasis": False})
    loose = taught(free, bound=1.0)
    _between.pass_time(free, loose, 200.0, 1)
    np.testing.assert_allclose(loose.spontaneous, loose.growth)  # growth stays, and so does what it does to activity
    assert np.all(loose.spontaneous > 2)


def test_symptoms_follow_with_their_time_constant():
    course = Course(life_sd=0.0, crisis=0.0, symptoms_days=28.0, relapse_days=1e9, homeostasis=False, lasts_days=1e9)
    dyads = begin(course, range(4))
    before = dyads.severity.copy()
    np.testing.assert_allclose(before, dyads.maintained(course))
    dyads.rigid = dyads.rigid * 0.5  # ability changes at once
    towards = dyads.maintained(course)
    np.testing.assert_array_equal(dyads.severity, before)  # symptoms do not
    _between.pass_time(course, dyads, 28.0, 1)
    np.testing.assert_allclose((dyads.severity - before) / (towards - before), 1 - np.exp(-1), rtol=1e-6)


def test_edges_that_agree_grow_at_the_cost_of_the_others():
    course = Course(edge_rate=2.0, prune=0.1, gated_by=())
    dyads = begin(course, range(2))
    to, _, start = edge_ends(course)
    alike = np.random.default_rng(1).uniform(-1, 1, (2, len(to)))
    opened = _gates.gates(course, dyads, 1, np.zeros(2, bool))
    for _ in range(3):
        _sessions.strengthen(course, dyads, opened, alike)
    for k in range(2):
        np.testing.assert_allclose(np.bincount(to, dyads.edges[k]), np.bincount(to, start))
        for region in range(course.regions):
            mine = (to == region) & (dyads.edges[k] > 0)
            log = np.log(dyads.edges[k, mine] / start[mine])
            assert np.all(np.diff(log[np.argsort(alike[k, mine])]) > -1e-9)
    lost = dyads.edges == 0
    assert 0 < lost.sum() < lost.size / 2
    assert np.all(np.add.reduceat(dyads.edges > 0, np.flatnonzero(np.diff(to, prepend=-1)), axis=1) >= 1)
    _sessions.strengthen(course, dyads, opened, -alike)
    assert np.all(dyads.edges[lost] == 0)


def test_rigidity_loosens_by_the_gate():
    course = Course(loosening=0.5)
    dyads = begin(course, range(3))
    opened = _gates.gates(course, dyads, 1, np.zeros(3, bool))
    before = dyads.rigid.copy()
    _sessions.loosen(course, dyads, opened)
    np.testing.assert_allclose(dyads.rigid, before * np.exp(-0.5 * opened.product))


def test_trust_and_narrative_follow_what_is_experienced_in_each_phase(monkeypatch):
    course = Course(dyads=2, seconds=6.0, ruptures=0.0, trust_rate=0.7, safety=0.5, narrative=0.8)
    felt = iter([np.array([0.2, 0.9]), np.array([-0.4, 0.3]), np.array([0.6, 0.5])])
    monkeypatch.setattr(_sessions, "experienced", lambda runs: (next(felt), np.zeros(2)))
    dyads = begin(course, range(2))
    met = _sessions.hold(course, dyads, 1)
    shares = np.array([0.2, 0.5, 0.3])
    rise = 0.7 * 0.5 * np.array([shares @ [0.2, 0.0, 0.6], shares @ [0.9, 0.3, 0.5]])
    np.testing.assert_allclose(1 - dyads.trust, 0.7 * np.exp(-rise))
    np.testing.assert_allclose(met.columns["narrative"], [0.8 * 0.6, 0.8 * 0.5])
    np.testing.assert_allclose(met.columns["bound"], _sessions.bound_share(course, met.columns["narrative"]))
    lasts, fresh = dyads.own_lasts[:, PATIENT], dyads.own_fresh[:, PATIENT]
    np.testing.assert_allclose(lasts / (lasts + fresh), np.repeat(met.columns["bound"][:, None], 4, axis=1))


def test_ruptures_come_without_trust_without_flexibility_and_under_stress():
    course = Course(ruptures=0.5, stress=0.4, flexibility=0.6, trust=0.3)
    assert _sessions._rupture_hazard(course, begin(course, range(1))) == pytest.approx(0.5 * 0.7 * 0.4 * 1.4)
    free = begin(without(course, "ruptures"), range(1))
    assert _sessions._rupture_hazard(without(course, "ruptures"), free) == 0


def test_progress_and_trust_keep_people():
    course = Course(dyads=400, dropout=0.4)
    dyads = begin(course, range(400))
    stay = {}
    for better in (0.0, 0.8):
        for trust in (0.3, 0.8):
            dyads.severity, dyads.trust = dyads.severity_at_start - better, np.full(400, trust)
            stay[better, trust] = _stays(course, dyads, 1).mean()
            expected = 0.4 * 2 * (1 - trust) * (1 - better)
            assert 1 - stay[better, trust] == pytest.approx(expected, abs=4 * np.sqrt(expected / 400))
    assert _stays(course, dyads, course.sessions).all()


def test_scaling_acts_on_the_patient_alone():
    dyads = begin(Course(), range(2))
    before = dyads.person_gain
    dyads.scale = np.array([2.0, 0.5])
    np.testing.assert_allclose(dyads.person_gain[:, PATIENT], before[:, PATIENT] * [[2.0], [0.5]])
    np.testing.assert_array_equal(dyads.person_gain[:, THERAPIST], before[:, THERAPIST])
    dyads.learnt(np.ones((2, 2, 4)), np.zeros((2, 2, 4)), np.ones(2))
    np.testing.assert_allclose(
        dyads.person_gain - before, (np.array([2.0, 0.5])[:, None, None] - 1) * [[1], [0]] * before + 1
    )


def test_pseudo_pairs_are_other_peoples_therapists():
    random = np.random.default_rng(3)
    own = random.normal(size=(4, 50)) + 1j * random.normal(size=(4, 50))
    other = random.normal(size=(4, 50)) + 1j * random.normal(size=(4, 50))
    found = _pseudo(np.stack([own, other], axis=2))
    slow = [[abs(np.mean(own[i] * other[(i + k) % 4].conj())) for i in range(4)] for k in (1, 2, 3)]
    np.testing.assert_allclose(found, slow)


# ---- a course


def test_tables_are_tidy(usual):
    table = usual.sessions
    assert list(table["dyad"]) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6] and list(table["session"][:2]) == [1, 2]
    assert list(table["day"][:2]) == [0.0, 7.0]
    assert table.drop(columns=["regime"]).notna().all(axis=None)
    assert len(usual.probes) == 6 * 3 * 2 and set(usual.probes["when"]) == {"before", "after", "follow_up"}
    np.testing.assert_allclose(table["excess"], table["synchrony"] - table["pseudo"])
    moving = table.groupby("dyad")[["gain_person", "trust", "rigidity"]].first()
    start = begin(SMALL, range(6))
    assert np.all(moving["gain_person"].to_numpy() != start.base[:, PATIENT].mean(axis=1))
    assert np.all(np.abs(moving["rigidity"]) < np.abs(start.rigid))


def test_the_same_seed_the_same_bytes_for_any_threads():
    course = Course(dyads=34, sessions=2, seconds=6.0, seed=5)
    one, two = (simulate_course(course, threads=t) for t in (1, 2))
    pd.testing.assert_frame_equal(one.sessions, two.sessions, check_exact=True)
    pd.testing.assert_frame_equal(one.probes, two.probes, check_exact=True)
    other = simulate_course(changed(course, {"seed": 6}), threads=2)
    assert differ(one.sessions, other.sessions) if len(one.sessions) == len(other.sessions) else True


def test_courses_beside_each_other_are_what_each_is_alone(usual):
    found = simulate_courses({"a": SMALL, "b": without(SMALL, "learning")}, threads=2)
    pd.testing.assert_frame_equal(found["a"].sessions, usual.sessions, check_exact=True)
    start = begin(SMALL, range(6)).base[:, PATIENT, 0]
    np.testing.assert_allclose(found["b"].sessions.groupby("dyad")["gain_person"].last(), start)


def test_every_mechanism_can_be_taken_out_and_is_told():
    for name, (_, settings) in ABLATIONS.items():
        off = without(Course(therapy="mindfulness"), name)
        assert off != Course(therapy="mindfulness")
        for key, value in settings.items():
            assert getattr(off, key) == value
    both = without(Course(), "voice", "gaze")
    assert both.shut == ("voice", "gaze") and without(both, "breath").shut == ("voice", "gaze", "breath")
    with pytest.raises(BadInput, match=r"no mechanism 'oxytocine' \(did you mean 'oxytocin'\?\); there are: two_sites"):
        without(Course(), "oxytocine")


@pytest.mark.parametrize("name", ["narrative", "serotonin", "homeostasis", "practice"])
def test_what_acts_between_sessions_leaves_the_first_session_as_it_was(usual, name):
    table = ran(without(SMALL, name))
    np.testing.assert_allclose(first(table, MET), first(usual.sessions, MET), rtol=1e-12)
    assert differ(table, usual.sessions, ("gain_person", "gain_pair", "spontaneous", "binding"))


def test_what_is_not_there_cannot_be_missed(usual):
    pd.testing.assert_frame_equal(ran(without(SMALL, "scaffold")), usual.sessions, check_exact=True)
    calm = changed(SMALL, {"ruptures": 0.0, "therapy": "chatting", "sessions": 1})
    pd.testing.assert_frame_equal(ran(calm), ran(without(calm, "stress", "ruptures")), check_exact=True)


def test_generalisation_moves_gains_between_person_and_pair(usual):
    table = ran(without(SMALL, "generalisation"))
    start = begin(SMALL, range(6)).base[:, PATIENT, 0]
    np.testing.assert_allclose(first(table, ["gain_person"])[:, 0], start)
    total = first(table, ["gain_person"]) + first(table, ["gain_pair"])
    np.testing.assert_allclose(
        total, first(usual.sessions, ["gain_person"]) + first(usual.sessions, ["gain_pair"]), rtol=1e-9
    )
    whole = simulate_course(changed(SMALL, {"generalises": 0.0}), threads=1).probes.set_index(["when", "partner"])
    same = [whole.loc[(when, "stranger")]["gain_person"].to_numpy() for when in ("before", "after")]
    np.testing.assert_allclose(*same)


def test_trust_stress_and_brain_stay_where_their_mechanism_is_out(usual):
    table = ran(without(SMALL, "trust"))
    np.testing.assert_array_equal(first(table, ["trust"]), 0.3)
    assert table["gate"].mean() < usual.sessions["gate"].mean()
    calm = ran(without(SMALL, "stress", "ruptures"))
    np.testing.assert_array_equal(calm["stress"], 0.0)
    stiff = ran(without(SMALL, "structural"))
    np.testing.assert_array_equal(first(stiff, MET), first(usual.sessions, MET))
    assert stiff["rigidity"].to_numpy() == pytest.approx(np.repeat(begin(SMALL, range(6)).rigid, 2))
    assert stiff["edges"].nunique() == 1


@pytest.mark.parametrize("name", ["oxytocin", "dopamine", "voice", "gaze", "movement", "breath"])
def test_what_acts_within_a_session_changes_it(usual, name):
    table = ran(without(SMALL, name), sessions=1)
    assert not np.array_equal(first(table, ["gain_person"]), first(usual.sessions, ["gain_person"]))


def test_rivals_differ(usual):
    rivals = {
        "togetherness": "sum",
        "stress_shape": "falling",
        "oxytocin_context": "plain",
        "narrative_binds": False,
        "two_sites": False,
        "serotonin_permissive": 1.0,
        "gated_by": (),
    }
    for name, value in rivals.items():
        assert differ(ran(SMALL, **{name: value}), usual.sessions), name
    dyads = taught(SMALL, 0.4, 0.4)
    assert np.all(dyads.capacity(changed(SMALL, {"capacity_of": "total"})) > dyads.capacity(SMALL))


def test_ruptures_and_repairs():
    torn = Course(
        dyads=6, sessions=1, seconds=6.0, ruptures=1.0, flexibility=0.0, stress=0.9, dropout=0.0, trust_rate=0.0
    )
    lost = ran(torn, repairs=0.0)
    assert lost["ruptured"].all() and not lost["repaired"].any()
    np.testing.assert_allclose(lost["trust"], 0.3 * 0.7)
    mended = ran(torn, repairs=1.0, experience=1.0, trust=0.2)
    assert mended["repaired"].any()
    np.testing.assert_allclose(mended.loc[mended["repaired"], "trust"], 0.2 + 0.15 * 0.8)
    assert not ran(without(torn, "ruptures"))["ruptured"].any()


def test_people_who_never_met_are_no_more_in_tune_than_pseudo_pairs():
    shut = ("voice", "gaze", "movement", "breath")
    apart = Course(dyads=40, measured=False, sessions=1, seconds=80.0, shut=shut)
    table = ran(apart)
    se = table["excess"].std() / np.sqrt(len(table))
    assert abs(table["excess"].mean()) < 3 * se
    assert table["synchrony"].mean() > 0.1  # and yet they look synchronous
    start = begin(apart, range(40))
    np.testing.assert_allclose(table["gain_person"], start.base[:, PATIENT, 0])
    met = ran(apart, shut=())
    assert met["excess"].mean() > 5 * met["excess"].std() / np.sqrt(len(met))


def test_time_without_synchrony_teaches_nothing_and_high_synchrony_does():
    arms = {
        f"{seconds:g} {sd:g}": Course(dyads=12, sessions=1, seconds=seconds, rhythm_sd=sd, measured=False, seed=8)
        for seconds in (24.0, 60.0)
        for sd in (0.01, 0.15)
    }
    runs = simulate_courses(arms, threads=2)
    rows = []
    for name, run in runs.items():
        start = begin(run.course, range(12)).base[:, PATIENT, 0]
        gain = (run.sessions["gain_person"] + run.sessions["gain_pair"]).to_numpy() - start
        rows.append(pd.DataFrame({"gain": gain, "high": run.sessions["high_s"], "time": float(name.split()[0])}))
    table = pd.concat(rows)
    assert table["gain"].corr(table["high"]) > table["gain"].corr(table["time"]) + 0.1


def test_a_waiting_list_waits():
    course = Course(therapy="wait_list", dyads=8, sessions=4, dropout=0.0, life_sd=0.0, seconds=6.0)
    table = ran(course)
    start = begin(course, range(8))
    for name, value in (("gain_person", start.base[:, PATIENT, 0]), ("rigidity", start.rigid)):
        np.testing.assert_allclose(table.groupby("dyad")[name].last(), value)
    assert table["synchrony"].isna().all()
    fall = table.groupby("dyad")["severity"].agg(lambda x: x.iloc[0] - x.iloc[-1])
    np.testing.assert_allclose(fall, 0.4 * (1 - np.exp(-21 / 28)))  # out of the crisis, no further


def test_who_leaves_is_not_in_later_rows():
    table = ran(SMALL, dropout=1.0, sessions=3, seconds=6.0)
    last = table.groupby("dyad").tail(1)
    assert last["leaves"].any() and not table.drop(last.index)["leaves"].any()
    assert (last["session"] < 3).any() and not last.loc[last["session"] == 3, "leaves"].any()


def test_gaps_and_days():
    course = Course(sessions=4, days_between=7, gaps=((2, 30.0),))
    assert course.days == (0.0, 7.0, 44.0, 51.0)


def test_bad_input_is_told():
    with pytest.raises(BadInput, match=r"stres: unknown key \(did you mean 'stress'\?\)"):
        course_from({"stres": 0.9})
    with pytest.raises(BadInput, match=r"there is no 'cbtt'.*there are: cbt, chatting"):
        course_from({"therapy": "cbtt"})
    with pytest.raises(BadInput, match=r"stress is 1\.5; allowed are 0 to 1"):
        changed(Course(), {"stress": 1.5})
    with pytest.raises(BadInput, match="shut names \\['smell'\\]; channels are voice, gaze, movement, breath"):
        course_from({"shut": ["smell"]})
    with pytest.raises(BadInput, match="gaps has \\(12, 3\\)"):
        course_from({"gaps": [[12, 3.0]]})
    with pytest.raises(BadInput, match="is not NAME=VALUE"):
        from_words(["stress"])
    with pytest.raises(BadInput, match="got no course"):
        simulate_courses({})
    assert changed(Course(), from_words(["stress=0.9", "shut=voice", "rhythm_sd=0.1"])).shut == ("voice",)
    assert changed(Course(), from_words(["stress=0.1,0.9,0.2"])).phases("stress") == (0.1, 0.9, 0.2)


def test_the_page_names_every_mechanism_column_and_therapy():
    page = (Path(__file__).parents[1] / "docs" / "model" / "therapy.md").read_text(encoding="utf-8")
    for name, (meaning, _) in ABLATIONS.items():
        assert f"| `{name}` | {meaning} |" in page
    for name, meaning in COLUMNS.items():
        assert f"| `{name}` | {meaning} |" in page
    for name, record in records().items():
        assert f"`{name}`" in page
        if record.meets:
            assert f"| `{name}` | {' '.join(f'{x:g}' for x in record.emotion)} |" in page


# ---- therapies


def test_every_therapy_gives_a_reason_for_every_number():
    found = records()
    assert set(found) == {"cbt", "mindfulness", "emotion_focused", "supportive", "chatting", "wait_list"}
    for name, record in found.items():
        assert sum(record.shares) == pytest.approx(1)
        assert record.against and record.grade in "ABCD" and record.reference
        numbers = {
            "emotion",
            "cognition",
            "stress",
            "scaffold",
            "safety",
            "channels",
            "narrative",
            "practice",
            "shares",
        }
        assert set(record.reasons) == (numbers if record.meets else {"meets"}), name
        values = [record.safety, record.narrative, record.practice, *record.emotion, *record.cognition, *record.stress]
        assert all(0 <= x <= 1 for x in (*values, *record.channels))


def test_listing_therapies_imports_nothing_heavy():
    program = (
        "import sys; from interbrain.data.records import discover; discover('interbrain.simulate.courses.therapies');"
        "assert not {'numpy', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_therapist_who_is_not_flexible_leaves_more_to_oxytocin():
    course = Course(trust=1.0, oxytocin=1.0)
    heard = [_gates.hearing(replace_flexibility(course, x), begin(course, range(1)))[0] for x in (0.0, 1.0)]
    assert heard[0][0] == pytest.approx(2.0) and heard[1][0] == pytest.approx(1.0)
    np.testing.assert_array_equal(_gates.hearing(without(course, "oxytocin"), begin(course, range(1))), 1.0)


def replace_flexibility(course, value):
    return changed(course, {"flexibility": value})


def test_therapists_differ_by_experience():
    novice, expert = (begin(Course(experience=x, gain_spread=0.0), range(1)) for x in (0.0, 1.0))
    assert novice.base[0, THERAPIST, 0] == 0.4 and expert.base[0, THERAPIST, 0] == 1.2
    assert replace(novice).number == expert.number
