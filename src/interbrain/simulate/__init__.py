"""Synapse to brain to dyad to therapy to recordings.

Law of the room: parameters and a seed in, a Study in memory and the truth that was planted out; whatever comes from
here says that it is simulated.

Levels, each usable alone: ``synapse`` and ``spiking``, ``scaling``, ``structural`` and ``modulators``, ``brain``,
``dyad``, ``course`` (therapies as records, questionnaires, reference models), ``recorded`` (what devices record of a
course, one file each in ``recordings``; ``light``, ``haemodynamics`` and ``in_common`` are what they are made of).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interbrain.simulate.course import Course, CourseRun, simulate_course
    from interbrain.simulate.recorded import Recorded, simulate_recorded

__all__ = ["Course", "CourseRun", "Recorded", "simulate_course", "simulate_recorded"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
    home = "recorded" if "ecorded" in name else "course"
    return getattr(import_module(f"{__name__}.{home}"), name)
