"""Two brains and the behaviour between them."""

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.simulate.brains.connectome import built_in
from interbrain.simulate.brains.network import network_of
from interbrain.simulate.dyads._behaviour import alike, likeness, wire
from interbrain.simulate.dyads.dyad import (
    CHANNELS,
    Bond,
    Encounter,
    Learning,
    Person,
    _node,
    simulate_dyad,
    simulate_dyads,
    speakers,
)

BRAINS = built_in(24, seed=1), built_in(24, seed=2)
SHUT = (0.0,) * 4
VOICE = (1.0, 0.0, 0.0, 0.0)


def person(frequency=1.0, gain=8.0, **more):
    return Person(frequency, gain=(gain,) * 4, **more)


def meet(a, b, encounter=None, seeds=range(3), **more):
    encounter = encounter or Encounter(80.0)
    return simulate_dyads([(a, b)] * len(seeds), encounter, brains=BRAINS, seeds=list(seeds), **more)


def test_brains_touch_through_behaviour_only():
    wiring = wire(BRAINS, Encounter().lags)
    network, across = wiring.network, wiring.network.plastic
    apart = network.group[network.to] != network.group[network.source]
    np.testing.assert_array_equal(apart, across)
    assert not set(network.to[across]) & set(network.source[across])
    np.testing.assert_array_equal(network.group[network.to[across]], wiring.receiver)
    delays = np.array([0.15, 0.2, 0.2, 0.3]) * 0.2
    np.testing.assert_allclose(network.delay[across], delays[wiring.channel])
    shut = Encounter(20.0, open=SHUT)
    first, second = (meet(person(), person(f), shut)[0] for f in (1.0, 1.7))
    np.testing.assert_array_equal(first.order[:, 0], second.order[:, 0])
    assert np.isnan(first.likeness).all()


def test_contact_locks_and_its_absence_does_not():
    a, b = person(1.06), person(1.0)
    joined = np.mean([run.synchrony() for run in meet(a, b)])
    apart = np.mean([run.synchrony() for run in meet(person(1.06, 0.0), person(1.0, 0.0))])
    shut = np.mean([run.synchrony() for run in meet(a, b, Encounter(80.0, open=SHUT))])
    assert joined > 0.85
    assert max(apart, shut) < 0.35


def test_the_one_who_is_not_moved_leads():
    runs = meet(person(gain=0.0), person(gain=8.0))
    mirrored = meet(person(gain=8.0), person(gain=0.0))
    leads = np.angle(np.mean([run.cross[10:].mean() for run in runs]))
    follows = np.angle(np.mean([run.cross[10:].mean() for run in mirrored]))
    assert leads > 0.2 and follows < -0.2


def test_voice_reaches_only_who_listens():
    encounter = Encounter(60.0, open=VOICE)
    run = meet(person(), person(), encounter, [4])[0]
    heard = ~np.isnan(run.likeness)
    assert not heard[:, :, 1:].any()
    np.testing.assert_array_equal(heard[:, 0, 0], run.speaker == 1)
    np.testing.assert_array_equal(heard[:, 1, 0], run.speaker == 0)


def test_turns_last_what_was_asked():
    speaker = speakers(Encounter(60000.0, turn=8.0), 3)
    turns = np.count_nonzero(np.diff(speaker)) + 1
    assert 60000 / turns == pytest.approx(8.0, rel=0.05)
    assert speaker.mean() == pytest.approx(0.5, abs=0.03)


def test_gains_follow_their_equation():
    learning = Learning(0.02, 9.0, gate=1.5, generalises=0.3)
    run = meet(person(1.03, 3.0), person(1.0, 5.0), learning=learning, seeds=[2])[0]
    assert run.gain[0, 0].tolist() == [3.0] * 4 and run.gain[0, 1].tolist() == [5.0] * 4
    step = 0.02 * 1.5 * 2.0 * (9.0 * run.likeness - run.gain)
    expected = np.maximum(run.gain + np.where(np.isnan(step), 0, step), 0)
    np.testing.assert_allclose(run.gain[1:], expected[:-1], atol=1e-12)
    gained = expected[-1] - run.gain[0]
    own = np.array([p.gain for p in run.people]) - run.gain[0]
    np.testing.assert_allclose(own, 0.3 * gained, atol=1e-9)
    np.testing.assert_allclose(run.bond.gain, 0.7 * gained, atol=1e-9)


