"""What was measured, kept in docs/benchmarks.tsv, and the page docs/benchmarks.md that is written from it."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass, fields
from math import floor, hypot, isnan, log10
from pathlib import Path
from types import ModuleType

from bench._task import OURS, Case
from bench._turns import Measured

DOCS = Path(__file__).resolve().parent.parent / "docs"
TABLE, PAGE = DOCS / "benchmarks.tsv", DOCS / "benchmarks.md"


@dataclass(frozen=True)
class Row:
    """A tool in a case."""

    task: str
    case: str
    tool: str
    version: str = ""
    cpu_s: float = float("nan")
    wall_s: float = float("nan")
    peak_mb: float = float("nan")
    error: float = float("nan")
    rounds: int = 0
    scaled: bool = False
    steps: str = ""
    when: str = ""
    machine: str = ""
    left_out: str = ""
    figures: str = "{}"

    def found(self) -> dict[str, list[float]]:
        """Mean and standard error of each figure of random runs."""
        said: dict[str, list[float]] = json.loads(self.figures)
        return said


Known = dict[tuple[str, str], list[Row]]


def row(task: str, case: str, tool: str, found: Measured, when: str, machine: str) -> Row:
    return Row(task, case, tool, **asdict(found), when=when, machine=machine)


def read() -> Known:
    """Everything measured so far, by task and case."""
    known: Known = {}
    if TABLE.is_file():
        with TABLE.open(newline="") as lines:
            for line in csv.DictReader(lines, delimiter="\t"):
                numbers = {k: float(line[k]) for k in ("cpu_s", "wall_s", "peak_mb", "error")}
                figures = {"figures": line.get("figures") or "{}"}
                given = {
                    **line,
                    **numbers,
                    **figures,
                    "rounds": int(line["rounds"]),
                    "scaled": line["scaled"] == "True",
                }
                known.setdefault((line["task"], line["case"]), []).append(Row(**given))
    return known


def keep(known: Known) -> None:
    with TABLE.open("w", newline="") as lines:
        table = csv.DictWriter(lines, [f.name for f in fields(Row)], delimiter="\t", lineterminator="\n")
        table.writeheader()
        for rows in known.values():
            for each in rows:
                table.writerow({k: f"{v:.4g}" if isinstance(v, float) else v for k, v in asdict(each).items()})


def ratio(rows: list[Row], peer: str) -> float:
    """CPU seconds of a peer over interbrain's."""
    cpu = {r.tool: r.cpu_s for r in rows}
    return cpu.get(peer, float("nan")) / cpu[OURS]


def verdict(case: Case, rows: list[Row]) -> list[str]:
    """What was asked for and what came out, in words; one line a target."""
    ours = next(r for r in rows if r.tool == OURS)
    said = []
    targets = ({case.peers[0]: case.target} if case.target is not None else {}) | case.targets
    said += [_said(f"≥ {least:g} × {peer}", ratio(rows, peer), least, True) for peer, least in targets.items()]
    errors = [r.error for r in rows if not isnan(r.error)]
    measured = {"cpu_s": ours.cpu_s, "wall_s": ours.wall_s, "peak_mb": ours.peak_mb}
    measured |= {"error": max(errors, default=float("nan")), "apart": apart(rows)}
    names = {"cpu_s": "CPU s ≤", "wall_s": "wall s ≤", "peak_mb": "peak MB <", "error": "error ≤"}
    names["apart"] = "random runs, standard errors apart ≤"
    said += [_said(f"{names[k]} {limit:g}", measured[k], limit, False) for k, limit in case.limits.items()]
    return said


def apart(rows: list[Row]) -> float:
    """Greatest distance of a peer's figure of random runs from interbrain's, in standard errors of the difference."""
    ours = next(r for r in rows if r.tool == OURS).found()
    found = [
        abs(mean - ours[name][0]) / max(hypot(error, ours[name][1]), 1e-300)
        for r in rows
        if r.tool != OURS
        for name, (mean, error) in r.found().items()
        if name in ours
    ]
    return max(found, default=float("nan"))


