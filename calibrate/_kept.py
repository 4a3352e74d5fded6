"""Tables of a calibration that can be stopped and continued: a text file with one finished cell a row, and its page."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom, kstest
from tqdm import tqdm

FOLDER = Path(__file__).parents[1] / "docs" / "calibration"
LEVEL = 0.05


def finished(path: Path, cells: Mapping[str, Callable[[], Mapping[str, Any]]], about: str, fresh: bool) -> pd.DataFrame:
    """Every cell as a row, computed where ``path`` does not hold it under the same ``about`` (settings that matter).

    Each cell is written as soon as it is there. ``date``, ``seconds`` and ``machine`` say where it came from.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    old = pd.DataFrame() if fresh or not path.exists() else pd.read_csv(path, sep="\t", keep_default_na=True)
    rows = {r["cell"]: r for r in old.to_dict("records") if r["about"] == about and r["cell"] in cells}
    for name in tqdm([c for c in cells if c not in rows], desc=path.stem):
        begin = time.perf_counter()
        found = cells[name]()
        rows[name] = {
            "cell": name,
            "about": about,
            **found,
            "date": datetime.now(UTC).date().isoformat(),
            "seconds": round(time.perf_counter() - begin, 1),
            "machine": machine(),
        }
        _write(path, [rows[c] for c in cells if c in rows])
    return pd.DataFrame([rows[c] for c in cells])


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    scratch = path.with_suffix(".part")
    pd.DataFrame(rows).to_csv(scratch, sep="\t", index=False, na_rep="n/a", float_format="%.5g", lineterminator="\n")
    scratch.replace(path)


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def p_row(p: np.ndarray, smallest: np.ndarray | float, random: np.random.Generator) -> dict[str, float]:
    """What a cell keeps of its p-values ``(n,)``: how many, how many ≤ .05, which share can be, and are they uniform?

    ``smallest`` is the step of p, one for all or one each. With few arrangements .05 itself may not be among the values
    that p can take: the share that can be reached is the largest of them up to .05. Steps are smeared out before p is
    compared with a uniform one (Kolmogorov and Smirnov).
    """
    smeared = p - random.random(len(p)) * smallest
    return {
        "n": len(p),
        "hits": int((p <= LEVEL + 1e-9).sum()),
        "reachable": float(np.mean(np.floor(LEVEL / np.asarray(smallest) + 1e-9) * smallest)),
        "uniform": float(kstest(smeared, "uniform").pvalue),
    }


def interval(n: int, level: float, cells: int, coverage: float = 0.95) -> tuple[float, float]:
    """Lowest and highest share of ``n`` that all ``cells`` stay within with ``coverage`` (Šidák)."""
    low, high = binom.interval(coverage ** (1 / cells), n, level)
    return float(low) / n, float(high) / n


def verdict(hits: float, n: float, level: float, cells: int) -> str:
    """The share, marked where it leaves the interval."""
    low, high = interval(int(n), level, cells)
    share = hits / n
    mark = " (below)" if share < low - 1e-12 else " (**above**)" if share > high + 1e-12 else ""
    return f"{share:.3f}{mark}"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def origin(tables: Sequence[pd.DataFrame], command: str) -> str:
    """The last line of a page: when, where, how long, and how to get it again."""
    every = pd.concat(tables)
    dates = sorted(set(every["date"]))
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    minutes = every["seconds"].sum() / 60
    return f"Measured {when} on {'; '.join(sorted(set(every['machine'])))} in {minutes:.0f} min: `{command}`."
