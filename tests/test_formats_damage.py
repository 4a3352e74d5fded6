"""Damaged files: a clear error or a reading, never another exception, and nothing on the screen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.data.points import Points
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Loaded
from interbrain.formats import module, snirf

SOURCES = {
    "snirf": ("formats/slow_breathing.snirf", {}),
    "edf": ("formats/eyes-closed-1.edf", {}),
    "xdf": ("formats/dyad-example-with-markers_a.xdf", {"stream": 3}),
    "fif": ("eeg-pair/person-1-epo.fif", {}),
    "table": ("motion-therapy/dropout/100_01.txt", {"rate": 25.0}),
}
FLIPS = {"snirf": 60, "edf": 50, "xdf": 16, "fif": 60, "table": 80}
"""Mutants of each: fewer where reading takes a third of a second."""


@pytest.fixture(scope="module")
def small_snirf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two source–detector pairs: the library takes a second for a real cap, too long for many mutants."""
    channels = tuple(
        Channel(f"S{i}_D{i}", "intensity", "", None, (0.1, 0.0, 0.0), (0.1, 0.1, 0.0), (0.1, 0.0, 0.1), wavelength)
        for i in (1, 2)
        for wavelength in (760.0, 850.0)
    )
    values = np.random.default_rng(1).uniform(1, 2, (1, 4, 200))
    points = Points(np.array([1.0, 5.0]), np.array([2.0, 2.0]), ("rest", "task"))
    path = tmp_path_factory.mktemp("snirf") / "small.snirf"
    snirf.write(path, Signal(values, 10.0, channels), points, {"start_time": "2026-03-02T10:00:00.25"})
    return path.read_bytes()


def _attempt(read: Callable[[], Loaded], path: Path) -> str:
    """``"read"``, or the text of the one error that may come."""
    try:
        loaded = read()
    except BadInput as error:
        text = str(error)
        assert text.startswith(str(path)) and len(text.splitlines()) == 1, text
        return text
    assert loaded.signal.values.size
    return "read"


@pytest.mark.parametrize("name", SOURCES)
def test_truncated_files_are_refused(data_dir: Path, tmp_path: Path, name: str):
    source, options = SOURCES[name]
    content = (data_dir / source).read_bytes()
    path = tmp_path / Path(source).name
    for share in (0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999):
        cut = int(len(content) * share)
        if name == "table":  # a text cut within a row; at the end of one, nothing could be known
            cut = content.rfind(b" ", 0, max(cut, 20)) if share else 0
        path.write_bytes(content[:cut])
        told = _attempt(lambda: module(name).read(path, **options), path)
        assert told != "read", share
        assert "allowed" in told and ("empty" in told) == (cut == 0)


@pytest.mark.parametrize("name", SOURCES)
def test_flipped_bytes_never_end_in_another_exception(data_dir: Path, small_snirf: bytes, tmp_path: Path, name: str):
    source, options = SOURCES[name]
    held = small_snirf if name == "snirf" else (data_dir / source).read_bytes()
    content = np.frombuffer(held, dtype=np.uint8)
    path = tmp_path / Path(source).name
    random = np.random.default_rng(5)
    outcomes = set()
    for number in range(FLIPS[name]):
        mutant = content.copy()
        # Half of the mutants are hit where headers are, since most bytes of a file are samples.
        span = min(4096, len(mutant)) if number % 2 else len(mutant)
        at = random.integers(0, span, size=1 + number % 7)
        mutant[at] ^= random.integers(1, 256, size=len(at)).astype(np.uint8)
        path.write_bytes(mutant.tobytes())
        outcomes.add(_attempt(lambda: module(name).read(path, **options), path) == "read")
    assert outcomes == {True, False} or name == "table"


def test_nirx_folders_with_a_damaged_or_missing_file(data_dir: Path, tmp_path: Path):
    source = data_dir / "fnirs-parent-child" / "child"
    random = np.random.default_rng(6)
    folder = tmp_path / "child"
    names = sorted(p.name for p in source.iterdir() if p.suffix in (".hdr", ".wl1", ".wl2", ".inf", ".mat"))
    for number in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder, copy_function=shutil.copyfile)
        victim = folder / names[number % len(names)]
        content = bytearray(victim.read_bytes())
        if number < 5:
            victim.unlink()
        elif number < 10:
            victim.write_bytes(content[: len(content) // 2])
        else:
            for at in random.integers(0, min(len(content), 4096), size=3):
                content[at] ^= int(random.integers(1, 256))
            victim.write_bytes(bytes(content))
        told = _attempt(lambda: module("nirx").read(folder), folder)
        if number < 10 and victim.suffix in (".wl1", ".wl2"):
            assert told != "read", victim.name


@pytest.mark.parametrize("name", ["snirf", "nirx", "fif", "edf", "bdf", "brainvision", "eeglab", "xdf", "table"])
def test_missing_empty_and_wrong_files(tmp_path: Path, name: str):
    read = module(name).read
    suffix = {"fif": "-epo.fif", "brainvision": ".vhdr", "eeglab": ".set", "table": ".csv"}.get(name, f".{name}")
    path = tmp_path / f"x{suffix}"
    with pytest.raises(BadInput, match=r"does not exist; allowed is a (file|folder) of"):
        read(path)
    path.write_bytes(b"")
    told = _attempt(lambda: read(path), path)
    assert told != "read" and "allowed" in told
    for content in (b"\x00" * 3000, b"Dear colleague, please find attached\n" * 100, bytes(range(256)) * 20):
        path.write_bytes(content)
        told = _attempt(lambda: read(path), path)
        assert told != "read" and "allowed" in told
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    assert _attempt(lambda: read(folder), folder) != "read"


@pytest.mark.parametrize("beside", ["", "inf", "-inf", "nan"])
def test_absurd_numbers_are_masked_whatever_stands_beside_them(tmp_path: Path, beside: str):
    rows = [f"{i % 7}.5 {i % 5}.5" for i in range(200)]
    rows[50] = f"{beside or 3.5} 1e308"
    (tmp_path / "a.txt").write_text("a b\n" + "\n".join(rows) + "\n", encoding="utf-8")
    loaded = module("table").read(tmp_path / "a.txt", rate=10.0)
    valid = loaded.signal.valid
    assert not valid[0, 1, 50] and valid[0, 0, 50] == (not beside) and (~valid).sum() == (2 if beside else 1)
    assert np.abs(loaded.signal.values[valid]).max() < 10
    assert any(note.startswith("1 samples beyond ±1e+100") for note in loaded.meta["notes"])
