"""A run on the workers of a real Dask scheduler: the same bytes as on one core, whoever is killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

import interbrain
from interbrain.app.cli import main
from interbrain.data.errors import BadInput, InterbrainError
from interbrain.data.tables import TABLES
from interbrain.study import cluster as room
from interbrain.study import remote
from interbrain.study.cluster import Cluster
from interbrain.study.pool import Share, Watch
from killing import begun, square, tasks
from studies import TINY_PLAN, lay_out_tiny

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

BLIND = """
from pathlib import Path

def blind(true):
    return lambda self, **words: "_2.tsv" not in self.name and true(self, **words)

Path.exists = blind(Path.exists)
"""


class Dask:
    """A scheduler on loopback whose workers can be hired and killed, each a process with one thread."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, []
        where = folder / "scheduler.json"
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(where))
        self.file = where

    def start(self, kind: str, *words: str) -> subprocess.Popen:
        here = [str(Path(__file__).parent), str(Path(interbrain.__file__).parents[1])]
        paths = os.pathsep.join([*here, os.environ.get("PYTHONPATH", "")])
        program = f"from distributed.cli.dask_{kind} import main; main()"
        log = (self.folder / f"{kind}-{len(self.started)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-c", program, *words, "--no-dashboard"],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": paths}, stdout=log, stderr=log,
        )  # fmt: skip
        self.started.append(process)
        return process

    def hire(self, number: int, *words: str) -> list[subprocess.Popen]:
        always = ("--scheduler-file", str(self.file), "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1")
        return [self.start("worker", *always, *words) for _ in range(number)]

    def ask(self, question):
        """What the scheduler itself says."""
        from distributed import Client

        with Client(scheduler_file=str(self.file), timeout=60, set_as_default=False) as client:
            return client.run_on_scheduler(question)

    def have(self, number: int) -> None:
        """See that so many workers are there, neither more nor fewer."""
        alive = [p for p in self.started[1:] if p.poll() is None]
        for process in alive[number:]:
            process.kill()
            process.wait()
        self.hire(number - len(alive))
        self.staff(number)

    def staff(self, number: int) -> None:
        """Wait until there are so many workers."""
        until = time.monotonic() + 60
        while (there := self.ask(lambda dask_scheduler: len(dask_scheduler.workers))) != number:
            assert time.monotonic() < until, f"{there} workers, not {number}"
            time.sleep(0.1)

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A study with a recording that cannot be read, its plan, and what one core makes of it; paths are relative."""
    base = tmp_path_factory.mktemp("tiny")
    lay_out_tiny(base / "study")
    (base / "study" / "04_1.tsv").write_text("")
    (base / "plan.toml").write_text(TINY_PLAN.format(seed=2, n=399))
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(base)
        interbrain.run("study", "one", "plan.toml")
    assert "study/04_1.tsv" in (base / "one" / "problems.tsv").read_text()
    return base


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / f"{name}.tsv").read_bytes() for name in TABLES}


def killed_at_work(out: Path, stop: threading.Event, killed: list[int]) -> None:
    """SIGKILL for the first worker that is seen with a task under way, held still until that is certain."""
    while not killed and not stop.wait(0.002):
        for mark in out.glob(".interbrain-steps/under-way-*/[2-9]-*"):  # not while it reads the recordings
            with suppress(OSError, ValueError):
                pid = int(mark.read_text())
                os.kill(pid, signal.SIGSTOP)
                if mark.exists():
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return
                os.kill(pid, signal.SIGCONT)


def test_the_same_bytes_as_on_one_core_with_a_worker_killed_in_the_middle(dask, tiny, monkeypatch, capsys):
    monkeypatch.chdir(tiny)
    dask.have(2)
    killed, stop = [], threading.Event()
    killer = threading.Thread(target=killed_at_work, args=(tiny / "two", stop, killed))
    killer.start()
    try:
        ended = interbrain.run("study", "two", "plan.toml", cluster=str(dask.file))
    finally:
        stop.set()
        killer.join()
    assert killed and killed[0] in [p.pid for p in dask.started]
    assert tables(tiny / "two") == tables(tiny / "one")
    assert "a worker of the cluster was killed or ran out of memory; 1 tasks are tried again" in capsys.readouterr().err
    assert ended.lost_data and not [p for p in (tiny / "two").iterdir() if p.name.startswith(".")]
    dask.staff(1)
    assert dask.ask(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0


class Rest(Watch):
    """Ctrl-C while a task is under way."""

    def waiting(self):
        raise KeyboardInterrupt


def test_a_task_that_kills_twice_is_given_up_and_costs_no_other(dask, tmp_path):
    dask.have(3)
    told, seen = [], tmp_path / "seen"
    seen.mkdir()
    with Cluster(str(dask.file)) as pool, pool.serving(Share(tmp_path, ()), told.append):
        ends = {2: "always", 5: "full"}
        found = pool.run(square, tasks(seen, ends), None, lambda task: f"lost {task[1]}")
        assert found == [0, 1, "lost 2", 9, 16, "lost 5", 36, 49]
        # A result that had not been fetched from a worker that was killed is made once more.
        again = begun(seen)
        assert again[2] == 2 and again[5] >= 2 and max(again.values()) <= 3
        assert told == [pool.again.format(n=2)]


def test_ctrl_c_takes_back_what_was_submitted_and_leaves_the_scheduler(dask, tmp_path, monkeypatch):
    monkeypatch.setattr("interbrain.study.pool.TICK_S", 0.2)
    dask.have(1)
    share = Share(tmp_path, ())
    with pytest.raises(KeyboardInterrupt), Cluster(str(dask.file)) as pool, pool.serving(share, print):
        pool.run(time.sleep, [1.5] * 40, Rest())
    dask.staff(1)
    until = time.monotonic() + 20
    while dask.ask(lambda dask_scheduler: len(dask_scheduler.tasks)) and time.monotonic() < until:
        time.sleep(0.1)
    assert dask.ask(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0
    assert not list(tmp_path.iterdir())


def one_sentence(words: list[str]) -> str:
    ended = CliRunner().invoke(main, [*words, "--quiet"])
    assert ended.exit_code == 2, ended.output
    assert ended.stderr.startswith("interbrain: ") and len(ended.stderr.splitlines()) == 1, ended.stderr
    return ended.stderr


def test_a_worker_that_does_not_see_the_study_is_one_sentence(dask, tiny, tmp_path):
    (tmp_path / "blind.py").write_text(BLIND)
    dask.have(1)
    blind = dask.hire(1, "--preload", str(tmp_path / "blind.py"))[0]
    dask.staff(2)
    words = ["run", str(tiny / "study"), str(tmp_path / "out"), "--cluster", str(dask.file)]
    said = one_sentence(words)
    assert "--cluster: the worker tcp://127.0.0.1:" in said and f"does not see {tiny / 'study' / '01_2.tsv'};" in said
    assert "must lie on a file system that all workers share, under the same path" in said
    words[2] = str(tmp_path / "new")
    hidden = one_sentence([*words, "--deidentify"])
    assert "--cluster: a worker does not see a recording; the study and OUT must" in hidden
    blind.kill()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "tcp://no.such.host.invalid:8786", "nonsense://x", "README"])
def test_a_wrong_address_is_one_sentence(tiny, tmp_path, address, monkeypatch):
    monkeypatch.setattr(room, "ANSWER_S", 2.0)
    (tmp_path / "README").write_text("{}")
    where = str(tmp_path / address) if address == "README" else address
    said = one_sentence(["run", str(tiny / "study"), str(tmp_path / "out"), "--cluster", where])
    assert f"--cluster {where}: no Dask scheduler answers there (" in said and "tcp://10.0.0.1:8786" in said
    assert not (tmp_path / "out").exists()


def test_something_that_listens_and_says_nothing_is_one_sentence(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "ANSWER_S", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        begin = time.monotonic()
        said = one_sentence(["run", str(tiny / "study"), str(tmp_path / "out"), "--cluster", address])
        assert time.monotonic() - begin < 30
    assert f"--cluster {address}: no Dask scheduler answers there (" in said


def test_a_scheduler_is_given_less_than_half_a_minute():
    assert room.ANSWER_S <= 15


def test_without_dask_it_says_what_to_install(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = one_sentence(["run", str(tiny / "study"), str(tmp_path / "out"), "--cluster", "127.0.0.1:1"])
    assert 'pip install "interbrain[cluster]"' in said


def test_workers_and_cluster_are_not_given_together(tiny, tmp_path):
    words = ["run", str(tiny / "study"), str(tmp_path), "--workers", "2", "--cluster", "127.0.0.1:1"]
    assert "give one of them" in one_sentence(words)


@pytest.fixture
def terms(tmp_path):
    (tmp_path / "marks").mkdir()
    return remote.terms_of(tmp_path / "marks", (), False)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"code": "older", "version": "0.0.9"}, r"has interbrain .* with other code than this computer's 0\.0\.9"),
        ({"made_of": {**remote.made_of(), "numpy": "1.0"}}, r"has numpy .* where this computer has 1\.0, so that last"),
        ({"made_of": {**remote.made_of(), "extra": "3"}}, "has extra not installed where this computer has 3"),
        ({"here": "/no/such/folder"}, "does not see /no/such/folder; .* paths may also be given whole"),
        ({"marks": "/no/such/out/.steps/marks"}, "does not see the run in /no/such/out; the study and OUT must lie"),
        ({"marks": "/no/such/out/.steps/marks", "hidden": True}, "does not see the run in OUT; "),
    ],
)
def test_why_a_worker_is_refused(terms, change, sentence):
    assert re.search(sentence, remote.inspect({**terms, **change})["unfit"])
    status, reason = remote.served({**terms, **change}, "1-1", b"")  # also one that joins later
    assert status == "unfit" and re.search(sentence, reason)


def test_another_processor_is_told_and_not_refused(terms):
    assert remote.inspect(terms)["differs"] == ""
    assert "where this computer is a Linux riscv" in remote.inspect({**terms, "processor": "Linux riscv"})["differs"]


def test_an_answer_that_cannot_be_read_here_is_a_reason(terms, tmp_path):
    seen = remote.inspect(terms)
    assert room._reason(seen, tmp_path / "marks") == "" and not list((tmp_path / "marks").iterdir())
    assert "cannot be read here" in room._reason(seen, tmp_path / "marks")
    assert "cannot begin (TypeError: code)" in room._reason(TypeError("code"), tmp_path)


def test_a_run_that_is_over_leaves_no_task_to_be_done(terms, tmp_path):
    from distributed.protocol import serialize_bytes

    work = serialize_bytes((square, (tmp_path, 3, "")))
    assert remote.served(terms, "1-1", work) == ("done", 9)
    (tmp_path / "marks" / "1-2").touch()
    assert remote.served(terms, "1-2", work) == ("under way", None)
    (tmp_path / "marks" / "1-2").unlink()
    (tmp_path / "marks").rmdir()
    assert remote.served(terms, "1-3", work)[0] == "raised"
    assert len(list(tmp_path.glob("3-*"))) == 1


def test_the_first_worker_that_is_unfit_is_named_and_the_others_counted():
    pool = Cluster("tcp://a:1")
    pool._terms = {"hidden": False}
    pool._refuse({})
    with pytest.raises(BadInput, match=r"^--cluster: the worker tcp://b is old \(and 1 more\)\.$"):
        pool._refuse({"tcp://b": "is old", "tcp://c": "is old"})


class Deserted(Watch):
    """The scheduler is killed when the first task has ended."""

    def __init__(self, dask):
        self.dask = dask

    def ended(self, index):
        self.dask.started[0].kill()


def test_a_scheduler_that_goes_away_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "ANSWER_S", 10.0)
    (tmp_path / "dask").mkdir()
    (tmp_path / "steps").mkdir()
    own = Dask(tmp_path / "dask")
    try:
        own.have(1)
        sentence = r"the scheduler .*scheduler\.json went away .* it continues from here\.$"
        share = Share(tmp_path / "steps", ())
        with pytest.raises(InterbrainError, match=sentence), Cluster(str(own.file)) as pool, pool.serving(share, print):
            pool.run(time.sleep, [0.01] + [1.0] * 30, Deserted(own))
    finally:
        own.close()
    assert not list((tmp_path / "steps").iterdir())
