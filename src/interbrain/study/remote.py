"""What a worker on another computer does: see whether it is fit for the run, and work on one task at a time.

A task leaves a mark in the run's folder while it is under way. A scheduler gives the task of a worker that vanished to
the next one, which finds the mark and says so instead of beginning: who gave the task decides what comes of it.
"""

from __future__ import annotations

import os
import platform
from contextlib import chdir, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

from interbrain import __version__
from interbrain.study.cache import code_hash
from interbrain.study.provenance import libraries

DONE, RAISED, UNDER_WAY, UNFIT = "done", "raised", "under way", "unfit"
"""How a task comes back; ``UNDER_WAY``: it was begun before, and whoever began it is gone."""
_PAGE_ONLY = frozenset({"matplotlib"})
_ALONE = Lock()
_fit: set[str] = set()


@dataclass(frozen=True)
class Terms:
    """What a run asks of a worker.

    Parameters
    ----------
    marks
        Folder of this run alone, made by whoever gives the tasks.
    here
        Folder that relative paths are counted from; empty where there are none.
    files
        Recordings that must be there, some of each study.
    code, version, made_of, processor
        What the tasks' giver is made of.
    hidden
        Sentences name no path.
    """

    marks: str
    here: str
    files: tuple[str, ...]
    hidden: bool
    code: str
    version: str
    made_of: dict[str, str]
    processor: str


def made_of() -> dict[str, str]:
    """Versions of what numbers come from."""
    return {name: found for name, found in libraries().items() if name not in _PAGE_ONLY}


def processor() -> str:
    """Operating system and type of the processor, as the compiler of the kernels sees it."""
    from llvmlite.binding import get_host_cpu_name

    return f"{platform.system()} {platform.machine()} {get_host_cpu_name()}"


def inspect(terms: dict[str, Any]) -> dict[str, str]:
    """``unfit``: why this worker cannot take part; else ``seen``: a file it wrote; ``differs``: what to tell of it."""
    asked = Terms(**terms)
    reason = unfit(asked)
    if reason:
        return {UNFIT: reason}
    own = processor()
    differs = "" if own == asked.processor else f"is a {own} where this computer is a {asked.processor}"
    return {"seen": _probe(asked).name, "differs": differs}


def unfit(asked: Terms) -> str:
    """Why this worker cannot take part in the run; empty where it can."""
    if code_hash() != asked.code:
        return (
            f"has interbrain {__version__} with other code than this computer's {asked.version}; install the same "
            "version there"
        )
    own = made_of()
    other = [(name, own.get(name), asked.made_of.get(name)) for name in sorted({*own, *asked.made_of})]
    for name, there, here in other:
        if there != here:
            return (
                f"has {name} {there or 'not installed'} where this computer has {here or 'none'}, so that last digits "
                "may differ; install the same versions there"
            )
    return _blind(asked)


def _blind(asked: Terms) -> str:
    """What of the study and the results this worker cannot see."""
    shared = "; the study and OUT must lie on a file system that all workers share, under the same path"
    if asked.here and not Path(asked.here).is_dir():
        named = "the folder that paths are counted from" if asked.hidden else asked.here
        return f"does not see {named}{shared}; paths may also be given whole"
    marks = Path(asked.here, asked.marks)
    if not marks.is_dir():
        named = "OUT" if asked.hidden else str(marks.parent.parent)
        return f"does not see the run in {named}{shared}"
    absent = next((f for f in asked.files if not Path(asked.here, f).exists()), None)
    if absent is not None:
        named = "a recording" if asked.hidden else absent
        return f"does not see {named}{shared}"
    try:
        _probe(asked).unlink()
    except OSError as error:
        named = "OUT" if asked.hidden else str(marks.parent.parent)
        return f"cannot write to {named} ({error.strerror}); give its user the right to"
    return ""


def _probe(asked: Terms) -> Path:
    path = Path(asked.here, asked.marks, f"seen-{uuid4().hex}")
    path.write_text(path.name, encoding="utf-8")
    return path


def served(terms: dict[str, Any], mark: str, work: bytes) -> tuple[str, Any]:
    """Do one task. Nothing is raised here, since a worker's log would quote the task: how it ended, and with what."""
    from distributed.protocol import deserialize_bytes
    from threadpoolctl import threadpool_limits

    asked = Terms(**terms)
    reason = "" if asked.marks in _fit else unfit(asked)  # also of those that join when the run is under way
    if reason:
        return UNFIT, reason
    _fit.add(asked.marks)
    # Threads of one process would share what is set for the whole of it: warnings, BLAS threads, the current folder.
    with _ALONE, chdir(asked.here) if asked.here else nullcontext(), threadpool_limits(1):
        path = Path(asked.marks, mark)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")
        except FileExistsError:
            return UNDER_WAY, None
        except OSError as error:
            return RAISED, error
        try:
            function, task = deserialize_bytes(work)
            return DONE, function(task)
        except Exception as error:  # noqa: BLE001 - the boundary: it is raised again where the task came from
            return RAISED, error
        finally:
            path.unlink(missing_ok=True)


def terms_of(marks: Path, files: tuple[Path, ...], hidden: bool) -> dict[str, Any]:
    """What this computer asks of the workers of a run."""
    relative = not all(path.is_absolute() for path in (marks, *files))
    names = tuple(str(path) for path in files)
    asked = Terms(
        str(marks), str(Path.cwd()) if relative else "", names, hidden, code_hash(), __version__, made_of(), processor()
    )  # fmt: skip
    return asdict(asked)
