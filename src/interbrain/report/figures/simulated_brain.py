"""Figures of a simulated brain: its order parameter over time, and its regimes over coupling and noise.

Unlike the report's figures these are Matplotlib axes, for whoever works with the simulator in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.report.style import LIGHT
from interbrain.simulate.brains.brain import BrainRun
from interbrain.simulate.brains.regimes import HIGH, LOW, REGIMES, RegimeMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_order(run: BrainRun, parameter_set: int = 0, axes: Axes | None = None) -> Axes:
    """Order parameter of each brain over time; grey between the bounds of what counts as integrated."""
    if run.field is None:
        raise BadInput("The run has no field of phases; simulate with record=('field',).")
    axes = _axes(axes)
    axes.axhspan(LOW, HIGH, color=LIGHT["null"], lw=0, label="integrated")
    for brain in range(run.field.shape[2]):
        colour = LIGHT[("side-a", "side-b")[brain]] if brain < 2 else None
        axes.plot(run.time, np.abs(run.field[parameter_set, :, brain]), color=colour, label=f"brain {brain + 1}")
    axes.set(xlabel="time (s)", ylabel="order parameter", ylim=(0, 1), xlim=(run.time[0], run.time[-1]))
    axes.legend(frameon=False, fontsize="small")
    return axes


def draw_regimes(found: RegimeMap, axes: Axes | None = None) -> Axes:
    """A cell each coupling and noise: its shade is metastability, its letter the regime."""
    axes = _axes(axes)
    shown = axes.imshow(found.metastability, origin="lower", aspect="auto", cmap="Greys", vmin=0)
    for (i, j), name in np.ndenumerate(found.regime):
        dark = found.metastability[i, j] > 0.6 * found.metastability.max()
        colour = LIGHT["paper"] if dark else LIGHT["ink"]
        axes.text(j, i, f"{name[0].upper()}\n{found.order[i, j]:.2f}", ha="center", va="center", color=colour, size=8)
    axes.set_xticks(range(len(found.noises)), [f"{x:g}" for x in found.noises])
    axes.set_yticks(range(len(found.couplings)), [f"{x:g}" for x in found.couplings])
    letters = ", ".join(f"{name[0].upper()} {name}" for name in REGIMES)
    axes.set(xlabel="noise (rad/√s)", ylabel="coupling (rad/s)", title=f"mean order parameter; {letters}")
    axes.figure.colorbar(shown, ax=axes, label="metastability (SD of the order parameter)")
    return axes


def _axes(axes: Axes | None) -> Axes:
    if axes is not None:
        return axes
    from matplotlib.figure import Figure

    return Figure(figsize=(7, 4), layout="constrained").subplots()
