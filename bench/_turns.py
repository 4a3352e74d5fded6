"""Tools that work in turns (A B A B …), each in a process of its own, so that a busy machine is busy for all."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench._task import OURS

ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM", "NUMEXPR")
}


@dataclass(frozen=True)
class Measured:
    """CPU and wall seconds of the whole task (medians of the rounds, scaled), largest memory, error, costs a unit."""

    version: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    error: float
    rounds: int
    scaled: bool
    steps: str


class Worker:
    """A tool's process, ready and warm."""

    def __init__(self, task: str, case: str, tool: str, python: Path, quick: bool, values: Path) -> None:
        command = [str(python), "-m", "bench._worker", task, case, tool, str(values), *(["--quick"] if quick else [])]
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        self.values = values
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.version = self._answer()["version"]

    def go(self) -> dict[str, Any]:
        return self._ask("go")

    def end(self) -> tuple[float, np.ndarray | None]:
        """Largest memory (10⁶ bytes), and the numbers for comparison."""
        peak = float(self._ask("end")["peak_mb"])
        self.process.wait()
        return peak, np.load(self.values) if self.values.is_file() else None

    def _ask(self, what: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: {' '.join(self.process.args[3:6])} ended early; its message stands above.")  # type: ignore[index]
        answer: dict[str, Any] = json.loads(line)
        return answer


def take(task: str, case: str, tools: dict[str, Path], rounds: int, quick: bool, scratch: Path) -> dict[str, Measured]:
    """Every tool ``rounds`` times, in turns."""
    workers = {t: Worker(task, case, t, python, quick, scratch / f"{t}.npy") for t, python in tools.items()}
    answers: dict[str, list[dict[str, Any]]] = {t: [] for t in workers}
    for _ in range(rounds):
        for tool, worker in workers.items():
            answers[tool].append(worker.go())
    ends = {tool: worker.end() for tool, worker in workers.items()}
    return {t: _measured(w.version, answers[t], ends[t][0], _error(t, ends)) for t, w in workers.items()}


def _measured(version: str, answers: list[dict[str, Any]], peak: float, error: float) -> Measured:
    steps = answers[0]["steps"]
    seconds = [[median(a["seconds"][i][kind] for a in answers) for i in range(len(steps))] for kind in (0, 1)]
    cpu, wall = (sum(s["times"] * x for s, x in zip(steps, each, strict=True)) for each in seconds)
    costs = [f"{s['name']}: {x / s['units']:.3g} s" for s, x in zip(steps, seconds[0], strict=True) if s["name"]]
    scaled = any(s["times"] not in (0, 1) for s in steps)
    return Measured(version, cpu, wall, peak, error, len(answers), scaled, "; ".join(costs))


def _error(tool: str, ends: dict[str, tuple[float, np.ndarray | None]]) -> float:
    """Greatest difference from interbrain's numbers; for interbrain itself its own, against its reference path."""
    ours, theirs = ends[OURS][1], ends[tool][1]
    if ours is None or theirs is None:
        return float("nan")
    if tool == OURS:
        return float(np.abs(ours).max()) if all(v is None for t, (_, v) in ends.items() if t != OURS) else float("nan")
    return float(np.abs(ours - theirs).max())
