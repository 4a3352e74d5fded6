"""Ten thousand spoilt files through every reader: ``python tests/torture/fuzz.py`` (``make torture``).

Each is read in a process of its own pool with a limit on time and memory, so that a hang, a crash of the interpreter,
a greedy allocation, an exception and a clear message are all told apart.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutants import Specimen, mutant, specimens

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PAGE = REPOSITORY / "docs" / "robustness.md"
BEGIN, END = "<!-- fuzz -->", "<!-- end of fuzz -->"
SEED, SECONDS, MEMORY = 20260101, 60.0, 2 << 30
SHORTEST = 40
"""Letters: less cannot say what was got, what is allowed and what to do."""
GOOD = ("read", "told")
ABOUT = (
    "`make torture` spoils sound files of every kind that is read (cut short, bytes flipped, stretches moved,",
    "counts and lengths made huge or negative, numbers replaced by `1e12`, `nan` or words, rows lost or doubled,",
    "other encodings, NUL bytes, brackets nested 30,000 deep, nothing at all) and reads each in a process with a",
    "limit of 60 s and 2 GB. A file is either read (most flipped bytes are samples) or told in one message that",
    "names the file; everything else is a fault: an exception that reached the caller, a crash of the interpreter,",
    "a hang, memory past 2 GB (or a request for it), a library's words on the screen, a message that does not name",
    "the file.",
)


@dataclass(frozen=True)
class Verdict:
    """How one mutant ended: ``read``, ``told``, or one of the faults."""

    number: int
    kind: str
    how: str
    end: str
    text: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


def read_it(specimen: Specimen, folder: Path) -> None:
    """Give the files to what reads them."""
    from interbrain.data.plan import read_plan
    from interbrain.formats import module
    from interbrain.report.page import write_page
    from interbrain.study.check import check_study
    from interbrain.study.read import read_study
    from interbrain.study.simulation_plan import asked_course

    target = folder / specimen.target
    if specimen.kind == "study":
        read_study(target)
    elif specimen.kind == "check":
        check_study(target)
    elif specimen.kind == "plan":
        read_plan(target)
    elif specimen.kind == "simulation":
        asked_course(target)
    elif specimen.kind == "report":
        write_page(target)
    else:
        module(specimen.kind).read(target, **specimen.options)


def attempt(specimen: Specimen, name: str, content: bytes, folder: Path) -> tuple[str, str]:
    """``(end, text)`` of one mutant, read in this process."""
    from interbrain.data.errors import InterbrainError

    shutil.rmtree(folder, ignore_errors=True)
    for other, held in specimen.files.items():
        path = folder / other
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if other == name else held)
    try:
        read_it(specimen, folder)
    except InterbrainError as error:
        return judge(str(error), folder)
    except MemoryError:
        return "memory", traceback.format_exc(limit=-3)
    except BaseException:  # noqa: BLE001 - what is looked for
        return "traceback", traceback.format_exc(limit=-4)
    return "read", ""


def judge(text: str, folder: Path) -> tuple[str, str]:
    """A message is one that names the file, is long enough to say something, and repeats no traceback."""
    if "MemoryError" in text or "Unable to allocate" in text:
        return "memory", text
    poor = len(text) < SHORTEST or "Traceback" in text or str(folder) not in text or len(text) > 20_000
    return ("poor message" if poor else "told"), text


def serve(link: Connection, number: int, known: list[Specimen], seed: int) -> None:
    """A worker: mutants by number, until it is told to stop."""
    faulthandler.disable()  # a crash is told by the parent
    scratch = Path(tempfile.mkdtemp(prefix="interbrain-fuzz-"))
    with (scratch / "screen").open("wb") as screen:
        os.dup2(screen.fileno(), 1)
        os.dup2(screen.fileno(), 2)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        while (asked := link.recv()) is not None:
            specimen, name, _, content = mutant(known, asked, seed)
            before = _grown(reset=True)
            end, text = attempt(specimen, name, content, scratch / "files")
            grown = _grown() - before
            said = (scratch / "screen").stat().st_size
            if said and end in GOOD:
                end, text = "noise", (scratch / "screen").read_text(errors="replace")[:2000]
            os.truncate(scratch / "screen", 0)
            if grown > MEMORY:
                end = "memory"
            link.send((end, text[:4000], grown / 2**20))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _grown(reset: bool = False) -> int:
    """The largest resident memory since the last reset, in bytes."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


@dataclass
class _Worker:
    process: Any
    link: Connection
    number: int = -1
    since: float = 0.0


