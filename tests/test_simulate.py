"""The simulator plants what it says: counts, coupling only where and when it was asked for, the patient's lead."""

import numpy as np
import pytest

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate import haemodynamics, simulate_study
from interbrain.simulate.light import DISTANCE_CM, EXTINCTION, PATHLENGTH_FACTOR
from interbrain.simulate.observe import _sources, record_pair
from interbrain.simulate.settings import Simulation, simulation_from


def test_a_third_of_the_sessions_is_missing_and_everybody_keeps_two():
    study = simulate_study().study
    assert len(study.meetings) == 32
    assert min(sum(m.group == g.id for m in study.meetings) for g in study.groups) >= 2
    assert study.description["simulated"] is True


def test_coupling_is_planted_in_the_task_only_and_the_patient_leads():
    simulation = Simulation(lag_s=2.0)
    n_rest, n_times = 2000, 40000
    patient, therapist = _sources(simulation, 0.95, stream(1, "x"), n_times, n_rest)
    a = simulation.regions.index("rTPJ")
    x, y = patient[a, n_rest:], therapist[a, n_rest:]
    shift = round(2.0 * simulation.rate)
    correlation = [np.corrcoef(x[: len(x) - k], y[k:])[0, 1] for k in range(3 * shift)]
    assert int(np.argmax(correlation)) == shift
    assert correlation[shift] == pytest.approx(0.95, abs=0.02)
    other = np.corrcoef(patient[0, n_rest:], therapist[0, n_rest:])[0, 1]
    assert abs(other) < 0.08


def test_light_follows_the_modified_beer_lambert_law():
    simulation = Simulation(artefacts_per_minute=0.0)
    patient, _ = record_pair(simulation, 0.0, ("x",), 120.0, 360.0)
    light = patient.signal.values[0].reshape(-1, 2, patient.signal.n_times)
    optical_density = -np.log(light / light.mean(axis=-1, keepdims=True))
    path = DISTANCE_CM * PATHLENGTH_FACTOR * np.log(10.0)
    haemoglobin = np.einsum("cw,nwt->nct", np.linalg.inv(EXTINCTION), optical_density) / path * 1e6
    hbo, hbr = haemoglobin[:, 0], haemoglobin[:, 1]
    assert 0.2 < hbo.std(axis=-1).mean() < 1.0
    assert np.corrcoef(hbo[0], hbr[0])[0, 1] < -0.3


def test_the_same_key_gives_the_same_recording_and_another_key_another():
    simulation = Simulation()
    one = record_pair(simulation, 0.3, ("01", 1), 60.0, 60.0)[0].signal.values
    again = record_pair(simulation, 0.3, ("01", 1), 60.0, 60.0)[0].signal.values
    other = record_pair(simulation, 0.3, ("01", 2), 60.0, 60.0)[0].signal.values
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_a_source_has_unit_variance():
    assert haemodynamics.source(stream(1, "v"), 20, 20000, 5.0).std() == pytest.approx(1.0, abs=0.03)


def test_a_wrong_setting_is_named_with_what_is_allowed():
    with pytest.raises(BadInput, match=r"planted names \['V1'\]; regions are"):
        simulation_from({"planted": ["V1", "rTPJ"]})
