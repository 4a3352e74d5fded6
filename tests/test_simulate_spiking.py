"""The spiking network against Brian2, against theory of leaky integration, and against its own laws."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.report.figures.simulated_synapse import draw_spikes
from interbrain.simulate.plasticity import _spiking
from interbrain.simulate.plasticity.spiking import Evoked, Neuron, SpikingNetwork, Spontaneous, Wiring, simulate

N, N_E, STEPS = 24, 18, 20_000
SMALL = SpikingNetwork(
    N_E,
    N - N_E,
    neuron=Neuron(reset=2.0, lift=12.5, kick=8.0),
    evoked=Evoked(w_max=20.0, facilitation=50.0, eta=0.12, tau_eligibility=0.4),
    spontaneous=Spontaneous(tau_scaling=5.0, target=20.0),
)
MODULATOR = np.repeat([1, 1, 0, 0, 2, 0.5, 0, 1, 1, 1, 0, 0, 0, 3, 0, 0, 1, 1, 0.2, 0], 1000)
# Brian2 2.9.0 (numpy 2.3.5, target "numpy"): NeuronGroup (rk4), three Synapses (evoked plastic with x, u event-driven
# and w, e clock-driven rk4; evoked static; inhibitory), delay 1.5 ms, and two SpikeGeneratorGroups holding the events
# of outside() and quanta(); defaultclock 0.1 ms; Network.run(2 s). Spikes of each neuron; sum of all steps at which
# one fired; every eighth plastic weight; every fifth scale.
BRIAN_COUNTS = [55, 55, 51, 46, 47, 43, 44, 42, 36, 41, 37, 35, 36, 29, 35, 31, 34, 31, 22, 30, 37, 23, 36, 0]
BRIAN_STEPS = 8814958
BRIAN_W = [16.9335027827, 10.772254132, 11.1710993729, 10.7134984283, 9.309009991, 11.6991029263, 11.730515217,
           9.5211400858, 11.0792736601, 6.5307849102, 12.0900178105, 10.0298388307, 11.26632105]  # fmt: skip
BRIAN_SCALE = [0.86070798, 0.97044553, 1.03045453, 1.09417428, 1.03045453]


def small_wiring():
    pre, post = np.nonzero([[i != j and (7 * i + 11 * j + i * j) % 5 < 2 for j in range(N)] for i in range(N)])
    weight = np.where(pre < N_E, 6.0 + (3 * pre + 5 * post) % 7, 5.0)
    return Wiring(pre, post, weight, np.where(pre < N_E, 1.0 + (pre + 2 * post) % 3 * 0.5, 0.0))


def outside():
    steps = [np.arange(i, STEPS, 71 + 5 * i) for i in range(N)]
    who = np.repeat(np.arange(N), [len(s) for s in steps])
    order = np.argsort(np.concatenate(steps), kind="stable")
    return np.concatenate(steps)[order], who[order]


def quanta(wiring):
    excitatory, steps = np.nonzero(wiring.pre < N_E)[0], np.arange(3, STEPS, 13)
    return steps, excitatory[np.arange(len(steps)) * 17 % len(excitatory)]


def test_brian2_gives_the_same_spikes_weights_and_scales():
    wiring = small_wiring()
    run = simulate(SMALL, 2.0, 1, MODULATOR, wiring, outside=outside(), quanta=quanta(wiring))
    assert np.bincount(run.who, minlength=N).tolist() == BRIAN_COUNTS
    assert round(run.times.sum() * 10_000) == BRIAN_STEPS
    plastic = (wiring.pre < N_E) & (wiring.post < N_E)
    assert np.allclose(run.weight[plastic][::8], BRIAN_W, rtol=0, atol=1e-9)
    assert np.allclose(run.scale[::5], BRIAN_SCALE, rtol=0, atol=1e-8)
    assert np.array_equal(run.weight[~plastic], wiring.weight[~plastic])


def alone(seconds, n=1, seed=1, **cell):
    """Neurons that nobody is joined to."""
    return simulate(SpikingNetwork(n, 0, joined=0.0, neuron=Neuron(**cell)), seconds, seed)


@pytest.mark.parametrize("lift", [15.5, 20.0, 40.0])
def test_constant_drive_gives_the_textbook_rate(lift):
    gaps = np.diff(alone(2.0, lift=lift, outside=0.0, reset=3.0).times) * 1000
    exact = 2.0 + 20 * np.log((lift - 3) / (lift - 15))
    assert np.allclose(gaps, gaps[0]) and exact - 0.1 <= gaps[0] <= exact, "the step of the spike counts"
    assert not len(alone(1.0, lift=14.99, outside=0.0).who)


def test_free_voltage_has_campbells_mean_and_variance():
    voltage = alone(0.3, n=20_000, theta=150.0, lift=4.0, kick=3.0, outside=250.0).state[0]
    rate, rise = 0.25, 3 * 5 / (20 - 5)
    variance = rate * rise**2 * (20 / 2 + 5 / 2 - 2 * 20 * 5 / 25)
    assert voltage.mean() == pytest.approx(4 + rate * 3 * 5, abs=4 * (variance / 20_000) ** 0.5 + 0.02)
    assert voltage.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("hz", [5, 20, 50])
def test_depression_in_a_regular_train_settles_where_tsodyks_and_markram_say(hz):
    x, u, seen = np.ones(1), np.zeros(1), np.zeros(1, dtype=np.int64)
    tm, gap = np.array([0.45, 0.1 / 200, 0.0]), 10_000 // hz
    got = [_spiking._released(0, k * gap, x, u, seen, tm) for k in range(100)]
    left = np.exp(-gap * 0.1 / 200)
    assert got[0] == 0.45 and got[1] == pytest.approx(0.45 * (1 - 0.45 * left))
    assert got[-1] == pytest.approx(0.45 * (1 - left) / (1 - 0.55 * left))


def two_neurons(modulator, eta=0.5, eligibility=0.5, before=True):
    """One pre spike at 50 ms (arriving 1.5 ms later) and one post spike at 60 ms, or the other way round."""
    cell = Neuron(lift=0.0, kick=200.0)
    evoked = Evoked(weight=1.0, w_max=6.0, eta=eta, tau_eligibility=eligibility)
    net = SpikingNetwork(2, 0, neuron=cell, evoked=evoked, spontaneous=Spontaneous(rate=0.0))
    wiring = Wiring(np.array([0]), np.array([1]), np.array([1.0]), np.zeros(1))
    events = (np.array([490, 590]), np.array([0, 1] if before else [1, 0]))
    return simulate(net, 2.0, 1, modulator, wiring, outside=events)


@pytest.mark.parametrize("later", [0.1, 0.5, 1.0])
def test_a_coincidence_is_a_flag_that_fades_until_the_modulator_comes(later):
    base = two_neurons(0.0)
    assert len(base.who) == 2 and base.weight[0] == 1.0, "no modulator, no change"
    arrived, fired = base.times[0] + 0.0015, base.times[1]
    flag = np.exp(-(fired - arrived) / 0.020)
    pulse = np.zeros(20_000)
    first = round((fired + later) * 10_000) + 1
    pulse[first : first + 1000] = 2.0
    area = 2.0 * 0.5 * (np.exp(-later / 0.5) - np.exp(-(later + 0.1) / 0.5))
    assert two_neurons(pulse).weight[0] == pytest.approx(6 - 5 * np.exp(-0.5 * flag * area), rel=1e-9)
    early = np.zeros(20_000)
    early[:400] = 2.0
    assert two_neurons(early).weight[0] == 1.0, "a modulator that came before finds no flag"


def test_the_other_order_weakens_and_weights_stay_at_zero_or_above():
    assert two_neurons(1.0, before=False).weight[0] < 1.0 < two_neurons(1.0).weight[0]
    assert two_neurons(50.0, eta=50.0, before=False).weight[0] == 0.0


def test_unsilencing_adds_quanta_and_leaves_evoked_weights():
    quiet = SpikingNetwork(
        60, 0, spontaneous=Spontaneous(rate=20.0, silent=0.9), evoked=Evoked(eta=0.0), neuron=Neuron(lift=8.0)
    )
    awake = dataclasses.replace(quiet, spontaneous=dataclasses.replace(quiet.spontaneous, silent=0.0))
    a, b = simulate(quiet, 4.0, 1), simulate(awake, 4.0, 1)
    assert len(b.who) > 1.1 * len(a.who) and np.array_equal(a.weight, b.weight)
    shares = [np.mean(r.wiring.size > 0) for r in (a, b)]
    assert shares[0] == pytest.approx(0.1, abs=0.06) and shares[1] == 1.0


def test_scaling_brings_the_rate_to_its_target_and_keeps_sizes_in_proportion():
    mini = Spontaneous(rate=60.0, size=0.6, silent=0.0, tau_scaling=2.0, target=6.0)
    net = SpikingNetwork(80, 0, evoked=Evoked(weight=0.0, eta=0.0), spontaneous=mini, neuron=Neuron(outside=100.0))
    first = simulate(net, 12.0, 1)
    last = simulate(net, 12.0, 1, after=first)
    assert last.rates().mean() == pytest.approx(6.0, rel=0.05)
    assert (
        simulate(dataclasses.replace(net, spontaneous=dataclasses.replace(mini, tau_scaling=0.0)), 12.0, 1)
        .rates()
        .mean()
        < 4
    )
    counts = np.bincount(np.concatenate([first.who, last.who]), minlength=80)
    assert np.allclose(np.log(last.scale), 24 / 2 - counts / (6 * 2)), "s' = (s/τ)(target − r)/target, integrated"


@pytest.fixture(scope="module")
def random_network():
    return SpikingNetwork(
        160, 40, joined=0.2, spontaneous=Spontaneous(tau_scaling=50.0), evoked=Evoked(eta=0.05, facilitation=30)
    )


def test_a_stretch_goes_on_where_the_last_one_ended(random_network):
    whole = simulate(random_network, 2.0, 7)
    first = simulate(random_network, 1.0, 7)
    second = simulate(random_network, 1.0, 7, after=first)
    assert np.array_equal(np.concatenate([first.who, second.who]), whole.who) and len(whole.who) > 200
    assert np.array_equal(np.concatenate([first.times, second.times]), whole.times)
    assert whole.weight.tobytes() == second.weight.tobytes() and whole.scale.tobytes() == second.scale.tobytes()
    assert np.ptp(whole.weight[whole.wiring.pre < 160]) > 0


def test_threads_do_not_change_a_byte(random_network):
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda seed: simulate(random_network, 0.5, seed), (7, 7, 8)))
    assert runs[0].weight.tobytes() == runs[1].weight.tobytes() != runs[2].weight.tobytes()


def test_wiring_joins_nobody_with_itself_and_as_often_as_asked(random_network):
    wiring = simulate(random_network, 0.001, 3).wiring
    assert (wiring.pre != wiring.post).all() and len(set(zip(wiring.pre, wiring.post))) == len(wiring.pre)
    assert len(wiring.pre) == pytest.approx(0.2 * 200 * 199, rel=0.03)
    assert np.bincount(wiring.post, minlength=200).std() < 10


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Neuron(tau_e=20.0), "tau_m is 20.0 ms like a synapse's"),
        (lambda: Neuron(theta=1.0, reset=2.0), "theta must lie above"),
        (lambda: Evoked(use=0.0), "Evoked: use is 0"),
        (lambda: SpikingNetwork(delay=0.01), "SpikingNetwork: delay is 0.01"),
        (lambda: simulate(SpikingNetwork(2, 0), 0.0, 1), "at least one step"),
        (lambda: simulate(SpikingNetwork(2, 0), 0.1, 1, float("nan")), "modulator left the numbers"),
        (lambda: alone(1.0, lift=900.0, refractory=0.5, outside=0.0), "lift is 900 mV"),
    ],
)
def test_bad_parameters_are_named(make, words):
    with pytest.raises(BadInput, match=words):
        make()


def test_the_figure_shows_spikes_rate_and_weight(random_network):
    figure = draw_spikes(simulate(random_network, 2.0, 7))
    assert [a.get_ylabel() for a in figure.axes] == ["Neuron", "Rate (Hz)", "Mean weight (mV)"]
    assert len(figure.axes[2].lines[0].get_xdata()) == 2 and len(figure.axes[0].lines[0].get_xdata()) > 50