def _warm(known: list[Specimen]) -> None:
    """Load every library once in the parent, so that the workers, forked from it, start at once."""
    with tempfile.TemporaryDirectory() as scratch:
        for specimen in known:
            name = next(iter(specimen.files))
            end, text = attempt(specimen, name, specimen.files[name], Path(scratch) / "x")
            if end != "read":
                raise SystemExit(f"the sound {specimen.kind} is not read: {text}")


def fuzz(n: int, workers: int = 2, seed: int = SEED, data: Path | None = None, first: int = 0) -> Iterator[Verdict]:
    """Verdicts of mutants ``first`` to ``first + n``, as they come."""
    known = specimens(data)
    _warm(known)
    context = get_context("fork")
    left, pool = iter(range(first, first + n)), []

    def started() -> _Worker:
        mine, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, len(pool), known, seed), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, mine)

    def give(worker: _Worker) -> bool:
        worker.number = next(left, -1)
        worker.since = time.monotonic()
        worker.link.send(None if worker.number < 0 else worker.number)
        return worker.number >= 0

    def verdict(worker: _Worker, end: str, text: str, megabytes: float = 0.0) -> Verdict:
        specimen, name, how, _ = mutant(known, worker.number, seed)
        seconds = time.monotonic() - worker.since
        return Verdict(worker.number, specimen.kind, f"{name}: {how}", end, text, seconds, megabytes)

    pool = [w for w in (started() for _ in range(workers)) if give(w)]
    while pool:
        ready = wait([w.link for w in pool], timeout=1.0)
        for worker in list(pool):
            late = time.monotonic() - worker.since > SECONDS
            if worker.link not in ready and not late:
                continue
            replacement = worker
            try:
                if worker.link not in ready:
                    raise TimeoutError
                yield verdict(worker, *worker.link.recv())
            except (EOFError, ConnectionError, TimeoutError) as error:
                worker.process.kill()
                worker.process.join()
                hung = isinstance(error, TimeoutError)
                yield verdict(worker, "hang" if hung else "crash", f"exit code {worker.process.exitcode}")
                replacement = started()
            pool.remove(worker)
            if give(replacement):
                pool.append(replacement)


def section(verdicts: list[Verdict], minutes: float) -> str:
    """The part of the page that this run writes."""
    kinds = sorted({v.kind for v in verdicts})
    faults = ("traceback", "crash", "hang", "memory", "noise", "poor message")
    rows = []
    for kind in (*kinds, "all"):
        mine = [v for v in verdicts if kind in ("all", v.kind)]
        count = Counter(v.end for v in mine)
        cells = [f"{len(mine):,}", *(f"{count[e]:,}" for e in (*GOOD, *faults))]
        cells += [f"{max(v.seconds for v in mine):.1f}", f"{max(v.megabytes for v in mine):.0f}"]
        rows.append(f"| {kind} | {' | '.join(cells)} |")
    head = ["what is read", "mutants", "read", "told", *faults, "longest (s)", "most memory (MB)"]
    return "\n".join([
        BEGIN,
        "## Spoilt files",
        "",
        *ABOUT,
        "",
        f"| {' | '.join(head)} |",
        f"|{' --- |' * len(head)}",
        *rows,
        "",
        f"{len(verdicts):,} mutants, seed {SEED}, {datetime.now(UTC).date().isoformat()}, "
        f"{minutes:.0f} minutes on {platform.system()} {platform.machine()}, Python {platform.python_version()}.",
        "`python tests/torture/fuzz.py --first NUMBER --n 1 --show` makes one of them again.",
        END,
    ])  # fmt: skip


def into_page(text: str) -> None:
    """Put the section in its place on the page, or at its end."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Robustness\n"
    before, begin, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if begin else ""
    PAGE.write_text(f"{before.rstrip()}\n\n{text}\n{after.lstrip() and chr(10) + after.lstrip()}", encoding="utf-8")


def data_folder() -> Path | None:
    path = Path(os.environ.get("INTERBRAIN_DATA", REPOSITORY.parent / "shared" / "data"))
    return path if path.is_dir() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print every verdict; the page stays as it is")
    asked = parser.parse_args()
    began, verdicts = time.monotonic(), []
    for verdict in fuzz(asked.n, asked.workers, data=data_folder(), first=asked.first):
        verdicts.append(verdict)
        if asked.show or verdict.end not in GOOD:
            print(f"{verdict.number} {verdict.kind} [{verdict.how}] {verdict.end}: {verdict.text}", flush=True)
    print(Counter(v.end for v in verdicts))
    if not asked.show:
        into_page(section(verdicts, (time.monotonic() - began) / 60))
    sys.exit(any(v.end not in GOOD for v in verdicts))


if __name__ == "__main__":
    main()
