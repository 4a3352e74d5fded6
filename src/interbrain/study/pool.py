"""Tasks over local cores: spawned processes with one BLAS and Numba thread each, results in the order of the tasks.

A worker that is killed (most often by an operating system that is out of memory) costs no more than the time of its
task: the tasks that were under way are tried again one at a time, with no other beside them, and what fails once more
is told by the caller's ``lost``.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from typing import Any, TypeVar

from interbrain.data.errors import InterbrainError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
TICK_S = 1.0
_AGAIN = "a worker was killed or ran out of memory; {n} tasks are tried again, one at a time"
_GONE = (BrokenProcessPool, MemoryError)
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


class Workers:
    """Processes that take tasks until the ``with`` block ends.

    Parameters
    ----------
    number
        Of processes; with 1 all is done in this one.
    tell
        Takes a sentence when a worker was killed and its tasks are tried again.
    """

    def __init__(self, number: int, tell: Callable[[str], None] = lambda text: None) -> None:
        self.number, self.tell = number, tell
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self._stop()
        elif self._pool is not None:
            self._pool.shutdown()

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
        if self.number <= 1 or (len(tasks) <= 1 and self._pool is None):
            return _here(function, tasks, watch, lost)
        results: dict[int, Any] = {}
        left = list(range(len(tasks)))
        while left:
            under_way = self._pooled(function, tasks, left, self.number, results, watch)
            if under_way:
                self.tell(_AGAIN.format(n=len(under_way)))
                self._stop()
            for index in under_way:
                if self._pooled(function, tasks, [index], 1, results, watch):
                    results[index] = lost(tasks[index])
                    watch.ended(index)
                self._stop()
            left = [index for index in left if index not in results]
        return [results[index] for index in range(len(tasks))]

    def _pooled(
        self,
        function: Callable[[Task], Any],
        tasks: Sequence[Task],
        indices: Sequence[int],
        workers: int,
        results: dict[int, Any],
        watch: Watch,
    ) -> list[int]:
        """Fill ``results``; gives the tasks that were under way when a worker was lost, none where all went well."""
        pool, waiting = self._started(min(workers, len(tasks))), iter(indices)
        running: dict[Future[Any], int] = {}
        gone: list[int] = []
        while True:
            # As many as there are workers, so that the tasks under way are known.
            while not gone and len(running) < workers and (index := next(waiting, None)) is not None:
                watch.begun(index)
                running[_submitted(pool, function, tasks[index])] = index
            if gone and not self._ready.is_set():
                raise InterbrainError(_UNSTARTED)
            if not running:
                return sorted(gone)
            ended, _ = wait(running, TICK_S, FIRST_COMPLETED)
            for future in ended:
                index = running.pop(future)
                try:
                    results[index] = future.result()
                except _GONE:
                    gone.append(index)
                else:
                    watch.ended(index)
            if not ended:
                watch.waiting()

    def _started(self, workers: int) -> ProcessPoolExecutor:
        if self._pool is None:
            spawn = get_context("spawn")
            self._before, self._ready = set(active_children()), spawn.Event()
            self._pool = ProcessPoolExecutor(workers, spawn, _serve, (self._ready,))
        return self._pool

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
