"""Instruments plant what a meeting's state says: nothing without contact, the share and the lead with it."""

import numpy as np
import pandas as pd
import pytest

from calibrate import recovery
from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.data.plan import default_plan
from interbrain.signals.prepare import prepare
from interbrain.simulate.recordings import haemodynamics as haemo
from interbrain.simulate.recordings._met import contact_of, local
from interbrain.simulate.recordings.devices import device, device_module, devices
from interbrain.simulate.recordings.devices import eeg as electrodes
from interbrain.simulate.recordings.devices._sources import pink, rhythm, slow
from interbrain.simulate.recordings.devices._state import MeetingState
from interbrain.simulate.recordings.in_common import ahead_by, in_common, margin
from interbrain.simulate.recordings.light import EXTINCTION, PATHLENGTH_FACTOR
from interbrain.simulate.recordings.recorded import record_meeting
from interbrain.study import recorded_truth
from interbrain.study.recorded_truth import default_analysis, measured

SIGNALS = [name for name, record in devices().items() if record.modality]
LENGTH_S = {"eeg": 60.0}


def state(contact=0.0, lead=0.0, seconds=400.0, rest=0.0, **more):
    beats = round(seconds / 2)
    speaker = np.cumsum(stream(1, "turns").random(beats) < 0.25) % 2
    return MeetingState(rest, speaker, np.full(beats, contact), lead, **more)


def excess_and_p(name, contact, lead, seed):
    analysis, plan = default_analysis(device(name))
    if "alpha" in analysis.bands:
        analysis = analysis.model_copy(update={"bands": {"alpha": analysis.bands["alpha"]}})
    meeting = state(contact, lead, LENGTH_S.get(name, 400.0))
    _, estimate, null = next(iter(measured(name, meeting, analysis, plan, seed)))
    return float(null.excess.mean()), float(null.p_family.min()), float(np.nanmean(estimate.lag_s))


@pytest.mark.parametrize("name", SIGNALS)
def test_without_contact_nothing_is_found(name):
    found = [excess_and_p(name, 0.0, 1.0, seed)[1] for seed in range(6)]
    # with 39 surrogates p is at least 1/40: by chance three of six are at most .05 once in 500 times
    assert sum(p <= 0.05 for p in found) < 3 and np.mean(found) > 0.2


@pytest.mark.parametrize("name", ["fnirs", "motion", "breath", "skin", "eeg"])
@pytest.mark.parametrize("lead", [1.0, -1.0])
def test_contact_and_who_leads_are_found(name, lead):
    planted = state(1.0, lead).lag_s(device(name))
    found = [excess_and_p(name, 1.0, lead, seed) for seed in range(3)]
    assert sum(p <= 0.05 for _, p, _ in found) >= 2 and np.mean([e for e, _, _ in found]) > 0.01
    lag = np.median([lag for _, _, lag in found])
    assert np.sign(lag) == np.sign(planted) and lag == pytest.approx(planted, rel=0.6)


@pytest.mark.parametrize("lag", [0.0, 3.0, 2.5, -2.5])
def test_the_share_is_the_correlation_at_the_lag(lag):
    random, n = stream(2, "share"), 60_000
    own = slow(random, n, 10.0, 0.5), slow(random, n, 10.0, 0.5)
    shared = ahead_by(slow(random, n + 2 * margin(lag), 10.0, 0.5), lag)
    a, b = in_common(own, shared, np.full(n, 0.36))
    assert a.var() == pytest.approx(1.0, abs=0.05)
    turn = np.exp(2j * np.pi * np.fft.rfftfreq(n) * -lag)
    back = np.fft.irfft(np.fft.rfft(a) * turn, n)
    assert np.corrcoef(back, b)[0, 1] == pytest.approx(0.36, abs=0.03)
    whole = round(abs(lag))
    if lag > 0 and lag == whole:
        np.testing.assert_allclose(shared[0][:-whole], shared[1][whole:], atol=1e-9)


