"""What the figures of the levels share: plain panels that work without a display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def panels(rows: int, columns: int, name_y: str = "", width: float = 3.2, height: float = 2.8) -> tuple[Figure, Any]:
    """A figure of its own (no global state) and its axes (rows, columns), open above and to the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel(name_y)
    return figure, axes
