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


def run_tasks(
    function: Callable[[Task], Any],
    tasks: Sequence[Task],
    workers: int,
    done: Callable[[int], None] = lambda index: None,
    lost: Callable[[Task], Any] | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> list[Any]:
    """``[function(t) for t in tasks]`` over ``workers`` processes; ``done(index)`` is called as each one ends.

    Tasks are the same for any number of workers and their results are put back in order, so what comes out does not
    depend on ``workers``.

    Parameters
    ----------
    lost
        Gives the result of a task that ran out of memory, or whose worker was killed, twice.
    tell
        Takes a sentence when a worker is killed and its tasks are tried again.

    Raises
    ------
    InterbrainError
        A task was lost twice and there is no ``lost``.
    """
    lost = lost or _refuse
    if workers <= 1 or len(tasks) <= 1:
        return _here(function, tasks, done, lost)
    results: dict[int, Any] = {}
    left = list(range(len(tasks)))
    with _one_thread():
        while left:
            under_way = _pooled(function, tasks, left, min(workers, len(left)), results, done)
            for index in under_way:
                tell(f"a worker was killed or ran out of memory; {len(under_way)} tasks are tried again, one at a time")
                if _pooled(function, tasks, [index], 1, results, done):
                    results[index] = lost(tasks[index])
                    done(index)
            left = [index for index in left if index not in results]
    return [results[index] for index in range(len(tasks))]


def _refuse(task: Any) -> Any:
    raise InterbrainError(
        "a task ran out of memory, or its process was killed, twice; close other programs or use fewer --workers."
    )


def _pooled(
    function: Callable[[Task], Any],
    tasks: Sequence[Task],
    indices: Sequence[int],
    workers: int,
    results: dict[int, Any],
    done: Callable[[int], None],
) -> list[int]:
    """Fill ``results``; gives the tasks that were under way when a worker was lost, none where all went well."""
    before, waiting, spawn = set(active_children()), iter(indices), get_context("spawn")
    started = spawn.Event()
    running: dict[Future[Any], int] = {}
    gone: list[int] = []
    with ProcessPoolExecutor(workers, spawn, _serve, (started,)) as pool:
        try:
            while True:
                # As many as there are workers, so that the tasks under way are known.
                while not gone and len(running) < workers and (index := next(waiting, None)) is not None:
                    running[_submitted(pool, function, tasks[index])] = index
                if gone and not started.is_set():
                    raise InterbrainError(_UNSTARTED)
                if not running:
                    return sorted(gone)
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    index = running.pop(future)
                    try:
                        results[index] = future.result()
                    except _GONE:
                        gone.append(index)
                    else:
                        done(index)
        except BaseException:
            for process in set(active_children()) - before:
                process.terminate()
            # The pool's own thread sees that its workers are gone and ends; left alone it would race with the exit.
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _submitted(pool: ProcessPoolExecutor, function: Callable[[Task], Any], task: Task) -> Future[Any]:
    """Workers start here. They inherit that Ctrl-C waits, so that none of them answers it before ``_serve``."""
    if not hasattr(signal, "pthread_sigmask"):
        return pool.submit(function, task)
    resource_tracker.ensure_running()  # it would let Ctrl-C through again if it were started in between
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(function, task)
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
    function: Callable[[Task], Any],
    tasks: Sequence[Task],
    done: Callable[[int], None],
    lost: Callable[[Task], Any],
) -> list[Any]:
    from threadpoolctl import threadpool_limits

    results = []
    with threadpool_limits(1):
        for index, task in enumerate(tasks):
            try:
                results.append(function(task))
            except MemoryError:
                results.append(lost(task))
            done(index)
    return results
