"""Figures of the simulator show the numbers that they are given."""

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.report.figures.simulated_brain import draw_order, draw_regimes
from interbrain.simulate.brains.brain import simulate_brain
from interbrain.simulate.brains.connectome import built_in
from interbrain.simulate.brains.network import network_of
from interbrain.simulate.brains.nodes import Kuramoto
from interbrain.simulate.brains.regimes import RegimeMap


def test_the_course_of_each_brains_order_parameter_is_drawn():
    network = network_of(built_in(10, seed=1), built_in(10, seed=2))
    run = simulate_brain(network, Kuramoto(noise=0.5), 0.5, record=("field",))
    axes = draw_order(run)
    first, second = (line.get_ydata() for line in axes.get_lines())
    np.testing.assert_array_equal(first, np.abs(run.field[0, :, 0]))
    np.testing.assert_array_equal(second, np.abs(run.field[0, :, 1]))
    with pytest.raises(BadInput, match="no field of phases"):
        draw_order(simulate_brain(network, Kuramoto(), 0.1))


def test_each_cell_of_the_map_says_its_regime_and_order():
    order = np.array([[0.1, 0.2, 0.5], [0.6, 0.8, 0.9]])
    found = RegimeMap(np.array([1.0, 2]), np.array([0.0, 1, 2]), order, order / 5, order, order)
    axes = draw_regimes(found)
    said = {(t.get_position()): t.get_text() for t in axes.texts}
    assert said[0, 0] == "C\n0.10" and said[2, 0] == "I\n0.50" and said[1, 1] == "R\n0.80"
    np.testing.assert_array_equal(axes.images[0].get_array(), order / 5)
