"""Tasks over workers, results in the order of the tasks; here over local cores, in ``cluster.py`` beyond them.

Local workers are spawned processes with one BLAS and Numba thread each. A worker that is killed (most often by an
operating system that is out of memory) costs no more than the time of its task: the tasks that were under way are tried
again one at a time, with no other beside them, and what fails once more is told by the caller's ``lost``.
"""

from __future__ import annotations

import os
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from pathlib import Path
from typing import Any, TypeVar

from interbrain.data.errors import InterbrainError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
TICK_S = 1.0
_UNSTARTED = (
    "worker processes end before they begin. A script that calls interbrain.run(…, workers=2) needs the line "
    "if __name__ == '__main__': above the call; workers=1 needs none."
)

Task = TypeVar("Task")


@contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Watch:
    """Hears when a task begins and ends, and now and then in between."""

    def begun(self, index: int) -> None:
        """Task ``index`` was given to a worker."""

    def ended(self, index: int) -> None:
        """Task ``index`` is done."""

    def waiting(self) -> None:
        """Nothing happened for a while."""

    def staffed(self, number: int) -> None:
        """So many workers are there now."""


class Done(Watch):
    """Calls a function as each task ends."""

    def __init__(self, done: Callable[[int], object]) -> None:
        self.ended = done  # type: ignore[method-assign,assignment]


def run_tasks(
    function: Callable[[Task], Any], tasks: Sequence[Task], workers: int, watch: Watch | None = None
) -> list[Any]:
    """``[function(t) for t in tasks]`` over ``workers`` processes that last as long as this call."""
    with Workers(workers) as pool:
        return pool.run(function, tasks, watch)


@dataclass(frozen=True)
class Share:
    """What a run's workers need to see: its folder of steps, and its recordings. ``hidden``: none may be named."""

    folder: Path
    files: tuple[Path, ...]
    hidden: bool = False


class Runner(ABC):
    """Workers that take tasks until the ``with`` block ends.

    The loop is the same for all of them; a kind of workers says how a task is given to one, and how many at once.
    """

    again: str
    """What is told when ``{n}`` tasks are tried again."""
    gone: tuple[type[BaseException], ...]
    """What a task ends with whose worker was lost."""
    breaks = False
    """Whether the loss of one worker ends the others."""

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = lambda text: None

    @property
    @abstractmethod
    def number(self) -> int:
        """Workers that are there now."""

    @abstractmethod
    def _give(self, function: Callable[[Task], Any], task: Task) -> Future[Any]:
        """Hand a task to a worker."""

    @abstractmethod
    def _open(self, tasks: int, again: bool) -> None:
        """Be ready for a round of so many tasks at most; ``again``: of those that were lost once."""

    @abstractmethod
    def close(self, failed: bool) -> None:
        """Let the workers go; ``failed``: now, whatever they do."""

    @abstractmethod
    def _apart(self, lost: list[int]) -> list[list[int]]:
        """Lost tasks in the groups in which they are tried again."""

    def _room(self) -> int:
        """How many tasks may be given out at once."""
        return self.number

    @abstractmethod
    def _mend(self) -> None:
        """Put what is broken in order again."""

    def _outcome(self, future: Future[Any]) -> Any:
        return future.result()

    @abstractmethod
    def _meet(self, share: Share) -> None:
        """Make sure that all workers see what they need."""

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.close(kind is not None)

    @contextmanager
    def serving(self, share: Share, tell: Callable[[str], None]) -> Iterator[Runner]:
        """A run in this block. ``tell`` takes a sentence when something went wrong and was mended.

        Raises
        ------
        BadInput
            A worker is not fit for this run.
        """
        self.tell = tell
        try:
            self._meet(share)
            yield self
        except BaseException:
            self.close(True)
            raise
        self.close(False)

    def run(
        self,
        function: Callable[[Task], Any],
        tasks: Sequence[Task],
        watch: Watch | None = None,
        lost: Callable[[Task], Any] | None = None,
    ) -> list[Any]:
        """``[function(t) for t in tasks]``.

        Tasks are the same for any number of workers and their results are put back in order, so what comes out does not
        depend on it. ``lost(task)`` gives the result of a task that ran out of memory, or whose worker was killed,
        twice.

        Raises
        ------
        InterbrainError
            A task was lost twice and there is no ``lost``, or no worker can be started.
        """
        watch, lost = watch or Watch(), lost or _refuse
        results: dict[int, Any] = {}
        left = list(range(len(tasks)))
        while left:
            under_way = self._round(function, tasks, left, results, watch, False)
            if under_way:
                self.tell(self.again.format(n=len(under_way)))
                self._mend()
            for some in self._apart(under_way):
                for index in self._round(function, tasks, some, results, watch, True):
                    results[index] = lost(tasks[index])
                    watch.ended(index)
                self._mend()
            left = [index for index in left if index not in results]
        return [results[index] for index in range(len(tasks))]

    def _round(
        self,
        function: Callable[[Task], Any],
        tasks: Sequence[Task],
        indices: Sequence[int],
        results: dict[int, Any],
        watch: Watch,
        again: bool,
    ) -> list[int]:
        """Fill ``results``; gives the tasks whose worker was lost under them, none where all went well."""
        self._open(len(tasks), again)
        waiting = iter(indices)
        running: dict[Future[Any], int] = {}
        begun: set[int] = set()
        gone: list[int] = []
        while True:
            room = 0 if gone and self.breaks else self._room()
            while len(running) < room and (index := next(waiting, None)) is not None:
                running[self._give(function, tasks[index])] = index
            watch.staffed(self.number)
            # Those given out first are under way, the others wait beside a worker.
            for index in [i for i in list(running.values())[: self.number] if i not in begun]:
                begun.add(index)
                watch.begun(index)
            if not running:
                return sorted(gone)
            ended, _ = wait(running, TICK_S, FIRST_COMPLETED)
            for future in ended:
                index = running.pop(future)
                if index not in begun:
                    begun.add(index)
                    watch.begun(index)
                try:
                    results[index] = self._outcome(future)
                except self.gone:
                    gone.append(index)
                else:
                    watch.ended(index)
            if not ended:
                watch.waiting()