def test_sources_have_unit_variance_and_their_rhythm():
    random = stream(3, "sources")
    assert slow(random, 50_000, 10.0, 1.0).std() == pytest.approx(1.0, abs=0.05)
    wave = rhythm(random, 50_000, 10.0, 0.25, 6.0)
    power = np.abs(np.fft.rfft(wave)) ** 2
    assert wave.std() == pytest.approx(1.0, abs=0.06)
    assert np.fft.rfftfreq(50_000, 0.1)[np.argmax(power)] == pytest.approx(0.25, abs=0.05)
    spectrum = (np.abs(np.fft.rfft(pink(random, 50, 4096), axis=1)) ** 2).mean(axis=0)
    slope = np.polyfit(np.log(np.arange(10, 1000)), np.log(spectrum[10:1000]), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.05)


def test_at_rest_nothing_is_in_common_and_shut_channels_carry_nothing():
    motion, light = device("motion"), device("fnirs")
    meeting = state(0.5, seconds=100.0, rest=60.0, pull=np.array([1.0, 0.0, 0.0, 0.4]))
    share = meeting.share(light)
    assert (share[:300] == 0).all() and share[300:] == pytest.approx(0.4)
    assert (meeting.share(motion) == 0).all()  # neither seen nor heard to move
    assert meeting.planted(device("breath"))["coupling"] == pytest.approx(0.5 * 0.5 * 0.4)
    assert meeting.planted(light) == {"coupling": pytest.approx(0.4), "lag_s": 0.0}
    assert state(0.5, 1.0).lag_s(light) == pytest.approx(16 / (2 * np.pi))
    assert state(0.5, 3.0).lag_s(light) == pytest.approx(4.0)  # no farther than a quarter of the cycle


def test_contact_is_what_hearing_each_other_adds():
    random = stream(4, "cross")
    apart = np.exp(1j * np.cumsum(0.3 * random.standard_normal(300)))
    assert (contact_of(apart, apart) == 0).all()
    locked = 0.98 * np.exp(0.1j * random.standard_normal(300))
    r, r0 = local(locked).mean(), local(apart).mean()
    assert contact_of(locked, apart).mean() == pytest.approx((np.arctanh(r) - np.arctanh(r0)) / 2.5, rel=1e-6)
    assert (contact_of(apart, locked) == 0).all()
    assert local(np.ones(40, complex)) == pytest.approx(1.0)
    steady = np.exp(2j * np.pi * np.arange(310) / 31)  # 31 beats, the window: a whole turn
    assert local(steady)[15:-15] == pytest.approx(0.0, abs=1e-9)


def test_short_channels_see_the_scalp_and_no_brain(monkeypatch):
    quiet = record_meeting("fnirs", state(seconds=100.0), 1, 1, 1, 0.0)[0].signal
    source = haemo.source
    monkeypatch.setattr(haemo, "source", lambda *asked: 20.0 * source(*asked))
    shouting = record_meeting("fnirs", state(seconds=100.0), 1, 1, 1, 0.0)[0].signal
    short = [i for i, c in enumerate(quiet.channels) if c.region == "short"]
    far = [i for i, c in enumerate(quiet.channels) if c.region == "rTPJ"]
    assert len(short) == 2 and len(far) == 4
    assert np.array_equal(quiet.values[0, short], shouting.values[0, short])
    assert quiet.values[0, short].std(axis=1).min() > 0
    assert (np.log(shouting.values[0, far]).std(axis=1) > 5 * np.log(quiet.values[0, far]).std(axis=1)).all()
    a, b = (np.array(quiet.channels[i].source) - np.array(quiet.channels[i].detector) for i in (short[0], far[0]))
    assert np.linalg.norm(a) == pytest.approx(0.008, rel=0.05) and np.linalg.norm(b) == pytest.approx(0.03, rel=0.05)


