"""Tasks over the workers of a Dask scheduler that the user already has.

Results pass through files that this computer and the workers share; over the network go tasks, and where their results
lie. Dask gives the task of a worker that was lost to another one; here it is only seen that this happens once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from interbrain.data.errors import BadInput, InterbrainError, shorten
from interbrain.data.files import make_folder
from interbrain.study.pool import Runner, Share, Task, Workers
from interbrain.study.remote import RAISED, UNDER_WAY, UNFIT, terms_of

ANSWER_S = 10.0
"""How long a scheduler may take to answer."""
SPARE = 16
"""Tasks given out at least, so that a cluster that grows on demand sees that there is work."""
FILES_ASKED = 100
_LOGS = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado", "tornado.application")


class Vanished(Exception):
    """The worker of a task is gone."""


def runner(workers: int, cluster: str | None, debug: bool = False) -> Runner:
    """Local processes, or the workers of a cluster."""
    return Workers(workers) if cluster is None else Cluster(cluster, debug)


class Cluster(Runner):
    """Workers of a Dask scheduler.

    Parameters
    ----------
    address
        ``tcp://host:port``, or the path of a scheduler file.
    debug
        Let Dask's own messages through.

    Raises
    ------
    BadInput
        On entering: Dask is not installed, or no scheduler answers.
    """

    again = "a worker of the cluster was killed or ran out of memory; {n} tasks are tried again"
    gone = (Vanished, MemoryError)

    def __init__(self, address: str, debug: bool = False) -> None:
        super().__init__()
        self._address, self._debug = address, debug
        self._terms: dict[str, Any] = {}
        self._marks: Path | None = None
        self._rounds = self._given = self._number = 0
        self._looked = -1.0
        self._left = ExitStack()

    def __enter__(self) -> Cluster:
        with ExitStack() as stack:
            if not self._debug:
                stack.enter_context(_silent())
            self._client = stack.enter_context(_connected(self._address))
            self._pool = self._client.get_executor(pure=False)
            self._left = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        super().__exit__(kind, *rest)
        self._left.close()

    @property
    def number(self) -> int:
        if time.monotonic() - self._looked > 1.0:
            try:
                number = len(self._client.nthreads())
            except OSError as error:
                raise self._deserted() from error
            if number == 0 and (self._number or self._looked < 0):
                self.tell(f"the scheduler {self._address} has no workers; waiting for some")
            self._number, self._looked = number, time.monotonic()
        return self._number

    def close(self, failed: bool) -> None:
        """What was submitted and has not begun is taken back; the scheduler and its workers stay."""
        if failed and self._client.status == "running":
            self._pool.shutdown(wait=False)
        if self._marks is not None:
            shutil.rmtree(self._marks, ignore_errors=True)
            self._marks = None

    def _meet(self, share: Share) -> None:
        self._marks = make_folder(share.folder / f"under-way-{uuid4().hex}")
        files = share.files[:: max(1, len(share.files) // FILES_ASKED)]
        self._terms = terms_of(self._marks, files, share.hidden)
        self._same_python()
        found = self._client.run(_carried("inspect"), self._terms, on_error="return")
        # A worker that does not answer at all is the scheduler's to replace.
        answers = {who: answer for who, answer in found.items() if not isinstance(answer, OSError)}
        self._refuse({who: reason for who, a in answers.items() if (reason := _reason(a, self._marks))})
        differs = {who: answer["differs"] for who, answer in answers.items() if answer["differs"]}
        for who, what in list(differs.items())[:1]:
            self.tell(f"{self._named(who)} {what}{_more(differs)}: last digits may differ from those of one computer")
        threads = {who: n for who, n in self._client.nthreads().items() if n > 1}
        for who, n in list(threads.items())[:1]:
            self.tell(
                f"{self._named(who)} has {n} threads{_more(threads)}, of which one is used at a time; start workers "
                "with --nthreads 1 to use all cores"
            )

    def _same_python(self) -> None:
        """Code travels to the scheduler and the workers, and fits one Python only."""
        found = self._client.get_versions()
        own = _python(found["client"])
        others = {who: _python(about) for who, about in found["workers"].items()} | {"": _python(found["scheduler"])}
        what = "has Python {} where this computer has {}; use the same there"
        self._refuse({who: what.format(there, own) for who, there in others.items() if there != own})

    def _refuse(self, reasons: dict[str, str]) -> None:
        for who, reason in list(reasons.items())[:1]:
            raise BadInput(f"--cluster: {self._named(who)} {reason}{_more(reasons)}.")

    def _named(self, who: str) -> str:
        if not who:
            return "the scheduler"
        return "a worker" if self._terms["hidden"] else f"the worker {who}"

    def _deserted(self) -> InterbrainError:
        return InterbrainError(
            f"the scheduler {self._address} went away or gave the tasks back; see that it runs, and give the same "
            "command again: it continues from here."
        )

    def _open(self, tasks: int, again: bool) -> None:
        self._rounds += 1
        self._given = 0

    def _mend(self) -> None:
        self._looked = 0.0  # count the workers again

    def _room(self) -> int:
        return max(SPARE, 2 * self.number)

    def _give(self, function: Callable[[Task], Any], task: Task) -> Future[Any]:
        from distributed.protocol import serialize_bytes

        # Packed already: neither the scheduler nor a worker of another version can stumble over what is in it.
        self._given += 1
        mark, work = f"{self._rounds}-{self._given}", serialize_bytes((function, task))
        return self._pool.submit(_carried("served"), self._terms, mark, work)  # type: ignore[no-any-return]

    def _apart(self, lost: list[int]) -> list[list[int]]:
        return [lost] if lost else []

    def _outcome(self, future: Future[Any]) -> Any:
        from distributed.scheduler import KilledWorker

        try:
            ending, value = future.result()
        except KilledWorker as error:
            raise Vanished from error
        except CancelledError as error:
            raise self._deserted() from error
        if ending == UNDER_WAY:
            raise Vanished
        if ending == UNFIT:
            raise BadInput(f"--cluster: a worker that joined {value}.")
        if ending == RAISED:
            raise value
        return value


def _carried(name: str) -> Callable[..., Any]:
    """A function of ``remote``, found where it is called: a scheduler passes it on also where it lacks interbrain."""

    def interbrain_task(*given: Any) -> Any:
        from importlib import import_module

        try:
            return getattr(import_module("interbrain.study.remote"), name)(*given)
        except Exception as error:  # noqa: BLE001 - the boundary: a worker's log would quote the task
            reason = f"cannot begin ({type(error).__name__}: {error}); install the same version of interbrain there"
            return {"unfit": reason} if name == "inspect" else ("unfit", reason)

    return interbrain_task


def _reason(answer: Any, marks: Path) -> str:
    """Why a worker cannot take part; what it wrote must be readable here."""
    if isinstance(answer, Exception):
        return f"cannot begin ({type(answer).__name__}: {shorten(answer)}); see its log"
    if UNFIT in answer:
        return str(answer[UNFIT])
    seen = marks / answer["seen"]
    try:
        seen.read_text(encoding="utf-8")
        seen.unlink()
    except OSError as error:
        return f"writes files into OUT that cannot be read here ({error.strerror}); use one user and one file system"
    return ""


def _more(others: dict[str, Any]) -> str:
    return f" (and {len(others) - 1} more)" if len(others) > 1 else ""


def _python(about: dict[str, Any]) -> str:
    return ".".join(about["host"]["python"].split(".")[:2])


@contextmanager
def _silent() -> Iterator[None]:
    """Without Dask's messages: what a user needs to know is said in our sentences."""
    loggers = [logging.getLogger(name) for name in _LOGS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise BadInput(
            '--cluster needs Dask, which is not installed here; install it: pip install "interbrain[cluster]"'
        ) from error
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of versions: they are compared, with what matters, in _meet
                where = _where(address)
                with ThreadPoolExecutor(1) as apart:  # a notebook's own loop is running already
                    apart.submit(asyncio.run, _answer(where)).result()
                client = Client(where, timeout=ANSWER_S, set_as_default=False)
        except (OSError, ValueError, TypeError, KeyError, ImportError) as error:
            why = shorten(error, 120) or type(error).__name__
            raise BadInput(
                f"--cluster {address}: no Dask scheduler answers there ({why}); give the address that "
                "'dask scheduler' prints, e.g. tcp://10.0.0.1:8786, or its scheduler file."
            ) from error
        try:
            yield client
        finally:
            client.close()


async def _answer(address: str) -> None:
    """Whatever listens there, a client would wait for its first word for ever."""
    from distributed import Security
    from distributed.core import rpc

    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        await asyncio.wait_for(scheduler.identity(), ANSWER_S)


def _where(address: str) -> str:
    """The address itself, or the one that a scheduler file holds."""
    path = Path(address)
    return str(json.loads(path.read_text(encoding="utf-8"))["address"]) if path.is_file() else address
