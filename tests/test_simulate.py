"""The simulator plants what it says: counts, coupling only where and when people hear each other, who leads ahead."""

import numpy as np
import pytest

import interbrain
from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate import Course, simulate_recorded
from interbrain.simulate.courses.course import changed
from interbrain.simulate.recordings import haemodynamics
from interbrain.simulate.recordings.devices import device
from interbrain.simulate.recordings.devices._state import MeetingState
from interbrain.simulate.recordings.light import DISTANCE_CM, EXTINCTION, PATHLENGTH_FACTOR
from interbrain.simulate.recordings.recorded import record_meeting
from interbrain.study.demo import DEMO, RECORDED
from interbrain.study.simulation_plan import asked_course

LIGHT = device("fnirs")


@pytest.fixture(scope="module")
def found():
    """The demo's study in short: who meets when is as there."""
    return simulate_recorded(changed(DEMO, {"seconds": 6.0}), RECORDED.devices, 1.0, 10.0, RECORDED.missing, threads=1)


def test_a_third_of_the_sessions_is_missing_and_everybody_keeps_two(found):
    study = found.study
    assert len(study.groups) == 8 and len(study.meetings) == 32
    assert min(sum(m.group == g.id for m in study.meetings) for g in study.groups) >= 2
    assert study.description["simulated"] is True and study.truth["recording"]["missing"] == pytest.approx(1 / 3)


def test_contact_is_planted_in_the_session_only_and_who_leads_is_ahead():
    rest, beats = 400.0, 4000
    state = MeetingState(rest, np.zeros(beats, int), np.full(beats, 1.0), lead_rad=2.0 / LIGHT.cycle_s * 2 * np.pi)
    random = stream(1, "x")
    n = len(state.times(LIGHT.rate))
    own = haemodynamics.source(random, 2, n, LIGHT.rate)
    first, second = state.join(LIGHT, (own[0], own[1]), lambda k: haemodynamics.source(random, 1, k, LIGHT.rate)[0])
    begin, shift = round(rest * LIGHT.rate), round(2.0 * LIGHT.rate)
    x, y = first[begin:], second[begin:]
    correlation = [np.corrcoef(x[: len(x) - k], y[k:])[0, 1] for k in range(3 * shift)]
    assert int(np.argmax(correlation)) == shift
    assert correlation[shift] == pytest.approx(LIGHT.sensitivity, abs=0.04)
    assert np.array_equal(first[:begin], own[0, :begin]) and np.array_equal(second[:begin], own[1, :begin])


def test_light_follows_the_modified_beer_lambert_law(found):
    state = next(iter(found.states.values()))
    patient, _ = record_meeting("fnirs", state, 3, 1, 1, 0.0)
    values = patient.signal.values[0].reshape(-1, 2, patient.signal.n_times)
    long = [c.region != "short" for c in patient.signal.channels[::2]]
    optical_density = -np.log(values / values.mean(axis=-1, keepdims=True))[long]
    path = DISTANCE_CM * PATHLENGTH_FACTOR * np.log(10.0)
    haemoglobin = np.einsum("cw,nwt->nct", np.linalg.inv(EXTINCTION), optical_density) / path * 1e6
    hbo, hbr = haemoglobin[:, 0], haemoglobin[:, 1]
    assert len(hbo) == 8 and 0.2 < hbo.std(axis=-1).mean() < 1.0
    assert np.median([np.corrcoef(a, b)[0, 1] for a, b in zip(hbo, hbr)]) < -0.1


def test_the_same_meeting_gives_the_same_recording_and_another_meeting_another(found):
    one, other = found.study.meetings[0], found.study.meetings[1]
    first, again, third = (found.load(m, m.recordings[0]).signal.values for m in (one, one, other))
    assert np.array_equal(first, again) and not np.array_equal(first, third)
    partner = found.load(one, one.recordings[1]).signal.values
    assert partner.shape == first.shape and not np.array_equal(first, partner)


def test_a_source_has_unit_variance():
    assert haemodynamics.source(stream(1, "v"), 20, 20000, 5.0).std() == pytest.approx(1.0, abs=0.03)


def test_the_public_door_is_the_same_simulator():
    assert interbrain.simulate_recorded is simulate_recorded and interbrain.Course is Course
    with pytest.raises(AttributeError, match="has no attribute 'simulate_people'; it has: "):
        interbrain.simulate_people  # noqa: B018


def test_a_plan_of_the_earlier_simulator_is_told_from_a_misspelt_one(tmp_path):
    plan = tmp_path / "sim.toml"
    plan.write_text("seed = 3\npatients = 20\ngrowth = 0.05\n")
    with pytest.raises(BadInput, match=r"sim.toml: patients, growth are settings of an earlier simulator.*set dyads"):
        asked_course(plan)
    plan.write_text("dyadz = 20\n")
    with pytest.raises(BadInput, match=r"(?s)sim.toml is not a valid course.*did you mean 'dyads'"):
        asked_course(plan)
    plan.write_text("dyads = 3\n")
    assert asked_course(plan) == Course(dyads=3)
