"""Gates against exact results (phase correction, the inverted U) and against what experiments found."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from interbrain.data.errors import BadInput
from interbrain.report.figures.simulated_synapse import draw_modulators
from interbrain.simulate.plasticity.modulators import (
    GATES,
    GRADES,
    Dopamine,
    Modulators,
    Oxytocin,
    Rewards,
    Serotonin,
    Stress,
    Tapping,
    learn,
    tap,
)

NOTHING_TO_LEARN, SOMETHING = Rewards(gain=0.0), Rewards(gain=0.5)


def drift(third, seeds=40, known=400):
    """Mean change of weights over 1,500 trials once the critic has learned, and its standard error over seeds."""
    runs = [learn(Dopamine(third), NOTHING_TO_LEARN, known + 1500, seed).weight for seed in range(seeds)]
    change = np.array([run[-1] - (run[known] if known else 0) for run in runs])
    return change.mean(0), change.std(0, ddof=1) / seeds**0.5


def test_with_a_constant_modulator_weights_drift_and_with_a_critic_they_do_not():
    constant, _ = drift("constant")
    assert (constant > 3).all(), "the unsupervised term: whatever spikes grows"
    critic, se = drift("critic")
    assert (np.abs(critic) < 4 * se).all() and (np.abs(critic) < 0.06).all()
    early, se = drift("critic", known=0)
    assert np.allclose(early, [0.2, 0.0, -0.2], atol=4 * se.max()), "eta·base·P(spike)/alpha, while it learns"


@pytest.mark.parametrize("third", ["reward", "mean"])
def test_the_critic_must_know_the_situation(third):
    """Frémaux et al. 2010: subtracting the mean over all situations leaves a bias of each one's own."""
    mean, se = drift(third)
    assert mean[0] > 1 and mean[2] < -1 and mean[0] > 10 * se[0] and mean[2] < -10 * se[2]


def test_the_mean_over_all_situations_is_what_mean_takes_off():
    raised = Rewards(base=(2.0, 1.0, 0.0))
    end = {third: learn(Dopamine(third), raised, 1900, 1).weight[-1] for third in ("reward", "mean")}
    assert end["reward"][1] > 5 and abs(end["mean"][1]) < 2 and abs(end["reward"][2]) < 0.5 and end["mean"][2] < -1


def test_expectations_are_the_rewards():
    expected = learn(Dopamine(alpha=0.02), NOTHING_TO_LEARN, 20_000, 1).expected[-5000:].mean(0)
    assert np.allclose(expected, [1.0, 0.0, -1.0], atol=0.05)


def test_with_a_critic_every_situation_is_learned_and_without_the_base_wins():
    right = learn(Dopamine(), SOMETHING, 20_000, 1).spiking[-1]
    assert right[0] > 0.9 and right[1] < 0.1 and right[2] > 0.9
    for third in ("constant", "reward", "mean"):
        spiking = learn(Dopamine(third), SOMETHING, 20_000, 1).spiking[-1]
        assert not (spiking[0] > 0.9 and spiking[1] < 0.1 and spiking[2] > 0.9)


def test_first_updates_by_hand():
    run = learn(Dopamine("reward", eta=0.5, alpha=0.1), Rewards((2.0,), (1,), gain=0.0, noise=0.0), 3, 1)
    steps = np.diff(np.concatenate([[0.0], run.weight[:, 0]]))
    assert set(np.round(steps, 12)) <= {0.0, 1.0} and steps.any()
    assert run.expected[:, 0] == pytest.approx([0.2, 0.38, 0.542])


@pytest.mark.parametrize("hours", [0.0, 24.0, 72.0])
def test_the_inverted_u_peaks_at_one_where_it_says(hours):
    stress = Stress()
    best = 0.4 / (1 + hours / 24)
    peak = minimize_scalar(lambda s: -stress.gain(s, hours), bounds=(0, 2), method="bounded", options={"xatol": 1e-9})
    assert peak.x == pytest.approx(best, abs=1e-5) and -peak.fun == pytest.approx(1.0, abs=1e-9)
    without_tonic = Stress(tonic=0.0)
    assert without_tonic.gain(0.0) == 0 and without_tonic.gain(0.8) == pytest.approx(2 * math.exp(-1))


def test_mild_stress_helps_when_brief_and_harms_when_it_lasts_and_severe_stress_always_harms():
    stress = Stress()
    calm = stress.gain(0.0)
    assert stress.gain(0.4) > 1.5 * calm > calm > stress.gain(0.4, 24 * 21)
    assert all(stress.gain(2.0, h) < 0.5 * calm for h in (0.0, 24.0, 168.0))
    assert stress.gain(0.0, 500.0) == calm == pytest.approx((0.15 / 0.55) * math.exp(0.4 / 0.55)), "nothing has lasted"
    gains = [stress.gain(0.4, h) for h in (0, 6, 24, 72, 168)]
    assert all(a > b for a, b in itertools.pairwise(gains))
    falling = Stress(shape="falling")
    assert all(falling.gain(a) > falling.gain(b) for a, b in ((0, 0.1), (0.1, 0.4), (0.4, 2.0)))


