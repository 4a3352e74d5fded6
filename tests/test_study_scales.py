"""What chance gives is put on the same scale as what was found, also where a setting gives a measure another scale."""

from __future__ import annotations

import numpy as np
import pytest

import interbrain
from interbrain import measures
from interbrain.data.plan import Analysis
from interbrain.study.within import asked


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two people who have nothing to do with each other, 100 s at 4 Hz."""
    folder = tmp_path_factory.mktemp("two")
    for name, seed in (("a", 1), ("b", 2)):
        noise = np.random.default_rng(seed).standard_normal(410)
        series = np.convolve(noise, np.ones(3) / 3, "valid")[:400]
        (folder / f"{name}.csv").write_text("eda\n" + "\n".join(map(str, series)) + "\n", encoding="utf-8")
    return folder


def compared(folder, measure, **asked):
    return interbrain.pair(
        folder / "a.csv", folder / "b.csv", measure, modality="eda", options={"rate": 4.0}, n_surrogates=99, **asked
    )


@pytest.mark.parametrize(
    ("measure", "settings"),
    [("te", {"kind": "knn"}), *[("crqa", {"quantity": q}) for q in ("entr", "l", "lmax", "tt")]],
)
def test_excess_of_an_own_scale_is_the_value_less_that_of_chance(two, measure, settings):
    found = compared(two, measure, settings=settings)
    assert found["value"].notna().all() and (found["z"].abs() < 4).all()
    np.testing.assert_allclose(found["excess"], found["value"] - found["null_mean"], atol=1e-9)
    below = (found["value"] < found["null_mean"]).to_numpy()
    np.testing.assert_array_equal(found["excess"] < 0, below)


def test_transfer_entropy_of_neighbours_says_that_it_may_be_negative(two):
    record = measures.records()["te"]
    assert record.value_range == (0.0, None) and record.under["kind=knn"]["value_range"] == (None, None)
    values = compared(two, "te", settings={"kind": "knn"})["value"]
    assert (values < 0).any()


OWN = [(r.name, *when.split("=")) for r in measures.records().values() for when in r.under]


@pytest.mark.parametrize(("measure", "key", "value"), OWN)
def test_a_run_takes_the_scale_that_the_setting_gives(measure, key, value):
    """What draws are put on is what :mod:`tests.test_measure_conformance` finds the values on."""
    record = measures.records()[measure]
    bands = {"slow": (0.1, 0.5)} if record.needs_bands else {}
    settings = {key: value}
    ask = asked(Analysis(name="x", modality="eda", measure=measure, bands=bands, settings=settings))
    assert ask.record.stabilise == record.under[f"{key}={value}"]["stabilise"] != record.stabilise