def test_light_in_a_long_channel_obeys_beer_and_lambert():
    signal = record_meeting("fnirs", state(seconds=200.0), 1, 1, 1, 0.0)[0].signal
    density = -np.log(signal.values[0, :2] / signal.values[0, :2].mean(axis=1, keepdims=True))
    micromolar = np.linalg.inv(EXTINCTION) @ density / (np.log(10.0) * 3.0 * PATHLENGTH_FACTOR) * 1e6
    assert 0.2 < micromolar[0].std() < 1.0 and np.corrcoef(micromolar)[0, 1] < -0.1


RANGES = {
    "heart": (40, 180), "skin": (0.01, 60), "breath": (-10, 10), "motion": (0, 20_000), "voice": (0, 100),
    "turns": (0, 1), "fnirs": (0, 10), "eeg": (-1e-3, 1e-3),
}  # fmt: skip


@pytest.mark.parametrize("name", list(devices()))
def test_ranges_units_and_the_same_bytes_for_the_same_seed(name):
    record, meeting = device(name), state(0.5, 0.3, 120.0, 30.0, arousal=(0.5, 0.0))
    both = record_meeting(name, meeting, 7, 1, 2)
    again = record_meeting(name, meeting, 7, 1, 2)
    other = record_meeting(name, meeting, 8, 1, 2)
    for one, same, third in zip(both, again, other):
        values = one.signal.values
        assert one.signal.rate == record.rate and one.signal.n_times == round(150 * record.rate)
        assert values.tobytes() == same.signal.values.tobytes()
        assert name == "turns" or values.tobytes() != third.signal.values.tobytes()
        assert np.nanmin(values) >= RANGES[name][0] and np.nanmax(values) <= RANGES[name][1]
        assert {c.unit for c in one.signal.channels} == {record.unit}
        assert one.meta["simulated"] is True
        assert len(one.signal.channels) == device_module(name).CHANNELS
    assert both[0].signal.values.tobytes() != both[1].signal.values.tobytes()


def test_stress_is_felt_in_heart_and_skin():
    for name, more in (("heart", 5.0), ("skin", 0.2)):
        calm, tense = (
            record_meeting(name, state(seconds=60.0, arousal=(x, 0.0)), 7, 1, 2, 0.0)[0].signal.values.mean()
            for x in (0.0, 1.0)
        )
        assert tense - calm > more


def test_people_keep_their_level_over_sessions_and_differ():
    level = {
        (dyad, session): np.nanmean(record_meeting("heart", state(seconds=200.0), 7, dyad, session)[0].signal.values)
        for dyad in range(1, 7)
        for session in (1, 2)
    }
    within = np.mean([abs(level[d, 1] - level[d, 2]) for d in range(1, 7)])
    assert within < 0.5 * np.std([level[d, 1] for d in range(1, 7)])


def test_who_speaks_is_heard_and_the_other_is_silent():
    meeting = state(0.0, seconds=100.0, rest=20.0)
    a, b = record_meeting("turns", meeting, 1, 1, 1)
    tracks = a.signal.values[0, 0], b.signal.values[0, 0]
    assert (tracks[0] + tracks[1] == (np.arange(1200) >= 200)).all()
    assert a.points.duration.sum() + b.points.duration.sum() == pytest.approx(100.0)
    assert a.points.duration.sum() == pytest.approx(tracks[0].sum() / 10)
    assert all(on >= 20 for on in (*a.points.onset, *b.points.onset))
    voices = [each.signal.values[0, 1] for each in record_meeting("voice", meeting, 1, 1, 1)]
    for voice, track in zip(voices, tracks):
        assert (voice[:200] == 0).all() and voice[voice > 0].min() >= 20
        share = [np.mean(voice[200:][track[200:] == x] > 0) for x in (1, 0)]
        assert 0.55 < share[0] < 0.85 and share[1] < 0.15  # pauses in one's own turn, a murmur in the other's
    starts = [np.flatnonzero(np.diff((voice > 0).astype(int))) for voice in voices]
    assert len(np.intersect1d(*starts)) < 0.2 * min(map(len, starts))  # no clock reaches both


