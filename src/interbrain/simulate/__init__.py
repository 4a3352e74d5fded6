"""Synapse to brain to dyad to therapy to recordings.

Law of the room: parameters and a seed in, a Study in memory and the truth that was planted out; whatever comes from
here says that it is simulated.

Levels, each a room and usable alone, from the lowest: ``plasticity`` (synapse, spiking network, scaling, growth and
pruning, modulators), ``brains``, ``dyads``, ``courses`` (therapies as records, questionnaires, reference models),
``recordings`` (what devices record of a course). A level knows those below it and none above.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interbrain.simulate.courses.course import Course, CourseRun, simulate_course
    from interbrain.simulate.recordings.recorded import Recorded, simulate_recorded

__all__ = ["Course", "CourseRun", "Recorded", "simulate_course", "simulate_recorded"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
    home = "recordings.recorded" if "ecorded" in name else "courses.course"
    return getattr(import_module(f"{__name__}.{home}"), name)
