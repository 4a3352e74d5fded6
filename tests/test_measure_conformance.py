"""One suite over every measure there is: what its record claims, its kernels must do.

A new measure joins by existing. Signals fit its first modality: a rhythm that both people share, B later by a known
delay, in noise of each person's own.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from interbrain import measures
from interbrain.arrays.stabilise import FUNCTIONS
from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MeasureRecord, as_set, resolve_settings
from interbrain.data.signal import Block, Estimate
from interbrain.inference import surrogates
from interbrain.inference.null import loop, surrogate_draws, surrogate_settings

RECORDS = measures.records()
N_A, N_B = 2, 3
PER_PAIR = ("value", "stabilised", "lag_s", "phase", "coverage", "n_effective")
MODALITIES = {"fnirs", "eeg", "motion", "eda", "heart", "voice", "misc"}


@dataclass(frozen=True)
class World:
    """Rate (Hz), seconds a stretch, edges of the shared rhythm (Hz), and how many samples B is behind A."""

    rate: float
    continuous_s: float
    epoch_s: float
    band: tuple[float, float]
    delay: int


FAST = World(rate=100.0, continuous_s=40.0, epoch_s=2.0, band=(8.0, 12.0), delay=2)
SLOW = World(rate=5.0, continuous_s=300.0, epoch_s=60.0, band=(0.06, 0.2), delay=5)
N_EPOCHS = 12


def world_of(record: MeasureRecord) -> World:
    return FAST if record.modalities[0] == "eeg" else SLOW


def settings_of(record: MeasureRecord, **given: Any) -> dict[str, Any]:
    bands = {"shared": world_of(record).band, "above": tuple(1.6 * f for f in world_of(record).band)}
    return {**resolve_settings(record, given), "bands": bands if record.needs_bands else {}}


def rhythm(shape: tuple[int, ...], world: World, seed: int) -> np.ndarray:
    """Band-limited noise of unit size, longer than needed by the delay."""
    long = np.random.default_rng(seed).standard_normal((*shape[:-1], shape[-1] + 20))
    out = sosfiltfilt(butter(2, world.band, "bandpass", fs=world.rate, output="sos"), long, axis=-1)
    return out / out.std()


def couple(
    record: MeasureRecord, form: str, coupling: float = 1.0, delay: int | None = None, seed: int = 1, own: float = 0.4
) -> tuple[Block, Block]:
    """Two people with ``N_A`` and ``N_B`` channels; all of A lead all of B by ``delay`` samples."""
    world = world_of(record)
    delay = world.delay if delay is None else delay
    epochs = N_EPOCHS if form == "epochs" else 1
    n_times = round((world.epoch_s if form == "epochs" else world.continuous_s) * world.rate)
    shared = coupling * rhythm((epochs, 1, n_times), world, seed)
    random = np.random.default_rng(seed + 100)
    ours = [rhythm((epochs, n, n_times), world, int(random.integers(1 << 30))) for n in (N_A, N_B)]
    wide = [0.1 * random.standard_normal((epochs, n, n_times)) for n in (N_A, N_B)]
    a = shared[..., 10 : 10 + n_times] + own * ours[0][..., :n_times] + wide[0]
    b = shared[..., 10 - delay : 10 - delay + n_times] + own * ours[1][..., :n_times] + wide[1]
    return as_block(a, record, form), as_block(b, record, form)


def as_block(values: np.ndarray, record: MeasureRecord, form: str) -> Block:
    values = np.array(values)
    valid = np.ones(values.shape, dtype=bool)
    values.flags.writeable = valid.flags.writeable = False
    return Block(values, valid, world_of(record).rate, form == "epochs")


def estimate(record: MeasureRecord, a: Block, b: Block, settings: dict[str, Any] | None = None) -> Estimate:
    module = measures.module(record.name)
    settings = settings_of(record) if settings is None else settings
    return module.reduce(module.combine(module.prepare(a, settings), module.prepare(b, settings)))


EVERY = pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))
FORMS = [pytest.param(r, f, id=f"{r.name}-{f}") for r in RECORDS.values() for f in r.accepts]
EVERY_FORM = pytest.mark.parametrize("record, form", FORMS)
REINDEXED = [
    pytest.param(r, f, s, id=f"{r.name}-{f}-{s}")
    for r in RECORDS.values()
    for s, how in r.surrogates.items()
    for f in r.accepts
    if how == "reindex" and f in surrogates.records()[s].accepts
]


@EVERY
def test_the_record_read_from_the_source_is_the_one_that_the_module_holds(record):
    """Listing imports nothing: names that a record shares with its family are read from their file, too."""
    assert replace(measures.module(record.name).RECORD, module=record.module) == record


@EVERY
def test_record_is_complete(record):
    module = measures.module(record.name)
    assert record.module == f"interbrain.measures.{record.name}"
    assert all((record.title, record.formula, record.reference, record.methods))
    assert record.doi.startswith("10.") and "/" in record.doi
    low, high = record.value_range
    assert low is None or high is None or low < high
    assert record.stabilise in FUNCTIONS
    assert set(record.accepts) <= {"continuous", "epochs"} and record.accepts
    assert set(record.modalities) <= MODALITIES and record.modalities
    assert set(record.settings_help) == set(record.settings)
    for name in record.named_settings:
        resolve_settings(record, {"convention": name})
    assert all(callable(getattr(module, f)) for f in ("prepare", "combine", "reduce", "memory_s"))
    assert module.memory_s(settings_of(record)) >= 0


@EVERY
def test_surrogates_exist_and_the_default_one_is_not_refused(record):
    assert set(record.surrogates) <= set(surrogates.records())
    assert not record.surrogates[record.default_surrogate].startswith("refused")
    for how in record.surrogates.values():
        assert how in ("reindex", "prepare") or (how.startswith("refused:") and len(how) > 30)
    assert hasattr(measures.module(record.name), "draws") or "reindex" not in record.surrogates.values()


@EVERY_FORM
def test_shapes_with_unequal_channels(record, form):
    found = estimate(record, *couple(record, form))
    n_bands = 2 if record.needs_bands else 1
    n_directions = 2 if record.directed else 1
    assert len(found.bands) == n_bands and len(found.directions) == n_directions
    for name in PER_PAIR:
        assert getattr(found, name).shape == (N_A, N_B, n_bands, n_directions), name
    if found.profile is not None:
        assert found.profile.shape == (N_A, N_B, len(found.profile_lags_s))


@EVERY_FORM
def test_clean_input_gives_numbers(record, form):
    found = estimate(record, *couple(record, form))
    for name in ("value", "stabilised", "coverage", "n_effective"):
        assert np.isfinite(getattr(found, name)).all(), name
    for name in ("lag_s", "phase"):
        finite = np.isfinite(getattr(found, name))
        assert finite.all() or not finite.any(), name
    assert (found.coverage > 0).all() and (found.coverage <= 1).all()
    assert (found.n_effective >= 1).all()
    np.testing.assert_array_equal(found.stabilised, FUNCTIONS[record.stabilise](found.value))


@EVERY_FORM
def test_value_range(record, form):
    """The defaults stay inside; conventions that keep a sign may also mirror the range."""
    for convention in (None, *record.named_settings):
        low, high = record.value_range
        if convention is not None and low is not None and low >= 0:
            low = None if high is None else -high
        settings = settings_of(record, **({} if convention is None else {"convention": convention}))
        if settings.get("across") == "epochs" and form == "continuous":
            continue
        for coupling in (0.0, 1.0):
            try:
                value = estimate(record, *couple(record, form, coupling), settings).value
            except BadInput:  # a convention for other data, such as codes
                assert convention is not None
                continue
            value = value[np.isfinite(value)]  # a convention for other data may say nothing of these
            assert convention is not None or value.size
            assert low is None or (value >= low - 1e-12).all()
            assert high is None or (value <= high + 1e-12).all()


@EVERY_FORM
def test_value_of_a_signal_with_itself(record, form):
    if record.with_itself is None:
        pytest.skip("the record says that this says nothing")
    a, _ = couple(record, form)
    found = estimate(record, a, a).value
    for channel in range(N_A):
        np.testing.assert_allclose(found[channel, channel], record.with_itself, atol=1e-6)


@EVERY_FORM
def test_exchange_of_the_two_people(record, form):
    a, b = couple(record, form)
    there, back = estimate(record, a, b), estimate(record, b, a)
    if record.directed:
        np.testing.assert_allclose(there.value, back.value.swapaxes(0, 1)[..., ::-1], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(there.lag_s, -back.lag_s.swapaxes(0, 1)[..., ::-1], atol=1e-6)
        return
    np.testing.assert_allclose(there.value, back.value.swapaxes(0, 1), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(there.phase, -back.phase.swapaxes(0, 1), atol=1e-6)
    np.testing.assert_allclose(there.lag_s, -back.lag_s.swapaxes(0, 1), atol=1e-6)


@EVERY_FORM
def test_gain_and_offset_change_nothing(record, form):
    a, b = couple(record, form)
    gain = np.array([1e-6, 30.0, 2.0])[:, None]
    scaled = as_block(b.values * gain, record, form)
    moved = as_block(b.values * gain + 1.0 * gain, record, form)
    plain = estimate(record, a, b)
    np.testing.assert_allclose(estimate(record, a, scaled).value, plain.value, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(estimate(record, a, moved).value, plain.value, rtol=0.02, atol=0.005)


@EVERY_FORM
def test_nothing_given_is_changed(record, form):
    """Blocks are read-only here, so writing into them would raise; prepared data are compared byte by byte."""
    module, settings = measures.module(record.name), settings_of(record)
    a, b = couple(record, form)
    before = settings_of(record)
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    kept = pickle.dumps(prepared)
    state = module.combine(*prepared)
    first = module.reduce(state)
    second = module.reduce(state)
    assert pickle.dumps(prepared) == kept
    assert settings == before
    np.testing.assert_array_equal(first.value, second.value)


@EVERY_FORM
def test_the_same_input_gives_the_same_bytes(record, form):
    one, two = (estimate(record, *couple(record, form)) for _ in range(2))
    for name in PER_PAIR:
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name


@EVERY_FORM
def test_coupled_people_exceed_independent_ones(record, form):
    shared, alone = (
        [estimate(record, *couple(record, form, coupling, own=own, seed=s)).value[:, :, 0, :1] for s in range(3, 7)]
        for coupling, own in ((1.0, 0.4), (0.0, 1.0))
    )
    assert np.median(shared) > np.quantile(alone, 0.75 if record.directed else 1.0)
    # Joint power: little more than of two rhythms alone; a group's order: 2 / pi of two members by chance alone.
    if "whether phases hold together" in record.blind_to or record.arity == "group":
        assert np.mean(shared) > np.mean(alone)
        return
    below = np.max(alone) < 0  # minus a distance has no share of itself to exceed
    assert np.mean(shared) > np.mean(alone) + (np.std(alone) if below else 0.5 * np.mean(alone))


COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0}
"""Power falls as 1 / f to this power."""


def noise_of(colour: float, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Of unit size, with a tenth of white noise, as any amplifier adds."""
    spectrum = np.fft.rfft(random.standard_normal(shape))
    spectrum[..., 1:] *= np.arange(1, spectrum.shape[-1]) ** (-colour / 2)
    spectrum[..., 0] = 0
    out = np.fft.irfft(spectrum, shape[-1])
    return out / out.std(axis=-1, keepdims=True) + 0.1 * random.standard_normal(shape)


