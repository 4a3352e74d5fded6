"""Eight defects that were found in HyPyP 0.6.2, each in its shortest form: interbrain must not have them.

Longer tests of the same things stand with the rooms they belong to.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from interbrain import measures, pair
from interbrain.arrays.streams import stream
from interbrain.data.errors import InterbrainError
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference.contrast import arm_difference, paired_contrast

RATE = 10.0


def write(path: Path, seed: int, columns: int = 1, seconds: int = 300) -> Path:
    """A text file of independent noise; columns c0, c1, …"""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).standard_normal((round(seconds * RATE), columns))
    names = "\t".join(f"c{i}" for i in range(columns))
    np.savetxt(path, values, delimiter="\t", header=names, comments="")
    return path


def synchrony(a: Path, b: Path, **given):
    asked = {"measure": "wtc", "bands": {"slow": (0.05, 0.2)}, "modality": "motion", "n_surrogates": 19, **given}
    return pair(a, b, options={"rate": RATE}, **asked)


def test_1_the_same_labels_are_not_the_same_data(tmp_path):
    """Its wavelet cache is keyed by labels: two files with one subject id give 1.0, a third repeats a dyad."""
    a, b, c = (write(tmp_path / who / "sub-01.txt", seed) for seed, who in enumerate("abc"))
    same_name = [synchrony(*two, surrogate="none").value.item() for two in ((a, b), (a, c), (b, c))]
    other = [write(tmp_path / f"{who}.txt", seed) for seed, who in enumerate("abc")]
    own_names = [synchrony(other[i], other[j], surrogate="none").value.item() for i, j in ((0, 1), (0, 2), (1, 2))]
    assert same_name == own_names and len(set(same_name)) == 3 and max(same_name) < 0.6


def test_2_paired_values_are_permuted_in_pairs():
    """Its paired cluster test permutes as unpaired (family-wise error .195), its tail −1 raises, and it corrects twice.

    Levels that differ between dyads do not count; the family-wise error is nominal; a fall is found like a rise; one
    test alone is corrected for nothing.
    """
    random, hits = np.random.default_rng(1), 0
    for trial in range(300):
        level = 10 * random.standard_normal((12, 1))
        task, rest = level + random.standard_normal((2, 12, 6))
        hits += paired_contrast(task - rest, stream(trial, "flips"), 199).p_family.min() <= 0.05
    assert binom.ppf(1e-4, 300, 0.05) <= hits <= binom.ppf(1 - 1e-4, 300, 0.05)
    paired = paired_contrast(task - rest - 3.0, stream(1, "flips"), 1999)
    assert paired.p_family.max() <= 0.05 and (paired.estimate < 0).all()
    both = np.concatenate([task - 3.0, rest])
    assert arm_difference(both, np.arange(24) < 12, stream(1, "arms"), 999).p.min() > 0.05
    alone = paired_contrast((task - rest - 0.5)[:, :1], stream(1, "flips"), 4095)
    assert alone.p_family.item() == alone.p.item()


def test_3_noise_has_a_baseline(tmp_path):
    """Independent noise gives it a mean coherence of .24, and it offers nothing to hold that against."""
    found = [synchrony(write(tmp_path / "a.txt", i), write(tmp_path / "b.txt", 99 + i)).iloc[0] for i in range(16)]
    value, chance, excess, p = (np.array([row[k] for row in found]) for k in ("value", "null_mean", "excess", "p"))
    assert value.mean() > 0.15 and abs(value.mean() - chance.mean()) < 0.03
    assert abs(excess.mean()) < 3 * excess.std() / np.sqrt(16) + 0.01
    assert (p <= 0.05).sum() <= binom.ppf(1 - 1e-4, 16, 0.05)


def test_4_time_is_counted_in_samples():
    """Its time axis is linspace(0, n / fs, n), stretched by 1 / (n − 1): sample i lies at i / fs."""
    n = 601
    x, y = np.random.default_rng(2).standard_normal((2, n))
    found = measures.module("wtc").coherence_map(x, y, RATE, dj=1 / 12, scales=np.array([1.0, 2.0]))
    np.testing.assert_array_equal(found.t, np.arange(n) / RATE)


def test_5_wpli_of_33_epochs_takes_little_memory():
    """31 channels and 500 samples take it 10.3 GB; here all arrays together stay below half of one."""
    module = measures.module("wpli")
    settings = {**resolve_settings(measures.records()["wpli"], {}), "bands": {"alpha": (7.5, 11.0), "beta": (13, 30)}}
    values = np.random.default_rng(1).standard_normal((2, 33, 31, 500))
    tracemalloc.start()
    try:
        a, b = (module.prepare(Block(v, np.ones(v.shape, bool), 500.0, True), settings) for v in values)
        assert module.reduce(module.combine(a, b)).value.shape == (31, 31, 2, 1)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    assert values.nbytes / 1e6 < peak < 500


def test_6_plv_has_a_number_to_meet():
    """Its tests (shape, range, symmetry) pass when PLV is halved, squared or .5; a drift of φ gives sin(φ/2)/(φ/2)."""
    rate, seconds = 100.0, 20.0
    t = np.arange(round(rate * seconds)) / rate
    for cycles in (0.0, 0.25, 0.5, 0.8):
        tones = (np.sin(2 * np.pi * f * t)[None, None] for f in (10.0, 10.0 + cycles / seconds))
        a, b = (Block(x, np.ones(x.shape, dtype=bool), rate) for x in tones)
        m = measures.module("plv")
        asked = {**resolve_settings(measures.records()["plv"], {}), "bands": {"alpha": (7.0, 13.0)}}
        value = m.reduce(m.combine(m.prepare(a, asked), m.prepare(b, asked))).value.item()
        assert value == pytest.approx(np.sinc(cycles), abs=0.01)


def test_7_each_error_says_its_own(tmp_path):
    """It calls every ValueError "metric not supported"."""
    a, b = write(tmp_path / "a.txt", 1), write(tmp_path / "b.txt", 2)
    said = []
    for given in (
        {"measure": "wtcc"},
        {"bands": {"fast": (4.0, 6.0)}},
        {"settings": {"voises": 12}},
        {"surrogate": "segment_shuffle"},
    ):
        with pytest.raises(InterbrainError) as error:
            synchrony(a, b, **given)
        said.append(str(error.value))
    for text, words in zip(
        said, (("wtcc", "wlcc"), ("fast", "6"), ("voises", "voices"), ("circular_shift",)), strict=True
    ):
        assert all(word in text for word in words), text


def test_8_a_pair_of_people_is_a_table_with_names(tmp_path):
    """Its user cuts the inter-brain block out of an anonymous matrix, and both people need as many channels."""
    table = synchrony(write(tmp_path / "a.txt", 1, 2), write(tmp_path / "b.txt", 2, 3), surrogate="none")
    assert list(zip(table.place_a, table.place_b)) == [(f"c{i}", f"c{j}") for i in range(2) for j in range(3)]
    single = synchrony(tmp_path / "a.txt", tmp_path / "b.txt", channels_a=("c1",), channels_b=("c2",), surrogate="none")
    assert single.value.item() == table.value.iloc[5]
