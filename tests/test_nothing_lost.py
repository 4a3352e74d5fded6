"""Nothing breaks, nothing is lost: killed, stopped, on a full disk, without power, twice at once.

A few of everything here; the torture (``make torture``) takes every write and a hundred kills.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

import interbrain
from failing_disk import Full, Journal, after_power_cut, restore
from interbrain.app.cli import main
from interbrain.data.errors import BadInput, CannotWrite
from interbrain.data.files import INCOMPLETE, PART, write_file, write_text
from interbrain.data.tables import TABLES
from interbrain.study import place
from studies import TINY_PLAN, lay_out_tiny

SAME = tuple(f"{name}.tsv" for name in TABLES)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Three couples, two sessions of two minutes; two plans; what each gives when nothing disturbs it."""
    base = tmp_path_factory.mktemp("tiny")
    lay_out_tiny(base / "study")
    for name, seed in (("old", "1"), ("new", "2")):
        (base / f"{name}.toml").write_text(TINY_PLAN.format(seed=seed, n=19))
        interbrain.run(base / "study", base / name, base / f"{name}.toml")
    assert tables(base / "old") != tables(base / "new")
    return base


@pytest.fixture
def out(tiny, tmp_path):
    """A folder with the old results."""
    folder = tmp_path / "out"
    restore(tiny / "old", {p: p.read_bytes() for p in (tiny / "old").rglob("*") if p.is_file()}, folder)
    return folder


def tables(folder: Path) -> dict[str, bytes | None]:
    return {name: (folder / name).read_bytes() if (folder / name).exists() else None for name in SAME}


def assert_nothing_mixed(folder: Path, tiny: Path) -> None:
    """The old tables, or the new ones, or a mixture that says of itself that it is one; never a piece of a table."""
    old, new, found = tables(tiny / "old"), tables(tiny / "new"), tables(folder)
    assert all(found[name] in (old[name], new[name]) for name in SAME)
    assert found in (old, new) or (folder / INCOMPLETE).exists()


def run_new(tiny: Path, folder: Path, workers: int = 1):
    return interbrain.run(tiny / "study", folder, tiny / "new.toml", workers=workers)


def assert_new(tiny: Path, folder: Path) -> None:
    assert tables(folder) == tables(tiny / "new")
    left = [p.name for p in folder.iterdir() if p.name.startswith((".interbrain", PART)) or p.name == INCOMPLETE]
    assert not left


@pytest.fixture
def moments(tiny, out, monkeypatch):
    """The disk before every call that a run over old results makes of it."""
    with monkeypatch.context() as patched:
        journal = Journal(out, patched)
        run_new(tiny, out)
    assert_new(tiny, out)
    assert len(journal.moments) > 100
    return journal.moments


def cut(moment, out: Path, tiny: Path, random: Random, folder: Path) -> None:
    restore(out, after_power_cut(moment[1], random), folder)
    assert_nothing_mixed(folder, tiny)


def test_a_power_cut_at_any_write_leaves_whole_tables_and_the_next_run_ends_as_if_it_had_not_been(
    tiny, out, moments, tmp_path
):
    random, folder = Random(5), tmp_path / "cut"
    for moment in moments:
        cut(moment, out, tiny, random, folder)
    for moment in moments[7 :: len(moments) // 4]:
        cut(moment, out, tiny, random, folder)
        run_new(tiny, folder)
        assert_new(tiny, folder)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(3))
def test_torture_power_cuts_at_every_write(tiny, out, moments, tmp_path, seed):
    random, folder = Random(seed), tmp_path / "cut"
    for moment in moments[seed::3]:
        for _ in range(20):
            cut(moment, out, tiny, random, folder)
        run_new(tiny, folder)
        assert_new(tiny, folder)


def writes(tiny: Path, folder: Path, monkeypatch) -> int:
    with monkeypatch.context() as patched:
        disk = Full(0, patched)
        run_new(tiny, folder)
    return disk.calls


