"""The engine against theory, The Virtual Brain and a slow twin."""

from dataclasses import replace

import numpy as np
import pytest
from numba import njit
from scipy import stats
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from interbrain.data.errors import BadInput
from interbrain.simulate.brains import _noise
from interbrain.simulate.brains.brain import simulate_brain
from interbrain.simulate.brains.connectome import built_in, from_tables
from interbrain.simulate.brains.learning import Plasticity
from interbrain.simulate.brains.network import all_to_all, network_of
from interbrain.simulate.brains.nodes import Hopf, JansenRit, Kuramoto, WilsonCowan
from interbrain.simulate.brains.nodes._functions import logistic, sine_cosine, sine_cosine_single
from interbrain.simulate.dyads.pair import Pair, locked_states
from tests import naive_brain

WEIGHTS = np.array([[0, 0.5, 0, 0.2], [0.1, 0, 0.9, 0], [0.3, 0, 0, 0.4], [0, 0.7, 0.6, 0.0]])
LENGTHS = np.array([[0, 12, 0, 33], [7, 0, 20, 0], [41, 0, 0, 5], [0, 16, 28, 0.0]])
FOUR = network_of(from_tables(WEIGHTS, LENGTHS, "to_from"), speed=3.0)

NODES = {
    "kuramoto": (Kuramoto(np.array([8.0, 10, 11, 13]), 30.0, 2.0), 1e-3, 1e-9),
    "hopf": (Hopf(np.array([8.0, 10, 11, 13]), np.array([0.2, -0.1, 0.3, 0.1]), 8.0, 15.0, 0.3), 5e-4, 1e-9),
    "wilson_cowan": (WilsonCowan(P=np.array([1.2, 0.9, 1.5, 1.0]), c_ii=2.5, coupling=0.5, noise=0.02), 5e-4, 1e-9),
    "jansen_rit": (JansenRit(B=np.array([22.0, 21, 23, 20]), coupling=20.0, noise=3.0), 5e-4, 1e-9),
}


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("learns", [False, True])
def test_step_for_step_with_the_slow_twin(name, learns):
    node, dt, tolerance = NODES[name]
    network = FOUR.with_plastic(np.arange(len(FOUR.to)) % 3 == 0) if learns else FOUR
    plasticity = Plasticity(0.8, 1.7, 1.5, -0.2, 0.75) if learns else None
    start = node.start(4, np.random.default_rng(1))
    run = simulate_brain(network, node, 0.3, dt, 5, plasticity, ["signal", "envelope", "weights"], dt, start)
    state, weights, envelope = naive_brain.run(network, node, start, round(0.3 / dt), dt, 5, plasticity)
    found = run.state.values()[0]
    if name == "kuramoto":
        state = (state + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_allclose(found, state, rtol=tolerance, atol=tolerance * np.abs(state).max())
    np.testing.assert_allclose(run.state.weights()[0], weights[network.plastic], rtol=1e-8)
    np.testing.assert_allclose(run.state.blocks[0].envelope, envelope, rtol=1e-8)


TVB = {
    "kuramoto": (
        Kuramoto(10.0, 30.0), 1e-3, 0.3, [[0, 1, 2, -1.5]],
        [[5.329541549217897, 5.234046315309598, 5.274760802705774, 5.116970489491738]],
    ),
    "jansen_rit": (
        JansenRit(coupling=10.0), 5e-4, 1.0, [[0.1] * 4, [18, 19, 20, 17.0], [12, 11, 13, 12.5], *[[0] * 4] * 3],
        [[0.08342122642405102, 0.10235787084668237, 0.08283778870985907, 0.0839343786234817],
         [21.17916837930801, 21.864007472238317, 21.48314476105461, 22.482633631011215],
         [13.792625617490586, 13.975467560767706, 14.807629330030753, 17.636297407465655]],
    ),
    "wilson_cowan": (
        WilsonCowan(coupling=0.5), 5e-4, 0.3, [[0.1, 0.2, 0.3, 0.4], [0.1, 0.1, 0.2, 0.05]],
        [[0.12490595747907315, 0.28187814443098425, 0.1150892489303606, 0.13119726141906116],
         [0.08026341712828011, 0.18783246037996337, 0.06437538474185, 0.029837518522839678]],
    ),
    "hopf": (
        Hopf(10.0, 0.2, 1000.0, 20.0, 0.0), 5e-4, 0.3, [[0.1, 0.2, -0.3, 0.4], [0.1, 0.1, 0.2, 0.05]],
        [[0.44442648272726665, 0.4457684529319476, 0.4447728161384699, 0.44067958209930697],
         [0.0252724782025312, 0.0014688715764087923, 0.012149484771767806, -0.06822716706193065]],
    ),
}  # fmt: skip
"""tvb-library 2.10.0: Simulator with HeunDeterministic on the four regions above, speed 3 mm/ms, initial_conditions
constant, Raw monitor, last sample; its history is in single precision. Kuramoto(omega=2 pi 0.01), coupling
Kuramoto(a=0.03); JansenRit(mu=0.12), coupling SigmoidalJansenRit(cmin=0, cmax=0.005, midpoint=6, r=0.56, a=10);
WilsonCowan with the 1972 limit cycle and tau 8 ms, coupling Linear(a=0.5); SupHopf(a=0.2, omega=2 pi 0.01), coupling
Difference(a=0.02). Times there in ms."""


@pytest.mark.parametrize("name", TVB)
def test_the_virtual_brain_says_the_same(name):
    node, dt, duration, start, expected = TVB[name]
    run = simulate_brain(FOUR, node, duration, dt, start=np.array(start, dtype=float))
    found, expected = run.state.values()[0][: len(expected)], np.array(expected)
    if name == "kuramoto":
        found, expected = np.exp(1j * found), np.exp(1j * expected)
    np.testing.assert_allclose(found, expected, rtol=3e-7, atol=3e-7)


@pytest.mark.parametrize(("coupling", "expected"), [(4.0, np.sqrt(0.5)), (8 / 3, 0.5), (1.2, 0.0)])
def test_lorentzian_frequencies_synchronise_above_twice_their_width(coupling, expected):
    n = 250
    frequency = np.tan(np.pi * ((np.arange(n) + 0.5) / n - 0.5)) / (2 * np.pi)  # gamma = 1 rad/s
    run = simulate_brain(all_to_all(n), Kuramoto(frequency, coupling), 24, 3e-3, record=["field"], every=0.03)
    r = np.abs(run.field[0, len(run.time) // 2 :, 0]).mean()
    assert r == pytest.approx(expected, abs=0.03 if expected else 0.12)


def two(weight=1.0, length=0.0, speed=10.0, plastic=False):
    table = np.array([[0.0, 1.0], [1.0, 0.0]])
    network = network_of(from_tables(weight * table, length * table, "to_from"), speed=speed)
    return network.with_plastic(np.ones(2, bool)) if plastic else network


@pytest.mark.parametrize(("detuning", "locks"), [(1.98, True), (2.02, False)])
def test_two_oscillators_lock_where_detuning_is_at_most_twice_the_coupling(detuning, locks):
    node = Kuramoto(np.array([detuning, 0.0]) / (2 * np.pi), 1.0)
    phase = simulate_brain(two(), node, 100, 0.01, start=np.zeros((1, 2))).signal[0]
    apart = np.unwrap(phase[:, 0] - phase[:, 1])
    assert (np.ptp(apart[len(apart) // 2 :]) < 0.2) == locks
    if locks:
        assert apart[-1] == pytest.approx(np.arcsin(detuning / 2), abs=1e-3)


@pytest.mark.parametrize("ratio", [0.5, 0.9])
def test_plastic_edges_settle_where_the_reduced_pair_says(ratio):
    state = locked_states(Pair(ratio, 1.0, 0.1))[0]
    node = Kuramoto(np.array([ratio, 0.0]) / (2 * np.pi), 1.0)
    run = simulate_brain(two(plastic=True), node, 300, 0.01, 0, Plasticity(0.1, 1.0), start=np.zeros((1, 2)))
    phase = run.state.values()[0, 0]
    assert run.state.weights()[0] == pytest.approx([state.coupling] * 2, abs=1e-4)
    assert (phase[0] - phase[1]) % (2 * np.pi) == pytest.approx(state.phase, abs=1e-4)


def test_delay_slows_a_locked_pair_as_theory_says():
    # In phase: W = w - K sin(W tau).
    run = simulate_brain(two(length=30.0), Kuramoto(5.0, 8.0), 20, 1e-4, start=np.array([[0.0, 0.3]]), every=1e-3)
    expected = brentq(lambda w: w - 2 * np.pi * 5 + 8 * np.sin(w * 0.003), 10, 40)
    last = np.unwrap(run.signal[0, -5000:, 0])
    assert (last[-1] - last[0]) / 4.999 == pytest.approx(expected, rel=1e-5)


def test_rows_receive():
    # Region 0 is driven by region 1 and by nobody else: only it may feel another start of region 1.
    network = network_of(from_tables(np.array([[0, 1.0], [0, 0]]), np.zeros((2, 2)), "to_from"))
    a, b = (simulate_brain(network, Hopf(noise=0.0, mu=1.0, coupling=5.0), 1, start=np.array([[0.1, x], [0, 0]]))
            for x in (0.2, -0.5))  # fmt: skip
    assert np.abs(a.signal[0, :, 0] - b.signal[0, :, 0]).max() > 0.1
    assert np.abs(a.signal[0, :, 1] - b.signal[0, :, 1]).max() > 0.1
    c, d = (simulate_brain(network, Hopf(noise=0.0, mu=1.0, coupling=5.0), 1, start=np.array([[x, 0.2], [0, 0]]))
            for x in (0.2, -0.5))  # fmt: skip
    np.testing.assert_array_equal(c.signal[0, :, 1], d.signal[0, :, 1])


@pytest.mark.parametrize("mu", [0.04, 0.25, 1.0])
def test_hopf_amplitude_is_the_root_of_mu(mu):
    run = simulate_brain(two(0.0), Hopf(10.0, mu, 10.0, 0.0, 0.0), 20, 2e-4, record=["signal", "envelope"])
    assert np.abs(run.signal[0, -500:, 0]).max() == pytest.approx(np.sqrt(mu), rel=0.01)
    assert run.envelope[0, -1] == pytest.approx(np.sqrt(mu), rel=0.002)


def test_hopf_below_the_bifurcation_is_filtered_noise_of_known_power():
    node = Hopf(3.0, -1.0, 10.0, 0.0, 0.1)
    x = simulate_brain(two(0.0), node, 300, 1e-3, seed=list(range(8))).signal[:, 500:]
    assert x.var() == pytest.approx(0.1**2 / (2 * 10), rel=0.05)  # |z|^2 << 1


def test_one_column_makes_an_alpha_rhythm():
    run = simulate_brain(two(0.0), JansenRit(p=200.0), 10, 5e-4, every=5e-3)
    x = run.signal[0, 400:, 0]
    spectrum = np.abs(np.fft.rfft(x - x.mean())) ** 2
    assert 10 < np.fft.rfftfreq(len(x), 5e-3)[spectrum.argmax()] < 12
    assert 2 < np.ptp(x) < 5
    flat = simulate_brain(two(0.0), JansenRit(p=50.0), 10, 5e-4, every=5e-3).signal[0, 400:, 0]
    assert np.ptp(flat) < 0.01


def test_wilson_and_cowans_limit_cycle_and_rest():
    node = WilsonCowan(coupling=0.0)

    def slopes(_, s):
        e, i = s
        to_e = 1 / (1 + np.exp(-1.3 * (16 * e - 12 * i + 1.25 - 4))) - 1 / (1 + np.exp(1.3 * 4))
        to_i = 1 / (1 + np.exp(-2 * (15 * e - 3 * i - 3.7))) - 1 / (1 + np.exp(2 * 3.7))
        return [(-e + (1 - e) * to_e) / 0.008, (-i + (1 - i) * to_i) / 0.008]

    start = np.array([[0.1, 0.1], [0.05, 0.05]])
    ours = simulate_brain(two(0.0), node, 0.5, 2e-5, start=start, every=1e-3)
    theirs = solve_ivp(slopes, (0, 0.5), start[:, 0], t_eval=ours.time, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours.signal[0, :, 0], theirs.y[0], atol=2e-4)
    assert np.ptp(ours.signal[0, 250:, 0]) > 0.15
    rest = simulate_brain(two(0.0), replace(node, P=0.0), 0.5, 1e-3, start=start).signal[0, -1]
    assert rest == pytest.approx([0, 0], abs=1e-3)


BRAINS = network_of(built_in(10, 0.4, 1), built_in(10, 0.4, 2))


@pytest.mark.parametrize("name", NODES)
def test_the_same_seed_gives_the_same_bytes_for_any_threads_and_chunks(name):
    node = {
        "kuramoto": Kuramoto(noise=1.0), "hopf": Hopf(), "wilson_cowan": WilsonCowan(noise=0.1),
        "jansen_rit": JansenRit(noise=2.0),
    }[name]  # fmt: skip
    network = BRAINS.with_plastic(np.arange(len(BRAINS.to)) % 5 == 0)
    asked = {"seed": list(range(40)), "plasticity": Plasticity(), "record": ("signal", "envelope", "weights")}
    runs = [simulate_brain(network, node, 0.2, 5e-4, threads=t, **asked) for t in (1, 2, 3)]
    assert len({run.signal.tobytes() + run.envelope.tobytes() + run.weights.tobytes() for run in runs}) == 1
    first = simulate_brain(network, node, 0.12, 5e-4, **asked)
    second = simulate_brain(network, node, 0.08, 5e-4, start=first.state, **asked)
    for kept in ("signal", "envelope", "weights"):
        whole = np.concatenate([getattr(first, kept), getattr(second, kept)], axis=1)
        np.testing.assert_array_equal(whole, getattr(runs[0], kept))
    alone = simulate_brain(network, node, 0.2, 5e-4, **{**asked, "seed": 33})
    np.testing.assert_allclose(alone.signal[0], runs[0].signal[33], rtol=1e-6, atol=1e-6)


def test_sets_with_their_own_parameters_are_what_they_are_alone():
    nodes = [Kuramoto(10.0, k, s) for k, s in [(0.5, 0.1), (2.0, 1.0), (5.0, 0.0)]]
    rules = [Plasticity(e, 1.0) for e in (0.1, 0.2, 0.5)]
    network = BRAINS.with_plastic(np.arange(len(BRAINS.to)) % 2 == 0)
    both = simulate_brain(network, nodes, 0.5, 1e-3, [4, 5, 6], rules, ["weights", "field"])
    for k in range(3):
        alone = simulate_brain(network, nodes[k], 0.5, 1e-3, 4 + k, rules[k], ["weights", "field"])
        np.testing.assert_allclose(both.weights[k], alone.weights[0], atol=1e-9)
        np.testing.assert_allclose(both.field[k], alone.field[0], atol=1e-9)


@pytest.mark.parametrize("sets", [1, 5, 16, 20])  # sixteen fill a line of the cache
def test_single_precision_stays_close(sets):
    asked = {"seed": list(range(sets)), "record": ["field"]}
    a, b = (simulate_brain(BRAINS, Kuramoto(noise=0.5), 0.5, precision=p, **asked) for p in ("double", "single"))
    np.testing.assert_allclose(a.field, b.field, atol=1e-4)
    assert not np.array_equal(a.field, b.field)


@pytest.mark.parametrize("sets", [1, 18])
@pytest.mark.parametrize(
    ("node", "within"),
    [(JansenRit(p=150.0, coupling=10.0, noise=2.0), 2e-3), (WilsonCowan(noise=0.05), 1e-4), (Hopf(), 1e-5)],
)
def test_nodes_in_single_precision_stay_close(node, within, sets):
    seeds = list(range(sets))
    a, b = (simulate_brain(BRAINS, node, 0.5, 5e-4, seeds, precision=p).signal for p in ("double", "single"))
    np.testing.assert_allclose(a, b, atol=within)  # mV; share of cells; amplitude
    assert not np.array_equal(a, b)


def test_a_field_is_the_mean_phase_factor_of_each_brain():
    run = simulate_brain(BRAINS, Kuramoto(noise=0.5), 0.3, record=["field", "signal"])
    phases = np.exp(1j * run.signal[0])
    np.testing.assert_allclose(run.field[0, :, 0], phases[:, :10].mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(run.field[0, :, 1], phases[:, 10:].mean(axis=1), atol=1e-12)


def test_noise_is_normal_and_independent():
    rows = _noise.rows_of(136, _noise.keys([1, 2]))
    out, words = np.zeros(2 * rows.shape[1], np.float32), np.zeros(rows.shape[1], np.uint32)
    drawn = []
    for step in range(2000):
        _noise.fill(out, step, rows, words)
        drawn.append(out.astype(float).copy())
    x = np.array(drawn)
    assert stats.kstest(x.ravel()[::3], "norm").pvalue > 1e-3
    assert [x.mean(), x.var(), stats.kurtosis(x.ravel())] == pytest.approx([0, 1, 0], abs=0.02)
    assert np.abs(np.corrcoef(x.T) - np.eye(272)).max() < 0.12
    for lag in (1, 2, 7):
        assert np.abs((x[lag:] * x[:-lag]).mean(axis=0)).max() < 0.12
        assert abs((x[lag:] * x[:-lag]).mean()) < 0.006
    assert np.abs((np.abs(x[:, :136]) * np.abs(x[:, 136:])).mean() - 2 / np.pi) < 0.006


def test_polynomials_are_what_they_stand_for():
    x = np.linspace(-np.pi, np.pi, 2001)
    found = np.array([sine_cosine(float(v)) for v in x])
    np.testing.assert_allclose(found, np.column_stack([np.sin(x), np.cos(x)]), atol=1e-14)
    found = np.array([sine_cosine_single(np.float32(v)) for v in x])
    np.testing.assert_allclose(found, np.column_stack([np.sin(x), np.cos(x)]), atol=3e-6)
    x = np.linspace(-36, 36, 2001)
    np.testing.assert_allclose(_logistic(x), 1 / (1 + np.exp(-x)), rtol=2e-13)
    x = np.linspace(-17, 17, 2001)
    np.testing.assert_allclose(_logistic(x.astype(np.float32)), 1 / (1 + np.exp(-x)), rtol=5e-6)
    beyond = _logistic(np.array([-1e4, -18, 18, 1e4], dtype=np.float32))
    np.testing.assert_allclose(beyond, [0, 0, 1, 1], atol=1e-7)


@njit
def _logistic(x):
    return np.array([logistic(v) for v in x])


@pytest.mark.parametrize(
    ("node", "dt", "said"),
    [
        (Hopf(coupling=9000.0), 1e-3, "without coupling 9000"),
        (Hopf(noise=100.0, rate=400.0), 5e-4, "without noise 100"),
        (Hopf(frequency=1.0, mu=0.0, rate=900.0, noise=0.0), 1e-3, "without dt 0.001 s"),
    ],
)
def test_a_blow_up_is_told_with_what_caused_it(node, dt, said):
    with pytest.raises(BadInput, match=rf"Hopf: numbers blew up at .* s; {said}.*they do not"):
        start = np.full((2, 20), 2.5) if "dt" in said else None
        simulate_brain(BRAINS, node, 2, dt, start=start)


def test_bad_parameters_are_told():
    with pytest.raises(BadInput, match=r"Kuramoto: noise is -1 rad/sqrt\(s\); allowed are 0 to 100"):
        Kuramoto(noise=-1.0)
    with pytest.raises(BadInput, match=r"JansenRit: dt is 0.01 s; its fastest rate is 200 1/s and needs 0.005 s"):
        simulate_brain(BRAINS, JansenRit(), 1, 0.01)
    with pytest.raises(BadInput, match=r"frequency has shape \(3,\); a number or one for each of 20 regions"):
        simulate_brain(BRAINS, Kuramoto(np.ones(3)), 1)
    with pytest.raises(BadInput, match=r"WilsonCowan has none"):
        simulate_brain(BRAINS, WilsonCowan(), 1, record=["field"])
    with pytest.raises(BadInput, match=r"record names \['phase'\]"):
        simulate_brain(BRAINS, Kuramoto(), 1, record=["phase"])
    with pytest.raises(BadInput, match=r"every is shorter than half a step; dt is 0.002 s, give every=0.002 or more"):
        simulate_brain(two(), Hopf(), 1, 2e-3, every=1e-5)
    with pytest.raises(BadInput, match=r"Network: group needs a brain's number, from 0, for each of 2 regions"):
        replace(two(), group=np.zeros(3, dtype=int))
    with pytest.raises(BadInput, match=r"one, or as many as sets"):
        simulate_brain(BRAINS, [Kuramoto()] * 3, 1, seed=[1, 2])


def test_a_run_goes_on_with_its_own_network_and_precision_only():
    state = simulate_brain(FOUR.with_plastic(np.arange(len(FOUR.to)) < 3), Kuramoto(), 0.1).state
    before = state.values().tobytes() + state.weights().tobytes()
    learns = FOUR.with_plastic(np.arange(len(FOUR.to)) < 3)
    others = {
        "The state has 4 regions and 3 plastic edges; the network has 20": BRAINS,
        "3 plastic edges; the network has 4 and 5": FOUR.with_plastic(np.arange(len(FOUR.to)) < 5),
        "has 4 and 3, and not the same ones": FOUR.with_plastic(np.arange(len(FOUR.to)) >= len(FOUR.to) - 3),
        "memory of 16 steps; the network has 4 and 3, and its delays need 64": replace(learns, delay=3 * FOUR.delay),
    }
    for said, network in others.items():
        with pytest.raises(BadInput, match=rf"{said}.* Give the network that the run had, or start a new run"):
            simulate_brain(network, Kuramoto(), 0.1, start=state)
    with pytest.raises(BadInput, match="not the same ones"):
        state.set_weights(np.ones((1, 3)), BRAINS.with_plastic(np.arange(len(BRAINS.to)) < 3))
    with pytest.raises(BadInput, match="double precision, and precision is 'single': give precision='double'"):
        simulate_brain(learns, Kuramoto(), 0.1, start=state, precision="single")
    single = simulate_brain(FOUR, Kuramoto(), 0.1, precision="single").state
    with pytest.raises(BadInput, match="single precision, and precision is 'double': give precision='single'"):
        simulate_brain(FOUR, Kuramoto(), 0.1, start=single)
    state.blocks[0].mean = state.blocks[0].mean[:2]
    with pytest.raises(BadInput, match="Give the network that the run had"):
        simulate_brain(learns, Kuramoto(), 0.1, start=state)
    assert state.values().tobytes() + state.weights().tobytes() == before


def test_a_run_goes_on_with_other_fixed_weights():
    learns = FOUR.with_plastic(np.arange(len(FOUR.to)) < 3)
    heavier = replace(learns, weight=2 * learns.weight)
    run = simulate_brain(heavier, Hopf(), 0.1, start=simulate_brain(learns, Hopf(), 0.1).state)
    weights = np.where(learns.plastic, learns.weight, heavier.weight)  # what has been learnt stays
    np.testing.assert_allclose(run.state.blocks[0].received, np.bincount(learns.to, weights), rtol=1e-12)


@pytest.mark.parametrize("sets", [1, 3])
def test_noise_follows_from_the_seeds_of_the_run_that_goes_on(sets):
    first, second = list(range(sets)), list(range(10, 10 + sets))

    def go_on(before, after, noise_before, noise_after):
        state = simulate_brain(BRAINS, Kuramoto(noise=noise_before), 0.1, seed=before, start=np.zeros((1, 20))).state
        return simulate_brain(BRAINS, Kuramoto(noise=noise_after), 0.1, seed=after, start=state).signal

    same = go_on(first, first, 0.0, 0.0)
    assert not np.array_equal(go_on(first, first, 0.0, 1.0), same)  # noise switched on
    assert not np.array_equal(go_on(first, second, 1.0, 1.0), go_on(first, first, 1.0, 1.0))
    # Noise from the second run on is that of its seeds, whatever the first run's were.
    np.testing.assert_array_equal(go_on(first, second, 0.0, 1.0), go_on(second, second, 0.0, 1.0))
    np.testing.assert_array_equal(go_on(first, second, 1.0, 0.0)[:, :1], go_on(first, first, 1.0, 1.0)[:, :1])


def test_rows_of_noise_are_drawn_once_where_nothing_changes(monkeypatch):
    state = simulate_brain(BRAINS, Kuramoto(noise=1.0), 0.1, seed=[1, 2]).state
    monkeypatch.setattr(_noise, "rows_of", None)
    simulate_brain(BRAINS, Kuramoto(noise=1.0), 0.1, seed=[1, 2], start=state)


@pytest.mark.parametrize("sets", [1, 3])
@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Hopf(coupling=9000.0), "without coupling 9000 they do not"),
        (Hopf(noise=100.0, rate=400.0), "without noise 100 they do not"),
        (Hopf(coupling=9000.0, noise=100.0, rate=400.0), r"whatever the .*Start a new run \(start=None\)"),
    ],
)
def test_a_blow_up_of_a_run_that_goes_on_is_told_with_what_caused_it(node, said, sets):
    dt = 5e-4
    state = simulate_brain(BRAINS, Hopf(), 0.5, dt, seed=list(range(sets))).state
    with pytest.raises(BadInput, match=rf"Hopf: numbers blew up at .* s, in a run that went on[;,] {said}"):
        simulate_brain(BRAINS, node, 2, dt, seed=list(range(sets)), start=state)


def test_the_set_that_blew_up_in_a_run_that_went_on_is_the_one_that_is_named():
    tame, wild = Plasticity(1000.0, 0.0, 100.0, -1.0, 1.0), Plasticity(900.0, 1e6, 100.0)
    learns = replace(BRAINS, plastic=np.ones(len(BRAINS.to), dtype=bool))
    state = simulate_brain(learns, [Hopf(coupling=-1.0)] * 2, 0.1, 5e-4, plasticity=[tame] * 2).state
    with pytest.raises(BadInput, match=r"in a run that went on; without plasticity 90000 1/s towards 1e\+06 they do"):
        simulate_brain(learns, [Hopf(coupling=-1.0)] * 2, 2, 5e-4, plasticity=[tame, wild], start=state)
    with pytest.raises(BadInput, match=r"Hopf: numbers blew up at .* without coupling -9000 they do not"):
        simulate_brain(BRAINS, Hopf(coupling=-9000.0), 2, 1e-3)


def test_wrong_networks_and_weights_are_told():
    for group in ([0.0, 1.5], ["a", "b"], [[0], [1]], [0, np.nan]):
        with pytest.raises(BadInput, match="Network: group needs a brain's number, from 0, for each of 2 regions"):
            replace(two(), group=group)
    assert replace(two(), group=[0, 1]).group.tolist() == [0, 1]
    state = simulate_brain(replace(two(), plastic=np.ones(len(two().to), dtype=bool)), Hopf(), 0.1).state
    for weights, said in (
        ("x", "Weights are 'x'"),
        ([[1.0]], r"have shape \(1, 1\)"),
        ([[np.nan, 1.0]], "1 of 2 weights"),
    ):
        with pytest.raises(BadInput, match=said):
            state.set_weights(weights, state.network)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"precision": "singel"}, r"precision is 'singel' \(did you mean 'single'\?\); allowed are 'double', 'single'"),
        ({"precision": None}, "precision is None; allowed are"),
        ({"dt": 0}, "dt is 0 s; allowed are 1e-06 to 1 s"),
        ({"dt": np.nan}, "dt is nan s; allowed are 1e-06 to 1 s"),
        ({"dt": "1"}, "dt is '1'; allowed are finite numbers above 0"),
        *(({"duration": x}, "duration is .*; allowed are finite numbers above 0") for x in (np.nan, np.inf, -1, None)),
        *(({"every": x}, "every is .*; allowed are finite numbers above 0") for x in (np.nan, np.inf, -1.0, 0)),
        *(({"threads": x}, f"threads is {x}; allowed are None and whole numbers from 1") for x in (0, -1, 1.5)),
        ({"nodes": None}, "nodes holds None; allowed are nodes, .*Kuramoto, Hopf, WilsonCowan, JansenRit"),
        ({"nodes": [Kuramoto(), "hopf"]}, "nodes holds 'hopf'"),
        *(({"seed": x}, f"seed is {x}; allowed are whole numbers from 0") for x in (None, 1.7, -3)),
        ({"seed": [1, -2]}, "seed is -2"),
        ({"plasticity": 0.1}, "plasticity is 0.1; allowed are None and Plasticity"),
        ({"record": "signals"}, r"record names \['signals'\] \(did you mean 'signal'\?\); known are signal"),
        ({"record": None}, r"record names \['None'\]"),
    ],
)
def test_wrong_arguments_are_told_with_what_is_allowed(wrong, said):
    with pytest.raises(BadInput, match=said):
        simulate_brain(FOUR, **{"nodes": Kuramoto(), "duration": 1, **wrong})


def test_one_name_is_a_record():
    asked = simulate_brain(FOUR, Kuramoto(), 0.1, record="envelope")
    assert asked.signal is None and asked.envelope.shape == (1, 10, 4)
