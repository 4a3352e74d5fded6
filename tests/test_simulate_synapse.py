"""The synapse with two sites shows what is reported; the one with one site cannot.

Facts: Yang et al. 2025 (doi:10.1126/sciadv.ads5750, known to us from press texts alone), PMC3796008 (scaling up without
visual drive, not behind closed lids), PMC6615498 (dark rearing prevents strengthening, diffuse light does not), Nat
Commun 2017 on spontaneous release blocked alone. None gives a figure that could be a threshold; bounds are ours.
"""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from interbrain.data.errors import BadInput
from interbrain.report.figures.simulated_synapse import draw_development
from interbrain.simulate.plasticity.synapse import Rearing, Synapse, develop

TWO, ONE = Synapse(), Synapse(one_site=True)
DRUG = Rearing(start=6, end=28.05, unsilenced=(28.0, 28.05))
BLOCK = (21.0, 25.0)


def strengthens_then_diverges(synapse):
    """(b): from a week after eye opening evoked goes on rising and spontaneous is flat: under a tenth of that slope."""
    evoked, spontaneous = develop(synapse, Rearing(), 1).growth(21, 35)
    return evoked > 0.05 and abs(spontaneous) < 0.1 * evoked


def unsilencing_raises_spontaneous_alone(synapse):
    """(c): within an hour of the drug."""
    with_drug, without = (develop(synapse, r, 1) for r in (DRUG, dataclasses.replace(DRUG, unsilenced=None)))
    now = with_drug.at(28.04)
    evoked, spontaneous = ((getattr(with_drug, k) / getattr(without, k))[now].mean() for k in ("evoked", "spontaneous"))
    return abs(evoked - 1) < 0.01 and spontaneous > 1.5


def test_both_rise_together_before_the_eyes_open():
    evoked, spontaneous = develop(TWO, Rearing(), 1).growth(6, 14)
    assert evoked > 0.03 and 2 / 3 < evoked / spontaneous < 3 / 2


@pytest.mark.parametrize("start", [0.15, 0.25, 0.35])
def test_afterwards_evoked_goes_on_and_spontaneous_plateaus_from_unequal_starts(start):
    assert strengthens_then_diverges(dataclasses.replace(TWO, q_spontaneous=start))


def test_unsilencing_raises_spontaneous_and_leaves_evoked():
    assert unsilencing_raises_spontaneous_alone(TWO)


def test_one_site_fails_where_the_theory_says_it_must():
    assert not strengthens_then_diverges(ONE)
    assert not unsilencing_raises_spontaneous_alone(ONE)
    run = develop(ONE, DRUG, 1)
    ratio = run.evoked / run.spontaneous
    assert np.ptp(ratio) < 1e-9 * ratio.mean(), "shared receptors: the two modes stay proportional whatever happens"
    settings = [{"eta": e, "tau_scaling": t} for e in (0.02, 0.3) for t in (1.0, 20.0)]
    slopes = [develop(dataclasses.replace(ONE, **s), Rearing(), 1).growth(21, 35) for s in settings]
    assert all(abs(e - s) < 1e-9 for e, s in slopes), "no setting of the two rules pulls them apart"


def test_one_site_that_strengthens_presynaptically_diverges_but_unsilencing_and_depression_betray_it():
    rival = dataclasses.replace(ONE, presynaptic=1.0)
    evoked, spontaneous = develop(rival, Rearing(), 1).growth(21, 35)
    assert evoked > 3 * spontaneous
    assert not unsilencing_raises_spontaneous_alone(rival)
    ratio = develop(rival, Rearing(), 1).paired_pulse().mean(1)
    assert ratio[-1] < ratio[0] - 0.1
    assert np.ptp(develop(TWO, Rearing(), 1).paired_pulse()) == 0


def test_without_vision_evoked_stops_and_spontaneous_scales_up_multiplicatively():
    light, dark = develop(TWO, Rearing(), 1), develop(TWO, Rearing(vision="none"), 1)
    assert dark.growth(14, 28)[0] < 0.06 * light.growth(14, 28)[0]
    factor = dark.q_spontaneous[-1] / light.q_spontaneous[-1]
    assert factor.mean() > 1.5 and np.ptp(factor) < 1e-9
    cv = [x.q_spontaneous[-1].std() / x.q_spontaneous[-1].mean() for x in (light, dark)]
    assert cv[0] == pytest.approx(cv[1], rel=1e-9) and cv[0] > 0.3


def test_a_stay_in_the_dark_scales_up_and_closed_lids_do_not():
    light, dark, lids = (
        develop(TWO, r, 1).q_spontaneous[-1].mean()
        for r in (Rearing(), Rearing(dark=(30.0, 35.1)), Rearing(vision="diffuse"))
    )
    assert dark > 1.2 * light and lids == pytest.approx(light, rel=0.01)
    assert develop(TWO, Rearing(vision="diffuse"), 1).growth(14, 28)[0] > 0.05


