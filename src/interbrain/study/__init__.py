"""Read a study, check it, run it, write it: the only room that knows the order of the steps (``job.py``)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_DOORS = {
    "check_study": "interbrain.study.check",
    "pair": "interbrain.study.two_files",
    "read_study": "interbrain.study.read",
    "run": "interbrain.study.job",
    "write_study": "interbrain.study.read",
}
__all__ = list(_DOORS)


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_DOORS[name]), name)
    globals()[name] = value
    return value