@pytest.mark.parametrize(("share", "carries"), [(0.0, False), (1.0, True)])
def test_what_was_learnt_generalises_as_far_as_it_is_told(share, carries):
    patient, therapist, stranger = person(1.06, 0.3), person(1.0, 8.0), person(0.98, 0.3)
    learning = Learning(0.02, 12.0, generalises=share)
    taught = [simulate_dyad((patient, therapist), Encounter(200.0), learning, brains=BRAINS, seed=s) for s in range(3)]
    assert all(run.gain[-1, 0].mean() > 4 for run in taught)
    again = simulate_dyads(
        [run.people for run in taught], Encounter(80.0), bonds=[r.bond for r in taught], brains=BRAINS, seeds=[7, 8, 9]
    )
    assert np.mean([run.synchrony() for run in again]) > 0.8
    patients = [run.people[0] for run in taught]
    before = simulate_dyads([(patient, stranger)] * 3, Encounter(80.0), brains=BRAINS, seeds=[7, 8, 9])
    after = simulate_dyads([(p, stranger) for p in patients], Encounter(80.0), brains=BRAINS, seeds=[7, 8, 9])
    rise = np.mean([x.synchrony() for x in after]) - np.mean([x.synchrony() for x in before])
    assert (rise > 0.3) == carries
    if not carries:
        assert rise == pytest.approx(0)
        assert patients[0].gain == pytest.approx(patient.gain)


def test_who_is_followed_learns_to_listen_only_where_delays_are_foreseen():
    leader, follower = person(1.03, 1.0), person(1.0, 8.0)
    for share, low, high in ((0.8, 8.0, 12.0), (0.0, 0.0, 4.0)):
        runs = meet(leader, follower, Encounter(160.0, anticipates=share), learning=Learning(0.02, 12.0))
        assert low < np.mean([run.gain[-1, 0].mean() for run in runs]) < high


def test_gain_times_expression_is_what_pulls():
    encounter = Encounter(20.0)
    a = meet(person(gain=8.0), person(gain=8.0), encounter)[0]
    b = meet(person(gain=4.0, expresses=(2.0,) * 4), person(gain=4.0, expresses=(2.0,) * 4), encounter)[0]
    np.testing.assert_array_equal(a.cross, b.cross)
    c = meet(person(gain=3.0), person(gain=3.0), Encounter(20.0, scaffold=5.0))[0]
    np.testing.assert_array_equal(a.cross, c.cross)


def test_the_same_seed_the_same_bytes_for_any_threads():
    runs = [meet(person(1.05), person(), Encounter(10.0), range(40), threads=t) for t in (1, 2)]
    assert all(a.cross.tobytes() == b.cross.tobytes() for a, b in zip(*runs))
    assert runs[0][0].cross.tobytes() != runs[0][1].cross.tobytes()


def test_bad_parameters_are_told():
    with pytest.raises(BadInput, match="duration is 3 s; a whole number of beats of 2 s"):
        Encounter(3.0)
    with pytest.raises(BadInput, match=f"gain needs 4 numbers: {', '.join(CHANNELS)}"):
        Person(gain=(1.0,))
    with pytest.raises(BadInput, match="generalises is 2; allowed are 0 to 1"):
        Learning(generalises=2)
    with pytest.raises(BadInput, match="needs 24 regions or more; got 10"):
        simulate_dyad((Person(), Person()), brains=(built_in(10), built_in(10)))
    with pytest.raises(BadInput, match="2 pairs, 1 bonds, 2 seeds and 2 ways of learning"):
        simulate_dyads([(Person(), Person())] * 2, bonds=[Bond()])


