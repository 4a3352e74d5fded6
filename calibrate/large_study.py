"""A large study: how much memory a run takes, and how honest the time left is.

``python -m calibrate.large_study`` writes a simulated study (fNIRS, raw light), runs the whole command on it in a
process of its own, and follows the memory of all its processes and the time left that the bar shows.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from scipy.signal import lfilter

from interbrain.data.signal import Channel, Signal
from interbrain.formats import snirf

TITLE = "A large study: memory and time left"
TABLE = Path(__file__).parent.parent / "docs" / "calibration" / "large_study.tsv"
RATE = 10.0
MOST_GB = 2.0
LEAST_HONEST = 0.9
"""Share of moments within 20 %."""
WAVELENGTHS = (760.0, 850.0)
TOML = """
[study]
name = "A large study, simulated"
roles = ["patient", "therapist"]

[[recordings]]
pattern = "{{group}}_{{session}}_{{role}}.snirf"
format = "snirf"
modality = "fnirs"

[regions]
{regions}

[plan]
[[plan.analysis]]
name = "fnirs-wtc"
modality = "fnirs"
measure = "wtc"
bands = {{ slow = [0.0333, 0.125] }}
signals = ["hbo", "hbr"]
surrogates = ["circular_shift"]
n_surrogates = {surrogates}
"""


@dataclass(frozen=True)
class Size:
    """Of a study: groups, sessions, channels a person, minutes a session, surrogates a meeting, regions a person."""

    groups: int
    sessions: int
    channels: int
    minutes: float
    surrogates: int
    regions: int


def write_study(folder: Path, size: Size, seed: int = 1) -> Path:
    """Raw light of two wavelengths, single precision: slow noise, heart beat, and a part that both people share."""
    folder.mkdir(parents=True)
    names = [f"S{c + 1}_D{c + 1}" for c in range(size.channels)]
    regions = "\n".join(f"R{r + 1} = {names[r :: size.regions]!r}" for r in range(size.regions))
    (folder / "study.toml").write_text(TOML.format(regions=regions, surrogates=size.surrogates), encoding="utf-8")
    n = round(size.minutes * 60 * RATE)
    random = np.random.default_rng(seed)
    template = _template(folder / "template.snirf", names, n)
    for group in range(1, size.groups + 1):
        for session in range(1, size.sessions + 1):
            shared = _slow(random, 1, n)
            for role in ("patient", "therapist"):
                path = folder / f"{group:02d}_{session}_{role}.snirf"
                shutil.copy(template, path)
                _fill(path, _light(random, shared, size.channels, n))
    template.unlink()
    return folder


def _template(path: Path, names: list[str], n: int) -> Path:
    where = {name: (0.01 * i, 0.0, 0.08) for i, name in enumerate(names)}
    channels = tuple(
        Channel(
            name, "intensity", source=where[name], detector=(where[name][0], 0.03, 0.08), wavelength=wavelength,
            position=(where[name][0], 0.015, 0.08),
        )
        for name in names
        for wavelength in WAVELENGTHS
    )  # fmt: skip
    return snirf.write(path, Signal(np.ones((1, len(channels), n)), RATE, channels))


def _slow(random: np.random.Generator, rows: int, n: int) -> np.ndarray:
    noise = random.standard_normal((rows, n), dtype=np.float32)
    return lfilter([0.06], [1.0, -0.98], noise, axis=1).astype(np.float32)


def _light(random: np.random.Generator, shared: np.ndarray, channels: int, n: int) -> np.ndarray:
    beat = np.sin(2 * np.pi * np.cumsum(1.1 + 0.05 * random.standard_normal(n)) / RATE).astype(np.float32)
    slow = np.repeat(_slow(random, channels, n) + 0.3 * shared, 2, axis=0)
    slow[::2] *= -0.6  # oxygenated blood rises where deoxygenated blood falls
    return 1.0 + 0.01 * slow + 0.004 * beat + 0.0005 * random.standard_normal((2 * channels, n), dtype=np.float32)


def _fill(path: Path, light: np.ndarray) -> None:
    with h5py.File(path, "r+") as file:
        block = file["nirs/data1"]
        del block["dataTimeSeries"]
        block.create_dataset("dataTimeSeries", data=light.T.astype(np.float32))


@dataclass(frozen=True)
class Followed:
    """A run: its seconds, the memory of all its processes together (bytes), what its bar said when, and the machine.

    ``memory``, ``shown`` (seconds left) and ``pace`` (processor seconds of one fixed piece of work) have a row
    ``(s, value)`` a moment.
    """

    seconds: float
    memory: np.ndarray
    shown: np.ndarray
    pace: np.ndarray
    status: int

    @property
    def peak(self) -> float:
        return float(self.memory[:, 1].max())

    def drift(self) -> np.ndarray:
        """How long the same work took in each tenth of the run, against the whole run: 1 where the pace was even."""
        tenth = np.minimum(10 * self.pace[:, 0] / self.seconds, 9).astype(int)
        medians = [np.median(self.pace[tenth == i, 1]) for i in np.unique(tenth)]
        return np.array(medians) / np.mean(medians)  # type: ignore[no-any-return]

    def honesty(self, after: float = 0.1) -> np.ndarray:
        """Shown over true time left, after the first tenth of the run and until a fiftieth of it is left."""
        when, left = self.shown.T
        true = self.seconds - when
        late = (when > after * self.seconds) & (true > 0.02 * self.seconds)
        return left[late] / true[late]  # type: ignore[no-any-return]


def follow(study: Path, out: Path, workers: int) -> Followed:
    """Run the whole command and watch it from outside."""
    command = [sys.executable, "-m", "interbrain.app.cli", "run", str(study), str(out), "--workers", str(workers)]
    begin = time.monotonic()
    run = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    memory: list[tuple[float, float]] = []
    shown: list[tuple[float, float]] = []
    pace: list[tuple[float, float]] = []
    reader = threading.Thread(target=_read_bar, args=(run, begin, shown))
    reader.start()
    while run.poll() is None:
        memory.append((time.monotonic() - begin, _memory_of(run.pid)))
        pace.append((time.monotonic() - begin, _fixed_work()))
        time.sleep(1.0)
    reader.join()
    return Followed(time.monotonic() - begin, np.array(memory), np.array(shown), np.array(pace), run.returncode)


def _fixed_work() -> float:
    """Processor seconds of always the same sum: other guests of the same computer make it slower."""
    begin = time.thread_time()
    sum(range(50_000))
    return time.thread_time() - begin


def _read_bar(run: subprocess.Popen[bytes], begin: float, shown: list[tuple[float, float]]) -> None:
    assert run.stderr is not None
    text = b""
    while piece := os.read(run.stderr.fileno(), 1 << 16):
        text = (text + piece)[-4096:]
        found = re.findall(rb"< (?:(\d+):)?(\d+):(\d+)", text)
        if found:
            hours, minutes, seconds = (int(x or 0) for x in found[-1])
            shown.append((time.monotonic() - begin, 3600.0 * hours + 60.0 * minutes + seconds))
            text = b""


def _memory_of(leader: int) -> float:
    """Bytes of all processes of a session; pages that several share are shared out among them."""
    total = 0.0
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _session(process) == leader:
            try:
                rollup = (process / "smaps_rollup").read_text()
            except OSError:
                continue
            total += 1024.0 * sum(int(kb) for kb in re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE))
    return total


def _session(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[3])
    except OSError:
        return -1


def row_of(size: Size, followed: Followed, workers: int) -> dict[str, Any]:
    """One line of the table."""
    ratio = followed.honesty()
    return {
        "groups": size.groups,
        "sessions": size.sessions,
        "minutes": size.minutes,
        "channels": size.channels,
        "regions": size.regions,
        "surrogates": size.surrogates,
        "workers": workers,
        "run_min": round(followed.seconds / 60, 1),
        "peak_gb": round(followed.peak / 1e9, 2),
        "left_within_20": round(float(np.mean(np.abs(ratio - 1) <= 0.2)), 3) if len(ratio) else np.nan,
        "left_5_percent": round(float(np.quantile(ratio, 0.05)), 2) if len(ratio) else np.nan,
        "left_95_percent": round(float(np.quantile(ratio, 0.95)), 2) if len(ratio) else np.nan,
        "pace_least": round(float(followed.drift().min()), 2),
        "pace_most": round(float(followed.drift().max()), 2),
        "status": followed.status,
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
    }


def main(argv: list[str] | None = None) -> None:
    """Measure one size (finished ones are kept in the table) and write the page."""
    parser = argparse.ArgumentParser(description=TITLE)
    for name, value in (("groups", 30), ("sessions", 6), ("channels", 40), ("surrogates", 19), ("regions", 8)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--minutes", type=float, default=50.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", type=Path, default=None, help="Folder for the study (absent, a temporary one).")
    parser.add_argument("--fresh", action="store_true", help="Measure once more; earlier runs stay.")
    asked = parser.parse_args(argv)
    size = Size(asked.groups, asked.sessions, asked.channels, asked.minutes, asked.surrogates, asked.regions)
    table = pd.read_csv(TABLE, sep="\t") if TABLE.exists() else pd.DataFrame()
    key = {**asdict(size), "workers": asked.workers}
    there = (table[list(key)] == pd.Series(key)).all(axis=1) if len(table) else pd.Series(dtype=bool)
    if asked.fresh or not there.any():
        with tempfile.TemporaryDirectory(prefix="interbrain-large-", dir=asked.at) as scratch:
            study = write_study(Path(scratch) / "study", size, asked.seed)
            followed = follow(study, Path(scratch) / "out", asked.workers)
        new = pd.DataFrame([row_of(size, followed, asked.workers)])
        table = pd.concat([table, new], ignore_index=True)
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(TABLE, sep="\t", index=False)
    TABLE.with_suffix(".md").write_text(page(table), encoding="utf-8")


def page(table: pd.DataFrame) -> str:
    lines = [
        f"# {TITLE}",
        "",
        "A simulated study is written as SNIRF (raw light, two wavelengths, single precision) and run by the whole",
        "command. *Peak memory* is the largest sum over all its processes (proportional set size, pages that several",
        "share counted once), looked at once a second. *Time left* is what the bar shows divided by what was really",
        "left, after the first tenth of the run and until a fiftieth of it is left: the share of moments within 20 %,",
        "and the 5th and 95th percentile of that ratio. Asked are less than "
        f"{MOST_GB:g} GB and {LEAST_HONEST:.0%} of moments.",
        "*Pace*: processor time of a fixed piece of work in the fastest and slowest tenth of the run, over the mean:",
        "the machine is shared, and no bar foresees that it will slow down. Every run of a size has its own line, the",
        "latest last; between the first and the second the search for copies was made to need less memory.",
        "",
        "| groups × sessions × min | channels, regions | surrogates | workers | run (min) | peak memory (GB) "
        "| time left within 20 % | 5 % … 95 % | pace | date, machine |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in table.itertuples():
        missed = "" if r.peak_gb < MOST_GB else ": **missed**"
        late = "" if r.left_within_20 >= LEAST_HONEST else ": **missed**"
        pace = "–" if np.isnan(r.pace_least) else f"{r.pace_least:g} … {r.pace_most:g}"
        lines.append(
            f"| {r.groups} × {r.sessions} × {r.minutes:g} | {r.channels}, {r.regions} | {r.surrogates} | {r.workers} "
            f"| {r.run_min:g} | {r.peak_gb:g}{missed} | {r.left_within_20:.0%} of moments{late} "
            f"| {r.left_5_percent:g} … {r.left_95_percent:g} | {pace} | {r.date}, {r.machine} |"
        )
    lines += ["", "Again: `python -m calibrate.large_study --groups 30 --sessions 6 --minutes 50`.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
