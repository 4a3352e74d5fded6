"""What a run was made of: versions, seed, inputs with their hashes, seconds a step."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interbrain import __version__
from interbrain.data.files import write_text

LIBRARIES = ("numpy", "scipy", "pandas", "numba", "statsmodels", "mne", "mne-nirs", "pyxdf", "matplotlib", "pydantic")


def libraries() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def versions() -> dict[str, Any]:
    return {
        "interbrain": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "libraries": libraries(),
    }


@dataclass
class Clock:
    """Seconds a step of a run, for ``timing.json``; results never depend on it."""

    started: float = field(default_factory=time.perf_counter)
    steps: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.steps.append({"step": name, "seconds": round(time.perf_counter() - begin, 3)})

    def write(self, folder: Path) -> None:
        total = round(time.perf_counter() - self.started, 3)
        write_json(folder / "timing.json", {"steps": self.steps, "total_s": total})


def write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n")


def write_description(folder: Path, name: str) -> None:
    """``dataset_description.json`` of a BIDS derivative."""
    write_json(
        folder / "dataset_description.json",
        {
            "Name": f"{name}: inter-brain synchrony",
            "BIDSVersion": "1.9.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "interbrain", "Version": __version__}],
        },
    )
