"""Tools that work in turns (A B A B …), each in a process of its own, so that a busy machine is busy for all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
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


class EndedEarly(Exception):
    """A tool's process ended before it should; the text is the last line of what it said."""


@dataclass(frozen=True)
class Measured:
    """CPU and wall seconds of the whole task (medians of the rounds, scaled), largest memory, error, costs a unit.

    ``figures`` are those of random runs in JSON: name to mean and standard error.
    """

    version: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    error: float
    rounds: int
    scaled: bool
    steps: str
    figures: str = "{}"


@dataclass(frozen=True)
class End:
    """What a tool says when it goes: largest memory (10⁶ bytes), numbers for comparison, figures of random runs."""

    peak_mb: float
    values: np.ndarray | None
    figures: dict[str, list[float]]


class Worker:
    """A tool's process, ready and warm."""

    def __init__(self, task: str, case: str, tool: str, python: Path, quick: bool, values: Path) -> None:
        command = [str(python), "-m", "bench._worker", task, case, tool, str(values), *(["--quick"] if quick else [])]
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        self.values, self.said = values, values.with_suffix(".txt")
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=environment
            )
        self.version = self._answer()["version"]

    def go(self) -> dict[str, Any]:
        return self._ask("go")

    def end(self) -> End:
        answer = self._ask("end")
        self.process.wait()
        values = np.load(self.values) if self.values.is_file() else None
        return End(float(answer["peak_mb"]), values, answer["figures"])

    def _ask(self, what: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{what}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said on its way out is read below
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            said = self.said.read_text(errors="replace")
            print(said, file=sys.stderr)
            lines = [x.strip() for x in said.splitlines() if x.strip()]
            raise EndedEarly((lines or [f"ended with status {self.process.returncode}"])[-1])
        answer: dict[str, Any] = json.loads(line)
        return answer


def take(
    task: str, case: str, tools: dict[str, Path], rounds: int, quick: bool, scratch: Path
) -> tuple[dict[str, Measured], dict[str, str]]:
    """Every tool ``rounds`` times, in turns; and the peers that ended early, with what they said."""
    workers: dict[str, Worker] = {}
    answers: dict[str, list[dict[str, Any]]] = {t: [] for t in tools}
    ends: dict[str, End] = {}
    failed: dict[str, str] = {}

    def each(turn: Callable[[str], object]) -> None:
        for tool in tools:
            if tool not in failed:
                try:
                    turn(tool)
                except EndedEarly as why:
                    if tool == OURS:
                        raise SystemExit(f"bench: {task} {case} ended early: {why}") from None
                    failed[tool] = str(why)

    def start(tool: str) -> None:
        workers[tool] = Worker(task, case, tool, tools[tool], quick, scratch / f"{tool}.npy")

    def end(tool: str) -> None:
        ends[tool] = workers[tool].end()

    each(start)
    for _ in range(rounds):
        each(lambda tool: answers[tool].append(workers[tool].go()))
    each(end)
    done = {t: _measured(workers[t].version, answers[t], ends[t], _error(t, ends)) for t in ends}
    return done, failed


def _measured(version: str, answers: list[dict[str, Any]], end: End, error: float) -> Measured:
    steps = answers[0]["steps"]
    seconds = [[median(a["seconds"][i][kind] for a in answers) for i in range(len(steps))] for kind in (0, 1)]
    cpu, wall = (sum(s["times"] * x for s, x in zip(steps, each, strict=True)) for each in seconds)
    costs = [f"{s['name']}: {x / s['units']:.3g} s" for s, x in zip(steps, seconds[0], strict=True) if s["name"]]
    scaled = any(s["times"] not in (0, 1) for s in steps)
    figures = json.dumps(end.figures)
    return Measured(version, cpu, wall, end.peak_mb, error, len(answers), scaled, "; ".join(costs), figures)


def _error(tool: str, ends: dict[str, End]) -> float:
    """Greatest difference from interbrain's numbers; for interbrain itself its own, against its reference path."""
    ours, theirs = ends[OURS].values, ends[tool].values
    if ours is None or theirs is None:
        return float("nan")
    if tool == OURS:
        return (
            float(np.abs(ours).max()) if all(e.values is None for t, e in ends.items() if t != OURS) else float("nan")
        )
    return float(np.abs(ours - theirs).max())
