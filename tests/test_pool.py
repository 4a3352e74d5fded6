"""Workers end with the run that started them, however it ends; a worker that is killed costs nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interbrain.data.errors import InterbrainError
from interbrain.study.pool import Watch, Workers
from killing import begun, square, tasks

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from interbrain.study.pool import run_tasks

def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
    try:
        run_tasks(work, [sys.argv[1]] * 2, 2)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def _alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9), (signal.SIGTERM, -15)])
def test_no_worker_outlives_its_run(tmp_path, sent, status):
    program, seen = tmp_path / "program.py", tmp_path / "seen"
    program.write_text(PROGRAM)
    seen.mkdir()
    run = subprocess.Popen(
        [sys.executable, str(program), str(seen)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + 60
    while len(list(seen.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    workers = [int(p.name) for p in seen.iterdir()]
    assert len(workers) == 2
    if sent == signal.SIGINT:  # as a terminal does: to every process of the group
        os.killpg(run.pid, sent)
    else:
        run.send_signal(sent)
    assert run.wait(20) == status
    while any(_alive(w) for w in workers) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(_alive(w) for w in workers)
    assert sent != signal.SIGINT or "Traceback" not in run.stderr.read()


class Counted(Watch):
    """How often each task was told to have ended."""

    def __init__(self):
        self.ends = []

    def ended(self, index):
        self.ends.append(index)


needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@needs_signals
def test_a_killed_worker_is_told_its_task_tried_again_and_nothing_else_lost(tmp_path):
    told, watch = [], Counted()
    with Workers(2) as pool:
        pool.tell = told.append
        assert pool.run(square, tasks(tmp_path, {3: "once"}), watch) == [i**2 for i in range(8)]
        assert pool.run(square, tasks(tmp_path, {}, 2)) == [0, 1], "the pool goes on"
    assert len(told) == 1 and told[0].startswith("a worker was killed or ran out of memory; ")
    assert sorted(watch.ends) == list(range(8))
    assert begun(tmp_path)[3] == 2


@needs_signals
def test_a_task_that_kills_twice_is_given_up_and_alone(tmp_path):
    told, watch = [], Counted()
    with Workers(2) as pool:
        pool.tell = told.append
        found = pool.run(square, tasks(tmp_path, {2: "always", 5: "full"}), watch, lambda task: f"lost {task[1]}")
    assert found == [0, 1, "lost 2", 9, 16, "lost 5", 36, 49]
    assert told and sorted(watch.ends) == list(range(8))
    # Who was beside a worker that was killed is begun again, at most once for each kill; no one else is. Task 5 can be
    # given to a worker's queue as task 2 kills it: then it is lost without having begun, and begun alone only.
    seen = begun(tmp_path)
    assert seen[2] == 2 and seen[5] in (1, 2) and sum(seen.values()) <= 8 + 4


@needs_signals
def test_a_task_that_kills_twice_ends_a_run_that_has_no_answer_to_it(tmp_path):
    with Workers(2) as pool, pytest.raises(InterbrainError, match="was killed, twice; close other programs"):
        pool.run(square, tasks(tmp_path, {2: "always"}))
