"""Growth and pruning against Butz & van Ooyen's rule (as coded in NEST) and the laws that follow from it."""

import dataclasses

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.report.figures.simulated_synapse import draw_growth
from interbrain.simulate.plasticity.structural import Growth, Structure, grow


@pytest.fixture(scope="module")
def grown():
    return grow(Structure(), 1500, 1)


@pytest.mark.parametrize("eta, epsilon", [(0.1, 0.7), (0.0, 0.05), (0.02, 0.2)])
def test_the_gaussian_rule_is_zero_exactly_at_eta_and_epsilon(eta, epsilon):
    rule = Growth(nu=1.0, eta=eta, epsilon=epsilon)
    assert abs(rule.rate(eta)) < 1e-14 and abs(rule.rate(epsilon)) < 1e-14
    assert rule.rate((eta + epsilon) / 2) == 1.0, "fastest half way between"
    step = (epsilon - eta) / 100
    assert rule.rate(eta - step) < 0 < rule.rate(eta + step) and rule.rate(epsilon - step) > 0 > rule.rate(
        epsilon + step
    )
    assert rule.rate(100.0) == pytest.approx(-1.0), "retracts at most as fast as it grows"


def test_the_rules_as_in_nest():
    """nestkernel/growth_curve.cpp by hand: nu 1, eta 0.1, epsilon 0.7, psi 0.1 at calcium 0.3."""
    hand = {"linear": 1 - 0.3 / 0.7, "gaussian": 2 * 2 ** -((0.1 / 0.3) ** 2) - 1, "sigmoid": 2 / (1 + np.exp(-4)) - 1}
    for rule, expected in hand.items():
        record = Growth(nu=1.0, eta=0.1, epsilon=0.7, psi=0.1, rule=rule)
        assert record.rate(0.3) == pytest.approx(expected, rel=1e-12)
        assert abs(record.rate(0.7)) < 1e-14


def test_from_no_synapses_mean_calcium_reaches_its_targets(grown):
    assert grown.synapses[0] == 0 and grown.calcium[0].max() < 0.002
    late = grown.calcium[-300:].mean(0)
    assert late[:80].mean() == pytest.approx(0.05, rel=0.03), "5 Hz"
    assert late[80:].mean() == pytest.approx(0.2, rel=0.03), "20 Hz"
    assert np.abs(late[:80] - 0.05).max() < 0.01, "each neuron, not only their mean"
    assert grown.rate[-300:, :80].mean() == pytest.approx(5.0, rel=0.03)


@pytest.mark.parametrize("rule", ["linear", "sigmoid"])
def test_the_other_rules_reach_them_too(rule):
    e, i = Growth(rule=rule, psi=0.01), Growth(rule=rule, psi=0.04, epsilon=0.2)
    s = Structure(on_excitatory=e, on_inhibitory=i, spines_for_excitatory=dataclasses.replace(i, nu=0.4))
    late = grow(s, 1500, 1).calcium[-300:].mean(0)
    assert late[:80].mean() == pytest.approx(0.05, rel=0.05) and late[80:].mean() == pytest.approx(0.2, rel=0.05)


def test_books_balance(grown):
    joined = grown.joined
    assert joined.min() >= 0 and not np.diag(joined).any()
    assert grown.made.sum() - grown.broken.sum() == grown.synapses[-1] == joined.sum()
    z = np.floor(grown.elements[-1])
    assert (joined.sum(0) <= z[:, 0]).all()
    assert (joined[:, :80].sum(1) <= z[:, 1]).all() and (joined[:, 80:].sum(1) <= z[:, 2]).all()


def with_eta(eta):
    e, i = Growth(eta=eta), Growth(eta=eta, epsilon=0.2)
    return Structure(on_excitatory=e, on_inhibitory=i, spines_for_excitatory=dataclasses.replace(i, nu=0.4))


def test_below_eta_nothing_grows_and_what_has_grown_retracts():
    assert grow(with_eta(0.03), 600, 1).synapses.max() == 0, "a drive of 1 Hz gives calcium of 0.01"
    level = np.where(np.arange(1300) < 800, 1.0, 0.0)
    lost = grow(with_eta(0.004), 1300, 1, level)
    assert lost.synapses[799] > 1000 and lost.synapses[-1] < 0.5 * lost.synapses[799]
    assert (np.diff(lost.elements[900:].sum((1, 2))) < 0).all(), (
        "all elements go; some that lost a partner meet another"
    )


def test_more_drive_prunes_until_calcium_is_back():
    level = np.where(np.arange(2000) < 1000, 1.0, 3.0)
    run = grow(Structure(), 2000, 1, level)
    assert run.calcium[1000:1060, :80].mean(1).max() > 0.06
    assert run.calcium[-200:, :80].mean() == pytest.approx(0.05, rel=0.04)
    assert run.joined[:80, :80].sum() < 0.85 * grow(Structure(), 1000, 1).joined[:80, :80].sum()


def test_strong_inhibition_silences_a_network_that_grows_on():
    """Told on the page: elements for inhibition grow by the same rule as those for excitation."""
    run = grow(Structure(inhibition=0.1), 1000, 1)
    assert run.calcium[-1, :80].mean() < 0.01 and run.made[-300:].sum() > 0


def test_calcium_is_beta_tau_rate_where_nothing_grows():
    still = Growth(nu=0.0)
    s = Structure(on_excitatory=still, on_inhibitory=still, spines_for_excitatory=still, drive=4.0, drive_spread=0.0)
    run = grow(s, 60, 1)
    assert run.rate[-1] == pytest.approx(4.0) and run.synapses[-1] == 0
    assert run.calcium[9, 0] == pytest.approx(0.001 * 10 * 4 * (1 - np.exp(-1)), rel=0.02)


def test_the_seed_decides_and_nothing_else(grown):
    again, other = grow(Structure(), 300, 1), grow(Structure(), 300, 2)
    assert again.calcium.tobytes() == grown.calcium[:300].tobytes() != other.calcium.tobytes()


def test_bad_parameters_are_named():
    for make, words in (
        (lambda: Growth(eta=0.7, epsilon=0.1), "eta must be the lower"),
        (lambda: Growth(rule="cubic"), "linear, gaussian, sigmoid"),
        (lambda: Growth(nu=float("nan")), "Growth: nu is nan"),
        (lambda: Structure(fade=2.0), "Structure: fade is 2"),
        (lambda: Structure(on_excitatory=Growth(rule="linear")), "one network has one rule"),
        (lambda: grow(Structure(), 0.5, 1), "at least one update"),
    ):
        with pytest.raises(BadInput, match=words):
            make()


def test_the_figure_shows_rule_calcium_and_synapses(grown):
    figure = draw_growth(grown)
    assert [a.get_title() for a in figure.axes] == ["Growth rule", "Mean calcium", "Synapses"]
    assert len(figure.axes[1].lines) == 4
