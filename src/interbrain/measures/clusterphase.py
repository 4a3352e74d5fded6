"""Cluster phase: how constant everybody's phase is about the group's, whatever each member's own distance from it.

At each moment the group has a phase, that of the mean of its members' phasors. Each member's mean distance from it is
taken out first, so members who keep a constant lag are in synchrony (rocking in turns too); the value is the length of
the mean of what is left, averaged over time (rho of the group in Richardson et al. 2012).
"""

from __future__ import annotations

import numpy as np

from interbrain.data.records import MeasureRecord
from interbrain.measures import _group
from interbrain.measures._families import MEMBERS_HELP, PREPARED_AGAIN, STRETCHES, STRETCHES_ALLOWED

RECORD = MeasureRecord(
    name="clusterphase",
    title="Cluster phase",
    formula="ρ = mean over time of |mean over members of exp(i(φ − φ̄))|, φ = θ − group's phase",
    reference="Richardson MJ, Garcia RL, Frank TD, Gergor M, Marsh KL (2012). Measuring group synchrony: a cluster-"
    "phase method for analyzing multivariate movement time-series. Frontiers in Physiology 3, 405.",
    doi="10.3389/fphys.2012.00405",
    value_range=(0.0, 1.0),
    with_itself=1.0,
    stabilise="atanh",
    directed=False,
    accepts=("continuous", "epochs"),
    modalities=("motion", "eeg", "eda", "heart", "voice", "misc"),
    blind_to=("amplitude", "constant phase differences"),
    surrogates=PREPARED_AGAIN,
    default_surrogate="circular_shift",
    settings=STRETCHES,
    settings_allowed=STRETCHES_ALLOWED,
    settings_help=MEMBERS_HELP,
    needs_bands=True,
    arity="group",
    methods="Synchrony of a whole group was measured by the cluster phase (Richardson et al., 2012): how constant each "
    "member's phase is about the phase of the group, in a band.",
)


_NO_PHASE = 1e-9
"""Members whose phasors cancel out to within this have no common phase: rounding would choose one."""


def _kernel(phasors: np.ndarray, valid: np.ndarray) -> float:
    """Phasors ``(member, time)`` and the samples that all members have to the group's value."""
    group = phasors.mean(axis=0)
    valid = valid & (np.abs(group) > _NO_PHASE)
    held, group = phasors[:, valid], group[valid]
    relative = held * np.conj(group / np.abs(group))
    own = relative.mean(axis=1)
    size = np.abs(own)
    own = np.divide(own, size, out=np.ones_like(own), where=size > 0)
    return float(np.abs((relative * np.conj(own)[:, None]).mean(axis=0)).mean())


prepare, combine, reduce, memory_s = _group.functions(_kernel, RECORD.stabilise)
