"""Places of a table from channel pairs: regions by hand, channels one by one, labels never positions."""

import numpy as np

from interbrain.data.plan import Analysis
from interbrain.data.signal import Channel, Signal
from interbrain.study.sides import kinds_of, places_of


def _signal(*channels):
    made = [Channel(name, kind, region=region) for name, kind, region in channels]
    return Signal(np.zeros((1, len(made), 10)), 1.0, tuple(made))


def _analysis(**changes):
    return Analysis(name="x", modality="fnirs", measure="wlcc", **changes)


A = _signal(("1", "hbo", "x"), ("2", "hbo", "x"), ("3", "hbo", "y"))
B = _signal(("1", "hbo", "y"), ("2", "hbo", "y"), ("3", "hbo", "x"), ("4", "hbo", "x"))


def test_regions_are_means_over_the_channel_pairs_that_have_a_value():
    values = np.arange(12.0).reshape(3, 4, 1, 1)
    values[0, 0] = np.nan
    places = places_of(_analysis(), A, B)
    assert (places.level, places.names_a, places.names_b) == ("region", ("x", "y"), ("y", "x"))
    pooled = places.pool(values)[:, 0, 0]
    np.testing.assert_allclose(pooled, [(1 + 4 + 5) / 3, (2 + 3 + 6 + 7) / 4, 8.5, 10.5])
    np.testing.assert_array_equal(places.n_pairs(values)[:, 0, 0], [3, 4, 2, 2])
    draws = np.stack([values, values + 1])
    np.testing.assert_allclose(places.pool(draws, axis=1)[1, :, 0, 0], pooled + 1)


def test_homologous_pairs_are_those_of_one_name_wherever_they_stand():
    places = places_of(_analysis(pairs="homologous"), A, B)
    assert [(places.names_a[a], places.names_b[b]) for a, b in places.pairs] == [("x", "x"), ("y", "y")]
    values = np.arange(12.0).reshape(3, 4, 1, 1)
    np.testing.assert_allclose(places.pool(values)[:, 0, 0], [(2 + 3 + 6 + 7) / 4, 8.5])


def test_one_channel_without_a_region_keeps_channels():
    odd = _signal(("1", "hbo", "x"), ("2", "hbo", None))
    assert places_of(_analysis(), odd, B).level == "channel"


def test_kinds_are_those_of_both_people_in_the_order_asked():
    a = _signal(("1", "hbo", None), ("1", "hbr", None))
    b = _signal(("1", "hbr", None), ("1", "hbo", None), ("1", "eda", None))
    assert kinds_of(_analysis(signals=("hbr", "hbo", "eda")), a, b) == [("hbr", "hbr"), ("hbo", "hbo")]
    assert kinds_of(_analysis(), a, b) == [("hbo", "hbo"), ("hbr", "hbr")]