def usual_surrogate(record: MeasureRecord, form: str) -> str | None:
    """The default, else the first that this form allows."""
    fit = [n for n, how in record.surrogates.items() if not how.startswith("refused")]
    fit = [n for n in fit if form in surrogates.records()[n].accepts]
    return record.default_surrogate if record.default_surrogate in fit else fit[0] if fit else None


@pytest.mark.parametrize("record, form", [p for p in FORMS if usual_surrogate(*p.values)])
@pytest.mark.parametrize("colour", COLOURS)
def test_independent_noise_of_each_colour_is_worth_what_its_null_says(record, form, colour):
    """Its place among its surrogates may be anywhere, but not that of all six pairs above them or below them all."""
    module, world, surrogate = measures.module(record.name), world_of(record), usual_surrogate(record, form)
    epochs, seconds = (N_EPOCHS // 2, world.epoch_s) if form == "epochs" else (1, world.continuous_s / 2)
    settings = settings_of(record, **({"max_order": 4} if "max_order" in record.settings else {}))  # for time's sake
    if surrogate == "segment_shuffle" and form == "continuous":
        settings["segment_s"] = seconds / 20
    random = stream(1, "colour", record.name, colour)
    a, b = (
        as_block(noise_of(COLOURS[colour], (epochs, n, round(seconds * world.rate)), random), record, form)
        for n in (N_A, N_B)
    )
    sides = module.prepare(a, settings), module.prepare(b, settings)
    value = module.reduce(module.combine(*sides)).value
    drawn = surrogate_draws(module, record, *sides, b, settings, surrogate, 19, stream(2, "draws")).value
    both = np.isfinite(value) & np.isfinite(drawn).all(axis=0)
    places = ((drawn > value) + 0.5 * (drawn == value)).mean(axis=0)[both]
    assert len(places) >= (1 if record.arity == "group" else 3)
    assert 0.1 < places.mean() < 0.9


@EVERY_FORM
@pytest.mark.parametrize("forward", [True, False])
def test_phase_and_lag_are_positive_when_a_leads(record, form, forward):
    world = world_of(record)
    delay = world.delay if forward else -world.delay
    found = estimate(record, *couple(record, form, delay=delay, own=0.1))
    seconds = delay / world.rate
    centre = np.sqrt(world.band[0] * world.band[1])
    if np.isfinite(found.lag_s).any():
        np.testing.assert_allclose(found.lag_s[:, :, 0], seconds, atol=0.25 * abs(seconds))
    if np.isfinite(found.phase).any():
        np.testing.assert_allclose(found.phase[:, :, 0], 2 * np.pi * centre * seconds, rtol=0.25)


@pytest.mark.parametrize("record, form", [p for p in FORMS if p.values[0].directed])
@pytest.mark.parametrize("forward", [True, False])
def test_a_directed_measure_says_who_leads(record, form, forward):
    delay = world_of(record).delay * (1 if forward else -1)
    first, second = np.moveaxis(estimate(record, *couple(record, form, delay=delay, own=0.1)).value[:, :, 0], -1, 0)
    assert (first > second).all() if forward else (first < second).all()


@EVERY_FORM
def test_blind_to_zero_lag_where_it_says_so(record, form):
    quarter = round(world_of(record).rate / np.mean(world_of(record).band) / 4)
    at_once = estimate(record, *couple(record, form, delay=0, own=0.1)).value[:, :, 0, :1]
    later = estimate(record, *couple(record, form, delay=quarter, own=0.1)).value[:, :, 0, :1]
    if "zero lag" in record.blind_to:
        chance = np.mean(
            [estimate(record, *couple(record, form, 0.0, seed=s, own=1.0)).value[..., :1].mean() for s in range(3)]
        )
        assert at_once.mean() < chance + 0.15 * (later.min() - chance)
    elif not record.directed:  # who leads at lag zero is nobody
        assert at_once.mean() > later.mean() - 0.3 * abs(later.mean())


@pytest.mark.parametrize("record, form, surrogate", REINDEXED)
def test_draws_are_the_loop_over_surrogates(record, form, surrogate):
    """The fast path gives what preparing each surrogate again gives, where it gives anything."""
    module, surrogate_module = measures.module(record.name), surrogates.module(surrogate)
    settings = settings_of(record)
    a, b = couple(record, form)
    about = surrogate_settings(settings)
    index = surrogate_module.draw_index(b, 5, stream(3, surrogate), about)
    prepared = module.prepare(a, settings), module.prepare(b, settings)
    kept = pickle.dumps(prepared)
    drawn = module.draws(*prepared, surrogate, index)
    assert pickle.dumps(prepared) == kept
    expected = loop(module, prepared[0], b, settings, surrogate_module, index)
    if drawn is None:
        both = surrogate_draws(module, record, *prepared, b, settings, surrogate, 5, stream(3, surrogate))
        np.testing.assert_array_equal(both.value, expected.value)
        return
    assert drawn.value.shape == expected.value.shape == (5, *module.reduce(module.combine(*prepared)).value.shape)
    np.testing.assert_allclose(drawn.value, expected.value, rtol=0, atol=1e-10)
    assert np.ptp(expected.value, axis=0).min() > 1e-6
    if expected.profile is not None:
        np.testing.assert_allclose(drawn.profile, expected.profile, rtol=0, atol=1e-10)


@EVERY
def test_a_measure_has_a_fast_path_for_some_form_of_what_it_re_indexes(record):
    module, settings = measures.module(record.name), settings_of(record)
    for surrogate, how in record.surrogates.items():
        if how != "reindex":
            continue
        forms = [f for f in record.accepts if f in surrogates.records()[surrogate].accepts]
        fast = []
        for form in forms:
            a, b = couple(record, form)
            index = surrogates.module(surrogate).draw_index(b, 1, stream(4, surrogate), surrogate_settings(settings))
            fast.append(module.draws(module.prepare(a, settings), module.prepare(b, settings), surrogate, index))
        assert any(f is not None for f in fast), surrogate


@EVERY
def test_scale_and_range_are_those_of_the_record_as_it_is_set(record):
    """For every word that a setting may be: tests compare the value on the record's scale, and it is in its range."""
    form = record.accepts[0]
    words = [(k, w) for k, limit in record.settings_allowed.items() if isinstance(limit, tuple) for w in limit]
    for key, word in words:
        try:
            settings = settings_of(record, **{key: word})
            found = estimate(record, *couple(record, form), settings)
        except (BadInput, RefusedScience):  # goes only with other settings, or with other data (codes, epochs)
            continue
        known = as_set(record, settings)
        np.testing.assert_array_equal(
            found.stabilised, FUNCTIONS[known.stabilise](found.value), err_msg=f"{key} {word}"
        )
        if f"{key}={word}" in record.under:
            low, high = known.value_range
            value = found.value[np.isfinite(found.value)]
            assert value.size and (low is None or value.min() >= low) and (high is None or value.max() <= high)