def test_dopamine_weighs_beats_by_what_was_expected():
    learning = Learning(0.02, 9.0, second=0.25, surprise=2.0, critic=0.1)
    start = Bond(expected=np.array([0.4, -0.2]))
    run = meet(person(1.03, 3.0), person(1.0, 5.0), learning=learning, seeds=[2], bonds=[start])[0]
    expected, gain = start.expected.copy(), run.gain[0].copy()
    for beat in range(len(run.time)):
        np.testing.assert_allclose(run.gain[beat], gain, atol=1e-12)
        for receiver, rate in ((0, 0.02), (1, 0.005)):
            felt = run.likeness[beat, receiver]
            error = np.nanmean(felt) - expected[receiver]
            step = rate * 2.0 * max(0.0, 1 + 2.0 * error) * (9.0 * felt - gain[receiver])
            gain[receiver] = np.maximum(gain[receiver] + np.where(np.isnan(step), 0, step), 0)
            expected[receiver] += 0.1 * error
    np.testing.assert_allclose(run.bond.expected, expected, atol=1e-12)
    plain = meet(person(1.03, 3.0), person(1.0, 5.0), learning=Learning(0.02, 9.0), seeds=[2])[0]
    assert not np.allclose(plain.gain[-1], run.gain[-1])


def test_what_is_heard_is_the_mean_cosine_over_all_ports():
    wiring = wire(BRAINS, Encounter().lags, own=True)
    phase = np.random.default_rng(1).uniform(-np.pi, np.pi, (2, 50, 48))
    found = likeness(wiring, phase, np.array([3, 4, 4, 6]))
    to, source = (x[wiring.network.plastic][wiring.across] for x in (wiring.network.to, wiring.network.source))
    for receiver in (0, 1):
        for c, late in enumerate((3, 4, 4, 6)):
            mine = (wiring.receiver == receiver) & (wiring.channel == c)
            slow = np.cos(phase[:, : 50 - late, source[mine]] - phase[:, late:, to[mine]]).mean(axis=(1, 2))
            np.testing.assert_allclose(found[:, receiver, c], slow, atol=1e-12)
    inner = np.cos(phase[:, ::5, wiring.own[0]] - phase[:, ::5, wiring.own[1]]).mean(axis=1)
    np.testing.assert_allclose(alike(wiring, phase, 5), inner, atol=1e-12)
    assert wiring.own.max() < 24


def test_a_brains_own_edges_may_differ_from_pair_to_pair():
    weights = network_of(BRAINS[0].scaled("mean_row")).weight
    plain = meet(person(1.05), person(), Encounter(6.0), [1, 2])
    same = meet(person(1.05), person(), Encounter(6.0), [1, 2], own=np.stack([weights, weights]))
    np.testing.assert_allclose([r.cross for r in same], [r.cross for r in plain], atol=1e-9)
    loose = meet(person(1.05), person(), Encounter(6.0), [1, 2], own=np.stack([weights, 0 * weights]))
    np.testing.assert_array_equal(loose[0].cross, same[0].cross)
    assert loose[1].order[:, 0].mean() < same[1].order[:, 0].mean() - 0.3
    assert plain[0].alike.shape == (0,) and same[0].alike.shape == weights.shape


def test_people_may_keep_their_rhythms_from_meeting_to_meeting():
    lasting = Person(1.0, noise=0.0, coupling=0.0, spread=0.2, rhythms=9)
    other = Person(1.0, noise=0.0, coupling=0.0, spread=0.2)

    network = wire(BRAINS, Encounter().lags).network

    def rhythms(who, seed):
        return np.asarray(_node((who, Person(1.0)), network, seed).frequency)[:24]

    np.testing.assert_array_equal(rhythms(lasting, 1), rhythms(lasting, 2))
    assert not np.array_equal(rhythms(other, 1), rhythms(other, 2))


def test_each_pair_learns_by_its_own_rule():
    pairs = [(person(1.03, 3.0), person(1.0, 5.0))] * 2
    rules = [Learning(0.02, 9.0), Learning(0.0)]
    both = simulate_dyads(pairs, Encounter(20.0), rules, brains=BRAINS, seeds=[2, 2])
    assert both[1].people[0].gain == (3.0,) * 4 and both[0].people[0].gain != (3.0,) * 4
    with pytest.raises(
        BadInput, match=r"rate times gate \(times 1 \+ 2 surprise\) is 0\.5 1/s; allowed are 0 to 0\.25"
    ):
        Learning(0.1, surprise=2.0)
