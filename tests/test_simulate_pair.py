"""The reduced pair against its algebra, an independent integrator and the figures of its derivation."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from interbrain.data.errors import BadInput
from interbrain.simulate.dyads.pair import Pair, barrier, locked_states, simulate_pair


@pytest.mark.parametrize(
    ("ratio", "phase", "coupling"), [(0.5, 0.2618, 0.9659), (0.9, 0.5599, 0.8473), (0.98, 0.6852, 0.7743)]
)
@pytest.mark.parametrize("alpha", [1.0, 3.0])
def test_the_locked_state_to_four_digits(ratio, phase, coupling, alpha):
    pair = Pair(ratio * alpha, alpha, 0.02 * alpha)
    stable, saddle = locked_states(pair)
    assert (stable.phase, stable.coupling / alpha) == pytest.approx((phase, coupling), abs=5e-5)
    assert stable.stable and not saddle.stable
    reached = simulate_pair(pair, coupling=alpha, duration=2000 / alpha, dt=0.05 / alpha)
    assert (reached.phase[-1], reached.coupling[-1] / alpha) == pytest.approx((phase, coupling), abs=5e-5)


def test_at_the_edge_a_quarter_of_a_half_turn():
    state = locked_states(Pair(1.0, 1.0))[0]
    assert (state.phase, state.coupling) == pytest.approx((np.pi / 4, 1 / np.sqrt(2)))


@pytest.mark.parametrize(("ratio", "locks"), [(0.999, True), (-0.999, True), (1.001, False), (-1.001, False)])
def test_locked_exactly_where_detuning_is_at_most_alpha(ratio, locks):
    pair = Pair(2 * ratio, 2.0, 0.5)
    assert bool(locked_states(pair)) == locks
    assert simulate_pair(pair, np.copysign(0.7, ratio), 1.42, 3000, 0.05).locked == locks


def test_bistable_with_slow_adaptation_and_not_with_fast():
    slow = Pair(0.5, 1.0, 0.02)
    assert simulate_pair(slow, coupling=1.0, duration=2000, dt=0.05).locked
    drifting = simulate_pair(slow, coupling=0.0, duration=2000, dt=0.05)
    assert not drifting.locked
    assert drifting.drift == pytest.approx(0.456, abs=0.001)  # derived independently
    assert 0.15 < barrier(slow) < 0.25
    assert barrier(Pair(0.5, 1.0, 0.2)) == 0.0
    assert np.isnan(barrier(Pair(1.05, 1.0, 0.02)))


def test_carried_over_the_barrier_it_holds_itself():
    pair = Pair(0.5, 1.0, 0.02)
    carried = simulate_pair(pair, duration=2000, dt=0.05, scaffold=(1.0, 100.0))
    assert carried.locked and carried.coupling[-1] == pytest.approx(0.9659, abs=5e-5)
    assert not simulate_pair(pair, duration=2000, dt=0.05, scaffold=(1.0, 2.0)).locked
    assert not simulate_pair(pair, duration=2000, dt=0.05, scaffold=(0.1, 100.0)).locked


@pytest.mark.parametrize(("coupling", "locks"), [(0.2501, True), (0.2499, False)])
def test_fixed_coupling_locks_where_detuning_is_at_most_twice_it(coupling, locks):
    assert simulate_pair(Pair(0.5, 1.0, 0.0), 0.0, coupling, 4000, 0.05).locked == locks


def test_drift_under_fixed_coupling_is_the_adler_beat():
    found = simulate_pair(Pair(1.0, 1.0, 0.0), 0.0, 0.3, 4000, 0.05).drift
    assert found == pytest.approx(np.sqrt(1 - 0.6**2), rel=2e-3)


def test_against_an_independent_integrator():
    pair = Pair(0.7, 1.3, 0.11)

    def slopes(_, y):
        return [0.7 - 2 * y[1] * np.sin(y[0]), 0.11 * (1.3 * np.cos(y[0]) - y[1])]

    ours = simulate_pair(pair, 0.4, 0.1, 60, 0.01)
    theirs = solve_ivp(slopes, (0, 60), [0.4, 0.1], t_eval=ours.time[:-1], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ours.phase[:-1], theirs.y[0], atol=1e-7)
    np.testing.assert_allclose(ours.coupling[:-1], theirs.y[1], atol=1e-7)


def test_antiphase_with_negative_coupling_is_the_same_state():
    a = simulate_pair(Pair(0.5), 0.1, 0.8, 300)
    b = simulate_pair(Pair(0.5), 0.1 + np.pi, -0.8, 300)
    np.testing.assert_allclose(b.phase - a.phase, np.pi, atol=1e-6)
    np.testing.assert_allclose(b.coupling, -a.coupling, atol=1e-6)


def test_bad_parameters_are_told():
    with pytest.raises(BadInput, match=r"alpha is 0 rad/s; allowed are 1e-09 to 1000"):
        Pair(0.5, 0.0)
    with pytest.raises(BadInput, match="epsilon is nan"):
        Pair(0.5, 1.0, float("nan"))
    with pytest.raises(BadInput, match=r"dt is 0.5 s; the fastest rate is 20 1/s and needs 0.025"):
        simulate_pair(Pair(0.5, 10.0), dt=0.5)