def test_artefacts_are_seen_by_quality():
    plan = default_plan(("heart",))
    for name, figure in (("heart", "missing_share"), ("skin", "missing_share"), ("motion", "missing_share")):
        shares = []
        for per_minute in (0.0, 6.0):
            signal = record_meeting(name, state(seconds=300.0), 5, 1, 1, per_minute)[0].signal
            rows = prepare(signal, device(name).modality, plan).quality
            shares.append(max(r["value"] for r in rows if r["figure"] == figure))
        assert shares[0] == 0 and shares[1] > 0.03
    moved = record_meeting("fnirs", state(seconds=300.0), 5, 1, 1, 6.0)[0].signal
    still = record_meeting("fnirs", state(seconds=300.0), 5, 1, 1, 0.0)[0].signal
    jump = [np.abs(np.diff(np.log(s.values[0, -1]))).max() for s in (moved, still)]
    assert jump[0] > 5 * jump[1]


def test_blinks_are_frontal_and_alpha_of_the_sources_lies_beneath_its_electrodes():
    names = list(electrodes.ELECTRODES)
    eyes = electrodes.mixing(("eyes",))[:, 0]
    assert {names[i] for i in np.argsort(eyes)[-2:]} == {"Fp1", "Fp2"}
    assert (
        electrodes.region("P8") == "rTPJ"
        and electrodes.region("P7") == "lTPJ"
        and electrodes.region("Oz") == "occipital"
    )
    signal = record_meeting("eeg", state(seconds=60.0), 1, 1, 1, 0.0)[0].signal
    peak = np.abs(signal.values[0]).max(axis=1)
    assert peak[names.index("Fp1")] > 3 * peak[names.index("Pz")]


@pytest.mark.parametrize("name", ["fnirs", "motion", "eeg"])
def test_preparing_only_what_carries_something_changes_no_number(name, monkeypatch):
    meeting, (analysis, plan) = state(0.6, 1.0, 60.0 if name == "eeg" else 150.0), default_analysis(device(name))
    found = []
    for _ in range(2):
        found.append([(key, null.excess.tolist()) for key, _, null in measured(name, meeting, analysis, plan, 3)])
        monkeypatch.setattr(recorded_truth, "_carrying", lambda signal, *_: signal)
    assert found[0] == found[1] and len(found[0]) >= 2


def test_recovery_in_its_quick_form():
    nothing, whole = (recovery.cell("motion", contact, 1.0, 3, 5) for contact in (0.0, 1.0))
    assert whole["coupling"] == pytest.approx(0.5) and nothing["coupling"] == 0
    assert whole["excess"] > 0.02 > nothing["excess"] and whole["found"] == 1 and whole["sign"] == 1
    assert whole["lag_found"] == pytest.approx(whole["lag_s"], abs=0.1)
    origin = {"date": "2026-01-01", "machine": "m", "seconds": 1.0}
    page = recovery.page(pd.DataFrame([{**cell, **origin} for cell in (nothing, whole)]))
    assert "| motion | 1 | 1.0 | 0.50 |" in page and "3 of 3 | 0.64 |" in page and "| none |" in page


def test_a_state_that_is_none_is_refused():
    with pytest.raises(BadInput, match="3 beats of speech and 2 of contact"):
        MeetingState(0.0, np.zeros(3, int), np.zeros(2))
    with pytest.raises(BadInput, match="between 0 and 1"):
        MeetingState(0.0, np.zeros(2, int), np.array([0.0, 1.2]))
    with pytest.raises(BadInput, match="there is no 'fnir'; there are: breath, eeg"):
        device("fnir")
