"""Synapse to brain to dyad to therapy to recordings.

Law of the room: parameters and a seed in, a Study in memory and the truth that was planted out; whatever comes from
here says that it is simulated.

Levels, each usable alone: ``synapse`` and ``spiking``, ``scaling``, ``structural`` and ``modulators``, ``brain``,
``dyad``, ``course`` (therapies as records, questionnaires, reference models), ``recorded`` (what devices record of a
course, one file each in ``recordings``).

Beside them a thin generator of the demo: coupling between two people is planted by a shared haemodynamic source whose
weight follows a course over sessions (``therapy``), seen through light at two wavelengths with heart, breath, Mayer
waves, drift and movement (``observe``, ``light``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interbrain.simulate.therapy import Simulated, simulate_study

__all__ = ["Simulated", "simulate_study"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from interbrain.simulate import therapy

    return getattr(therapy, name)