class Workers(Runner):
    """Processes of this computer; with ``number`` 1 all is done in this one."""

    again = "a worker was killed or ran out of memory; {n} tasks are tried again, one at a time"
    gone = (BrokenProcessPool, MemoryError)
    breaks = True

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = self._at_once = number
        self._pool: ProcessPoolExecutor | None = None

    @property
    def number(self) -> int:
        return self._number

    def run(
        self,
        function: Callable[[Task], Any],
        tasks: Sequence[Task],
        watch: Watch | None = None,
        lost: Callable[[Task], Any] | None = None,
    ) -> list[Any]:
        """As every runner; alone, or with one task and no process yet, in this process."""
        if self.number <= 1 or (len(tasks) <= 1 and self._pool is None):
            return _here(function, tasks, watch or Watch(), lost or _refuse)
        return super().run(function, tasks, watch, lost)

    def close(self, failed: bool) -> None:
        if failed:
            self._stop()
        elif self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _open(self, tasks: int, again: bool) -> None:
        self._at_once = 1 if again else min(self.number, tasks)
        if self._pool is None:
            spawn = get_context("spawn")
            self._before, self._ready = set(active_children()), spawn.Event()
            self._pool = ProcessPoolExecutor(self._at_once, spawn, _serve, (self._ready,))

    def _room(self) -> int:
        return self._at_once

    def _give(self, function: Callable[[Task], Any], task: Task) -> Future[Any]:
        assert self._pool is not None
        return _submitted(self._pool, function, task)

    def _apart(self, lost: list[int]) -> list[list[int]]:
        return [[index] for index in lost]

    def _outcome(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except BrokenProcessPool as error:
            if not self._ready.is_set():
                raise InterbrainError(_UNSTARTED) from error
            raise

    def _meet(self, share: Share) -> None:
        """They see what this process sees."""

    def _mend(self) -> None:
        self._stop()

    def _stop(self) -> None:
        """End the processes now, whatever they do."""
        if self._pool is not None:
            for process in set(active_children()) - self._before:
                process.terminate()
            # The pool's own thread sees that its workers are gone and ends; left alone it would race with the exit.
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _refuse(task: Any) -> Any:
    raise InterbrainError(
        "a task ran out of memory, or its process was killed, twice; close other programs or use fewer --workers."
    )


def _submitted(pool: ProcessPoolExecutor, function: Callable[[Task], Any], task: Task) -> Future[Any]:
    """Workers start here, with one thread each. They inherit that Ctrl-C waits, so that none answers it too early."""
    with _one_thread():
        if not hasattr(signal, "pthread_sigmask"):
            return pool.submit(function, task)
        resource_tracker.ensure_running()  # it would let Ctrl-C through again if it were started in between
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return pool.submit(function, task)
        except BrokenProcessPool as error:  # between two tasks: told like one that is lost under way
            broken: Future[Any] = Future()
            broken.set_exception(error)
            return broken
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(started: Any) -> None:
    """In a worker: Ctrl-C is the parent's to answer, and a parent that is gone, however it ended, leaves no orphan."""
    started.set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()


def _leave_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _here(
    function: Callable[[Task], Any], tasks: Sequence[Task], watch: Watch, lost: Callable[[Task], Any]
) -> list[Any]:
    from threadpoolctl import threadpool_limits

    results = []
    with threadpool_limits(1):
        for index, task in enumerate(tasks):
            watch.begun(index)
            try:
                results.append(function(task))
            except MemoryError:
                results.append(lost(task))
            watch.ended(index)
    return results
