"""Kuramoto order parameter: how much of one phase a whole group has, at each moment.

1 where all members are at the same point of their cycle, and 0 where they are spread evenly over it: two that move in
opposite phase give 0 however strictly they do. Independent members of a group of n give about sqrt(pi / 4n), .51 for
three: a value says nothing without its null, and groups of different size are compared by their excess.
"""

from __future__ import annotations

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _group
from interbrain.measures._families import MEMBERS_HELP, PREPARED_AGAIN, STRETCHES, STRETCHES_ALLOWED

RECORD = MeasureRecord(
    name="kuramoto",
    title="Kuramoto order parameter",
    formula="r = mean over time of |mean over members of exp(iθ)|",
    reference="Frank TD, Richardson MJ (2010). On a test statistic for the Kuramoto order parameter of synchronization:"
    " an illustration for group synchronization during rocking chairs. Physica D 239, 2084-2092.",
    doi="10.1016/j.physd.2010.07.015",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("continuous", "epochs"),
    modalities=("motion", "eeg", "eda", "heart", "voice", "misc"),
    blind_to=("amplitude", "constant phase differences (it takes them for disorder)"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings=STRETCHES,
    settings_allowed=STRETCHES_ALLOWED,
    settings_help=MEMBERS_HELP,
    needs_bands=True,
    arity="group",
    methods="Synchrony of a whole group was measured by the Kuramoto order parameter (Frank & Richardson, 2010): the "
    "length of the mean vector of all members' phases in a band, averaged over time.",
)


def _kernel(phasors: np.ndarray, valid: np.ndarray) -> float:
    """Phasors ``(member, time)`` and the samples that all members have to the group's value."""
    return float(np.abs(phasors[:, valid].mean(axis=0)).mean())


prepare, combine, reduce, memory_s = _group.functions(_kernel, RECORD.stabilise)
