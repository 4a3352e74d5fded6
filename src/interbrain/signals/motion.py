"""Motion energy and other slow one-dimensional signals: smoothing and scaling.

With ``smooth_s = 0.5`` and ``scale = true`` a 25 Hz recording becomes what rMEA 1.3 (Kleinbub & Ramseyer, 2021,
doi:10.1080/10503307.2020.1844334) makes of it with ``MEAsmooth`` and ``MEAscale``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

from interbrain.data.errors import BadInput, Problem
from interbrain.data.plan import Plan
from interbrain.data.signal import Signal
from interbrain.signals.gaps import close_short_gaps, fill_linear
from interbrain.signals.prepared import TOLD, Prepared, row_of
from interbrain.signals.quality import inspect

RESTS_AT_ZERO = ("motion", "voice", "misc")


def prepare(signal: Signal, plan: Plan, modality: str = "motion") -> Prepared:
    """Quality, short gaps bridged, a moving average and scaling where the plan asks for them.

    Channels keep their kind. Motion energy that is exactly 0 is a body at rest, and so is silence; a skin or heart
    sensor that stands at its lowest value has lost contact.
    """
    found = inspect(signal, plan, rest=0.0 if modality in RESTS_AT_ZERO else None, mask_dropouts=False)
    rows, problems = list(found.quality), list(found.problems)
    rows += zero_shares(found.signal)
    current, steps = bridge_gaps(found.signal, plan.quality.max_gap_s)
    if plan.motion.smooth_s > 0:
        current = smooth(current, plan.motion.smooth_s, beyond="rest" if modality == "motion" else "nothing")
        steps += (f"centred moving average of {plan.motion.smooth_s:g} s",)
    if plan.motion.scale:
        current, unscaled = scale(current)
        problems += unscaled
        steps += ("division by the person's own standard deviation, without centring",)
    return Prepared(current, tuple(rows), tuple(problems), steps)


def zero_shares(signal: Signal) -> list[dict[str, Any]]:
    """The share of valid samples that are exactly 0, one row a channel."""
    rows = []
    for index, channel in enumerate(signal.channels):
        good = signal.values[:, index][signal.valid[:, index]]  # type: ignore[index]
        rows.append(row_of(channel, "zero_share", float(np.mean(good == 0)) if good.size else np.nan, TOLD))
    return rows


def bridge_gaps(signal: Signal, max_gap_s: float) -> tuple[Signal, tuple[str, ...]]:
    """Gaps of at most ``max_gap_s`` become a straight line and valid; longer ones stay invalid."""
    valid: np.ndarray = signal.valid  # type: ignore[assignment]
    closed = close_short_gaps(valid, int(max_gap_s * signal.rate))
    if (closed == valid).all():
        return signal, ()
    filled = np.where(closed, fill_linear(signal.values, valid), np.nan)
    return signal.with_values(filled, closed), (f"gaps of at most {max_gap_s:g} s bridged by a straight line",)


def smooth(signal: Signal, seconds: float, beyond: str = "nothing") -> Signal:
    """A moving average over ``round(seconds × rate)`` samples.

    The average at sample t runs over t − n//2 … t + (n − 1)//2: an even n reaches one sample further back. Invalid
    samples are left out of the averages and stay invalid.

    Parameters
    ----------
    beyond
        What lies outside the recording: ``"rest"`` (zeros that count, the convention of rMEA for motion energy) or
        ``"nothing"`` (the average is over the samples that there are).
    """
    n = round(min(seconds * signal.rate, signal.n_times + 1))
    if n < 2:
        return signal
    if n > signal.n_times:
        raise BadInput(f"smooth_s is {seconds:g} s, and the recording lasts {signal.duration:g} s; shorten smooth_s.")
    valid: np.ndarray = signal.valid  # type: ignore[assignment]
    total = _window_sum(np.where(valid, signal.values, 0.0), n)
    counted = np.rint(_window_sum(valid.astype(np.float64), n))
    if beyond == "rest":
        counted += n - np.rint(_window_sum(np.ones(signal.n_times), n))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(valid, total / counted, np.nan)
    return signal.with_values(mean, valid)


def _window_sum(x: np.ndarray, n: int) -> np.ndarray:
    """Sum over t − n//2 … t + (n − 1)//2 along the last axis; nothing beyond the ends."""
    return uniform_filter1d(x, n, axis=-1, mode="constant") * n


def scale(signal: Signal) -> tuple[Signal, list[Problem]]:
    """Each channel over its own standard deviation (n − 1) over all valid samples, not centred."""
    values, problems = np.array(signal.values), []
    for index, channel in enumerate(signal.channels):
        good = values[:, index][signal.valid[:, index]]  # type: ignore[index]
        sd = good.std(ddof=1) if good.size > 1 else 0.0
        if sd > 0:
            values[:, index] /= sd
        else:
            problems.append(
                Problem(
                    channel.label, "The standard deviation is 0.", "It cannot be scaled.", "It is left as it is.", False
                )
            )
    return signal.with_values(values), problems
