"""Tasks over local cores: spawned processes with one BLAS and Numba thread each, results in the order of the tasks."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from typing import Any, TypeVar

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

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
) -> list[Any]:
    """``[function(t) for t in tasks]`` over ``workers`` processes; ``done(index)`` is called as each one ends.

    Tasks are the same for any number of workers and their results are put back in order, so what comes out does not
    depend on ``workers``.
    """
    if workers <= 1 or len(tasks) <= 1:
        return list(_here(function, tasks, done))
    results: list[Any] = [None] * len(tasks)
    before, spawn = set(active_children()), get_context("spawn")
    with _one_thread(), ProcessPoolExecutor(min(workers, len(tasks)), spawn, _serve) as pool:
        running = {pool.submit(function, task): index for index, task in enumerate(tasks)}
        try:
            while running:
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    index = running.pop(future)
                    results[index] = future.result()
                    done(index)
        except BaseException:
            for process in set(active_children()) - before:
                process.terminate()
            # The pool's own thread sees that its workers are gone and ends; left alone it would race with the exit.
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return results


def _serve() -> None:
    """In a worker: Ctrl-C is the parent's to answer, and a parent that is gone, however it ended, leaves no orphan."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()


def _leave_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _here(function: Callable[[Task], Any], tasks: Sequence[Task], done: Callable[[int], None]) -> Iterator[Any]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        for index, task in enumerate(tasks):
            yield function(task)
            done(index)
