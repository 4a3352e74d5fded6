"""An environment for each peer, under a cache folder outside the repository, made by pip once."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from bench._task import OURS

PACKAGES = {
    "hypyp": ("hypyp==0.6.2", "numba>=0.60"),
    "hypyp-default": ("hypyp==0.6.2", "numba>=0.60"),
    "pycwt": ("pycwt==0.5.0b0",),
    "mne-connectivity": ("mne-connectivity==0.9.0",),
    "tvb-library": ("tvb-library==2.10.0",),
    "tvb-kernels": ("tvb-kernels==0.5", "scipy>=1.11"),
    "tvboptim": ("tvboptim==0.4.0",),
    "jax": ("tvboptim==0.4.0",),
    "vbjax": ("vbjax==0.0.19", "tqdm"),
    "neurolib": ("neurolib==0.6.2",),
    "brian2": ("brian2==2.9.0", "numpy<2.4"),
    "nest-simulator": ("nest-simulator==3.10.0",),
    "pandas": ("pandas>=2.1", "scipy>=1.11"),
    "naive": ("pandas>=2.1", "scipy>=1.11"),
}
"""What pip is asked for. ``hypyp-default`` is HyPyP without asking for Numba; ``naive`` are two loops around SciPy's
correlation, as in many analysis scripts; ``jax`` is a plain loop in JAX, in tvboptim's environment; vbjax needs tqdm
without saying so."""

SHARED = {"naive": "pandas", "hypyp-default": "hypyp", "jax": "tvboptim"}
"""Tools that work in another's environment."""


def folder() -> Path:
    """``INTERBRAIN_BENCH``, else a folder in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(os.environ.get("INTERBRAIN_BENCH", cache / "interbrain-bench"))


def python_of(tool: str) -> tuple[Path | None, str]:
    """The interpreter of a tool's environment, made now where it is not there; else None and why."""
    if tool == OURS:
        return Path(sys.executable), ""
    wanted = " ".join(PACKAGES[tool])
    home = folder() / SHARED.get(tool, tool)
    python, mark = home / "bin" / "python", home / "installed.txt"
    if mark.is_file() and mark.read_text() == wanted:
        return python, ""
    print(f"  {tool}: installing {wanted}", flush=True)
    venv.create(home, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES[tool]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return None, (errors or ["pip failed"])[-1].removeprefix("ERROR: ")
    mark.write_text(wanted)
    return python, ""
