"""Scaling against its closed forms and against what blockade did (PMC6725152, PMC6757564, J Neurosci 40:4090)."""

import dataclasses

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.report.figures.simulated_synapse import draw_scaling
from interbrain.simulate.plasticity.scaling import Scaling, Treatment, scale

BLOCKADE = Treatment(0.0, 48.1, spikes=0.0)


def cv(weights):
    return weights.std(-1) / weights.mean(-1)


def test_two_days_of_silence_more_than_double_every_synapse_and_keep_their_cv():
    run = scale(Scaling(), 48, 1, BLOCKADE, dt=0.01)
    factor = run.excitatory[-1] / run.excitatory[0]
    assert np.ptp(factor) < 1e-9 and factor.mean() > 2
    assert factor.mean() == pytest.approx(np.exp(48 / 36), rel=1e-3), "w' = w/τ while nothing is sensed"
    assert np.allclose(cv(run.excitatory[-1]), cv(run.excitatory[0]), rtol=1e-10) and cv(run.excitatory[0]).min() > 0.4


def test_inhibition_goes_the_other_way():
    run = scale(Scaling(), 48, 1, BLOCKADE, dt=0.01)
    factor = run.inhibitory[-1] / run.inhibitory[0]
    assert factor.mean() == pytest.approx(np.exp(-0.5 * 48 / 36), rel=1e-3) and np.ptp(factor) < 1e-9
    still = scale(dataclasses.replace(Scaling(), inhibition=0.0), 24, 1, BLOCKADE)
    assert np.array_equal(still.inhibitory[-1], still.inhibitory[0])


def test_rates_start_at_their_target_and_stay_there():
    run = scale(Scaling(), 48, 1)
    assert np.allclose(run.rate, 5.0, rtol=1e-12) and np.allclose(run.excitatory[-1], run.excitatory[0])


@pytest.mark.parametrize("left", [0.4, 2.0])
def test_without_inhibition_the_return_is_logistic(left):
    s = Scaling(inhibitory=0, inhibited=0.0)
    run = scale(s, 100, 1, Treatment(0.0, 101.0, transmission=left), dt=0.01)
    settled = 1 / left
    exact = settled / (1 + (settled - 1) * np.exp(-run.hours / 36))
    assert np.allclose(run.excitatory[:, 0, 0] / run.excitatory[0, 0, 0], exact, rtol=2e-3)
    assert run.rate[-1].mean() == pytest.approx(5 * left * exact[-1], rel=2e-3)


def test_after_the_blockade_rates_come_back_to_target():
    run = scale(Scaling(), 500, 1, Treatment(0.0, 48.0, spikes=0.0))
    assert run.rate[10].max() == 0 and run.rate[49].mean() > 10
    assert run.rate[-1].mean() == pytest.approx(5.0, rel=0.01)


def test_rivals_are_told_apart_by_the_cv():
    same, adds, diverges = (
        scale(Scaling(exponent=x, inhibitory=0, inhibited=0.0), 36, 1, BLOCKADE) for x in (0.0, -1.0, 0.3)
    )
    assert np.allclose(cv(same.excitatory[-1]), cv(same.excitatory[0]))
    assert (cv(adds.excitatory[-1]) < 0.8 * cv(adds.excitatory[0])).all()
    assert np.ptp(adds.excitatory[-1, 0] - adds.excitatory[0, 0]) < 1e-12, "the same is added to every synapse"
    assert (cv(diverges.excitatory[-1]) > 1.05 * cv(diverges.excitatory[0])).all()


def test_what_is_sensed_decides_when_firing_is_kept_but_receptors_are_blocked():
    """eLife 87753: transmission, not spikes, may be what AMPA scaling watches."""
    half = Treatment(0.0, 25.0, spikes=2.0, transmission=0.5)
    rate, transmission = (
        scale(Scaling(sensed=s, inhibitory=0, inhibited=0.0), 24, 1, half).excitatory for s in ("rate", "transmission")
    )
    assert rate[-1].mean() < 0.8 * rate[0].mean(), "neurons fire twice as much: down"
    assert np.allclose(transmission[-1], transmission[0]), "receptors receive as much as before: nothing"


def test_bad_parameters_are_named():
    for make, words in (
        (lambda: Scaling(tau=0.0), "Scaling: tau is 0"),
        (lambda: Scaling(sensed="calcium"), "'rate' or 'transmission'"),
        (lambda: Treatment(5, 3), "the earlier comes first"),
        (lambda: Treatment(1, 3, spikes=-1), "Treatment: spikes is -1"),
        (lambda: scale(Scaling(), 10, 1, dt=20.0), "tau/10"),
        (lambda: scale(Scaling(exponent=2.0), 400, 1, Treatment(0, 400, spikes=0.0)), "smaller exponent"),
    ):
        with pytest.raises(BadInput, match=words):
            make()


def test_the_figure_shows_rate_and_weights():
    figure = draw_scaling(scale(Scaling(), 48, 1, BLOCKADE))
    assert [len(a.lines) for a in figure.axes] == [1, 3]
