"""Figures and the page.

Law of the room: result tables in, one self-contained page out; it computes no statistic, and grey is chance.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_report"]


def write_report(folder: Path) -> Path:
    """Draw ``report.html`` of a results folder from its tables alone, and return its path.

    Raises
    ------
    BadInput
        The folder holds no results, or a file in it cannot be read.
    """
    from interbrain.report.page import write_page

    return write_page(Path(folder))
