"""Compile the kernels once, on the smallest data that reach them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

import numpy as np

from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference import surrogates
from interbrain.inference.null import surrogate_draws
from interbrain.study.pool import Done, run_tasks


# The simulators are imported where they are used: a measure's first call needs none of them.
def _course() -> None:
    from interbrain.simulate.courses.course import simulate_course
    from interbrain.simulate.courses.course_settings import Course

    simulate_course(Course(dyads=1, sessions=1), threads=1)


def _single() -> None:
    from interbrain.simulate.brains.brain import simulate_brain
    from interbrain.simulate.brains.network import all_to_all
    from interbrain.simulate.brains.nodes import Kuramoto

    simulate_brain(all_to_all(2), Kuramoto(), 0.1, 5e-3, precision="single", threads=1)


def _synapses() -> None:
    from interbrain.simulate.plasticity import spiking, synapse

    synapse.develop(synapse.Synapse(), synapse.Rearing(), 0)
    spiking.simulate(spiking.SpikingNetwork(8, 2, joined=0.5), 0.01, 0)


SIMULATORS: dict[str, Callable[[], None]] = {"course": _course, "brain in single": _single, "synapses": _synapses}
WAVELETS = ("wtc", "xwt", "wpco", "pwtc")
"""Measures that share most of their kernels."""


def warm(
    workers: int | None = None, told: Callable[[tuple[str, ...]], object] = lambda names: None
) -> dict[str, float]:
    """Run every measure with its default surrogate, and the simulators, once; gives seconds by name.

    What shares kernels is one process's work, since two would compile them twice.

    Parameters
    ----------
    workers
        Processes at most; None: as many as there are processors.
    told
        Hears the names of each part as it ends.
    """
    shares = parts()
    done = Done(lambda index: told(shares[index]))
    took = run_tasks(_timed, shares, min(workers or os.cpu_count() or 1, len(shares)), done)
    return {name: seconds for part in took for name, seconds in part.items()}


def parts() -> list[tuple[str, ...]]:
    """Names that share kernels, the longest to compile first."""
    rest = tuple(name for name in measures.records() if name not in WAVELETS)
    return [("course",), WAVELETS, rest, ("brain in single", "synapses")]


def _timed(names: Sequence[str]) -> dict[str, float]:
    took = {}
    for name in names:
        begin = time.perf_counter()
        first_call(name)
        took[name] = time.perf_counter() - begin
    return took


def first_call(name: str) -> None:
    """A measure and its default surrogate on small data, or a small simulation."""
    if name in SIMULATORS:
        SIMULATORS[name]()
        return
    record, module = measures.records()[name], measures.module(name)
    epoched = all("epochs" in r.accepts for r in (record, surrogates.records()[record.default_surrogate]))
    rate, shape = (100.0, (20, 2, 200)) if epoched else (5.0, (1, 2, 2000))
    values = stream(0, "warm up", name).standard_normal((2, *shape))
    beside = stream(1, "warm up", name).standard_normal(shape)[:, :1] if record.takes_confounds else None
    blocks = [Block(v, np.ones(shape, dtype=bool), rate, epoched, beside) for v in values]
    bands = {"band": (8.0, 12.0) if epoched else (0.05, 0.1)} if record.needs_bands else {}
    forms = [{"across": "epochs"}, {}] if "across" in record.settings and epoched else [{}]
    for form in forms:
        settings = {**resolve_settings(record, form), "bands": bands}
        a, b = (module.prepare(block, settings) for block in blocks)
        module.reduce(module.combine(a, b))
        surrogate_draws(module, record, a, b, blocks[1], settings, record.default_surrogate, 19, stream(0, name))
