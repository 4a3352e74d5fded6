"""Phase measures against HyPyP's and MNE-Connectivity's numbers, hand cases, and slow twins."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest

import naive_phase
from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.inference.null import surrogate_draws
from interbrain.inference.ranks import family_p, upper_p
from interbrain.measures import _envelope, _phase_contract, _phase_single, _phase_time

NAMES = ("plv", "ccorr", "accorr", "imcoh", "coh", "pli", "wpli")
HYPYP = {"imcoh": "imaginary_coh", "envcorr": "envelope_corr"}
BANDS = {
    "theta_4_7.5": (4.0, 7.5),
    "alpha_7.5_11": (7.5, 11.0),
    "beta_13_30": (13.0, 30.0),
    "gamma_30_48": (30.0, 48.0),
}
TOLERANCE = 1e-12
IN_SINGLE = {"wpli": 1e-7}
"""Its samples are kept in single precision across time."""


def settings_of(name: str, bands: dict[str, tuple[float, float]], **given: Any) -> dict[str, Any]:
    return {**resolve_settings(measures.records()[name], given), "bands": bands}


def block(values: np.ndarray, rate: float, valid: np.ndarray | None = None, epoched: bool = True) -> Block:
    return Block(values, np.ones(values.shape, dtype=bool) if valid is None else valid, rate, epoched)


def estimate(name: str, a: Block, b: Block, settings: dict[str, Any]) -> Estimate:
    module = measures.module(name)
    return module.reduce(module.combine(module.prepare(a, settings), module.prepare(b, settings)))


def value(name: str, a: Block, b: Block, settings: dict[str, Any]) -> np.ndarray:
    return estimate(name, a, b, settings).value[..., 0]


@pytest.fixture(scope="module")
def reference(data_dir: Path) -> Path:
    return data_dir / "reference" / "eeg-phase"


@pytest.fixture(scope="module")
def pair(data_dir: Path) -> tuple[Block, Block]:
    """Two people, the 25 epochs that both kept, matched by the number of the event."""
    people = [mne.read_epochs(data_dir / "eeg-pair" / f"person-{i}-epo.fif", verbose="ERROR") for i in (1, 2)]
    common = np.intersect1d(*(p.selection for p in people))
    both = [p.get_data(verbose="ERROR")[np.searchsorted(p.selection, common)] for p in people]
    return block(both[0], people[0].info["sfreq"]), block(both[1], people[1].info["sfreq"])


@pytest.mark.parametrize("name", [*NAMES, "envcorr"])
def test_hypyp_gives_the_same_numbers(name, pair, reference):
    expected = np.load(reference / "hypyp_interbrain.npz")
    assert list(expected["bands"]) == list(BANDS)
    found = value(name, *pair, settings_of(name, BANDS, convention="hypyp"))
    # At the ends of an epoch the filter leaves both people in the same phase; HyPyP's pli counts the rounding's sign.
    tolerance = 2 / pair[0].shape[2] if name == "pli" else IN_SINGLE.get(name, TOLERANCE)
    np.testing.assert_allclose(found, expected[HYPYP.get(name, name)].transpose(1, 2, 0), rtol=0, atol=tolerance)


@pytest.mark.parametrize("convention, mode", [("mne", "multitaper"), ("mne_fourier", "fourier")])
@pytest.mark.parametrize("name", ["plv", "imcoh", "coh", "pli", "wpli", "wpli2_debiased"])
def test_mne_connectivity_gives_the_same_numbers(name, convention, mode, pair, reference):
    expected = np.load(reference / "mne_connectivity_interbrain.npz")[f"{mode}__{name}"]
    if name == "wpli2_debiased":
        name, convention = "wpli", f"{convention}_debiased"
    found = value(name, *pair, settings_of(name, BANDS, convention=convention))
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


def test_analytic_signal_is_hypyps(pair, reference):
    expected = np.load(reference / "hypyp_analytic_check.npz")["first_epoch_first_ch"]
    for person, side in enumerate(pair):
        prepared = measures.module("imcoh").prepare(side, settings_of("imcoh", BANDS))
        found = np.stack([carrier.complex[0, 0] for carrier in prepared.carriers])
        np.testing.assert_allclose(found, expected[person], rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["plv", "accorr", "imcoh"])
def test_nothing_in_the_pair_exceeds_shuffled_epochs(name, pair):
    settings, module = settings_of(name, {"alpha": (7.5, 11.0)}), measures.module(name)
    a, b = (module.prepare(side, settings) for side in pair)
    observed = module.reduce(module.combine(a, b)).value
    draws = surrogate_draws(
        module, measures.records()[name], a, b, pair[1], settings, "segment_shuffle", 99, stream(1, "shuffle")
    ).value
    assert family_p(observed, draws).min() > 0.05
    assert abs(observed.mean() - draws.mean()) < 0.02


def noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("name", NAMES)
def test_slow_twin_across_time_with_gaps_and_unequal_channels(name):
    rate, band = 128.0, (8.0, 13.0)
    a, b = noise((5, 2, 160), 1), noise((5, 3, 160), 2)
    b[:, 0] += np.roll(a[:, 1], 3, axis=-1)
    valid_a, valid_b = np.ones(a.shape, bool), np.ones(b.shape, bool)
    valid_a[0, 0, 30:50] = False
    valid_a[2, 1, :120] = False
    valid_b[1] = False
    valid_b[3, 2, 100:104] = False
    a_bad, b_bad = np.where(valid_a, a, 1e6), np.where(valid_b, b, 1e6)
    found = estimate(name, block(a_bad, rate, valid_a), block(b_bad, rate, valid_b), settings_of(name, {"x": band}))
    expected, phase, coverage = naive_phase.across_time(name, (a, valid_a), (b, valid_b), rate, band)
    np.testing.assert_allclose(found.value[..., 0, 0], expected, rtol=0, atol=IN_SINGLE.get(name, TOLERANCE))
    np.testing.assert_allclose(found.phase[..., 0, 0], phase, rtol=0, atol=IN_SINGLE.get(name, 1e-10))
    np.testing.assert_allclose(found.coverage[..., 0, 0], coverage, atol=TOLERANCE)
    assert coverage.max() < 0.81 and coverage.min() < 0.6


@pytest.mark.parametrize(
    "name, spectrum", [(n, "fourier") for n in (*NAMES, "ppc")] + [(n, "multitaper") for n in ("plv", "imcoh")]
)
def test_slow_twin_across_epochs(name, spectrum):
    a, b = noise((6, 2, 90), 3), noise((6, 3, 90), 4)
    given = {"across": "epochs"}
    given |= {"spectrum": spectrum} if "spectrum" in measures.records()[name].settings else {}
    given |= {"sign": "signed"} if name == "imcoh" else {}
    found = value(name, block(a, 64.0), block(b, 64.0), settings_of(name, {"x": (8.0, 12.0)}, **given))
    expected = naive_phase.across_epochs(name, a, b, 64.0, (8.0, 12.0), spectrum)
    np.testing.assert_allclose(found[..., 0], expected, atol=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("across", ["time", "epochs"])
def test_draws_are_the_loop_where_epochs_are_missing(name, across):
    module, settings = measures.module(name), settings_of(name, {"x": (8.0, 13.0), "y": (13.0, 20.0)}, across=across)
    a, b = noise((6, 2, 100), 5), noise((6, 3, 100), 6)
    valid_a, valid_b = np.ones(a.shape, bool), np.ones(b.shape, bool)
    valid_a[0, 0], valid_b[1:3, 2], valid_b[4, 1, 20:80] = False, False, False
    block_a, block_b = block(a, 100.0, valid_a), block(b, 100.0, valid_b)
    index = np.array([np.random.default_rng(i).permutation(6) for i in range(8)])
    drawn = module.draws(module.prepare(block_a, settings), module.prepare(block_b, settings), "segment_shuffle", index)
    loop = [value(name, block_a, block(b[i], 100.0, valid_b[i]), settings) for i in index]
    assert drawn.value.shape == (8, 2, 3, 2, 1)
    np.testing.assert_allclose(drawn.value[..., 0], loop, rtol=0, atol=TOLERANCE)
    assert len(np.unique(drawn.value[:, 0, 0, 0, 0])) == 8 or name == "pli"  # a count of six epochs has few values


@pytest.mark.parametrize("name", ["plv", "ppc", "coh", "imcoh", "wpli"])
@pytest.mark.parametrize("given", [{"across": "time"}, {"across": "epochs", "spectrum": "fourier"}])
@pytest.mark.parametrize("scale", [1.0, 1e-15])  # microvolts, tesla
def test_draws_in_single_precision_are_the_loop_to_a_millionth(name, given, scale):
    module, settings = measures.module(name), settings_of(name, {"x": (8.0, 13.0)}, **given)
    a, b = scale * noise((24, 2, 100), 5), scale * noise((24, 3, 100), 6)
    valid_a, valid_b = np.ones(a.shape, bool), np.ones(b.shape, bool)
    valid_a[0, 0], valid_b[1:3, 2], valid_b[4, 1, 20:80] = False, False, False
    index = np.array([np.random.default_rng(i).permutation(24) for i in range(30)])
    for mask_a, mask_b in ((None, None), (valid_a, valid_b)):
        block_a, block_b = block(a, 100.0, mask_a), block(b, 100.0, mask_b)
        prepared = module.prepare(block_a, settings), module.prepare(block_b, settings)
        drawn = module.draws(*prepared, "segment_shuffle", index).value[..., 0]
        loop = [
            value(name, block_a, block(b[i], 100.0, None if mask_b is None else mask_b[i]), settings) for i in index
        ]
        np.testing.assert_allclose(drawn, loop, rtol=0, atol=1e-6)
        if name == "wpli" and given["across"] == "time":  # the recording itself is measured in single precision
            np.testing.assert_allclose(drawn, loop, rtol=0, atol=TOLERANCE)
        else:
            assert np.abs(drawn - loop).max() > 1e-12  # otherwise this test says nothing of single precision


@pytest.mark.parametrize("name", ["plv", "coh", "imcoh", "wpli"])
@pytest.mark.parametrize("given", [{"across": "time"}, {"across": "epochs", "spectrum": "fourier"}])
def test_epochs_that_are_copies_tie_with_each_other(name, given):
    """Every order of the epochs is the recorded one: rounding must not decide which of them is above it."""
    module, settings = measures.module(name), settings_of(name, {"x": (8.0, 13.0)}, **given)
    a, b = (block(np.repeat(noise((1, 2, 100), i), 30, axis=0), 100.0) for i in (5, 6))
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    index = np.array([np.random.default_rng(i).permutation(30) for i in range(40)])
    drawn = module.draws(*prepared, "segment_shuffle", index).value
    observed = module.reduce(module.combine(*prepared)).value
    np.testing.assert_allclose(drawn, np.broadcast_to(observed, drawn.shape), rtol=1e-12, atol=1e-14)
    assert (upper_p(observed, drawn) == 1.0).all()


@pytest.mark.parametrize("name", ["plv", "ppc", "coh", "imcoh", "wpli"])
@pytest.mark.parametrize(("given", "left"), [("time", 1), ("time", 2), ("epochs", 2)])
@pytest.mark.parametrize("n", [19, 400])
def test_orders_that_put_the_same_epochs_together_tie_with_the_recording(name, given, left, n, monkeypatch):
    """A channel that has one epoch or two: one draw in 24, or in 552, is what was recorded."""
    settings = settings_of(
        name, {"x": (8.0, 13.0)}, across=given, **({"spectrum": "fourier"} if given == "epochs" else {})
    )
    module, valid = measures.module(name), np.ones((24, 1, 100), bool)
    valid[left:] = False
    a, b = block(noise((24, 1, 100), 5), 100.0, valid), block(noise((24, 1, 100), 6), 100.0)
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    index = np.array([np.random.default_rng(i).permutation(24) for i in range(n)])
    index[:3, :left] = np.arange(left)  # the rest of these orders repeats epochs, which changes nothing here
    drawn, observed = (
        module.draws(*prepared, "segment_shuffle", index).value,
        module.reduce(module.combine(*prepared)).value,
    )
    same = (index[:, :left] == np.arange(left)).all(axis=1)
    assert same.sum() >= 3
    np.testing.assert_allclose(drawn[same], np.broadcast_to(observed, drawn[same].shape), rtol=1e-13, atol=1e-15)
    monkeypatch.setattr(_phase_single, "allowed", lambda *given, **named: False)
    exact = module.draws(*prepared, "segment_shuffle", index).value
    np.testing.assert_allclose(drawn, exact, rtol=0, atol=1e-6)
    assert upper_p(observed, drawn) == upper_p(observed, exact)


@pytest.mark.parametrize("scale", [1e-160, 1e150])
def test_absurd_units_are_drawn_as_they_are_measured(scale):
    for name in ("coh", "imcoh", "wpli"):
        module, settings = measures.module(name), settings_of(name, {"x": (8.0, 13.0)})
        a, b = (block(scale * noise((24, 1, 100), i), 100.0) for i in (5, 6))
        prepared = module.prepare(a, settings), module.prepare(b, settings)
        with np.errstate(all="ignore"):
            drawn = module.draws(*prepared, "segment_shuffle", np.tile(np.arange(24), (30, 1))).value
            observed = module.reduce(module.combine(*prepared)).value
        np.testing.assert_array_equal(np.isnan(drawn), np.broadcast_to(np.isnan(observed), drawn.shape))


@pytest.mark.parametrize("sign", ["absolute", "signed"])
def test_circular_correlation_of_whole_epochs_is_that_of_broken_ones(sign, monkeypatch):
    module, settings = measures.module("ccorr"), settings_of("ccorr", {"x": (8.0, 13.0), "y": (13.0, 20.0)}, sign=sign)
    a, b = (block(noise((24, n, 100), seed), 100.0) for n, seed in ((2, 5), (3, 6)))
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    index = np.array([np.random.default_rng(i).permutation(24) for i in range(30)])

    def found() -> tuple[np.ndarray, ...]:
        estimate, few = module.reduce(module.combine(*prepared)), module.draws(*prepared, "segment_shuffle", index[:5])
        drawn = module.draws(*prepared, "segment_shuffle", index)
        return estimate.value, estimate.phase, estimate.lag_s, estimate.coverage, few.value, drawn.value

    short = found()
    monkeypatch.setattr(_phase_time, "kind_for", lambda kind, a, b: kind)
    for one, other in zip(short, found(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", ["imcoh", "wpli", "ccorr"])
def test_who_leads_is_computed_when_it_is_asked_for(name, monkeypatch):
    asked = []
    whole = _phase_time.cross_sum
    monkeypatch.setattr(_phase_time, "cross_sum", lambda *given: asked.append(1) or whole(*given))
    found = estimate(name, *sines(0.010), settings_of(name, {"x": (8.0, 13.0)}))
    assert not asked and found.value[0, 0, 0, 0] > 0.3
    assert found.lag_s[0, 0, 0, 0] == pytest.approx(0.010, abs=5e-4)
    assert found.phase[0, 0, 0, 0] == pytest.approx(found.lag_s[0, 0, 0, 0] * 2 * np.pi * np.sqrt(8 * 13))
    assert asked == [1]


def test_an_estimate_can_be_pickled_before_anybody_asked_who_leads():
    found = estimate("imcoh", *sines(0.010), settings_of("imcoh", {"x": (8.0, 13.0)}))
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.phase, found.phase)
    np.testing.assert_array_equal(again.value, found.value)


def sines(delay_s: float, rate: float = 200.0, n_times: int = 2000) -> tuple[Block, Block]:
    """10 Hz in both, B later by ``delay_s``; the phase starts elsewhere in each of 8 epochs."""
    t = np.arange(n_times) / rate + np.arange(8)[:, None, None] * 0.0371
    return block(np.sin(2 * np.pi * 10 * t), rate), block(np.sin(2 * np.pi * 10 * (t - delay_s)), rate)


@pytest.mark.parametrize("across", ["time", "epochs"])
@pytest.mark.parametrize("delay_s", [0.01, -0.02, 0.025])
def test_sines_that_keep_step(delay_s, across):
    """PLV 1, imaginary coherence the sine of the phase, and phase and lag positive when A leads."""
    angle = 2 * np.pi * 10 * delay_s
    band = {"alpha": (8.0, 12.0)}
    one = {"across": across}
    fourier = one | {"spectrum": "fourier"}
    a, b = sines(delay_s)
    locked = estimate("plv", a, b, settings_of("plv", band, **fourier))
    assert locked.value.item() == pytest.approx(1.0, abs=0.01)
    assert locked.phase.item() == pytest.approx(angle, abs=0.02)
    assert locked.lag_s.item() == pytest.approx(delay_s * 10 / np.sqrt(8 * 12), abs=0.0005)
    signed = estimate("imcoh", a, b, settings_of("imcoh", band, sign="signed", **fourier))
    assert signed.value.item() == pytest.approx(np.sin(angle), abs=0.02)
    assert value("imcoh", a, b, settings_of("imcoh", band, **fourier)).item() == pytest.approx(
        abs(np.sin(angle)), abs=0.02
    )
    assert value("accorr", a, b, settings_of("accorr", band, **one)).item() == pytest.approx(1.0, abs=0.02)


def test_phases_that_mirror_each_other_correlate_negatively():
    """A phase that runs ahead in one person as it falls behind in the other gives −1, or its absolute value."""
    t = np.arange(1000) / 100.0
    wander = 0.3 * np.sin(2 * np.pi * 0.5 * t)
    together = np.exp(1j * wander)[None, None], np.exp(1j * (wander + 1))[None, None]
    mirrored = np.exp(1j * wander)[None, None], np.exp(1j * (1 - wander))[None, None]
    signed = {"sign": "signed"}
    for name, given, signs in (("ccorr", signed, (1, -1)), ("accorr", {}, (1, -1)), ("ccorr", {}, (1, 1))):
        module, settings = measures.module(name), settings_of(name, {"x": (8.0, 12.0)}, **given)
        prepared = module.prepare(block(noise((1, 1, 1000), 1), 100.0), settings)
        for (x, y), expected in zip((together, mirrored), signs, strict=True):
            a, b = (_with_phasors(prepared, z) for z in (x, y))
            assert module.reduce(module.combine(a, b)).value.item() == pytest.approx(expected, abs=1e-9)


def _with_phasors(prepared: _phase_contract.Prepared, z: np.ndarray) -> _phase_contract.Prepared:
    carrier = _phase_contract._phase_time.from_complex(z, None, prepared.kind)
    return replace(prepared, carriers=(carrier,))


def test_debiased_estimators_are_means_over_pairs_of_epochs():
    """Both debiased forms spelled out as sums over all pairs of different epochs, at one frequency."""
    a, b = noise((7, 1, 64), 13), noise((7, 1, 64), 14)
    band = {"x": (8.0, 8.0001)}
    x, y = (np.array([naive_phase.coefficients(e[0], 64.0, 8.0, np.hanning(64)[None])[0] for e in s]) for s in (a, b))
    found = value("wpli", block(a, 64.0), block(b, 64.0), settings_of("wpli", band, convention="mne_fourier_debiased"))
    assert found.item() == pytest.approx(naive_phase.wpli_debiased(x * np.conj(y)), abs=1e-12)
    found = value("ppc", block(a, 64.0), block(b, 64.0), settings_of("ppc", band, convention="mne_fourier"))
    assert found.item() == pytest.approx(naive_phase.ppc(x, y), abs=1e-12)


def test_debiased_estimators_are_zero_by_chance_whatever_the_number_of_epochs():
    for n in (6, 40):
        a, b = block(noise((n, 12, 128), n), 64.0), block(noise((n, 12, 128), n + 1), 64.0)
        one = {"x": (8.0, 12.0)}
        for name, convention in (("ppc", "mne_fourier"), ("wpli", "mne_fourier_debiased")):
            assert abs(value(name, a, b, settings_of(name, one, convention=convention)).mean()) < 0.15 / n + 0.01
        biased = value("plv", a, b, settings_of("plv", one, convention="mne_fourier")).mean()
        assert biased == pytest.approx(np.sqrt(np.pi / (4 * n)), rel=0.05)


def test_squared_coherence_is_the_square_in_each_epoch():
    a, b = block(noise((1, 2, 512), 21), 64.0), block(noise((1, 2, 512), 22), 64.0)
    plain, squared = (
        value("coh", a, b, settings_of("coh", {"x": (8.0, 12.0)}, form=f)) for f in ("magnitude", "squared")
    )
    np.testing.assert_allclose(squared, plain**2, rtol=1e-12)


def test_chance_across_epochs_is_that_of_25_random_vectors():
    """Mean length of the mean of n random unit vectors: √π/(2√n), .177 for 25 (to 1 % at that n)."""
    a, b = block(noise((25, 20, 100), 7), 100.0), block(noise((25, 20, 100), 8), 100.0)
    found = value("plv", a, b, settings_of("plv", {"x": (8.0, 13.0)}, convention="mne_fourier"))
    assert found.mean() == pytest.approx(np.sqrt(np.pi / 100), abs=0.005)


def test_longer_epochs_bring_chance_down_across_time():
    a, b = noise((4, 6, 4000), 9), noise((4, 6, 4000), 10)
    settings = settings_of("plv", {"x": (8.0, 13.0)})
    long = value("plv", block(a, 100.0), block(b, 100.0), settings).mean()
    cut = [block(x.reshape(4, 6, 40, 100).swapaxes(1, 2).reshape(160, 6, 100), 100.0) for x in (a, b)]
    short = value("plv", *cut, settings).mean()
    assert short > 2.5 * long


@pytest.mark.parametrize("name", NAMES)
def test_windows_are_the_samples_between_their_ends(name):
    settings, module = settings_of(name, {"x": (8.0, 13.0)}), measures.module(name)
    a, b = block(noise((1, 2, 900), 11), 100.0, epoched=False), block(noise((1, 3, 900), 12), 100.0, epoched=False)
    state = module.combine(module.prepare(a, settings), module.prepare(b, settings))
    first, second, whole = module.reduce(state, np.array([[0, 300], [450, 900], [0, 900]]))
    np.testing.assert_array_equal(whole.value, module.reduce(state).value)
    z_a, z_b = (naive_phase.analytic(x.values, 100.0, 8.0, 13.0) for x in (a, b))
    for found, (start, stop) in ((first, (0, 300)), (second, (450, 900))):
        expected = naive_phase.PAIR[name](z_a[0, 1, start:stop], z_b[0, 2, start:stop])
        assert found.value[1, 2, 0, 0] == pytest.approx(expected, abs=IN_SINGLE.get(name, TOLERANCE))


@pytest.mark.parametrize("apart", [1.0, 1e-2, 1e-4, 1e-6])
def test_wpli_of_a_long_recording_and_of_signals_hardly_apart_is_that_of_double_precision(apart):
    """A million samples do not wear single precision out; people nearly in phase are computed in double precision."""
    settings, module = settings_of("wpli", {"x": (8.0, 13.0)}), measures.module("wpli")
    a, more = noise((1, 1, 1_000_000), 1), noise((1, 3, 1_000_000), 2)
    b = np.concatenate([apart * more[:, :2] + a, np.roll(a, 1, axis=2) + more[:, 2:]], axis=1)
    one, two = (module.prepare(block(1e-5 * x, 100.0, epoched=False), settings) for x in (a, b))
    found = module.reduce(module.combine(one, two)).value[0, :, 0, 0]
    z_a, z_b = (naive_phase.analytic(x, 100.0, 8.0, 13.0) for x in (a, b))
    expected = [naive_phase.PAIR["wpli"](z_a[0, 0], z) for z in z_b[0]]
    np.testing.assert_allclose(found, expected, rtol=0, atol=IN_SINGLE["wpli"])


@pytest.mark.parametrize("shared", [1e3, 1e6, 1e8])
@pytest.mark.parametrize("where", ["everywhere", "in one epoch"])
def test_wpli_of_people_who_share_a_large_source_is_that_of_double_precision(shared, where):
    settings, module = settings_of("wpli", {"x": (8.0, 13.0)}), measures.module("wpli")
    a, b, both = noise((8, 2, 256), 1), noise((8, 3, 256), 2), noise((8, 1, 256), 3)
    both[1 if where == "in one epoch" else 8 :] = 0.0
    a, b = a + shared * both, b + shared * both
    one, two = (pickle.loads(pickle.dumps(module.prepare(block(x, 128.0), settings))) for x in (a, b))
    state = module.combine(one, two)
    z_a, z_b = (naive_phase.analytic(x, 128.0, 8.0, 13.0) for x in (a, b))
    expected = [[naive_phase.PAIR["wpli"](z_a[e, 1], z_b[e, 2]) for e in range(8)]]
    found = module.reduce(state).value[1, 2, 0, 0]
    assert found == pytest.approx(np.mean(expected), abs=max(1e-6, 1e-11 * shared))
    windowed = module.reduce(state, np.array([[0, 200]]))[0].value[1, 2, 0, 0]
    cut = [naive_phase.PAIR["wpli"](z_a[e, 1, :200], z_b[e, 2, :200]) for e in range(8)]
    assert windowed == pytest.approx(np.mean(cut), abs=max(1e-6, 1e-11 * shared))
    drawn = module.draws(one, two, "segment_shuffle", np.array([np.arange(8), np.arange(8)[::-1]])).value
    np.testing.assert_array_equal(drawn[0], module.reduce(state).value)


def test_n_effective_counts_seconds_times_bandwidth_or_epochs():
    a, b = block(noise((7, 1, 200), 1), 100.0), block(noise((7, 1, 200), 2), 100.0)
    assert estimate("plv", a, b, settings_of("plv", {"x": (8.0, 13.0)})).n_effective.item() == pytest.approx(7 * 2 * 5)
    over = estimate("plv", a, b, settings_of("plv", {"x": (8.0, 13.0)}, across="epochs"))
    assert over.n_effective.item() == 7


def test_a_flat_channel_has_no_phase():
    a, b = noise((5, 2, 200), 1), noise((5, 2, 200), 2)
    a[:, 1] = 3.7
    for across in ("time", "epochs"):
        found = estimate("plv", block(a, 100.0), block(b, 100.0), settings_of("plv", {"x": (8.0, 13.0)}, across=across))
        assert np.isfinite(found.value[0]).all()
        assert np.isnan(found.value[1]).all() and np.isnan(found.phase[1]).all() and (found.coverage[1] == 0).all()


@pytest.mark.parametrize("surrogate", ["circular_shift", "phase_randomisation", "segment_shuffle"])
def test_continuous_recordings_have_surrogates(surrogate):
    """Coupled continuous signals exceed each null; stretches of a continuous recording are prepared again."""
    shared = noise((1, 1, 6000), 13)
    a = block(shared + 0.5 * noise((1, 1, 6000), 14), 100.0, epoched=False)
    b = block(np.roll(shared, 2, axis=-1) + 0.5 * noise((1, 1, 6000), 15), 100.0, epoched=False)
    settings, module = settings_of("plv", {"x": (8.0, 13.0)}, segment_s=5.0), measures.module("plv")
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    record = measures.records()["plv"]
    draws = surrogate_draws(module, record, *prepared, b, settings, surrogate, 19, stream(1, surrogate)).value
    assert value("plv", a, b, settings).item() > draws.max() + 0.2


@pytest.mark.parametrize(
    "bands, given, shape, epoched, error, says",
    [
        ({}, {}, (3, 1, 200), True, BadInput, "at least one band"),
        ({"x": (0.0, 4.0)}, {}, (3, 1, 200), True, BadInput, "above 0"),
        ({"x": (8.0, 50.0)}, {}, (3, 1, 200), True, RefusedScience, "at or above 50 Hz"),
        ({"x": (2.9, 8.0)}, {}, (3, 1, 100), True, RefusedScience, "holds 2.9 cycles"),
        ({"x": (8.1, 8.4)}, {"across": "epochs"}, (3, 1, 200), True, RefusedScience, "0.5 Hz apart"),
        ({"x": (8.0, 13.0)}, {"across": "epochs"}, (1, 1, 200), False, RefusedScience, "a continuous recording"),
        ({"x": (8.0, 13.0)}, {"across": "epochs"}, (1, 1, 200), True, RefusedScience, "1 epoch:"),
        ({"x": (8.0, 13.0)}, {"across": "space"}, (3, 1, 200), True, BadInput, "allowed are 'time', 'epochs'"),
        ({"x": (8.0, 13.0)}, {"min_valid": 0.0}, (3, 1, 200), True, BadInput, "above 0"),
    ],
)
def test_refusals_name_the_figures(bands, given, shape, epoched, error, says):
    with pytest.raises(error, match=says):
        measures.module("plv").prepare(
            block(noise(shape, 1), 100.0, epoched=epoched), settings_of("plv", bands, **given)
        )


def test_theta_in_one_second_is_allowed_and_people_must_share_epochs():
    module, settings = measures.module("plv"), settings_of("plv", {"theta": (4.0, 7.5)})
    a = module.prepare(block(noise((3, 1, 100), 1), 100.0), settings)
    with pytest.raises(BadInput, match="A has 3 epochs"):
        module.combine(a, module.prepare(block(noise((4, 1, 100), 1), 100.0), settings))
    with pytest.raises(BadInput, match="same settings"):
        module.combine(a, module.prepare(block(noise((3, 1, 100), 1), 100.0), settings | {"across": "epochs"}))
    with pytest.raises(RefusedScience, match="holds 2 cycles"):
        module.reduce(module.combine(a, a), np.array([[0, 50]]))


@pytest.mark.parametrize(
    "scale, expected",
    [
        ("amplitude", (0.2537589015063326, -0.1409831861757648, -0.1850049831874239)),
        ("log_power", (0.20909566169089033, -0.06318771060079424, -0.11835500339999498)),
    ],
)
def test_orthogonalised_envelopes_give_mne_connectivitys_numbers(scale, expected):
    """MNE-Connectivity 0.9.0, envelope_correlation(orthogonalize="pairwise", absolute=False), log False and True, of
    three random walks."""
    random = np.random.default_rng(11)
    z = np.cumsum(random.standard_normal((3, 400)) + 1j * random.standard_normal((3, 400)), axis=1)
    z -= z.mean(axis=1, keepdims=True)
    parts = np.stack([z.real, z.imag])
    found = _envelope.orthogonalised(parts, parts[None], None, None, scale)[:, 0]
    np.testing.assert_allclose((found[0, 1], found[0, 2], found[1, 2]), expected, atol=1e-13)


def test_envelopes_with_gaps_and_in_shuffled_order():
    a, b = noise((6, 2, 300), 31), noise((6, 3, 300), 32)
    valid_a, valid_b = np.ones(a.shape, bool), np.ones(b.shape, bool)
    valid_a[0, 0, 50:120], valid_b[3, 2, 200:], valid_b[4, 1] = False, False, False
    for orthogonalise in (False, True):
        settings = settings_of("envcorr", {"x": (8.0, 13.0)}, orthogonalise=orthogonalise)
        module = measures.module("envcorr")
        block_a, block_b = block(a, 100.0, valid_a), block(b, 100.0, valid_b)
        prepared = module.prepare(block_a, settings), module.prepare(block_b, settings)
        index = np.array([np.random.default_rng(i).permutation(6) for i in range(4)])
        drawn = module.draws(*prepared, "segment_shuffle", index).value[..., 0]
        loop = [value("envcorr", block_a, block(b[i], 100.0, valid_b[i]), settings) for i in index]
        np.testing.assert_allclose(drawn, loop, rtol=0, atol=TOLERANCE)
        found = estimate("envcorr", block_a, block_b, settings)
        assert np.isnan(found.phase).all() and np.isnan(found.lag_s).all()
    expected, _, coverage = naive_phase.across_time("envcorr", (a, valid_a), (b, valid_b), 100.0, (8.0, 13.0))
    found = estimate(
        "envcorr", block(a, 100.0, valid_a), block(b, 100.0, valid_b), settings_of("envcorr", {"x": (8.0, 13.0)})
    )
    np.testing.assert_allclose(found.value[..., 0, 0], expected, atol=TOLERANCE)
    np.testing.assert_allclose(found.coverage[..., 0, 0], coverage, atol=TOLERANCE)


def test_orthogonalised_envelopes_do_not_see_a_common_source():
    t = np.arange(4000) / 100.0
    random = np.random.default_rng(33)
    waxing = 1 + 0.8 * np.sin(2 * np.pi * 0.3 * t)
    source = waxing * np.sin(2 * np.pi * 10 * t)
    a, b = source + 0.3 * random.standard_normal((2, 4000))
    lagged = np.roll(source, 3) + 0.3 * random.standard_normal(4000)
    blocks = [block(x[None, None], 100.0, epoched=False) for x in (a, b, lagged)]
    plain, without = (settings_of("envcorr", {"x": (8.0, 12.0)}, orthogonalise=o) for o in (False, True))
    assert value("envcorr", blocks[0], blocks[1], plain).item() > 0.8
    assert abs(value("envcorr", blocks[0], blocks[1], without).item()) < 0.2
    assert value("envcorr", blocks[0], blocks[2], without).item() > 0.6
