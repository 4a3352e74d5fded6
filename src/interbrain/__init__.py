"""interbrain measures, tracks and simulates how two brains learn to synchronise over a course of psychotherapy.

The package is a house with floors; imports run downwards only (see ``docs/house.md``):

``data``, ``arrays`` → ``formats``, ``signals``, ``measures``, ``simulate`` → ``inference``, ``course`` →
``report`` → ``study`` → ``app``.

The names below are the public doors; they are imported on first use, so that ``import interbrain`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_DOORS = {
    "Channel": "interbrain.data.signal",
    "Course": "interbrain.simulate",
    "Meeting": "interbrain.data.study",
    "Plan": "interbrain.data.plan",
    "Points": "interbrain.data.points",
    "Recording": "interbrain.data.study",
    "Signal": "interbrain.data.signal",
    "Study": "interbrain.data.study",
    "check_study": "interbrain.study",
    "pair": "interbrain.study",
    "rank_measures": "interbrain.report.power",
    "read_study": "interbrain.study",
    "run": "interbrain.study",
    "simulate_course": "interbrain.simulate",
    "simulate_recorded": "interbrain.simulate",
    "write_report": "interbrain.report",
    "write_study": "interbrain.study",
}
__all__ = ["__version__", *_DOORS]


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module 'interbrain' has no attribute {name!r}; it has: {', '.join(__all__)}")
    return getattr(import_module(_DOORS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