def assert_full_is_told(tiny: Path, out: Path, at: int, monkeypatch) -> None:
    shutil.rmtree(out / place.STEPS, ignore_errors=True)  # else there is less to write than was counted
    with monkeypatch.context() as patched:
        Full(at, patched)
        with pytest.raises(CannotWrite, match=r"the disk is full: .* needed in .*, .* free\. Make room") as told:
            run_new(tiny, out)
    assert "\n" not in str(told.value)
    assert_nothing_mixed(out, tiny)
    assert not list(out.rglob(f"{PART}*"))


def test_a_full_disk_at_any_write_is_one_sentence_and_costs_nothing(tiny, out, tmp_path, monkeypatch):
    number = writes(tiny, tmp_path / "counted", monkeypatch)
    assert number > 60
    for at in (1, number // 2, number - 30, number):
        assert_full_is_told(tiny, out, at, monkeypatch)
    run_new(tiny, out)
    assert_new(tiny, out)


@pytest.mark.torture
def test_torture_a_full_disk_at_every_write(tiny, out, tmp_path, monkeypatch):
    for at in range(1, writes(tiny, tmp_path / "counted", monkeypatch) + 1):
        assert_full_is_told(tiny, out, at, monkeypatch)
    run_new(tiny, out)
    assert_new(tiny, out)


def test_the_sentence_says_how_much_was_needed(tmp_path, monkeypatch):
    Full(1, monkeypatch)
    with pytest.raises(CannotWrite, match=r"a\.txt: cannot be written, the disk is full: 12\.3 kB needed in "):
        write_text(tmp_path / "a.txt", "x" * 12_345)
    assert not list(tmp_path.iterdir())


def test_two_computers_may_write_one_file_at_once(tmp_path):
    """Their processes may have the same number, in containers they mostly do."""
    path = tmp_path / "a.txt"

    def slowly(file):
        write_text(path, "first")
        assert path.read_text() == "first"
        file.write(b"second")

    write_file(path, slowly)
    assert path.read_text() == "second" and list(tmp_path.iterdir()) == [path]


def command(tiny: Path, folder: Path, workers: int, *more: str) -> list[str]:
    study, plan = str(tiny / "study"), str(tiny / "new.toml")
    program = "from interbrain.app.cli import main; main()"
    start = [sys.executable, "-c", program] if not more else [*more, sys.executable, "-c", program]
    return [*start, "run", study, str(folder), "--plan", plan, "--quiet", "--workers", str(workers)]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of the shell")
def test_a_file_that_the_system_refuses_ends_the_command_with_status_2(tiny, out):
    limited = command(tiny, out, 2, "sh", "-c", 'ulimit -f 8; exec "$@"', "sh")
    ended = subprocess.run(limited, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert ended.stderr.startswith("interbrain: ") and len(ended.stderr.splitlines()) == 1
    assert "files may not become that large here" in ended.stderr
    assert tables(out) == tables(tiny / "old")


@pytest.mark.torture
@pytest.mark.parametrize("kb", [16, 64, 256, 512, 1024])
def test_torture_a_disk_that_is_really_full(tiny, tmp_path, kb):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kb}k", "none", disk], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        ended = subprocess.run(command(tiny, disk / "out", 2), capture_output=True, text=True, timeout=120)
        assert ended.returncode in (0, 2)
        if ended.returncode == 2:
            assert "the disk is full" in ended.stderr and len(ended.stderr.splitlines()) == 1, ended.stderr
            subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
            subprocess.run(command(tiny, disk / "out", 2), check=True, capture_output=True, timeout=120)
        assert_new(tiny, disk / "out")
    finally:
        subprocess.run(["umount", disk], check=True)


def start(tiny: Path, folder: Path, workers: int) -> tuple[int, Path]:
    """The whole command in a process of its own that need not import everything again; gives where its stderr goes."""
    words, told = command(tiny, folder, workers)[3:], folder.with_name(f"{folder.name}.told")
    process = os.fork()
    if process == 0:
        os.setsid()
        sys.stdout = sys.stderr = told.open("w", buffering=1)
        os.dup2(sys.stderr.fileno(), 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = 1
        try:
            main(words)
        except SystemExit as end:
            status = end.code
        finally:
            os._exit(status)
    return process, told


def kill(tiny: Path, folder: Path, workers: int, after_s: float, sent: int) -> bool:
    """Start the command, send it a signal; whether it came before the end."""
    process, told = start(tiny, folder, workers)
    time.sleep(after_s)
    # A terminal sends Ctrl-C to every process of its group; kill -9 goes to one.
    with suppress(ProcessLookupError):
        (os.killpg if sent == signal.SIGINT else os.kill)(process, sent)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    said = told.read_text()
    assert status in (0, -signal.SIGKILL, 130), said
    assert "Traceback" not in said
    if status == 130:
        assert len(said.strip().splitlines()) == 1 and "the same command" in said
    until = time.monotonic() + 60
    while group(process) and time.monotonic() < until:
        time.sleep(0.05)
    assert not group(process), "a worker outlived its run"
    assert_nothing_mixed(folder, tiny)
    return status != 0


def group(leader: int) -> bool:
    """Whether any process of the group is still there."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def length(tiny: Path, folder: Path, workers: int) -> float:
    begin = time.monotonic()
    process, told = start(tiny, folder, workers)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, told.read_text()
    return time.monotonic() - begin


def assert_killed_and_continued(tiny: Path, out: Path, workers: int, kills: int, seed: int, whole_s: float) -> None:
    random, landed = Random(seed), 0
    for number in range(kills):
        sent = signal.SIGINT if number % 3 == 2 else signal.SIGKILL
        landed += kill(tiny, out, workers, random.uniform(0.02, 0.8) * whole_s, sent)
    assert landed >= kills // 3
    run_new(tiny, out)
    assert_new(tiny, out)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments_and_continued(tiny, out, tmp_path, workers):
    assert_killed_and_continued(tiny, out, workers, 6 // workers, workers, length(tiny, tmp_path / "whole", workers))


@pytest.mark.torture
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_torture_a_hundred_kills(tiny, out, tmp_path, workers, seed):
    assert_killed_and_continued(tiny, out, workers, 10, 10 + seed, length(tiny, tmp_path / "whole", workers))


def test_a_second_run_into_one_folder_is_told_so(tiny, out):
    with place.results_folder(out), pytest.raises(BadInput, match=r"another run writes its results here \(process \d+"):
        run_new(tiny, out)
    assert tables(out) == tables(tiny / "old")
    run_new(tiny, out)
    assert_new(tiny, out)


def test_where_results_cannot_be(tiny, tmp_path):
    file = write_text(tmp_path / "file", "")
    with pytest.raises(BadInput, match=r"file: is a file; results need a folder"):
        run_new(tiny, file)
    with pytest.raises(BadInput, match=r"file: is a file; results need a folder"):
        run_new(tiny, file / "below")
    with pytest.raises(BadInput, match="lies inside the study"):
        run_new(tiny, tiny / "study" / "results")
    with pytest.raises(BadInput, match="is the study itself"):
        run_new(tiny, tiny / "study")
    assert not (tiny / "study" / "results").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions")
def test_a_folder_that_may_not_be_written_to(tiny, tmp_path):
    folder = Path("/sys/interbrain") if os.geteuid() == 0 else tmp_path / "closed"
    if os.geteuid():
        folder.mkdir(mode=0o500)
    with pytest.raises(CannotWrite, match=r"cannot be written \(.*\)\. Results need a folder that you may write to"):
        run_new(tiny, folder)


def test_results_that_are_not_complete_are_not_reported(tiny, out):
    write_text(out / INCOMPLETE, place.NOTE)
    with pytest.raises(BadInput, match=f"not complete \\(see {INCOMPLETE}\\); run the analysis again"):
        interbrain.write_report(out)
