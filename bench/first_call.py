"""The first call in a new process after ``interbrain warmup``: Python's start, imports, compiled kernels from disk."""

from __future__ import annotations

import resource
import subprocess
import sys

from bench._task import Built, Case, Step

TITLE = "A new process after interbrain warmup"
_NOTE = (
    "the whole process: Python's start, imports, the measure and its default null (or a dyad's session) on small data."
)
CASES = {
    name: Case(f"{title}: first call", (), None, {"cpu_s": 5}, 3, _NOTE)
    for name, title in {
        "wtc": "Wavelet coherence",
        "wlcc": "Windowed lagged cross-correlation",
        "plv": "Phase-locking value",
        "wpli": "Weighted phase lag index",
        "granger": "Granger causality",
        "course": "A simulated course",
    }.items()
}


def build(case: str, tool: str, quick: bool) -> Built:
    call = f"from interbrain.study.warm import first_call; first_call({case!r})"

    def one() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", call], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return Built((Step(one),), None, one)