def test_serotonin_buffers_or_permits_as_asked():
    grown = Serotonin(growth=0.05).after(6)
    assert grown.binding == pytest.approx(1.05**6) and Serotonin(growth=0.05).binding == 1.0
    assert Serotonin().felt(0.7) == 0.7 and Serotonin().gain() == 1.0
    assert grown.felt(0.7) == pytest.approx(0.7 / 1.05**6) and grown.gain() == 1.0
    permits = dataclasses.replace(grown, buffering=0.0, permissive=2.0)
    assert permits.felt(0.7) == 0.7 and permits.gain() == pytest.approx(1 + 2 * (1.05**6 - 1))


LEADER, MUTUAL, METRONOME = Tapping(), Tapping(partner=0.35), Tapping(person=False)
PLACEBO, DOSE = Oxytocin(0.0), Oxytocin(1.0)


def helped(tapping, oxytocin):
    return 1 - tapping.asynchrony_sd(oxytocin) / tapping.asynchrony_sd(PLACEBO)


@pytest.mark.parametrize("tapping", [LEADER, MUTUAL, METRONOME])
@pytest.mark.parametrize("oxytocin", [PLACEBO, DOSE, Oxytocin(1.0, acts_on="variability")])
def test_asynchronies_have_the_exact_sd(tapping, oxytocin):
    simulated = np.array([tap(tapping, oxytocin, 20_000, seed).std() for seed in range(6)])
    assert simulated.mean() == pytest.approx(tapping.asynchrony_sd(oxytocin), rel=0.02)


def test_phase_correction_as_vorberg_and_wing():
    """Two noises of 20 ms, corrections of 0.35 and none: √(2·400/(1 − 0.65²))."""
    assert LEADER.asynchrony_sd() == pytest.approx(math.sqrt(800 / (1 - 0.65**2)))
    asynchronies = tap(LEADER, PLACEBO, 100_000, 1)
    assert np.corrcoef(asynchronies[1:], asynchronies[:-1])[0, 1] == pytest.approx(0.65, abs=0.01)


def test_oxytocin_helps_following_an_unresponsive_leader_and_neither_mutual_adaptation_nor_a_metronome():
    """Gebauer et al. 2016 doi:10.1038/srep38416."""
    assert helped(LEADER, DOSE) > 0.15
    assert abs(helped(MUTUAL, DOSE)) < 0.05 and helped(METRONOME, DOSE) == 0


def test_a_plain_gain_fails_where_the_experiment_says_it_must():
    plain = Oxytocin(1.0, context="plain")
    assert helped(LEADER, plain) > 0.15 and abs(helped(MUTUAL, plain)) < 0.05
    both = 2 * 0.35 * 1.65
    assert MUTUAL.asynchrony_sd(DOSE) == pytest.approx(math.sqrt(800 / (1 - (1 - both) ** 2))), "both received it"
    assert helped(METRONOME, plain) > 0.15, "it would help with a metronome, which was not found"
    steadier = Oxytocin(1.0, acts_on="variability")
    assert helped(LEADER, steadier) > 0.15 and helped(METRONOME, steadier) == 0
    assert helped(MUTUAL, steadier) > 0.15, "steadier tapping would help in mutual adaptation, which was not found"


def test_gates_that_are_off_leave_exactly_one():
    off = Modulators()
    assert off.plasticity(stress=3.0, hours=99.0) == 1.0 and off.coupling(0.2) == 1.0
    on = Modulators(Stress(), Serotonin(binding=1.5), DOSE)
    assert on.plasticity(0.9) == pytest.approx(Stress().gain(0.9 / 1.5)) and on.coupling(0.25) == pytest.approx(1.75)
    assert on.coupling(0.25, person=False) == 1.0


def test_every_gate_says_how_well_it_is_known_and_what_speaks_against_it():
    assert [g.name for g in GATES] == ["dopamine", "serotonin", "oxytocin", "stress"]
    for gate in GATES:
        assert gate.grade in GRADES and gate.evidence and gate.against and gate.acts_on
        assert all(s.startswith("10.") for s in gate.sources)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Dopamine(third="none"), "constant, reward, mean, critic"),
        (lambda: Rewards(base=(1.0,), wanted=(1, -1)), "one of each a situation"),
        (lambda: learn(Dopamine(), Rewards(), 0, 1), "at least one is needed"),
        (lambda: Stress(best=0.0), "Stress: best is 0"),
        (lambda: Stress(shape="u"), "'inverted_u' or 'falling'"),
        (lambda: Stress().gain(-1.0), "Stress: level is -1"),
        (lambda: Serotonin(binding=float("nan")), "Serotonin: binding is nan"),
        (lambda: Oxytocin(context="always"), "'social' or 'plain'"),
        (lambda: Oxytocin().gain(1.5), "responsiveness is 1.5"),
        (lambda: Tapping(partner=0.3, person=False), "a metronome does not respond"),
        (lambda: tap(Tapping(correction=1.2, partner=0.9), PLACEBO, 10, 1), "do not settle"),
    ],
)
def test_bad_parameters_are_named(make, words):
    with pytest.raises(BadInput, match=words):
        make()


def test_the_figure_shows_three_gates():
    figure = draw_modulators(trials=500)
    assert [len(a.lines) for a in figure.axes[:2]] == [12, 3] and len(figure.axes[2].patches) == 6
