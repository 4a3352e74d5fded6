"""A disk that fails: what could be on it after a power cut at any moment of a run, and one that is full.

Only what was forced to a disk is sure to be there after a power cut. The bytes of a file that were not are lost, torn
or zero; names that were made, moved or removed since their folder was last forced are there or not, each on its own.
"""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from interbrain.data import files

CALLS = ("_open", "_sync", "_move", "_remove", "_sync_folder")


@dataclass
class Inode:
    """A file apart from its names: its bytes now, and those that are sure to be on the disk."""

    now: bytes = b""
    sure: bytes | None = None


@dataclass
class State:
    """What the disk knows: names that are sure, and those changed since, in the order in which they were."""

    sure: dict[Path, Inode] = field(default_factory=dict)
    since: list[tuple[Path, Inode | None]] = field(default_factory=list)


class Journal:
    """Watches every call that ``data.files`` makes of the operating system while ``folder`` is written to."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.folder = folder
        self.state = State()
        for path in folder.rglob("*") if folder.exists() else ():
            if path.is_file():
                content = path.read_bytes()
                self.state.sure[path] = Inode(content, content)
        self.names = dict(self.state.sure)
        self.moments: list[tuple[str, State]] = []
        for call in CALLS:
            monkeypatch.setattr(files, call, self._watched(call, getattr(files, call)))

    def _watched(self, call, real):
        def watched(*paths):
            paths = tuple(Path(p).absolute() for p in paths)
            if self.folder not in (paths[0], *paths[0].parents):
                return real(*paths)
            self._look(call, paths)
            self.moments.append((f"{call} {paths[-1].name}", self._copy()))
            given = real(*paths)
            self._note(call, paths)
            return given

        return watched

    def _look(self, call, paths) -> None:
        """The bytes that were written by a library since the last call."""
        if call == "_sync":
            inode = self.names.setdefault(paths[0], Inode())
            inode.now = paths[0].read_bytes()
            if (paths[0], inode) not in self.state.since:
                self.state.since.append((paths[0], inode))

    def _copy(self) -> State:
        seen: dict[int, Inode] = {}

        def copied(inode):
            return None if inode is None else seen.setdefault(id(inode), Inode(inode.now, inode.sure))

        return State(
            {p: copied(i) for p, i in self.state.sure.items()},
            [(p, copied(i)) for p, i in self.state.since],
        )

    def _note(self, call, paths) -> None:
        if call == "_open":
            self.names[paths[0]] = Inode()
            self.state.since.append((paths[0], self.names[paths[0]]))
        elif call == "_sync":
            self.names[paths[0]].sure = self.names[paths[0]].now
        elif call == "_move":
            source, target = paths
            # A file moved without a look at its bytes was never forced to the disk by this process or an earlier one.
            inode = self.names.pop(source, None) or Inode(target.read_bytes())
            self.names[target] = inode
            self.state.since += [(target, inode), (source, None)]
        elif call == "_remove":
            if self.names.pop(paths[0], None) is not None:
                self.state.since.append((paths[0], None))
        elif call == "_sync_folder":
            for path, inode in self.state.since:
                if path.parent == paths[0]:
                    if inode is None:
                        self.state.sure.pop(path, None)
                    else:
                        self.state.sure[path] = inode
            self.state.since = [(p, i) for p, i in self.state.since if p.parent != paths[0]]


def after_power_cut(state: State, random: Random) -> dict[Path, bytes]:
    """One of the contents that a disk may have."""
    names: dict[Path, Inode | None] = dict(state.sure)
    for path, inode in state.since:
        if random.random() < 0.5:
            names[path] = inode
    return {path: _bytes(inode, random) for path, inode in names.items() if inode is not None}


def _bytes(inode: Inode, random: Random) -> bytes:
    if inode.sure is not None:
        return inode.sure
    at = random.randrange(len(inode.now) + 1)
    return random.choice((b"", inode.now[:at], inode.now[:at] + bytes(len(inode.now) - at), inode.now))


def restore(folder: Path, content: dict[Path, bytes], anew: Path) -> None:
    """Put a content of ``folder`` into the folder ``anew``."""
    shutil.rmtree(anew, ignore_errors=True)
    anew.mkdir(parents=True)
    for path, data in content.items():
        target = anew / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


class Full:
    """A disk on which the ``at``-th call that needs room fails, after some bytes where it is a write."""

    def __init__(self, at: int, monkeypatch, code: int = errno.ENOSPC) -> None:
        self.at, self.code, self.calls = at, code, 0
        real = {call: getattr(files, call) for call in ("_open", "_sync", "_move")}
        monkeypatch.setattr(files, "_open", lambda path: self._opened(real["_open"](path)))
        monkeypatch.setattr(files, "_sync", lambda path: (self._count(), real["_sync"](path)))
        monkeypatch.setattr(files, "_move", lambda a, b: (self._count(), real["_move"](a, b)))

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self.at:
            raise self.error()

    def error(self) -> OSError:
        return OSError(self.code, os.strerror(self.code))

    def _opened(self, file):
        self.calls += 1
        return _Small(file, self) if self.calls == self.at else file


class _Small:
    """An open file that takes seven bytes and then no more."""

    def __init__(self, file, disk: Full) -> None:
        self._file, self._disk = file, disk

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self._file.close()

    def write(self, data):
        self._file.write(bytes(memoryview(data)[:7]))
        raise self._disk.error()

    def __getattr__(self, name):
        return getattr(self._file, name)
