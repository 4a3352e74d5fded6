"""Workers end with the run that started them, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, time
from pathlib import Path
from interbrain.study.pool import run_tasks

def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
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
