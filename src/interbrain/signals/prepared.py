"""What preparing gives back: the analysable signal, its quality figures, what went wrong, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interbrain.data.errors import Problem
from interbrain.data.signal import Channel, Signal

KEPT, DROPPED, MASKED, TOLD, UNKNOWN = "kept", "dropped", "masked", "told", "not computed"


@dataclass(frozen=True)
class Prepared:
    """An analysable signal and everything that is to be told about it.

    Parameters
    ----------
    signal
        May have no channel left, where all were dropped: the rows and problems then say why.
    quality
        Rows with the columns ``channel, kind, figure, value, threshold, decision`` of the table ``quality``.
    problems
        ``where`` is relative to the recording: a channel's name, or ``""`` for the whole recording.
    steps
        What was done to the samples, in order, one clause each, for the methods text.
    """

    signal: Signal
    quality: tuple[dict[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()
    steps: tuple[str, ...] = ()


def quality_row(
    channel: str, kind: str, figure: str, value: float, decision: str, threshold: float | None = None
) -> dict[str, Any]:
    """One row of ``quality.tsv`` without the columns that say whose recording it is."""
    return {
        "channel": channel,
        "kind": kind,
        "figure": figure,
        "value": float(value),
        "threshold": threshold,
        "decision": decision,
    }


def row_of(
    channel: Channel, figure: str, value: float, decision: str, threshold: float | None = None
) -> dict[str, Any]:
    return quality_row(channel.label, channel.kind, figure, value, decision, threshold)
