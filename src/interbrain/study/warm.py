"""Compile the kernels once, on the smallest data that reach them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from interbrain import measures
from interbrain.arrays.streams import stream
from interbrain.data.records import resolve_settings
from interbrain.data.signal import Block
from interbrain.inference import surrogates
from interbrain.inference.null import surrogate_draws


def warm() -> Iterator[tuple[str, float]]:
    """Run every measure and its default surrogate once; gives (name, seconds)."""
    for name in measures.records():
        begin = time.perf_counter()
        first_call(name)
        yield name, time.perf_counter() - begin


def first_call(name: str) -> None:
    """A measure and its default surrogate on small data."""
    record, module = measures.records()[name], measures.module(name)
    epoched = all("epochs" in r.accepts for r in (record, surrogates.records()[record.default_surrogate]))
    rate, shape = (100.0, (20, 2, 200)) if epoched else (5.0, (1, 2, 2000))
    values = stream(0, "warm up", name).standard_normal((2, *shape))
    beside = stream(1, "warm up", name).standard_normal(shape)[:, :1] if record.takes_confounds else None
    blocks = [Block(v, np.ones(shape, dtype=bool), rate, epoched, beside) for v in values]
    bands = {"band": (8.0, 12.0) if epoched else (0.05, 0.1)} if record.needs_bands else {}
    settings = {**resolve_settings(record, {}), "bands": bands}
    a, b = (module.prepare(block, settings) for block in blocks)
    module.reduce(module.combine(a, b))
    surrogate_draws(module, record, a, b, blocks[1], settings, record.default_surrogate, 19, stream(0, name))