def _figures(rows: list[Row]) -> list[str]:
    """One line a figure: each tool's mean and its standard error."""
    names = list(dict.fromkeys(name for r in rows for name in r.found()))
    return [
        f"{name}: " + "; ".join(f"{r.tool} {_plus(*r.found()[name])}" for r in rows if name in r.found())
        for name in names
    ]


def _plus(mean: float, error: float) -> str:
    digits = max(0, 1 - floor(log10(error))) if error > 0 else 3
    return f"{mean:.{digits}f} ± {error:.{digits}f}"


def _said(what: str, found: float, limit: float, at_least: bool) -> str:
    if isnan(found):
        return f"{what}: not measured"
    met = found >= limit if at_least else found <= limit
    return f"{what}: {'met' if met else '**missed**'} ({_number(found)})"


def _number(x: float) -> str:
    if isnan(x):
        return "–"
    if x >= 100:
        return f"{float(f'{x:.3g}'):,.0f}"
    return f"{x:.3g}" if x >= 0.001 or x == 0 else f"{x:.0e}"


def lines(case: Case, rows: list[Row]) -> str:
    """A case's table in Markdown; where nothing is a whole task (``growth``), the costs a unit alone."""
    if all(r.cpu_s == 0 for r in rows):
        return "\n".join(f"- CPU s: {step}" for r in rows for step in r.steps.split("; "))
    out = ["| | CPU s | wall s | ratio of CPU | peak MB | greatest error |", "|---|---|---|---|---|---|"]
    for each in rows:
        name = f"{each.tool} {each.version}".strip()
        if each.left_out:
            out.append(f"| {name} | left out: {each.left_out} | | | | |")
            continue
        times = "1" if each.tool == OURS else f"{_number(ratio(rows, each.tool))} ×"
        mark = "~" if each.scaled else ""
        cells = (f"{mark}{_number(each.cpu_s)}", f"{mark}{_number(each.wall_s)}", times, _number(each.peak_mb))
        out.append(f"| {name} | {' | '.join(cells)} | {_number(each.error)} |")
    out += ["", *(f"- {line}" for line in verdict(case, rows))]
    out += [f"- {line}" for line in _figures(rows)]
    out += [f"- {r.tool}, CPU: {r.steps}" for r in rows if r.steps]
    if case.reference:
        out.append(f"- error against: {case.reference}")
    if case.note:
        out.append(f"- {case.note}")
    return "\n".join(out)


_HEAD = """# Benchmarks

How fast, how small and how exact interbrain is beside the programs that people use today. `make bench` writes this
page: every tool runs in an environment and a process of its own, with one thread, after everything is imported and
compiled; the tools take turns (A B A B …) and the medians are given. CPU seconds are user and system time of the
process. Only the ratios of one run can be compared: the machine may have been busy with other work. `~` marks times
that were scaled from a stated part of the task, where the whole would take hours. Random runs are compared by means (±
standard errors) and by how many standard errors of the difference they lie apart. Peak memory is the largest resident
memory of the process, with Python, its libraries and the data (10⁶ bytes). A target that was missed says so.
Under "growth" the cost of one unit is given for growing numbers of them (it should not rise), with the memory that the
call needs beside its input, among it the values that it gives back.
"""


def write(tasks: dict[str, ModuleType], known: Known) -> None:
    """The page of everything that is known."""
    parts = [_HEAD]
    for name, task in tasks.items():
        cases = [(case, known[name, key]) for key, case in task.CASES.items() if (name, key) in known]
        if cases:
            parts.append(f"## {name}: {task.TITLE}\n")
        for case, rows in cases:
            if len(task.CASES) > 1:
                parts.append(f"### {case.title}\n")
            first = next(r for r in rows if r.tool == OURS)
            rounds = f"{first.rounds} round{'s' * (first.rounds != 1)}"
            parts.append(f"{lines(case, rows)}\n- {first.when}, {first.machine}, {rounds}\n")
    PAGE.write_text("\n".join(parts))
