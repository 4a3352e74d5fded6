"""One tool's process: ``python -m bench._worker TASK CASE TOOL VALUES [--quick]``; told what to do line by line.

Says ``ready`` when everything is imported, made and warm. Answers ``go`` with the seconds of each step and ``end`` with
its largest memory, after writing the numbers to be compared into the file VALUES.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from bench._task import OURS


def peak_mb() -> float:
    """Largest resident memory of this process in 10⁶ bytes."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _version(tool: str) -> str:
    try:
        return version({"naive": "numpy", "hypyp-default": "hypyp"}.get(tool, tool))
    except PackageNotFoundError:
        return ""


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print, compiled ones too, must not be taken for an answer
    task, case, tool, values = sys.argv[1:5]

    def answer(**what: object) -> None:
        print(json.dumps(what), file=answers, flush=True)

    built = import_module(f"bench.{task}").build(case, tool, "--quick" in sys.argv)
    if built.warm is not None:
        built.warm()
    answer(ready=True, version=_version(tool), ours=tool == OURS)
    for line in sys.stdin:
        if line.strip() != "go":
            break
        seconds = []
        for step in built.steps:
            wall, cpu = time.perf_counter(), time.process_time()
            own = step.call()
            cpu = own if isinstance(own, float) else time.process_time() - cpu
            seconds.append((cpu, time.perf_counter() - wall))
        steps = [{"name": s.name, "times": s.times, "units": s.units} for s in built.steps]
        answer(seconds=seconds, steps=steps)
    peak = peak_mb()
    if built.values is not None:
        np.save(values, np.asarray(built.values()))
    answer(peak_mb=peak, figures=built.figures() if built.figures is not None else {})


if __name__ == "__main__":
    main()