def test_blocking_spontaneous_release_alone_scales_quanta_and_leaves_release_probability():
    control = develop(TWO, Rearing(end=25), 1)
    blocked = develop(TWO, Rearing(end=25, blocked=BLOCK), 1)
    assert blocked.q_spontaneous[-1].mean() > 1.2 * control.q_spontaneous[-1].mean()
    assert np.array_equal(blocked.p, control.p) and np.array_equal(blocked.paired_pulse(), control.paired_pulse())
    assert blocked.evoked[-1].mean() == pytest.approx(control.evoked[-1].mean(), rel=0.05)
    everywhere = develop(dataclasses.replace(TWO, reach=1.0), Rearing(end=25, blocked=BLOCK), 1)
    assert everywhere.q_evoked[-1].mean() > 1.2 * control.q_evoked[-1].mean(), "the rival: scaling reaches both sites"


def test_nothing_is_learned_without_the_third_factor():
    run = develop(TWO, Rearing(modulator=0.0), 1)
    assert np.ptp(run.evoked, axis=0).max() == 0 and run.growth(6, 14)[1] > 0.03


def test_spontaneous_settles_where_homeostasis_says():
    """Activity = share·drive + (1 − share)·S/S_ref = 1 where inhibition follows evoked growth."""
    for rearing, drive in ((Rearing(end=90), 1.0), (Rearing(end=90, vision="none"), 0.05)):
        s = dataclasses.replace(TWO, q_ceiling=1e9)
        settled = develop(s, rearing, 1).spontaneous[-1].mean() / s.spontaneous_ref
        assert settled == pytest.approx((1 - 0.6 * drive) / 0.4, rel=1e-3)


def test_the_plateau_rests_on_inhibition_that_follows():
    """Told on the page: without it, homeostasis pays for evoked growth with spontaneous transmission."""
    assert develop(dataclasses.replace(TWO, balance=0.0), Rearing(), 1).growth(21, 35)[1] < -0.02


@pytest.mark.parametrize("balance, reach, presynaptic", [(1.0, 0.0, 0.0), (0.4, 0.3, 0.25)])
def test_steps_follow_the_differential_equations(balance, reach, presynaptic):
    s = Synapse(n=3, balance=balance, reach=reach, presynaptic=presynaptic)
    run = develop(s, Rearing(eyes_open=6.0, end=16.0), 5, dt=0.0005, every=20000)
    affinity = np.exp(0.4 * _normals(5, 3)[2])
    affinity /= affinity.mean()

    def slope(_, state):
        q_e, q_s, p = state.reshape(3, 3)
        evoked, spontaneous = (5 * p * q_e).mean() / 0.4, (0.02 * 0.5 * q_s).mean() / 0.005
        activity = 0.6 * evoked / (1 - balance + balance * evoked) + 0.4 * spontaneous
        scaling = (1 - activity) / 4
        scaling *= max(0, 1 - q_s.mean() / 5) if scaling > 0 else 1
        hebb = 0.06 * affinity * activity
        d_q = (1 - presynaptic) * hebb * (1 - q_e) + reach * scaling * q_e
        return np.concatenate([d_q, scaling * q_s, presynaptic * hebb * (0.9 - p)])

    first = np.concatenate([run.q_evoked[0], run.q_spontaneous[0], run.p[0]])
    exact = solve_ivp(slope, (0, 10), first, rtol=1e-9, atol=1e-12).y[:, -1]
    assert np.allclose(np.concatenate([run.q_evoked[-1], run.q_spontaneous[-1], run.p[-1]]), exact, rtol=5e-4)


def _normals(seed, n):
    from interbrain.arrays.streams import stream

    return stream(seed, "synapse").standard_normal((3, n))


def test_the_seed_decides_and_nothing_else():
    a, b, c = (develop(TWO, Rearing(), seed).evoked for seed in (3, 3, 4))
    assert a.tobytes() == b.tobytes() and a.tobytes() != c.tobytes()


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Synapse(p=1.4), "Synapse: p is 1.4; allowed are"),
        (lambda: Synapse(tau_scaling=float("nan")), "Synapse: tau_scaling is nan"),
        (lambda: Rearing(eyes_open=40), "they must follow one another"),
        (lambda: Rearing(vision="blurred"), "'patterned', 'diffuse' or 'none'"),
        (lambda: Rearing(dark=(5, 3)), "dark is"),
        (lambda: develop(TWO, Rearing(), 1, dt=3.0), "tau_scaling/10"),
        (lambda: develop(Synapse(eta=100.0, vision=5.0), Rearing(end=90), 1, dt=0.4), "eta is too large for the step"),
    ],
)
def test_bad_parameters_are_named(make, words):
    with pytest.raises(BadInput, match=words.replace("(", r"\(")):
        make()


def test_the_figure_shows_both_modes():
    figure = draw_development({"two sites": develop(TWO, Rearing(), 1), "one site": develop(ONE, Rearing(), 1)})
    assert [len(a.lines) for a in figure.axes] == [3, 3]
    assert [line.get_label() for line in figure.axes[0].lines[:2]] == ["evoked", "spontaneous"]
